"""Generative adversarial networks, from the two-sample test to CycleGAN.

Each folder is a noun of the theory; import what you need from it, for example
``from gan_lessons.two_sample import mmd_test``. Importing ``gan_lessons`` alone loads nothing else.
"""

__version__ = "0.1.0"
__all__ = ["__version__"]
