"""Checks for the exercises of chapter 4."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded


def _agree(came: object, wanted: Tensor) -> bool:
    """Return whether a student's answer is the wanted tensor, up to float64 rounding."""
    if not isinstance(came, Tensor) or came.shape != wanted.shape:
        return False
    return bool(torch.allclose(came.double(), wanted, rtol=1e-6, atol=1e-9))


def check_optimal_discriminator(
    student_function: Callable[[Tensor, Tensor, float], object], seed: int | None = None
) -> Report:
    """Mark a student's optimal discriminator as a function of log-densities.

    Parameters
    ----------
    student_function
        A function of log p (n,), log q (n,) and the share pi of real samples that returns the
        probability D* that a sample is real, shape (n,).
    seed
        Seed of the random log-densities; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    log_p, log_q = 3 * torch.randn(2, 50, generator=rng, dtype=torch.float64)

    def by_hand() -> bool | str:
        p, q = torch.tensor([3.0, 1.0, 0.2]).double(), torch.tensor([1.0, 1.0, 0.6]).double()
        wanted = torch.tensor([0.75, 0.5, 0.25], dtype=torch.float64)
        came = student_function(p.log(), q.log(), 0.5)
        if _agree(came, wanted):
            return True
        if _agree(came, 1 - wanted):
            return "it gave 1 - D*: the data law belongs in the numerator"
        if _agree(came, (p / q).log()):
            return "it gave the logit; put a sigmoid around it"
        return f"it gave {came}, by hand it is {wanted.tolist()}"

    def spread() -> bool | str:
        p, q = log_p.exp(), log_q.exp()
        wanted = p / (p + q)
        came = student_function(log_p, log_q, 0.5)
        if _agree(came, wanted):
            return True
        worst = float((torch.as_tensor(came) - wanted).abs().max())
        return f"the largest error is {worst:.3g}"

    def prior() -> bool | str:
        p, q = 0.2 * log_p.exp(), 0.8 * log_q.exp()
        came = student_function(log_p, log_q, 0.2)
        if _agree(came, p / (p + q)):
            return True
        if _agree(came, torch.sigmoid(log_p - log_q)):
            return "it did not use the share: weigh p by pi and q by 1 - pi"
        if _agree(came, torch.sigmoid(log_p - log_q - torch.tensor(0.25).double().log())):
            return "it moved the wrong way: fewer real samples make D* smaller"
        return "at pi = 0.2 the numbers are others"

    def far_tails() -> bool | str:
        # Both densities underflow to 0; their ratio does not.
        far = torch.tensor([-1000.0, -2000.0, -1500.0], dtype=torch.float64)
        shift = torch.tensor([2.0, -1.0, 0.0], dtype=torch.float64)
        came = student_function(far + shift, far, 0.5)
        if _agree(came, torch.sigmoid(shift)):
            return True
        return f"it gave {came}: subtract the logarithms before you exponentiate"

    def one_sided() -> bool | str:
        inf = torch.tensor([-torch.inf, 0.0], dtype=torch.float64)
        came = student_function(inf, inf.flip(0), 0.5)
        wanted = torch.tensor([0.0, 1.0], dtype=torch.float64)
        return _agree(came, wanted) or f"it gave {came} instead of {wanted.tolist()}"

    return examine(
        ("three points worked by hand", by_hand),
        ("fifty pairs of densities from very small to large", spread),
        ("the share of real samples", prior),
        ("far in the tails, where densities underflow", far_tails),
        ("where only one law has mass", one_sided),
    )


def check_smoothed_discriminator(
    student_function: Callable[[Tensor, Tensor, float], object], seed: int | None = None
) -> Report:
    """Mark a student's optimal discriminator under one-sided label smoothing.

    Parameters
    ----------
    student_function
        A function of the densities p (n,), q (n,) and of epsilon that returns the D which
        maximises E_p[(1 - epsilon) log D + epsilon log(1 - D)] + E_q[log(1 - D)], shape (n,).
    seed
        Seed of the random densities; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    p, q = (2 * torch.randn(2, 20, generator=rng, dtype=torch.float64)).exp()

    def value(y: Tensor, epsilon: float) -> Tensor:
        return (1 - epsilon) * p * y.log() + (epsilon * p + q) * (-y).log1p()

    def number(epsilon: float) -> Tensor:
        came = student_function(p, q, epsilon)
        if not isinstance(came, Tensor) or came.shape != p.shape:
            raise TypeError(f"the answer must be a tensor of shape {tuple(p.shape)}")
        return came.double()

    def no_smoothing() -> bool | str:
        return bool(torch.allclose(number(0.0), p / (p + q))) or "at epsilon = 0 it is not D*"

    def best(epsilon: float) -> bool | str:
        came = number(epsilon)
        if bool(((came <= 0) | (came >= 1)).any()):
            return "it left the open interval (0, 1)"
        rivals = torch.linspace(0.0005, 0.9995, 2000, dtype=torch.float64)
        better = value(rivals.unsqueeze(1), epsilon).amax(0) - value(came, epsilon)
        i = int(better.argmax())
        if float(better[i] / (p[i] + q[i])) < 1e-9:
            return True
        return f"at p = {float(p[i]):.3g}, q = {float(q[i]):.3g} another number does better"

    return examine(
        ("no smoothing gives back D*", no_smoothing),
        ("epsilon = 0.1: nothing on a fine grid does better", lambda: best(0.1)),
        ("epsilon = 0.4: nothing on a fine grid does better", lambda: best(0.4)),
    )
