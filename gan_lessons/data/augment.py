"""Augmentations: random changes of images that leave open what they show."""

import torch
from torch import Tensor
from torch.nn import functional

from gan_lessons._validation import check_count, check_rng


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
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}.")
    if images.dim() != 4:
        raise ValueError(f"images must have shape (n, c, h, w), got {tuple(images.shape)}.")
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
