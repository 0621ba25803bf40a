"""What chapter 8 trains and measures with: settings by device, the GAN, and the yardstick."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data import Labelled, available
from gan_lessons.experiments._image_networks import image_networks, shift_augmentation
from gan_lessons.metrics import frechet_distance
from gan_lessons.metrics.features import fit_classifier
from gan_lessons.networks import ImageClassifier
from gan_lessons.training import GANState, TrainConfig, seeded_generator


@dataclass(frozen=True)
class ImageGANConfig:
    """Everything that chapter 8 trains with; change it by ``dataclasses.replace``.

    Parameters
    ----------
    dataset, image_size
        As in ``gan_lessons.data.load``; the side in pixels is one that ``DCGANGenerator`` knows.
    z_dim, width
        Size of the networks.
    max_shift
        Both real and generated images are shifted by up to so many pixels before D sees them.
    steps, batch_size, g_lr, d_lr, betas, r1_gamma, ema_decay, log_every, seed
        As in ``TrainConfig``.
    fan_in_start
        Whether D starts with weights of standard deviation sqrt(2 / fan-in) in place of 0.02: so
        narrow a network would otherwise spend its first hundreds of steps growing them.
    classifier_epochs
        Passes over the training images for the classifier that measures.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, or the data set is not known.
    """

    dataset: str = "digits"
    image_size: int = 16
    z_dim: int = 32
    width: int = 24
    max_shift: int = 1
    steps: int = 2000
    batch_size: int = 32
    g_lr: float = 2e-3
    d_lr: float = 2e-3
    betas: tuple[float, float] = (0.0, 0.99)
    r1_gamma: float = 0.02
    ema_decay: float = 0.995
    fan_in_start: bool = True
    log_every: int = 50
    seed: int = 0
    classifier_epochs: int = 12

    def __post_init__(self) -> None:
        if self.dataset not in available():
            raise ValueError(
                f"dataset must be one of {', '.join(available())}, got {self.dataset!r}."
            )
        for name in ("image_size", "width", "classifier_epochs"):
            check_count(getattr(self, name), name)
        if check_count(self.max_shift, "max_shift", minimum=0) >= self.image_size:
            raise ValueError(
                f"max_shift must be below image_size = {self.image_size}, got {self.max_shift}."
            )
        self.training()  # checks the rest

    def training(self) -> TrainConfig:
        """Return the part that the training loop knows."""
        return TrainConfig(
            steps=self.steps,
            batch_size=self.batch_size,
            z_dim=self.z_dim,
            g_lr=self.g_lr,
            d_lr=self.d_lr,
            betas=self.betas,
            r1_gamma=self.r1_gamma,
            ema_decay=self.ema_decay,
            log_every=self.log_every,
            seed=self.seed,
        )


_FULL = ImageGANConfig(
    dataset="fashion-mnist",
    image_size=32,
    z_dim=64,
    width=64,
    max_shift=2,
    steps=20_000,
    batch_size=128,
    g_lr=2e-4,
    d_lr=2e-4,
    ema_decay=0.999,
    log_every=500,
    classifier_epochs=5,
)
PRESETS: dict[str, ImageGANConfig] = {
    "laptop": ImageGANConfig(),
    "full": _FULL,
    "full-64": replace(_FULL, image_size=64, max_shift=4, batch_size=64),
}


def preset_for(device: torch.device | str) -> ImageGANConfig:
    """Return the settings that suit a device: ``full`` on a GPU, ``laptop`` on anything else.

    Raises
    ------
    ValueError
        If it is no device.
    """
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device must be such as 'cpu' or 'cuda', got {device!r}.") from error
    return PRESETS["full" if kind == "cuda" else "laptop"]


def make_gan(config: ImageGANConfig, device: torch.device | str = "cpu") -> GANState:
    """Return a new generator and discriminator, ready to train.

    Parameters
    ----------
    config
        ``seed`` also decides the initial weights, the same on every device.
    device
        Where to train.

    Returns
    -------
    GANState
    """
    generator, discriminator = image_networks(
        config.image_size, 1, config.z_dim, config.width, config.fan_in_start, config.seed
    )
    return GANState(
        generator.to(device),
        discriminator.to(device),
        "non-saturating",
        config.training(),
        shift_augmentation(config.max_shift),
    )


def train_classifier(
    data: Labelled, epochs: int, seed: int = 0, device: torch.device | str = "cpu"
) -> ImageClassifier:
    """Train the small classifier whose features and classes measure the samples.

    Parameters
    ----------
    data
        Training images (n, 1, h, w) and labels; each image is shifted by up to one pixel.
    epochs
        Passes over the data.
    seed
        Of the weights, the order and the shifts.
    device
        Where to train.

    Returns
    -------
    ImageClassifier
        In evaluation mode.
    """
    check_count(epochs, "epochs")
    rng = seeded_generator(seed, "cpu")
    network = ImageClassifier(data.images.shape[-1], width=8, n_features=32, rng=rng).to(device)
    fit_classifier(network, data, epochs, rng)
    return network.eval()


class Floor(NamedTuple):
    """Fréchet distances of real to real images: one for each disjoint sample of training images."""

    distances: tuple[float, ...]
    n: int

    @property
    def mean(self) -> float:
        """Their mean."""
        return sum(self.distances) / len(self.distances)


class Yardstick:
    """Fréchet distance to held-out real images, on a classifier's features.

    Parameters
    ----------
    classifier
        Trained; its features are used.
    held_out
        Real images that neither the classifier nor the GAN was trained on.
    """

    def __init__(self, classifier: ImageClassifier, held_out: Tensor) -> None:
        self.classifier = classifier
        self.n = len(held_out)
        self.reference = self.features(held_out)

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """Return features (n, d) on the classifier's device."""
        device = next(self.classifier.parameters()).device
        return torch.cat([self.classifier.features(part.to(device)) for part in images.split(1000)])

    def distance(self, images: Tensor) -> float:
        """Return the Fréchet distance of as many images as are held out."""
        if len(images) != self.n:
            raise ValueError(
                f"images must be as many as are held out, {self.n}, got {len(images)}."
            )
        return frechet_distance(self.reference, self.features(images))

    def floor(self, training: Tensor, seed: int = 0) -> Floor:
        """Return what real images reach: disjoint random parts of the training images."""
        order = torch.randperm(len(training), generator=torch.Generator().manual_seed(seed))
        parts = [part for part in training[order].split(self.n) if len(part) == self.n]
        return Floor(tuple(self.distance(part) for part in parts), self.n)
