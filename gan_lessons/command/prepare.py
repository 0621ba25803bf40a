"""What a run needs, made and checked before its first step: settings, networks, data, folder."""

import argparse
import warnings
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from gan_lessons.command.errors import UsageError, usage_errors
from gan_lessons.command.parser import settings, with_settings
from gan_lessons.command.run_folder import RunFolder
from gan_lessons.data import UnpairedFolder
from gan_lessons.experiments.trainable import EXPERIMENTS, Experiment, Real
from gan_lessons.training import CheckpointFolder
from gan_lessons.training.config import MAY_CHANGE


@dataclass(frozen=True)
class Prepared:
    """One run: what is trained, by which settings, on what, and where the results go.

    Parameters
    ----------
    name, preset
        Of the experiment and of the settings it started from.
    config
        The settings.
    gan
        In the state of the last checkpoint, where the run goes on.
    real
        On the device where it fits.
    data
        The folder of the images as it was typed, if any.
    folder, checkpoints
        Where the results go.
    """

    name: str
    preset: str
    config: Any
    gan: Any
    real: Real
    data: str | None
    folder: RunFolder
    checkpoints: CheckpointFolder

    @property
    def experiment(self) -> Experiment:
        """Return what is trained."""
        return EXPERIMENTS[self.name]

    @property
    def images(self) -> dict[str, str] | None:
        """Return what tells the folders of this run from others, where it has several."""
        return getattr(self.real.data, "fingerprints", None)


def prepare(typed: argparse.Namespace, device: torch.device, rank: int = 0) -> Prepared:
    """Return a run that is ready to train.

    Parameters
    ----------
    typed
        What was typed.
    device
        Where to train.
    rank
        Which of several processes; only the first one loads a checkpoint.

    Raises
    ------
    UsageError
        If it cannot be done as it was typed.
    """
    name = typed.experiment
    experiment = EXPERIMENTS[name]
    folder = RunFolder(typed.out or Path("runs", name))
    run = _earlier_run(folder, name, typed.resume)
    preset = typed.preset or (run or {}).get("preset") or preset_for(device)
    if preset not in experiment.presets:
        raise UsageError(f"run.json must have a preset of {[*experiment.presets]}, got {preset!r}.")
    config = _choose_config(typed, experiment.presets[preset], run)
    data = _choose_data(typed, run, rank)
    with usage_errors():
        gan = experiment.make(config, device)
        checkpoints = CheckpointFolder(folder.checkpoints, best=experiment.best)
        if run is None and checkpoints.latest() is not None:
            raise UsageError(f"{folder.checkpoints} holds checkpoints of a run without run.json.")
        if run is not None and rank == 0:
            checkpoints.resume(gan)
        if data is None and name in ("folder", "unpaired"):
            raise UsageError(f"train {name} needs your images: --data FOLDER.")
        real = experiment.load(config, data, typed.download)
        if run is not None:
            _check_same_images(real.data, run.get("images"))
        if isinstance(real.data, torch.Tensor | UnpairedFolder) and not typed.stream:
            real = real._replace(data=real.data.to(device))
    return Prepared(name, preset, config, gan, real, data, folder, checkpoints)


def preset_for(device: torch.device) -> str:
    """Return the preset that suits a device."""
    return "full" if device.type == "cuda" else "laptop"


def _earlier_run(folder: RunFolder, name: str, resume: bool) -> dict[str, Any] | None:
    """Return run.json of the run to go on with, or None; refuse a folder of another run."""
    run = folder.read()
    if run is not None and not resume:
        raise UsageError(
            f"--out {folder.folder} holds a run already (step {run.get('step')}, "
            f"{run.get('experiment')}): go on with it by --resume, or name another folder."
        )
    if run is not None and run.get("experiment") != name:
        raise UsageError(
            f"--out {folder.folder} holds a run of {run.get('experiment')}, not of {name}: "
            "name another folder."
        )
    return run


def _choose_data(typed: argparse.Namespace, run: dict[str, Any] | None, rank: int) -> str | None:
    """Return the folder of the images; refuse another one than the run's, while that is there.

    run.json has it as it was typed, for a run may go on elsewhere, where images lie elsewhere.
    """
    data, stored = typed.data, (run or {}).get("data")
    if stored is None:
        return None if data is None else str(data)
    folder = Path(stored).expanduser()
    if data is None:
        if not folder.exists() and not typed.download:
            raise UsageError(
                f"The run's --data {stored} is not there, looked for from {Path.cwd()}: "
                "say where the images are now by --data FOLDER."
            )
        return str(stored)
    if data.expanduser().resolve() != folder.resolve():
        if folder.exists():
            raise UsageError(
                f"--resume goes on with the same images: the run has --data {stored}, got {data}. "
                "Leave it out, or name another --out."
            )
        if rank == 0:
            warnings.warn(
                f"The run's --data {stored} is not there: it goes on with {data}, where the same "
                "images should be.",
                stacklevel=2,
            )
    return str(data)


def _check_same_images(data: object, stored: dict[str, str] | None) -> None:
    """Refuse to go on with other training images, or with the two domains swapped."""
    if not isinstance(data, UnpairedFolder) or stored is None:
        return
    now, names = data.fingerprints, ("trainA", "trainB")
    differ = [name for name in names if now[name] != stored.get(name)]
    if not differ:
        return
    what = f"other images in {' and '.join(differ)}"
    if [now[name] for name in names] == [stored.get(name) for name in reversed(names)]:
        what = "trainA and trainB swapped"
    raise UsageError(
        f"--resume goes on with the same images: {data.root} has {what}. Put them back, or name "
        "another --out."
    )


def _choose_config(typed: argparse.Namespace, preset: Any, run: dict[str, Any] | None) -> Any:
    """Return the settings: those of the run or preset, with what was typed in their place."""
    names = settings(preset)
    changes = {name: getattr(typed, name) for name in names if hasattr(typed, name)}
    changes = {n: tuple(v) if isinstance(v, list) else v for n, v in changes.items()}
    if run is None:
        with usage_errors():
            return with_settings(preset, changes)
    with usage_errors("run.json"):
        stored = restore_config(type(preset), run.get("config"))
    with usage_errors():
        config = with_settings(preset if typed.preset else stored, changes)
    before, now = settings(stored), settings(config)
    differ = [
        f"{name} {now[name]} (the run has {before[name]})"
        for name in now
        if now[name] != before[name] and name not in MAY_CHANGE
    ]
    if differ:
        raise UsageError(
            f"--resume goes on with the same run: only {', '.join(MAY_CHANGE)} may change, "
            f"got {', '.join(differ)}. Leave them out, or name another --out."
        )
    return config


def restore_config(kind: type[Any], data: Any) -> Any:
    """Return settings of one kind from what run.json holds.

    Parameters
    ----------
    kind
        The dataclass of the settings.
    data
        The dict that ``dataclasses.asdict`` made of them, its tuples as lists.

    Raises
    ------
    TypeError, ValueError
        If it is something else, or a setting has the wrong type or size.
    """
    if not isinstance(data, dict) or not isinstance(data.get("training"), dict):
        raise ValueError(f"config must hold the settings of a run, got {data!r}.")
    training = data["training"]
    own = {name: value for name, value in data.items() if name != "training"}
    of_training = type(kind().training)  # each kind of run has numbers of its own
    known = {field.name for field in (*fields(kind), *fields(of_training))}
    if strange := sorted({*own, *training} - known):
        raise ValueError(f"config has settings that this version does not know: {strange}.")
    training = {n: tuple(v) if isinstance(v, list) else v for n, v in training.items()}
    return kind(**own, training=of_training(**training))
