"""The integrands q f(p/q) written in log-densities, so that neither 0 * inf nor overflow occurs.

Each function takes log p and log q, (n,) each, and returns q f(p/q) - c (p - q) with c = f'(1). The
extra term integrates to zero; with it the integrand is never negative, since f lies above its
tangent at 1, so that nothing cancels between panels. Where p or q vanishes the limits hold: q f(0),
and p lim f(u)/u as u grows, infinity included.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

#: log p (n,), log q (n,) -> the integrand (n,)
Integrand = Callable[[Tensor, Tensor], Tensor]


def log_ratio(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return log p - log q; plus or minus infinity where one vanishes, 0 where both do."""
    neither = (log_p == -math.inf) & (log_q == -math.inf)
    return torch.where(neither, torch.zeros_like(log_p), log_p - log_q)


def times(density: Tensor, factor: Tensor) -> Tensor:
    """Return density * factor, with 0 * inf = 0: what has no mass adds nothing."""
    return torch.where(density == 0, torch.zeros_like(density), density * factor)


def difference(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return p - q without the loss of digits where they are close."""
    ratio = log_ratio(log_p, log_q)
    above = -log_p.exp() * torch.expm1(-ratio.clamp(min=0))
    below = log_q.exp() * torch.expm1(ratio.clamp(max=0))
    return torch.where(ratio > 0, above, below)


def kullback_leibler(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return p log(p/q) - p + q."""
    return times(log_p.exp(), log_ratio(log_p, log_q)) - difference(log_p, log_q)


def reverse_kullback_leibler(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return q log(q/p) + p - q."""
    return kullback_leibler(log_q, log_p)


def jensen_shannon(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return (p log(p/m) + q log(q/m)) / 2 with m = (p + q)/2."""
    ratio = log_ratio(log_p, log_q)
    real = times(log_p.exp(), math.log(2) + logsigmoid(ratio))
    fake = times(log_q.exp(), math.log(2) + logsigmoid(-ratio))
    return (real + fake) / 2


def twice_jensen_shannon(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return the integrand of the original GAN: V(G, D*) + log 4 = 2 JSD."""
    return 2 * jensen_shannon(log_p, log_q)


def jeffrey(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return (p - q) log(p/q)."""
    return times(difference(log_p, log_q), log_ratio(log_p, log_q))


def pearson(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return (p - q)^2 / q, in logs: it may be large where p and q both underflow."""
    ratio = log_ratio(log_p, log_q)
    apart = torch.where(ratio == 0, torch.ones_like(ratio), ratio.abs())
    log_gap = torch.maximum(log_p, log_q) + torch.log(-torch.expm1(-apart))
    return torch.where(ratio == 0, torch.zeros_like(ratio), torch.exp(2 * log_gap - log_q))


def neyman(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return (p - q)^2 / p."""
    return pearson(log_q, log_p)


def squared_hellinger(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return (sqrt p - sqrt q)^2."""
    return difference(log_p / 2, log_q / 2).square()


def total_variation(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return |p - q| / 2."""
    return difference(log_p, log_q).abs() / 2


def alpha_power(alpha: float) -> Integrand:
    """Return the integrand (p^a q^(1-a) - a p - (1 - a) q) / (a (a - 1)), a not 0 or 1."""
    # D_a(p, q) = D_{1-a}(q, p), so that a <= 1/2, and a small a divides only what is small.
    a = min(alpha, 1 - alpha)

    def integrand(log_p: Tensor, log_q: Tensor) -> Tensor:
        if alpha > 0.5:
            log_p, log_q = log_q, log_p
        exponent = a * log_ratio(log_p, log_q)
        near = log_q.exp() * torch.expm1(exponent.clamp(-1, 1))
        far = torch.exp(a * log_p + (1 - a) * log_q) - log_q.exp()
        power = torch.where(exponent.abs() < 1, near, far)
        return (power / a - difference(log_p, log_q)) / (a - 1)

    return integrand


def _beyond(near: float, far: float) -> Callable[[Tensor], Tensor]:
    """Continue values seen at l = 150 and 200 to larger l: a power of e^l, or a line in l."""
    if abs(far) > 1e10 and near != 0:
        rate = math.log(abs(far / near)) / 50
        return lambda distance: far * torch.exp(rate * (distance - 200))
    slope = (far - near) / 50
    if abs(slope) <= 1e-12 * (1 + abs(far)):
        return lambda distance: torch.full_like(distance, far)
    return lambda distance: far + slope * (distance - 200)


def from_f(f: Callable[[Tensor], Tensor]) -> Integrand:
    """Return q f(p/q) for any f.

    Where |log(p/q)| exceeds 200, f(u) near 0 and f(u)/u for large u are continued from what they
    do between e^150 and e^200: as a power of u, a multiple of log u, or a constant. This holds for
    every divergence in use, and says where q f(0) or p lim f(u)/u is infinite.
    """
    at = torch.tensor([-200.0, -150.0, 150.0, 200.0], dtype=torch.float64)
    left_far, left_near, near, far = (f(at.exp()) / at.exp().clamp(min=1)).tolist()
    to_the_left, to_the_right = _beyond(left_near, left_far), _beyond(near, far)

    def integrand(log_p: Tensor, log_q: Tensor) -> Tensor:
        ratio = log_ratio(log_p, log_q)
        u = ratio.clamp(-200, 200).exp()
        # q f(u) = p f(u)/u: the larger density is the safer factor.
        larger = torch.maximum(log_p, log_q).exp()
        factor = f(u) / u.clamp(min=1)
        factor = torch.where(ratio > 200, to_the_right(ratio.clamp(min=200)), factor)
        factor = torch.where(ratio < -200, to_the_left((-ratio).clamp(min=200)), factor)
        return times(larger, factor)

    return integrand
