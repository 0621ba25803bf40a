"""The recorded comparisons of chapter 13 as tables with intervals over seeds."""

from typing import Any

import torch

from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.experiments.seed_statistics import Interval, mean_interval, paired_interval

Numbers = dict[str, dict[str, list[float]]]


def recorded_numbers(name: str = "vae_digits", step: int | None = None) -> Numbers:
    """Return what was recorded of each model: one list per column, one number per seed.

    Parameters
    ----------
    name
        ``"vae_digits"`` or ``"vae_points"``.
    step
        Of the digits: after which step; None takes the last one.

    Returns
    -------
    dict of dict of list of float
        By model and column. Seeds that not every model has are left out, and columns that a
        model has no number for.

    Raises
    ------
    FileNotFoundError
        If there is no such recording.
    ValueError
        If nothing was measured after ``step``.
    """
    results = load_recorded(name)["results"]
    columns, runs = results["columns"], results["runs"]
    rows = {model: [_row(run, step) for run in found] for model, found in runs.items()}
    count = min(len(found) for found in rows.values())
    return {
        model: {
            column: [number for row in found[:count] if (number := row[k]) is not None]
            for k, column in enumerate(columns)
            if all(row[k] is not None for row in found[:count])
        }
        for model, found in rows.items()
    }


def intervals(numbers: Numbers, level: float = 0.95) -> dict[str, dict[str, Interval]]:
    """Return the mean over seeds of each model and column, with Student's interval.

    Parameters
    ----------
    numbers
        From ``recorded_numbers``.
    level
        Confidence level.
    """
    return {
        model: {
            column: mean_interval(torch.tensor(values, dtype=torch.float64), level)
            for column, values in columns.items()
        }
        for model, columns in numbers.items()
    }


def difference(
    numbers: Numbers, column: str, first: str, second: str, level: float = 0.95
) -> Interval:
    """Return the mean of second - first in one column, seed by seed, with Student's interval.

    Parameters
    ----------
    numbers
        From ``recorded_numbers``.
    column
        For example ``"frechet"``.
    first, second
        Models.
    level
        Confidence level.

    Raises
    ------
    ValueError
        If a model has no such column.
    """
    for model in (first, second):
        if column not in numbers.get(model, {}):
            known = {name: list(columns) for name, columns in numbers.items()}
            raise ValueError(f"{model!r} has no {column!r}; there are: {known}.")
    one, other = (torch.tensor(numbers[m][column], dtype=torch.float64) for m in (first, second))
    return paired_interval(one, other, level)


def _row(run: Any, step: int | None) -> list[float | None]:
    """Return the row of one run: of the digits that of a step, of the points the only one."""
    if isinstance(run, list):
        return run
    rows = [row for row in run["rows"] if step is None or row[0] == step]
    if not rows:
        raise ValueError(f"step must be one of {[row[0] for row in run['rows']]}, got {step}.")
    return rows[-1]
