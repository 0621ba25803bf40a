"""A folder of checkpoints: the last few of a run, and its best."""

import contextlib
import math
import os
import re
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

from gan_lessons._validation import check_count
from gan_lessons.training.checkpoint import save_checkpoint, take_over
from gan_lessons.training.checkpoint_file import _OtherFormat, read_checkpoint, read_metrics_of
from gan_lessons.training.system import System, check_system

_NAME = re.compile(r"step-(\d{8,})\.pt")
_PART = re.compile(r"\.step-\d{8,}\.pt\.[0-9a-f]{8}\.part")


class CheckpointFolder:
    """The checkpoints of one run: ``step-00001000.pt`` and so on, the last few and the best.

    ::

        checkpoints = CheckpointFolder("run", keep=3)
        checkpoints.resume(system)
        for record in train(system, data, config):
            checkpoints.save(system)

    A folder belongs to one run, and one process at a time writes to it. If two do, every file is
    still whole, and of two that save the same step the later stays; but each removes what it does
    not keep, and the one that is behind is told so by the ValueError of ``save``.

    Parameters
    ----------
    folder : path
        Made with the first checkpoint.
    keep : int
        How many of the last checkpoints stay. The disk needs room for two more: the best and the
        one being written.
    best : str, optional
        Name of one of the ``metrics`` given to ``save``; the checkpoint with the best value stays
        as well. A value that is not finite is never the best.
    lower_is_better : bool
        Whether the lowest value is the best, or the highest.

    Raises
    ------
    TypeError, ValueError
        If ``folder`` is a file, ``keep`` no whole number from 1, or ``best`` no name.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        keep: int = 3,
        best: str | None = None,
        lower_is_better: bool = True,
    ) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"folder must be a folder, got the file {self.folder}.")
        if best is not None and not isinstance(best, str):
            raise TypeError(f"best must be the name of a metric or None, got {best!r}.")
        self.keep = check_count(keep, "keep")
        self.metric = best
        self.lower_is_better = lower_is_better
        self._values: dict[Path, float] = {}  # of the metric, as far as they were looked up

    def save(self, system: System, metrics: Mapping[str, float] | None = None) -> Path:
        """Write a checkpoint of this step; then, it being whole, remove those not to be kept.

        Parameters
        ----------
        system : System
            For example a ``GANState``.
        metrics : mapping of str to float, optional
            Numbers that go into the file; with ``best``, that one must be among them. None: this
            checkpoint is not to be the best (or, if this step was saved before, as it was).

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            If ``best`` is not in ``metrics``, or the folder has a checkpoint of a later step, so
            that it is another run's.
        TypeError, TrainingDiverged, OSError
            As ``save_checkpoint``; nothing is removed then.
        """
        check_system(system)
        if metrics is not None and self.metric is not None and self.metric not in metrics:
            raise ValueError(f"metrics must have {self.metric!r}, got {sorted(metrics)}.")
        path = self.folder / f"step-{system.steps_done:08d}.pt"
        last = self.latest()
        if last is not None and _step(last) > system.steps_done:
            raise ValueError(
                f"folder has {last.name}, later than step {system.steps_done} of this system: "
                f"call resume(system) first, or take another folder than {self.folder}."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        save_checkpoint(path, system, read_metrics_of(path) if metrics is None else metrics)
        self._values.pop(path, None)
        self._clean()
        return path

    def paths(self) -> list[Path]:
        """Return the checkpoints by name, in order of their steps; none is read."""
        found = self.folder.glob("step-*.pt")
        return sorted((path for path in found if _step(path) >= 0), key=_step)

    def latest(self) -> Path | None:
        """Return the checkpoint of the last step, or None; it is not read."""
        return next(reversed(self.paths()), None)

    def best(self) -> Path | None:
        """Return the checkpoint with the best metric, the first of equals, or None."""
        if self.metric is None:
            return None
        found = {path: self._value(path) for path in self.paths()}
        finite = [path for path, value in found.items() if math.isfinite(value)]
        return min(finite, key=found.__getitem__, default=None)

    def resume(self, system: System) -> bool:
        """Put a system into the state of the last checkpoint that is whole.

        To be called by the process that will save here: it removes what killed processes have
        left, and a damaged checkpoint that is later than the one it takes is renamed to
        ``step-00002000.pt.damaged``, with a warning.

        Parameters
        ----------
        system : System
            Made as it was for the run that was saved; changed in place.

        Returns
        -------
        bool
            False if there is no checkpoint: the run starts.

        Raises
        ------
        ValueError
            If the checkpoint is of another network, configuration or format, or none of several
            is whole. The system and the checkpoints stay as they were.
        OSError, MemoryError
            If one cannot be read, or not be held. The same is true then.
        """
        check_system(system)
        self._remove_parts(before=math.inf)
        damaged: dict[Path, ValueError] = {}
        for path in reversed(self.paths()):
            try:
                checkpoint = read_checkpoint(path)
            except _OtherFormat:  # of an older or newer version, which it may serve
                raise
            except ValueError as error:
                damaged[path] = error
                continue
            take_over(system, checkpoint, path)
            for bad, why in damaged.items():
                aside = bad.with_name(f"{bad.name}.damaged")
                os.replace(bad, aside)
                warnings.warn(
                    f"{why} It is now called {aside.name}, and the run goes on from {path.name}.",
                    stacklevel=2,
                )
            return True
        if damaged:
            raise ValueError(
                f"folder {self.folder} has no whole checkpoint; move these away to start anew: "
                f"{' '.join(map(str, damaged.values()))}"
            )
        return False

    def _value(self, path: Path) -> float:
        """Return a number that is lower for a better checkpoint, NaN where there is none."""
        if path not in self._values:
            value = read_metrics_of(path).get(str(self.metric), math.nan)
            self._values[path] = value if self.lower_is_better else -value
        return self._values[path]

    def _clean(self) -> None:
        """Remove what is not to be kept."""
        paths = self.paths()
        for path in set(paths[: -self.keep]) - {self.best()}:
            with contextlib.suppress(PermissionError):  # open elsewhere, on Windows: next time
                path.unlink(missing_ok=True)
        self._remove_parts(before=time.time() - 3600)  # not those of a write that is going on

    def _remove_parts(self, before: float) -> None:
        """Remove what killed processes wrote to until that time, in seconds since the epoch."""
        for part in filter(lambda p: _PART.fullmatch(p.name), self.folder.glob(".step-*.part")):
            with contextlib.suppress(FileNotFoundError, PermissionError):
                if part.stat().st_mtime < before:
                    part.unlink()


def _step(path: Path) -> int:
    """Return the step in a checkpoint's name, -1 if it is another file."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else -1
