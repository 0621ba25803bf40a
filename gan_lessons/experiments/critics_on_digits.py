"""Digits by a classifier, a penalised critic and a normalised one (chapter 11, table "digits").

Part of ``gan_lessons.experiments.critics``, which records it.
"""

from dataclasses import replace

import torch

from gan_lessons.data import load
from gan_lessons.experiments._image_networks import image_networks
from gan_lessons.experiments.image_gan import PRESETS, ImageGANConfig, Yardstick, train_classifier
from gan_lessons.regularizers import spectral_norm
from gan_lessons.training import GANState, train

#: How the digits are trained: objective, d_steps, gp_weight, and whether D is normalised.
DIGITS: dict[str, tuple[str, int, float, bool]] = {
    "non-saturating": ("non-saturating", 1, 0.0, False),
    "WGAN-GP": ("wasserstein", 3, 1.0, False),
    "SN-GAN": ("hinge", 1, 0.0, True),
}


def make_digits_gan(way: str, base: ImageGANConfig, seed: int, steps: int) -> GANState:
    """Return a GAN for digits in one of the ways of ``DIGITS``, ready to be trained."""
    objective, d_steps, weight, normalised = DIGITS[way]
    numbers = replace(
        base.training(),
        steps=steps,
        log_every=steps,
        r1_gamma=0.0,
        d_steps=d_steps,
        gp_weight=weight,
        seed=seed,
    )
    g, d = image_networks(base.image_size, 1, base.z_dim, base.width, base.fan_in_start, seed)
    if normalised:
        spectral_norm(d, rng=torch.Generator().manual_seed(seed))
    return GANState(g, d, objective, numbers)


def make_yardstick(base: ImageGANConfig) -> Yardstick:
    """Return what measures images of digits, by features of a small classifier."""
    training = load(base.dataset, "train", size=base.image_size)
    held_out = load(base.dataset, "test", size=base.image_size).images
    classifier = train_classifier(training, base.classifier_epochs).requires_grad_(False)
    return Yardstick(classifier, held_out)


def run_digits(way: str, steps: int, seeds: tuple[int, ...]) -> list[float]:
    """Return the Frechet distance of each seed trained in one of the ways of ``DIGITS``."""
    base = PRESETS["laptop"]
    training = load(base.dataset, "train", size=base.image_size).images
    yardstick, found = make_yardstick(base), []
    for seed in seeds:
        system = make_digits_gan(way, base, seed, steps)
        for _ in train(system, training, system.config):
            pass
        samples = system.sample(yardstick.n, torch.Generator().manual_seed(seed))
        found.append(float(f"{yardstick.distance(samples):.4g}"))
    return found


def digits_floor() -> list[float]:
    """Return Frechet distances of real digits from held-out ones: no model need get below."""
    base = PRESETS["laptop"]
    training = load(base.dataset, "train", size=base.image_size).images
    return [float(f"{d:.4g}") for d in make_yardstick(base).floor(training).distances]
