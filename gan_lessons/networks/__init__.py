"""Networks: nn.Modules and nothing else.

`mlp.py` for points in the plane, `dcgan.py` and `resnet.py` for images of 8 to 64 pixels,
`flat.py` for images as rows of pixels, `encoder.py` for the way back to z, `pairs.py` for judges of
samples with their z, `conditional.py` for networks that are told a class, `classifier.py` for the
features that images are compared by, `initialisation.py` for the first weights, `summary.py` for a
table of shapes; `translator.py` and `unet.py` map images to images, `patchgan.py` judges them patch
by patch. Generators take z (n, z_dim), discriminators return logits (n,), of patches (n, h, w); no
network ends in a sigmoid.
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
from gan_lessons.networks.flat import ImageMLPEncoder, ImageMLPGenerator
from gan_lessons.networks.initialisation import count_parameters, initialise
from gan_lessons.networks.mlp import MLP, MLPDiscriminator, MLPGenerator
from gan_lessons.networks.pairs import ImagePairDiscriminator, MLPPairDiscriminator
from gan_lessons.networks.patchgan import PatchDiscriminator, patch_layers
from gan_lessons.networks.resnet import ResNetDiscriminator, ResNetGenerator
from gan_lessons.networks.summary import LayerSummary, NetworkSummary, summarise
from gan_lessons.networks.translator import ResnetTranslator
from gan_lessons.networks.unet import UNetTranslator

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
    "ImageMLPEncoder",
    "ImageMLPGenerator",
    "ImagePairDiscriminator",
    "LayerSummary",
    "MLPDiscriminator",
    "MLPEncoder",
    "MLPGenerator",
    "MLPPairDiscriminator",
    "NetworkSummary",
    "PatchDiscriminator",
    "ProjectionDiscriminator",
    "ResNetDiscriminator",
    "ResNetGenerator",
    "ResnetTranslator",
    "UNetTranslator",
    "count_parameters",
    "initialise",
    "patch_layers",
    "summarise",
]
