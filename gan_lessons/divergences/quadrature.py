"""Adaptive quadrature in float64, all panels at once, with an error estimate."""

import math
import warnings
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_positive, check_tensor
from gan_lessons.distributions import UnivariateDistribution
from gan_lessons.divergences.laws import check_univariate, panel_edges

__all__ = ["Integral", "integrate", "integrate_over_laws"]

# Gauss-Kronrod pair of 7 and 15 nodes on [-1, 1] (Piessens et al. 1983, QUADPACK): positive
# half, outermost first. Every second node belongs to the Gauss rule too.
_NODES = [
    0.991455371120812639206854697526329,
    0.949107912342758524526189684047851,
    0.864864423359769072789712788640926,
    0.741531185599394439863864773280788,
    0.586087235467691130294144691258415,
    0.405845151377397166906606412076961,
    0.207784955007898467600689403773245,
    0.0,
]
_KRONROD = [
    0.022935322010529224963732008058970,
    0.063092092629978553290700663189204,
    0.104790010322250183839876322541518,
    0.140653259715525918745189590510238,
    0.169004726639267902826583426598550,
    0.190350578064785409913256402421014,
    0.204432940075298892414161999234649,
    0.209482141084727828012999174891714,
]
_GAUSS = [
    0.0,
    0.129484966168869693270611432679082,
    0.0,
    0.279705391489276667901467771423780,
    0.0,
    0.381830050505118944950369775488975,
    0.0,
    0.417959183673469387755102040816327,
]
_ROUNDS = 60
_MOST_PANELS = 20_000


class Integral(NamedTuple):
    """A number found by quadrature: its value, the estimated error, the evaluations spent."""

    value: float
    error: float
    evaluations: int


class _Panels(NamedTuple):
    """Panels with their integrals and error estimates, each (m,)."""

    left: Tensor
    right: Tensor
    value: Tensor
    error: Tensor


def _mirror(half: list[float], sign: float) -> Tensor:
    """Both halves of a symmetric rule, from -1 to 1."""
    full = [sign * entry for entry in half] + half[-2::-1]
    return torch.tensor(full, dtype=torch.float64)


def _evaluate(function: Callable[[Tensor], Tensor], left: Tensor, right: Tensor) -> _Panels:
    """Apply the pair of rules to each panel."""
    nodes, kronrod, gauss = _mirror(_NODES, -1.0), _mirror(_KRONROD, 1.0), _mirror(_GAUSS, 1.0)
    half = (right - left) / 2
    x = (left + half).unsqueeze(1) + half.unsqueeze(1) * nodes
    y = function(x.reshape(-1)).to(torch.float64).reshape(x.shape)
    if bool(torch.isnan(y).any()):
        where = float(x[torch.isnan(y)][0])
        raise ValueError(f"The integrand must be a number, got NaN at x = {where:.6g}.")
    value = (y @ kronrod) * half
    # QUADPACK's estimate: the rules' difference, sharpened by how much y varies on the panel.
    difference = (y @ (kronrod - gauss)).abs() * half
    mean = (value / (2 * half)).unsqueeze(1)
    variation = ((y - mean).abs() @ kronrod) * half
    ratio = (200 * difference / variation.clamp(min=1e-300)).clamp(max=1.0)
    error = torch.where(variation > 0, variation * ratio**1.5, difference)
    # Nothing below rounding can be told: such a panel is done.
    rounding = 50 * torch.finfo(torch.float64).eps * (y.abs() @ kronrod) * half
    error = torch.where(difference <= rounding, torch.zeros_like(error), error)
    return _Panels(left, right, value, error)


def _infinite(panels: _Panels) -> float | None:
    """Infinity with its sign, where a value overflows; None where all are finite."""
    if bool(torch.isfinite(panels.value).all()):
        return None
    above, below = bool((panels.value == math.inf).any()), bool((panels.value == -math.inf).any())
    if above == below:
        raise ValueError("The integral is infinity minus infinity: it is not defined.")
    return math.inf if above else -math.inf


def integrate(
    function: Callable[[Tensor], Tensor],
    edges: Tensor,
    tolerance: float = 1e-10,
) -> Integral:
    r"""Integrate a function over the panels between the edges, halving panels where needed.

    The Gauss-Kronrod pair of 7 and 15 nodes gives value and error of every panel at once; panels
    with too large a share of the error are halved until the sum of the errors is at most
    ``tolerance * max(1e-2, |value|)``.

    Parameters
    ----------
    function : callable, (n,) -> (n,)
        The integrand, in float64. It may be infinite; it may not be NaN.
    edges : Tensor, (m + 1,)
        Increasing edges. Put one at every jump and around every narrow peak.
    tolerance : float
        Wanted accuracy.

    Returns
    -------
    Integral
        ``error`` is the estimate that was reached, also where it is above the tolerance.

    Raises
    ------
    TypeError
        If ``function`` is not a function or ``edges`` not a floating-point tensor.
    ValueError
        If the edges do not rise, or the integrand is NaN somewhere or infinite with both signs.

    References
    ----------
    Piessens et al. (1983), QUADPACK, for the rule and the error estimate.
    """
    check_positive(tolerance, "tolerance")
    if not callable(function):
        raise TypeError(f"function must map points (n,) to (n,), got {type(function).__name__}.")
    edges = check_tensor(edges, "edges").to(torch.float64)
    if edges.dim() != 1 or edges.numel() < 2 or not bool((edges.diff() > 0).all()):
        raise ValueError(f"edges must be at least two rising numbers (m + 1,), got {edges}.")
    panels = _evaluate(function, edges[:-1], edges[1:])
    evaluations = 15 * panels.left.shape[0]
    for _ in range(_ROUNDS):
        infinity = _infinite(panels)
        if infinity is not None:
            return Integral(infinity, 0.0, evaluations)
        wanted = tolerance * max(1e-2, abs(float(panels.value.sum())))
        if float(panels.error.sum()) <= wanted or panels.left.shape[0] > _MOST_PANELS:
            break
        middle = panels.left + (panels.right - panels.left) / 2
        can_halve = (middle > panels.left) & (middle < panels.right)
        split = can_halve & (panels.error > wanted / (2 * panels.left.shape[0]))
        if not bool(split.any()):
            break
        left = torch.cat([panels.left[split], middle[split]])
        right = torch.cat([middle[split], panels.right[split]])
        halves = _evaluate(function, left, right)
        evaluations += 15 * left.shape[0]
        panels = _Panels(
            *(torch.cat([old[~split], new]) for old, new in zip(panels, halves, strict=True))
        )
    return Integral(float(panels.value.sum()), float(panels.error.sum()), evaluations)


def integrate_over_laws(
    integrand: Callable[[Tensor], Tensor],
    p: UnivariateDistribution,
    q: UnivariateDistribution,
    tolerance: float = 1e-10,
) -> Integral:
    """Integrate a function over both supports, infinite where its tail does not decay.

    Parameters
    ----------
    integrand : callable, (n,) -> (n,)
        The integrand over x, densities included.
    p, q : UnivariateDistribution
        One-dimensional laws: their breakpoints and supports place the panels.
    tolerance : float
        Wanted accuracy, relative to ``max(1e-2, |value|)``.
    """
    edges, left_infinite, right_infinite = panel_edges(
        check_univariate(p, "p"), check_univariate(q, "q")
    )
    result = integrate(integrand, edges, tolerance)
    if not math.isfinite(result.value):
        return result
    ends = [edges[:2]] * left_infinite + [edges[-2:]] * right_infinite
    for end in ends:
        # The outermost panel is 2^100 widths away: what still counts there does not decay.
        outermost = integrate(integrand, end, tolerance)
        if abs(outermost.value) > tolerance * max(1e-2, abs(result.value)):
            return Integral(math.copysign(math.inf, outermost.value), 0.0, result.evaluations)
    return result


def value_or_warning(result: Integral, tolerance: float) -> float:
    """Return the value, with a RuntimeWarning where the wanted accuracy was not reached."""
    if result.error > tolerance * max(1e-2, abs(result.value)):
        warnings.warn(
            f"Quadrature reached an error of about {result.error:.1e} for the value "
            f"{result.value:.6g}, above the tolerance {tolerance:.1e}; raise tolerance.",
            RuntimeWarning,
            stacklevel=3,
        )
    return result.value
