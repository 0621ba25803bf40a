"""What the store says of one setting: modes over seeds, shares with intervals (chapters 10, 12).

::

    found = stored_summary("baseline")
    print(found.complete)      # Share(value=0.81, low=0.70, high=0.90)
    print(found.histogram)     # seeds with 0, 1, ..., 8 modes at the end
"""

from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons.experiments.mode_runs import LAWS, TIMES, Runs, setting_hash
from gan_lessons.experiments.mode_store import read_store, select
from gan_lessons.experiments.modes_laptop import ModesLaptopConfig, setting_of
from gan_lessons.experiments.seed_statistics import Interval, mean_interval
from gan_lessons.experiments.tricks import Effect, compare, complete
from gan_lessons.metrics import Share, binomial_interval


class ModeSummary(NamedTuple):
    """Runs of one setting at their last moment.

    Parameters
    ----------
    name, law
        Of the setting.
    seeds
        Number of runs.
    histogram
        Shape (k + 1,): how many runs reach 0, 1, ..., k modes.
    complete
        Share of runs that reach all k, with exact 95% interval.
    modes, high_quality, misplaced
        Mean over runs with 95% interval (Student's).
    ever_complete
        Share of runs that reach all k at some moment.
    """

    name: str
    law: str
    seeds: int
    histogram: Tensor
    complete: Share
    modes: Interval
    high_quality: Interval
    misplaced: Interval
    ever_complete: Share


def stored_held_out(name: str, law: str = "ring", most: int | None = None) -> Runs:
    """Return the stored runs of a setting on held-out seeds, rising, at most ``most`` of them.

    Parameters
    ----------
    name
        ``"baseline"`` or a trick's.
    law
        A key of ``LAWS``.
    most
        None takes all that are stored.

    Raises
    ------
    ValueError
        If none is stored.
    """
    config, stored = ModesLaptopConfig(), read_store()
    hashed = setting_hash(setting_of(name, law), TIMES[law], config.n)
    have = {seed for one in stored if one["hash"] == hashed for seed in one["seeds"]}
    seeds = tuple(seed for seed in config.held_out if seed in have)[:most]
    runs = select(stored, hashed, seeds)
    if runs is None:
        known = sorted({one["name"] for one in stored if one["setting"]["law"] == law})
        raise ValueError(f"name must have runs on {law!r} in the store, got {name!r}; {known} do.")
    return runs


def summarise(name: str, law: str, runs: Runs) -> ModeSummary:
    """Return the summary of at least two runs.

    Parameters
    ----------
    name, law
        Of their setting.
    runs
        From ``stored_held_out``, ``stored_runs`` or ``train_setting``.
    """
    outcomes, k, n = runs.outcomes, len(LAWS[law].means), len(runs.seeds)
    ever = (outcomes.modes == k).any(0)
    return ModeSummary(
        name=name,
        law=law,
        seeds=n,
        histogram=torch.bincount(outcomes.modes[-1].int(), minlength=k + 1),
        complete=binomial_interval(int(complete(runs, law).sum()), n),
        modes=mean_interval(outcomes.modes[-1]),
        high_quality=mean_interval(outcomes.high_quality[-1]),
        misplaced=mean_interval(outcomes.misplaced[-1]),
        ever_complete=binomial_interval(int(ever.sum()), n),
    )


def stored_summary(name: str, law: str = "ring", most: int | None = None) -> ModeSummary:
    """Return the summary of what is stored of a setting; see ``stored_held_out``."""
    return summarise(name, law, stored_held_out(name, law, most))


def normalised_inputs(most: int | None = None) -> Effect:
    """Return the effect of scaling the grid to unit variance, on the baseline's stored runs.

    All outcomes stay the same when samples and law are scaled together, and a seed has the same
    first weights on both laws.

    Parameters
    ----------
    most
        At most so many of the held-out seeds; None takes all that both laws have.
    """
    wide, unit = (stored_held_out("baseline", law, most) for law in ("grid", "normalised grid"))
    fewer = min(len(wide.seeds), len(unit.seeds))
    wide, unit = (stored_held_out("baseline", law, fewer) for law in ("grid", "normalised grid"))
    return compare("normalised inputs", "normalised grid", wide, unit, 1.0)
