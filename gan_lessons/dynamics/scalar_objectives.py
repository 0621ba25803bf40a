"""Every objective as functions of one logit: what is left of a GAN when the data are one point.

The discriminator is D(x) = psi x, the data sit at 0 and the generator at theta, so the only logit
that moves is t = D(theta) = psi theta. The game's value is

    V = E f(-D(real)) + E f(D(fake)),       L_D = -V,       L_G = E g(D(fake)),

with a concave f that the discriminator maximises. Minimax games have g = f (up to a constant).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import softplus

Scalar = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class ScalarObjective:
    """One objective by its scalar functions f and g and their first two derivatives.

    Parameters
    ----------
    f, f_prime, f_second
        The value's term for a fake logit t, and its derivatives; elementwise on tensors.
    g, g_prime, g_second
        The generator's loss for a fake logit t, and its derivatives; elementwise on tensors.
    relative
        Whether the losses see the difference D(fake) - D(real) of a pair, not each logit alone.
    smooth
        Whether f has a second derivative everywhere (the hinge has a corner at t = -1).
    """

    f: Scalar
    f_prime: Scalar
    f_second: Scalar
    g: Scalar
    g_prime: Scalar
    g_second: Scalar
    relative: bool = False
    smooth: bool = True


def _log_one_minus_d(t: Tensor) -> Tensor:
    """Return log(1 - sigmoid(t)) = -softplus(t)."""
    return -softplus(t)


def _minus_log_d(t: Tensor) -> Tensor:
    """Return -log sigmoid(t) = softplus(-t)."""
    return softplus(-t)


def _logistic_slope(t: Tensor) -> Tensor:
    """Return the slope -sigmoid(t) of -softplus(t)."""
    return -torch.sigmoid(t)


def _logistic_slope_flipped(t: Tensor) -> Tensor:
    """Return the slope -sigmoid(-t) of softplus(-t)."""
    return -torch.sigmoid(-t)


def _logistic_curvature(t: Tensor) -> Tensor:
    """Return -sigmoid(t) sigmoid(-t), the curvature of -softplus(t)."""
    return -torch.sigmoid(t) * torch.sigmoid(-t)


def _minus_logistic_curvature(t: Tensor) -> Tensor:
    """Return sigmoid(t) sigmoid(-t), the curvature of softplus(-t)."""
    return torch.sigmoid(t) * torch.sigmoid(-t)


def _minus_t(t: Tensor) -> Tensor:
    """Return -t, the critic's score with its sign turned."""
    return -t


def _minus_one(t: Tensor) -> Tensor:
    """Return -1 for every logit."""
    return -torch.ones_like(t)


_SATURATING = ScalarObjective(
    f=_log_one_minus_d,
    f_prime=_logistic_slope,
    f_second=_logistic_curvature,
    g=_log_one_minus_d,
    g_prime=_logistic_slope,
    g_second=_logistic_curvature,
)
_NON_SATURATING = ScalarObjective(
    f=_log_one_minus_d,
    f_prime=_logistic_slope,
    f_second=_logistic_curvature,
    g=_minus_log_d,
    g_prime=_logistic_slope_flipped,
    g_second=_minus_logistic_curvature,
)
# A pair (real, fake) has softplus(-(real - fake)) = softplus(t): with the data at 0 it is the
# non-saturating game, and only instance noise tells the two apart.
_RELATIVISTIC = replace(_NON_SATURATING, relative=True)
_WASSERSTEIN = ScalarObjective(
    f=_minus_t,
    f_prime=_minus_one,
    f_second=torch.zeros_like,
    g=_minus_t,
    g_prime=_minus_one,
    g_second=torch.zeros_like,
)
_HINGE = ScalarObjective(
    f=lambda t: -torch.relu(1 + t),
    f_prime=lambda t: -(t > -1).to(t.dtype),
    f_second=torch.zeros_like,
    g=_minus_t,
    g_prime=_minus_one,
    g_second=torch.zeros_like,
    smooth=False,
)
# The targets are 1 and 0, so the discriminator rests at 1/2: here its output is 1/2 + psi x,
# its bias held at that value.
_LEAST_SQUARES = ScalarObjective(
    f=lambda t: -0.5 * (t + 0.5) ** 2,
    f_prime=lambda t: -(t + 0.5),
    f_second=_minus_one,
    g=lambda t: 0.5 * (t - 0.5) ** 2,
    g_prime=lambda t: t - 0.5,
    g_second=torch.ones_like,
)

SCALAR_OBJECTIVES: dict[str, ScalarObjective] = {
    "saturating": _SATURATING,
    "non-saturating": _NON_SATURATING,
    "least-squares": _LEAST_SQUARES,
    "hinge": _HINGE,
    "wasserstein": _WASSERSTEIN,
    "relativistic": _RELATIVISTIC,
}
