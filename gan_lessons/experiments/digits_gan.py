"""What keeps a discriminator from overfitting to 1,442 digits (chapter 8, figure "remedies").

``python -m gan_lessons.experiments.digits_gan [workers]`` trains one GAN for each remedy and seed,
and writes ``book/runs/digits_gan.json`` and ``book/images/digits.png``.
"""

import base64
import sys
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data import load
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.image_gan import (
    PRESETS,
    Floor,
    ImageGANConfig,
    Yardstick,
    make_gan,
    train_classifier,
)
from gan_lessons.experiments.pictures import save_grid
from gan_lessons.experiments.recorded import recorded_folder, save_recorded
from gan_lessons.training import train


@dataclass(frozen=True)
class RemediesConfig:
    """The recorded comparison: every remedy with every seed, measured at the same steps.

    Parameters
    ----------
    base
        The laptop preset; each remedy changes ``r1_gamma`` and ``max_shift`` alone.
    seeds
        One GAN for each remedy and seed.
    measured_at
        Steps after which samples are measured; the last ends the run.
    n_shown
        Digits kept of each measurement of the first seed, for the figure to move.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, or ``measured_at`` does not rise.
    """

    base: ImageGANConfig = PRESETS["laptop"]
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    measured_at: tuple[int, ...] = (50, 100, 200, 300, 400, 600, 800, 1000, 1250, 1500, 1750, 2000)
    n_shown: int = 32

    def __post_init__(self) -> None:
        if not isinstance(self.base, ImageGANConfig):
            raise TypeError(f"base must be an ImageGANConfig, got {type(self.base).__name__}.")
        check_counts(self.seeds, "seeds", minimum=0)
        check_counts(self.measured_at, "measured_at", rising=True)
        check_count(self.n_shown, "n_shown")


def remedies(base: ImageGANConfig) -> dict[str, ImageGANConfig]:
    """Return the four ways to train: without remedy, with either one, with both."""
    return {
        "plain": replace(base, r1_gamma=0.0, max_shift=0),
        "R1": replace(base, max_shift=0),
        "shifts": replace(base, r1_gamma=0.0),
        "R1 and shifts": base,
    }


class Measurement(NamedTuple):
    """What is recorded at one step: a distance, D's mean logits on three sets, the losses."""

    step: int
    frechet: float
    logit_training: float
    logit_held_out: float
    logit_generated: float
    d_loss: float
    g_loss: float


class Task(NamedTuple):
    """One run: settings, the steps to stop at, and what is needed to train and to measure."""

    config: ImageGANConfig
    measured_at: tuple[int, ...]
    training: Tensor
    held_out: Tensor
    yardstick: Yardstick


def run_once(task: Task) -> Iterator[tuple[Measurement, Tensor]]:
    """Train one GAN, yielding a measurement and the samples it was made on, at the given steps.

    The samples at all steps come from the same latent vectors and the averaged weights.
    """
    config, n = task.config, task.yardstick.n
    system = make_gan(config)
    for step in task.measured_at:
        part = replace(system.config, steps=step, log_every=step)
        (record,) = train(system, task.training, part)
        samples = system.sample(n, torch.Generator().manual_seed(config.seed))
        with torch.no_grad():
            sets = (task.training[:n], task.held_out, samples)
            real, new, fake = (system.discriminator(images).mean().item() for images in sets)
        distance = task.yardstick.distance(samples)
        yield Measurement(step, distance, real, new, fake, record.d_loss, record.g_loss), samples


class WholeRun(NamedTuple):
    """All measurements of one run, and the samples (n, 1, h, w) that each was made on."""

    rows: list[Measurement]
    samples: list[Tensor]


Key = tuple[str, int]


def whole_run(task: Task) -> WholeRun:
    """Return one run from start to end; called in a process of its own."""
    torch.set_num_threads(1)
    rows, samples = zip(*run_once(task), strict=True)
    return WholeRun(list(rows), list(samples))


def make_tasks(config: RemediesConfig) -> tuple[dict[Key, Task], Floor]:
    """Return the task of each remedy and seed, and the floor that they share."""
    base = config.base
    training = load(base.dataset, "train", size=base.image_size)
    held_out = load(base.dataset, "test", size=base.image_size).images
    classifier = train_classifier(training, base.classifier_epochs).requires_grad_(False)
    yardstick = Yardstick(classifier, held_out)
    tasks = {
        (name, seed): Task(
            replace(way, seed=seed), config.measured_at, training.images, held_out, yardstick
        )
        for seed in config.seeds
        for name, way in remedies(base).items()
    }
    return tasks, yardstick.floor(training.images)


def collect(config: RemediesConfig, done: dict[Key, WholeRun], floor: Floor) -> dict[str, Any]:
    """Return all runs as plain data, with five digits, and the first seed's samples as text."""
    names, first = remedies(config.base), config.seeds[0]
    return {
        "columns": list(Measurement._fields),
        "floor": list(floor.distances),
        "n": floor.n,
        "runs": {
            name: [
                [[float(f"{number:.5g}") for number in row] for row in done[name, seed].rows]
                for seed in config.seeds
            ]
            for name in names
        },
        "frames": {
            name: [pack_images(samples[: config.n_shown]) for samples in done[name, first].samples]
            for name in names
        },
    }


def run(config: RemediesConfig, workers: int = 1) -> tuple[dict[str, Any], Tensor]:
    """Train every remedy with every seed.

    Parameters
    ----------
    config
        Settings.
    workers
        Processes; the numbers do not depend on it.

    Returns
    -------
    tuple
        Plain data for ``save_recorded``, and the last samples (n, 1, h, w) of the first seed with
        both remedies.
    """
    tasks, floor = make_tasks(config)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = dict(zip(tasks, pool.map(whole_run, tasks.values()), strict=True))
    return collect(config, done, floor), done["R1 and shifts", config.seeds[0]].samples[-1]


def pack_images(images: Tensor) -> str:
    """Write images (n, channels, h, h) in [-1, 1] as text, in 17 levels of each channel."""
    levels = ((images + 1) * 8).round().to(torch.uint8)
    return base64.b64encode(zlib.compress(levels.numpy().tobytes(), 9)).decode("ascii")


def unpack_images(text: str, image_size: int, channels: int = 1) -> Tensor:
    """Return the images (n, channels, h, h) of ``pack_images``."""
    levels = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(text))), dtype=torch.uint8)
    return levels.float().reshape(-1, channels, image_size, image_size) / 8 - 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    started = time.perf_counter()
    chosen = RemediesConfig()
    found, digits = run(chosen, workers=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(save_recorded("digits_gan", asdict(chosen), found, time.perf_counter() - started))
    save_grid(digits[:64], recorded_folder().parent / "images" / "digits.png")
