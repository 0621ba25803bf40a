"""The image GAN of chapter 8, told which class it shows."""

import torch

from gan_lessons.experiments._image_networks import image_networks, shift_augmentation
from gan_lessons.experiments.image_gan import ImageGANConfig
from gan_lessons.models import ConditionalGAN
from gan_lessons.networks import ConditionalGenerator, ProjectionDiscriminator

LABEL_DIM = 8


def make_conditional_gan(
    config: ImageGANConfig, n_classes: int = 10, device: torch.device | str = "cpu"
) -> ConditionalGAN:
    """Return a conditional generator and discriminator, ready to train on images and labels.

    The networks are those of ``make_gan``; the generator's z is longer by a learned vector of
    eight numbers for each class, and the discriminator projects its features on another.

    Parameters
    ----------
    config
        ``seed`` also decides the initial weights, the same on every device.
    n_classes
        Number of classes.
    device
        Where to train.

    Returns
    -------
    ConditionalGAN
        For example ``train(gan, load("digits"), gan.config)``.
    """
    rng = torch.Generator().manual_seed(config.seed)
    plain_generator, plain_discriminator = image_networks(
        config.image_size,
        1,
        config.z_dim + LABEL_DIM,
        config.width,
        config.fan_in_start,
        config.seed,
    )
    generator = ConditionalGenerator(plain_generator, n_classes, LABEL_DIM, rng)
    discriminator = ProjectionDiscriminator(plain_discriminator, n_classes)
    return ConditionalGAN(
        generator.to(device),
        discriminator.to(device),
        n_classes,
        "non-saturating",
        config.training(),
        shift_augmentation(config.max_shift),
    )
