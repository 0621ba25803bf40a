"""Multilayer perceptrons: generators and discriminators for points in the plane."""

from typing import Literal

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_choice, check_rows
from gan_lessons.networks.initialisation import initialise

Activation = Literal["relu", "leaky-relu", "tanh", "silu"]
_ACTIVATIONS = {
    "relu": nn.ReLU(),
    "leaky-relu": nn.LeakyReLU(0.2),
    "tanh": nn.Tanh(),
    "silu": nn.SiLU(),
}


class MLP(nn.Module):
    r"""A multilayer perceptron without an activation at its end.

    .. math:: h_0 = x, \quad h_l = a(W_l h_{l-1} + b_l), \quad y = W_{L+1} h_L + b_{L+1}

    Weights start at :math:`N(0, 2 / \text{fan-in})`, biases at 0.

    Parameters
    ----------
    in_features, out_features : int
        Numbers of inputs and outputs.
    hidden : int, default 128
        Units in each hidden layer.
    layers : int, default 2
        Number of hidden layers L; 0 makes an affine map.
    activation : {"relu", "leaky-relu", "tanh", "silu"}, default "leaky-relu"
        The function a; leaky-relu has slope 0.2.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        hidden: int = 128,
        layers: int = 2,
        activation: Activation = "leaky-relu",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.in_features = check_count(in_features, "in_features")
        self.out_features = check_count(out_features, "out_features")
        check_count(hidden, "hidden")
        check_count(layers, "layers", minimum=0)
        check_choice(activation, "activation", tuple(_ACTIVATIONS))
        sizes = [in_features] + [hidden] * layers
        parts: list[nn.Module] = []
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            for size, next_size in zip(sizes, sizes[1:], strict=False):
                parts += [nn.Linear(size, next_size), _ACTIVATIONS[activation]]
            self.layers = nn.Sequential(*parts, nn.Linear(sizes[-1], out_features))
        initialise(self, rng, std=None)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, in_features) to (n, out_features)."""
        check_rows(x, "x", self.in_features)
        return self.layers(x)


class MLPGenerator(MLP):
    """A generator of points: z (n, z_dim) to samples (n, out_features).

    Parameters
    ----------
    z_dim : int, default 2
        Dimension of the latent z.
    out_features : int, default 2
        Dimension of the samples.
    hidden, layers, activation, rng
        As for `MLP`.
    """

    def __init__(
        self,
        z_dim: int = 2,
        out_features: int = 2,
        hidden: int = 128,
        layers: int = 2,
        activation: Activation = "leaky-relu",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__(z_dim, out_features, hidden, layers, activation, rng)
        self.z_dim = self.in_features

    def forward(self, z: Tensor) -> Tensor:
        """Map z (n, z_dim) to samples (n, out_features)."""
        check_rows(z, "z", self.z_dim)
        return self.layers(z)


class MLPDiscriminator(MLP):
    """A discriminator or critic of points: x (n, in_features) to logits (n,).

    Parameters
    ----------
    in_features : int, default 2
        Dimension of the samples.
    hidden, layers, activation, rng
        As for `MLP`.
    """

    def __init__(
        self,
        in_features: int = 2,
        hidden: int = 128,
        layers: int = 2,
        activation: Activation = "leaky-relu",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__(in_features, 1, hidden, layers, activation, rng)
        self.n_features = hidden if layers else in_features

    @property
    def head(self) -> nn.Module:
        """The last layer, which weighs the features."""
        return self.layers[-1]

    def features(self, x: Tensor) -> Tensor:
        """Map x (n, in_features) to the features (n, n_features) that the last layer weighs."""
        check_rows(x, "x", self.in_features)
        return self.layers[:-1](x)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, in_features) to logits (n,); there is no sigmoid here."""
        check_rows(x, "x", self.in_features)
        return self.layers(x).squeeze(1)
