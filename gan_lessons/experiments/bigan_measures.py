"""What is measured of a BiGAN on images, and what its codes are compared with (chapter 15)."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from gan_lessons.data import Labelled, random_shift
from gan_lessons.metrics import nearest_class_accuracy
from gan_lessons.models.autoencoder import Autoencoder, Distance
from gan_lessons.models.bigan import BiGAN
from gan_lessons.models.latent_regressor import LatentRegressor, generated_pairs
from gan_lessons.training import TrainConfig, train


def measure(gan: BiGAN, training: Labelled, test: Labelled) -> dict[str, float]:
    """Return accuracy in E(x), and what of test images is left in G(E(x)) and of z in E(G(z)).

    Parameters
    ----------
    gan
        Its averaged weights are used.
    training, test
        Images and labels, on its device.

    Returns
    -------
    dict
        ``accuracy``; ``reconstruction`` and ``random_pairing``, squared pixel distances per image
        of a test image to its own reconstruction and to that of another one; ``inversion``, the
        mean squared error of E(G(z)) per number of z, whose variance is 1.
    """
    codes = gan.encode(test.images)
    share = nearest_class_accuracy(gan.encode(training.images), training.labels, codes, test.labels)
    back = gan.decode(codes)
    z = gan.latent(2000, torch.Generator(gan.device).manual_seed(0))
    return rounded(
        {
            "step": gan.steps_done,
            "accuracy": share.value,
            "reconstruction": squared_distance(back, test.images),
            "random_pairing": squared_distance(back.roll(1, 0), test.images),
            "inversion": float((gan.encode(gan.decode(z)) - z).square().mean()),
        }
    )


Codes = Callable[[Tensor], Tensor]
Draw = Callable[[int, torch.Generator], Tensor]


def moved(images: Tensor, max_shift: int, n: int, rng: torch.Generator) -> Tensor:
    """Return n of the images, each moved by up to ``max_shift`` pixels.

    Parameters
    ----------
    images
        Shape (m, 1, 28, 28).
    max_shift
        In pixels; 0 moves nothing.
    n
        How many.
    rng
        Draws images and shifts.
    """
    rows = torch.randint(len(images), (n,), generator=rng, device=rng.device)
    return random_shift(images[rows.to(images.device)], max_shift, rng)


def rivals(
    gan: BiGAN, generator: nn.Module, make: Callable[[], BiGAN], config: TrainConfig, images: Tensor
) -> Iterator[tuple[str, Codes]]:
    """Fit what E(x) is compared with, one after the other; none sees a label.

    Parameters
    ----------
    gan
        A trained BiGAN.
    generator
        Trained; the latent regressor is fitted to it.
    make
        Returns new networks of the form of ``gan``, with the weights that it started from.
    config
        For the latent regressor and the autoencoders.
    images
        Training images (n, c, h, w), on the device of ``gan``.

    Yields
    ------
    tuple of str and callable
        Name, and a function from images to codes (n, d).
    """
    yield "BiGAN", gan.encode
    yield "pixels", lambda x: x.flatten(1)
    mean = images.flatten(1).mean(0)
    axes = torch.linalg.eigh(torch.cov(images.flatten(1).T))[1][:, -config.z_dim :]
    yield "PCA", lambda x: (x.flatten(1) - mean) @ axes
    untrained = make().encoder
    with torch.no_grad():
        untrained.train()(images[:2000])  # fills the statistics of its normalisation
    yield "untrained encoder", untrained.eval().requires_grad_(False)
    regressor = LatentRegressor(make().encoder, config)
    list(train(regressor, generated_pairs(generator, config.z_dim), config))
    yield "latent regressor", regressor.encode
    distances: tuple[Distance, ...] = ("l2", "l1")
    for distance in distances:
        parts = make()
        autoencoder = Autoencoder(parts.encoder, parts.generator, config, distance)
        list(train(autoencoder, images, config))
        yield f"autoencoder {distance}", autoencoder.encode


def pair_features(gan: BiGAN) -> Codes:
    """Return what D's last layer weighs of (x, E(x)), as a function of x.

    Parameters
    ----------
    gan
        Its discriminator has ``features``.

    Returns
    -------
    callable
    """

    @torch.no_grad()
    def features(x: Tensor) -> Tensor:
        return gan.discriminator.features(x, gan.encode(x))  # type: ignore[operator]

    return features


def judged(codes: Codes, training: Labelled, test: Labelled) -> list[float]:
    """Return the accuracy of the nearest neighbour's class, with its interval over test images.

    Parameters
    ----------
    codes
        From images to codes.
    training, test
        Images and labels.

    Returns
    -------
    list of float
        (value, low, high).
    """
    share = nearest_class_accuracy(
        codes(training.images), training.labels, codes(test.images), test.labels
    )
    return [round(number, 5) for number in share]


def squared_distance(a: Tensor, b: Tensor) -> float:
    """Return the mean over images of the sum of squared differences of pixels."""
    return float((a - b).flatten(1).square().sum(1).mean())


def rounded(numbers: dict[str, float]) -> dict[str, float]:
    """Return numbers with five digits."""
    return {name: float(f"{number:.5g}") for name, number in numbers.items()}
