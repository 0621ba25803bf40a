"""Recorded results: what an experiment wrote once, so that a chapter can draw it in a second.

A recorded result is a JSON file with three parts: ``config`` (every setting of the experiment),
``results`` (the numbers), ``machine`` (what it ran on, and for how long). In a clone the files
stand in ``book/runs/``; an installed package carries them along.
"""

import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import torch

_INSTALLED = Path(__file__).resolve().parents[1] / "recorded"
_CLONE = Path(__file__).resolve().parents[2] / "book" / "runs"


def recorded_folder() -> Path:
    """Return the folder of the recorded results, in a clone or in an installed package."""
    return _CLONE if _CLONE.is_dir() else _INSTALLED


def load_recorded(name: str) -> dict[str, Any]:
    """Return a recorded result as plain Python data.

    Parameters
    ----------
    name
        The experiment's name, for example ``"two_sample_power"``.

    Returns
    -------
    dict
        With the keys ``config``, ``results`` and ``machine``.

    Raises
    ------
    FileNotFoundError
        If there is no such result; the message lists those that there are.
    """
    folder = recorded_folder()
    path = folder / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.json"))
        raise FileNotFoundError(f"no recorded result {name!r}; there are: {', '.join(known)}.")
    return json.loads(path.read_text(encoding="utf-8"))


def save_recorded(
    name: str,
    config: dict[str, Any],
    results: Any,
    seconds: float,
    device: str = "cpu",
    folder: Path | None = None,
) -> Path:
    """Write a result to ``book/runs`` of the clone (or ``folder``) and return its path.

    Parameters
    ----------
    name
        The experiment's name; the file is ``name.json``.
    config, results
        Plain data that JSON can hold.
    seconds
        How long the experiment took.
    device
        ``"cpu"``, or the name of the accelerator.
    folder
        Where to write; by default the clone's ``book/runs``.

    Returns
    -------
    Path
        The file that was written, whole or not at all.

    Raises
    ------
    TypeError, ValueError
        If JSON cannot hold the data: other objects, NaN or infinity. The old file stays.
    """
    machine = {
        "device": device,
        "processor": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "seconds": round(seconds, 1),
    }
    data = {"config": config, "machine": machine, "results": results}
    return write_json((folder or _CLONE) / f"{name}.json", data)


def write_json(target: Path, data: dict[str, Any]) -> Path:
    """Write plain data to a JSON file, whole or not at all, and return its path.

    Parameters
    ----------
    target
        The file; its folder is made if it is missing.
    data
        Plain data; the error of wrong data speaks of what ``save_recorded`` takes.

    Raises
    ------
    TypeError, ValueError
        If JSON cannot hold the data: other objects, NaN or infinity. The old file stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = json.dumps(data, indent=1, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"config and results must hold finite numbers: {error}.") from error
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.chmod(temporary, 0o644)  # mkstemp's files are for their owner alone
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target
