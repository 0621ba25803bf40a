"""One run that goes well or wrong on purpose, watched while it trains (chapter 10).

The settings are those of ``provoked_runs``, the seeds a reader's own. Seconds a run.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.experiments.provoked_runs import (
    LAWS,
    SETTINGS,
    make_networks,
    train_config,
)
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.training import (
    GANState,
    TrainingDiverged,
    sample_spread,
    seeded_networks,
    train,
)


class Look(NamedTuple):
    """What one moment of a run looks like.

    Parameters
    ----------
    step : int
        After how many steps.
    samples : Tensor (n, 2)
        Generated samples, of the same latent vectors at every moment.
    push : Tensor (m, 2)
        Where the generator's loss would have samples move that stood at the given places.
    """

    step: int
    samples: Tensor
    push: Tensor


class Watched(NamedTuple):
    """A run: its setting and seed, its history as ``diagnose`` takes it, and some looks at it."""

    setting: str
    seed: int
    history: dict[str, list[float]]
    looks: tuple[Look, ...]


def square(limit: float = 1.6, side: int = 11) -> Tensor:
    """Return side * side places on a square lattice, from -limit to limit, (m, 2)."""
    ticks = torch.linspace(-limit, limit, check_count(side, "side", minimum=2))
    return torch.cartesian_prod(ticks, ticks)


def push(
    discriminator: nn.Module, objective: str | Objective, places: Tensor, real: Tensor | None = None
) -> Tensor:
    r"""Compute the direction in which the generator's loss moves a sample at each place.

    .. math:: v(y) = -\ell'(h(y)) \, \nabla_y h(y), \qquad L_G = \frac1m \sum_j \ell(h(y_j))

    Parameters
    ----------
    discriminator : Module
        Gives the logits h (m,).
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective.
    places : Tensor (m, d)
        Where samples stand.
    real : Tensor (m, d), optional
        Real samples, one for each place, for an objective that compares the two.

    Returns
    -------
    Tensor (m, d)
    """
    losses, y = get_objective(objective), places.detach().clone().requires_grad_()
    if losses.needs_real and real is None:
        raise ValueError(f"real must be given: the loss {losses.name} compares with real samples.")
    real_logits = discriminator(real) if losses.needs_real else None
    loss = losses.generator_loss(real_logits, discriminator(y))
    (slope,) = torch.autograd.grad(loss, y)
    return -len(y) * slope


def watch(
    name: str,
    seed: int = 0,
    steps: int = 600,
    every: int = 20,
    looks: tuple[int, ...] = (600,),
    places: Tensor | None = None,
    n: int = 500,
) -> Watched:
    """Train one setting of ``provoked_runs`` on the ring, and look at it on the way.

    Parameters
    ----------
    name
        A key of ``SETTINGS``.
    seed
        Of the run.
    steps, every
        Length of the run, and steps between two records.
    looks
        Steps at which samples are kept; multiples of ``every``.
    places
        Where the push is computed, (m, 2); None takes ``square()``.
    n
        Samples of a look, and of the spread that the history keeps.

    Returns
    -------
    Watched
        The history has ``sample_variance`` and ``pairwise_distance``, too. A run that ends in
        numbers that are not finite has NaN in its last record.

    Raises
    ------
    ValueError
        If the setting is unknown, or a look falls between two records.
    TrainingDiverged
        If numbers are not finite before the first record.
    """
    if name not in SETTINGS:
        raise ValueError(f"name must be one of {sorted(SETTINGS)}, got {name!r}.")
    if any(step % check_count(every, "every") for step in looks):
        raise ValueError(f"looks must be multiples of every ({every}), got {looks}.")
    setting, law = SETTINGS[name], LAWS["ring"]
    config = replace(train_config(setting, check_count(steps, "steps"), every), seed=seed)
    networks = seeded_networks(lambda _: make_networks(setting), seed)
    system = GANState(*networks, setting.objective, config)
    where = square() if places is None else places
    history: dict[str, list[float]] = {}
    kept = []
    try:
        for record in train(system, law, config):
            rng = torch.Generator().manual_seed(record.step)
            shown, real = system.sample(n, rng), law.sample(n, rng)
            row = {"step": record.step, **record.metrics, **sample_spread(shown, real)._asdict()}
            for key, number in row.items():
                history.setdefault(key, []).append(float(number))
            if record.step in looks:
                same = system.sample(n, torch.Generator().manual_seed(1))
                real = law.sample(len(where), rng)
                moves = push(system.discriminator, setting.objective, where, real)
                kept.append(Look(record.step, same, moves))
    except TrainingDiverged as error:
        if not history:
            raise
        for key in history:
            history[key].append(float(error.step) if key == "step" else float("nan"))
    return Watched(name, seed, history, tuple(kept))
