"""From one held-out digit to another: through pixels, a VAE's codes and BiGAN's (chapter 15).

``python -m gan_lessons.experiments.bigan_interpolation`` trains both models and writes
``book/runs/bigan_interpolation.json``.
"""

import time
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.data import Labelled, load
from gan_lessons.experiments.bigan_digits import SIDE, BiGANDigitsConfig, make_bigan
from gan_lessons.experiments.digits_gan import pack_images, unpack_images
from gan_lessons.experiments.recorded import load_recorded, save_recorded
from gan_lessons.metrics.neighbours import nearest_neighbours
from gan_lessons.models import VAE, BiGAN, VAEConfig
from gan_lessons.networks import ImageMLPGenerator, MLPEncoder
from gan_lessons.training import TrainConfig, train

WAYS = ("pixels", "VAE", "BiGAN")


@dataclass(frozen=True)
class InterpolationConfig:
    """Settings of the experiment.

    Parameters
    ----------
    seed
        Of both runs.
    pairs
        Classes of the first and of the last digit. Of each class the test image is taken that is
        nearest to the mean of its class.
    positions
        Shares of the last digit, from 0 to 1.
    observation_std
        The VAE's.
    base
        Settings of the BiGAN; the VAE has its generator, and as many steps.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    seed: int = 1000
    pairs: tuple[tuple[int, int], ...] = ((3, 8), (1, 7), (4, 9), (0, 6))
    positions: tuple[float, ...] = tuple(k / 6 for k in range(7))
    observation_std: float = 0.3
    base: BiGANDigitsConfig = BiGANDigitsConfig()

    def __post_init__(self) -> None:
        check_count(self.seed, "seed", minimum=0)
        if not self.positions or min(self.positions) < 0 or max(self.positions) > 1:
            raise ValueError(f"positions must be within 0 and 1, got {self.positions}.")


def make_vae(config: InterpolationConfig) -> VAE:
    """Return a new VAE with the generator that the BiGAN has, its weights drawn from the seed.

    Parameters
    ----------
    config
        Settings.

    Returns
    -------
    VAE
    """
    base, rng = config.base, torch.Generator().manual_seed(config.seed)
    z_dim = base.training.z_dim
    generator = ImageMLPGenerator(SIDE, 1, z_dim, base.hidden, rng=rng)
    encoder = nn.Sequential(nn.Flatten(), MLPEncoder(SIDE * SIDE, z_dim, base.hidden, rng=rng))
    kept = {name.name: getattr(base.training, name.name) for name in fields(TrainConfig)}
    kept |= {"r1_gamma": 0.0, "seed": config.seed, "g_lr": 1e-3}
    return VAE(
        encoder,
        generator,
        VAEConfig(**kept, e_lr=1e-3, observation_std=config.observation_std),
    )


@torch.no_grad()
def between(model: BiGAN | VAE | None, first: Tensor, last: Tensor, shares: Tensor) -> Tensor:
    r"""Return images on the straight line between two codes, or between two images.

    .. math:: G\big((1 - t)\, E(x) + t\, E(x')\big)

    Parameters
    ----------
    model : BiGAN, VAE or None
        Whose codes are taken (of a VAE their means); None blends the pixels.
    first, last : Tensor (1, 1, h, h)
        The images x and x'.
    shares : Tensor (n,)
        The shares t of the last one.

    Returns
    -------
    Tensor (n, 1, h, h)
    """
    if model is None:
        t = shares[:, None, None, None]
        return (1 - t) * first + t * last
    if isinstance(model, VAE):
        codes = model.encode(torch.cat([first, last])).mean
    else:
        codes = model.encode(torch.cat([first, last]))
    t = shares[:, None]
    return model.decode((1 - t) * codes[:1] + t * codes[1:])


def run(config: InterpolationConfig) -> dict[str, Any]:
    """Train BiGAN and VAE and return plain data.

    Parameters
    ----------
    config
        Settings.

    Returns
    -------
    dict
        ``real``, the mean distance of test images to the nearest training image (root of the
        squared pixel distance). ``paths``: for each pair the ``ends``, and for each of ``WAYS``
        ``images`` and their ``distances``.
    """
    training, test = load("digits", "train"), load("digits", "test")
    models: dict[str, BiGAN | VAE | None] = {
        "pixels": None,
        "VAE": make_vae(config),
        "BiGAN": make_bigan(config.base, config.seed),
    }
    for model in models.values():
        if model is not None:
            list(train(model, training.images, model.config))
    real = _to_nearest(test.images, training.images)
    found: dict[str, Any] = {"real": round(float(real.mean()), 3), "paths": {}}
    shares = torch.tensor(config.positions)
    for pair in config.pairs:
        first, last = (_typical(test, label) for label in pair)
        entry: dict[str, Any] = {"ends": pack_images(torch.cat([first, last]))}
        for name, model in models.items():
            images = between(model, first, last, shares)
            gaps = _to_nearest(images, training.images)
            entry[name] = {
                "images": pack_images(images),
                "distances": [round(float(gap), 3) for gap in gaps],
            }
        found["paths"]["{} to {}".format(*pair)] = entry
    return found


class Path(NamedTuple):
    """What is stored of one way between two digits.

    Parameters
    ----------
    images : Tensor (n, 1, 8, 8)
        From the first to the last position.
    distances : tuple of float
        Of each image to the nearest training image.
    """

    images: Tensor
    distances: tuple[float, ...]


class Paths(NamedTuple):
    """What is stored of all ways.

    Parameters
    ----------
    positions : tuple of float
        Shares of the last digit.
    real : float
        Mean distance of test images to the nearest training image.
    ends : dict of str to Tensor
        First and last digit of each pair, (2, 1, 8, 8).
    ways : dict of str to dict of str to Path
        By pair and by the names in ``WAYS``.
    """

    positions: tuple[float, ...]
    real: float
    ends: dict[str, Tensor]
    ways: dict[str, dict[str, Path]]


def recorded_paths() -> Paths:
    """Return what is stored.

    Returns
    -------
    Paths

    Raises
    ------
    FileNotFoundError
        If nothing is stored.
    """
    record = load_recorded("bigan_interpolation")
    results, ends, ways = record["results"], {}, {}
    for pair, entry in results["paths"].items():
        ends[pair] = unpack_images(entry["ends"], SIDE)
        ways[pair] = {
            way: Path(unpack_images(entry[way]["images"], SIDE), tuple(entry[way]["distances"]))
            for way in WAYS
        }
    return Paths(tuple(record["config"]["positions"]), results["real"], ends, ways)


def _typical(data: Labelled, label: int) -> Tensor:
    """Return the image of a class that is nearest to the mean of its class, (1, 1, 8, 8)."""
    images = data.images[data.labels == label]
    return images[(images - images.mean(0)).flatten(1).square().sum(1).argmin()][None]


def _to_nearest(images: Tensor, training: Tensor) -> Tensor:
    """Return the distance of each image to the nearest training image, (n,)."""
    return nearest_neighbours(images.flatten(1), training.flatten(1)).distances[:, 0]


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen, started = InterpolationConfig(), time.process_time()
    results = run(chosen)
    seconds = time.process_time() - started
    print(save_recorded("bigan_interpolation", asdict(chosen), results, seconds))
