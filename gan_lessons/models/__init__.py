"""Models: systems with more than a generator and a discriminator of samples.

`conditional.py` has the GAN that is told a class; `base.py` has what the models with more networks
share, for a model of your own, too. `pix2pix.py` and `cyclegan.py` translate images, from pairs and
without; `image_pool.py` keeps earlier ones, `translation_config.py` has their numbers. `vae.py` and
`vae_gan.py` have the autoencoders, `encoder_decoder.py` what these share, `elbo.py` and `bounds.py`
their formulas as functions of tensors. `bigan.py` has the GAN with an encoder, `pair_game.py` its
losses; `latent_regressor.py` and `autoencoder.py` are what it is compared with. Each is a
*system*: ``train``, checkpoints and the command line take it as they take a ``GANState``.
"""

from gan_lessons.models.autoencoder import Autoencoder
from gan_lessons.models.base import LatentSystem, NetworkSystem, Player
from gan_lessons.models.bigan import BiGAN
from gan_lessons.models.bounds import (
    active_units,
    importance_weighted_bound,
    log_importance_weights,
)
from gan_lessons.models.conditional import ConditionalGAN
from gan_lessons.models.cyclegan import CycleGAN
from gan_lessons.models.elbo import (
    gaussian_kl,
    gaussian_log_likelihood,
    negative_elbo,
    reparameterise,
)
from gan_lessons.models.image_pool import ImagePool
from gan_lessons.models.latent_regressor import LatentRegressor, generated_pairs
from gan_lessons.models.pair_game import generator_encoder_loss
from gan_lessons.models.pix2pix import Pix2Pix
from gan_lessons.models.translation_config import CycleGANConfig, Pix2PixConfig, TranslationConfig
from gan_lessons.models.vae import VAE, VAEConfig
from gan_lessons.models.vae_gan import VAEGAN, VAEGANConfig

__all__ = [
    "VAE",
    "VAEGAN",
    "Autoencoder",
    "BiGAN",
    "ConditionalGAN",
    "CycleGAN",
    "CycleGANConfig",
    "ImagePool",
    "LatentRegressor",
    "LatentSystem",
    "NetworkSystem",
    "Pix2Pix",
    "Pix2PixConfig",
    "Player",
    "TranslationConfig",
    "VAEConfig",
    "VAEGANConfig",
    "active_units",
    "gaussian_kl",
    "gaussian_log_likelihood",
    "generated_pairs",
    "generator_encoder_loss",
    "importance_weighted_bound",
    "log_importance_weights",
    "negative_elbo",
    "reparameterise",
]
