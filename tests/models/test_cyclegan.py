"""The CycleGAN against a loop written the usual way, and what a long run needs of it."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import relu, softplus

from gan_lessons.models import CycleGAN, CycleGANConfig
from gan_lessons.networks import (
    MLP,
    MLPDiscriminator,
    PatchDiscriminator,
    ResnetTranslator,
    UNetTranslator,
)
from gan_lessons.networks import _large_maps as large_maps
from gan_lessons.training import Distributed, load_checkpoint, save_checkpoint, train
from gan_lessons.training.system import networks_of, optimizers_of

CONFIG = CycleGANConfig(
    steps=6, batch_size=2, log_every=2, g_lr=1e-3, d_lr=3e-3, seed=3, pool_size=3,
    identity_weight=4.0, forward_weight=9.0, backward_weight=7.0, adversarial_weight=2.0,
)  # fmt: skip


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def networks(norm="instance", dtype=torch.float64):
    made = [ResnetTranslator(1, 1, 3, 1, 1, norm, rng(k)).to(dtype) for k in range(2)]
    made += [PatchDiscriminator(1, 3, 1, norm, rng(5 + k)).to(dtype) for k in range(2)]
    for net in made:  # of a size at which the losses differ from those of zero logits
        for weight in net.parameters():
            weight.data *= 8
    return made


def make(config=CONFIG, objective="least-squares", norm="instance", dtype=torch.float64):
    return CycleGAN(*networks(norm, dtype), objective, config)


def domains(n=12, seed=5):
    return tuple(torch.rand(n, 1, 8, 8, generator=rng(seed + k)) * 2 - 1 for k in range(2))


class ListPool:
    """The pool as a list, one image at a time; draws as ours does for one image."""

    def __init__(self, size):
        self.size, self.kept = size, []

    def query(self, images, draws):
        out = list(images) if self.size == 0 else []
        for image in images if self.size else ():
            if len(self.kept) < self.size:
                self.kept.append(image)
                out.append(image)
                continue
            place = torch.randperm(self.size, generator=draws)[0]
            if torch.rand(1, generator=draws) < 0.5:
                out.append(self.kept[place])
                self.kept[place] = image
            else:
                out.append(image)
        return torch.stack(out)


LOSSES = {  # of D on (real, fake) and of G on (real, fake), for spread logits
    "least-squares": (
        lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
    ),
    "non-saturating": (
        lambda r, f: softplus(-r).mean() + softplus(f).mean(),
        lambda r, f: softplus(-f).mean(),
    ),
    "wasserstein": (lambda r, f: f.mean() - r.mean(), lambda r, f: -f.mean()),
    "hinge": (
        lambda r, f: relu(1 - r).mean() + relu(1 + f).mean(),
        lambda r, f: -f.mean(),
    ),
    "relativistic": (
        lambda r, f: softplus(f - r).mean(),
        lambda r, f: softplus(r - f).mean(),
    ),
}


def usual_steps(config, objective, norm, batches, draws):
    """Train as public code does: one pass for each part, generators first, then discriminators."""
    G, F, A, B = networks(norm)
    d_loss_of, g_loss_of = LOSSES[objective]
    g_opt = torch.optim.Adam([*G.parameters(), *F.parameters()], config.g_lr, config.betas)
    d_opt = torch.optim.Adam([*A.parameters(), *B.parameters()], config.d_lr, config.betas)
    pool_a, pool_b = ListPool(config.pool_size), ListPool(config.pool_size)
    rows = []
    for a, b in batches:
        fake_b, fake_a = G(a), F(b)
        cycle_a, cycle_b = (F(fake_b) - a).abs().mean(), (G(fake_a) - b).abs().mean()
        loss = g_loss_of(B(b), B(fake_b)) + g_loss_of(A(a), A(fake_a))
        loss = config.adversarial_weight * loss
        loss = loss + config.forward_weight * cycle_a + config.backward_weight * cycle_b
        if config.identity_weight:
            same = (G(b) - b).abs().mean() + (F(a) - a).abs().mean()
            loss = loss + config.identity_weight * same
        g_opt.zero_grad()
        loss.backward()
        g_opt.step()
        d_loss = 0.0
        for real, fake, D, pool in ((a, fake_a, A, pool_a), (b, fake_b, B, pool_b)):
            old = pool.query(fake.detach(), draws)
            d_loss = d_loss + d_loss_of(D(real), D(old))
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()
        rows.append((loss.item(), d_loss.item(), cycle_a.item(), cycle_b.item()))
    return (G, F, A, B), rows


def one_at_a_time(n=9):
    a, b = domains(n)
    return [(a[k : k + 1].double(), b[k : k + 1].double()) for k in range(n)]


@pytest.mark.parametrize("objective", LOSSES)
@pytest.mark.parametrize(("identity", "norm"), [(4.0, "instance"), (0.0, "none")])
def test_steps_equal_the_usual_loop(objective, identity, norm):
    config = replace(CONFIG, identity_weight=identity)
    theirs, rows = usual_steps(config, objective, norm, one_at_a_time(), rng(9))
    gan, draws = make(config, objective, norm), rng(9)
    for batch, (g_loss, d_loss, cycle_a, cycle_b) in zip(one_at_a_time(), rows, strict=True):
        metrics = gan.step(batch, draws)
        assert metrics["g_loss"].item() == pytest.approx(g_loss, rel=1e-9)
        assert metrics["d_loss"].item() == pytest.approx(d_loss, rel=1e-9)
        assert metrics["cycle_a"].item() == pytest.approx(cycle_a, rel=1e-9)
        assert metrics["cycle_b"].item() == pytest.approx(cycle_b, rel=1e-9)
    for mine, other in zip(networks_of(gan).values(), theirs, strict=True):
        for x, y in zip(mine.parameters(), other.parameters(), strict=True):
            assert torch.allclose(x, y, rtol=0, atol=1e-9)


def test_batch_normalisation_keeps_the_passes_apart():
    config = replace(CONFIG, pool_size=0)
    batches = [tuple(part[:4].double() for part in domains())] * 2
    theirs, rows = usual_steps(config, "least-squares", "batch", batches, rng())
    gan = make(config, norm="batch")
    for batch, row in zip(batches, rows, strict=True):
        assert gan.step(batch, rng())["g_loss"].item() == pytest.approx(row[0], rel=1e-9)
    for mine, other in zip(networks_of(gan).values(), theirs, strict=True):
        for x, y in zip(mine.parameters(), other.parameters(), strict=True):
            assert torch.allclose(x, y, rtol=0, atol=1e-9)


def test_one_pass_does_for_identity_and_translation():
    calls = {"generator_ab": [], "generator_ba": [], "discriminator_a": [], "discriminator_b": []}
    gan = make()
    for name, net in networks_of(gan).items():
        net.register_forward_hook(lambda _, x, __, name=name: calls[name].append(len(x[0])))
    gan.step(tuple(part[:2].double() for part in domains()), rng())
    assert calls["generator_ab"] == calls["generator_ba"] == [4, 2]
    assert calls["discriminator_a"] == calls["discriminator_b"] == [2, 4]


def test_several_updates_of_the_critics_each_on_its_part_with_a_penalty():
    """WGAN-GP: the second update sees other images, translated by the updated generators."""
    config = replace(CONFIG, d_steps=2, gp_weight=10.0, pool_size=0, identity_weight=0.0)
    gan = make(config, "wasserstein")
    G, F, A, B = (copy.deepcopy(net) for net in networks_of(gan).values())
    a, b = (part[:4].double() for part in domains())
    g_opt = torch.optim.Adam([*G.parameters(), *F.parameters()], 1e-3, config.betas)
    d_opt = torch.optim.Adam([*A.parameters(), *B.parameters()], 3e-3, config.betas)
    draws = rng(9)
    fake_b, fake_a = G(a[:2]), F(b[:2])
    loss = 9 * (F(fake_b) - a[:2]).abs().mean() + 7 * (G(fake_a) - b[:2]).abs().mean()
    (loss - 2 * B(fake_b).mean() - 2 * A(fake_a).mean()).backward()
    g_opt.step()
    for k in (0, 1):
        x, y = a[2 * k : 2 * k + 2], b[2 * k : 2 * k + 2]
        fakes = (fake_a, fake_b) if k == 0 else (F(y), G(x))
        total = 0.0
        for D, real, fake in ((A, x, fakes[0].detach()), (B, y, fakes[1].detach())):
            u = torch.rand(2, 1, 1, 1, generator=draws, dtype=torch.float64)
            points = (u * real + (1 - u) * fake).requires_grad_()
            (slope,) = torch.autograd.grad(D(points).mean((1, 2)).sum(), points, create_graph=True)
            penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
            total = total + D(fake).mean() - D(real).mean() + 10 * penalty
        d_opt.zero_grad()
        total.backward()
        d_opt.step()
    metrics = gan.step((a, b), rng(9))
    assert (metrics["d_loss"] + metrics["penalty"]).item() == pytest.approx(total.item(), rel=1e-9)
    for mine, other in zip(networks_of(gan).values(), (G, F, A, B), strict=True):
        for p, q in zip(mine.parameters(), other.parameters(), strict=True):
            assert torch.allclose(p, q, rtol=0, atol=1e-9)


def test_cycle_alone_asks_no_discriminator():
    gan = make(replace(CONFIG, adversarial_weight=0.0, identity_weight=0.0))
    batch = tuple(part[:2].double() for part in domains())
    metrics = gan.step(batch, rng())
    wanted = 9 * metrics["cycle_a"] + 7 * metrics["cycle_b"]
    assert metrics["g_loss"].item() == pytest.approx(wanted.item(), rel=1e-12)
    assert "identity" not in metrics


def test_learning_rates_fall_on_the_line_of_the_config():
    config = replace(CONFIG, steps=8, log_every=1, decay_from=3, decay_steps=4)
    gan = make(config, dtype=torch.float32)
    rates = []
    for _ in train(gan, domains(), config):
        rates.append([o.param_groups[0]["lr"] for o in optimizers_of(gan).values()])
    factors = [1, 1, 1, 4 / 5, 3 / 5, 2 / 5, 1 / 5, 1 / 5]
    assert [pair[0] for pair in rates] == pytest.approx([1e-3 * f for f in factors])
    assert [pair[1] for pair in rates] == pytest.approx([3e-3 * f for f in factors])


def test_resume_is_bit_equal_with_pools_optimizers_and_the_falling_rate(tmp_path):
    config = replace(CONFIG, steps=9, decay_from=2, decay_steps=5)
    whole, first = (make(config, dtype=torch.float32) for _ in range(2))
    list(train(whole, domains(), config))
    list(train(first, domains(), replace(config, steps=4)))
    save_checkpoint(tmp_path / "run.pt", first)
    second = make(config, dtype=torch.float32)
    load_checkpoint(tmp_path / "run.pt", second)
    assert torch.equal(second.pools["a"].images, first.pools["a"].images)
    assert len(second.pools["b"].images) == 3
    list(train(second, domains(), config))
    for name, net in networks_of(whole).items():
        for x, y in zip(net.parameters(), networks_of(second)[name].parameters(), strict=True):
            assert torch.equal(x, y), name
    assert torch.equal(whole.pools["b"].images, second.pools["b"].images)
    a, _ = domains()
    assert torch.equal(whole.translate(a), second.translate(a))


def test_large_images_are_trained_as_by_torch_s_own_layers(monkeypatch):
    """Layers in an order that suits a CPU: same losses and weights after steps at 64 pixels."""
    a, b = (torch.rand(3, 1, 64, 64, generator=rng(k), dtype=torch.float64) for k in range(2))
    losses, weights = [], []
    for least in (large_maps._LARGE, 10**9):
        monkeypatch.setattr(large_maps, "_LARGE", least)
        gan = make()
        steps = [gan.step((a[k : k + 1], b[k : k + 1]), rng(3)) for k in range(3)]
        losses.append(torch.stack([step[name] for step in steps for name in ("g_loss", "d_loss")]))
        networks = networks_of(gan).values()
        weights.append(torch.cat([w.flatten() for net in networks for w in net.parameters()]))
    assert not torch.equal(*losses)  # they were other layers
    assert torch.allclose(*losses, rtol=0, atol=1e-10)
    assert torch.allclose(*weights, rtol=0, atol=1e-10)


def test_a_resume_without_its_pool_would_be_another_run(tmp_path):
    """The test above can fail: a run that loses its pools goes another way."""
    config = replace(CONFIG, steps=9)
    whole, first = (make(config, dtype=torch.float32) for _ in range(2))
    list(train(whole, domains(), config))
    list(train(first, domains(), replace(config, steps=4)))
    for pool in first.pools.values():
        pool.images = None
    list(train(first, domains(), config))
    x, y = (next(gan.discriminator_a.parameters()) for gan in (whole, first))
    assert not torch.equal(x, y)


def test_a_checkpoint_of_other_numbers_is_refused(tmp_path):
    save_checkpoint(tmp_path / "run.pt", make(dtype=torch.float32))
    for other in (
        make(replace(CONFIG, forward_weight=1.0), dtype=torch.float32),
        make(replace(CONFIG, pool_size=4), dtype=torch.float32),
        make(objective="hinge", dtype=torch.float32),
    ):
        with pytest.raises(ValueError, match="another configuration"):
            load_checkpoint(tmp_path / "run.pt", other)


def test_translation_takes_the_average_and_either_direction():
    gan = make(replace(CONFIG, ema_decay=0.9, steps=3), dtype=torch.float32)
    list(train(gan, domains(), gan.config))
    a, b = domains(3, seed=8)
    for direction, images in (("ab", a), ("ba", b)):
        name = f"generator_{direction}"
        plain = networks_of(gan)[name]
        assert torch.equal(gan.translate(images, direction, ema=False), plain(images))
        averaged = gan.averages[name].network(images)
        assert torch.allclose(gan.translate(images, direction), averaged, atol=1e-6)
        assert not torch.allclose(averaged, plain(images), atol=1e-4)
    assert gan.generator_ab.training
    assert not gan.translate(a).requires_grad


def test_whole_images_of_any_size_are_translated():
    gan = make(replace(CONFIG, ema_decay=0.0), dtype=torch.float32, norm="none")
    gan.generator_ab = UNetTranslator(1, 1, 2, 3, "none", rng=rng())
    images = torch.rand(70, 1, 13, 22, generator=rng()) * 2 - 1
    made = gan.translate(images)
    assert made.shape == images.shape
    padded = torch.cat([images, images[..., -3:-1].flip(3)], 3)  # by hand, to 16 by 24
    padded = torch.cat([padded, padded[:, :, -4:-1].flip(2)], 2)
    wanted = gan.generator_ab(padded)[:, :, :13, :22]
    assert torch.allclose(made, wanted, atol=1e-6)
    with pytest.raises(ValueError, match="sides above 4 pixels.*got 3 by 22; enlarge them"):
        gan.translate(images[:, :, :3])


def test_points_far_apart_find_each_other():
    """Two Gaussians in the plane, perceptrons: G must move a to b, F must bring it back."""
    config = CycleGANConfig(
        steps=300, batch_size=64, g_lr=2e-3, d_lr=2e-3, r1_gamma=0.1, log_every=300, pool_size=0
    )
    generators = [MLP(2, 2, 32, rng=rng(k)) for k in range(2)]
    critics = [MLPDiscriminator(2, 32, rng=rng(2 + k)) for k in range(2)]
    gan = CycleGAN(*generators, *critics, "non-saturating", config)
    a = torch.randn(2000, 2, generator=rng()) * 0.3 - 1
    b = torch.randn(2000, 2, generator=rng(1)) * 0.3 + torch.tensor([1.0, -1.0])
    (record,) = train(gan, (a, b), config)
    assert record.cycle_a < 0.2
    moved = gan.translate(a)
    assert torch.allclose(moved.mean(0), torch.tensor([1.0, -1.0]), atol=0.3)
    assert torch.allclose(gan.translate(b, "ba").mean(0), torch.tensor([-1.0, -1.0]), atol=0.3)


@pytest.mark.parametrize("change", [{"precision": "bfloat16"}, {"channels_last": True},
                                    {"instance_noise": 0.1}])  # fmt: skip
def test_options_of_the_engine_work_for_it(change):
    config = replace(CONFIG, steps=2, log_every=1, **change)
    gan = make(config, dtype=torch.float32)
    start = [p.clone() for p in gan.generator_ab.parameters()]
    records = list(train(gan, domains(), config))
    assert [record.step for record in records] == [1, 2]
    assert {"g_gradient", "d_gradient", "d_real", "cycle_a", "identity"} <= set(records[0].metrics)
    moved = zip(start, gan.generator_ab.parameters(), strict=True)
    assert all(not torch.equal(x, y) for x, y in moved)


def test_it_trains_in_step_with_other_ranks():
    gan = Distributed(make(dtype=torch.float32))
    records = list(train(gan, domains(), gan.config))
    assert records[-1].step == 6


def test_bad_input_is_named():
    gan = make()
    a, b = domains()
    with pytest.raises(TypeError, match=r"batch must be a tuple \(a, b\).*got Tensor; train on an"):
        next(iter(train(gan, a, CONFIG)))
    with pytest.raises(TypeError, match="two tensors, a and b, got Tensor and list"):
        gan.step((a, [1]), rng())
    with pytest.raises(ValueError, match="as many samples of a as of b, a multiple of 1, got 2 a"):
        gan.step((a[:2], b[:3]), rng())
    with pytest.raises(ValueError, match="identity_weight must be 0 where the domains differ"):
        gan.step((a[:2], torch.zeros(2, 3, 8, 8)), rng())
    with pytest.raises(ValueError, match="direction must be 'ab' or 'ba', got 'AB'"):
        gan.translate(a, "AB")
    with pytest.raises(ValueError, match="images must hold at least one"):
        gan.translate(a[:0])
    with pytest.raises(TypeError, match="images must be a torch.Tensor, got list"):
        gan.translate([1.0])
    with pytest.raises(TypeError, match="config must be a CycleGANConfig, got dict"):
        CycleGAN(*networks(), "hinge", {})
    with pytest.raises(TypeError, match="discriminator_b must be a torch.nn.Module"):
        CycleGAN(*networks()[:3], None, "hinge", CONFIG)
    with pytest.raises(ValueError, match="discriminator_b must be of one dtype"):
        CycleGAN(*networks()[:3], nn.Linear(1, 1), "hinge", CONFIG)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"forward_weight": -1.0}, "forward_weight must be zero or positive"),
        ({"identity_weight": float("nan")}, "identity_weight must be zero or positive"),
        ({"pool_size": -1}, "pool_size must be at least 0"),
        ({"decay_steps": -1}, "decay_steps must be at least 0"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_bad_numbers_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)
