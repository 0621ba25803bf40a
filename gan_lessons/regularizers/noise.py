"""Noise on what the discriminator sees."""

import torch
from torch import Tensor

from gan_lessons._validation import check_positive, check_rng


def instance_noise(images: Tensor, std: float, rng: torch.Generator | None = None) -> Tensor:
    r"""Add independent Gaussian noise to each entry: x + std * e with e ~ N(0, 1).

    Added to real and generated samples alike it replaces both laws by their convolutions with
    N(0, std^2), which have densities and overlap.

    Parameters
    ----------
    images : Tensor (n, ...)
        Samples; gradients pass through to them.
    std : float
        Standard deviation in the units of ``images``; 0 returns ``images`` unchanged and draws
        nothing.
    rng : torch.Generator, optional
        Draws the noise; None draws from torch's default generator.

    Returns
    -------
    Tensor (n, ...)

    Raises
    ------
    TypeError
        If ``images`` is not a floating-point tensor or ``rng`` no torch.Generator.
    ValueError
        If ``std`` is negative or not finite.

    References
    ----------
    Sonderby et al. (2017), section 3.4; Arjovsky and Bottou (2017), section 3
    """
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}.")
    if not images.is_floating_point():
        raise TypeError(f"images must be floating point, got {images.dtype}; call images.float().")
    rng = check_rng(rng)
    if check_positive(std, "std", allow_zero=True) == 0:
        return images
    device = images.device if rng is None else rng.device
    noise = torch.randn(images.shape, generator=rng, device=device, dtype=images.dtype)
    return images + std * noise.to(images.device)
