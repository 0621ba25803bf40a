import copy
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from gan_lessons.distributions import Normal
from gan_lessons.experiments.conditional_gan import make_conditional_gan
from gan_lessons.experiments.image_gan import PRESETS
from gan_lessons.models import ConditionalGAN
from gan_lessons.networks import (
    ConcatDiscriminator,
    ConditionalGenerator,
    MLPDiscriminator,
    MLPGenerator,
    ProjectionDiscriminator,
)
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train

CONFIG = TrainConfig(steps=6, batch_size=8, z_dim=2, log_every=2, g_lr=1e-3, d_lr=1e-3, seed=3)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def make(config=CONFIG, n_classes=3, projection=True, dtype=torch.float32):
    generator = ConditionalGenerator(
        MLPGenerator(config.z_dim + 2, 2, hidden=16, rng=rng()), n_classes, 2, rng(1)
    )
    if projection:
        discriminator = ProjectionDiscriminator(
            MLPDiscriminator(2, hidden=16, rng=rng(2)), n_classes
        )
    else:
        discriminator = ConcatDiscriminator(
            MLPDiscriminator(2 + n_classes, hidden=16, rng=rng(2)), n_classes
        )
    return ConditionalGAN(
        generator.to(dtype), discriminator.to(dtype), n_classes, "non-saturating", config
    )


def pairs(n=64):
    return torch.randn(n, 2, generator=rng(5)), torch.randint(3, (n,), generator=rng(6))


@pytest.mark.parametrize("projection", [True, False])
@pytest.mark.parametrize("d_steps", [1, 2])
def test_step_equals_a_loop_written_by_hand(projection, d_steps):
    config = replace(CONFIG, d_steps=d_steps, r1_gamma=0.3)
    gan = make(config, projection=projection, dtype=torch.float64)
    G, D = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator)
    g_optimizer = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
    x, y = (part[: 8 * d_steps] for part in pairs())
    x = x.double()
    draws = rng(9)
    for k in range(d_steps):
        real, labels = x[8 * k : 8 * (k + 1)], y[8 * k : 8 * (k + 1)]
        z = torch.randn(8, 2, generator=draws, dtype=torch.float64)
        fake = G(z, labels)
        points = real.clone().requires_grad_()
        (slope,) = torch.autograd.grad(D(points, labels).sum(), points, create_graph=True)
        loss = softplus(-D(real, labels)).mean() + softplus(D(fake.detach(), labels)).mean()
        d_optimizer.zero_grad()
        (loss + 0.15 * slope.square().sum(1).mean()).backward()
        d_optimizer.step()
    g_loss = softplus(-D(fake, labels)).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    metrics = gan.step((x, y), rng(9))
    assert metrics["d_loss"].item() == pytest.approx(loss.item(), rel=1e-12)
    assert metrics["g_loss"].item() == pytest.approx(g_loss.item(), rel=1e-12)
    for mine, theirs in ((G, gan.generator), (D, gan.discriminator)):
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, rtol=0, atol=1e-12)


def test_labels_of_the_batch_belong_to_its_rows():
    """Labels that are a function of x stay so in every batch that the loop draws."""
    seen = []

    class Spy(ConditionalGAN):
        def step(self, batch, rng):
            seen.append(batch)
            return super().step(batch, rng)

    base = make()
    gan = Spy(base.generator, base.discriminator, 3, "non-saturating", CONFIG)
    x, _ = pairs()
    y = (x[:, 0] > 0).long()
    for record in train(gan, (x, y), CONFIG):
        assert set(record.metrics) >= {"d_loss", "g_loss", "g_gradient", "d_gradient"}
    assert len(seen) == 6
    for images, labels in seen:
        assert torch.equal(labels, (images[:, 0] > 0).long())


def test_learns_one_law_for_each_class():
    """Two classes far apart on a line, a linear generator: it must put each where it belongs."""
    config = TrainConfig(
        steps=400, batch_size=64, z_dim=1, g_lr=1e-2, d_lr=1e-2, r1_gamma=0.1, log_every=400
    )
    generator = ConditionalGenerator(MLPGenerator(2, 1, layers=0, rng=rng()), 2, 1, rng(1))
    discriminator = ProjectionDiscriminator(MLPDiscriminator(1, hidden=32, rng=rng(2)), 2)
    gan = ConditionalGAN(generator, discriminator, 2, "non-saturating", config)
    laws = (Normal(-2.0, 0.5), Normal(2.0, 0.5))

    def draw(n, rng):
        y = torch.randint(2, (n,), generator=rng)
        both = torch.stack([law.sample(n, rng)[:, 0] for law in laws])
        return both[y, torch.arange(n)][:, None].float(), y

    list(train(gan, draw, config))
    for k, mean in enumerate((-2.0, 2.0)):
        samples = gan.sample(500, rng(7), labels=torch.full((500,), k))
        assert samples.mean().item() == pytest.approx(mean, abs=0.6)


def test_resume_from_a_checkpoint_is_exact(tmp_path):
    whole, first = make(), make()
    list(train(whole, pairs(), CONFIG))
    list(train(first, pairs(), replace(CONFIG, steps=3)))
    save_checkpoint(tmp_path / "run.pt", first)
    second = make()
    load_checkpoint(tmp_path / "run.pt", second)
    list(train(second, pairs(), CONFIG))
    for a, b in zip(whole.generator.parameters(), second.generator.parameters(), strict=True):
        assert torch.equal(a, b)
    labels = torch.tensor([0, 1, 2, 2])
    assert torch.equal(
        whole.sample(4, rng(), labels=labels), second.sample(4, rng(), labels=labels)
    )


def test_sampling_takes_labels_or_draws_them():
    gan = make(replace(CONFIG, ema_decay=0.0))
    labels = torch.arange(3).repeat(2)
    asked = gan.sample(6, rng(), labels=labels)
    z = gan.latent(6, rng())
    assert torch.equal(asked, gan.generator(z, labels))
    assert gan.sample(1500, rng()).shape == (1500, 2)
    assert torch.equal(gan.sample(5, rng(1)), gan.sample(5, rng(1)))
    assert gan.generator.training


def test_bad_input_is_named():
    gan = make()
    x, y = pairs()
    with pytest.raises(TypeError, match=r"batch must be a tuple \(images, labels\), got Tensor"):
        next(iter(train(gan, x, CONFIG)))
    with pytest.raises(ValueError, match="labels must have shape"):
        gan.sample(4, labels=torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="labels must be from 0 to 2"):
        gan.sample(2, labels=torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="as many labels"):
        gan.step((x, y[:3]), rng())
    with pytest.raises(ValueError, match="data must have tensors of as many rows each"):
        train(gan, (x, y[:3]), CONFIG)
    with pytest.raises(TypeError, match=r"data\[1\] must be a tensor, got list"):
        train(gan, (x, [1]), CONFIG)
    with pytest.raises(ValueError, match="data must be finite"):
        train(gan, (x / 0, y), CONFIG)
    with pytest.raises(ValueError, match="n_classes"):
        ConditionalGAN(gan.generator, gan.discriminator, 1, "non-saturating", CONFIG)


def test_the_chapter_s_networks_fit_its_images():
    config = replace(PRESETS["laptop"], width=4, z_dim=4, batch_size=4, steps=2, log_every=1)
    gan = make_conditional_gan(config)
    images, labels = torch.rand(20, 1, 16, 16, generator=rng()) * 2 - 1, torch.arange(20) % 10
    records = list(train(gan, (images, labels), gan.config))
    assert [record.step for record in records] == [1, 2]
    assert gan.sample(12, rng()).shape == (12, 1, 16, 16)
    again = make_conditional_gan(config)
    list(train(again, (images, labels), again.config))
    for a, b in zip(gan.generator.parameters(), again.generator.parameters(), strict=True):
        assert torch.equal(a, b)


def test_classes_must_be_those_of_the_networks():
    gan = make()
    with pytest.raises(ValueError, match="n_classes must be the generator's, 3, got 5"):
        ConditionalGAN(gan.generator, gan.discriminator, 5, "non-saturating", CONFIG)
    x, y = pairs()
    with pytest.raises(TypeError, match="two tensors, images and labels, got Tensor and list"):
        gan.step((x[:8], y[:8].tolist()), rng())


def test_sampling_leaves_each_part_in_its_own_mode():
    gan = make(replace(CONFIG, ema_decay=0.0))
    frozen = gan.generator.generator
    frozen.eval()
    gan.sample(3, rng())
    assert gan.generator.training
    assert not frozen.training
