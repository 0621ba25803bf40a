"""What ``python -m gan_lessons train`` can train, by name.

An own folder of images, in one cell::

    experiment = EXPERIMENTS["folder"]
    config = experiment.presets["laptop"]
    real = experiment.load(config, "my_photographs", False)
    gan = experiment.make(config, "cpu")
    for record in train(gan, real.data, gan.config):
        print(record.step, record.d_loss, record.g_loss)
    images = gan.sample(16)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons.data import UnpairedFolder, load, load_folder
from gan_lessons.distributions import Mixture
from gan_lessons.experiments.trainable_images import (
    IMAGE_PRESETS,
    ImageConfig,
    make_image_gan,
    measure_images,
)
from gan_lessons.experiments.trainable_points import (
    POINT_PRESETS,
    PointsConfig,
    make_points_gan,
    measure_points,
)
from gan_lessons.experiments.trainable_translation import (
    UNPAIRED_PRESETS,
    UnpairedConfig,
    draw_unpaired,
    load_unpaired,
    make_unpaired,
    measure_unpaired,
)
from gan_lessons.training import seeded_generator

N_IMAGES, N_POINTS = 64, 2000  # in a picture


class Real(NamedTuple):
    """What a GAN trains on, and what its samples are compared with (for images, held-out ones)."""

    data: Tensor | Mixture | UnpairedFolder
    reference: Tensor | Mixture | UnpairedFolder


def draw_samples(gan: Any, reference: Any, seed: int) -> Tensor:
    """Return samples for a picture, always of the same latent z.

    Parameters
    ----------
    gan
        Its averaged weights draw.
    reference
        Real images, or a law of points.
    seed
        Of the latent z.
    """
    n = N_IMAGES if isinstance(reference, Tensor) else N_POINTS
    return gan.sample(n, seeded_generator(seed, gan.device))


@dataclass(frozen=True)
class Experiment:
    """One thing that can be trained.

    Parameters
    ----------
    description
        One line.
    presets
        Settings by name: ``laptop`` and ``full``; each has a ``training`` of type TrainConfig.
    make
        ``make(config, device)`` returns a new system: a GAN or a CycleGAN.
    load
        ``load(config, path, download)`` returns the real samples, on the CPU: images from the
        folder ``path`` (None: where ``gan_lessons.data`` looks), downloaded only where asked.
    measure
        ``measure(gan, reference)`` returns numbers that say how good samples are.
    best
        Name of the number whose lowest value marks the best checkpoint.
    draw
        ``draw(gan, reference, seed)`` returns what a picture of the run shows.
    """

    description: str
    presets: Mapping[str, Any]
    make: Callable[[Any, torch.device | str], Any]
    load: Callable[[Any, str | Path | None, bool], Real]
    measure: Callable[[Any, Any], dict[str, float]]
    best: str
    draw: Callable[[Any, Any, int], Tensor] = draw_samples


def _load_law(config: PointsConfig, path: str | Path | None, download: bool) -> Real:
    """Return the law twice; there are no files."""
    if path is not None:
        raise ValueError(f"path must be left out: the points are drawn from a law, got {path}.")
    return Real(config.law(), config.law())


def _load_set(config: ImageConfig, path: str | Path | None, download: bool, name: str) -> Real:
    """Return the training and the held-out images of a data set."""
    if config.channels != 1:
        raise ValueError(f"channels must be 1: {name} is grey, got {config.channels}.")
    train, held_out = (
        load(name, split, config.image_size, path, download).images for split in ("train", "test")
    )
    return Real(train, held_out)


def _load_own(config: ImageConfig, path: str | Path | None, download: bool) -> Real:
    """Return the images of a folder; every tenth is held out where there are at least 1,000."""
    if path is None:
        raise ValueError("path must be a folder with your images, got none.")
    images = load_folder(path, config.image_size, config.channels).images
    if len(images) < 1000:  # too few to spare any
        return Real(images, images)
    held_out = torch.arange(len(images)) % 10 == 9
    return Real(images[~held_out], images[held_out])


def _load_unpaired(config: UnpairedConfig, path: str | Path | None, download: bool) -> Real:
    """Return the folders twice: training images for the one, test images for the other."""
    if path is None:
        raise ValueError("path must be a folder with trainA and trainB, got none.")
    folder = load_unpaired(config, path)
    return Real(folder, folder)


def _draw_unpaired(gan: Any, reference: Any, seed: int) -> Tensor:
    """Return translated images; they are the same each time without a seed."""
    return draw_unpaired(gan, reference)


#: The experiments by name.
EXPERIMENTS: dict[str, Experiment] = {
    "ring": Experiment(
        "8 modes on a circle, in the plane",
        POINT_PRESETS["ring"], make_points_gan, _load_law, measure_points, "energy_distance",
    ),
    "grid": Experiment(
        "25 modes on a square grid, in the plane",
        POINT_PRESETS["grid"], make_points_gan, _load_law, measure_points, "energy_distance",
    ),
    "digits": Experiment(
        "1,442 handwritten digits, which come with scikit-learn",
        IMAGE_PRESETS["digits"], make_image_gan, partial(_load_set, name="digits"),
        measure_images, "frechet_pixels",
    ),
    "fashion-mnist": Experiment(
        "60,000 grey pictures of clothes",
        IMAGE_PRESETS["fashion-mnist"], make_image_gan, partial(_load_set, name="fashion-mnist"),
        measure_images, "frechet_pixels",
    ),
    "folder": Experiment(
        "your own images: --data FOLDER",
        IMAGE_PRESETS["folder"], make_image_gan, _load_own, measure_images, "frechet_pixels",
    ),
    "unpaired": Experiment(
        "your own folders trainA and trainB: --data FOLDER",
        UNPAIRED_PRESETS, make_unpaired, _load_unpaired, measure_unpaired, "frechet_pixels",
        _draw_unpaired,
    ),
}  # fmt: skip
