"""Where the mass of two laws lies: the panels on which their integrals are computed."""

import math

import torch
from torch import Tensor

from gan_lessons.distributions import Distribution, UnivariateDistribution

TAIL_PANELS = 100  # each twice as wide as the one before: the last lies 2^100 widths out


def check_law(law: object, name: str) -> Distribution:
    """Return ``law`` if its log-density is known."""
    if not isinstance(law, Distribution):
        raise TypeError(
            f"{name} must be a law with log_prob(x), such as distributions.Normal(0.0, 1.0), "
            f"got {type(law).__name__}."
        )
    return law


def check_univariate(law: object, name: str) -> UnivariateDistribution:
    """Return ``law`` if it can be integrated over the line."""
    check_law(law, name)
    if not isinstance(law, UnivariateDistribution) or law.dim != 1:
        found = f"dim={law.dim}" if isinstance(law, Distribution) else type(law).__name__
        raise ValueError(
            f"{name} must be one-dimensional, with support, breakpoints and cdf, to be "
            f"integrated by quadrature, got {found}."
        )
    return law


def _check_resolved(law: UnivariateDistribution, name: str) -> None:
    """Raise where a mode is so narrow beside its distance from 0 that float64 steps over it."""
    points = torch.tensor(_finite_points(law), dtype=torch.float64)
    if points.numel() == 0:
        return
    # The mass between two neighbouring numbers; a density may be infinite at an edge.
    mass = law.log_prob(points).exp() * torch.finfo(torch.float64).eps * points.abs()
    mass = torch.where(torch.isinf(mass), torch.zeros_like(mass), mass)
    if float(mass.max()) > 0.1:
        raise ValueError(
            f"{name} is too narrow at x = {float(points[mass.argmax()]):.6g}: float64 has too few "
            f"numbers within its width there; move both laws nearer to 0, or widen it."
        )


def _finite_points(law: UnivariateDistribution) -> list[float]:
    """Breakpoints and finite ends of the support."""
    points = [float(point) for point in law.breakpoints()]
    points += [float(end) for end in law.support()]
    return [point for point in points if math.isfinite(point)]


def _graded(left: float, right: float, left_width: float, right_width: float) -> list[float]:
    """Points strictly between two edges, at doubling distances from both.

    A wide gap next to a narrow mode would else be one panel, whose nodes step over the
    flank of the mode.
    """
    points = []
    middle = left + (right - left) / 2
    step = left_width
    while left + step < middle:
        points.append(left + step)
        step *= 2
    step = right_width
    while right - step > middle:
        points.append(right - step)
        step *= 2
    return points


def panel_edges(p: UnivariateDistribution, q: UnivariateDistribution) -> tuple[Tensor, bool, bool]:
    """Edges of panels that cover both supports, and whether the left and right end are infinite.

    Between the breakpoints the panels are graded; beyond them, where a support is infinite, they
    double in width, so that tails of any scale are seen.
    """
    _check_resolved(p, "p")
    _check_resolved(q, "q")
    edges = sorted(set(_finite_points(p) + _finite_points(q)))
    # Edges closer than rounding can tell apart make no panel.
    kept = edges[:1]
    for edge in edges[1:]:
        if edge - kept[-1] > 4e-16 * max(abs(edge), abs(kept[-1])):
            kept.append(edge)
    if len(kept) < 2:
        raise ValueError(f"The breakpoints of p and q must hold two points, got {kept}.")
    widths = [right - left for left, right in zip(kept[:-1], kept[1:], strict=True)]
    inner = []
    for i, (left, right) in enumerate(zip(kept[:-1], kept[1:], strict=True)):
        before = widths[i - 1] if i > 0 else widths[i]
        after = widths[i + 1] if i + 1 < len(widths) else widths[i]
        inner += _graded(left, right, before, after)
    lows, highs = zip(p.support(), q.support(), strict=True)
    left_infinite, right_infinite = math.isinf(min(lows)), math.isinf(max(highs))
    steps = [2.0**k - 1.0 for k in range(1, TAIL_PANELS + 1)]
    tails = [kept[0] - widths[0] * step for step in steps] if left_infinite else []
    tails += [kept[-1] + widths[-1] * step for step in steps] if right_infinite else []
    points = torch.tensor(sorted(set(kept + inner + tails)), dtype=torch.float64)
    return points, left_infinite, right_infinite
