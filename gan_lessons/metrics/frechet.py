"""The Fréchet distance between samples, each seen as a normal law."""

import torch
from torch import Tensor

from gan_lessons._validation import check_pair, check_result, check_tensor
from gan_lessons.metrics._distances import to_float64
from gan_lessons.metrics._moments import Moments, moments

_BLOCK = 256
_SEEN = 1e-9  # a share of the distance: rounding above it would be seen
_SMALLEST_PIVOT = 1e-8  # of the largest: below it a Cholesky factor has lost its small directions


def frechet_distance(x: Tensor, y: Tensor) -> float:
    r"""Compute the squared Fréchet (2-Wasserstein) distance of two normal laws fitted to samples.

    .. math:: \|\bar x - \bar y\|^2 + \mathrm{tr}\,C_x + \mathrm{tr}\,C_y
        - 2\, \mathrm{tr} (C_x C_y)^{1/2}, \qquad
        \mathrm{tr} (C_x C_y)^{1/2} = \frac{\|A B^\top\|_*}{\sqrt{(n - 1)(m - 1)}}

    with centred samples A and B and the nuclear norm (sum of singular values). With more samples
    than features the trace is taken from the eigenvalues of :math:`L_x^\top C_y L_x`, where
    :math:`C = L L^\top` (Cholesky): they are those of :math:`C_x C_y`, but of a symmetric matrix.
    Square roots of small eigenvalues lose digits: where a bound on their rounding reaches
    :math:`10^{-9}` of the distance, it is :math:`\|L_x^\top L_y\|_*`. Where a covariance matrix is
    nearly singular, and with fewer samples than features, it is the nuclear norm of the samples
    themselves, which needs no covariance matrix. For x = y the distance is zero to rounding.

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
    first, second = check_pair(x, y)
    if min(len(first), len(second)) > first.shape[1]:
        fast = _by_covariances(moments(first), moments(second))
        if fast is not None:
            return fast
    first, second = to_float64(first), to_float64(second)
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

    by Cholesky factors as in ``frechet_distance``; where a matrix is nearly singular, by symmetric
    square roots, negative eigenvalues (rounding) taken as 0.

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
    cov_x, cov_y = _symmetric(cov_x, "cov_x"), _symmetric(cov_y, "cov_y")
    fast = _by_covariances(Moments(mean_x, cov_x), Moments(mean_y, cov_y))
    if fast is not None:
        return fast
    product = _symmetric_root(cov_x, "cov_x") @ _symmetric_root(cov_y, "cov_y")
    return _distance(own, _nuclear_norm(product))


def _by_covariances(x: Moments, y: Moments) -> float | None:
    """Return the distance by Cholesky factors, or None where a covariance is nearly singular."""
    own = (x.mean - y.mean).square().sum() + x.covariance.trace() + y.covariance.trace()
    check_result(own, "the distance")
    # A feature without variance in one law adds nothing to the product: left out, a ReLU that
    # never fires does not make the matrix singular.
    live = x.covariance.any(0) & y.covariance.any(0)
    c_x, c_y = (c if bool(live.all()) else c[live][:, live] for c in (x.covariance, y.covariance))
    if len(c_x) == 0:
        return _distance(own, torch.zeros_like(own))
    lower_x, lower_y = _cholesky(c_x), _cholesky(c_y)
    if lower_x is None or lower_y is None:
        return None
    distance = _by_eigenvalues(own, _lower_product(lower_x, c_y))
    if distance is None:
        distance = _distance(own, _nuclear_norm(lower_x.T @ lower_y))
    return distance


def _cholesky(covariance: Tensor) -> Tensor | None:
    """Return L of C = LL', or None where a pivot is not positive or next to nothing."""
    lower, failed = torch.linalg.cholesky_ex(covariance)
    pivots = lower.diagonal().square()
    return lower if not int(failed) and pivots.min() > _SMALLEST_PIVOT * pivots.max() else None


def _by_eigenvalues(own: Tensor, product: Tensor) -> float | None:
    """Return the distance by eigenvalues, or None where rounding could be seen in it."""
    try:
        values = torch.linalg.eigvalsh(product)
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
        return None
    if not float(values[0]) > 0:
        return None
    roots = values.sqrt()
    distance = _distance(own, roots.sum())
    # An eigenvalue is known to about eps times the largest, its root to half of that over the root.
    eps = torch.finfo(values.dtype).eps
    rounding = float((eps * values[-1] / (2 * roots)).sum())
    return distance if rounding <= _SEEN * distance else None


def _lower_product(lower: Tensor, matrix: Tensor) -> Tensor:
    """Compute the lower triangle of L'CL by blocks that leave out what is zero or not asked for."""
    right, product = torch.empty_like(matrix), torch.zeros_like(matrix)
    blocks = [slice(i, i + _BLOCK) for i in range(0, len(lower), _BLOCK)]
    for columns in blocks:
        i = columns.start
        right[:, columns] = matrix[:, i:] @ lower[i:, columns]
    for rows in blocks:
        i, end = rows.start, rows.stop
        product[rows, :end] = lower[i:, rows].T @ right[i:, :end]
    return product


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


def _symmetric(covariance: Tensor, name: str) -> Tensor:
    """Return the symmetric part of a matrix, or raise if there is more than rounding beside it."""
    scale = float(covariance.abs().max())
    if not torch.allclose(covariance, covariance.T, rtol=0, atol=1e-6 * scale):
        raise ValueError(f"{name} must be symmetric; use ({name} + {name}.T) / 2.")
    return (covariance + covariance.T) / 2


def _symmetric_root(covariance: Tensor, name: str) -> Tensor:
    """Return the symmetric square root of a positive semi-definite matrix."""
    scale = float(covariance.abs().max())
    try:
        values, vectors = torch.linalg.eigh(covariance)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        raise ValueError(
            f"the eigenvalues of {name} did not converge: rescale the features."
        ) from error
    if float(values.min()) < -1e-6 * scale:
        raise ValueError(
            f"{name} must be positive semi-definite, got the eigenvalue {float(values.min()):.4g}."
        )
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T
