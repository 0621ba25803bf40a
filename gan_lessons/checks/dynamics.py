"""Checks for the exercises of chapter 7."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.dynamics import (
    BilinearGame,
    DiracGAN,
    equilibrium_eigenvalues,
    measured_growth_rate,
    step,
    step_size_limit,
)

_DOUBLE = torch.float64


def check_xy_step_matrix(
    student_function: Callable[[str, float], object], seed: int | None = None
) -> Report:
    """Mark a student's matrix of one step of the game x*y.

    Parameters
    ----------
    student_function
        A function of the method ("simultaneous", "alternating" with theta first, or
        "extragradient") and the step size h that returns the matrix (2, 2) with
        (theta', psi') = matrix (theta, psi).
    seed
        Seed of the random points the matrix is tried on; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    points = torch.randn(5, 2, generator=rng, dtype=_DOUBLE)

    def matrix(method: str, lr: float) -> Tensor:
        return torch.as_tensor(student_function(method, lr), dtype=_DOUBLE)

    def shape() -> bool | str:
        came = tuple(matrix("simultaneous", 0.5).shape)
        return came == (2, 2) or f"the shape was {came}"

    def steps_as(method: str) -> bool | str:
        for lr in (0.1, 0.7, 2.3):
            came = points @ matrix(method, lr).T
            if torch.allclose(came, step(BilinearGame(), method, lr, points), atol=1e-9):
                continue
            for other in ("simultaneous", "alternating", "extragradient"):
                if torch.allclose(came, step(BilinearGame(), other, lr, points), atol=1e-9):
                    return f"at h = {lr} it took the {other} step"
            turned = step(BilinearGame(), method, lr, points * torch.tensor([1.0, -1.0]))
            if torch.allclose(came, turned * torch.tensor([1.0, -1.0]), atol=1e-9):
                return f"at h = {lr} the two players' signs were exchanged: theta descends"
            return f"at h = {lr} the point {points[0].tolist()} went to {came[0].tolist()}"
        return True

    return examine(
        ("a matrix of shape (2, 2)", shape),
        ("it takes the simultaneous step", lambda: steps_as("simultaneous")),
        ("it takes the alternating step, theta first", lambda: steps_as("alternating")),
        ("it takes the extragradient step", lambda: steps_as("extragradient")),
    )


def check_dirac_eigenvalues(
    student_function: Callable[[float, float], object], seed: int | None = None
) -> Report:
    """Mark a student's eigenvalues of the Dirac-GAN at its equilibrium.

    Parameters
    ----------
    student_function
        A function of the slope abs(f'(0)) and of gamma that returns the two eigenvalues of the
        vector field's Jacobian at (0, 0), in any order.
    seed
        Not used: nothing here is random.

    Returns
    -------
    Report
        Passed, or what came instead.
    """

    def agrees(objective: str, gamma: float) -> bool | str:
        game = DiracGAN(objective, r1_gamma=gamma)
        came = torch.as_tensor(student_function(game.slope, gamma), dtype=torch.complex128)
        wanted = equilibrium_eigenvalues(game)
        if tuple(came.shape) != (2,):
            return f"the shape was {tuple(came.shape)}, two eigenvalues are wanted"
        orders = (came, came.flip(0))
        if any(torch.allclose(order, wanted, atol=1e-9) for order in orders):
            return True
        if any(torch.allclose(-order, wanted, atol=1e-9) for order in orders):
            return "the sign is turned: the players walk down their losses"
        return f"it gave {_words(came)} instead of {_words(wanted)}"

    return examine(
        ("saturating, without a penalty: +-i/2", lambda: agrees("saturating", 0.0)),
        ("Wasserstein, without a penalty: +-i", lambda: agrees("wasserstein", 0.0)),
        ("a small penalty, 0.3: still complex", lambda: agrees("saturating", 0.3)),
        ("critical damping, 1.0: a double eigenvalue", lambda: agrees("saturating", 1.0)),
        ("a large penalty, 3.0: two real ones", lambda: agrees("wasserstein", 3.0)),
    )


def check_r1_step_size_limit(
    student_function: Callable[[float, float], object], seed: int | None = None
) -> Report:
    """Mark a student's largest step size for simultaneous steps on the Dirac-GAN with R1.

    The limit is held against games that are played 3% below and 3% above it, from a distance of
    0.001, not against a formula only.

    Parameters
    ----------
    student_function
        A function of the slope abs(f'(0)) and of gamma > 0 that returns the step size below
        which simultaneous steps converge locally.
    seed
        Not used: nothing here is random.

    Returns
    -------
    Report
        Passed, or what came instead.
    """

    def separates(objective: str, gamma: float) -> bool | str:
        game = DiracGAN(objective, r1_gamma=gamma)
        limit = float(student_function(game.slope, gamma))  # type: ignore[arg-type]
        below = measured_growth_rate(game, "simultaneous", 0.97 * limit)
        above = measured_growth_rate(game, "simultaneous", 1.03 * limit)
        if below >= 1:
            return f"at 3% below {limit:.4f} the distance still grows by {below:.4f} a step"
        if above <= 1:
            return f"at 3% above {limit:.4f} the distance still shrinks by {above:.4f} a step"
        exact = step_size_limit(game, "simultaneous")
        return abs(limit - exact) < 1e-6 * exact or f"{limit:.6f} is near, exact is {exact:.6f}"

    return examine(
        ("slope 1/2, gamma 0.3: complex eigenvalues", lambda: separates("saturating", 0.3)),
        ("slope 1, gamma 0.8: complex eigenvalues", lambda: separates("wasserstein", 0.8)),
        ("slope 1/2, gamma 2: real eigenvalues", lambda: separates("saturating", 2.0)),
        ("slope 1, gamma 5: real eigenvalues", lambda: separates("wasserstein", 5.0)),
    )


def _words(values: Tensor) -> str:
    """Write complex numbers with three decimals."""
    return ", ".join(f"{complex(value):.3f}" for value in values)
