"""Checks for the exercises of chapter 14."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.divergences import FDivergence, complete, get_divergence, numerical_conjugate

_SMALL = 1e-6


def _answer(student_function: Callable[..., object], *arguments: Tensor) -> Tensor:
    """Return what the student's function gives, one number for each entry."""
    came = torch.as_tensor(student_function(*(part.clone() for part in arguments)))
    if came.shape != arguments[0].shape:
        raise TypeError(
            f"for an input of shape {tuple(arguments[0].shape)} it returned {tuple(came.shape)}"
        )
    return came.detach().double()


def _first_bad(t: Tensor, came: Tensor, wanted: Tensor) -> bool | str:
    """Say where the answer differs first."""
    bad = ~((came == wanted) | ((came - wanted).abs() <= _SMALL * (1 + wanted.abs())))
    if not bool(bad.any()):
        return True
    i = int(bad.nonzero()[0])
    return (
        f"at t = {float(t[i]):.4g} it gave {float(came[i]):.6g} instead of {float(wanted[i]):.6g}"
    )


def check_conjugate(
    student_function: Callable[[Tensor], object],
    divergence: str | FDivergence,
    seed: int | None = None,
) -> Report:
    """Mark a student's Fenchel conjugate f*(t) = sup over u >= 0 of u t - f(u).

    Parameters
    ----------
    student_function
        A function of slopes t (n,) in float64 that returns f*(t), (n,), infinity included.
    divergence
        A key of ``F_DIVERGENCES``, or an FDivergence: whose f it is.
    seed
        Seed of the random slopes; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    full = complete(get_divergence(divergence))
    assert full.f_prime is not None
    assert full.conjugate_domain is not None
    u = (2 * torch.randn(24, generator=seeded(seed), dtype=torch.float64)).exp()
    slopes = full.f_prime(u).clamp(-30, 30)
    slopes = slopes[slopes < full.conjugate_domain[1] - 1e-9]
    wanted = numerical_conjugate(full.f, slopes)
    # Left of f'(0), where the slope at 0 is finite, the best u is 0 and f* = -f(0).
    start = float(full.f_prime(torch.tensor([1e-30], dtype=torch.float64)))
    high = full.conjugate_domain[1]

    def at_slopes_of_f() -> bool | str:
        came = _answer(student_function, slopes)
        if bool((came + wanted).abs().max() < _SMALL) and float(wanted.abs().max()) > 1e-3:
            return "the sign is turned: it gave -f*, the height at which the line starts"
        gap = came - wanted
        if float(gap.std()) < _SMALL and abs(float(gap.mean())) > _SMALL:
            return f"it is too large by {float(gap.mean()):.6g} everywhere: is f(1) = 0?"
        return _first_bad(slopes, came, wanted)

    def left_of_all_slopes() -> bool | str:
        if not math.isfinite(start) or abs(start) > 1e6:
            return True
        t = torch.tensor([start - 0.5, start - 3.0], dtype=torch.float64)
        answer = _first_bad(t, _answer(student_function, t), numerical_conjugate(full.f, t))
        if answer is True:
            return True
        return f"{answer}: no u > 0 has this slope, and the supremum is over u >= 0"

    def beyond_the_domain() -> bool | str:
        if math.isinf(high):
            t = torch.tensor([3.0], dtype=torch.float64)
            return bool(torch.isfinite(_answer(student_function, t)).all()) or "f*(3) is finite"
        t = torch.tensor([high + 0.1, high + 2.0], dtype=torch.float64)
        came = _answer(student_function, t)
        return bool((came == math.inf).all()) or (
            f"f*({float(t[1]):.4g}) is infinite, since u t - f(u) grows without end, and it gave "
            f"{float(came[1]):.4g}"
        )

    return examine(
        ("f* at slopes that f has", at_slopes_of_f),
        ("f* left of every slope of f", left_of_all_slopes),
        ("f* where the supremum is not finite, if there is such a place", beyond_the_domain),
    )


def check_tight_critic(
    student_function: Callable[[Tensor, Tensor], object],
    divergence: str | FDivergence,
    seed: int | None = None,
) -> Report:
    """Mark the T that makes the variational bound an equality, as a function of both densities.

    Parameters
    ----------
    student_function
        A function of p(x) and q(x), (n,) each and positive, that returns T(x), (n,).
    divergence
        A key of ``F_DIVERGENCES``, or an FDivergence: whose bound it is.
    seed
        Seed of the random densities; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    full = complete(get_divergence(divergence))
    f_prime, conjugate = full.f_prime, full.conjugate
    assert f_prime is not None
    assert conjugate is not None
    p, q = torch.randn(2, 40, generator=seeded(seed), dtype=torch.float64).exp()

    def closes() -> bool | str:
        came = _answer(student_function, p, q)
        loss = q * full.f(p / q) - (p * came - q * conjugate(came))
        if float(loss.abs().max()) < _SMALL:
            return True
        if float((came - f_prime(q / p)).abs().max()) < _SMALL:
            return "it is f'(q/p): the ratio is turned"
        if float((came - p / q).abs().max()) < _SMALL:
            return "it is the ratio itself; T is the slope of f there"
        if full.activation is not None:
            low = float((full.activation(came) - f_prime(p / q)).abs().max())
            if low < _SMALL:
                return "it is the raw score V; T = g_f(V)"
        worst = float(loss.max())
        return (
            f"at one place the bound loses {worst:.4g}"
            if worst < math.inf
            else ("T leaves the domain of f*, and the bound is minus infinity")
        )

    def ratio_alone() -> bool | str:
        moved = _answer(student_function, 3 * p, 3 * q) - _answer(student_function, p, q)
        return float(moved.abs().max()) < _SMALL or "T changes when both densities are tripled"

    return examine(
        ("p T - q f*(T) = q f(p/q) at every place", closes),
        ("T depends on p/q alone", ratio_alone),
    )
