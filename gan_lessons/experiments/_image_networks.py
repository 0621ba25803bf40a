"""The networks of every image GAN of this folder, and what both players' images pass through."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan_lessons.data import random_shift
from gan_lessons.networks import DCGANDiscriminator, DCGANGenerator, initialise
from gan_lessons.training.state import Augment


def image_networks(
    image_size: int, channels: int, z_dim: int, width: int, fan_in_start: bool, seed: int
) -> tuple[DCGANGenerator, DCGANDiscriminator]:
    """Return a DCGAN's two networks, whose first weights depend on ``seed`` alone.

    Parameters
    ----------
    image_size, channels, z_dim, width
        As in ``DCGANGenerator``.
    fan_in_start
        As in ``ImageGANConfig``.
    seed
        Of the weights.
    """
    rng = torch.Generator().manual_seed(seed)
    size: Any = image_size
    generator = DCGANGenerator(size, channels, z_dim, width, rng=rng)
    discriminator = DCGANDiscriminator(size, channels, width, rng=rng)
    if fan_in_start:
        initialise(discriminator, rng, std=None)
    return generator, discriminator


def shift_augmentation(max_shift: int) -> Augment | None:
    """Return what ``GANState`` calls to shift images by up to ``max_shift`` pixels, or None."""
    return partial(_shift, max_pixels=max_shift) if max_shift else None


def _shift(images: Tensor, rng: torch.Generator, max_pixels: int) -> Tensor:
    """Shift each image, as ``GANState`` wants to call it."""
    return random_shift(images, max_pixels, rng)
