"""Settings of the experiment on what a critic's loss says (chapter 11)."""

from dataclasses import dataclass

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions import Mixture, ring
from gan_lessons.experiments._settings import check_counts
from gan_lessons.training import TrainConfig


@dataclass(frozen=True)
class CriticsConfig:
    """Settings of the experiment.

    Parameters
    ----------
    n_modes, std
        The ring, of radius 1, that the GANs learn.
    hidden
        Units in each of the two hidden layers of both networks.
    steps, every
        Generator steps, and steps between two measurements.
    d_steps
        Updates of the judge per step.
    batch_size, g_lr, d_lr, gp_weight
        As in ``TrainConfig``.
    seeds
        Runs with each judge.
    n_samples
        Samples of data and of model in each measurement.
    critic_steps, critic_seeds
        Updates after which critics of two fixed laws are read, and how many of them are trained.
    digits_steps, digits_seeds
        Generator steps and runs of each way to train on digits; 0 steps leave them out.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    n_modes: int = 8
    std: float = 0.05
    hidden: int = 64
    steps: int = 400
    every: int = 40
    d_steps: int = 5
    batch_size: int = 128
    g_lr: float = 5e-4
    d_lr: float = 5e-3
    gp_weight: float = 3.0
    seeds: int = 8
    n_samples: int = 400
    critic_steps: tuple[int, ...] = (10, 100, 400)
    critic_seeds: int = 4
    digits_steps: int = 300
    digits_seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        for name in ("n_modes", "hidden", "steps", "every", "d_steps", "batch_size", "seeds"):
            check_count(getattr(self, name), name)
        check_count(self.critic_seeds, "critic_seeds")
        check_counts(self.critic_steps, "critic_steps", rising=True)
        check_count(self.n_samples, "n_samples", minimum=2)
        check_count(self.digits_steps, "digits_steps", minimum=0)
        check_counts(self.digits_seeds, "digits_seeds", minimum=0)
        for name in ("std", "g_lr", "d_lr", "gp_weight"):
            check_positive(getattr(self, name), name)


def data_law(config: CriticsConfig) -> Mixture:
    """Return the ring."""
    return ring(config.n_modes, 1.0, config.std)


def train_config(config: CriticsConfig, penalised: bool = True) -> TrainConfig:
    """Return the numbers of a run on the ring."""
    return TrainConfig(
        steps=config.steps,
        batch_size=config.batch_size,
        z_dim=2,
        d_steps=config.d_steps,
        g_lr=config.g_lr,
        d_lr=config.d_lr,
        betas=(0.0, 0.9),
        gp_weight=config.gp_weight if penalised else 0.0,
        ema_decay=0.0,
        log_every=config.every,
    )
