"""Training runs that go well or wrong on purpose, with what is truly known of each (chapter 10)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions import Mixture, grid, ring
from gan_lessons.metrics import mode_coverage
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.training import GANSeeds, TrainConfig, sample_spread, train_seeds

#: The data laws: a ring of 8 modes to tune and to judge on, a square of 9 that was not tuned on.
LAWS: dict[str, Mixture] = {"ring": ring(8, 1.0, 0.05), "grid": grid(3, 1.0, 0.05)}


@dataclass(frozen=True)
class Setting:
    """One way to train.

    Parameters
    ----------
    objective
        A key of ``OBJECTIVES``.
    g_lr, d_lr
        Adam's learning rates.
    more
        Other fields of ``TrainConfig`` that differ from its defaults.
    shift
        Distance by which the generator's samples are moved to the right before training.
    scale
        Factor on the generator's last weights before training.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, or the objective is unknown.
    """

    objective: str = "non-saturating"
    g_lr: float = 1e-3
    d_lr: float = 1e-3
    more: dict[str, Any] = field(default_factory=dict)
    shift: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        get_objective(self.objective)
        check_positive(self.shift, "shift", allow_zero=True)
        for name in ("g_lr", "d_lr", "scale"):
            check_positive(getattr(self, name), name)


R1 = {"r1_gamma": 0.02}
SETTINGS: dict[str, Setting] = {
    "relativistic, R1 and R2": Setting("relativistic", 2e-3, 4e-3, {**R1, "r2_gamma": 0.02}),
    "non-saturating, R1": Setting(g_lr=2e-3, d_lr=4e-3, more=R1),
    "least squares, R1": Setting("least-squares", 2e-3, 4e-3, R1),
    "Wasserstein, gradient penalty": Setting("wasserstein", 2e-3, 4e-3, {"gp_weight": 0.3}),
    "non-saturating": Setting(),
    "hinge": Setting("hinge"),
    "momentum 0.9, both fast": Setting(g_lr=1e-2, d_lr=1e-2, more={"betas": (0.9, 0.999)}),
    "D ten times faster": Setting(g_lr=1e-3, d_lr=1e-2),
    "D fifty times faster": Setting(g_lr=1e-4, d_lr=5e-3),
    "start on a mode": Setting(g_lr=1e-4, d_lr=5e-3, shift=1.0, scale=0.05),
    "start on a mode, D faster": Setting(g_lr=2e-4, d_lr=1e-2, shift=1.0, scale=0.05),
    "G almost stands still": Setting(g_lr=1e-5, d_lr=5e-3),
    "far start, non-saturating": Setting(g_lr=1e-5, d_lr=5e-3, shift=10.0),
    "far start, saturating": Setting("saturating", 1e-5, 5e-3, shift=10.0),
    "G fifty times faster": Setting(g_lr=1e-2, d_lr=2e-4),
    "Wasserstein, no penalty": Setting("wasserstein"),
    "learning rate 1e-7": Setting(g_lr=1e-7, d_lr=1e-7),
    "learning rate 3": Setting("least-squares", 3.0, 3.0),
}


class Truth(NamedTuple):
    """What is measured along one run, at t moments evenly spread, from fresh samples each.

    Parameters
    ----------
    shares : Tensor (t, k)
        Share of the samples that is nearest to each of the k modes.
    modes : Tensor (t,)
        Modes reached by at least one sample within three standard deviations.
    high_quality : Tensor (t,)
        Share of the samples within three standard deviations of a mode.
    separation : Tensor (t,)
        Share of fresh (real, fake) pairs in which D gives the real sample the larger logit: 1/2
        where it cannot tell, 1 where it always can.
    push : Tensor (t,)
        Mean |dL_G / d logit| at the fake logits, over its value where all logits are 0.
    moved : Tensor (t,)
        Mean distance of G(z) from where it was before training, the same z, over the data's
        spread (root of the total variance).
    size : Tensor (t,)
        Mean distance of samples from the data's mean, over the data's spread; NaN or infinite
        where samples are.
    """

    shares: Tensor
    modes: Tensor
    high_quality: Tensor
    separation: Tensor
    push: Tensor
    moved: Tensor
    size: Tensor


class Run(NamedTuple):
    """One training run: what its reader sees, and what is true of it."""

    setting: str
    seed: int
    history: dict[str, list[float]]
    truth: Truth


def provoke(
    name: str,
    seeds: Iterable[int],
    law: str = "ring",
    steps: int = 1200,
    every: int = 30,
    n: int = 512,
) -> list[Run]:
    """Train one setting with many seeds, taking its history and its truth every few steps.

    Parameters
    ----------
    name
        A key of ``SETTINGS``.
    seeds
        One run for each.
    law
        A key of ``LAWS``.
    steps, every
        Length of the runs, and steps between two records.
    n
        Samples per measurement.

    Returns
    -------
    list of Run
        In the order of the seeds. A history has all numbers of a record, the gradient norms, and
        ``sample_variance`` and ``pairwise_distance`` of ``sample_spread``.
    """
    if name not in SETTINGS:
        raise ValueError(f"name must be one of {sorted(SETTINGS)}, got {name!r}.")
    if law not in LAWS:
        raise ValueError(f"law must be one of {sorted(LAWS)}, got {law!r}.")
    check_count(n, "n", minimum=2)
    setting, data, numbers = SETTINGS[name], LAWS[law], list(seeds)
    config = train_config(setting, steps, every)
    system = GANSeeds(lambda _: make_networks(setting), setting.objective, config, numbers)
    start = system.sample(n, torch.Generator().manual_seed(1))
    histories: list[dict[str, list[float]]] = [{} for _ in numbers]
    truths: list[list[dict[str, Tensor]]] = [[] for _ in numbers]
    for record in train_seeds(system, data, config):
        fresh = torch.Generator().manual_seed(record.step)
        shown, real = system.sample(n, fresh), data.sample(n, fresh)
        samples = system.sample(n, torch.Generator().manual_seed(1))
        with torch.no_grad():
            fake_logits = system.discriminate(samples)
            real_logits = system.discriminate(real.expand_as(samples))
        for i, history in enumerate(histories):
            row = {key: float(value[i]) for key, value in record.metrics.items()}
            row |= sample_spread(shown[i], real)._asdict()
            for key, number in {"step": float(record.step), **row}.items():
                history.setdefault(key, []).append(number)
            truths[i].append(
                _measure(
                    samples[i], start[i], data, real_logits[i], fake_logits[i], system.objective
                )
            )
    return [
        Run(name, seed, history, Truth(*(torch.stack([m[f] for m in t]) for f in Truth._fields)))
        for seed, history, t in zip(numbers, histories, truths, strict=True)
    ]


def train_config(setting: Setting, steps: int, every: int) -> TrainConfig:
    """Return the numbers of a run."""
    return TrainConfig(
        steps=steps,
        batch_size=128,
        z_dim=2,
        g_lr=setting.g_lr,
        d_lr=setting.d_lr,
        ema_decay=0.0,
        log_every=every,
        **setting.more,
    )


def make_networks(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return a pair from torch's default generator, G's last layer scaled and shifted."""
    generator, discriminator = MLPGenerator(2, 2, 64), MLPDiscriminator(2, 64)
    last = generator.layers[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(setting.scale)
        last.bias[0] += setting.shift
    return generator, discriminator


def _measure(
    samples: Tensor,
    start: Tensor,
    data: Mixture,
    real_logits: Tensor,
    fake_logits: Tensor,
    objective: Objective,
) -> dict[str, Tensor]:
    """Return the fields of ``Truth`` at one moment of one run."""
    means = data.means.to(samples)
    mean = means.mean(0)
    spread = ((means - mean).square().sum(1).mean() + 2 * data.stds[0].square()).sqrt().float()
    k, size = len(means), (samples - mean).norm(dim=1).mean() / spread
    found = None
    if bool(torch.isfinite(samples).all()) and float(size) < 1e6:
        found = mode_coverage(samples, data)
    return {
        "shares": torch.bincount(torch.cdist(samples, means).argmin(1), minlength=k) / len(samples),
        "modes": torch.tensor(0 if found is None else found.modes),
        "high_quality": torch.tensor(0.0 if found is None else found.high_quality),
        "separation": (real_logits > fake_logits).float().mean(),
        "push": _push(objective, real_logits, fake_logits)
        / _push(objective, torch.zeros_like(real_logits), torch.zeros_like(fake_logits)),
        "moved": (samples - start).norm(dim=1).mean() / spread,
        "size": size,
    }


def _push(objective: Objective, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Return the mean |n dL_G / d fake logit|."""
    fakes = fake_logits.clone().requires_grad_()
    loss = objective.generator_loss(real_logits if objective.needs_real else None, fakes)
    (slope,) = torch.autograd.grad(loss, fakes)
    return slope.abs().mean() * len(fakes)
