"""A GAN, two VAEs and a VAE-GAN with the same generator, data and steps (chapter 13)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from gan_lessons._validation import check_count, check_positive
from gan_lessons.experiments._image_networks import image_networks, shift_augmentation
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.image_gan import PRESETS, ImageGANConfig, make_gan
from gan_lessons.models import VAE, VAEGAN, VAEConfig, VAEGANConfig
from gan_lessons.networks import ImageEncoder
from gan_lessons.training import GANState, System


@dataclass(frozen=True)
class ComparisonConfig:
    """Settings of the comparison on images.

    Parameters
    ----------
    base
        Data set, networks and the GAN's numbers; the others take from it what they can.
    seeds
        Of the runs. Recipes were chosen on seed 0, with one run for each choice.
    measured_at
        Steps after which a run is measured; the last ends it.
    likely_std, sampling_std
        Observation noise of the two VAEs: about the error that is left, where the likelihood is
        highest, and the best of 0.2, 0.3, 0.5 and 0.8 for the Fréchet distance of samples.
    feature_std, reconstruction_weight
        Of the VAE-GAN; between 0.2, which rebuilds better, and 1, whose samples are better.
    betas
        Adam's for the VAEs; VAE-GAN has the GAN's.
    n_draws
        Of z for the bound on the log-likelihood.
    n_shown
        Images kept of the first seed.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    base: ImageGANConfig = replace(PRESETS["laptop"], steps=500)
    seeds: tuple[int, ...] = tuple(range(1000, 1008))
    measured_at: tuple[int, ...] = (250, 500)
    likely_std: float = 0.1
    sampling_std: float = 0.8
    feature_std: float = 0.4
    reconstruction_weight: float = 0.01
    betas: tuple[float, float] = (0.9, 0.99)
    n_draws: int = 20
    n_shown: int = 16

    def __post_init__(self) -> None:
        if not isinstance(self.base, ImageGANConfig):
            raise TypeError(f"base must be an ImageGANConfig, got {type(self.base).__name__}.")
        check_counts(self.seeds, "seeds", minimum=0)
        check_counts(self.measured_at, "measured_at", rising=True)
        for name in ("likely_std", "sampling_std", "feature_std", "reconstruction_weight"):
            check_positive(getattr(self, name), name)
        for name in ("n_draws", "n_shown"):
            check_count(getattr(self, name), name)


#: The digits on a laptop, and Fashion-MNIST for a GPU (not run yet).
COMPARISONS: dict[str, ComparisonConfig] = {
    "digits": ComparisonConfig(),
    "fashion": ComparisonConfig(
        base=PRESETS["full"],
        seeds=tuple(range(1000, 1004)),
        measured_at=(5000, 10_000, 20_000),
    ),
}


def _gan(config: ComparisonConfig, seed: int, device: torch.device | str) -> GANState:
    """Return chapter 8's GAN."""
    return make_gan(replace(config.base, seed=seed), device)


def _vae(config: ComparisonConfig, seed: int, device: torch.device | str, std: float) -> VAE:
    """Return a VAE with the GAN's generator."""
    base = config.base
    size: Any = base.image_size
    generator, _ = image_networks(size, 1, base.z_dim, base.width, base.fan_in_start, seed)
    encoder = ImageEncoder(size, 1, base.z_dim, base.width, rng=_encoder_rng(seed))
    numbers = VAEConfig(
        **asdict(replace(base.training(), seed=seed, betas=config.betas, r1_gamma=0.0)),
        e_lr=base.g_lr,
        observation_std=std,
    )
    return VAE(encoder.to(device), generator.to(device), numbers)


def _likely_vae(config: ComparisonConfig, seed: int, device: torch.device | str) -> VAE:
    """Return the VAE for the likelihood."""
    return _vae(config, seed, device, config.likely_std)


def _sampling_vae(config: ComparisonConfig, seed: int, device: torch.device | str) -> VAE:
    """Return the VAE for samples."""
    return _vae(config, seed, device, config.sampling_std)


def _vae_gan(config: ComparisonConfig, seed: int, device: torch.device | str) -> VAEGAN:
    """Return a VAE-GAN with the GAN's two networks."""
    base = config.base
    size: Any = base.image_size
    generator, discriminator = image_networks(
        size, 1, base.z_dim, base.width, base.fan_in_start, seed
    )
    encoder = ImageEncoder(size, 1, base.z_dim, base.width, rng=_encoder_rng(seed))
    numbers = VAEGANConfig(
        **asdict(replace(base.training(), seed=seed)),
        e_lr=base.g_lr,
        feature_std=config.feature_std,
        reconstruction_weight=config.reconstruction_weight,
    )
    networks = (encoder.to(device), generator.to(device), discriminator.to(device))
    return VAEGAN(*networks, "non-saturating", numbers, shift_augmentation(base.max_shift))


Make = Callable[[ComparisonConfig, int, torch.device | str], System]

#: How each model is made, by its name in tables.
MODELS: dict[str, Make] = {
    "GAN": _gan,
    "VAE, likelihood": _likely_vae,
    "VAE, samples": _sampling_vae,
    "VAE-GAN": _vae_gan,
}


def make_model(
    name: str,
    config: ComparisonConfig = COMPARISONS["digits"],
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Any:
    """Return one of ``MODELS``, ready to train on images.

    Parameters
    ----------
    name
        A key of ``MODELS``.
    config
        Settings.
    seed
        Of weights and training; the generator starts with the same weights in each model.
    device
        Where to train.

    Returns
    -------
    GANState, VAE or VAEGAN

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in MODELS:
        raise ValueError(f"name must be one of {', '.join(MODELS)}, got {name!r}.")
    return MODELS[name](config, seed, device)


def _encoder_rng(seed: int) -> torch.Generator:
    """Return the source of an encoder's first weights, apart from the other networks'."""
    return torch.Generator().manual_seed(seed + 1_000_000)
