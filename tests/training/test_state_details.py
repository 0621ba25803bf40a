"""Details of a step and of a record that a loop by hand does not show."""

import pytest
import torch
from torch import nn

from gan_lessons.training import GANState, TrainConfig, loop, train
from gan_lessons.training.records import read_metrics

DATA = torch.randn(200, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(steps=6, batch_size=8, z_dim=3, log_every=2, d_steps=2, ema_decay=0.0)


def state(dtype: torch.dtype = torch.float32) -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        g = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
        d = nn.Sequential(nn.Linear(2, 8), nn.SiLU(), nn.Linear(8, 1), nn.Flatten(0))
    return GANState(g.to(dtype), d.to(dtype), "non-saturating", CONFIG)


class Clock:
    """A clock that only moves when it is told to."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


def test_images_per_second_count_the_time_since_the_last_record(monkeypatch):
    """16 samples a step, 2 steps a record; the reader's own time between records is not counted."""
    clock, system = Clock(), state()
    seconds = iter([1.0, 1.0, 2.0, 2.0, 4.0, 4.0])
    monkeypatch.setattr(loop, "time", clock)

    def data(n, rng):
        clock.now += next(seconds)
        return DATA[:n]

    speeds = []
    for record in train(system, data, CONFIG):
        speeds.append(record.images_per_second)
        clock.now += 1000
    assert speeds == [16.0, 8.0, 4.0]


def test_the_batch_is_brought_to_the_networks_dtype():
    metrics = state(torch.float64).step(DATA[:16], torch.Generator().manual_seed(0))
    assert all(number.dtype == torch.float64 for number in metrics.values())
    same = state(torch.float64).step(DATA[:16].double(), torch.Generator().manual_seed(0))
    assert torch.equal(metrics["real_logits"], same["real_logits"])


def test_probabilities_are_those_of_their_own_logits():
    system = state()
    real = DATA[:16]
    with torch.no_grad():  # the second half is what the last update of D sees
        system.d_optimizer.param_groups[0]["lr"] = 0.0
        wanted = system.discriminator(real[8:])
    metrics = system.step(real, system.rng)
    torch.testing.assert_close(metrics["real_logits"], wanted)
    numbers = read_metrics(metrics)
    for name in ("real", "fake"):
        mean = (1 / (1 + torch.exp(-metrics[f"{name}_logits"]))).mean().item()
        assert numbers[f"d_{name}"] == pytest.approx(mean, rel=1e-6)
    assert abs(numbers["d_real"] - numbers["d_fake"]) > 1e-4


def test_a_step_trains_also_after_evaluation():
    system = state()
    system.generator.eval()
    system.discriminator.eval()
    before = system.generator[1].running_mean.clone()
    system.step(DATA[:16], system.rng)
    assert system.generator.training
    assert system.discriminator.training
    assert not torch.equal(system.generator[1].running_mean, before)
