"""Training on laws with known modes, many seeds at once, and what is measured on the way."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.distributions import Mixture, grid, ring
from gan_lessons.experiments._settings import check_counts
from gan_lessons.metrics import mode_coverage
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.training import GANSeeds, SeedsRecord, TrainConfig, train_seeds

#: Laws with wide modes; then the published ones (Lin et al., 2018), the grid at unit variance.
LAWS: dict[str, Mixture] = {
    "ring": ring(8, 1.0, 0.05),
    "grid": grid(5, 2.0, 0.1),
    "normalised grid": grid(5, 2.0 / 8**0.5, 0.1 / 8**0.5),
    "narrow ring": ring(8, 1.0, 0.01),
    "narrow grid": grid(5, 2.0 / 8**0.5, 0.05 / 8**0.5),
}

_EVERY = {"ring": (200, 5), "grid": (500, 6), "normalised grid": (500, 6)}

#: Steps after which a run is measured, for each law.
TIMES = {k: tuple(a * i for i in range(1, n + 1)) for k, (a, n) in _EVERY.items()}
TIMES |= dict.fromkeys(("narrow ring", "narrow grid"), tuple(range(5000, 100_001, 5000)))

# Fields of TrainConfig that every description has, and those that are not the setting's. Any other
# is described where it is not its default, so that what is stored stays valid.
_NUMBERS = (
    *("batch_size", "z_dim", "d_steps", "g_lr", "d_lr", "betas"),
    *("r1_gamma", "r2_gamma", "gp_weight", "instance_noise", "ema_decay"),
)
_NOT_OF_A_SETTING = ("steps", "log_every", "seed", "precision", "compile", "channels_last")


def perceptrons(setting: "Setting") -> tuple[nn.Module, nn.Module]:
    """Return a generator and a discriminator with two hidden layers each."""
    z_dim, hidden = setting.training.z_dim, setting.hidden
    return MLPGenerator(z_dim, 2, hidden), MLPDiscriminator(2, hidden)


@dataclass(frozen=True)
class Setting:
    """One way to train, that a trick changes.

    Parameters
    ----------
    law
        A key of ``LAWS``.
    objective
        A key of ``OBJECTIVES``, or an objective.
    training
        Its numbers; ``steps``, ``log_every`` and ``seed`` are not used.
    hidden
        Units in each hidden layer.
    networks
        Makes (generator, discriminator) for the setting, drawing from torch's default generator;
        a named function, without buffers in its networks.
    prepare
        What is done to a new system before training (another optimizer for D); a named function.
    system
        ``GANSeeds``, or a class derived from it with a step of its own.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, or law or objective are unknown.
    """

    law: str = "ring"
    objective: str | Objective = "non-saturating"
    training: TrainConfig = TrainConfig(
        batch_size=128, z_dim=2, g_lr=1e-3, d_lr=1e-3, ema_decay=0.0
    )
    hidden: int = 64
    networks: Callable[["Setting"], tuple[nn.Module, nn.Module]] = perceptrons
    prepare: Callable[[GANSeeds], object] | None = None
    system: type[GANSeeds] = GANSeeds

    def __post_init__(self) -> None:
        if self.law not in LAWS:
            raise ValueError(f"law must be one of {sorted(LAWS)}, got {self.law!r}.")
        get_objective(self.objective)
        if not isinstance(self.training, TrainConfig):
            kind = type(self.training).__name__
            raise TypeError(f"training must be a TrainConfig, got {kind}.")
        check_count(self.hidden, "hidden")
        for name, wanted in (("networks", False), ("prepare", True)):
            function = getattr(self, name)
            if not callable(function) and not (wanted and function is None):
                raise TypeError(f"{name} must be a function, got {function!r}.")
        if not (isinstance(self.system, type) and issubclass(self.system, GANSeeds)):
            raise TypeError(f"system must be GANSeeds or derived from it, got {self.system!r}.")


def describe(setting: Setting) -> dict[str, Any]:
    """Return a setting as plain data; functions by name."""
    training, default = asdict(setting.training), asdict(TrainConfig())
    others = [k for k in training if k not in _NUMBERS and k not in _NOT_OF_A_SETTING]
    kept = [*_NUMBERS, *(k for k in others if training[k] != default[k])]
    return {
        "law": setting.law,
        "objective": get_objective(setting.objective).name,
        "hidden": setting.hidden,
        "networks": _name(setting.networks),
        "prepare": None if setting.prepare is None else _name(setting.prepare),
        **{k: training[k] for k in kept},
        **({} if setting.system is GANSeeds else {"system": _name(setting.system)}),
    }


def setting_hash(setting: Setting, times: tuple[int, ...], n: int) -> str:
    """Return 12 digits that change with anything that changes the numbers of its runs."""
    law = LAWS[setting.law]
    everything = [describe(setting), law.means.tolist(), law.stds.tolist(), times, n]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:12]


class Outcomes(NamedTuple):
    r"""What is measured of s runs at t moments, from n samples each; shapes (t, s), float64.

    A run whose samples are not finite has 0 modes, all misplaced, and NaN where nothing is left.

    Parameters
    ----------
    modes, high_quality, kl
        As in ``mode_coverage``.
    variance
        Total variance of the samples over that of the data: below 1 where they are too narrow.
    inner
        Mean squared distance of high-quality samples from their mode, over that of a perfect
        sampler: below 1 is collapse inside the modes. NaN where no sample is of high quality.
    misplaced
        Total variation between the shares of samples in k + 1 bins (the modes' discs of three
        standard deviations, and all else) and those of the data: the share of samples that would
        have to move to another bin. It sees modes that are missing or uneven and samples between
        them; 0 is best.
    """

    modes: Tensor
    high_quality: Tensor
    kl: Tensor
    variance: Tensor
    inner: Tensor
    misplaced: Tensor


class Runs(NamedTuple):
    """Runs of one setting: seeds, moments, what was measured, CPU seconds a seed-step."""

    seeds: tuple[int, ...]
    times: tuple[int, ...]
    outcomes: Outcomes
    cost: float


def measure(samples: Tensor, law: Mixture, n_std: float = 3.0) -> Outcomes:
    """Return the outcomes of samples (s, n, 2) at one moment, shapes (s,)."""
    means, k, std = law.means.to(samples), len(law.means), float(law.stds[0])
    within = 1 - math.exp(-(n_std**2) / 2)  # a perfect sampler's share of high quality
    expected = 2 - n_std**2 * (1 - within) / within  # its mean squared distance there, over std^2
    total = float((law.means - law.means.mean(0)).square().sum(1).mean()) + 2 * std**2
    rows = []
    for x in samples:
        if not bool(torch.isfinite(x).all()) or float(x.abs().max()) > 1e6:
            rows.append([0.0, 0.0, math.log(k), math.nan, math.nan, within])
            continue
        distances, mode = (torch.cdist(x, means) / std).min(1)
        good = distances <= n_std
        shares = torch.bincount(mode[good], minlength=k).double() / len(x)
        gaps = (shares - within / k).abs().sum() + abs(float(shares.sum()) - within)
        inner = float(distances[good].square().double().mean()) / expected  # NaN of none
        variance = float(x.double().var(0, correction=0).sum()) / total
        rows.append([*mode_coverage(x, law, n_std), variance, inner, float(gaps) / 2])
    return Outcomes(*torch.tensor(rows, dtype=torch.float64).T)


def start_training(
    setting: Setting, seeds: Iterable[int], times: tuple[int, ...]
) -> tuple[GANSeeds, Iterator[SeedsRecord]]:
    """Return a new system, and its training, which stops at every multiple of the first time."""
    config = replace(setting.training, steps=times[-1], log_every=times[0])
    system = setting.system(lambda _: setting.networks(setting), setting.objective, config, seeds)
    if setting.prepare is not None:
        setting.prepare(system)
    return system, train_seeds(system, LAWS[setting.law], config)


def train_setting(
    setting: Setting,
    seeds: Iterable[int],
    times: tuple[int, ...] | None = None,
    n: int = 2500,
) -> Runs:
    """Train one setting with many seeds and measure the runs at some moments.

    Parameters
    ----------
    setting
        How to train.
    seeds
        One run for each; at least one.
    times
        Steps after which to measure, multiples of the first; None takes those of the law.
    n
        Samples per measurement; the averaged weights are used where the setting keeps an average.

    Returns
    -------
    Runs
        ``cost`` counts the CPU time of training alone.

    Raises
    ------
    TypeError, ValueError
        If a time or ``n`` is no positive whole number, or times are no rising multiples of the
        first.
    """
    times = TIMES[setting.law] if times is None else times
    check_counts(times, "times", rising=True)
    check_count(n, "n", minimum=2)
    if any(step % times[0] for step in times):
        raise ValueError(f"times must be multiples of the first, got {times}.")
    numbers = tuple(seeds)
    system, records = start_training(setting, numbers, times)
    seconds, measured, law = 0.0, [], LAWS[setting.law]
    started = time.process_time()
    for record in records:
        seconds += time.process_time() - started
        if record.step in times:
            z_rng = torch.Generator().manual_seed(record.step)
            measured.append(measure(system.sample(n, z_rng), law))
        started = time.process_time()
    outcomes = Outcomes(*(torch.stack(parts) for parts in zip(*measured, strict=True)))
    return Runs(numbers, times, outcomes, seconds / times[-1] / len(numbers))


def _name(function: Callable[..., object]) -> str:
    """Return a function's name."""
    return getattr(function, "__qualname__", repr(function))
