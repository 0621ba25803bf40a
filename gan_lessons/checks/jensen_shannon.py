"""Checks for the exercises of chapter 5."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded

_LOG_2 = math.log(2)


def _kl(p: Tensor, q: Tensor) -> float:
    """Return KL(p || q) of probability vectors with 0 log 0 = 0."""
    inside = p > 0
    return float((p[inside] * (p[inside] / q[inside]).log()).sum())


def _jsd(p: Tensor, q: Tensor) -> float:
    """Return the Jensen-Shannon divergence of probability vectors."""
    m = (p + q) / 2
    return (_kl(p, m) + _kl(q, m)) / 2


def _random_laws(seed: int | None) -> tuple[Tensor, Tensor]:
    """Return two probability vectors (6,) with all entries positive."""
    rng = seeded(seed)
    p, q = torch.softmax(2 * torch.randn(2, 6, generator=rng, dtype=torch.float64), dim=1)
    return p, q


def check_jensen_shannon(
    student_function: Callable[[Tensor, Tensor], object], seed: int | None = None
) -> Report:
    """Mark a student's Jensen-Shannon divergence of two probability vectors.

    Parameters
    ----------
    student_function
        A function of p (k,) and q (k,), each with sum one and possibly with zeros, that returns
        a number in nats.
    seed
        Seed of the random vectors; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    p, q = _random_laws(seed)

    def number(a: Tensor, b: Tensor) -> float:
        return float(student_function(a, b))  # type: ignore[arg-type]

    def spread() -> bool | str:
        wanted, came = _jsd(p, q), number(p, q)
        for factor, words in ((2, "twice the"), (1 / _LOG_2, "in bits the"), (-1, "minus the")):
            if abs(came - factor * wanted) < 1e-6:
                return f"it gave {words} divergence"
        for other, words in ((_kl(p, q), "KL(p || q)"), (_kl(q, p), "KL(q || p)")):
            if abs(came - other) < 1e-6:
                return f"it gave {words}: compare each law with the mean of both"
        return abs(came - wanted) < 1e-6 or f"it gave {came:.6f} instead of {wanted:.6f}"

    def with_zeros() -> bool | str:
        a, b = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]], dtype=torch.float64)
        came = number(a, b)
        if math.isnan(came):
            return "it gave NaN: 0 log 0 must count as 0"
        return abs(came - _LOG_2 / 2) < 1e-6 or f"it gave {came:.6f} instead of log(2) / 2"

    def disjoint() -> bool | str:
        a, b = torch.tensor([[0.3, 0.7, 0.0, 0.0], [0.0, 0.0, 0.9, 0.1]], dtype=torch.float64)
        came = number(a, b)
        return abs(came - _LOG_2) < 1e-6 or f"it gave {came:.6f} instead of log 2 = {_LOG_2:.6f}"

    def equal() -> bool | str:
        came = number(p, p.clone())
        return abs(came) < 1e-9 or f"it gave {came:.3g} instead of 0"

    def symmetric() -> bool | str:
        return abs(number(p, q) - number(q, p)) < 1e-9 or "p and q cannot be swapped"

    return examine(
        ("two laws on six points", spread),
        ("laws with zeros", with_zeros),
        ("disjoint laws: log 2", disjoint),
        ("equal laws: 0", equal),
        ("the same number when p and q are swapped", symmetric),
    )


def check_generator_gradients(
    student_function: Callable[[Tensor, Tensor], object], seed: int | None = None
) -> Report:
    """Mark the generator's gradients at the optimal discriminator, on a law of k points.

    The model is q = softmax(s). At D* = p / (p + q), held fixed, the generator's losses are
    E_q log(1 - D*) (saturating) and -E_q log D* (non-saturating).

    Parameters
    ----------
    student_function
        A function of p (k,) and the scores s (k,) that returns both losses' gradients with
        respect to s, (saturating, non_saturating), each (k,).
    seed
        Seed of the random vectors; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    p, q = _random_laws(seed)
    scores = q.log()

    def slope(of: Callable[[Tensor], float]) -> Tensor:
        """Central differences: another road than autograd."""
        steps = 1e-5 * torch.eye(len(p), dtype=torch.float64)
        ends = [(of(torch.softmax(scores + d, 0)), of(torch.softmax(scores - d, 0))) for d in steps]
        return torch.tensor([(a - b) / 2e-5 for a, b in ends], dtype=torch.float64)

    two_jsd = slope(lambda law: 2 * _jsd(p, law))
    reverse = slope(lambda law: _kl(law, p))

    def gradients() -> tuple[Tensor, Tensor]:
        answer = student_function(p.clone(), scores.clone())
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise TypeError("the answer must be (saturating, non_saturating)")
        first, second = (torch.as_tensor(part).detach().double() for part in answer)
        if first.shape != p.shape or second.shape != p.shape:
            raise TypeError(f"each gradient must have shape {tuple(p.shape)}")
        return first, second

    def near(came: Tensor, wanted: Tensor) -> bool:
        return float((came - wanted).abs().max()) < 1e-6

    def saturating() -> bool | str:
        came, other = gradients()
        if near(came, two_jsd):
            return True
        if near(other, two_jsd):
            return "the two gradients came in the other order"
        if near(came, -two_jsd):
            return "the sign is wrong: the generator minimises"
        return f"the largest error is {float((came - two_jsd).abs().max()):.3g}"

    def non_saturating() -> bool | str:
        came = gradients()[1]
        if near(came, reverse - two_jsd):
            return True
        if near(came, reverse):
            return "it gave the gradient of the reverse KL, which belongs to the sum of both"
        frozen = slope(lambda law: float(-(law * (p / (p + law)).log()).sum()))
        if near(came, frozen):
            return "a gradient came through D*, which must be held fixed (detach it)"
        return f"the largest error is {float((came - reverse + two_jsd).abs().max()):.3g}"

    def both() -> bool | str:
        return near(sum(gradients(), torch.zeros(())), reverse) or "the sum is another"

    return examine(
        ("saturating: the gradient of 2 JSD", saturating),
        ("non-saturating: the gradient of KL(q || p) - 2 JSD", non_saturating),
        ("their sum: the gradient of the reverse KL", both),
    )
