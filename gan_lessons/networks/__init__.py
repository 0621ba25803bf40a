"""Networks: nn.Modules and nothing else.

`mlp.py` for points in the plane, `dcgan.py` and `resnet.py` for images of 8 to 64 pixels,
`encoder.py` for the way back to z, `conditional.py` for networks that are told a class,
`classifier.py` for the features that images are compared by, `initialisation.py` for the first
weights, `summary.py` for a table of shapes.
Generators take z (n, z_dim), discriminators return logits (n,); no network ends in a sigmoid.
"""

from gan_lessons.networks.classifier import ImageClassifier
from gan_lessons.networks.conditional import (
    ConcatDiscriminator,
    ConditionalGenerator,
    ProjectionDiscriminator,
)
from gan_lessons.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lessons.networks.encoder import (
    DeterministicImageEncoder,
    GaussianCode,
    ImageEncoder,
    MLPEncoder,
)
from gan_lessons.networks.initialisation import count_parameters, initialise
from gan_lessons.networks.mlp import MLP, MLPDiscriminator, MLPGenerator
from gan_lessons.networks.resnet import ResNetDiscriminator, ResNetGenerator
from gan_lessons.networks.summary import LayerSummary, NetworkSummary, summarise

__all__ = [
    "MLP",
    "ConcatDiscriminator",
    "ConditionalGenerator",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "DeterministicImageEncoder",
    "GaussianCode",
    "ImageClassifier",
    "ImageEncoder",
    "LayerSummary",
    "MLPDiscriminator",
    "MLPEncoder",
    "MLPGenerator",
    "NetworkSummary",
    "ProjectionDiscriminator",
    "ResNetDiscriminator",
    "ResNetGenerator",
    "count_parameters",
    "initialise",
    "summarise",
]
