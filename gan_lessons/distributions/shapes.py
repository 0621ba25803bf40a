"""Laws in the plane with a shape: two moons, spirals, a checkerboard."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions.base import as_points, device_of
from gan_lessons.distributions.mixture import Mixture


def moons(std: float = 0.1, n_components: int = 64) -> Mixture:
    """Return two interleaved half circles of radius one, as a fine mixture along both.

    The upper arc is (cos t, sin t), the lower one (1 - cos t, 1/2 - sin t), t in (0, pi). With
    components closer than ``std`` the density along an arc has no visible ripple.

    Parameters
    ----------
    std
        Standard deviation across an arc, positive.
    n_components
        Number of components of both arcs together, even.
    """
    if check_count(n_components, "n_components", 2) % 2:
        raise ValueError(f"n_components must be even (two arcs), got {n_components}.")
    half = n_components // 2
    t = math.pi * (torch.arange(half, dtype=torch.float64) + 0.5) / half
    upper = torch.stack([t.cos(), t.sin()], dim=1)
    lower = torch.stack([1 - t.cos(), 0.5 - t.sin()], dim=1)
    return _along(torch.cat([upper, lower]), std)


def spiral(
    n_turns: float = 1.5,
    n_arms: int = 1,
    radius: float = 1.0,
    std: float = 0.03,
    n_components: int = 256,
) -> Mixture:
    """Return Archimedean spirals from the centre, as a fine mixture uniform in arc length.

    Parameters
    ----------
    n_turns, radius, std
        Turns of an arm, its outer end's distance from the centre, and the standard deviation
        across it; positive.
    n_arms
        Number of arms, each turned by 2 pi / n_arms against the one before.
    n_components
        Components of one arm.
    """
    arms, per_arm = check_count(n_arms, "n_arms"), check_count(n_components, "n_components")
    end = 2 * math.pi * check_positive(n_turns, "n_turns")
    # Arc length of r = t on a fine grid of t, then inverted at equal steps.
    t = torch.linspace(0, end, 4096, dtype=torch.float64)
    length = (t * (1 + t.square()).sqrt() + t.asinh()) / 2
    wanted = length[-1] * (torch.arange(per_arm, dtype=torch.float64) + 0.5) / per_arm
    right = torch.searchsorted(length, wanted)
    share = (wanted - length[right - 1]) / (length[right] - length[right - 1])
    angle = torch.lerp(t[right - 1], t[right], share)
    turns = 2 * math.pi * torch.arange(arms, dtype=torch.float64).unsqueeze(1) / arms
    distance = check_positive(radius, "radius") * angle / end
    x, y = distance * (angle + turns).cos(), distance * (angle + turns).sin()
    return _along(torch.stack([x.reshape(-1), y.reshape(-1)], dim=1), std)


@dataclass(frozen=True)
class Checkerboard:
    r"""Uniform law on the dark cells of a square board centred at the origin.

    A cell (i, j), counted from the lower left corner, is dark where i + j is even.

    .. math:: \log p(x) = -\log(\text{dark cells} \cdot \text{cell}^2)
        \text{ on dark cells}, \quad -\infty \text{ elsewhere}

    Parameters
    ----------
    side
        Cells along one edge, at least one.
    cell
        Edge of one cell, positive.
    """

    side: int = 4
    cell: float = 1.0

    def __post_init__(self) -> None:
        check_count(self.side, "side")
        object.__setattr__(self, "cell", check_positive(self.cell, "cell"))

    @property
    def dim(self) -> int:
        """Number of features, 2."""
        return 2

    @property
    def n_dark(self) -> int:
        """Number of dark cells."""
        return (self.side * self.side + 1) // 2

    def sample(
        self, n: int, rng: torch.Generator | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Draw n samples (n, 2) on the device of ``rng`` (None: torch's default generator)."""
        check_count(n, "n")
        device = device_of(rng)
        # Every second cell is dark, row after row; an even side shifts every other row by one.
        index = torch.randint(self.n_dark, (n,), generator=rng, device=device)
        cells = torch.cartesian_prod(torch.arange(self.side), torch.arange(self.side))
        dark = cells[cells.sum(1) % 2 == 0].to(device)[index]
        unit = torch.rand((n, 2), generator=rng, device=device, dtype=dtype)
        # Rounding must not lift a sample over the edge into a light cell.
        inside = unit.clamp(1e-5, 1 - 1e-5)
        return self.cell * (dark.to(dtype) + inside - self.side / 2)

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density in nats at x (n, 2), shape (n,), -inf outside the dark cells."""
        points = as_points(x, 2)
        position = (points / self.cell + self.side / 2).floor()
        inside = ((position >= 0) & (position < self.side)).all(1)
        dark = inside & (position.sum(1) % 2 == 0)
        value = 0 * points.sum(1) - math.log(self.n_dark * self.cell**2)
        return value.masked_fill(~dark, -math.inf)


def checkerboard(side: int = 4, cell: float = 1.0) -> Checkerboard:
    """Return the uniform law on the dark cells of a side x side board centred at the origin.

    Parameters
    ----------
    side
        Number of cells along an edge.
    cell
        Edge length of a cell.

    Returns
    -------
    Checkerboard
        With exact ``log_prob``.
    """
    return Checkerboard(side, cell)


def _along(means: Tensor, std: float) -> Mixture:
    """Return equal components at the given points (k, 2)."""
    k = means.shape[0]
    return Mixture(torch.full((k,), 1 / k, dtype=torch.float64), means, check_positive(std, "std"))
