"""``sample CHECKPOINT``: rebuild the networks from run.json and draw, with the averaged weights."""

import argparse
from pathlib import Path

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
    folder, checkpoint = _find(typed.checkpoint)
    run = folder.read()
    if run is None:
        raise UsageError(
            f"{checkpoint} has no run.json in the folder above its own, which says what networks "
            "it is of: name a checkpoint in the folder where train has put it."
        )
    experiment = EXPERIMENTS.get(run.get("experiment", ""))
    if experiment is None:
        raise UsageError(f"run.json must name an experiment, got {run.get('experiment')!r}.")
    with usage_errors("--device"):
        device = choose_device(typed.device)
    with usage_errors():
        config = restore_config(type(experiment.presets["laptop"]), run.get("config"))
        gan = experiment.make(config, device)
        load_checkpoint(checkpoint, gan)
        samples = gan.sample(check_count(typed.n, "n"), seeded_generator(typed.seed, device))
        reference = config.law() if isinstance(config, PointsConfig) else samples
        save_picture(samples, reference, typed.out)
    print(f"{typed.out}: {typed.n} samples of {run['experiment']} at step {gan.steps_done}")
    return 0


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
