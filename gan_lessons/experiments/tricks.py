"""One trick against the baseline: effect over seeds, cost in time, verdict (chapter 12).

A trick is one function that changes a ``Setting``; a reader's own is compared in one cell::

    mine = Trick("half the batch", lambda setting: with_training(setting, {"batch_size": 64}))
    print(run_trick(mine, seeds=range(1000, 1016)))

The rule for verdicts was written down before the table was computed. What counts is the share of
misplaced samples (``Outcomes``), its mean over the last third of the moments, the difference
trick - baseline paired over seeds, and its 99% interval (of 60 tricks that do nothing, every second
table would name one for no reason; at 95% three of them, on average).

- helps: the interval is below 0, and its mean at most -0.01.
- hurts: the interval is above 0, and its mean at least 0.01.
- does nothing here: neither, and the interval lies within -0.05 and 0.05.
- not shown: none of these; more seeds would tell.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from gan_lessons.experiments.mode_runs import LAWS, Runs, Setting, start_training, train_setting
from gan_lessons.experiments.mode_store import stored_runs
from gan_lessons.experiments.seed_statistics import Interval, paired_interval, paired_share_test
from gan_lessons.metrics import Share, binomial_interval

#: The level of an effect's interval, the effect that counts, and how narrow "nothing" must be.
LEVEL, SMALLEST, NARROW = 0.99, 0.01, 0.05

#: What every trick is compared with.
BASELINE = Setting()


@dataclass(frozen=True)
class Trick:
    """A change of the way to train.

    Parameters
    ----------
    name
        What the table calls it.
    change
        Takes a setting and returns the changed one.
    source
        Where it was proposed, in words.
    """

    name: str
    change: Callable[[Setting], Setting]
    source: str = ""


def with_training(setting: Setting, changes: dict[str, Any]) -> Setting:
    """Return a setting with other fields of its ``TrainConfig``."""
    return replace(setting, training=replace(setting.training, **changes))


@dataclass(frozen=True)
class Effect:
    """A trick against the baseline on the same seeds.

    Parameters
    ----------
    name, law, seeds
        Of the trick; the data; the number of seeds.
    misplaced, modes, high_quality
        Mean of trick - baseline over seeds late in training, with 99% interval.
    baseline_complete, trick_complete
        Share of seeds that have all modes at the end, with exact 95% interval.
    complete_p
        Exact p-value that both shares are equal (McNemar).
    cost
        CPU time of a step over the baseline's, both measured in turns on one machine.
    verdict
        By the rule of this file.
    """

    name: str
    law: str
    seeds: int
    misplaced: Interval
    modes: Interval
    high_quality: Interval
    baseline_complete: Share
    trick_complete: Share
    complete_p: float
    cost: float
    verdict: str


def late(values: Tensor) -> Tensor:
    """Return the mean over the last third of the moments of values (t, s), shape (s,)."""
    return values[-math.ceil(len(values) / 3) :].mean(0)


def complete(runs: Runs, law: str) -> Tensor:
    """Return for each seed whether all modes are there at the end, (s,) bool."""
    return runs.outcomes.modes[-1] == len(LAWS[law].means)


def verdict(misplaced: Interval) -> str:
    """Return the rule's word for the effect on the share of misplaced samples."""
    if misplaced.high < 0 and misplaced.value <= -SMALLEST:
        return "helps"
    if misplaced.low > 0 and misplaced.value >= SMALLEST:
        return "hurts"
    if misplaced.low >= -NARROW and misplaced.high <= NARROW:
        return "does nothing here"
    return "not shown"


def compare(name: str, law: str, baseline: Runs, trick: Runs, cost: float) -> Effect:
    """Return the effect of a trick from runs of the same seeds, measured at the same moments.

    Raises
    ------
    ValueError
        If seeds or moments differ.
    """
    if baseline.seeds != trick.seeds or baseline.times != trick.times:
        raise ValueError("baseline and trick must have the same seeds and times, got others.")
    effects = {
        key: paired_interval(
            late(getattr(baseline.outcomes, key)), late(getattr(trick.outcomes, key)), LEVEL
        )
        for key in ("misplaced", "modes", "high_quality")
    }
    done = complete(baseline, law), complete(trick, law)
    shares = [binomial_interval(int(which.sum()), len(which)) for which in done]
    return Effect(
        name=name,
        law=law,
        seeds=len(trick.seeds),
        **effects,
        baseline_complete=shares[0],
        trick_complete=shares[1],
        complete_p=paired_share_test(*done),
        cost=cost,
        verdict=verdict(effects["misplaced"]),
    )


def relative_cost(
    setting: Setting, baseline: Setting = BASELINE, steps: int = 10, seeds: int = 16
) -> float:
    """Return the CPU time of a setting's step over that of the baseline, measured in turns.

    The least of three turns counts, after a few steps to warm up. On a machine that does other
    work it is right to about a fifth.
    """
    runs = [start_training(one, range(seeds), (steps, 4 * steps)) for one in (baseline, setting)]
    least = [math.inf, math.inf]
    for turn in range(4):
        for i, (_, records) in enumerate(runs):
            started = time.process_time()
            next(records)  # after ``steps`` steps
            if turn > 0:
                least[i] = min(least[i], time.process_time() - started)
    return least[1] / least[0]


def run_trick(
    trick: Trick,
    seeds: Iterable[int] = range(1000, 1016),
    baseline: Setting = BASELINE,
    times: tuple[int, ...] | None = None,
    n: int = 2500,
    stored: bool = True,
) -> Effect:
    """Train baseline and trick with the same seeds and compare them.

    Parameters
    ----------
    trick
        What is tried.
    seeds
        At least two. Choose a trick's numbers on seeds from 0 to 31 and report it on others.
    baseline
        What it changes; ``replace(BASELINE, law="grid")`` tries it on the grid.
    times, n
        As in ``train_setting``.
    stored
        Whether runs are taken from the book's store where it has them.

    Returns
    -------
    Effect
    """
    numbers, changed = tuple(seeds), trick.change(baseline)
    found = []
    for setting in (baseline, changed):
        known = stored_runs(setting, numbers, times, n) if stored else None
        found.append(train_setting(setting, numbers, times, n) if known is None else known)
    cost = relative_cost(changed, baseline)
    return compare(trick.name, changed.law, found[0], found[1], cost)
