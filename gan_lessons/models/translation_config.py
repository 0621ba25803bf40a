"""The numbers of a translation's run, and a learning rate that falls on a line."""

from dataclasses import dataclass

from torch.optim import Optimizer

from gan_lessons._validation import check_count, check_positive
from gan_lessons.training import TrainConfig


@dataclass(frozen=True)
class TranslationConfig(TrainConfig):
    r"""All numbers of a run, with a learning rate that falls on a line towards its end.

    Step t = 0, 1, ... has the rates ``g_lr`` and ``d_lr`` times

    .. math:: 1 - \frac{\min(\max(t + 1 - \text{decay\_from}, 0), \text{decay\_steps})}
        {\text{decay\_steps} + 1}

    The line is part of the config and does not depend on ``steps``, so that a run that is
    continued is the run that would have been made at once. ``z_dim`` is not used.

    Parameters
    ----------
    steps, z_dim, d_steps, g_lr, d_lr, betas, ema_decay, log_every, seed
        As in ``TrainConfig``.
    r1_gamma, r2_gamma, gp_weight, instance_noise, precision, compile, channels_last
        As in ``TrainConfig``.
    batch_size : int
        Images of each domain per update; 1 as published.
    decay_from : int
        Steps with the whole learning rate.
    decay_steps : int
        Steps over which it falls, to 1 / (decay_steps + 1) of the whole, where it stays; 0 keeps
        it constant.

    References
    ----------
    Zhu et al. (2017), section 4 (constant for 100 epochs, then to zero over 100).
    """

    batch_size: int = 1
    decay_from: int = 0
    decay_steps: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("decay_from", "decay_steps"):
            object.__setattr__(self, name, check_count(getattr(self, name), name, minimum=0))


def learning_rate_factor(config: TranslationConfig, step: int) -> float:
    """Return what the learning rates are multiplied by in step 0, 1, ...

    Parameters
    ----------
    config
        Gives ``decay_from`` and ``decay_steps``.
    step
        Steps made before this one.
    """
    into = min(max(step + 1 - config.decay_from, 0), config.decay_steps)
    return 1 - into / (config.decay_steps + 1)


def set_learning_rates(
    g_optimizer: Optimizer, d_optimizer: Optimizer, config: TranslationConfig, step: int
) -> None:
    """Give all weights of both optimizers the learning rates of one step.

    Parameters
    ----------
    g_optimizer, d_optimizer
        Of generators and discriminators.
    config
        Gives ``g_lr``, ``d_lr`` and how they fall.
    step
        Steps made before this one.
    """
    factor = learning_rate_factor(config, step)
    for optimizer, rate in ((g_optimizer, config.g_lr), (d_optimizer, config.d_lr)):
        for group in optimizer.param_groups:
            group["lr"] = factor * rate


@dataclass(frozen=True)
class CycleGANConfig(TranslationConfig):
    """All numbers of a CycleGAN's run.

    The weights stand for themselves: the published identity weight, 0.5 of the cycle's, is 5. In
    the published least-squares loss of G there is no factor 1/2, which ``LeastSquares`` has:
    with that objective ``adversarial_weight=2`` gives the published loss.

    Parameters
    ----------
    steps, batch_size, z_dim, d_steps, g_lr, d_lr, betas, ema_decay, log_every, seed
        As in ``TrainConfig``.
    r1_gamma, r2_gamma, gp_weight, instance_noise, precision, compile, channels_last
        As in ``TrainConfig``.
    decay_from, decay_steps
        As in ``TranslationConfig``.
    forward_weight, backward_weight : float
        Weights of the cycles a -> b -> a and b -> a -> b.
    identity_weight : float
        Weight of both identity losses; 0 leaves them out, as is needed where a and b differ in
        shape.
    adversarial_weight : float
        Weight of both objectives; 0 leaves them out of the generators' loss.
    pool_size : int
        Images of earlier steps kept for each discriminator; 0 keeps none.
    """

    forward_weight: float = 10.0
    backward_weight: float = 10.0
    identity_weight: float = 0.0
    adversarial_weight: float = 1.0
    pool_size: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        pool_size = check_count(self.pool_size, "pool_size", minimum=0)
        object.__setattr__(self, "pool_size", pool_size)
        names = ("forward", "backward", "identity", "adversarial")
        _keep_weights(self, *(f"{name}_weight" for name in names))


@dataclass(frozen=True)
class Pix2PixConfig(TranslationConfig):
    """All numbers of a run on pairs.

    Parameters
    ----------
    steps, batch_size, z_dim, d_steps, g_lr, d_lr, betas, ema_decay, log_every, seed
        As in ``TrainConfig``.
    r1_gamma, r2_gamma, gp_weight, instance_noise, precision, compile, channels_last
        As in ``TrainConfig``.
    decay_from, decay_steps
        As in ``TranslationConfig``.
    l1_weight : float
        Weight of the mean absolute difference from the true partner; 100 as published.
    adversarial_weight : float
        Weight of the objective; 0 leaves it out, which is regression.
    """

    l1_weight: float = 100.0
    adversarial_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _keep_weights(self, "l1_weight", "adversarial_weight")


def _keep_weights(config: TranslationConfig, *names: str) -> None:
    """Check numbers that are zero or positive, and keep them as floats."""
    for name in names:
        number = check_positive(getattr(config, name), name, allow_zero=True)
        object.__setattr__(config, name, number)
