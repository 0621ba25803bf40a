"""BiGAN on the digits: codes of images that nothing asked to reconstruct (chapter 15).

``python -m gan_lessons.experiments.bigan_digits`` trains a BiGAN and what it is compared with, for
each seed, and writes ``book/runs/bigan_digits.json`` after each. The chapter trains one live.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.data import Labelled, load
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.bigan_measures import (
    judged,
    measure,
    pair_features,
    rivals,
    squared_distance,
)
from gan_lessons.experiments.digits_gan import pack_images
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.models import BiGAN
from gan_lessons.networks import (
    ImageMLPEncoder,
    ImageMLPGenerator,
    MLPDiscriminator,
    MLPPairDiscriminator,
)
from gan_lessons.training import GANState, TrainConfig, train

SIDE = 8


@dataclass(frozen=True)
class BiGANDigitsConfig:
    """Settings of the experiment.

    Parameters
    ----------
    seeds
        One comparison for each.
    hidden
        Units in both hidden layers of each network.
    training
        The numbers of a run, of all models alike; ``seed`` is set for each.
    n_shown
        Test images kept of the first seed with their reconstructions, and samples.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    seeds: tuple[int, ...] = tuple(range(1000, 1006))
    hidden: int = 256
    training: TrainConfig = TrainConfig(
        steps=1500,
        batch_size=64,
        z_dim=16,
        g_lr=1e-3,
        d_lr=2e-3,
        r1_gamma=0.01,
        ema_decay=0.995,
        log_every=500,
    )
    n_shown: int = 40

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        check_count(self.hidden, "hidden")
        check_count(self.n_shown, "n_shown")
        if not isinstance(self.training, TrainConfig):
            raise TypeError(f"training must be a TrainConfig, got {self.training!r}.")


def make_bigan(config: BiGANDigitsConfig, seed: int) -> BiGAN:
    """Return a new BiGAN of perceptrons for images of 8 x 8 pixels.

    Parameters
    ----------
    config
        Settings.
    seed
        Of the first weights and of all that is drawn.

    Returns
    -------
    BiGAN
    """
    rng, z_dim = torch.Generator().manual_seed(seed), config.training.z_dim
    return BiGAN(
        ImageMLPGenerator(SIDE, 1, z_dim, config.hidden, rng=rng),
        ImageMLPEncoder(SIDE, 1, z_dim, config.hidden, rng=rng),
        MLPPairDiscriminator(SIDE * SIDE, z_dim, config.hidden, rng=rng),
        "non-saturating",
        replace(config.training, seed=seed),
    )


def make_gan(config: BiGANDigitsConfig, seed: int) -> GANState:
    """Return a GAN with the generator of ``make_bigan`` and a discriminator of images alone.

    Parameters
    ----------
    config, seed
        As for ``make_bigan``.

    Returns
    -------
    GANState
    """
    rng, generator = torch.Generator().manual_seed(seed + 1), make_bigan(config, seed).generator
    judge = MLPDiscriminator(SIDE * SIDE, config.hidden, rng=rng)
    discriminator = nn.Sequential(nn.Flatten(), judge)
    return GANState(generator, discriminator, "non-saturating", replace(config.training, seed=seed))


def compare(
    config: BiGANDigitsConfig, seed: int, training: Labelled, test: Labelled
) -> tuple[dict[str, Any], BiGAN]:
    """Train everything with one seed and measure it.

    Parameters
    ----------
    config
        Settings.
    seed
        Of all runs.
    training, test
        Images and labels.

    Returns
    -------
    tuple
        ``accuracy`` of the nearest neighbour's class by the name of the codes, and what
        ``measure`` says, ``regressor_reconstruction`` (of G(E(x)) for the latent regressor) beside
        it; and the trained BiGAN.
    """
    gan, plain = make_bigan(config, seed), make_gan(config, seed)
    for system in (gan, plain):
        list(train(system, training.images, system.config))
    assert plain.ema is not None
    accuracy = {"discriminator of pairs": judged(pair_features(gan), training, test)[0]}
    judge: MLPDiscriminator = plain.discriminator[1]  # type: ignore[index]
    with torch.no_grad():
        accuracy["discriminator"] = judged(lambda x: judge.features(x.flatten(1)), training, test)[
            0
        ]
    again, generator = partial(make_bigan, config, seed), plain.ema.network
    numbers: dict[str, Any] = measure(gan, training, test)
    for name, codes in rivals(gan, generator, again, gan.config, training.images):
        accuracy[name] = judged(codes, training, test)[0]
        if name == "latent regressor":
            back = _decoded(generator, codes(test.images))
            numbers["regressor_reconstruction"] = squared_distance(back, test.images)
    return {**numbers, "accuracy": accuracy}, gan


def run(config: BiGANDigitsConfig) -> Iterator[dict[str, Any]]:
    """Compare with every seed, yielding all results so far as plain data after each.

    Parameters
    ----------
    config
        Settings.

    Yields
    ------
    dict
        For ``save_recorded``.
    """
    training, test = load("digits", "train"), load("digits", "test")
    results: dict[str, Any] = {"n_test": len(test.labels), "runs": []}
    for seed in config.seeds:
        numbers, gan = compare(config, seed, training, test)
        results["runs"].append(numbers)
        if "images" not in results:
            shown = test.images[: config.n_shown]
            results["images"] = {
                "test": pack_images(shown),
                "reconstructed": pack_images(gan.reconstruct(shown)),
                "samples": pack_images(gan.sample(config.n_shown, gan.rng)),
            }
        yield results


@torch.no_grad()
def _decoded(generator: nn.Module, codes: Tensor) -> Tensor:
    """Return G of codes, in the mode that G is in."""
    return generator(codes)


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen, started = BiGANDigitsConfig(), time.process_time()
    for found in run(chosen):
        seconds = time.process_time() - started
        save_recorded("bigan_digits", asdict(chosen), found, seconds)
        print(found["runs"][-1], f"{seconds:.0f} s", flush=True)
