"""The folder of a run: run.json, history.csv, samples/, checkpoints/, tensorboard/."""

import csv
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gan_lessons import __version__
from gan_lessons.command.errors import UsageError
from gan_lessons.experiments.recorded import write_json
from gan_lessons.training import Record

_FORMAT = "gan-lessons run 1"
_KINDS: dict[str, tuple[Any, str]] = {
    "experiment": (str, "a name"),
    "preset": (str, "a name"),
    "data": (str | None, "a folder or null"),
    "images": (dict | None, "a table or null"),
    "sessions": (list, "a list"),
}


class RunFolder:
    """The files of one run, by name.

    Parameters
    ----------
    folder
        Made with the first file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = folder / "history.csv"
        self.checkpoints = folder / "checkpoints"

    def picture(self, step: int) -> Path:
        """Return the file of the samples of one step."""
        return self.folder / "samples" / f"step-{step:08d}.png"

    def read(self) -> dict[str, Any] | None:
        """Return what run.json holds, or None if no run is here yet."""
        path = self.folder / "run.json"
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"--out must be a folder, got the file {self.folder}.")
        if not path.exists():
            return None
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} cannot be read: {error}.") from error
        if not isinstance(run, dict) or run.get("format") != _FORMAT:
            raise UsageError(f"{path} is not of this program ({_FORMAT!r}).")
        for name, (kind, wanted) in _KINDS.items():
            if name in run and not isinstance(run[name], kind):
                raise UsageError(f"{path}: {name} must be {wanted}, got {run[name]!r}.")
        return run

    def write(self, run: Mapping[str, Any]) -> None:
        """Write run.json, whole or not at all."""
        write_json(self.folder / "run.json", {"format": _FORMAT, **run})


class History:
    """history.csv: one row for each record, at once on the disk.

    Parameters
    ----------
    path
        The file; its folder is made if it is missing.
    step
        Rows of later steps, which a stopped run made after its last checkpoint, are dropped.

    Raises
    ------
    UsageError
        If there is such a file and it is of something else.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        self.columns: list[str] = []
        kept: list[list[str]] = []
        if path.exists() and step > 0:
            try:
                with path.open(newline="", encoding="utf-8") as file:
                    header, *rows = list(csv.reader(file)) or [[]]
                # A row that was being written when the program was killed may be cut off.
                rows = [row for row in rows if row and len(row) == len(header)]
                kept = [row for row in rows if 0 < int(row[0]) <= step]
            except (ValueError, csv.Error) as error:
                raise UsageError(
                    f"{path} must have a step at the start of each row ({error}): mend it, or "
                    "move it away to go on without the earlier rows."
                ) from error
            self.columns = header
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([self.columns, *kept] if self.columns else [])
        os.replace(temporary, path)

    def add(self, record: Record) -> None:
        """Write one row."""
        row = {"step": record.step, "images_per_second": record.images_per_second}
        row |= record.metrics
        with self.path.open("a", newline="", encoding="utf-8") as file:
            if not self.columns:
                self.columns = list(row)
                csv.writer(file).writerow(self.columns)
            csv.writer(file).writerow([row.get(name, "") for name in self.columns])


def versions() -> dict[str, str]:
    """Return the versions that numbers depend on."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "gan_lessons": __version__,
    }


def device_in_words(device: torch.device) -> str:
    """Return what a reader wants to know of a device: its name, or how many threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple MPS ({platform.machine()})"
    n = torch.get_num_threads()
    return f"CPU ({platform.machine()}, {n} {'thread' if n == 1 else 'threads'})"
