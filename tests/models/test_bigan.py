import copy
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from gan_lessons.distributions import ring
from gan_lessons.models.bigan import BiGAN
from gan_lessons.networks import MLP, MLPGenerator, MLPPairDiscriminator
from gan_lessons.objectives import OBJECTIVES
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train

CONFIG = TrainConfig(steps=6, batch_size=8, z_dim=2, log_every=2, g_lr=1e-3, d_lr=2e-3, seed=3)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def make(config=CONFIG, objective="non-saturating", dtype=torch.float32, augment=None, x_dim=3):
    networks = (
        MLPGenerator(config.z_dim, x_dim, hidden=16, rng=rng()),
        MLP(x_dim, config.z_dim, hidden=16, rng=rng(1)),
        MLPPairDiscriminator(x_dim, config.z_dim, hidden=16, rng=rng(2)),
    )
    return BiGAN(*(network.to(dtype) for network in networks), objective, config, augment)


@pytest.mark.parametrize("d_steps", [1, 2])
@pytest.mark.parametrize("penalty", ["none", "r1_gamma", "r2_gamma"])
def test_step_equals_a_loop_written_by_hand(d_steps, penalty):
    weight = 0.0 if penalty == "none" else 0.3
    config = replace(CONFIG, d_steps=d_steps, **({penalty: weight} if weight else {}))
    gan = make(config, dtype=torch.float64)
    G, E, D = (copy.deepcopy(n) for n in (gan.generator, gan.encoder, gan.discriminator))
    ge = torch.optim.Adam([*G.parameters(), *E.parameters()], lr=1e-3, betas=(0.5, 0.999))
    d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
    batch, draws = torch.randn(8 * d_steps, 3, generator=rng(5), dtype=torch.float64), rng(9)
    for k in range(d_steps):
        x = batch[8 * k : 8 * (k + 1)]
        z = torch.randn(8, 2, generator=draws, dtype=torch.float64)
        loss = (softplus(-D(x, E(x))) + softplus(D(G(z), z))).mean()
        at = [
            p.detach().requires_grad_() for p in ((x, E(x)) if penalty == "r1_gamma" else (G(z), z))
        ]
        slopes = torch.autograd.grad(D(*at).sum(), at, create_graph=True)
        d.zero_grad()
        (loss + weight / 2 * sum(s.square().sum(1) for s in slopes).mean()).backward()
        d.step()
    g_loss = (softplus(D(x, E(x))) + softplus(-D(G(z), z))).mean()
    ge.zero_grad()
    g_loss.backward()
    ge.step()
    metrics = gan.step(batch, rng(9))
    assert metrics["d_loss"].item() == pytest.approx(loss.item(), rel=1e-12)
    assert metrics["g_loss"].item() == pytest.approx(g_loss.item(), rel=1e-12)
    for mine, theirs in ((G, gan.generator), (E, gan.encoder), (D, gan.discriminator)):
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_each_update_moves_its_own_networks_alone(objective):
    gan, x = make(objective=objective), torch.randn(8, 3, generator=rng(5))
    before = {n: copy.deepcopy(getattr(gan, n).state_dict()) for n in ("generator", "encoder")}
    z = gan.latent(8, rng(1))
    real = gan._pairs(x, gan.encoder(x), rng())
    fake = gan._pairs(gan.generator(z), z, rng())
    d = copy.deepcopy(gan.discriminator.state_dict())
    gan._deceive(gan._judge(x.shape[1:]), real, fake)
    assert all(
        torch.equal(a, b)
        for a, b in zip(d.values(), gan.discriminator.state_dict().values(), strict=True)
    )
    assert all(p.grad is None for p in gan.discriminator.parameters())
    for name, old in before.items():
        new = getattr(gan, name).state_dict()
        assert any(not torch.equal(old[k], new[k]) for k in old), name


def test_noise_is_on_pairs_and_augmentation_on_samples_alone():
    seen = []

    def augment(samples, rng):
        seen.append(samples.shape)
        return samples + 5

    gan = make(replace(CONFIG, instance_noise=0.1), augment=augment)
    x, z = torch.zeros(500, 3), torch.zeros(500, 2)
    rows = gan._pairs(x, z, rng())
    assert rows[:, :3].mean().item() == pytest.approx(5, abs=0.02)
    assert rows[:, 3:].mean().item() == pytest.approx(0, abs=0.02)
    assert rows.std(0).tolist() == pytest.approx([0.1] * 5, rel=0.15)
    gan.step(torch.randn(8, 3), rng())
    assert seen == [(500, 3), (8, 3), (8, 3)]


@pytest.mark.parametrize("change", [{"gp_weight": 1.0}, {"r1_gamma": 0.1, "r2_gamma": 0.1}])
@pytest.mark.parametrize("objective", ["relativistic", "wasserstein", "hinge"])
def test_trains_with_the_penalties_of_chapter_12(change, objective):
    gan = make(replace(CONFIG, **change), objective, x_dim=2)
    for record in train(gan, ring(), gan.config):
        assert record.penalty > 0
        assert set(record.metrics) >= {"d_loss", "g_loss", "g_gradient", "e_gradient", "d_gradient"}
    assert gan.steps_done == 6


def test_a_saved_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    config = replace(CONFIG, r1_gamma=0.1, instance_noise=0.1, steps=6)
    whole, first, second = (make(config, x_dim=2) for _ in range(3))
    list(train(whole, ring(), config))
    list(train(first, ring(), replace(config, steps=3)))
    save_checkpoint(tmp_path / "at_3.pt", first)
    load_checkpoint(tmp_path / "at_3.pt", second)
    list(train(second, ring(), config))
    x = ring().sample(10, rng())
    for ema in (True, False):
        assert torch.equal(whole.encode(x, ema), second.encode(x, ema))
        assert torch.equal(whole.sample(5, rng(), ema), second.sample(5, rng(), ema))
        assert torch.equal(whole.reconstruct(x, ema), second.reconstruct(x, ema))
    other = make(config, "hinge", x_dim=2)
    with pytest.raises(ValueError, match="objective differ"):
        load_checkpoint(tmp_path / "at_3.pt", other)


def test_averages_of_generator_and_encoder_are_what_is_asked_by_default():
    gan = make(replace(CONFIG, ema_decay=0.9))
    list(train(gan, torch.randn(50, 3, generator=rng(2)), gan.config))
    x = torch.randn(4, 3, generator=rng(1))
    assert not torch.equal(gan.encode(x), gan.encode(x, ema=False))
    assert torch.equal(gan.encode(x), gan.averages["encoder"].network(x))
    z = gan.encode(x)
    assert torch.equal(gan.reconstruct(x), gan.averages["generator"].network(z))
    bare = make(replace(CONFIG, ema_decay=0))
    assert torch.equal(bare.encode(x), bare.encode(x, ema=False))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: make().step((torch.ones(8, 3),), rng()), TypeError, "got tuple; pass the images"),
        (
            lambda: make(replace(CONFIG, d_steps=3)).step(torch.ones(8, 3), rng()),
            ValueError,
            "of 3",
        ),
        (lambda: make(objective="gan"), ValueError, "objective must be one of"),
        (lambda: make(augment=3), TypeError, "augment must be a function"),
        (
            lambda: BiGAN(
                MLPGenerator(3, 2), MLP(2, 2), MLPPairDiscriminator(2, 2), "hinge", CONFIG
            ),
            ValueError,
            "config.z_dim must be the generator's, 3, got 2",
        ),
        (
            lambda: BiGAN(MLPGenerator(), MLP(2, 2), "D", "hinge", CONFIG),
            TypeError,
            "discriminator must be a torch.nn.Module, got str",
        ),
    ],
)
def test_bad_input(call, error, match):
    with pytest.raises(error, match=match):
        call()
