"""What a run writes while it goes: rows, checkpoints with pictures, run.json, one line each."""

import math
import shlex
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from gan_lessons.command.errors import UsageError
from gan_lessons.command.parser import PROGRAM
from gan_lessons.command.pictures import save_picture
from gan_lessons.command.prepare import Prepared
from gan_lessons.command.run_folder import History, device_in_words, versions
from gan_lessons.training import Record, System, TrainingDiverged


class Events(Protocol):
    """What is used of TensorBoard's SummaryWriter."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Write one number."""

    def close(self) -> None:
        """Write what is left."""


def open_events(folder: Path, wanted: bool | None, step: int) -> Events | None:
    """Return a writer of TensorBoard's events, or None where it is not installed or not wanted.

    Parameters
    ----------
    folder
        The run's folder.
    wanted
        None: if it is installed; True: raise UsageError if it is not.
    step
        Events of later steps are to be taken as dropped.
    """
    if wanted is False:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        if wanted:
            raise UsageError(
                "--tensorboard needs TensorBoard, which is not installed: "
                "run pip install tensorboard."
            ) from error
        return None
    return SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)


class Output:
    """All that one run writes; under torchrun only rank 0 has one.

    Parameters
    ----------
    prepared
        The run.
    system
        What is trained: its GAN, or that of all ranks.
    ranks
        How many processes train.
    tensorboard
        As in ``open_events``.
    """

    def __init__(
        self, prepared: Prepared, system: System, ranks: int, tensorboard: bool | None
    ) -> None:
        self.prepared, self.system, self.draws = prepared, system, True
        folder, step = prepared.folder, system.steps_done
        self.events = open_events(folder.folder, tensorboard, step)
        earlier = folder.read() or {}
        self.run: dict[str, Any] = {
            "experiment": prepared.name,
            "preset": prepared.preset,
            "seed": prepared.config.training.seed,
            "data": prepared.data,
            "images": prepared.images,
            "config": asdict(prepared.config),
            "step": step,
            "finished": False,
            "stopped": None,
            "metrics": earlier.get("metrics", {}),
            "best_checkpoint": earlier.get("best_checkpoint"),
            "sessions": earlier.get("sessions", []),
        }
        self.session: dict[str, Any] = {
            "start_step": step,
            "end_step": step,
            "device": device_in_words(prepared.gan.device),
            "processes": ranks,
            "versions": versions(),
            "seconds": 0.0,
            "images_per_second": None,
        }
        self.run["sessions"].append(self.session)
        self.began = time.perf_counter()
        self.samples, self.training_seconds = 0.0, 0.0
        self.history = History(folder.history, step)
        self._write_run()
        tqdm.write(
            f"{prepared.name} ({prepared.preset}) on {self.session['device']}: from step {step} to "
            f"{prepared.config.training.steps}, into {folder.folder}"
        )

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *_: object) -> None:
        if self.events is not None:
            self.events.close()

    def add(self, record: Record) -> None:
        """Take in one record: a row, and the speed since the record before."""
        training = self.prepared.config.training
        new = (record.step - self.session["end_step"]) * training.batch_size * training.d_steps
        speed = record.images_per_second * self.session["processes"]
        self.samples += new
        self.training_seconds += new / speed
        self.session["end_step"] = record.step
        self.session["images_per_second"] = round(self.samples / self.training_seconds, 1)
        self.history.add(record)
        if self.events is not None:
            for name, number in record.metrics.items():
                self.events.add_scalar(name, number, record.step)

    def save(self, record: Record) -> None:
        """Measure samples, write a checkpoint, a picture and run.json, and print one line."""
        metrics = self._measure()
        self._checkpoint(metrics or None)
        self._picture()
        self.run["metrics"] = {**record.metrics, **metrics}
        self._write_run()
        if self.events is not None:
            for name, number in metrics.items():
                self.events.add_scalar(name, number, record.step)
        numbers = {"d_loss": record.d_loss, "g_loss": record.g_loss, **metrics}
        shown = ", ".join(f"{name} {number:.4g}" for name, number in numbers.items())
        tqdm.write(f"step {record.step:>7}: {shown}")

    def stop(self) -> None:
        """Save what has been reached where someone has asked the run to stop."""
        self.session["end_step"] = self.system.steps_done
        if self.system.steps_done > self.session["start_step"]:
            self._checkpoint(None)
        self._end("stopped by a signal")
        tqdm.write(
            f"Stopped at step {self.system.steps_done}; all is saved. To go on: {PROGRAM} train "
            f"{self.prepared.name} --out {shlex.quote(str(self.prepared.folder.folder))} --resume"
        )

    def diverge(self, error: TrainingDiverged) -> None:
        """Write down that training diverged."""
        self._end(f"diverged at step {error.step}: {error.which}")

    def finish(self) -> None:
        """Write down that the run is done, and say how it went."""
        self.run["finished"] = True
        self._end(None)
        speed, seconds = self.session["images_per_second"], self.session["seconds"]
        tqdm.write(
            f"Done in {seconds:.0f} s, {speed:,.0f} samples/s while training; all is in "
            f"{self.prepared.folder.folder}"
        )

    def _end(self, stopped: str | None) -> None:
        """Write run.json for the last time."""
        self.run["stopped"] = stopped
        self._write_run()

    def _write_run(self) -> None:
        """Write run.json as things are now."""
        self.session["seconds"] = round(time.perf_counter() - self.began, 1)
        self.run["step"] = self.session["end_step"]
        self.prepared.folder.write(self.run)

    def _measure(self) -> dict[str, float]:
        """Return the experiment's numbers that are finite."""
        try:
            metrics = self.prepared.experiment.measure(
                self.prepared.gan, self.prepared.real.reference
            )
        except ValueError as error:  # samples too large to compute with
            tqdm.write(f"not measured: {error}")
            return {}
        return {name: number for name, number in metrics.items() if math.isfinite(number)}

    def _checkpoint(self, metrics: Mapping[str, float] | None) -> None:
        """Write a checkpoint, and remember the best."""
        checkpoints = self.prepared.checkpoints
        checkpoints.save(self.system, metrics)
        best = checkpoints.best()
        self.run["best_checkpoint"] = None if best is None else best.name

    def _picture(self) -> None:
        """Write a picture of the run's state; say once if it cannot be."""
        prepared = self.prepared
        path = prepared.folder.picture(self.system.steps_done)
        try:
            if self.draws:
                seed, reference = prepared.config.training.seed, prepared.real.reference
                images = prepared.experiment.draw(prepared.gan, reference, seed)
                save_picture(images, reference, path)
        except ImportError as error:
            self.draws = False
            tqdm.write(f"no pictures: {error}")
