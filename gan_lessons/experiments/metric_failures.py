"""Every metric against every failure, on real digits spoilt on purpose (chapter 9, the table).

Run it again by ``python -m gan_lessons.experiments.metric_failures``.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data import Labelled, load
from gan_lessons.experiments.image_failures import SEVERITIES, TABLE, Split, spoil
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.metrics import (
    ClassifierFeatures,
    class_entropy,
    class_frequencies,
    classifier_features,
    closest_pairs,
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    nearest_neighbours,
    parzen_log_likelihood,
    precision_recall,
)
from gan_lessons.two_sample import classifier_test

# +1 where a larger number should mean a worse model, -1 where a smaller one should.
METRICS: dict[str, int] = {
    "Parzen windows": -1,
    "Inception Score": -1,
    "FD, pixels": 1,
    "FD, features": 1,
    "kernel distance": 1,
    "precision": -1,
    "recall": -1,
    "density": -1,
    "coverage": -1,
    "classifier test": 1,
    "class entropy": -1,
    "closest pair": -1,
    "nearest training image": -1,
}


@dataclass(frozen=True)
class FailuresConfig:
    """Settings of the experiment.

    Parameters
    ----------
    n
        Images in the reference, in the model's sample and in the model's training set; twice as
        many are fresh.
    null_splits, splits
        How often real images are compared with real ones, and with each failure.
    epochs
        Passes of the classifier over the images that are left.
    bandwidth
        Of the Parzen windows, pixels from -1 to 1.
    seed
        Of the division into classifier's images and the others; split s has the seed s.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    n: int = 300
    null_splits: int = 400
    splits: int = 40
    epochs: int = 30
    bandwidth: float = 0.35
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n", "null_splits", "splits", "epochs"):
            check_count(getattr(self, name), name)
        if 4 * self.n >= 1797:
            raise ValueError(f"n must be at most 449, a quarter of the digits, got {self.n}.")


class Bench(NamedTuple):
    """The classifier whose features measure, and the real images it has not seen."""

    classifier: ClassifierFeatures
    pool: Labelled


def digit_parts(config: FailuresConfig) -> tuple[Labelled, Labelled]:
    """Return the classifier's own digits, and the pool of the others."""
    digits = load("digits", split="all")
    order = torch.randperm(len(digits.images), generator=torch.Generator().manual_seed(config.seed))
    rest, own = order[: 4 * config.n], order[4 * config.n :]
    return (
        Labelled(digits.images[own], digits.labels[own]),
        Labelled(digits.images[rest], digits.labels[rest]),
    )


def make_bench(config: FailuresConfig) -> Bench:
    """Train the classifier on its own digits; return it and the pool, which gives its accuracy."""
    own, pool = digit_parts(config)
    return Bench(classifier_features(own, pool, config.epochs, config.seed), pool)


def split_pool(pool: Labelled, n: int, seed: int) -> Split:
    """Divide the pool at random: n for reference, n for training, 2 n fresh ones."""
    order = torch.randperm(len(pool.images), generator=torch.Generator().manual_seed(seed))
    a, b, c = order[:n], order[n : 2 * n], order[2 * n :]
    return Split(pool.images[a], pool.images[b], Labelled(pool.images[c], pool.labels[c]))


def measure(split: Split, sample: Tensor, bench: Bench, config: FailuresConfig) -> dict[str, float]:
    """Return every metric of a model's sample, with the keys of ``METRICS``."""
    classifier = bench.classifier
    x, y = split.reference.flatten(1), sample.flatten(1)
    real, fake = classifier(split.reference), classifier(sample)
    classes = classifier.probabilities(sample)
    quality, variety = precision_recall(real, fake), density_coverage(real, fake)
    rng = torch.Generator().manual_seed(0)
    test = classifier_test(x, y, n_steps=60, lr=0.05, n_permutations=0, rng=rng)
    nearest = nearest_neighbours(y, split.training.flatten(1)).distances
    return {
        "Parzen windows": float(parzen_log_likelihood(x, y, config.bandwidth).mean()),
        "Inception Score": inception_score(classes).mean,
        "FD, pixels": frechet_distance(x, y),
        "FD, features": frechet_distance(real, fake),
        "kernel distance": kernel_distance(real, fake).value,
        "precision": quality.precision,
        "recall": quality.recall,
        "density": variety.density,
        "coverage": variety.coverage,
        "classifier test": test.statistic,
        "class entropy": class_entropy(class_frequencies(classes)),
        "closest pair": float(closest_pairs(y, 1).distances[0]),
        "nearest training image": float(nearest.median()),
    }


def values(
    failure: str, severity: float, seeds: range, bench: Bench, config: FailuresConfig
) -> dict[str, Tensor]:
    """Return each metric over splits of the pool, one for each seed: (len(seeds),)."""
    rows = []
    for seed in seeds:
        split = split_pool(bench.pool, config.n, seed)
        rows.append(measure(split, spoil(failure, severity, split, seed), bench, config))
    return {name: torch.tensor([row[name] for row in rows]) for name in METRICS}


def null_seeds(config: FailuresConfig) -> range:
    """Return the seeds of the splits for real against real: none is used for a failure."""
    return range(10_000, 10_000 + config.null_splits)


class Verdict(NamedTuple):
    """How often the null's 95% range is left, and the mean distance in null standard deviations.

    ``away`` is positive where the metric calls the sample worse than real images.
    """

    share: float
    away: float


def verdict(name: str, null: Tensor, found: Tensor) -> Verdict:
    """Compare a metric's values (n,) with its values (m,) on real images."""
    low, high = null.quantile(0.025), null.quantile(0.975)
    share = float(((found < low) | (found > high)).float().mean())
    return Verdict(share, METRICS[name] * float((found.mean() - null.mean()) / null.std()))


def run(
    config: FailuresConfig, progress: Callable[[str], None] = lambda text: None
) -> dict[str, object]:
    """Return the null's mean, standard deviation and range, and every verdict.

    Parameters
    ----------
    config
        Settings.
    progress
        Called with a line for each failure.
    """
    bench = make_bench(config)
    null = values("none", 0, null_seeds(config), bench, config)
    cells = {}
    jobs = [(name, severity) for name, all_of in SEVERITIES.items() for severity in all_of]
    for name, severity in [*jobs, ("copies", TABLE["copies"])]:
        progress(f"{name} {severity:g}")
        found = values(name, severity, range(config.splits), bench, config)
        cells[f"{name} {severity:g}"] = {
            metric: [round(v, 3) for v in verdict(metric, null[metric], found[metric])]
            for metric in METRICS
        }
    return {
        "accuracy": bench.classifier.accuracy.value,
        "null": {
            metric: [
                float(f"{v:.5g}")
                for v in (of.mean(), of.std(), of.quantile(0.025), of.quantile(0.975))
            ]
            for metric, of in null.items()
        },
        "cells": cells,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    started = time.perf_counter()
    settings = FailuresConfig()
    result = run(settings, print)
    print(save_recorded("metric_failures", asdict(settings), result, time.perf_counter() - started))
