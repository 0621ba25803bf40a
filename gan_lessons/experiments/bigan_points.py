"""BiGAN on a line and in the plane: E inverts the G that was learned (chapter 15, recorded).

The data are made of the prior by a known map, x = T(z). ``python -m
gan_lessons.experiments.bigan_points`` trains one BiGAN for each dimension and seed and writes
``book/runs/bigan_points.json``.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.bigan_inversion import Errors, measure, true_map
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.models import BiGAN
from gan_lessons.networks import MLP, MLPGenerator, MLPPairDiscriminator
from gan_lessons.training import TrainConfig, train


@dataclass(frozen=True)
class BiGANPointsConfig:
    """Settings of the experiment.

    Parameters
    ----------
    dimensions
        Of data and prior.
    seeds
        One BiGAN for each dimension and seed.
    hidden, layers
        Units in a hidden layer of each network, and how many such layers.
    training
        The numbers of a run; ``z_dim`` and ``seed`` are set for each.
    n
        Points that errors are measured on.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    dimensions: tuple[int, ...] = (1, 2)
    seeds: tuple[int, ...] = tuple(range(1000, 1008))
    hidden: int = 64
    layers: int = 2
    training: TrainConfig = TrainConfig(
        steps=2000,
        batch_size=128,
        z_dim=2,
        g_lr=2e-3,
        d_lr=2e-3,
        betas=(0.0, 0.99),
        r1_gamma=0.05,
        ema_decay=0.995,
        log_every=1000,
    )
    n: int = 2000

    def __post_init__(self) -> None:
        check_counts(self.dimensions, "dimensions")
        if not set(self.dimensions) <= {1, 2}:
            raise ValueError(f"dimensions must be 1 or 2, got {self.dimensions}.")
        check_counts(self.seeds, "seeds", minimum=0)
        for name in ("hidden", "layers", "n"):
            check_count(getattr(self, name), name)


def make_bigan(config: BiGANPointsConfig, dimension: int, seed: int) -> BiGAN:
    """Return a new BiGAN of small perceptrons.

    Parameters
    ----------
    config
        Settings.
    dimension
        Of data and prior.
    seed
        Of the first weights and of all that is drawn.

    Returns
    -------
    BiGAN
    """
    rng = torch.Generator().manual_seed(seed)
    size = config.hidden, config.layers
    return BiGAN(
        MLPGenerator(dimension, dimension, *size, "tanh", rng),
        MLP(dimension, dimension, *size, "tanh", rng),
        MLPPairDiscriminator(dimension, dimension, 2 * config.hidden, config.layers, rng=rng),
        "non-saturating",
        replace(config.training, z_dim=dimension, seed=seed),
    )


def draw_data(dimension: int, n: int, rng: torch.Generator | None = None) -> Tensor:
    """Draw n points T(z), shape (n, dimension); rng=None draws from torch's default generator."""
    return true_map(torch.randn(n, dimension, generator=rng))


def train_points(config: BiGANPointsConfig, dimension: int, seed: int) -> BiGAN:
    """Return a BiGAN that was trained on data T(z).

    Parameters
    ----------
    config
        Settings.
    dimension
        Of data and prior, 1 or 2.
    seed
        Of the run.

    Returns
    -------
    BiGAN
    """
    gan = make_bigan(config, dimension, seed)
    for _ in train(gan, partial(draw_data, dimension), gan.config):
        pass
    return gan


def run(config: BiGANPointsConfig) -> Iterator[dict[str, Any]]:
    """Train every dimension and seed, yielding all results so far after each run.

    Parameters
    ----------
    config
        Settings.

    Yields
    ------
    dict
        ``columns``; ``runs`` of each dimension, a row for each seed; ``codes`` likewise, E(T(z))
        at the z of ``code_grid``, for the figure.
    """
    results: dict[str, Any] = {"columns": list(Errors._fields), "runs": {}, "codes": {}}
    for seed in config.seeds:
        for dimension in config.dimensions:
            gan, name = train_points(config, dimension, seed), str(dimension)
            row = [float(f"{number:.4g}") for number in measure(gan, config.n)]
            codes = gan.encode(true_map(code_grid(dimension)))
            shown = [[round(number, 3) for number in code] for code in codes.tolist()]
            results["runs"].setdefault(name, []).append(row)
            results["codes"].setdefault(name, []).append(shown)
            yield results


def code_grid(dimension: int) -> Tensor:
    """Return the z whose codes E(T(z)) are kept: a line, or lines of a square grid of 9 x 9.

    Parameters
    ----------
    dimension
        1 or 2.

    Returns
    -------
    Tensor (m, dimension)
    """
    line = torch.linspace(-2, 2, 41 if dimension == 1 else 9)
    return line[:, None] if dimension == 1 else torch.cartesian_prod(line, line)


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen, started = BiGANPointsConfig(), time.process_time()
    for found in run(chosen):
        seconds = time.process_time() - started
        save_recorded("bigan_points", asdict(chosen), found, seconds)
        print(
            found["runs"]["1"][-1], found["runs"].get("2", [[]])[-1], f"{seconds:.0f} s", flush=True
        )
