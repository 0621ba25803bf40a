"""Models: systems with more than a generator and a discriminator of samples.

`conditional.py` has the GAN that is told a class. Each is a *system*: ``train``, checkpoints and
the command line take it as they take a ``GANState``.
"""

from gan_lessons.models.conditional import ConditionalGAN

__all__ = ["ConditionalGAN"]
