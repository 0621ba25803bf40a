"""Pix2Pix against a loop written by hand, on pairs whose truth is known."""

import copy
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from gan_lessons.models import CycleGANConfig, Pix2Pix, Pix2PixConfig
from gan_lessons.networks import PatchDiscriminator, UNetTranslator
from gan_lessons.training import load_checkpoint, save_checkpoint, train
from gan_lessons.training.system import networks_of

CONFIG = Pix2PixConfig(
    steps=6, batch_size=2, log_every=3, g_lr=1e-3, d_lr=3e-3, seed=3, l1_weight=20.0,
    adversarial_weight=1.5,
)  # fmt: skip


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def make(config=CONFIG, objective="non-saturating", dtype=torch.float64):
    generator = UNetTranslator(1, 2, 3, 2, rng=rng()).to(dtype)
    discriminator = PatchDiscriminator(3, 3, 1, rng=rng(1)).to(dtype)
    for net in (generator, discriminator):
        for weight in net.parameters():
            weight.data *= 8
    return Pix2Pix(generator, discriminator, objective, config)


def pairs(n=12):
    a = torch.rand(n, 1, 8, 8, generator=rng(5)) * 2 - 1
    return a, torch.cat([-a, a.roll(1, 3) / 2], 1)


@pytest.mark.parametrize("d_steps", [1, 2])
@pytest.mark.parametrize("objective", ["non-saturating", "relativistic"])
def test_step_equals_a_loop_written_by_hand(d_steps, objective):
    config = replace(CONFIG, d_steps=d_steps, r1_gamma=0.3)
    gan = make(config, objective)
    G, D = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator)
    g_opt = torch.optim.Adam(G.parameters(), 1e-3, config.betas)
    d_opt = torch.optim.Adam(D.parameters(), 3e-3, config.betas)
    a, b = (part[: 2 * d_steps].double() for part in pairs())

    def of_d(real, fake):
        if objective == "relativistic":
            return softplus(fake - real).mean()
        return softplus(-real).mean() + softplus(fake).mean()

    for k in range(d_steps):
        x, y = a[2 * k : 2 * k + 2], b[2 * k : 2 * k + 2]
        made = G(x)
        real, fake = torch.cat([x, y], 1), torch.cat([x, made], 1)
        points = real.clone().requires_grad_()
        (slope,) = torch.autograd.grad(D(points).mean((1, 2)).sum(), points, create_graph=True)
        d_loss = of_d(D(real), D(fake.detach()))
        d_opt.zero_grad()
        (d_loss + 0.15 * slope.square().sum((1, 2, 3)).mean()).backward()
        d_opt.step()
    g_opt.zero_grad()
    fooled = (
        softplus(D(real) - D(fake)) if objective == "relativistic" else softplus(-D(fake))
    ).mean()
    loss = 1.5 * fooled + 20 * (made - y).abs().mean()
    loss.backward()
    g_opt.step()
    metrics = gan.step((a, b), rng())
    assert metrics["d_loss"].item() == pytest.approx(d_loss.item(), rel=1e-9)
    assert metrics["g_loss"].item() == pytest.approx(loss.item(), rel=1e-9)
    assert metrics["l1"].item() == pytest.approx((made - y).abs().mean().item(), rel=1e-9)
    for mine, theirs in zip(networks_of(gan).values(), (G, D), strict=True):
        for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(p, q, rtol=0, atol=1e-9)


def test_it_learns_a_map_from_pairs():
    config = replace(CONFIG, steps=150, g_lr=1e-2, l1_weight=100.0, log_every=150, ema_decay=0.9)
    gan = make(config, dtype=torch.float32)
    a, b = pairs(40)
    before = (gan.translate(a) - b).abs().mean()
    list(train(gan, (a, b), config))
    new, wanted = (part[20:] for part in pairs(60))
    assert (gan.translate(new) - wanted).abs().mean() < 0.5 * before


def test_resume_from_a_checkpoint_is_exact(tmp_path):
    config = replace(CONFIG, decay_from=1, decay_steps=4)
    whole, first = (make(config, dtype=torch.float32) for _ in range(2))
    list(train(whole, pairs(), config))
    list(train(first, pairs(), replace(config, steps=3)))
    save_checkpoint(tmp_path / "run.pt", first)
    second = make(config, dtype=torch.float32)
    load_checkpoint(tmp_path / "run.pt", second)
    list(train(second, pairs(), config))
    a, _ = pairs()
    for ema in (True, False):
        assert torch.equal(whole.translate(a, ema), second.translate(a, ema))
    assert not torch.equal(whole.translate(a, True), whole.translate(a, False))
    with pytest.raises(ValueError, match="l1_weight differ"):
        load_checkpoint(tmp_path / "run.pt", make(replace(config, l1_weight=1.0)))


def test_any_size_is_translated():
    images = torch.rand(3, 1, 10, 7, generator=rng()) * 2 - 1
    assert make(dtype=torch.float32).translate(images).shape == (3, 2, 10, 7)


def test_regression_alone_leaves_the_discriminator_out():
    gan = make(replace(CONFIG, adversarial_weight=0.0))
    metrics = gan.step(tuple(part[:2].double() for part in pairs()), rng())
    assert metrics["g_loss"].item() == pytest.approx(20 * metrics["l1"].item(), rel=1e-12)


def test_bad_input_is_named():
    gan = make()
    with pytest.raises(TypeError, match=r"batch must be a tuple \(a, b\)"):
        next(iter(train(gan, pairs()[0], CONFIG)))
    with pytest.raises(TypeError, match="config must be a Pix2PixConfig, got CycleGANConfig"):
        Pix2Pix(gan.generator, gan.discriminator, "hinge", CycleGANConfig())
    with pytest.raises(ValueError, match="l1_weight must be zero or positive"):
        replace(CONFIG, l1_weight=-1.0)
