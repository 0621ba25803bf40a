"""Augmentations: random changes of images that leave open what they show."""

import torch
from torch import Tensor
from torch.nn import functional

from gan_lessons._validation import check_count, check_positive, check_rng


def random_shift(
    images: Tensor, max_pixels: int, rng: torch.Generator | None = None, fill: float = -1.0
) -> Tensor:
    r"""Shift each image by its own whole number of pixels along both axes.

    .. math:: y_{n,c,i,j} = x_{n,c,i+a_n,j+b_n}, \quad a_n, b_n \sim
        \text{Uniform}\{-\text{max\_pixels}, \dots, \text{max\_pixels}\}

    Pixels from outside the image are ``fill``. Gradients flow through it, so that it may stand
    between a generator and a discriminator; real and generated images must both pass through it,
    else the generator learns shifted images.

    Parameters
    ----------
    images : Tensor
        Shape (n, c, h, w).
    max_pixels : int
        Largest shift in pixels; 0 returns the images as they are.
    rng : torch.Generator, optional
        Source of the shifts; None draws from torch's default CPU generator.
    fill : float, default -1
        Value of what comes in at the border; -1 is the background of digits and clothes.

    Returns
    -------
    Tensor
        Shape (n, c, h, w).

    Raises
    ------
    TypeError
        If ``images`` is no tensor, or ``rng`` no torch.Generator.
    ValueError
        If ``images`` is not of shape (n, c, h, w) or ``max_pixels`` is negative.

    References
    ----------
    Zhao et al. (2020), section 3 (differentiable augmentation).
    """
    _check_images(images)
    reach = check_count(max_pixels, "max_pixels", minimum=0)
    if reach == 0:
        return images
    n, c, h, w = images.shape
    rng = check_rng(rng)
    device = "cpu" if rng is None else rng.device
    start = torch.randint(2 * reach + 1, (2, n), generator=rng, device=device).to(images.device)
    rows = start[0, :, None] + torch.arange(h, device=images.device)
    columns = start[1, :, None] + torch.arange(w, device=images.device)
    padded = functional.pad(images, (reach, reach, reach, reach), value=fill)
    tall = padded.gather(2, rows[:, None, :, None].expand(n, c, h, w + 2 * reach))
    return tall.gather(3, columns[:, None, None, :].expand(n, c, h, w))


def random_cutout(
    images: Tensor, side: int, rng: torch.Generator | None = None, fill: float = 0.0
) -> Tensor:
    """Cover one square of each image, at a place of its own.

    The square's centre is uniform over the pixels; what hangs over the border is cut off. Gradients
    flow through the pixels that are left.

    Parameters
    ----------
    images : Tensor
        Shape (n, c, h, w).
    side : int
        Side of the square in pixels; 0 returns the images as they are.
    rng : torch.Generator, optional
        Source of the places; None draws from torch's default CPU generator.
    fill : float, default 0
        What covers it; 0 is the middle grey.

    Returns
    -------
    Tensor
        Shape (n, c, h, w).

    Raises
    ------
    TypeError, ValueError
        If ``images`` is no tensor (n, c, h, w), ``side`` is negative or ``rng`` no generator.

    References
    ----------
    Zhao et al. (2020), section 3 (cutout, there half the image's side).
    """
    _check_images(images)
    if check_count(side, "side", minimum=0) == 0:
        return images
    n, _, h, w = images.shape
    covered = [
        _near(torch.arange(length), _centres(n, length, rng), side).to(images.device)
        for length in (h, w)
    ]
    square = covered[0][:, None, :, None] & covered[1][:, None, None, :]
    return torch.where(square, fill, images)


def random_brightness(
    images: Tensor, strength: float, rng: torch.Generator | None = None
) -> Tensor:
    r"""Add a number of its own to each image: :math:`y_n = x_n + u_n`,
    :math:`u_n \sim \text{Uniform}(-\text{strength}, \text{strength})`.

    Nothing is cut off at -1 or 1: a clipped pixel would pass no gradient to the generator.

    Parameters
    ----------
    images : Tensor
        Shape (n, c, h, w).
    strength : float
        Largest change, in units of pixels from -1 to 1; 0 returns the images as they are.
    rng : torch.Generator, optional
        Source of the numbers; None draws from torch's default CPU generator.

    Returns
    -------
    Tensor
        Shape (n, c, h, w).

    Raises
    ------
    TypeError, ValueError
        If ``images`` is no tensor (n, c, h, w), ``strength`` is negative or ``rng`` no generator.

    References
    ----------
    Zhao et al. (2020), section 3 (brightness, a part of what is called colour there).
    """
    _check_images(images)
    if check_positive(strength, "strength", allow_zero=True) == 0:
        return images
    rng = check_rng(rng)
    u = torch.rand(len(images), generator=rng, device="cpu" if rng is None else rng.device)
    change = strength * (2 * u - 1)
    return images + change.to(images)[:, None, None, None]


def _check_images(images: object) -> None:
    """Raise unless ``images`` is a tensor (n, c, h, w)."""
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}.")
    if images.dim() != 4:
        raise ValueError(f"images must have shape (n, c, h, w), got {tuple(images.shape)}.")


def _centres(n: int, length: int, rng: torch.Generator | None) -> Tensor:
    """Draw n pixels of a side."""
    rng = check_rng(rng)
    device = "cpu" if rng is None else rng.device
    return torch.randint(length, (n,), generator=rng, device=device)


def _near(pixels: Tensor, centres: Tensor, side: int) -> Tensor:
    """Say which pixels are inside [centre - side // 2, centre - side // 2 + side), (n, pixels)."""
    offset = pixels.to(centres.device) - (centres[:, None] - side // 2)
    return (offset >= 0) & (offset < side)
