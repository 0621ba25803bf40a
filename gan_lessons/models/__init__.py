"""Models: systems with more than a generator and a discriminator of samples.

`conditional.py` has the GAN that is told a class; `base.py` has what the models with more networks
share, for a model of your own, too. Each is a *system*: ``train``, checkpoints and
the command line take it as they take a ``GANState``.
"""

from gan_lessons.models.base import NetworkSystem, Player
from gan_lessons.models.conditional import ConditionalGAN

__all__ = ["ConditionalGAN", "NetworkSystem", "Player"]
