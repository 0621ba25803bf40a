"""Networks: nn.Modules and nothing else.

`mlp.py` for points in the plane, `dcgan.py` for images of 8 to 64 pixels, `classifier.py` for the
features that images are compared by, `initialisation.py` for the first weights. Generators take
z (n, z_dim), discriminators return logits (n,); no network ends in a sigmoid.
"""

from gan_lessons.networks.classifier import ImageClassifier
from gan_lessons.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lessons.networks.initialisation import count_parameters, initialise
from gan_lessons.networks.mlp import MLP, MLPDiscriminator, MLPGenerator

__all__ = [
    "MLP",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "ImageClassifier",
    "MLPDiscriminator",
    "MLPGenerator",
    "count_parameters",
    "initialise",
]
