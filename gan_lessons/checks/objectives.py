"""Checks for the exercises of chapter 3: the two players' losses as functions of logits."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.objectives import NonSaturating, Saturating

_TOLERANCE = 1e-9


class _Answer(NamedTuple):
    """A student's loss: its value, and its gradient in each batch of logits."""

    loss: float
    gradients: tuple[Tensor, ...]


Loss = Callable[..., object]
Mistakes = Mapping[str, Loss]


def check_discriminator_loss(
    student_function: Callable[[Tensor, Tensor], object], seed: int | None = None
) -> Report:
    """Mark a student's discriminator loss, minus the value V(G, D).

    Parameters
    ----------
    student_function
        A function of the real logits (n,) and the fake logits (m,) that returns a scalar tensor.
    seed
        Seed of the random logits; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    wanted = Saturating().discriminator_loss

    def halves(real: Tensor, fake: Tensor) -> Tensor:
        both = torch.cat([softplus(-real), softplus(fake)])
        return both.mean()

    mistakes: dict[str, Loss] = {
        "the sign is turned: V itself, which D maximises, so the loss is -V": lambda r, f: (
            -wanted(r, f)
        ),
        "the labels are swapped: real samples belong to log D, fake ones to log(1 - D)": (
            lambda r, f: wanted(f, r)
        ),
        "-log D of both batches: fake samples need log(1 - D)": lambda r, f: (
            softplus(-r).mean() + softplus(-f).mean()
        ),
        "the term of the fake batch is missing": lambda r, f: softplus(-r).mean(),
        "the term of the real batch is missing": lambda r, f: softplus(f).mean(),
        "the two terms have opposite signs: log D and log(1 - D) are added": lambda r, f: (
            softplus(-r).mean() - softplus(f).mean()
        ),
        "the mean of the two terms: V is their sum": lambda r, f: wanted(r, f) / 2,
        "one mean over both batches together: V adds the mean of each": halves,
        "the sigmoid was taken twice: the losses of the package take logits": lambda r, f: wanted(
            torch.sigmoid(r), torch.sigmoid(f)
        ),
        "the sum over each batch: take the mean": lambda r, f: (
            softplus(-r).sum() + softplus(f).sum()
        ),
    }
    return _mark(student_function, wanted, mistakes, (5, 8), seed, "2 log 2")


def check_generator_loss_saturating(
    student_function: Callable[[Tensor], object], seed: int | None = None
) -> Report:
    """Mark a student's minimax generator loss, the mean of log(1 - D(G(z))).

    Parameters
    ----------
    student_function
        A function of the fake logits (n,) that returns a scalar tensor.
    seed
        Seed of the random logits; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """

    def wanted(fake: Tensor) -> Tensor:
        return Saturating().generator_loss(None, fake)

    mistakes: dict[str, Loss] = {
        "the sign is turned: -log(1 - D) is what D minimises": lambda f: -wanted(f),
        "this is the non-saturating loss, -log D": lambda f: softplus(-f).mean(),
        "log D instead of log(1 - D)": lambda f: -softplus(-f).mean(),
        **_shared_mistakes(wanted),
    }
    return _mark(student_function, wanted, mistakes, (8,), seed, "-log 2")


def check_generator_loss_non_saturating(
    student_function: Callable[[Tensor], object], seed: int | None = None
) -> Report:
    """Mark a student's non-saturating generator loss, the mean of -log D(G(z)).

    Parameters
    ----------
    student_function
        A function of the fake logits (n,) that returns a scalar tensor.
    seed
        Seed of the random logits; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """

    def wanted(fake: Tensor) -> Tensor:
        return NonSaturating().generator_loss(None, fake)

    mistakes: dict[str, Loss] = {
        "the sign is turned: log D is to rise, so the loss is -log D": lambda f: -wanted(f),
        "this is the saturating loss, log(1 - D)": lambda f: -softplus(f).mean(),
        "the labels are swapped: -log(1 - D), the target is that of real samples": lambda f: (
            softplus(f).mean()
        ),
        **_shared_mistakes(wanted),
    }
    return _mark(student_function, wanted, mistakes, (8,), seed, "log 2")


def _shared_mistakes(wanted: Callable[[Tensor], Tensor]) -> dict[str, Loss]:
    """Return the mistakes that both losses of the generator invite."""
    return {
        "the sigmoid was taken twice: the losses of the package take logits": lambda f: wanted(
            torch.sigmoid(f)
        ),
        "the sum over the batch: take the mean": lambda f: wanted(f) * len(f),
    }


def _mark(
    student_function: Loss,
    wanted: Loss,
    mistakes: Mistakes,
    sizes: tuple[int, ...],
    seed: int | None,
    at_zero: str,
) -> Report:
    """Ask the questions that all three losses share."""
    rng = seeded(seed)
    # Spread over -3..3: at logits of 0 most mistakes give the right number.
    spread = []
    for n in sizes:
        noise = torch.rand(n, generator=rng, dtype=torch.float64)
        spread.append(torch.linspace(-3, 3, n, dtype=torch.float64) + 0.8 * noise)
    zeros = [torch.zeros(n, dtype=torch.float64) for n in sizes]

    def value() -> bool | str:
        came, right = _answer(student_function, spread), _answer(wanted, spread)
        if abs(came.loss - right.loss) < _TOLERANCE:
            return True
        for name, mistake in mistakes.items():
            if abs(came.loss - _answer(mistake, spread).loss) < _TOLERANCE:
                return name
        return f"it gave {came.loss:.6f} instead of {right.loss:.6f}"

    def zero() -> bool | str:
        came, right = _answer(student_function, zeros).loss, _answer(wanted, zeros).loss
        return abs(came - right) < _TOLERANCE or f"it gave {came:.6f}, by hand {right:.6f}"

    def gradient() -> bool | str:
        came, right = _answer(student_function, spread), _answer(wanted, spread)
        pairs = list(zip(came.gradients, right.gradients, strict=True))
        if all(bool((a == 0).all()) for a, _ in pairs):
            return "no gradient reaches the logits: something was detached or turned into a number"
        if all(torch.allclose(a, b, atol=_TOLERANCE) for a, b in pairs):
            return True
        return f"in the last batch it is {_words(pairs[-1][0])}, not {_words(pairs[-1][1])}"

    def large() -> bool | str:
        for size in (30.0, 100.0):
            extreme = [torch.tensor([-size, size]) for _ in sizes]
            came, right = _answer(student_function, extreme), _answer(wanted, extreme)
            finite = all(bool(torch.isfinite(g).all()) for g in came.gradients)
            remedy = "use softplus or logsigmoid of the logit"
            if not math.isfinite(came.loss):
                return f"at +-{size:g} the loss was {came.loss}: {remedy}"
            if not finite:
                return f"at +-{size:g} the loss was finite, its gradient was not: {remedy}"
            if abs(came.loss - right.loss) > 1e-4 * size:
                return f"at +-{size:g} it gave {came.loss:.4g} instead of {right.loss:.4g}"
        return True

    return examine(
        (f"{at_zero} where every logit is 0", zero),
        ("the right number at logits spread over -3..3", value),
        ("the right gradient in each logit", gradient),
        ("finite and right at logits of +-30 and +-100 in float32", large),
    )


def _answer(function: Loss, batches: list[Tensor]) -> _Answer:
    """Call a loss on fresh copies of the logits, and ask for its gradients."""
    inputs = [batch.clone().requires_grad_() for batch in batches]
    loss = torch.as_tensor(function(*inputs))
    if loss.numel() != 1:
        raise ValueError(f"one number is wanted, it gave the shape {tuple(loss.shape)}")
    if loss.requires_grad:
        loss.sum().backward()
    gradients = tuple(torch.zeros_like(x) if x.grad is None else x.grad for x in inputs)
    return _Answer(float(loss.detach()), gradients)


def _words(values: Tensor) -> str:
    """Write the first and the last of a batch of numbers."""
    return f"{float(values[0]):.4f} ... {float(values[-1]):.4f}"
