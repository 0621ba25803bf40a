"""Chapter 8's recipe on eight seeds that had no part in choosing it (chapter 8, "Eight new seeds").

``python -m gan_lessons.experiments.digits_report [workers]`` trains one GAN a seed and writes
``book/runs/digits_report.json``. The recipe was chosen on seeds 0 to 7.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons.data import Labelled, load
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.image_gan import (
    PRESETS,
    Floor,
    ImageGANConfig,
    Yardstick,
    make_gan,
    train_classifier,
)
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.metrics import class_frequencies, nearest_neighbours
from gan_lessons.training import train


@dataclass(frozen=True)
class ReportConfig:
    """The report: one recipe, seeds that were kept back.

    Parameters
    ----------
    base
        The recipe.
    seeds
        One GAN each.
    near
        A sample is called near if its nearest training image is nearer than this quantile of the
        held-out images' nearest ones; real images are near with exactly this share.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    base: ImageGANConfig = PRESETS["laptop"]
    seeds: tuple[int, ...] = tuple(range(1000, 1008))
    near: float = 0.05

    def __post_init__(self) -> None:
        if not isinstance(self.base, ImageGANConfig):
            raise TypeError(f"base must be an ImageGANConfig, got {type(self.base).__name__}.")
        check_counts(self.seeds, "seeds", minimum=0)
        if not isinstance(self.near, float) or not 0 < self.near < 1:
            raise ValueError(f"near must be a share between 0 and 1, got {self.near!r}.")


class Outcome(NamedTuple):
    """What is recorded of one run, after its last step.

    ``frechet`` is of the averaged weights, ``frechet_last`` of the last ones; ``rarest`` and
    ``commonest`` are the smallest and the largest share of a class; ``near_pixels`` and
    ``near_features`` are the shares of samples that are near a training image.
    """

    frechet: float
    frechet_last: float
    rarest: float
    commonest: float
    near_pixels: float
    near_features: float


class Task(NamedTuple):
    """One run: settings and what is needed to train and to measure."""

    config: ImageGANConfig
    training: Labelled
    held_out: Tensor
    yardstick: Yardstick
    near: float


def near_share(samples: Tensor, training: Tensor, held_out: Tensor, quantile: float) -> float:
    """Return the share of samples nearer to a training row than held-out rows mostly are.

    Parameters
    ----------
    samples, training, held_out : Tensor (n, d)
        Rows of pixels or of features.
    quantile : float
        Of the held-out rows' distances to their nearest training rows.

    Returns
    -------
    float
        About ``quantile`` for real rows, up to 1 for copies.
    """
    usual = nearest_neighbours(held_out, training).distances[:, 0]
    found = nearest_neighbours(samples, training).distances[:, 0]
    return (found < usual.quantile(quantile)).double().mean().item()


def run_once(task: Task) -> Outcome:
    """Train one GAN and measure it; called in a process of its own."""
    torch.set_num_threads(1)
    gan = make_gan(task.config)
    for _ in train(gan, task.training.images, gan.config):
        pass
    n, yardstick = task.yardstick.n, task.yardstick
    rng = torch.Generator().manual_seed(task.config.seed)
    samples = gan.sample(n, rng)
    last = gan.sample(n, rng.manual_seed(task.config.seed), ema=False)
    with torch.no_grad():
        shares = class_frequencies(yardstick.classifier(samples))
    training, held_out = task.training.images, task.held_out
    pixels = near_share(samples.flatten(1), training.flatten(1), held_out.flatten(1), task.near)
    rows = [yardstick.features(images) for images in (samples, training, held_out)]
    features = near_share(rows[0], rows[1], rows[2], task.near)
    return Outcome(
        yardstick.distance(samples),
        yardstick.distance(last),
        shares.min().item(),
        shares.max().item(),
        pixels,
        features,
    )


def make_tasks(config: ReportConfig) -> tuple[list[Task], Floor]:
    """Return the task of each seed, and the floor that they share."""
    base = config.base
    training = load(base.dataset, "train", size=base.image_size)
    held_out = load(base.dataset, "test", size=base.image_size).images
    classifier = train_classifier(training, base.classifier_epochs).requires_grad_(False)
    yardstick = Yardstick(classifier, held_out)
    tasks = [
        Task(replace(base, seed=seed), training, held_out, yardstick, config.near)
        for seed in config.seeds
    ]
    return tasks, yardstick.floor(training.images)


def run(config: ReportConfig, workers: int = 1) -> dict[str, Any]:
    """Train and measure every seed; return plain data for ``save_recorded``.

    Parameters
    ----------
    config
        Settings.
    workers
        Processes; the numbers do not depend on it.
    """
    tasks, floor = make_tasks(config)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(run_once, tasks))
    return {
        "columns": list(Outcome._fields),
        "floor": list(floor.distances),
        "n": floor.n,
        "runs": [[float(f"{number:.5g}") for number in outcome] for outcome in outcomes],
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    started = time.perf_counter()
    found = run(ReportConfig(), workers=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(
        save_recorded("digits_report", asdict(ReportConfig()), found, time.perf_counter() - started)
    )
