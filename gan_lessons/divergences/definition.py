"""What an f-divergence is made of, and how the parts that are not given are found."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gan_lessons.divergences import integrands
from gan_lessons.divergences.conjugates import numerical_conjugate

__all__ = ["FDivergence", "complete"]

Elementwise = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class FDivergence:
    r"""An f-divergence, given by a convex f with f(1) = 0.

    .. math:: D_f(p \| q) = E_q\left[ f\!\left( \frac{p(x)}{q(x)} \right) \right]

    Only the name and f are needed; :func:`complete` finds the rest numerically. All functions work
    elementwise on tensors.

    Attributes
    ----------
    name : str
        Name in words, for messages and plots.
    f : callable
        Convex on u > 0: checked at 161 places from e^-20 to e^20 when the object is made.
    f_prime : callable, optional
        Its derivative (one subgradient where it has a kink).
    conjugate : callable, optional
        f*(t) = sup over u >= 0 of u t - f(u).
    conjugate_domain : (float, float), optional
        Ends of the interval on which f* is finite; at an end it may be finite or infinite.
    activation : callable, optional
        g_f, increasing, from any real raw score v into the domain of f*.
    conjugate_of_activation : callable, optional
        f*(g_f(v)) in a form that neither overflows early nor cancels.
    integrand : callable, optional
        q f(p/q) - c (p - q), any constant c, from log p and log q; see ``integrands``.

    Raises
    ------
    TypeError, ValueError
        If f is not a function, f(1) is not 0, or f lies above one of its chords.

    References
    ----------
    Csiszar (1967); Nowozin et al. (2016), sections 2.1 to 2.3 and tables 1 and 2.
    """

    name: str
    f: Elementwise
    f_prime: Elementwise | None = None
    conjugate: Elementwise | None = None
    conjugate_domain: tuple[float, float] | None = None
    activation: Elementwise | None = None
    conjugate_of_activation: Elementwise | None = None
    integrand: integrands.Integrand | None = None

    def __post_init__(self) -> None:
        if not callable(self.f):
            raise TypeError(f"f must be a function of a tensor, got {type(self.f).__name__}.")
        at_one = float(self.f(torch.ones(1, dtype=torch.float64)))
        if not abs(at_one) < 1e-12:
            raise ValueError(f"f must have f(1) = 0, got {at_one:.6g}; subtract it.")
        _check_convex(self.f)


def _check_convex(f: Elementwise) -> None:
    """Raise where f lies above the chord between neighbours on a logarithmic grid."""
    u = torch.linspace(-20, 20, 161, dtype=torch.float64).exp()
    a, b = u[:-1], u[1:]
    left, right, middle = f(a), f(b), f((a + b) / 2)
    # The tolerance is for forms that lose digits; NaN and infinity are no evidence.
    excess = middle - (left + right) / 2
    bad = excess > 1e-7 * (1 + left.abs() + right.abs())
    if bool(bad.any()):
        i = int(bad.nonzero()[0])
        raise ValueError(
            f"f must be convex on u > 0, got f above its chord between u = {float(a[i]):.3g} and "
            f"{float(b[i]):.3g}; without convexity it is no f-divergence."
        )


def _derivative(f: Elementwise) -> Elementwise:
    """Return f' by automatic differentiation."""

    def f_prime(u: Tensor) -> Tensor:
        # By torch.func, so that it works within vmap and can be differentiated again.
        slope: Tensor = torch.func.grad(lambda v: f(v).sum())(u)
        return slope

    return f_prime


def _ratio(v: Tensor) -> Tensor:
    """Return e^v; beyond |v| = 15 the exponent bends towards 25, so that powers stay finite."""
    wide = v if v.device.type == "mps" else v.double()  # mps has no float64
    beyond = (wide.abs() - 15).clamp(min=0)
    return (wide.clamp(-15, 15) - 10 * torch.expm1(-beyond / 10) * wide.sign()).exp()


def complete(divergence: FDivergence) -> FDivergence:
    r"""Fill in, numerically, what a divergence was not given.

    f' comes by automatic differentiation and f* by search. The activation is g_f(v) = f'(e^v): it
    rises towards the upper end of the domain of f*, and the raw score v estimates log(p/q). Then
    f*(g_f(v)) = e^v f'(e^v) - f(e^v), where Fenchel and Young's inequality is an equality; by this
    formula it loses digits for large v, so give your own where you know it. Where |v| > 15 a
    slower exponent takes the place of v, bounded by 25, so that training does not overflow. An f
    with a straight piece (total variation) has a flat g_f there: give one that rises.

    Parameters
    ----------
    divergence
        What is known of it: f at least.

    Returns
    -------
    FDivergence
        With every field filled.
    """
    f = divergence.f
    f_prime = divergence.f_prime or _derivative(f)

    def conjugate(t: Tensor) -> Tensor:
        return numerical_conjugate(f, t)

    def activation(v: Tensor) -> Tensor:
        return f_prime(_ratio(v)).to(v.dtype)

    def conjugate_of_activation(v: Tensor) -> Tensor:
        if divergence.activation is not None:
            return (divergence.conjugate or conjugate)(divergence.activation(v))
        u = _ratio(v)
        return (u * f_prime(u) - f(u)).to(v.dtype)

    # The domain of f* has no lower end, and its upper end is the slope of f for large u.
    inner, outer = f_prime(torch.tensor([150.0, 200.0], dtype=torch.float64).exp()).tolist()
    high = math.inf if abs(outer - inner) > 1e-9 * (1 + abs(inner)) else outer
    return replace(
        divergence,
        f_prime=f_prime,
        conjugate=divergence.conjugate or conjugate,
        conjugate_domain=divergence.conjugate_domain or (-math.inf, high),
        activation=divergence.activation or activation,
        conjugate_of_activation=divergence.conjugate_of_activation or conjugate_of_activation,
        integrand=divergence.integrand or integrands.from_f(f),
    )
