"""Discriminators of pairs (x, z): a sample and a code of it."""

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_images, check_rows
from gan_lessons.networks.dcgan import DCGANDiscriminator, DiscriminatorNorm, ImageSize
from gan_lessons.networks.initialisation import initialise
from gan_lessons.networks.mlp import Activation, MLPDiscriminator


class MLPPairDiscriminator(nn.Module):
    r"""Map pairs of a sample and a code to logits (n,): a perceptron on :math:`x \oplus z`.

    The sample is flattened and the code put behind it, so that images are rows of pixels without
    an order ("permutation invariant").

    Parameters
    ----------
    in_features : int, default 2
        Numbers in a sample: d for points, c * h * w for images.
    z_dim : int, default 2
        Dimension of the codes.
    hidden, layers, activation, rng
        As for `MLP`.

    References
    ----------
    Donahue et al. (2017), section 4.2 (permutation-invariant MNIST).
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
        self.in_features = check_count(in_features, "in_features")
        self.z_dim = check_count(z_dim, "z_dim")
        self.body = MLPDiscriminator(in_features + z_dim, hidden, layers, activation, rng)
        self.n_features = self.body.n_features

    def features(self, x: Tensor, z: Tensor) -> Tensor:
        """Map samples (n, ...) and codes (n, z_dim) to the features that the last layer weighs."""
        return self.body.features(self._joined(x, z))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Map samples (n, ...) and codes (n, z_dim) to logits (n,); there is no sigmoid here."""
        return self.body(self._joined(x, z))

    def _joined(self, x: Tensor, z: Tensor) -> Tensor:
        """Return one row for each pair."""
        rows = x.flatten(1)
        check_rows(rows, "x, flattened,", self.in_features)
        _check_code(z, self.z_dim, len(x))
        return torch.cat([rows, z], dim=1)


class ImagePairDiscriminator(nn.Module):
    r"""Map pairs of an image and a code to logits (n,).

    The convolutions of `DCGANDiscriminator` turn the image into features, the code is put behind
    them, and a perceptron with one hidden layer (leaky ReLU of slope 0.2) judges both together:
    its hidden layer is the first place where image and code meet. Weights start at
    :math:`N(0, 2 / \text{fan-in})`.

    Parameters
    ----------
    image_size, channels, width, normalisation
        As for `DCGANDiscriminator`.
    z_dim : int, default 64
        Dimension of the codes.
    hidden : int, default 256
        Units of the hidden layer.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    References
    ----------
    Dumoulin et al. (2017), figure 1, where D has such a form.
    """

    def __init__(
        self,
        image_size: ImageSize = 32,
        channels: int = 1,
        z_dim: int = 64,
        width: int = 64,
        hidden: int = 256,
        normalisation: DiscriminatorNorm = "none",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.z_dim = check_count(z_dim, "z_dim")
        self.n_features = check_count(hidden, "hidden")
        with torch.random.fork_rng(devices=[]):  # all weights are drawn afresh below
            self.images = DCGANDiscriminator(image_size, channels, width, normalisation)
            self.joint = nn.Linear(self.images.n_features + z_dim, hidden)
            self.head = nn.Linear(hidden, 1)
        del self.images.layers[-1]  # its own logit is not used
        initialise(self, rng, std=None)

    def features(self, x: Tensor, z: Tensor) -> Tensor:
        """Map images and codes (n, z_dim) to the features (n, hidden) of the hidden layer."""
        _check_code(z, self.z_dim, len(x))
        check_images(x, "x", self.images.channels, self.images.image_size)
        seen = self.images.layers(x)
        return nn.functional.leaky_relu(self.joint(torch.cat([seen, z], dim=1)), 0.2)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Map images and codes (n, z_dim) to logits (n,); there is no sigmoid here."""
        return self.head(self.features(x, z)).squeeze(1)


def _check_code(z: Tensor, z_dim: int, n: int) -> None:
    """Raise ``ValueError`` unless z is one code for each of n samples."""
    check_rows(z, "z", z_dim)
    if len(z) != n:
        raise ValueError(f"z must have as many rows as x, {n}, got {len(z)}.")
