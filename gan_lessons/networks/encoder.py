"""Encoders: from a sample to a latent code, or to a Gaussian law of codes."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_images, check_rows
from gan_lessons.networks.dcgan import DCGANDiscriminator, DiscriminatorNorm, ImageSize
from gan_lessons.networks.initialisation import initialise
from gan_lessons.networks.mlp import MLP, Activation


class GaussianCode(NamedTuple):
    r"""What an encoder says of z given x: :math:`q(z \mid x) = N(\mu(x), \mathrm{diag}(e^{s(x)}))`.

    Parameters
    ----------
    mean : Tensor (n, z_dim)
        The means :math:`\mu`.
    log_variance : Tensor (n, z_dim)
        The logarithms s of the variances.
    """

    mean: Tensor
    log_variance: Tensor


class MLPEncoder(nn.Module):
    r"""Map points (n, in_features) to a Gaussian law of codes for each.

    A perceptron with ``2 * z_dim`` outputs: first the means, then the logarithms of the variances.
    Weights start at :math:`N(0, 2 / \text{fan-in})`. For a code without a law take
    ``MLP(in_features, z_dim)``.

    Parameters
    ----------
    in_features : int, default 2
        Dimension of the samples.
    z_dim : int, default 2
        Dimension of the codes.
    hidden, layers, activation, rng
        As for `MLP`.
    """

    def __init__(
        self,
        in_features: int = 2,
        z_dim: int = 2,
        hidden: int = 128,
        layers: int = 2,
        activation: Activation = "leaky-relu",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.z_dim = check_count(z_dim, "z_dim")
        self.body = MLP(in_features, 2 * z_dim, hidden, layers, activation, rng)
        self.in_features = self.body.in_features

    def forward(self, x: Tensor) -> GaussianCode:
        """Map x (n, in_features) to means and log-variances, each (n, z_dim)."""
        check_rows(x, "x", self.in_features)
        mean, log_variance = self.body(x).chunk(2, dim=1)
        return GaussianCode(mean, log_variance)


class _Convolutions(nn.Module):
    """The convolutions of a discriminator and a linear layer: all that image encoders share."""

    def __init__(
        self,
        image_size: ImageSize,
        channels: int,
        outputs: int,
        width: int,
        normalisation: DiscriminatorNorm,
        rng: torch.Generator | None,
    ) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):  # all weights are drawn afresh below
            source = DCGANDiscriminator(image_size, channels, width, normalisation)
            self.body = source.layers[:-1]
            self.head = nn.Linear(source.n_features, outputs)
        self.n_features = source.n_features
        self.image_size, self.channels = source.image_size, source.channels
        initialise(self, rng, std=None)

    def outputs(self, images: Tensor) -> Tensor:
        """Map images to the numbers (n, outputs) of the last layer."""
        check_images(images, "images", self.channels, self.image_size)
        return self.head(self.body(images))


class DeterministicImageEncoder(_Convolutions):
    r"""Map images (n, channels, image_size, image_size) to codes (n, z_dim).

    The convolutions of `DCGANDiscriminator`, then a linear layer to ``z_dim`` numbers in place of
    one logit: `DCGANGenerator` read backwards. Weights start at :math:`N(0, 2 / \text{fan-in})`.

    Parameters
    ----------
    image_size, channels, width, normalisation
        As for `DCGANDiscriminator`; the linear layer is never normalised.
    z_dim : int, default 64
        Dimension of the codes.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.
    """

    def __init__(
        self,
        image_size: ImageSize = 32,
        channels: int = 1,
        z_dim: int = 64,
        width: int = 64,
        normalisation: DiscriminatorNorm = "none",
        rng: torch.Generator | None = None,
    ) -> None:
        check_count(z_dim, "z_dim")
        super().__init__(image_size, channels, z_dim, width, normalisation, rng)
        self.z_dim = z_dim

    def forward(self, images: Tensor) -> Tensor:
        """Map images to codes (n, z_dim)."""
        return self.outputs(images)


class ImageEncoder(_Convolutions):
    r"""Map images (n, channels, image_size, image_size) to a Gaussian law of codes for each.

    As `DeterministicImageEncoder`, with ``2 * z_dim`` numbers at the end: first the means, then the
    logarithms of the variances.

    Parameters
    ----------
    image_size, channels, z_dim, width, normalisation, rng
        As for `DeterministicImageEncoder`.
    """

    def __init__(
        self,
        image_size: ImageSize = 32,
        channels: int = 1,
        z_dim: int = 64,
        width: int = 64,
        normalisation: DiscriminatorNorm = "none",
        rng: torch.Generator | None = None,
    ) -> None:
        check_count(z_dim, "z_dim")
        super().__init__(image_size, channels, 2 * z_dim, width, normalisation, rng)
        self.z_dim = z_dim

    def forward(self, images: Tensor) -> GaussianCode:
        """Map images to means and log-variances, each (n, z_dim)."""
        mean, log_variance = self.outputs(images).chunk(2, dim=1)
        return GaussianCode(mean, log_variance)
