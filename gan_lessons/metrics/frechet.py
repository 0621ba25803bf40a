"""The Fréchet distance between samples, each seen as a normal law."""

import torch
from torch import Tensor

from gan_lessons._validation import check_pair, check_result, check_tensor
from gan_lessons.metrics._distances import to_float64


def frechet_distance(x: Tensor, y: Tensor) -> float:
    r"""Compute the squared Fréchet (2-Wasserstein) distance of two normal laws fitted to samples.

    .. math:: \|\bar x - \bar y\|^2 + \mathrm{tr}\,C_x + \mathrm{tr}\,C_y
        - 2\, \mathrm{tr} (C_x C_y)^{1/2}, \qquad
        \mathrm{tr} (C_x C_y)^{1/2} = \frac{\|A B^\top\|_*}{\sqrt{(n - 1)(m - 1)}}

    with centred samples A and B and the nuclear norm (sum of singular values). This form needs no
    covariance matrix and no matrix square root, so that it stays exact with fewer samples than
    features, and for x = y it is zero to rounding. Where samples outnumber features, A and B are
    replaced by their triangular QR factors, which changes no singular value.

    It is biased upwards, the more the fewer samples: compare values of equal n and m only, and
    print the distance of real to real samples beside them. It is the FID only if x and y are
    features of the Inception network.

    Parameters
    ----------
    x, y : Tensor
        Real and generated samples or features, shapes (n, d) and (m, d); at least 2 of each.

    Returns
    -------
    float
        Zero or positive, in squared units of the features; computed in float64 (from mps: on the
        CPU).

    Raises
    ------
    ValueError
        If the numbers of features differ, entries are not finite, or the distance overflows.

    References
    ----------
    Dowson and Landau (1982), eq. 4; Heusel et al. (2017), eq. 6.
    """
    first, second = (to_float64(t) for t in check_pair(x, y))
    n, m = len(first), len(second)
    mean_x, mean_y = first.mean(0), second.mean(0)
    a, b = first - mean_x, second - mean_y
    traces = a.square().sum() / (n - 1) + b.square().sum() / (m - 1)
    own = (mean_x - mean_y).square().sum() + traces
    check_result(own, "the distance")
    cross = _nuclear_norm(_square_factor(a) @ _square_factor(b).T)
    return _distance(own, cross / ((n - 1) * (m - 1)) ** 0.5)


def frechet_distance_gaussians(
    mean_x: Tensor, cov_x: Tensor, mean_y: Tensor, cov_y: Tensor
) -> float:
    r"""Compute the squared Fréchet (2-Wasserstein) distance of two given normal laws.

    .. math:: \|\mu_x - \mu_y\|^2 + \mathrm{tr}\,C_x + \mathrm{tr}\,C_y
        - 2\, \mathrm{tr} (C_x C_y)^{1/2}, \qquad
        \mathrm{tr} (C_x C_y)^{1/2} = \| C_x^{1/2} C_y^{1/2} \|_*

    with symmetric square roots from eigenvalues, negative ones (rounding) taken as 0.

    Parameters
    ----------
    mean_x, mean_y : Tensor
        Means, shape (d,).
    cov_x, cov_y : Tensor
        Covariance matrices, shape (d, d), symmetric and positive semi-definite.

    Returns
    -------
    float
        Zero or positive.

    Raises
    ------
    ValueError
        If shapes differ, or a covariance matrix is not symmetric or has a negative eigenvalue,
        or there are no features, or the distance overflows.

    References
    ----------
    Dowson and Landau (1982), eq. 4.
    """
    d = check_tensor(mean_x, "mean_x").numel()
    if d == 0:
        raise ValueError("mean_x needs at least one feature, got shape (0,).")
    for value, name, shape in (
        (mean_x, "mean_x", (d,)),
        (cov_x, "cov_x", (d, d)),
        (mean_y, "mean_y", (d,)),
        (cov_y, "cov_y", (d, d)),
    ):
        check_tensor(value, name)
        if value.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {tuple(value.shape)}.")
    mean_x, cov_x, mean_y, cov_y = (to_float64(t) for t in (mean_x, cov_x, mean_y, cov_y))
    own = (mean_x - mean_y).square().sum() + cov_x.trace() + cov_y.trace()
    check_result(own, "the distance")
    product = _symmetric_root(cov_x, "cov_x") @ _symmetric_root(cov_y, "cov_y")
    return _distance(own, _nuclear_norm(product))


def _distance(own: Tensor, cross: Tensor) -> float:
    """Put the parts together; what rounding leaves below zero is zero, NaN is not."""
    distance = float(own - 2 * cross)
    check_result(distance, "the distance")
    return max(0.0, distance)


def _nuclear_norm(matrix: Tensor) -> Tensor:
    """Return the sum of the singular values."""
    try:
        return torch.linalg.svdvals(matrix).sum()
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        raise ValueError(
            "the singular values of the samples' or laws' product did not converge: rescale the "
            "features, or drop those that are nearly constant."
        ) from error


def _square_factor(a: Tensor) -> Tensor:
    """Return R of A = QR where A is tall, else A: both have the same Gram matrix A'A."""
    return torch.linalg.qr(a, mode="r").R if a.shape[0] > a.shape[1] else a


def _symmetric_root(covariance: Tensor, name: str) -> Tensor:
    """Return the symmetric square root of a positive semi-definite matrix."""
    scale = float(covariance.abs().max())
    if not torch.allclose(covariance, covariance.T, rtol=0, atol=1e-6 * scale):
        raise ValueError(f"{name} must be symmetric; use ({name} + {name}.T) / 2.")
    try:
        values, vectors = torch.linalg.eigh((covariance + covariance.T) / 2)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        raise ValueError(
            f"the eigenvalues of {name} did not converge: rescale the features."
        ) from error
    if float(values.min()) < -1e-6 * scale:
        raise ValueError(
            f"{name} must be positive semi-definite, got the eigenvalue {float(values.min()):.4g}."
        )
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T
