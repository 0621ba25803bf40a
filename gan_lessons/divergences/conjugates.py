r"""Fenchel conjugates f*(t) = sup_{u >= 0} (u t - f(u)): the ones that need more than a formula."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["numerical_conjugate"]

_GOLDEN = (math.sqrt(5) - 1) / 2


class _LogLambert(torch.autograd.Function):
    """y with y + e^y = s, that is y = log W(e^s), for any s without overflow."""

    generate_vmap_rule = True

    @staticmethod
    def forward(s: Tensor) -> Tensor:
        # Newton's method on a convex rising function converges from any start; these are close.
        y = torch.where(s > 1, s.clamp(min=1).log(), s - s.clamp(max=1).exp() / 2)
        for _ in range(20):
            y = y - (y + y.exp() - s) * torch.sigmoid(-y)
        return y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return grads[0] * torch.sigmoid(-y)  # dy/ds = 1 / (1 + e^y)


def log_lambert(s: Tensor) -> Tensor:
    r"""Return log W(e^s), W being Lambert's function: the y with y + e^y = s."""
    return _LogLambert.apply(s)


def below(high: float, formula: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return t -> formula(t) up to t = high, and infinity beyond: there f* is not finite."""

    def conjugate(t: Tensor) -> Tensor:
        value = formula(t.clamp(max=high))
        return torch.where(t <= high, value, torch.full_like(value, math.inf))

    return conjugate


def numerical_conjugate(f: Callable[[Tensor], Tensor], t: Tensor) -> Tensor:
    r"""Fenchel conjugate of f at t, by search over u.

    .. math:: f^*(t) = \sup_{u \ge 0} \left( u t - f(u) \right)

    The gradient with respect to t is the u that attains the supremum. Where u t - f(u) still rises
    at u = e^200, the result is infinity.

    Parameters
    ----------
    f : callable
        Convex on u > 0, elementwise, in float64.
    t : Tensor, any shape
        Slopes.

    Returns
    -------
    Tensor, the shape and dtype of t
    """
    slopes = t.detach().double().reshape(-1)
    # u t - f(u) rises, then falls, in u and so in log u: a grid finds the hump, golden section its
    # top. The grid is finest around u = 1, where slopes of ordinary size are attained.
    outer = torch.linspace(40.5, 200, 320, dtype=torch.float64)
    inner = torch.linspace(-40, 40, 1601, dtype=torch.float64)
    grid = torch.cat([-outer.flip(0), inner, outer])

    def gain(log_u: Tensor) -> Tensor:
        u = log_u.exp()
        value = u * slopes - f(u)
        return torch.where(value.isnan(), torch.full_like(value, -math.inf), value)

    # At the end of the domain the gain approaches a constant in differences of huge numbers: what
    # rounding may have added there does not count.
    u = grid.exp().unsqueeze(1)
    best = (gain(grid.unsqueeze(1)) - 1e-15 * u * (slopes.abs() + 1)).argmax(0)
    last = grid.shape[0] - 1
    low, high = grid[(best - 1).clamp(min=0)], grid[(best + 1).clamp(max=last)]
    for _ in range(60):
        span = _GOLDEN * (high - low)
        left, right = high - span, low + span
        rising = gain(left) <= gain(right)
        low, high = torch.where(rising, left, low), torch.where(rising, high, right)
    u = ((low + high) / 2).exp().reshape(t.shape)
    # Written in t itself, so that autograd gives the maximising u.
    value = u * t.double() - f(u)
    unbounded = (best == last).reshape(t.shape) & (value > 1e10)
    return torch.where(unbounded, torch.full_like(value, math.inf), value).to(t.dtype)
