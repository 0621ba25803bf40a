"""The loop against a loop written by hand, and what each step may touch."""

import copy
import math
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn.functional import logsigmoid
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gan_lessons.objectives import OBJECTIVES
from gan_lessons.training import (
    EMA,
    GANState,
    Record,
    TrainConfig,
    TrainingDiverged,
    discriminator_step,
    generator_step,
    history,
    progress,
    train,
    weighted_penalty,
)

DATA = torch.randn(200, 2, generator=torch.Generator().manual_seed(9)) + 2


def networks(seed: int = 0) -> tuple[nn.Module, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
        d = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Flatten(0))
    return g, d


def config(**changes) -> TrainConfig:
    numbers = {"steps": 20, "batch_size": 8, "z_dim": 3, "log_every": 10, "d_lr": 1e-3}
    return TrainConfig(**{**numbers, **changes})


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in network.parameters()]


def equal(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_loop_equals_a_loop_by_hand_to_the_last_digit():
    """Algorithm 1 with the non-saturating loss, two D updates, R1, noise and an average."""
    c = config(d_steps=2, r1_gamma=0.3, instance_noise=0.1, seed=4, ema_decay=0.9)
    state = GANState(*networks(), "non-saturating", c)
    records = list(train(state, DATA, c))

    g, d = networks()
    average = copy.deepcopy(g)
    g_opt = torch.optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True)
    d_opt = torch.optim.Adam(d.parameters(), lr=1e-3, betas=(0.5, 0.999), fused=True)
    rng = torch.Generator().manual_seed(4)
    for t in range(1, 21):
        real_batch = DATA[torch.randint(200, (16,), generator=rng)]
        for x in (real_batch[:8], real_batch[8:]):
            fake = g(torch.randn(8, 3, generator=rng))
            fake = fake + 0.1 * torch.randn(8, 2, generator=rng)
            x = x + 0.1 * torch.randn(8, 2, generator=rng)
            d_loss = -(logsigmoid(d(x)).mean() + logsigmoid(-d(fake.detach())).mean())
            at = x.clone().requires_grad_()
            (slope,) = torch.autograd.grad(d(at).sum(), at, create_graph=True)
            penalty = 0.3 / 2 * (slope**2).sum(1).mean()
            d_opt.zero_grad()
            (d_loss + penalty).backward()
            d_opt.step()
        g_loss = -logsigmoid(d(fake)).mean()
        g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()
        decay = min(0.9, (1 + t) / (10 + t))
        with torch.no_grad():
            for a, p in zip(average.parameters(), g.parameters(), strict=True):
                a.lerp_(p, 1 - decay)

    assert equal(weights(state.generator), weights(g))
    assert equal(weights(state.discriminator), weights(d))
    assert equal(weights(state.ema.network), weights(average))
    assert records[-1].d_loss == d_loss.item()
    assert records[-1].g_loss == g_loss.item()
    assert records[-1].penalty == penalty.item()


def test_each_step_leaves_the_other_network_alone():
    g, d = networks()
    g_opt, d_opt = (torch.optim.SGD(n.parameters(), lr=0.1) for n in (g, d))
    fake = g(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    before_g, before_d = weights(g), weights(d)

    objective = OBJECTIVES["non-saturating"]
    update = discriminator_step(d, d_opt, objective, DATA[:8], fake, config())
    assert equal(weights(g), before_g)
    assert all(p.grad is None for p in g.parameters())
    assert not equal(weights(d), before_d)
    assert not update.loss.requires_grad
    assert update.penalty.item() == 0

    before_d, grads = weights(d), [p.grad.clone() for p in d.parameters()]
    generator_step(d, g_opt, objective, None, fake)
    assert equal(weights(d), before_d)
    assert equal([p.grad for p in d.parameters()], grads)
    assert not equal(weights(g), before_g)


def test_weighted_penalty_puts_the_weights_in():
    d = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Flatten(0))
    d[0].weight.data = torch.tensor([[3.0, 4.0]])  # R1 = R2 = 25, GP = (5 - 1)^2 = 16
    x, y = DATA[:4], -DATA[:4]
    assert weighted_penalty(d, x, y, config()) is None
    assert weighted_penalty(d, x, y, config(r1_gamma=0.2)).item() == pytest.approx(2.5)
    assert weighted_penalty(d, x, y, config(r2_gamma=0.4)).item() == pytest.approx(5)
    assert weighted_penalty(d, x, y, config(gp_weight=10.0)).item() == pytest.approx(160)
    every = config(r1_gamma=0.2, r2_gamma=0.4, gp_weight=10.0)
    assert weighted_penalty(d, x, y, every).item() == pytest.approx(167.5)


def test_discriminator_step_descends_its_loss_and_generator_step_its_own():
    """Plain gradient descent by a small step lowers each player's loss, to first order."""
    objective, c = OBJECTIVES["non-saturating"], config(r1_gamma=1.0)
    g, d = networks()
    fake = g(torch.randn(64, 3, generator=torch.Generator().manual_seed(0)))
    real, lr = DATA[:64], 1e-3

    def d_total():
        with torch.no_grad():
            loss = objective.discriminator_loss(d(real), d(fake))
            return (loss + weighted_penalty(d, real, fake, c)).item()

    before = d_total()
    discriminator_step(d, torch.optim.SGD(d.parameters(), lr=lr), objective, real, fake, c)
    expected = lr * sum(p.grad.square().sum().item() for p in d.parameters())
    assert before - d_total() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("key", list(OBJECTIVES))
def test_every_objective_trains(key):
    c = config(gp_weight=1.0 if key == "wasserstein" else 0.0)
    state = GANState(*networks(), key, c)
    before = weights(state.generator)
    records = list(train(state, DATA, c))
    assert [r.step for r in records] == [10, 20]
    assert not equal(weights(state.generator), before)
    assert all(math.isfinite(v) for r in records for v in r.metrics.values())


def test_needs_real_decides_how_often_the_discriminator_runs():
    for key, passes in (("non-saturating", 3), ("relativistic", 4)):
        g, d = networks()
        calls = []
        d.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        state = GANState(g, d, key, config())
        state.step(DATA[:8], state.rng)
        assert len(calls) == passes


def test_generator_runs_once_per_batch():
    g, d = networks()
    calls = []
    g.register_forward_hook(lambda *_: calls.append(1))
    state = GANState(g, d, "non-saturating", config(d_steps=3))
    state.step(DATA[:24], state.rng)
    assert len(calls) == 3


def test_same_seed_same_numbers_and_global_state_untouched():
    before = torch.get_rng_state()
    c = config(instance_noise=0.2, gp_weight=1.0)
    runs = [GANState(*networks(), "non-saturating", c) for _ in range(2)]
    first, second = (list(train(run, DATA, c)) for run in runs)
    assert [r.metrics for r in first] == [r.metrics for r in second]
    assert equal(weights(runs[0].generator), weights(runs[1].generator))
    assert torch.equal(runs[0].sample(5, runs[0].rng), runs[1].sample(5, runs[1].rng))
    assert torch.equal(before, torch.get_rng_state())

    other = GANState(*networks(), "non-saturating", config(instance_noise=0.2, seed=1))
    list(train(other, DATA, other.config))
    assert not equal(weights(runs[0].generator), weights(other.generator))


def test_augment_is_applied_to_real_and_fake_and_passes_gradients():
    seen = []

    def augment(x, rng):
        seen.append(x.requires_grad)
        return x * 0 + 1  # D sees the same constant from both laws

    state = GANState(*networks(), "non-saturating", config(steps=1), augment=augment)
    metrics = state.step(DATA[:8], state.rng)
    assert seen == [True, False]  # fake with its graph, then real
    assert torch.equal(metrics["real_logits"], metrics["fake_logits"])

    # G's gradient goes through the augmentation: if that cuts it off, G stands still.
    assert all(p.grad.abs().sum() == 0 for p in state.generator.parameters())


def test_augment_draws_from_the_run():
    draws = []

    def shift(x, rng):
        offset = torch.randn(1, 2, generator=rng)
        draws.append(offset)
        return x + offset

    c = config(steps=3)
    for _ in range(2):
        list(train(GANState(*networks(), "hinge", c, augment=shift), DATA, c))
    assert torch.equal(torch.cat(draws[:6]), torch.cat(draws[6:]))
    assert len({tuple(d.flatten().tolist()) for d in draws}) == 6


def test_data_may_be_a_law_or_a_function():
    class Law:
        def sample(self, n, rng=None):
            return torch.randn(n, 2, generator=rng)

    c = config()
    by_law = list(train(GANState(*networks(), "non-saturating", c), Law(), c))
    by_function = list(train(GANState(*networks(), "non-saturating", c), Law().sample, c))
    assert [r.metrics for r in by_law] == [r.metrics for r in by_function]


def test_rows_are_drawn_with_replacement_and_uniformly():
    from gan_lessons.training.sampling import batches

    draw = batches(torch.arange(10.0))
    x = draw(10000, torch.Generator().manual_seed(0))
    assert x.shape == (10000, 1)
    counts = torch.bincount(x.flatten().long(), minlength=10)
    # chi-square with 9 degrees of freedom exceeds 45 with probability below 1e-6
    assert ((counts - 1000) ** 2 / 1000).sum().item() < 45


def test_records_come_every_log_every_and_at_the_end():
    c = config(steps=25)
    state = GANState(*networks(), "non-saturating", c)
    lists = history(train(state, DATA, c))
    assert lists["step"] == [10, 20, 25]
    assert len(lists["d_loss"]) == len(lists["images_per_second"]) == 3
    assert set(lists) == {
        *("step", "images_per_second", "d_loss", "g_loss", "penalty"),
        *("d_real", "d_fake", "real_logits", "fake_logits", "d_gradient", "g_gradient"),
    }
    assert state.steps_done == 25
    assert list(train(state, DATA, c)) == []  # nothing left to do


def test_record_shows_probabilities_of_the_last_batch():
    g, d = networks()
    for p in d.parameters():
        nn.init.zeros_(p)
    d[2].bias.data.fill_(math.log(3))  # D = 3/4 everywhere
    state = GANState(g, d, "non-saturating", config(steps=1))
    (record,) = train(state, DATA, state.config)
    assert record.d_real == pytest.approx(0.75)
    assert record.d_fake == pytest.approx(0.75)
    assert record.real_logits == pytest.approx(math.log(3))
    assert record.d_loss == pytest.approx(-math.log(0.75) - math.log(0.25))
    with pytest.raises(AttributeError, match=r"no 'loss'; it has step and \['d_fake'"):
        _ = record.loss
    assert copy.deepcopy(record) == record


def test_breaking_off_leaves_a_usable_state():
    c = config(log_every=1)
    state = GANState(*networks(), "non-saturating", c)
    for record in train(state, DATA, c):
        if record.step == 7:
            break
    assert state.steps_done == 7
    assert [r.step for r in train(state, DATA, c)] == list(range(8, 21))
    whole = GANState(*networks(), "non-saturating", c)
    list(train(whole, DATA, c))
    assert equal(weights(state.generator), weights(whole.generator))


@pytest.mark.parametrize(
    ("spoil", "which"), [("discriminator", "d_loss"), ("generator", "d_loss"), ("data", "d_loss")]
)
def test_divergence_is_named(spoil, which):
    c = config()
    state = GANState(*networks(), "non-saturating", c)
    data = DATA
    if spoil == "data":

        def data(n, rng):
            return torch.full((n, 2), math.nan)

    else:
        next(getattr(state, spoil).parameters()).data[0, 0] = math.nan
    with pytest.raises(
        TrainingDiverged, match="d_loss of the discriminator is nan at step 10: tr"
    ) as e:
        list(train(state, data, c))
    assert (e.value.step, e.value.which, e.value.network) == (10, which, "discriminator")


def test_divergence_by_a_learning_rate_far_too_high_is_caught_at_the_end():
    c = config(steps=30, d_lr=1e30, g_lr=1e30, log_every=1000)
    state = GANState(*networks(), "wasserstein", c)
    with pytest.raises(TrainingDiverged, match="at step 30"):
        list(train(state, DATA, c))


def test_progress_passes_records_and_is_silent_without_a_terminal(capsys):
    records = [Record(step, {"d_loss": 1.0}, 1.0) for step in (5, 10)]
    assert list(progress(records, 10)) == records
    assert capsys.readouterr().err == ""
    assert list(progress(records, 10, show=True)) == records
    assert "/10" in capsys.readouterr().err
    assert list(progress(records, 10, show=False)) == records
    assert capsys.readouterr().err == ""


class Reads(TorchDispatchMode):
    """Counts the numbers that are read from the device, at the lowest level."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


class Calls(TorchFunctionMode):
    """Counts the calls by which Python waits for a tensor's numbers."""

    waits = ("item", "tolist", "cpu", "numpy", "nonzero", "__bool__", "__float__", "__int__")
    count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.count += getattr(func, "__name__", "") in self.waits
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_nothing_waits_between_records(precision):
    """A record after 25 steps reads as often as a record after 5."""
    every = {"r1_gamma": 0.1, "r2_gamma": 0.1, "gp_weight": 1.0, "instance_noise": 0.1}
    counts = []
    for log_every in (5, 25):
        c = config(steps=100, d_steps=2, log_every=log_every, precision=precision, **every)
        records = train(GANState(*networks(), "relativistic", c), DATA, c)
        with Reads() as reads, Calls() as calls:
            next(records)
        counts.append((reads.count, calls.count))
    assert counts[0] == counts[1]
    assert counts[0][1] == 1  # the one transfer of read_metrics


def test_what_reads_is_counted():
    with Reads() as reads, Calls() as calls:
        torch.ones(()).item()
        bool(torch.ones(()) > 0)
        torch.ones(3).tolist()
    assert (reads.count, calls.count) == (2, 3)


def test_import_is_light():
    code = (
        "import sys, gan_lessons.training; "
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('matplotlib', 'IPython', 'ipywidgets', 'sklearn') or m.startswith("
        "('scipy.stats', 'scipy.integrate', 'scipy.optimize'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ema_is_a_weighted_sum():
    """With weights theta_t = t the average has the closed form sum of d_j ... (1 - d_t) t."""
    net = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    net[0].weight.data.fill_(0.0)
    ema = EMA(net, 0.5)
    decays = [min(0.5, (1 + t) / (10 + t)) for t in range(1, 21)]
    assert decays[0] == 2 / 11
    assert decays[-1] == 0.5
    for t in range(1, 21):
        net[0].weight.data.fill_(float(t))
        net[1].running_mean.fill_(-float(t))
        net[1].num_batches_tracked.fill_(t)
        ema.update()
    expected = sum((1 - decays[t - 1]) * math.prod(decays[t:]) * t for t in range(1, 21))
    assert ema.network[0].weight.item() == pytest.approx(expected, rel=1e-6)
    assert ema.network[1].running_mean.item() == pytest.approx(-expected, rel=1e-6)
    assert ema.network[1].num_batches_tracked.item() == 20
    assert not ema.network.training
    assert net[0].weight.item() == 20
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\)"):
        EMA(net, 1.0)


def test_the_average_of_a_copy_follows_the_copy():
    state = GANState(*networks(), "non-saturating", config())
    twin = copy.deepcopy(state)
    for _ in range(3):
        for system in (state, twin):
            system.step(DATA[:8], system.rng)
    assert equal(weights(state.ema.network), weights(twin.ema.network))
    assert not equal(weights(twin.ema.network), weights(networks()[0]))


def test_sample_uses_the_average_in_evaluation_mode():
    g = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    _, d = networks()
    c = config()
    state = GANState(g, d, "non-saturating", c)
    list(train(state, DATA, c))
    stats = [b.clone() for b in g.buffers()]
    rng = torch.Generator().manual_seed(1)
    averaged = state.sample(2500, rng)
    plain = state.sample(2500, rng.manual_seed(1), ema=False)
    assert averaged.shape == plain.shape == (2500, 2)
    assert not torch.equal(averaged, plain)
    assert g.training
    assert all(torch.equal(a, b) for a, b in zip(stats, g.buffers(), strict=True))
    z = torch.randn(2500, 3, generator=rng.manual_seed(1))
    torch.testing.assert_close(averaged, state.ema.network(z))
    without = GANState(*networks(), "non-saturating", config(ema_decay=0.0))
    assert without.ema is None
    assert without.sample(3, rng).shape == (3, 2)
    with pytest.raises(ValueError, match="n must be at least 1"):
        state.sample(0)
