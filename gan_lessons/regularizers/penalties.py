"""Penalties on the gradient of the discriminator in its input, as unweighted batch means.

All differentiate the *sum* of the logits: the i-th row of that gradient is the gradient at the
i-th sample, as long as the discriminator treats samples one by one (so no BatchNorm in it).
The samples are detached: a penalty is a term of D's loss and sends nothing to G.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons._validation import check_positive, check_rng, check_same_shape

Discriminator = Callable[[Tensor], Tensor]


def gradient_penalty(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    rng: torch.Generator | None = None,
    target: float = 1.0,
    one_sided: bool = False,
) -> Tensor:
    r"""Penalise gradient norms that differ from ``target`` between real and fake samples.

    .. math:: \frac1n \sum_i (\lVert\nabla_{\hat x} D(\hat x_i)\rVert_2 - \text{target})^2,
        \qquad \hat x_i = u_i x_i + (1 - u_i) G(z_i), \quad u_i \sim U[0, 1]

    Parameters
    ----------
    discriminator : callable
        Maps samples (n, ...) to logits (n,).
    real, fake : Tensor (n, ...)
        Samples of one shape: (n,), (n, d) or (n, c, h, w).
    rng : torch.Generator, optional
        Draws the u_i; None draws from torch's default generator.
    target : float
        The wanted norm, at least 0.
    one_sided : bool
        If true only norms above ``target`` are penalised.

    Returns
    -------
    Tensor
        A scalar, without a weight; it can be differentiated in the discriminator's parameters
        (under ``torch.no_grad`` it is a plain number).

    Raises
    ------
    TypeError, ValueError
        If the samples are empty, of different shapes or not floating point, or the
        discriminator's output is not of shape (n,).

    Notes
    -----
    NaN and infinity in the samples are not looked for: a look would make the GPU wait in every
    training step. The penalty is then most often NaN too.

    References
    ----------
    Gulrajani et al. (2017), eq. 3 and algorithm 1; section 4 for ``one_sided``
    """
    target = check_positive(target, "target", allow_zero=True)
    points = interpolate(real, fake, rng)
    excess = input_gradient(discriminator, points, "real").norm(dim=1) - target
    if one_sided:
        excess = excess.clamp(min=0)
    return excess.square().mean()


def interpolate(real: Tensor, fake: Tensor, rng: torch.Generator | None = None) -> Tensor:
    """Return one uniformly drawn point on the segment between each real and fake sample.

    Parameters
    ----------
    real, fake : Tensor (n, ...)
        Samples of one shape.
    rng : torch.Generator, optional
        Draws one number in [0, 1) per pair; None draws from torch's default generator.

    Returns
    -------
    Tensor (n, ...)
        u * real + (1 - u) * fake, detached.

    Raises
    ------
    TypeError, ValueError
        If the samples are empty, of different shapes or not floating point.
    """
    real, fake = _check_batch(real, "real"), _check_batch(fake, "fake")
    check_same_shape(real, fake, "real", "fake")
    rng = check_rng(rng)
    shape = (len(real),) + (1,) * (real.dim() - 1)
    device = real.device if rng is None else rng.device
    u = torch.rand(shape, generator=rng, device=device, dtype=real.dtype).to(real.device)
    return u * real.detach() + (1 - u) * fake.detach()


def r1_penalty(discriminator: Discriminator, real: Tensor) -> Tensor:
    r"""Return the mean squared gradient norm of D at real samples.

    .. math:: \frac1n \sum_i \lVert\nabla_x D(x_i)\rVert_2^2

    The factor gamma / 2 of the paper stands in the config (``r1_gamma``).

    Parameters
    ----------
    discriminator : callable
        Maps samples (n, ...) to logits (n,).
    real : Tensor (n, ...)
        Real samples: (n,), (n, d) or (n, c, h, w).

    Returns
    -------
    Tensor
        A scalar, without a weight.

    Raises
    ------
    TypeError, ValueError
        If the samples are empty or not floating point, or the output is not of shape (n,).

    References
    ----------
    Mescheder et al. (2018), eq. 9
    """
    return input_gradient(discriminator, real, "real").square().sum(dim=1).mean()


def r2_penalty(discriminator: Discriminator, fake: Tensor) -> Tensor:
    r"""Return the mean squared gradient norm of D at generated samples.

    .. math:: \frac1n \sum_i \lVert\nabla_x D(G(z_i))\rVert_2^2

    Parameters
    ----------
    discriminator : callable
        Maps samples (n, ...) to logits (n,).
    fake : Tensor (n, ...)
        Generated samples; detached here.

    Returns
    -------
    Tensor
        A scalar, without a weight.

    Raises
    ------
    TypeError, ValueError
        As ``r1_penalty``.

    References
    ----------
    Mescheder et al. (2018), eq. 10
    """
    return input_gradient(discriminator, fake, "fake").square().sum(dim=1).mean()


def input_gradient(discriminator: Discriminator, x: Tensor, name: str = "x") -> Tensor:
    """Return the gradient of D at each sample, flattened to (n, d).

    Parameters
    ----------
    discriminator : callable
        Maps samples (n, ...) to logits (n,).
    x : Tensor (n, ...)
        Where the gradient is taken; detached.
    name : str
        What errors call ``x``.

    Returns
    -------
    Tensor (n, d)
        With its graph to the discriminator's parameters, except under ``torch.no_grad``.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is empty or not floating point, or the output is not of shape (n,).
    RuntimeError
        Under ``torch.inference_mode``.
    """
    if torch.is_inference_mode_enabled():
        raise RuntimeError(
            "a gradient penalty needs gradients, which torch.inference_mode forbids; "
            "use torch.no_grad() to get its value alone."
        )
    # Where the caller wants no gradient of the penalty, its graph is not kept.
    create_graph = torch.is_grad_enabled()
    x = _check_batch(x, name).detach().requires_grad_()
    with torch.enable_grad():
        logits = discriminator(x)
        if not isinstance(logits, Tensor) or logits.shape != (len(x),):
            got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(
                f"discriminator must return logits of shape ({len(x)},), one per sample, got {got}."
            )
        if not logits.requires_grad:
            raise ValueError("discriminator must depend on its input by differentiable steps.")
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=create_graph)
    return gradient.reshape(len(x), -1)


def _check_batch(value: object, name: str) -> Tensor:
    """Return ``value`` if it is a floating-point tensor with a batch axis that is not empty."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}.")
    if not value.is_floating_point():
        raise TypeError(f"{name} must be floating point, got {value.dtype}; call {name}.float().")
    if value.dim() == 0 or len(value) == 0:
        raise ValueError(f"{name} needs at least one sample, got shape {tuple(value.shape)}.")
    return value
