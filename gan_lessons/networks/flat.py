"""Perceptrons from codes to images and back: pixels without an order."""

from math import prod
from typing import Literal

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_choice, check_images, check_rows
from gan_lessons.networks.initialisation import initialise

FlatNorm = Literal["batch", "none"]


class ImageMLPGenerator(nn.Module):
    r"""Map z (n, z_dim) to images (n, channels, image_size, image_size) in [-1, 1].

    A perceptron with ReLU whose outputs are the pixels, after tanh. Moving all pixels of the data
    by one permutation changes nothing for it ("permutation invariant").

    Parameters
    ----------
    image_size : int, default 28
        Side of the images in pixels, any.
    channels : int, default 1
        1 for grey, 3 for colour.
    z_dim : int, default 50
        Dimension of the latent z.
    hidden : int, default 1024
        Units in each hidden layer.
    layers : int, default 2
        Number of hidden layers.
    normalisation : {"batch", "none"}, default "batch"
        What stands between a layer and its activation.
    rng : torch.Generator, optional
        Source of the initial weights, :math:`N(0, 2 / \text{fan-in})`; None draws from torch's
        default generator.

    References
    ----------
    Donahue et al. (2017), section 4.2.
    """

    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        z_dim: int = 50,
        hidden: int = 1024,
        layers: int = 2,
        normalisation: FlatNorm = "batch",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.image_shape = _shape(channels, image_size)
        self.z_dim = check_count(z_dim, "z_dim")
        outputs = prod(self.image_shape)
        self.layers = _perceptron(z_dim, outputs, hidden, layers, normalisation, nn.ReLU(), rng)

    def forward(self, z: Tensor) -> Tensor:
        """Map z (n, z_dim) to images."""
        check_rows(z, "z", self.z_dim)
        return torch.tanh(self.layers(z)).unflatten(1, self.image_shape)


class ImageMLPEncoder(nn.Module):
    r"""Map images (n, channels, image_size, image_size) to codes (n, z_dim).

    `ImageMLPGenerator` read backwards, with leaky ReLU of slope 0.2 and a linear layer at its end.

    Parameters
    ----------
    image_size, channels, z_dim, hidden, layers, normalisation, rng
        As for `ImageMLPGenerator`.
    standardised : bool, default False
        Whether each number of the codes is brought to mean 0 and variance 1 over the batch, which
        a standard normal z has, too; in evaluation mode with running averages.

    References
    ----------
    Donahue et al. (2017), section 4.2.
    """

    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        z_dim: int = 50,
        hidden: int = 1024,
        layers: int = 2,
        normalisation: FlatNorm = "batch",
        rng: torch.Generator | None = None,
        standardised: bool = False,
    ) -> None:
        super().__init__()
        self.image_shape = _shape(channels, image_size)
        self.z_dim = check_count(z_dim, "z_dim")
        inputs, activation = prod(self.image_shape), nn.LeakyReLU(0.2)
        self.layers = _perceptron(inputs, z_dim, hidden, layers, normalisation, activation, rng)
        if standardised:
            self.layers.append(nn.BatchNorm1d(z_dim, affine=False))

    def forward(self, images: Tensor) -> Tensor:
        """Map images to codes (n, z_dim)."""
        check_images(images, "images", self.image_shape[0], self.image_shape[1])
        return self.layers(images.flatten(1))


def _shape(channels: int, image_size: int) -> tuple[int, int, int]:
    """Return the shape of one image."""
    side = check_count(image_size, "image_size")
    return check_count(channels, "channels"), side, side


def _perceptron(
    inputs: int,
    outputs: int,
    hidden: int,
    layers: int,
    normalisation: FlatNorm,
    activation: nn.Module,
    rng: torch.Generator | None,
) -> nn.Sequential:
    """Return a perceptron, with batch normalisation before each activation where it is wanted."""
    check_count(hidden, "hidden")
    check_choice(normalisation, "normalisation", ("batch", "none"))
    normalised = normalisation == "batch"
    parts: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
        for layer in range(check_count(layers, "layers")):
            size = hidden if layer else inputs
            parts.append(nn.Linear(size, hidden, bias=not normalised))
            parts += [nn.BatchNorm1d(hidden), activation] if normalised else [activation]
        network = nn.Sequential(*parts, nn.Linear(hidden, outputs))
    initialise(network, rng, std=None)
    return network
