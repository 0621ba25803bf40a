"""What the hand-written loops of CycleGAN and Pix2Pix leave open: noise, metrics, modes, sizes."""

from dataclasses import replace

import pytest
import torch

from gan_lessons.models import CycleGAN, CycleGANConfig, ImagePool, Pix2Pix, Pix2PixConfig
from gan_lessons.networks import PatchDiscriminator, ResnetTranslator, UNetTranslator
from gan_lessons.training import train
from gan_lessons.training.system import networks_of, optimizers_of

SIZES = {"steps": 2, "batch_size": 2, "log_every": 1, "seed": 3}
CYCLE = CycleGANConfig(**SIZES, pool_size=0)
PAIRS = Pix2PixConfig(**SIZES)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=2, channels=1, seed=5):
    return torch.rand(n, channels, 8, 8, generator=rng(seed)) * 2 - 1


def cycle_gan(config=CYCLE, channels_b=1, norm="instance"):
    there = ResnetTranslator(1, channels_b, 2, 1, 1, norm, rng())
    back = ResnetTranslator(channels_b, 1, 2, 1, 1, norm, rng(1))
    critics = [PatchDiscriminator(k, 2, 1, rng=rng(2)) for k in (1, channels_b)]
    return CycleGAN(there, back, *critics, "least-squares", config)


def pix2pix(config=PAIRS, norm="instance", dropout=0.0):
    generator = UNetTranslator(1, 1, 2, 2, norm, dropout, rng())
    return Pix2Pix(generator, PatchDiscriminator(2, 2, 1, rng=rng(2)), "hinge", config)


def heard(system):
    """Return what each network is given, by its name; grows as the system makes steps."""
    inputs = {name: [] for name in networks_of(system)}
    for name, net in networks_of(system).items():
        net.register_forward_hook(lambda _, x, __, name=name: inputs[name].append(x[0].detach()))
    return inputs


def test_instance_noise_is_on_all_that_the_discriminators_see_and_on_nothing_else():
    gan, a, b = cycle_gan(replace(CYCLE, instance_noise=0.5)), images(60), images(60, seed=6)
    inputs = heard(gan)
    with torch.no_grad():
        fake_b, fake_a = gan.generator_ab(a), gan.generator_ba(b)
    for seen in inputs.values():
        seen.clear()
    gan.step((a, b), rng())
    for name, real, fake in (("discriminator_a", a, fake_a), ("discriminator_b", b, fake_b)):
        for_g, for_d = inputs[name]  # generated images alone, then real and generated ones
        for noise in (for_g - fake, for_d[:60] - real, for_d[60:] - fake):
            # 3840 numbers: the standard deviation is 0.5 to within 5 of its errors of 0.0057
            assert noise.std().item() == pytest.approx(0.5, abs=0.03)
    assert torch.equal(inputs["generator_ab"][0], a)
    assert torch.allclose(inputs["generator_ba"][1], fake_b, atol=1e-6)

    paired = pix2pix(replace(PAIRS, instance_noise=0.5))
    inputs = heard(paired)
    with torch.no_grad():
        made = paired.generator(a)
    paired.step((a, b), rng())
    real, fake = inputs["discriminator"][0].split(60)
    for noise in (real - torch.cat([a, b], 1), fake - torch.cat([a, made], 1)):
        assert noise.std().item() == pytest.approx(0.5, abs=0.03)


def test_metrics_are_what_they_are_called():
    gan = cycle_gan()
    a, b = images(), images(seed=6)
    with torch.no_grad():
        fakes = gan.generator_ba(b), gan.generator_ab(a)
        identity = (gan.generator_ab(b) - b).abs().mean() + (gan.generator_ba(a) - a).abs().mean()
        critics = gan.discriminator_a, gan.discriminator_b
        real, fake = (
            torch.cat([net(x).flatten() for net, x in zip(critics, parts, strict=True)])
            for parts in ((a, b), fakes)
        )
    metrics = cycle_gan(replace(CYCLE, identity_weight=1.0)).step((a, b), rng())
    assert metrics["identity"].item() == pytest.approx(identity.item(), rel=1e-5)
    assert torch.allclose(metrics["real_logits"], real, atol=1e-6)
    assert torch.allclose(metrics["fake_logits"], fake, atol=1e-6)


def test_the_discriminator_keeps_the_gradient_of_its_own_loss():
    """A record's ``d_gradient`` is read from it; G's loss must not be added."""
    one, other = (pix2pix(replace(PAIRS, adversarial_weight=w)) for w in (1.0, 0.0))
    for gan in (one, other):
        gan.step((images(), images(seed=6)), rng())
    for p, q in zip(one.discriminator.parameters(), other.discriminator.parameters(), strict=True):
        assert torch.equal(p.grad, q.grad)


def test_rates_of_pairs_fall_on_the_line_too():
    config = replace(PAIRS, steps=3, g_lr=1e-3, d_lr=3e-3, decay_from=1, decay_steps=3)
    gan, rates = pix2pix(config), []
    for _ in train(gan, (images(8), images(8, seed=6)), config):
        rates += [o.param_groups[0]["lr"] for o in optimizers_of(gan).values()]
    assert rates == pytest.approx([1e-3, 3e-3, 0.75e-3, 2.25e-3, 0.5e-3, 1.5e-3])


def test_domains_of_different_shapes_are_translated_without_identity_loss():
    gan, b = cycle_gan(channels_b=3), images(2, 3)
    gan.step((images(), b), rng())
    assert gan.translate(b, "ba").shape == (2, 1, 8, 8)
    wide = torch.rand(2, 1, 8, 16, generator=rng())
    assert cycle_gan().step((images(), wide), rng())["cycle_b"] > 0


@pytest.mark.parametrize("make", [lambda: pix2pix(norm="batch"), lambda: pix2pix(dropout=0.9)])
def test_translation_draws_nothing_and_looks_at_no_other_image(make):
    gan, x = make(), images(3)
    state = [buffer.clone() for buffer in gan.generator.buffers()]
    whole = gan.translate(x, ema=False)  # an average is in evaluation mode anyway
    assert torch.equal(whole, gan.translate(x, ema=False))
    assert torch.allclose(whole[:1], gan.translate(x[:1], ema=False), atol=1e-6)
    assert all(torch.equal(a, b) for a, b in zip(state, gan.generator.buffers(), strict=True))
    assert gan.generator.training


def test_sides_at_the_edge_of_what_can_be_padded():
    gan = pix2pix()
    gan.generator = UNetTranslator(1, 1, 2, 3, rng=rng())
    assert gan.translate(images()[..., :5], ema=False).shape == (2, 1, 8, 5)  # 3 more by reflection
    with pytest.raises(ValueError, match="sides above 4 pixels.*got 8 by 4; enlarge them"):
        gan.translate(images()[..., :4], ema=False)  # reflected, 4 pixels give 3


def test_a_batch_is_shared_equally_by_the_updates_of_the_discriminators():
    for gan in (cycle_gan(replace(CYCLE, d_steps=2)), pix2pix(replace(PAIRS, d_steps=2))):
        with pytest.raises(ValueError, match="a multiple of 2, got 3 and 3"):
            gan.step((images(3), images(3)), rng())


def test_a_pool_follows_the_images_that_come():
    """Its state may come from a file of another device or number format."""
    pool = ImagePool(2)
    pool.query(torch.zeros(2, 1, dtype=torch.float64), rng())
    assert pool.query(torch.ones(2, 1), rng()).dtype == torch.float32
