"""Recordings that grow run by run: each is on the disk as soon as it is done."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gan_lessons.experiments.recorded import recorded_folder, save_recorded
from gan_lessons.training import System, train

Run = Callable[[], Any]


def finish(system: System, data: Any) -> None:
    """Train to the last step.

    Parameters
    ----------
    system
        Trained in place, by its own config.
    data
        As ``train`` takes them.
    """
    for _ in train(system, data, system.config):
        pass


def stored(name: str, config: dict[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """Return what is on the disk already, ``results`` and ``machine``; nothing of other settings.

    Parameters
    ----------
    name
        Of the recording.
    config
        The settings; runs of others are not taken over.
    folder
        Where it is; by default ``book/runs``.
    """
    path = (folder or recorded_folder()) / f"{name}.json"
    none: dict[str, Any] = {"results": {"runs": {}}, "machine": {"seconds": 0.0}}
    if not path.is_file():
        return none
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if found["config"] == json.loads(json.dumps(config)) else none


def record_one_by_one(
    name: str,
    config: dict[str, Any],
    runs: Mapping[str, Run],
    minutes: float | None = None,
    folder: Path | None = None,
) -> int:
    """Make the runs that are missing, in their order, each saved as soon as it is done.

    Parameters
    ----------
    name
        Of the recording, ``book/runs/name.json``.
    config
        All settings, as plain data.
    runs
        What to call for each, by name; returns plain data.
    minutes
        When to stop; None makes all.
    folder
        Where to write; by default ``book/runs``.

    Returns
    -------
    int
        How many are still missing.
    """
    before, started = stored(name, config, folder), time.perf_counter()
    done, seconds = before["results"]["runs"], before["machine"]["seconds"]
    missing = [key for key in runs if key not in done]
    for count, key in enumerate(missing):
        if minutes is not None and time.perf_counter() - started > 60 * minutes:
            return len(missing) - count
        begun = time.process_time()
        done[key] = runs[key]()
        seconds += time.process_time() - begun
        kept = {known: done[known] for known in runs if known in done}
        save_recorded(name, config, {"runs": kept}, seconds, folder=folder)
        print(f"{name}: {key} {done[key]}", flush=True)
    return 0
