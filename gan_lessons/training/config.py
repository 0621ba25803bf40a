"""The numbers of a training run, in one frozen dataclass."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

from gan_lessons._validation import check_count, check_positive
from gan_lessons.training.device import check_seed

Precision = Literal["float32", "tf32", "bfloat16"]

# What may be another number in ``train`` than in the system, and what in a checkpoint.
LENGTH = ("steps", "log_every")
MAY_CHANGE = (*LENGTH, "precision", "compile", "channels_last")


@dataclass(frozen=True)
class TrainConfig:
    r"""All numbers that a run is made of, so that a run can be repeated from them.

    Each discriminator update minimises

    .. math:: L_D + \frac{\text{r1\_gamma}}2 R_1 + \frac{\text{r2\_gamma}}2 R_2
        + \text{gp\_weight} \cdot GP

    with L_D of the objective and the unweighted penalties of ``regularizers``.
    To change one number use ``dataclasses.replace(config, steps=2000)``.

    Parameters
    ----------
    steps : int
        Length of the run in steps. One step is ``d_steps`` discriminator updates, each with a
        fresh batch and fresh noise, and then one generator update. A run that is continued
        goes on until the system has made this many steps in all.
    batch_size : int
        Real samples, and generated samples, per update.
    z_dim : int
        Dimension of the latent z; its law is N(0, I).
    d_steps : int
        Discriminator updates per step (k in algorithm 1 of Goodfellow et al., 2014).
    g_lr : float
        Adam's learning rate for the generator.
    d_lr : float
        Adam's learning rate for the discriminator.
    betas : tuple of float
        Adam's (beta1, beta2), both in [0, 1), for both networks.
    r1_gamma : float
        Gamma of the R1 penalty (on real samples); 0 leaves it out.
    r2_gamma : float
        Gamma of the R2 penalty (on generated samples); 0 leaves it out.
    gp_weight : float
        Weight of the two-sided gradient penalty of WGAN-GP, often 10; 0 leaves it out.
    instance_noise : float
        Standard deviation of the Gaussian noise on all that D sees, in units of the data.
    ema_decay : float
        Decay of the running average of the generator's weights, in [0, 1); 0 keeps none.
    log_every : int
        Steps between two records. Only then does the device have to wait for the host.
    seed : int
        Seed of all that is drawn while training (the networks' initial weights are drawn
        where the networks are made).
    precision : "float32", "tf32" or "bfloat16"
        How a GPU multiplies: in float32; with the factors of matrix products and convolutions
        rounded to TF32 (10 bits after the point); or with the networks' forward and backward
        passes in bfloat16 (7 bits) where torch's autocast says that it is safe. Weights, losses,
        penalties and optimizers stay in the networks' dtype. "bfloat16" works on a CPU too, where
        it is slower.
    compile : bool
        Whether ``torch.compile`` works for a ``GANState``: the first step takes a minute or more,
        later ones less. The whole step becomes one piece of code where ``d_steps`` is 1 and
        there are no penalties, ``instance_noise`` or ``augment``. Elsewhere the networks' forward
        passes are compiled and penalties are not; on a CPU small networks get slower by that.
    channels_last : bool
        Whether weights and batches of images lie in memory with the channel as the fastest index,
        which makes many convolutions faster.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of its range; the message names the field.
    """

    steps: int = 1000
    batch_size: int = 64
    z_dim: int = 64
    d_steps: int = 1
    g_lr: float = 2e-4
    d_lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    r1_gamma: float = 0.0
    r2_gamma: float = 0.0
    gp_weight: float = 0.0
    instance_noise: float = 0.0
    ema_decay: float = 0.999
    log_every: int = 50
    seed: int = 0
    precision: Precision = "float32"
    compile: bool = False
    channels_last: bool = False

    def __post_init__(self) -> None:
        def keep(name: str, number: object) -> None:  # plain numbers, also where numpy's came
            object.__setattr__(self, name, number)

        for name in ("steps", "batch_size", "z_dim", "d_steps", "log_every"):
            keep(name, check_count(getattr(self, name), name))
        keep("seed", check_seed(self.seed))
        for name in ("g_lr", "d_lr"):
            keep(name, check_positive(getattr(self, name), name))
        for name in ("r1_gamma", "r2_gamma", "gp_weight", "instance_noise", "ema_decay"):
            keep(name, check_positive(getattr(self, name), name, allow_zero=True))
        if not isinstance(self.betas, tuple) or len(self.betas) != 2:
            raise TypeError(f"betas must be a tuple of two numbers, got {self.betas!r}.")
        for name, number in (
            ("betas[0]", self.betas[0]),
            ("betas[1]", self.betas[1]),
            ("ema_decay", self.ema_decay),
        ):
            if check_positive(number, name, allow_zero=True) >= 1:
                raise ValueError(f"{name} must be in [0, 1), got {number}.")
        if self.precision not in get_args(Precision):
            raise ValueError(
                f"precision must be one of {get_args(Precision)}, got {self.precision!r}."
            )
        for name in ("compile", "channels_last"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}.")
        keep("betas", (float(self.betas[0]), float(self.betas[1])))


def check_config(config: object, system: object = None) -> TrainConfig:
    """Return ``config`` if it is a TrainConfig and, but for LENGTH, that of ``system``."""
    if not isinstance(config, TrainConfig):
        raise TypeError(f"config must be a TrainConfig, got {type(config).__name__}.")
    made_with = getattr(system, "config", None)
    if isinstance(made_with, TrainConfig):
        if type(config) is not type(made_with):
            raise TypeError(
                f"config must be the system's, a {type(made_with).__name__}, got a "
                f"{type(config).__name__}; pass replace(system.config, steps=...)."
            )
        differ = [
            f"{name} ({getattr(config, name)}, the system has {getattr(made_with, name)})"
            for name in (field.name for field in fields(made_with))
            if name not in LENGTH and getattr(config, name) != getattr(made_with, name)
        ]
        if differ:
            raise ValueError(
                f"config must be the system's but for {' and '.join(LENGTH)}, got other "
                f"{', '.join(differ)}; pass replace(system.config, steps=...) or make a new system."
            )
    return config
