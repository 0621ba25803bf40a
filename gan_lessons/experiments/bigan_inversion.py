"""How well E inverts the learned G, and how it stands to the map that made the data."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons.models import BiGAN
from gan_lessons.two_sample import energy_distance


def true_map(z: Tensor) -> Tensor:
    r"""Return the data x = T(z), one to one and smooth.

    On a line :math:`T(z) = \tfrac12 z + \tanh(3 z)`, which makes two clusters; in the plane
    :math:`T(z) = (z_1, \tfrac12 z_2 + \tfrac12 z_1^2 - \tfrac12)`, which bends the Gaussian.

    Parameters
    ----------
    z : Tensor (n, d)
        d is 1 or 2.

    Returns
    -------
    Tensor (n, d)
    """
    if z.shape[1] == 1:
        return z / 2 + torch.tanh(3 * z)
    return torch.stack([z[:, 0], z[:, 1] / 2 + z[:, 0].square() / 2 - 0.5], dim=1)


class Errors(NamedTuple):
    """Root mean squared errors; what is small where E inverts G, and what need not be.

    Parameters
    ----------
    codes
        Of E(G(z)) against z, per coordinate (the prior's standard deviation is 1).
    samples
        Of G(E(x)) against x, over that of another x drawn at random.
    true_codes
        Of E(T(z)) against z: E against the inverse of the map that made the data.
    turned
        The same after the best rotation or reflection of the codes.
    angle
        That of the best turn of the codes back to z in degrees, -180 to 180 (0 on a line).
    reflected
        1 where the best turn has a reflection, else 0.
    energy_distance
        Of samples to data.
    """

    codes: float
    samples: float
    true_codes: float
    turned: float
    angle: float
    reflected: float
    energy_distance: float


def measure(gan: BiGAN, n: int, seed: int = 0) -> Errors:
    """Return how well E inverts the learned G, and how it stands to the map that made the data.

    Parameters
    ----------
    gan
        Its averaged weights are used.
    n
        Points.
    seed
        Draws them.

    Returns
    -------
    Errors
    """
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(n, gan.config.z_dim, generator=rng)
    x = true_map(z)
    spread = _rms(x.roll(1, 0) - x)
    codes = gan.encode(x)
    left, _, right = torch.linalg.svd(codes.T @ z)  # the orthogonal map nearest to codes -> z
    turn = left @ right
    reflected = bool(torch.linalg.det(turn) < 0)
    plane = turn.shape[0] == 2
    angle = math.degrees(math.atan2(float(turn[0, 1]), float(turn[0, 0]))) if plane else 0.0
    return Errors(
        codes=_rms(gan.encode(gan.decode(z)) - z),
        samples=_rms(gan.reconstruct(x) - x) / spread,
        true_codes=_rms(codes - z),
        turned=_rms(codes @ turn - z),
        angle=angle,
        reflected=float(reflected),
        energy_distance=float(energy_distance(x, gan.sample(n, rng))),
    )


def _rms(difference: Tensor) -> float:
    """Return the root mean square of all entries."""
    return float(difference.square().mean().sqrt())
