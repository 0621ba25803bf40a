"""Does a method converge near the equilibrium? Predicted in closed form, by autograd, measured.

Every statement here is local: it holds for starts close enough to (0, 0), and says nothing of a
start from (1, 1): the notes of ``step_size_limit`` have an example.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive
from gan_lessons.dynamics.games import Game, LocalGame, eigenvalues_2x2
from gan_lessons.dynamics.integrators import check_method, step

# Rounding leaves the modulus of a pure rotation within a few 1e-16 of 1.
_TOLERANCE = 1e-12


class Verdict(NamedTuple):
    """What the linearised step says about starts near the equilibrium.

    ``verdict`` is "converges locally", "cycles" or "diverges"; ``spectral_radius`` is the largest
    modulus of an eigenvalue of the step's Jacobian at (0, 0).
    """

    verdict: str
    spectral_radius: float

    def __str__(self) -> str:
        words = self.verdict.removesuffix(" locally") + " locally"
        return f"{words} (spectral radius {self.spectral_radius:.4f} at the equilibrium)"


def equilibrium_eigenvalues(game: LocalGame) -> Tensor:
    r"""Compute the eigenvalues of the vector field's Jacobian at (0, 0) in closed form.

    .. math:: \lambda_\pm = -\frac{\gamma}{2} \pm \sqrt{\frac{\gamma^2}{4} - f'(0)^2}

    Parameters
    ----------
    game
        ``BilinearGame`` or ``DiracGAN``; gamma is its ``damping``, abs(f'(0)) its ``slope``.

    Returns
    -------
    Tensor
        The two eigenvalues, complex128 of shape (2,), the one with the plus sign first.

    References
    ----------
    Mescheder, Geiger and Nowozin (2018), sections 3 and 4.
    """
    gamma, f_prime = game.damping, game.slope
    root = complex(gamma**2 / 4 - f_prime**2) ** 0.5
    return torch.tensor([-gamma / 2 + root, -gamma / 2 - root], dtype=torch.complex128)


def step_size_limit(game: LocalGame, method: str) -> float:
    r"""Compute the step size below which a method converges near the equilibrium.

    With gamma = ``game.damping`` and f' = ``game.slope``:

    - simultaneous: :math:`\gamma / f'^2` where :math:`\gamma < 2 f'`, else
      :math:`4 / (\gamma + \sqrt{\gamma^2 - 4 f'^2})`; 0 without damping: it never converges;
    - alternating: :math:`(\sqrt{\gamma^2 + 4 f'^2} - \gamma) / f'^2`; without damping, 2/f', the
      step size below which it cycles (4 for the GAN, 2 for the WGAN);
    - extragradient: :math:`1/f'` without damping; :math:`2 / (\gamma + \sqrt{\gamma^2 - 4 f'^2})`
      where :math:`\gamma \ge 2 f'`; between them :math:`\rho / f'` with rho the smallest positive
      root of :math:`\rho^3 + 2 c \rho^2 + (4 c^2 - 1) \rho + 2 c`, :math:`c = -\gamma / (2 f')`.

    Parameters
    ----------
    game
        ``BilinearGame`` or ``DiracGAN``.
    method
        "simultaneous", "alternating" or "extragradient".

    Returns
    -------
    float
        The limit. It is local: see the notes.

    Raises
    ------
    ValueError
        If the method is not known.

    Notes
    -----
    The limit is that of the linearised game. Further out the slope f' of the logistic objectives
    grows from 1/2 to 1 where the discriminator is wrong, and the larger slope has a lower limit.
    So a start can diverge just under it: alternating steps on ``DiracGAN(r1_gamma=1.0)`` have the
    limit 1.657 (1.236 with slope 1); at lr=1.5 the start (0.1, 0.1) converges and (1, 1) diverges.

    References
    ----------
    The formulas follow from the eigenvalues of the step's 2 x 2 Jacobian (the conditions of Jury);
    for the games: Mescheder, Geiger and Nowozin (2018).
    """
    check_method(method)
    gamma, f_prime = game.damping, game.slope
    if method == "alternating":
        # Rationalised, (sqrt(gamma^2 + 4 f'^2) - gamma) / f'^2 does not cancel at large gamma.
        return 4 / ((gamma**2 + 4 * f_prime**2) ** 0.5 + gamma)
    if gamma >= 2 * f_prime:
        fastest = (gamma + (gamma**2 - 4 * f_prime**2) ** 0.5) / 2
        return (2 if method == "simultaneous" else 1) / fastest
    if method == "simultaneous":
        return gamma / f_prime**2
    # Extragradient multiplies by 1 + z + z^2, z = h lambda = rho e^{i phi}, c = cos(phi): it
    # shrinks while 2c + (4c^2 - 1) rho + 2c rho^2 + rho^3 < 0.
    c = -gamma / (2 * f_prime)
    roots = np.roots([1.0, 2 * c, 4 * c**2 - 1, 2 * c])
    real = roots.real[(abs(roots.imag) < 1e-9) & (roots.real > 1e-9)]
    return float(real.min()) / f_prime


def step_jacobian(game: Game, method: str, lr: float) -> Tensor:
    """Compute the Jacobian of one step at the equilibrium (0, 0) by autograd, float64 (2, 2).

    Parameters
    ----------
    game
        Any game whose equilibrium is (0, 0).
    method
        "simultaneous", "alternating" or "extragradient".
    lr
        Step size h > 0.

    Returns
    -------
    Tensor
        (2, 2), float64.
    """
    check_positive(lr, "lr")
    origin = torch.zeros(2, dtype=torch.float64)
    return torch.func.jacrev(lambda params: step(game, method, lr, params))(origin)


def predicted_verdict(game: Game, method: str, lr: float) -> Verdict:
    """Predict by linearisation what a method does near the equilibrium.

    The step's Jacobian at (0, 0) comes from autograd of the step itself, not from the closed forms
    of ``step_size_limit``, so each checks the other.

    Parameters
    ----------
    game
        Any game whose equilibrium is (0, 0).
    method
        "simultaneous", "alternating" or "extragradient".
    lr
        Step size h > 0.

    Returns
    -------
    Verdict
        "converges locally" (spectral radius below 1), "cycles" (equal to 1) or "diverges" (above
        1, or equal to 1 with a double root that grows linearly), and the spectral radius. Where
        the radius is 1, terms of higher order decide what happens in the long run: alternating
        steps on the non-saturating game creep inwards, on the saturating game they do not.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is not positive or the method is not known.
    """
    matrix = step_jacobian(game, method, lr)
    eigenvalues = eigenvalues_2x2(matrix)
    radius = float(eigenvalues.abs().max())
    if radius < 1 - _TOLERANCE:
        return Verdict("converges locally", radius)
    # A double root without two eigenvectors (a Jordan block) grows linearly at modulus 1.
    double = bool((eigenvalues[0] - eigenvalues[1]).abs() < _TOLERANCE)
    jordan = double and bool((matrix - torch.diag(matrix.diagonal())).abs().max() > _TOLERANCE)
    if radius > 1 + _TOLERANCE or jordan:
        return Verdict("diverges", radius)
    return Verdict("cycles", radius)


def measured_growth_rate(
    game: Game,
    method: str,
    lr: float,
    radius: float = 1e-3,
    steps: int = 400,
    n_starts: int = 16,
) -> float:
    r"""Measure the factor by which the distance to the equilibrium changes per step.

    Starts are spread over the half circle of the given radius (a linear step treats p and -p
    alike). After each step every point is put back on the circle and the logarithm of its growth
    added up, so that the measurement stays local. The rate is exp of the least-squares slope, over
    the second half of the run, of the logarithm of the starts' root-mean-square distance.

    Parameters
    ----------
    game
        Any game whose equilibrium is (0, 0).
    method
        "simultaneous", "alternating" or "extragradient".
    lr
        Step size h > 0.
    radius
        Distance from the equilibrium at which the growth is measured.
    steps
        Length of the run, at least 4. The slower the growth, the more it needs.
    n_starts
        How many starts, at least 1.

    Returns
    -------
    float
        The rate: below 1 the method contracts. 0 where every start lands on the equilibrium.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, sign or size.
    """
    check_method(method)
    check_positive(lr, "lr")
    check_positive(radius, "radius")
    check_count(steps, "steps", minimum=4)
    angles = torch.arange(check_count(n_starts, "n_starts"), dtype=torch.float64) / n_starts * np.pi
    params = radius * torch.stack([angles.cos(), angles.sin()], dim=-1)
    log_distance = torch.zeros(steps + 1, n_starts, dtype=torch.float64)
    with torch.no_grad():
        for index in range(steps):
            moved = step(game, method, lr, params)
            distance = moved.norm(dim=-1, keepdim=True)
            log_distance[index + 1] = log_distance[index] + (distance[:, 0] / radius).log()
            params = radius * moved / distance.clamp_min(torch.finfo(torch.float64).tiny)
    log_rms = log_distance.mul(2).logsumexp(dim=-1)[steps // 2 :] / 2
    if not bool(torch.isfinite(log_rms).all()):
        return 0.0
    time = torch.arange(len(log_rms), dtype=torch.float64)
    time = time - time.mean()
    return float(((time * log_rms).sum() / (time**2).sum()).exp())
