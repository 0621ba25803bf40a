"""GANs that learn a law of points in the plane, whose modes are known: ``ring`` and ``grid``."""

from dataclasses import dataclass, replace

import torch

from gan_lessons._validation import check_count
from gan_lessons.distributions import Mixture, grid, ring
from gan_lessons.metrics import mode_coverage
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.objectives import get_objective
from gan_lessons.training import GANState, TrainConfig, seeded_generator
from gan_lessons.two_sample import energy_distance

N_MEASURED = 2500  # samples that modes are counted in, as in the PacGAN protocol


@dataclass(frozen=True)
class PointsConfig:
    """Settings that the experiments with points share.

    Parameters
    ----------
    std
        Standard deviation of a mode.
    hidden, layers
        Units in a hidden layer of both networks, and how many such layers.
    objective
        A key of ``OBJECTIVES``.
    training
        The numbers of the run.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    std: float = 0.05
    hidden: int = 128
    layers: int = 2
    objective: str = "non-saturating"
    training: TrainConfig = TrainConfig(
        steps=2000,
        batch_size=256,
        z_dim=2,
        g_lr=1e-3,
        d_lr=1e-3,
        r1_gamma=0.1,
        ema_decay=0.99,
        log_every=50,
    )

    def __post_init__(self) -> None:
        check_count(self.hidden, "hidden")
        check_count(self.layers, "layers")
        get_objective(self.objective)
        self.law()  # checks the rest

    def law(self) -> Mixture:
        """Return the law of the data."""
        raise NotImplementedError


@dataclass(frozen=True)
class RingConfig(PointsConfig):
    """Settings of the experiment ``ring``: modes on a circle.

    Parameters
    ----------
    n_modes, radius
        Of the ring.
    std, hidden, layers, objective, training
        As in ``PointsConfig``.
    """

    n_modes: int = 8
    radius: float = 1.0

    def law(self) -> Mixture:
        """Return the ring."""
        return ring(self.n_modes, self.radius, self.std)


@dataclass(frozen=True)
class GridConfig(PointsConfig):
    """Settings of the experiment ``grid``: modes on a square grid.

    Parameters
    ----------
    side, spacing
        Of the grid.
    std, hidden, layers, objective, training
        As in ``PointsConfig``.
    """

    std: float = 0.1
    side: int = 5
    spacing: float = 1.0

    def law(self) -> Mixture:
        """Return the grid."""
        return grid(self.side, self.spacing, self.std)


#: 25 modes take longer than 8.
_LONG = replace(PointsConfig.training, steps=6000)

#: What a GPU trains with: larger batches, more steps.
_FULL = TrainConfig(
    steps=20_000,
    batch_size=1024,
    z_dim=2,
    g_lr=5e-4,
    d_lr=5e-4,
    r1_gamma=0.1,
    log_every=200,
)

POINT_PRESETS: dict[str, dict[str, PointsConfig]] = {
    "ring": {"laptop": RingConfig(), "full": RingConfig(hidden=256, training=_FULL)},
    "grid": {"laptop": GridConfig(training=_LONG), "full": GridConfig(hidden=256, training=_FULL)},
}


def make_points_gan(config: PointsConfig, device: torch.device | str = "cpu") -> GANState:
    """Return a new generator and discriminator of points, ready to train.

    Parameters
    ----------
    config
        Its ``training.seed`` also decides the first weights, the same on every device.
    device
        Where to train.

    Returns
    -------
    GANState
    """
    training = config.training
    rng = torch.Generator().manual_seed(training.seed)
    generator = MLPGenerator(training.z_dim, 2, config.hidden, config.layers, rng=rng)
    discriminator = MLPDiscriminator(2, config.hidden, config.layers, rng=rng)
    return GANState(generator.to(device), discriminator.to(device), config.objective, training)


def measure_points(gan: GANState, law: Mixture) -> dict[str, float]:
    """Return how well 2,500 samples meet the law: ``mode_coverage``, and the energy distance.

    Parameters
    ----------
    gan
        Samples come from its averaged weights.
    law
        What it learns.

    Returns
    -------
    dict
        ``modes``, ``high_quality``, ``kl`` and ``energy_distance``, which sees both what is
        missing and what is blurred.
    """
    samples = gan.sample(N_MEASURED, seeded_generator(0, gan.device)).cpu().float()
    coverage = mode_coverage(samples, law)._asdict()
    real = law.sample(N_MEASURED, seeded_generator(1))
    distance = float(energy_distance(real, samples))
    return {name: float(n) for name, n in coverage.items()} | {"energy_distance": distance}
