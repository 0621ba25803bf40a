"""GANs that learn images: ``digits``, ``fashion-mnist``, and ``folder`` with a reader's own."""

from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.experiments._image_networks import image_networks, shift_augmentation
from gan_lessons.metrics import frechet_distance
from gan_lessons.networks.dcgan import ImageSize
from gan_lessons.objectives import get_objective
from gan_lessons.training import GANState, TrainConfig, seeded_generator

N_MEASURED = 500  # images on each side of the distance


@dataclass(frozen=True)
class ImageConfig:
    """Settings of the experiments with images.

    Parameters
    ----------
    image_size
        Side in pixels: 8, 16, 28, 32 or 64.
    channels
        1 for grey, 3 for colour.
    width
        Maps before the generator's last layer and after the discriminator's first.
    max_shift
        Both real and generated images are shifted by up to so many pixels before D sees them.
    fan_in_start
        Whether D starts with weights of standard deviation sqrt(2 / fan-in) in place of 0.02.
    objective
        A key of ``OBJECTIVES``.
    training
        The numbers of the run.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    image_size: int = 32
    channels: int = 1
    width: int = 32
    max_shift: int = 2
    fan_in_start: bool = True
    objective: str = "non-saturating"
    training: TrainConfig = TrainConfig(
        steps=2000,
        batch_size=32,
        z_dim=32,
        g_lr=2e-3,
        d_lr=2e-3,
        betas=(0.0, 0.99),
        r1_gamma=0.02,
        ema_decay=0.995,
        log_every=50,
    )

    def __post_init__(self) -> None:
        sizes = get_args(ImageSize)
        if self.image_size not in sizes:
            raise ValueError(
                f"image_size must be one of {', '.join(map(str, sizes))}, got {self.image_size!r}."
            )
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 for grey or 3 for colour, got {self.channels!r}.")
        check_count(self.width, "width")
        if check_count(self.max_shift, "max_shift", minimum=0) >= self.image_size:
            raise ValueError(
                f"max_shift must be below image_size = {self.image_size}, got {self.max_shift}."
            )
        if not isinstance(self.fan_in_start, bool):
            raise TypeError(f"fan_in_start must be True or False, got {self.fan_in_start!r}.")
        get_objective(self.objective)


#: What a GPU trains with: the networks of Radford et al. (2016), more and larger batches.
_FULL = TrainConfig(
    steps=20_000,
    batch_size=128,
    z_dim=64,
    betas=(0.0, 0.99),
    r1_gamma=0.02,
    log_every=100,
    precision="bfloat16",
    channels_last=True,
)

IMAGE_PRESETS: dict[str, dict[str, ImageConfig]] = {
    "digits": {
        "laptop": ImageConfig(image_size=16, width=24, max_shift=1),
        "full": ImageConfig(image_size=16, width=64, max_shift=1, training=_FULL),
    },
    "fashion-mnist": {
        "laptop": ImageConfig(width=16),
        "full": ImageConfig(width=64, training=_FULL),
    },
    "folder": {
        "laptop": ImageConfig(channels=3, width=16),
        "full": ImageConfig(channels=3, width=64, training=_FULL),
    },
}


def make_image_gan(config: ImageConfig, device: torch.device | str = "cpu") -> GANState:
    """Return a new generator and discriminator of images, ready to train.

    Parameters
    ----------
    config
        Its ``training.seed`` also decides the first weights, the same on every device.
    device
        Where to train.

    Returns
    -------
    GANState
    """
    training = config.training
    generator, discriminator = image_networks(
        config.image_size,
        config.channels,
        training.z_dim,
        config.width,
        config.fan_in_start,
        training.seed,
    )
    return GANState(
        generator.to(device),
        discriminator.to(device),
        config.objective,
        training,
        shift_augmentation(config.max_shift),
    )


def measure_images(gan: GANState, reference: Tensor) -> dict[str, float]:
    """Return the Fréchet distance of pixels, of up to 500 samples to as many real images.

    It sees whether brightness and large shapes are right, is fast and needs no classifier; it does
    not see whether an image is sharp (chapter 9).

    Parameters
    ----------
    gan
        Samples come from its averaged weights.
    reference
        Real images (n, c, h, w), if there are any that the GAN does not train on.

    Returns
    -------
    dict
        ``frechet_pixels``; nothing if there are fewer than two real images.
    """
    n = min(len(reference), N_MEASURED)
    if n < 2:
        return {}
    real = reference[torch.linspace(0, len(reference) - 1, n).round().long()]
    samples = gan.sample(n, seeded_generator(0, gan.device)).cpu().float()
    return {"frechet_pixels": frechet_distance(real.flatten(1).cpu(), samples.flatten(1))}
