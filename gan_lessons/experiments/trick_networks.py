"""Networks and optimizers that a trick brings along (chapter 12).

The networks keep no buffers, so that many seeds can be trained at once.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize
from torch.optim import Optimizer

from gan_lessons.experiments.mode_runs import Setting, perceptrons
from gan_lessons.networks import MLP, MLPDiscriminator, MLPGenerator
from gan_lessons.training import GANSeeds


class Sphere(nn.Module):
    """Puts z (n, d) on the sphere of radius sqrt(d), where normal z nearly are for large d."""

    def forward(self, z: Tensor) -> Tensor:
        """Map z (n, d) to (n, d)."""
        return normalize(z, dim=1) * z.shape[1] ** 0.5


class Packed(nn.Module):
    """A discriminator of m samples at once (PacGAN): x (n, d) to one logit per m rows, (n / m,)."""

    def __init__(self, inner: nn.Module, m: int) -> None:
        super().__init__()
        self.inner, self.m = inner, m

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, d) to logits (n / m,)."""
        return self.inner(x.reshape(len(x) // self.m, -1))


class WithBatchSpread(nn.Module):
    """A discriminator that also sees how widely its batch spreads (minibatch std)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, d) to logits (n,); the mean standard deviation goes in as feature d + 1."""
        spread = (x.var(0, correction=0) + 1e-8).sqrt().mean()
        return self.inner(torch.cat([x, spread.expand(len(x), 1)], dim=1))


class UniformLatent(nn.Module):
    """Maps normal z (n, d) to the uniform law on a cube, with mean 0 and variance 1."""

    def forward(self, z: Tensor) -> Tensor:
        """Map z (n, d) to (n, d)."""
        return 3**0.5 * torch.erf(z / 2**0.5)


class Bounded(nn.Module):
    """Ends a generator in 1.5 tanh: its samples stay in a square that holds the ring."""

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, d) to (n, d)."""
        return 1.5 * x.tanh()


class DropoutGenerator(nn.Module):
    """A generator of two hidden layers with half of the hidden units left out, by further noise.

    z (n, d + 2 hidden) is a latent of d dimensions and, for each hidden unit, a normal number: the
    unit is kept, and doubled, where that is positive. So each seed draws its own masks, in
    training and in sampling.
    """

    def __init__(self, z_dim: int, hidden: int) -> None:
        super().__init__()
        self.z_dim, self.hidden = z_dim, hidden
        self.layers = MLPGenerator(z_dim, 2, hidden).layers

    def forward(self, z: Tensor) -> Tensor:
        """Map z (n, z_dim + 2 hidden) to samples (n, 2)."""
        x, first, second = z.split([self.z_dim, self.hidden, self.hidden], dim=1)
        x = self.layers[:2](x) * 2 * (first > 0)
        x = self.layers[2:4](x) * 2 * (second > 0)
        return self.layers[4:](x)


class SpectralLinear(nn.Linear):
    """A linear layer with its weights over their largest singular value.

    That is estimated by eight steps of power iteration from a fixed start. torch's own keeps the
    last vector in a buffer and needs one step.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, in) to (n, out)."""
        matrix = self.weight.detach()
        v = torch.linspace(1.0, 2.0, matrix.shape[1], dtype=matrix.dtype, device=matrix.device)
        for _ in range(8):
            u = normalize(matrix @ v, dim=0)
            v = normalize(matrix.T @ u, dim=0)
        return linear(x, self.weight / (u @ self.weight @ v), self.bias)


class SpectralDiscriminator(nn.Module):
    """A discriminator of two hidden layers that is 1-Lipschitz up to the estimate."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            SpectralLinear(2, hidden),
            nn.LeakyReLU(0.2),
            SpectralLinear(hidden, hidden),
            nn.LeakyReLU(0.2),
            SpectralLinear(hidden, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, 2) to logits (n,)."""
        return self.layers(x).squeeze(1)


def spherical(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, z on a sphere."""
    generator, discriminator = perceptrons(setting)
    return nn.Sequential(Sphere(), generator), discriminator


def uniform(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, z uniform on a square."""
    generator, discriminator = perceptrons(setting)
    return nn.Sequential(UniformLatent(), generator), discriminator


def tanh_at_the_end(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the generator with tanh after its last layer."""
    generator, discriminator = perceptrons(setting)
    return nn.Sequential(generator, Bounded()), discriminator


def dropout_in_g(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the generator with dropout; of z, 2 hidden numbers are its noise."""
    z_dim = setting.training.z_dim - 2 * setting.hidden
    return DropoutGenerator(z_dim, setting.hidden), MLPDiscriminator(2, setting.hidden)


def _normalised(network: MLP, hidden: int) -> nn.Module:
    """Put BatchNorm before both activations of a perceptron."""
    inner = network.layers
    norms = [nn.BatchNorm1d(hidden, track_running_stats=False) for _ in range(2)]
    parts = [inner[0], norms[0], inner[1], inner[2], norms[1], inner[3], inner[4]]
    network.layers = nn.Sequential(*parts)
    return network


def batch_norm_in_d(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the discriminator with BatchNorm."""
    generator, _ = perceptrons(setting)
    return generator, _normalised(MLPDiscriminator(2, setting.hidden), setting.hidden)


def batch_norm_in_g(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the generator with BatchNorm, which uses each batch's own mean."""
    generator = MLPGenerator(setting.training.z_dim, 2, setting.hidden)
    return _normalised(generator, setting.hidden), MLPDiscriminator(2, setting.hidden)


def packed_by_2(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the discriminator of two samples at once."""
    generator, _ = perceptrons(setting)
    return generator, Packed(MLPDiscriminator(4, setting.hidden), 2)


def packed_by_4(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the discriminator of four samples at once."""
    generator, _ = perceptrons(setting)
    return generator, Packed(MLPDiscriminator(8, setting.hidden), 4)


def batch_spread(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the discriminator with the batch's spread."""
    generator, _ = perceptrons(setting)
    return generator, WithBatchSpread(MLPDiscriminator(3, setting.hidden))


def spectral(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the discriminator spectrally normalised."""
    generator, _ = perceptrons(setting)
    return generator, SpectralDiscriminator(setting.hidden)


def _activated(setting: Setting, name: Literal["relu", "tanh"]) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons with another activation in both."""
    z_dim, hidden = setting.training.z_dim, setting.hidden
    generator = MLPGenerator(z_dim, 2, hidden, activation=name)
    return generator, MLPDiscriminator(2, hidden, activation=name)


def with_relu(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons with ReLU, whose gradient is sparse."""
    return _activated(setting, "relu")


def with_tanh(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons with tanh."""
    return _activated(setting, "tanh")


def sgd_for_d(system: GANSeeds) -> None:
    """Train D by plain gradient descent with learning rate 0.1."""
    system.d_optimizer = torch.optim.SGD(system.d_parameters.values(), lr=0.1)  # type: ignore[assignment]


def clip_d(system: GANSeeds) -> None:
    """Cut D's weights to [-0.1, 0.1] after each of its updates, as the first Wasserstein GAN."""

    @torch.no_grad()
    def clip(*_: object) -> None:
        for weight in system.d_parameters.values():
            weight.clamp_(-0.1, 0.1)

    system.d_optimizer.register_step_post_hook(clip)


def falling_rates(system: GANSeeds) -> None:
    """Let both learning rates fall linearly to 0 at ``config.steps``."""
    for optimizer in (system.g_optimizer, system.d_optimizer):
        first = optimizer.param_groups[0]["lr"]

        def slow(changed: Optimizer, *_: object, first: float = first) -> None:
            changed.param_groups[0]["lr"] = first * max(
                0.0, 1 - system.steps_done / system.config.steps
            )

        optimizer.register_step_pre_hook(slow)
