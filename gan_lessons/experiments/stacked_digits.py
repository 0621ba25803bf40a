"""A thousand modes in small: three digits in three colour channels (chapters 10 and 12).

``python -m gan_lessons.experiments.stacked_digits [minutes]`` trains what
``book/runs/stacked_digits.json`` lacks, in order of importance.

What differs from the published protocol (Metz et al., 2017; Srivastava et al., 2017; Lin et al.,
2018): the 8 x 8 digits of scikit-learn in place of MNIST's 28 x 28, perceptrons in place of DCGAN,
a thousand steps and more in place of tens of thousands, and our small classifier. As there, a
sample's mode is the three labels that the classifier gives its channels, 26,000 samples are drawn,
and the divergence is from the shares of the modes to the uniform law. Modes counted here can be
compared with one another, and with the published ones only in kind.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_positive
from gan_lessons.data import load
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.mode_film import as_plain
from gan_lessons.experiments.recorded import recorded_folder, save_recorded
from gan_lessons.experiments.stacked_digits_law import (
    PIXELS,
    StackedDigits,
    expected_outcome,
    measure_stacked,
)
from gan_lessons.experiments.trick_networks import Packed, WithBatchSpread
from gan_lessons.metrics.features import ClassifierFeatures, classifier_features
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.training import GANSeeds, TrainConfig, train_seeds

#: The file in ``book/runs`` without its ending.
STORE = "stacked_digits"


@dataclass(frozen=True)
class StackedConfig:
    """Settings of the experiment.

    Parameters
    ----------
    seeds
        Trained at once.
    times
        Steps after which samples are measured, multiples of the first; the last ends the run.
    n
        Samples per measurement.
    hidden, z_dim, batch_size, lr, ema_decay
        Of every run: units in each of two hidden layers, and the numbers of ``TrainConfig``.
    ways
        Keys of ``WAYS``, the most important first.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, times are no rising multiples of the first, or a
        way is unknown.
    """

    seeds: tuple[int, ...] = (1000, 1001, 1002, 1003)
    times: tuple[int, ...] = (500, 1000, 1500, 2000)
    n: int = 26_000
    hidden: int = 128
    z_dim: int = 32
    batch_size: int = 64
    lr: float = 1e-3
    ema_decay: float = 0.99
    ways: tuple[str, ...] = ("plain", "packing by 2", "R1 and R2, relativistic", "minibatch std")

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        check_counts(self.times, "times", rising=True)
        if any(step % self.times[0] for step in self.times):
            raise ValueError(f"times must be multiples of the first, got {self.times}.")
        for name in ("n", "hidden", "z_dim", "batch_size"):
            check_count(getattr(self, name), name)
        check_positive(self.lr, "lr")
        unknown = sorted(set(self.ways) - set(WAYS))
        if unknown:
            raise ValueError(f"ways must be some of {sorted(WAYS)}, got {unknown}.")


class Way(NamedTuple):
    """A way to train: objective, weights of R1 and R2, and what is put around D's perceptron."""

    objective: str
    gamma: float
    discriminator: Callable[[int], nn.Module]


def _packed(hidden: int) -> nn.Module:
    """Return a discriminator of two samples at once."""
    return Packed(MLPDiscriminator(2 * PIXELS, hidden), 2)


def _spread(hidden: int) -> nn.Module:
    """Return a discriminator that sees the batch's spread."""
    return WithBatchSpread(MLPDiscriminator(PIXELS + 1, hidden))


def _plain(hidden: int) -> nn.Module:
    """Return a perceptron."""
    return MLPDiscriminator(PIXELS, hidden)


WAYS: dict[str, Way] = {
    "plain": Way("non-saturating", 0.0, _plain),
    "packing by 2": Way("non-saturating", 0.0, _packed),
    "minibatch std": Way("non-saturating", 0.0, _spread),
    "R1": Way("non-saturating", 0.1, _plain),
    "R1 and R2, relativistic": Way("relativistic", 0.1, _plain),
}


class StackedRun(NamedTuple):
    """One way: outcomes at each moment for each seed, (t, s, 3), and CPU seconds of training."""

    outcomes: Tensor
    seconds: float


def train_way(config: StackedConfig, way: Way, classifier: ClassifierFeatures) -> StackedRun:
    """Train one way with all seeds and count the modes of its averaged generators."""

    def networks(_: int) -> tuple[nn.Module, nn.Module]:
        generator = MLPGenerator(config.z_dim, PIXELS, config.hidden)
        return nn.Sequential(generator, nn.Tanh()), way.discriminator(config.hidden)

    training = TrainConfig(
        steps=config.times[-1],
        log_every=config.times[0],
        batch_size=config.batch_size,
        z_dim=config.z_dim,
        g_lr=config.lr,
        d_lr=config.lr,
        r1_gamma=way.gamma,
        r2_gamma=way.gamma if way.objective == "relativistic" else 0.0,
        ema_decay=config.ema_decay,
    )
    system = GANSeeds(networks, way.objective, training, config.seeds)
    rows, seconds, started = [], 0.0, time.process_time()
    for record in train_seeds(system, StackedDigits(load("digits").images), training):
        seconds += time.process_time() - started
        if record.step in config.times:
            drawn = system.sample(config.n, torch.Generator().manual_seed(record.step))
            rows.append([measure_stacked(part, classifier) for part in drawn])
        started = time.process_time()
    return StackedRun(torch.tensor(rows, dtype=torch.float64), seconds)


def references(config: StackedConfig, classifier: ClassifierFeatures) -> dict[str, Any]:
    """Return what a perfect sampler reaches (exactly), held-out digits, and mere noise."""
    rng = torch.Generator().manual_seed(0)
    held_out = StackedDigits(load("digits", "test").images).sample(config.n, rng)
    noise = 2 * torch.rand(config.n, PIXELS, generator=rng) - 1
    return {
        "perfect": list(expected_outcome(config.n)),
        "held-out digits": list(measure_stacked(held_out, classifier)),
        "noise": list(measure_stacked(noise, classifier)),
        "accuracy": list(classifier.accuracy),
    }


def run(config: StackedConfig, folder: Path | None = None) -> Iterator[str]:
    """Train the ways that the store lacks, storing each as it is done; yields its name."""
    folder = folder or recorded_folder()
    path, seconds = folder / f"{STORE}.json", 0.0
    results: dict[str, Any] = {"ways": {}}
    plain = as_plain({k: v for k, v in asdict(config).items() if k != "ways"})
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        if {k: v for k, v in old["config"].items() if k != "ways"} == plain:
            results, seconds = old["results"], old["machine"]["seconds"]
    classifier = classifier_features(load("digits"), load("digits", "test"))
    results["references"] = references(config, classifier)
    for name in config.ways:
        if name in results["ways"]:
            continue
        done = train_way(config, WAYS[name], classifier)
        seconds += done.seconds
        results["ways"][name] = {
            "objective": WAYS[name].objective,
            "gamma": WAYS[name].gamma,
            "outcomes": [
                [[float(f"{v:.4g}") for v in one] for one in row] for row in done.outcomes.tolist()
            ],
            "cpu_seconds": round(done.seconds, 1),
        }
        save_recorded(STORE, asdict(config), results, seconds, folder=folder)
        yield name


if __name__ == "__main__":
    torch.set_num_threads(1)
    stop = time.perf_counter() + 60 * (float(sys.argv[1]) if len(sys.argv) > 1 else math.inf)
    for done_now in run(StackedConfig()):
        print(done_now, flush=True)
        if time.perf_counter() > stop:
            break
