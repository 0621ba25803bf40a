"""Modes in the plane, in two domains, for translations that have several right answers."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Mixture


class Layout(NamedTuple):
    """Where the modes of both domains are.

    Parameters
    ----------
    a, b
        Centres (k, 2); mode i of a is called i, mode j of b is called j.
    """

    a: tuple[tuple[float, float], ...]
    b: tuple[tuple[float, float], ...]


def _turned(n: int, degrees: float) -> tuple[tuple[float, float], ...]:
    """Return n points on the unit circle, the first at an angle."""
    angles = [math.radians(degrees + 360 * k / n) for k in range(n)]
    return tuple((math.cos(angle), math.sin(angle)) for angle in angles)


#: "turned": four modes on a circle, b turned by 45 degrees. "line": three above three others.
LAYOUTS: dict[str, Layout] = {
    "turned": Layout(_turned(4, 0.0), _turned(4, 45.0)),
    "line": Layout(((-1.5, -0.7), (0.0, -0.7), (1.5, -0.7)), ((-1.5, 0.7), (0.0, 0.7), (1.5, 0.7))),
}


class Laws(NamedTuple):
    """Both domains, drawn independently: what a run trains on."""

    a: Mixture
    b: Mixture

    def draw(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return n points of each domain."""
        return self.a.sample(n, rng), self.b.sample(n, rng)


def make_laws(layout: Layout, std: float) -> Laws:
    """Return the mixtures of equal weights at a layout's centres.

    Parameters
    ----------
    layout
        The centres.
    std
        Standard deviation of every mode.
    """

    def law(centres: tuple[tuple[float, float], ...]) -> Mixture:
        k = len(centres)
        return Mixture(torch.full((k,), 1 / k), torch.tensor(centres), torch.full((k,), std))

    return Laws(law(layout.a), law(layout.b))
