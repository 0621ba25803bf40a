"""The variational lower bound on an f-divergence: what an f-GAN's discriminator maximises."""

from collections.abc import Callable

from torch import Tensor

from gan_lessons._validation import check_tensor
from gan_lessons.distributions import UnivariateDistribution
from gan_lessons.divergences.catalogue import get_divergence
from gan_lessons.divergences.definition import FDivergence, complete
from gan_lessons.divergences.exact import expectation_difference

__all__ = ["exact_variational_bound", "variational_bound"]


def _parts(
    divergence: str | FDivergence,
) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """Return g_f and f* after g_f."""
    full = complete(get_divergence(divergence))
    assert full.activation is not None
    assert full.conjugate_of_activation is not None
    return full.activation, full.conjugate_of_activation


def variational_bound(divergence: str | FDivergence, raw_real: Tensor, raw_fake: Tensor) -> Tensor:
    r"""Batch estimate of the lower bound on D_f(p || q) from raw scores.

    .. math:: D_f(p \| q) \ge E_p[T] - E_q[f^*(T)], \qquad T(x) = g_f(V(x))

    The bound is tight at T = f'(p/q). A batch mean may exceed it by chance.

    Parameters
    ----------
    divergence : str or FDivergence
        A key of ``F_DIVERGENCES``, or your own.
    raw_real, raw_fake : Tensor, (n,) and (m,)
        Raw scores V of real and of generated samples.

    Returns
    -------
    Tensor, scalar
        Differentiable; the discriminator maximises it.

    References
    ----------
    Nowozin et al. (2016), eq. 4 and 6.
    """
    activation, conjugate_of_activation = _parts(divergence)
    for value, name in ((raw_real, "raw_real"), (raw_fake, "raw_fake")):
        if check_tensor(value, name).numel() == 0:
            raise ValueError(f"{name} needs at least one score, got shape {tuple(value.shape)}.")
    return activation(raw_real).mean() - conjugate_of_activation(raw_fake).mean()


def exact_variational_bound(
    divergence: str | FDivergence,
    p: UnivariateDistribution,
    q: UnivariateDistribution,
    raw_fn: Callable[[Tensor], Tensor],
    tolerance: float = 1e-10,
) -> float:
    r"""The same bound with both expectations by quadrature: at most D_f(p || q), always.

    Parameters
    ----------
    divergence : str or FDivergence
        A key of ``F_DIVERGENCES``, or your own.
    p, q : UnivariateDistribution
        Data law and model law, one-dimensional.
    raw_fn : callable, (n, 1) -> (n,)
        The raw scores V(x); x comes in float64.
    tolerance : float
        Wanted accuracy, relative to ``max(1e-2, |value|)``.
    """
    activation, conjugate_of_activation = _parts(divergence)
    return expectation_difference(
        activation, lambda v: -conjugate_of_activation(v), raw_fn, p, q, tolerance
    )
