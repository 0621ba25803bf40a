"""The Dirac-GAN: the smallest GAN, with every objective, R1 and instance noise."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from gan_lessons._validation import check_positive
from gan_lessons.dynamics.games import check_params, eigenvalues_2x2
from gan_lessons.dynamics.scalar_objectives import SCALAR_OBJECTIVES, ScalarObjective

_N_NODES = 64


@lru_cache(maxsize=64)
def _gauss_hermite(std: float) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes e and weights w with E h(e) = sum w h(e) for e ~ N(0, std^2).

    Arrays, not tensors: a tensor made under torch.func.jacrev belongs to that call, and keeping it
    for the next one is an error.
    """
    if std == 0:
        return np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_N_NODES)
    return std * nodes, weights / weights.sum()


@dataclass(frozen=True)
class DiracGAN:
    r"""The smallest GAN: data at 0, generator at theta, discriminator D(x) = psi x.

    .. math::
        V(\theta, \psi) &= \mathbb{E} f(-\psi\, e) + \mathbb{E} f(\psi (\theta + e)),
            \qquad e \sim N(0, s^2) \\
        L_D &= -V + \tfrac{\gamma}{2} \psi^2, \qquad
        L_G = \mathbb{E}\, g(\psi (\theta + e))

    with f and g from ``SCALAR_OBJECTIVES``; without instance noise, s = 0, the first term is the
    constant f(0). The only equilibrium is (0, 0), where the generator has found the data.

    Parameters
    ----------
    objective
        "saturating" (f = g = -softplus), "non-saturating", "least-squares" (D = 1/2 + psi x),
        "hinge", "wasserstein" or "relativistic"; or a ``ScalarObjective`` of your own.
    r1_gamma
        Weight gamma >= 0 of the R1 penalty; D has slope psi everywhere, so it is gamma/2 psi^2.
    instance_noise
        Standard deviation s >= 0 of the Gaussian noise on real and fake points alike. The
        expectation is computed by Gauss-Hermite quadrature with 64 nodes: for the logistic
        objectives it errs by 1e-10 while abs(psi) s <= 2, by 1e-4 at 5, and by 1e-2 at 10.

    Raises
    ------
    TypeError, ValueError
        If the objective is not one of the six, a strength is negative or not finite, or noise
        is asked for with the hinge, whose corner the quadrature cannot integrate.

    References
    ----------
    Mescheder, Geiger and Nowozin (2018), definition 2.1. They label fakes as positive, so their
    psi is ours with its sign turned.
    """

    objective: str | ScalarObjective = "saturating"
    r1_gamma: float = 0.0
    instance_noise: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.objective, str | ScalarObjective):
            raise TypeError(
                f"objective must be a name or a ScalarObjective, "
                f"got {type(self.objective).__name__}."
            )
        if isinstance(self.objective, str) and self.objective not in SCALAR_OBJECTIVES:
            raise ValueError(
                f"objective must be a ScalarObjective or one of {', '.join(SCALAR_OBJECTIVES)}, "
                f"got {self.objective!r}."
            )
        check_positive(self.r1_gamma, "r1_gamma", allow_zero=True)
        check_positive(self.instance_noise, "instance_noise", allow_zero=True)
        if self.instance_noise > 0 and not self._scalar.smooth:
            raise ValueError(
                f"instance_noise must be 0 with an objective that is not smooth (hinge), got "
                f"{self.instance_noise}: its corner has no accurate quadrature; use wasserstein, "
                f"which is the same game near the equilibrium."
            )

    @property
    def _scalar(self) -> ScalarObjective:
        """The scalar functions f and g of the objective."""
        if isinstance(self.objective, ScalarObjective):
            return self.objective
        return SCALAR_OBJECTIVES[self.objective]

    @property
    def slope(self) -> float:
        """Strength of the rotation at the equilibrium, abs(f'(0)): 1/2, or 1 (WGAN, hinge)."""
        return abs(float(self._scalar.f_prime(torch.zeros((), dtype=torch.float64))))

    @property
    def damping(self) -> float:
        """Pull of psi to 0 at the equilibrium, r1_gamma - 2 f''(0) s^2: noise acts as R1."""
        curvature = float(self._scalar.f_second(torch.zeros((), dtype=torch.float64)))
        return self.r1_gamma - 2 * curvature * self.instance_noise**2

    def _points(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return psi (..., 1), noise e (k,), fake points x (..., k) and the weights (k,)."""
        theta, psi = check_params(params).unsqueeze(-2).unbind(-1)
        arrays = _gauss_hermite(float(self.instance_noise))
        nodes, weights = (torch.from_numpy(array).to(params) for array in arrays)
        # The difference of two noisy points carries the noise of both.
        fake = theta + (2**0.5 * nodes if self._scalar.relative else nodes)
        return psi, nodes, fake, weights

    def generator_loss(self, params: Tensor) -> Tensor:
        """Compute L_G = E g(psi (theta + e)), shape (...,)."""
        psi, _, x, w = self._points(params)
        return (w * self._scalar.g(psi * x)).sum(-1)

    def discriminator_loss(self, params: Tensor) -> Tensor:
        """Compute L_D = -E f(-psi e) - E f(psi (theta + e)) + gamma/2 psi^2, shape (...,)."""
        psi, e, x, w = self._points(params)
        value = (w * self._scalar.f(psi * x)).sum(-1)
        if not self._scalar.relative:
            value = value + (w * self._scalar.f(-psi * e)).sum(-1)
        return -value + self.r1_gamma / 2 * psi.squeeze(-1) ** 2

    def vector_field(self, params: Tensor) -> Tensor:
        r"""Compute :math:`(-\partial L_G/\partial\theta, -\partial L_D/\partial\psi)`.

        Without noise that is :math:`(-g'(\theta\psi)\psi,\; f'(\theta\psi)\theta - \gamma\psi)`.

        Parameters
        ----------
        params
            Points (theta, psi), shape (..., 2): one point, or a whole grid for a quiver plot.

        Returns
        -------
        Tensor
            The direction of both players, shape (..., 2).
        """
        if self.instance_noise == 0:
            # The general case below has one node, e = 0; this is the same in a third of the time.
            theta, psi = check_params(params).unbind(-1)
            t = theta * psi
            v_theta = -self._scalar.g_prime(t) * psi
            v_psi = self._scalar.f_prime(t) * theta - self.r1_gamma * psi
            return torch.stack([v_theta, v_psi], dim=-1)
        psi, e, x, w = self._points(params)
        t = psi * x
        v_theta = -(w * self._scalar.g_prime(t) * psi).sum(-1)
        v_psi = (w * self._scalar.f_prime(t) * x).sum(-1) - self.r1_gamma * psi.squeeze(-1)
        if not self._scalar.relative:
            v_psi = v_psi - (w * self._scalar.f_prime(-psi * e) * e).sum(-1)
        return torch.stack([v_theta, v_psi], dim=-1)

    def jacobian(self, params: Tensor) -> Tensor:
        r"""Compute the Jacobian of the vector field in closed form, shape (..., 2, 2).

        Without noise, with :math:`t = \theta\psi`:

        .. math::
            \begin{pmatrix} -\psi^2 g''(t) & -g'(t) - t\, g''(t) \\
            f'(t) + t f''(t) & \theta^2 f''(t) - \gamma \end{pmatrix}
        """
        psi, e, x, w = self._points(params)
        scalar, t = self._scalar, psi * x
        f_second, g_second = scalar.f_second(t), scalar.g_second(t)
        theta_theta = -(w * psi**2 * g_second).sum(-1)
        theta_psi = -(w * (scalar.g_prime(t) + t * g_second)).sum(-1)
        psi_theta = (w * (scalar.f_prime(t) + t * f_second)).sum(-1)
        psi_psi = (w * x**2 * f_second).sum(-1) - self.r1_gamma
        if self.instance_noise and not scalar.relative:
            psi_psi = psi_psi + (w * e**2 * scalar.f_second(-psi * e)).sum(-1)
        rows = [theta_theta, theta_psi, psi_theta, psi_psi]
        return torch.stack(rows, dim=-1).unflatten(-1, (2, 2))

    def eigenvalues(self, params: Tensor) -> Tensor:
        r"""Compute the eigenvalues of the Jacobian, complex of shape (..., 2).

        At the equilibrium they are
        :math:`-\gamma/2 \pm \sqrt{\gamma^2/4 - f'(0)^2}` with gamma = ``damping``.
        """
        return eigenvalues_2x2(self.jacobian(params))
