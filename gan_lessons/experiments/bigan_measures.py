"""What is measured of a BiGAN on images, and what its codes are compared with (chapter 15)."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from gan_lessons.data import Labelled
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


def baselines(
    gan: BiGAN, make: Callable[[], BiGAN], config: TrainConfig, training: Labelled, test: Labelled
) -> Iterator[tuple[str, list[float]]]:
    """Measure what E(x) is compared with: accuracy of the nearest neighbour's class, interval.

    Parameters
    ----------
    gan
        Trained; the latent regressor is fitted to its generator.
    make
        Returns new networks of the same form, with the weights that ``gan`` started from.
    config
        For the latent regressor and the autoencoders.
    training, test
        Images and labels, on the device of ``gan``.

    Yields
    ------
    tuple of str and list of float
        Name, and accuracy with its interval over test images.
    """

    def judged(a: Tensor, b: Tensor) -> list[float]:
        share = nearest_class_accuracy(a, training.labels, b, test.labels)
        return [round(number, 5) for number in share]

    x, y = training.images, test.images
    yield "BiGAN", judged(gan.encode(x), gan.encode(y))
    yield "pixels", judged(x.flatten(1), y.flatten(1))
    mean = x.flatten(1).mean(0)
    axes = torch.linalg.eigh(torch.cov((x.flatten(1) - mean).T))[1][:, -config.z_dim :]
    yield "PCA", judged((x.flatten(1) - mean) @ axes, (y.flatten(1) - mean) @ axes)
    with torch.no_grad():
        seen = [gan.discriminator.features(part, gan.encode(part)) for part in (x, y)]  # type: ignore[operator]
    yield "discriminator", judged(*seen)
    parts = make()
    parts.encoder.train()(x[:2000])  # fills the statistics of its normalisation
    untrained = parts.encoder.eval().requires_grad_(False)
    yield "untrained encoder", judged(untrained(x), untrained(y))
    regressor = LatentRegressor(make().encoder, config)
    list(train(regressor, generated_pairs(gan.network("generator"), config.z_dim), config))
    yield "latent regressor", judged(regressor.encode(x), regressor.encode(y))
    distances: tuple[Distance, ...] = ("l2", "l1")
    for distance in distances:
        parts = make()
        autoencoder = Autoencoder(parts.encoder, parts.generator, config, distance)
        list(train(autoencoder, x, config))
        yield f"autoencoder {distance}", judged(autoencoder.encode(x), autoencoder.encode(y))


def squared_distance(a: Tensor, b: Tensor) -> float:
    """Return the mean over images of the sum of squared differences of pixels."""
    return float((a - b).flatten(1).square().sum(1).mean())


def rounded(numbers: dict[str, float]) -> dict[str, float]:
    """Return numbers with five digits."""
    return {name: float(f"{number:.5g}") for name, number in numbers.items()}
