"""Ways from one latent vector to another."""

import torch
from torch import Tensor


def linear_interpolation(start: Tensor, end: Tensor, weights: Tensor) -> Tensor:
    r"""Walk in a straight line: :math:`(1 - t)\, a + t\, b`.

    Between two independent draws of N(0, I) in d dimensions the middle has squared length about
    d / 2, not d: few draws of the prior are so short.

    Parameters
    ----------
    start, end : Tensor (n, d)
        The vectors a and b.
    weights : Tensor (k,)
        The values of t; 0 is the start, 1 the end.

    Returns
    -------
    Tensor (k, n, d)

    Raises
    ------
    TypeError, ValueError
        If the shapes or dtypes are others.
    """
    t = _check(start, end, weights)[:, None, None]
    return (1 - t) * start + t * end


def spherical_interpolation(start: Tensor, end: Tensor, weights: Tensor) -> Tensor:
    r"""Walk along an arc; :math:`\omega` is the angle between a and b.

    .. math:: \frac{\sin((1 - t)\,\omega)}{\sin \omega}\, a
        + \frac{\sin(t\,\omega)}{\sin \omega}\, b

    Where a and b have one length, so has all that lies between. Where they point the same way
    (:math:`\sin \omega < 10^{-3}`, opposite directions too) the straight line is taken.

    Parameters
    ----------
    start, end : Tensor (n, d)
        The vectors a and b.
    weights : Tensor (k,)
        The values of t; 0 is the start, 1 the end.

    Returns
    -------
    Tensor (k, n, d)

    Raises
    ------
    TypeError, ValueError
        If the shapes or dtypes are others.

    References
    ----------
    Shoemake (1985), section 3.3; White (2016), section 2.1 (for latent vectors).
    """
    t = _check(start, end, weights)[:, None, None]
    cosine = torch.nn.functional.cosine_similarity(start, end, dim=1).clamp(-1, 1)
    omega = cosine.acos()[:, None]
    flat = omega.sin() < 1e-3
    safe = torch.where(flat, 1.0, omega.sin())
    arc = ((1 - t) * omega).sin() / safe * start + (t * omega).sin() / safe * end
    return torch.where(flat, linear_interpolation(start, end, weights), arc)


def _check(start: Tensor, end: Tensor, weights: Tensor) -> Tensor:
    """Raise unless start and end are (n, d) and weights (k,), all of one floating dtype."""
    for name, value, dims in (("start", start, 2), ("end", end, 2), ("weights", weights, 1)):
        if not isinstance(value, Tensor) or not value.is_floating_point():
            kind = getattr(value, "dtype", type(value).__name__)
            raise TypeError(f"{name} must be a floating-point tensor, got {kind}.")
        if value.dim() != dims:
            wanted = "(n, d)" if dims == 2 else "(k,)"
            raise ValueError(f"{name} must have shape {wanted}, got {tuple(value.shape)}.")
    if start.shape != end.shape:
        raise ValueError(
            f"start and end must have one shape, got {tuple(start.shape)} and {tuple(end.shape)}."
        )
    return weights.to(start)
