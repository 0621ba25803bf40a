"""Power of six two-sample tests over sample size and over dimension (chapter 2, figure "power").

Run it again, or on other laws, with ``python -m gan_lessons.experiments.two_sample_power``.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Generator, Tensor

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions import Mixture, Normal
from gan_lessons.experiments._settings import check_counts, check_share
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.two_sample import (
    classifier_test,
    energy_test,
    ks_test,
    mmd_test,
    nearest_neighbour_test,
)

Sampler = Callable[[int, Generator], Tensor]
Test = Callable[[Tensor, Tensor, int, Generator], float]


@dataclass(frozen=True)
class PowerConfig:
    """Settings of the experiment.

    Parameters
    ----------
    sample_sizes
        Sizes n = m at which the two 1-D laws are compared.
    dimensions
        Dimensions at which two shifted Gaussians are compared.
    dimension_sample_size
        Sample size n = m for the comparison over dimensions.
    shift
        Distance between the two Gaussian means, the same in every dimension.
    repetitions
        Fresh pairs of samples per point.
    n_permutations
        Permutations per test.
    level
        A test rejects when its p-value is at most this.
    seed
        Seed of the only generator.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    sample_sizes: tuple[int, ...] = (10, 20, 40, 80, 160, 320)
    dimensions: tuple[int, ...] = (1, 2, 5, 10, 20, 50, 100, 200)
    dimension_sample_size: int = 100
    shift: float = 1.0
    repetitions: int = 200
    n_permutations: int = 199
    level: float = 0.05
    seed: int = 2

    def __post_init__(self) -> None:
        check_counts(self.sample_sizes, "sample_sizes", minimum=2)
        check_counts(self.dimensions, "dimensions")
        check_count(self.dimension_sample_size, "dimension_sample_size", minimum=2)
        check_positive(self.shift, "shift", allow_zero=True)
        check_count(self.repetitions, "repetitions")
        check_count(self.n_permutations, "n_permutations")
        check_share(self.level, "level")
        check_count(self.seed, "seed", minimum=0)


def mean_test(x: Tensor, y: Tensor, n_permutations: int, rng: Generator) -> float:
    """Return the permutation p-value of the distance between the two sample means."""
    pooled, n = torch.cat([x, y]), len(x)
    statistics = torch.empty(n_permutations + 1)
    for b in range(n_permutations + 1):
        order = torch.arange(len(pooled)) if b == 0 else torch.randperm(len(pooled), generator=rng)
        z = pooled[order]
        statistics[b] = (z[:n].mean(0) - z[n:].mean(0)).norm()
    # Index 0 is the statistic itself, so this is (1 + #{null >= statistic}) / (1 + B).
    return float((statistics >= statistics[0]).float().mean())


def coordinatewise_ks(x: Tensor, y: Tensor, n_permutations: int, rng: Generator) -> float:
    """Return the Kolmogorov-Smirnov p-value, Bonferroni-corrected over the coordinates."""
    d = x.shape[1]
    smallest = min(ks_test(x[:, j], y[:, j], n_permutations=0).p_value for j in range(d))
    return min(1.0, d * smallest)


TESTS: dict[str, Test] = {
    "mean": mean_test,
    "MMD": lambda x, y, b, rng: mmd_test(x, y, n_permutations=b, rng=rng).p_value,
    "energy": lambda x, y, b, rng: energy_test(x, y, n_permutations=b, rng=rng).p_value,
    "Kolmogorov-Smirnov": coordinatewise_ks,
    "nearest neighbour": lambda x, y, b, rng: (
        nearest_neighbour_test(x, y, n_permutations=b, rng=rng).p_value
    ),
    # Fewer and larger steps than the default: a quarter of the time, about the same power.
    "classifier": lambda x, y, b, rng: (
        classifier_test(x, y, n_steps=50, lr=0.05, n_permutations=b, rng=rng).p_value
    ),
}


def two_humps() -> Mixture:
    """Return a law with two humps that has the mean (0) and the variance (1) of N(0, 1)."""
    mean = 0.9
    std = math.sqrt(1 - mean**2)
    return Mixture(
        weights=torch.tensor([0.5, 0.5]),
        means=torch.tensor([-mean, mean]),
        stds=torch.tensor([std, std]),
    )


def rejections(test: Test, p: Sampler, q: Sampler, n: int, config: PowerConfig) -> int:
    """Count how often ``test`` rejects over fresh pairs of samples of size ``n``.

    Parameters
    ----------
    test
        Function (x, y, n_permutations, rng) -> p-value.
    p, q
        Functions (n, rng) -> samples (n, d).
    n
        Size of each sample.
    config
        Repetitions, permutations, level and seed.

    Returns
    -------
    int
        Number of rejections, from 0 to ``config.repetitions``.
    """
    rng = torch.Generator().manual_seed(config.seed)
    count = 0
    for _ in range(config.repetitions):
        x, y = p(n, rng), q(n, rng)
        count += test(x, y, config.n_permutations, rng) <= config.level
    return count


def shifted_gaussians(d: int, shift: float) -> tuple[Sampler, Sampler]:
    """Return samplers of N(0, I) and N(m, I) in d dimensions, |m| = ``shift`` spread evenly."""
    check_count(d, "d")
    check_positive(shift, "shift", allow_zero=True)
    q = Normal(torch.full((d,), shift / math.sqrt(d)), 1.0)
    p = Normal(torch.zeros(d), 1.0)
    return p.sample, q.sample


def run(config: PowerConfig) -> dict[str, dict[str, list[int]]]:
    """Return the rejections of every test, over sample sizes and over dimensions.

    Parameters
    ----------
    config
        Settings.

    Returns
    -------
    dict
        ``{"shape": {test: counts}, "null": {test: counts}, "dimension": {test: counts}}``.
    """
    normal, humps = Normal(0.0, 1.0), two_humps()
    sizes, n = config.sample_sizes, config.dimension_sample_size
    table: dict[str, dict[str, list[int]]] = {"shape": {}, "null": {}, "dimension": {}}
    for name, test in TESTS.items():
        table["shape"][name] = [
            rejections(test, normal.sample, humps.sample, size, config) for size in sizes
        ]
        table["null"][name] = [
            rejections(test, normal.sample, normal.sample, size, config) for size in sizes
        ]
        table["dimension"][name] = [
            rejections(test, *shifted_gaussians(d, config.shift), n, config)
            for d in config.dimensions
        ]
    return table


if __name__ == "__main__":
    started = time.perf_counter()
    settings = PowerConfig()
    counts = run(settings)
    print(
        save_recorded("two_sample_power", asdict(settings), counts, time.perf_counter() - started)
    )
