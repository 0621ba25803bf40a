"""The variational autoencoder as functions of tensors: KL, reparameterisation, the ELBO."""

import math

import torch
from torch import Tensor

from gan_lessons._validation import check_floating, check_positive, check_rng, check_same_shape


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence of diagonal Gaussians from the prior N(0, I), in nats.

    .. math:: KL\big(N(\mu, \mathrm{diag}(e^{s})) \,\|\, N(0, I)\big)
        = \tfrac12 \sum_j \big(\mu_j^2 + e^{s_j} - 1 - s_j\big)

    Parameters
    ----------
    mean : Tensor (n, z_dim)
        The means.
    log_variance : Tensor (n, z_dim)
        The logarithms s of the variances.

    Returns
    -------
    Tensor (n,)

    Raises
    ------
    TypeError, ValueError
        If they are no tensors of one shape (n, z_dim).

    References
    ----------
    Kingma and Welling (2014), appendix B.
    """
    check_codes(mean, log_variance)
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def reparameterise(
    mean: Tensor, log_variance: Tensor, rng: torch.Generator | None = None
) -> Tensor:
    r"""Draw one code for each row so that gradients reach means and variances.

    .. math:: z = \mu + e^{s / 2} \odot \epsilon, \qquad \epsilon \sim N(0, I)

    Parameters
    ----------
    mean, log_variance : Tensor (n, z_dim)
        Of the Gaussians.
    rng : torch.Generator, optional
        Draws :math:`\epsilon`; None draws from torch's default generator.

    Returns
    -------
    Tensor (n, z_dim)

    Raises
    ------
    TypeError, ValueError
        If they are no tensors of one shape (n, z_dim).

    References
    ----------
    Kingma and Welling (2014), section 2.4.
    """
    check_codes(mean, log_variance)
    rng = check_rng(rng)
    device = mean.device if rng is None else rng.device
    noise = torch.randn(mean.shape, generator=rng, device=device, dtype=mean.dtype)
    return mean + (0.5 * log_variance).exp() * noise.to(mean.device)


def gaussian_log_likelihood(x: Tensor, reconstruction: Tensor, observation_std: float) -> Tensor:
    r"""Log-density of x under a Gaussian of one variance around its reconstruction, in nats.

    .. math:: \log p(x \mid z) = -\frac{\|x - G(z)\|^2}{2 \sigma^2}
        - \frac d2 \log(2 \pi \sigma^2)

    Parameters
    ----------
    x : Tensor (n, ...)
        Samples of d numbers each.
    reconstruction : Tensor (n, ...)
        The means G(z), of the same shape.
    observation_std : float
        The standard deviation :math:`\sigma` of each number.

    Returns
    -------
    Tensor (n,)

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, or ``observation_std`` is not positive.
    """
    if check_floating(x, "x").dim() < 2:
        raise ValueError(f"x must have shape (n, ...), got {tuple(x.shape)}; call x.unsqueeze(1).")
    check_same_shape(x, check_floating(reconstruction, "reconstruction"), "x", "reconstruction")
    variance = check_positive(observation_std, "observation_std") ** 2
    squares = (x - reconstruction).square().flatten(1)
    d = squares.shape[1]
    return -squares.sum(1) / (2 * variance) - d / 2 * math.log(2 * math.pi * variance)


def negative_elbo(
    x: Tensor,
    reconstruction: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    observation_std: float = 1.0,
    beta: float = 1.0,
) -> Tensor:
    r"""Negative evidence lower bound of each sample, estimated from one draw of z, in nats.

    .. math:: -\log p(x \mid z) + \beta\, KL\big(q(z \mid x) \,\|\, N(0, I)\big)

    With :math:`\beta = 1` its mean over :math:`z \sim q(z \mid x)` is at least
    :math:`-\log p(x)`; the gap is :math:`KL(q(z \mid x) \| p(z \mid x))`.

    Parameters
    ----------
    x, reconstruction : Tensor (n, ...)
        Samples and G(z) with z drawn from q(z | x).
    mean, log_variance : Tensor (n, z_dim)
        What the encoder says of each sample.
    observation_std : float
        As for ``gaussian_log_likelihood``.
    beta : float
        Weight of the KL term; 0 leaves an autoencoder with noise.

    Returns
    -------
    Tensor (n,)

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit or a number is out of range.

    References
    ----------
    Kingma and Welling (2014), eq. 7; Higgins et al. (2017), eq. 4 (beta).
    """
    beta = check_positive(beta, "beta", allow_zero=True)
    likelihood = gaussian_log_likelihood(x, reconstruction, observation_std)
    check_codes(mean, log_variance, len(likelihood))
    return beta * gaussian_kl(mean, log_variance) - likelihood


def check_codes(mean: object, log_variance: object, n: int | None = None) -> None:
    """Raise unless means and log-variances are tensors of one shape (n, z_dim), n as given."""
    first = check_floating(mean, "mean")
    if first.dim() != 2:
        raise ValueError(f"mean must have shape (n, z_dim), got {tuple(first.shape)}.")
    if n is not None and len(first) != n:
        raise ValueError(f"mean must have a row for each of the {n} samples, got {len(first)}.")
    second = check_floating(log_variance, "log_variance")
    check_same_shape(first, second, "mean", "log_variance")
