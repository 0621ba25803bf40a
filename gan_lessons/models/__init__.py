"""Models: systems with more than a generator and a discriminator of samples.

`conditional.py` has the GAN that is told a class; `base.py` has what the models with more networks
share, for a model of your own, too. `pix2pix.py` and `cyclegan.py` translate images, from pairs and
without; `image_pool.py` keeps earlier ones, `translation_config.py` has their numbers. Each is a
*system*: ``train``, checkpoints and the command line take it as they take a ``GANState``.
"""

from gan_lessons.models.base import NetworkSystem, Player
from gan_lessons.models.conditional import ConditionalGAN
from gan_lessons.models.cyclegan import CycleGAN
from gan_lessons.models.image_pool import ImagePool
from gan_lessons.models.pix2pix import Pix2Pix
from gan_lessons.models.translation_config import CycleGANConfig, Pix2PixConfig, TranslationConfig

__all__ = [
    "ConditionalGAN",
    "CycleGAN",
    "CycleGANConfig",
    "ImagePool",
    "NetworkSystem",
    "Pix2Pix",
    "Pix2PixConfig",
    "Player",
    "TranslationConfig",
]
