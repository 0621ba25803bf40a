"""The store of runs on laws with known modes: one JSON file that grows run by run.

A run is found again by the hash of its setting, moments and sample size, and by its seeds. Each
outcome at each moment is one line of text, a number per seed: short to store, easy to read.
"""

import json
import platform
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_lessons.experiments.mode_runs import TIMES, Outcomes, Runs, Setting, setting_hash
from gan_lessons.experiments.recorded import recorded_folder

#: The file in ``book/runs`` without its ending.
STORE = "modes_laptop"


def encode(runs: Runs, hash_of_setting: str) -> dict[str, Any]:
    """Return runs as plain data for the store, with hash and versions."""
    return {
        "hash": hash_of_setting,
        "seeds": list(runs.seeds),
        "times": list(runs.times),
        "cpu_seconds_per_seed_step": float(f"{runs.cost:.3g}"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "outcomes": {
            name: [" ".join(f"{v:.4g}" for v in row) for row in values.tolist()]
            for name, values in runs.outcomes._asdict().items()
        },
    }


def decode(stored: dict[str, Any]) -> Runs:
    """Return what ``encode`` was given, in four digits."""
    outcomes = [_numbers(stored["outcomes"][name]) for name in Outcomes._fields]
    seeds, times = tuple(stored["seeds"]), tuple(stored["times"])
    return Runs(seeds, times, Outcomes(*outcomes), stored["cpu_seconds_per_seed_step"])


def select(stored: list[dict[str, Any]], wanted: str, seeds: tuple[int, ...]) -> Runs | None:
    """Return the runs of one hash with these seeds, in their order, or None if one is missing.

    Parameters
    ----------
    stored
        What ``encode`` returned, of any settings.
    wanted
        The hash.
    seeds
        At least one.
    """
    parts = [decode(one) for one in stored if one["hash"] == wanted]
    have = [seed for part in parts for seed in part.seeds]
    if not seeds or not set(seeds) <= set(have):
        return None
    index = torch.tensor([have.index(seed) for seed in seeds])
    joined = zip(*(part.outcomes for part in parts), strict=True)
    outcomes = Outcomes(*(torch.cat(columns, dim=1)[:, index] for columns in joined))
    cost = sum(part.cost * len(part.seeds) for part in parts) / len(have)
    return Runs(tuple(seeds), parts[0].times, outcomes, cost)


def stored_runs(
    setting: Setting,
    seeds: tuple[int, ...],
    times: tuple[int, ...] | None = None,
    n: int = 2500,
    folder: Path | None = None,
) -> Runs | None:
    """Return the runs of a setting from the store, or None if it has not all of them.

    A setting with functions of the reader's own is never in the store.

    Parameters
    ----------
    setting, seeds, times, n
        As in ``train_setting``.
    folder
        Where the store is; by default ``book/runs``.
    """
    own = [setting.networks, setting.prepare, type(setting.objective), setting.system]
    if any(not _of_the_book(part) for part in own if part is not None):
        return None
    times = TIMES[setting.law] if times is None else times
    return select(read_store(folder), setting_hash(setting, times, n), tuple(seeds))


def read_store(folder: Path | None = None) -> list[dict[str, Any]]:
    """Return all stored runs as plain data; none if there is no store yet."""
    path = (folder or recorded_folder()) / f"{STORE}.json"
    if not path.is_file():
        return []
    runs: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["results"]["runs"]
    return runs


def _numbers(rows: list[str]) -> Tensor:
    """Return lines of numbers as (t, s), float64."""
    return torch.tensor([[float(v) for v in row.split()] for row in rows], dtype=torch.float64)


def _of_the_book(part: Any) -> bool:
    """Say whether a function or class was written in this package."""
    module = str(getattr(part, "__module__", ""))
    return module == "builtins" or module.startswith("gan_lessons.")
