"""``sample CHECKPOINT``: rebuild the networks from run.json and draw, with the averaged weights."""

import argparse
from pathlib import Path
from typing import Any

from gan_lessons._validation import check_count
from gan_lessons.command.errors import UsageError, usage_errors
from gan_lessons.command.pictures import save_picture
from gan_lessons.command.prepare import restore_config
from gan_lessons.command.run_folder import RunFolder
from gan_lessons.experiments.trainable import EXPERIMENTS
from gan_lessons.experiments.trainable_points import PointsConfig
from gan_lessons.training import CheckpointFolder, choose_device, load_checkpoint, seeded_generator


def draw_samples(typed: argparse.Namespace) -> int:
    """Write a PNG of samples, and return 0."""
    if typed.out.suffix.lower() != ".png":
        raise UsageError(f"--out must be a file that ends in .png, got {typed.out}.")
    name, config, gan = load_run(typed.checkpoint, typed.device)
    if not hasattr(gan, "sample"):
        raise UsageError(f"a run of {name} has no samples, it translates: use translate.")
    with usage_errors():
        samples = gan.sample(check_count(typed.n, "n"), seeded_generator(typed.seed, gan.device))
        reference = config.law() if isinstance(config, PointsConfig) else samples
        save_picture(samples, reference, typed.out)
    print(f"{typed.out}: {typed.n} samples of {name} at step {gan.steps_done}")
    return 0


def load_run(checkpoint: Path, device: str) -> tuple[str, Any, Any]:
    """Return what a run was of: the experiment's name, its settings, and the trained system.

    Parameters
    ----------
    checkpoint
        A file of a run, or the run's folder, whose last one is taken.
    device
        Where to put the system.

    Raises
    ------
    UsageError
        If there is no such checkpoint, or it is of something else.
    """
    folder, file = _find(checkpoint)
    run = folder.read()
    if run is None:
        raise UsageError(
            f"{file} has no run.json in the folder above its own, which says what networks "
            "it is of: name a checkpoint in the folder where train has put it."
        )
    name = run.get("experiment", "")
    experiment = EXPERIMENTS.get(name)
    if experiment is None:
        raise UsageError(f"run.json must name an experiment, got {run.get('experiment')!r}.")
    with usage_errors("--device"):
        chosen = choose_device(device)
    with usage_errors():
        config = restore_config(type(experiment.presets["laptop"]), run.get("config"))
        gan = experiment.make(config, chosen)
        load_checkpoint(file, gan)
    return name, config, gan


def _find(path: Path) -> tuple[RunFolder, Path]:
    """Return the run's folder and the checkpoint: the one named, or the last one of a folder."""
    if path.is_dir():
        folder = RunFolder(path)
        last = CheckpointFolder(folder.checkpoints).latest()
        if last is None:
            raise UsageError(f"CHECKPOINT must be a checkpoint or a run's folder; {path} has none.")
        return folder, last
    if not path.is_file():
        raise UsageError(f"CHECKPOINT must be a checkpoint or a run's folder; {path} is not there.")
    return RunFolder(path.resolve().parent.parent), path
