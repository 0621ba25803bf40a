"""What a trained autoencoder knows: bounds on log p(x), and which coordinates of z are in use."""

import math

from torch import Tensor

from gan_lessons._validation import check_floating, check_positive, check_same_shape, check_tensor
from gan_lessons.models.elbo import check_codes, gaussian_log_likelihood


def log_importance_weights(
    x: Tensor,
    z: Tensor,
    reconstruction: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    observation_std: float = 1.0,
) -> Tensor:
    r"""Logarithms of the weights whose mean estimates p(x) without bias.

    .. math:: \log w = \log p(x \mid z) + \log p(z) - \log q(z \mid x),
        \qquad \mathbb{E}_{z \sim q(z \mid x)}\, w = p(x)

    Parameters
    ----------
    x, reconstruction : Tensor (n, ...)
        Samples and G(z).
    z : Tensor (n, z_dim)
        One draw from q(z | x) for each sample.
    mean, log_variance : Tensor (n, z_dim)
        Of q(z | x).
    observation_std : float
        As for ``gaussian_log_likelihood``.

    Returns
    -------
    Tensor (n,)

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit or ``observation_std`` is not positive.
    """
    likelihood = gaussian_log_likelihood(x, reconstruction, observation_std)
    check_codes(mean, log_variance, len(likelihood))
    check_same_shape(check_floating(z, "z"), mean, "z", "mean")
    standard = (z - mean) * (-0.5 * log_variance).exp()
    prior_over_posterior = 0.5 * (standard.square() + log_variance - z.square()).sum(1)
    return likelihood + prior_over_posterior


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    r"""Lower bound on log p(x) from k draws of z for each sample, in nats.

    .. math:: \log \frac 1k \sum_{i=1}^k w_i

    Its mean is the ELBO for k = 1, never falls as k grows, and tends to log p(x).

    Parameters
    ----------
    log_weights : Tensor (k, n)
        From ``log_importance_weights``, one row for each draw.

    Returns
    -------
    Tensor (n,)

    Raises
    ------
    TypeError, ValueError
        If it is no tensor of shape (k, n) with k at least 1.

    References
    ----------
    Burda et al. (2016), eq. 8 and theorem 1.
    """
    check_floating(log_weights, "log_weights")
    if log_weights.dim() != 2 or len(log_weights) == 0:
        raise ValueError(f"log_weights must have shape (k, n), got {tuple(log_weights.shape)}.")
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def active_units(mean: Tensor, threshold: float = 0.01) -> Tensor:
    r"""Say which coordinates of the code tell samples apart: the others have collapsed.

    .. math:: \mathrm{Var}_{x}\big[\mu_j(x)\big] > \text{threshold}

    Where the posterior has collapsed onto the prior, the mean is the same for all x.

    Parameters
    ----------
    mean : Tensor (n, z_dim)
        The encoder's means of many samples, at least two.
    threshold : float
        Of the variance; 0.01 is the published one.

    Returns
    -------
    Tensor (z_dim,)
        bool; its sum is the number of active units.

    Raises
    ------
    TypeError, ValueError
        If ``mean`` is no tensor (n, z_dim) with n at least 2, or ``threshold`` is negative.

    References
    ----------
    Burda et al. (2016), section 5.
    """
    check_codes(check_tensor(mean, "mean"), mean)
    if len(mean) < 2:
        raise ValueError(f"mean needs at least 2 rows, got {len(mean)}.")
    return mean.var(0) > check_positive(threshold, "threshold", allow_zero=True)
