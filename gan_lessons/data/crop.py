"""Cut a random window out of each image, and mirror half of them: training images, many times."""

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_rng
from gan_lessons.data.augment import _check_images


def random_crop(images: Tensor, size: int, rng: torch.Generator | None = None) -> Tensor:
    r"""Cut a square out of each image, at a place of its own.

    .. math:: y_{n,c,i,j} = x_{n,c,i+a_n,j+b_n}, \quad a_n \sim \text{Uniform}\{0, \dots, h -
        \text{size}\}, \quad b_n \sim \text{Uniform}\{0, \dots, w - \text{size}\}

    Parameters
    ----------
    images : Tensor
        Shape (n, c, h, w); of any dtype.
    size : int
        Side of the squares in pixels, at most that of the images.
    rng : torch.Generator, optional
        Source of the places; None draws from torch's default CPU generator.

    Returns
    -------
    Tensor
        Shape (n, c, size, size).

    Raises
    ------
    TypeError, ValueError
        If ``images`` is no tensor (n, c, h, w), or ``size`` is larger than they are.
    """
    _check_images(images)
    n, c, h, w = images.shape
    if check_count(size, "size") > min(h, w):
        raise ValueError(f"size must be at most the images' {min(h, w)} pixels, got {size}.")
    rng = check_rng(rng)
    if size == h == w:
        return images
    device = "cpu" if rng is None else rng.device
    window = torch.arange(size, device=images.device)
    rows, columns = (
        torch.randint(side - size + 1, (n, 1), generator=rng, device=device).to(images.device)
        + window
        for side in (h, w)
    )
    tall = images.gather(2, rows[:, None, :, None].expand(n, c, size, w))
    return tall.gather(3, columns[:, None, None, :].expand(n, c, size, size))


def random_flip(images: Tensor, rng: torch.Generator | None = None) -> Tensor:
    """Mirror each image, left to right, with probability 1/2.

    Not for digits and letters, whose mirror images are none.

    Parameters
    ----------
    images : Tensor
        Shape (n, c, h, w).
    rng : torch.Generator, optional
        Decides; None draws from torch's default CPU generator.

    Returns
    -------
    Tensor
        Shape (n, c, h, w).

    Raises
    ------
    TypeError, ValueError
        If ``images`` is no tensor (n, c, h, w), or ``rng`` no generator.
    """
    _check_images(images)
    rng = check_rng(rng)
    device = "cpu" if rng is None else rng.device
    mirrored = torch.rand((len(images), 1, 1, 1), generator=rng, device=device) < 0.5
    return torch.where(mirrored.to(images.device), images.flip(3), images)
