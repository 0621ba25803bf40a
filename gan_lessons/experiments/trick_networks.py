"""Networks, objectives and optimizers that a trick brings along (chapter 12).

The networks keep no buffers, so that many seeds can be trained at once.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize, softplus

from gan_lessons.experiments.mode_runs import Setting, perceptrons
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.objectives import NonSaturating
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


@dataclass(frozen=True)
class OneSidedLabelSmoothing(NonSaturating):
    """The non-saturating objective with real samples labelled 0.9 (Salimans et al., 2016)."""

    name: str = field(default="non-saturating, real label 0.9", init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the cross-entropy, a scalar, from logits (n,) and (m,)."""
        real = 0.9 * softplus(-real_logits) + 0.1 * softplus(real_logits)
        return real.mean() + softplus(fake_logits).mean()


def spherical(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, z on a sphere."""
    generator, discriminator = perceptrons(setting)
    return nn.Sequential(Sphere(), generator), discriminator


def packed_by_2(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Return perceptrons, the discriminator of two samples at once."""
    generator, _ = perceptrons(setting)
    return generator, Packed(MLPDiscriminator(4, setting.hidden), 2)


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
