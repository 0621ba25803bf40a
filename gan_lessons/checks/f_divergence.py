"""Check of an f-divergence of one's own (chapter 14): every property that an f-GAN rests on."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.distributions import Normal
from gan_lessons.divergences import FDivergence, complete, f_divergence, get_divergence

Function = Callable[[Tensor], Tensor]


def check_f_divergence(divergence: str | FDivergence, seed: int | None = None) -> Report:
    r"""Check a divergence against the definitions: f, f', f*, its domain, g_f, and the bound.

    What was not given is found numerically first (``complete``), so that f alone can be checked:
    the report then says whether the numerical parts can be trusted.

    Parameters
    ----------
    divergence
        A key of ``F_DIVERGENCES``, or an FDivergence.
    seed
        Seed of the random laws and scores; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.

    Raises
    ------
    TypeError, ValueError
        If it is no FDivergence.
    """
    full, rng = complete(get_divergence(divergence)), seeded(seed)
    return examine(
        ("f is convex with f(1) = 0", lambda: _convex(full.f, rng)),
        ("f' is the slope of f", lambda: _slope(full)),
        ("f* is the supremum of u t - f(u) over u >= 0", lambda: _supremum(full)),
        ("f* is infinite above its domain", lambda: _outside(full)),
        ("u t <= f(u) + f*(t), with equality at t = f'(u)", lambda: _fenchel_young(full)),
        ("f is the conjugate of f*", lambda: _biconjugate(full)),
        ("autograd of f* agrees with differences", lambda: _differences(full)),
        ("g_f rises and stays in the domain of f*", lambda: _activation(full)),
        ("f*(g_f(v)) is f* after g_f", lambda: _composed(full)),
        ("g_f and f*(g_f) are finite with their slopes for v in [-50, 50]", lambda: _finite(full)),
        ("the bound never exceeds the divergence", lambda: _bound(full, rng)),
        ("at T = f'(p/q) the bound is the divergence", lambda: _tight(full, rng)),
        ("the integrand gives the integral of q f(p/q)", lambda: _integral(full)),
    )


def _grid(low: float, high: float, n: int) -> Tensor:
    """Return n points in float64."""
    return torch.linspace(low, high, n, dtype=torch.float64)


def _slopes(full: FDivergence) -> Tensor:
    """Return slopes strictly within the domain of f*, and within [-6, 6]."""
    low, high = full.conjugate_domain or (-math.inf, math.inf)
    t = _grid(-6, 6, 241)
    return t[(t > low) & (t < high - 1e-6 * (1 + abs(high)) if math.isfinite(high) else t < high)]


def _agree(came: Tensor, wanted: Tensor, at: Tensor, name: str, digits: float) -> bool | str:
    """Say whether two rows of numbers agree to relative ``digits``, and if not where."""
    error = (came - wanted).abs() / (1 + wanted.abs())
    error = torch.where(error.isnan(), torch.full_like(error, math.inf), error)
    i = int(error.argmax())
    if float(error[i]) <= digits:
        return True
    return f"at {name} = {float(at[i]):.4g} it is {float(came[i]):.6g}, not {float(wanted[i]):.6g}"


def _convex(f: Function, rng: torch.Generator) -> bool | str:
    at_one = float(f(torch.ones(1, dtype=torch.float64)))
    if abs(at_one) > 1e-12:
        return f"f(1) is {at_one:.6g}"
    a, b = (3 * torch.randn(2, 500, generator=rng, dtype=torch.float64)).exp()
    w = torch.rand(500, generator=rng, dtype=torch.float64)
    chord = w * f(a) + (1 - w) * f(b)
    excess = f(w * a + (1 - w) * b) - chord - 1e-9 * (1 + chord.abs())
    i = int(excess.argmax())
    return float(excess[i]) <= 0 or f"it lies above its chord from {a[i]:.3g} to {b[i]:.3g}"


def _slope(full: FDivergence) -> bool | str:
    assert full.f_prime is not None
    u = _grid(-3, 3, 60).exp()  # 1 is not among them: there f may have a kink
    step = 1e-6 * u
    return _agree(full.f_prime(u), (full.f(u + step) - full.f(u - step)) / (2 * step), u, "u", 1e-5)


def _supremum(full: FDivergence) -> bool | str:
    t = _slopes(full)
    low, high = torch.full_like(t, -60), torch.full_like(t, 60)
    for _ in range(6):  # the best of many log u, looked at closer and closer
        log_u = low[:, None] + (high - low)[:, None] * _grid(0, 1, 201)
        best, i = (t[:, None] * log_u.exp() - full.f(log_u.exp())).max(1, keepdim=True)
        width, middle = (high - low) / 200, log_u.gather(1, i).squeeze(1)
        low, high = middle - width, middle + width
    return _agree(_conjugate(full, t), best.squeeze(1), t, "t", 1e-6)


def _conjugate(full: FDivergence, t: Tensor) -> Tensor:
    """Return f* at t."""
    assert full.conjugate is not None
    return full.conjugate(t)


def _outside(full: FDivergence) -> bool | str:
    high = full.conjugate_domain[1] if full.conjugate_domain else math.inf
    if not math.isfinite(high):
        return True
    beyond = torch.tensor([high + 0.01, high + 1], dtype=torch.float64)
    value = _conjugate(full, beyond)
    return bool((value == math.inf).all()) or f"at t = {beyond[1]:.4g} it is {float(value[1]):.4g}"


def _fenchel_young(full: FDivergence) -> bool | str:
    assert full.f_prime is not None
    t, u = _slopes(full), _grid(-4, 4, 80).exp()
    right = full.f(u)[None, :] + _conjugate(full, t)[:, None]
    gap = t[:, None] * u - right - 1e-7 * (1 + right.abs())
    if not float(gap.max()) <= 0:
        row, column = divmod(int(gap.argmax()), len(u))
        return f"it fails at u = {float(u[column]):.4g}, t = {float(t[row]):.4g}"
    slope = full.f_prime(u)
    return _agree(full.f(u) + _conjugate(full, slope), u * slope, u, "u", 1e-5)


def _biconjugate(full: FDivergence) -> bool | str:
    assert full.f_prime is not None
    u = _grid(-2, 2, 21).exp()
    t = full.f_prime(_grid(-3, 3, 4001).exp())
    again = (u[:, None] * t - _conjugate(full, t)).amax(1)
    return _agree(again, full.f(u), u, "u", 1e-4)


def _differences(full: FDivergence) -> bool | str:
    high = full.conjugate_domain[1] if full.conjugate_domain else math.inf
    t = _slopes(full)
    t = t[t < high - 0.01].requires_grad_()
    (slope,) = torch.autograd.grad(_conjugate(full, t).sum(), t)
    t = t.detach()
    other = (_conjugate(full, t + 1e-5) - _conjugate(full, t - 1e-5)) / 2e-5
    wrong = (slope - other).abs() > 1e-3 * (1 + other.abs())
    # f* may have a kink or two.
    return int(wrong.sum()) <= 2 or f"they differ at t = {float(t[wrong][0]):.4g}"


def _activation(full: FDivergence) -> bool | str:
    assert full.activation is not None
    assert full.conjugate_domain is not None
    low, high = full.conjugate_domain
    v = _grid(-50, 50, 1001)
    t = full.activation(v)
    if bool((t.diff() < -1e-9 * (1 + t[1:].abs())).any()):  # rounding is no fall
        return "it falls: a high raw score must mean real"
    if not bool((t[550:].diff()[:50] > 0).any() and (t[400:450].diff() > 0).any()):
        return "it is flat"
    bad = ~((t >= low) & (t <= high + 1e-12))
    if bool(bad.any()):
        i = int(bad.nonzero()[0])
        return f"at v = {v[i]:.3g} it is {float(t[i]):.4g}, outside ({low:.4g}, {high:.4g})"
    return True


def _composed(full: FDivergence) -> bool | str:
    assert full.activation is not None
    assert full.conjugate_of_activation is not None
    v = _grid(-5, 5, 101)
    wanted = _conjugate(full, full.activation(v))
    return _agree(full.conjugate_of_activation(v), wanted, v, "v", 1e-6)


def _finite(full: FDivergence) -> bool | str:
    for function, name in ((full.activation, "g_f"), (full.conjugate_of_activation, "f*(g_f)")):
        assert function is not None
        for dtype in (torch.float32, torch.float64):
            v = torch.linspace(-50, 50, 501, dtype=dtype, requires_grad=True)
            value = function(v)
            (slope,) = torch.autograd.grad(value.sum(), v)
            bad = ~(value.isfinite() & slope.isfinite())
            if bool(bad.any()):
                where = float(v.detach()[bad][0])
                return f"{name} or its slope is not finite at v = {where:.3g} in {dtype}"
    return True


def _laws(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return two random laws on eight points, (8,) each."""
    p, q = torch.softmax(torch.randn(2, 8, generator=rng, dtype=torch.float64), 1)
    return p, q


def _bound(full: FDivergence, rng: torch.Generator) -> bool | str:
    assert full.activation is not None
    assert full.conjugate_of_activation is not None
    for _ in range(2):
        p, q = _laws(rng)
        exact = float((q * full.f(p / q)).sum())
        v = torch.randn(8, generator=rng, dtype=torch.float64).requires_grad_()
        climb = torch.optim.Adam([v], lr=0.1)
        for _ in range(120):  # scores that are as good as they can become
            bound = (p * full.activation(v) - q * full.conjugate_of_activation(v)).sum()
            if not float(bound.detach()) <= exact + 1e-7 * (1 + exact):
                return f"for two laws on 8 points it is {bound:.5g}, the divergence {exact:.5g}"
            climb.zero_grad()
            (-bound).backward()
            climb.step()
    return True


def _tight(full: FDivergence, rng: torch.Generator) -> bool | str:
    assert full.f_prime is not None
    p, q = _laws(rng)
    t = full.f_prime(p / q)
    came, wanted = (p * t - q * _conjugate(full, t)).sum(), (q * full.f(p / q)).sum()
    close = abs(float(came - wanted)) <= 1e-5 * (1 + float(wanted))
    return close or f"it is {float(came):.5g}, the divergence {float(wanted):.5g}"


def _integral(full: FDivergence) -> bool | str:
    p, q = Normal(0.3, 0.9), Normal(0.0, 1.0)
    came = f_divergence(full, p, q, 1e-7)
    wanted = f_divergence(FDivergence(full.name, full.f), p, q, 1e-7)
    close = abs(came - wanted) <= 1e-5 * (1 + wanted)
    return close or f"it gives {came:.6g} for two normal laws, f itself {wanted:.6g}"
