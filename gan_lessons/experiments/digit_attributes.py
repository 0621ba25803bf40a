"""Attributes of digits that can be measured, and the direction in z that changes one (chapter 13).

Images are light strokes (1) on a dark ground (-1); ink is (x + 1) / 2.
"""

import torch
from torch import Tensor
from torch.nn import functional

from gan_lessons._validation import check_tensor
from gan_lessons.experiments._settings import check_share


def slant(images: Tensor) -> Tensor:
    r"""Slope of a digit's axis: pixels to the right for each pixel upwards.

    .. math:: -\frac{\sum_{ij} m_{ij} (i - \bar i)(j - \bar j)}{\sum_{ij} m_{ij} (i - \bar i)^2}

    with the ink m in row i (counted downwards) and column j, and its centre
    :math:`(\bar i, \bar j)`. Shearing an image by s pixels a row adds s.

    Parameters
    ----------
    images : Tensor (n, 1, h, w)
        In [-1, 1], with some ink in at least two rows.

    Returns
    -------
    Tensor (n,)
        0 upright, positive leaning to the right.

    Raises
    ------
    TypeError, ValueError
        If they are no grey images, or one has ink in fewer than two rows.
    """
    ink = _ink(images)
    rows, columns = (torch.arange(k, dtype=ink.dtype, device=ink.device) for k in ink.shape[1:])
    mass = ink.sum((1, 2)).clamp_min(1e-12)
    down = rows - ((ink.sum(2) * rows).sum(1) / mass)[:, None]
    right = columns - ((ink.sum(1) * columns).sum(1) / mass)[:, None]
    spread = (ink.sum(2) * down.square()).sum(1)
    if bool((spread <= 1e-9).any()):
        raise ValueError("images must have ink in at least two rows each, got one without.")
    return -torch.einsum("nij,ni,nj->n", ink, down, right) / spread


def thickness(images: Tensor) -> Tensor:
    r"""Width of a digit's strokes in pixels: twice the area of its ink over the length of its edge.

    .. math:: \frac{2 \sum_{ij} m_{ij}}{\sum_{ij} |\nabla m|_{ij}}

    A bar of width w and length l has the value w l / (w + l), about w where it is long. The
    gradient is of differences to the pixels on the right and below.

    Parameters
    ----------
    images : Tensor (n, 1, h, w)
        In [-1, 1], with some ink.

    Returns
    -------
    Tensor (n,)

    Raises
    ------
    TypeError, ValueError
        If they are no grey images, or one has no ink.
    """
    ink = _ink(images)
    padded = functional.pad(ink, (1, 1, 1, 1))  # no ink outside
    right = padded[:, :-1, 1:] - padded[:, :-1, :-1]
    below = padded[:, 1:, :-1] - padded[:, :-1, :-1]
    edge = (right.square() + below.square()).sqrt().sum((1, 2))
    if bool((edge <= 1e-9).any()):
        raise ValueError("images must have ink each, got one without.")
    return 2 * ink.sum((1, 2)) / edge


def attribute_direction(codes: Tensor, attribute: Tensor, share: float = 0.25) -> Tensor:
    r"""Difference of mean codes between the samples with most and with least of an attribute.

    .. math:: \bar z_{\text{most}} - \bar z_{\text{least}}

    Parameters
    ----------
    codes : Tensor (n, z_dim)
        For example the means that an encoder gives to n images.
    attribute : Tensor (n,)
        What was measured on each.
    share : float
        Of the samples that make each of the two groups, at most one half.

    Returns
    -------
    Tensor (z_dim,)
        Added to a code it asks for as much more as lies between the groups.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, or ``share`` gives no sample or is above one half.

    References
    ----------
    Larsen et al. (2016), section 4.2 (there with attributes that people had noted).
    """
    check_share(share, "share")
    codes, attribute = check_tensor(codes, "codes"), check_tensor(attribute, "attribute")
    if codes.dim() != 2 or attribute.shape != codes.shape[:1]:
        raise ValueError(
            "codes must have shape (n, z_dim) and attribute (n,), got "
            f"{tuple(codes.shape)} and {tuple(attribute.shape)}."
        )
    count = int(share * len(codes))
    if count < 1 or share > 0.5:
        raise ValueError(
            f"share must be at most 0.5 and give a sample, got {share} of {len(codes)}."
        )
    order = attribute.argsort()
    return codes[order[-count:]].mean(0) - codes[order[:count]].mean(0)


def _ink(images: Tensor) -> Tensor:
    """Return the ink (n, h, w) of grey images."""
    if check_tensor(images, "images").dim() != 4 or images.shape[1] != 1:
        raise ValueError(f"images must have shape (n, 1, h, w), got {tuple(images.shape)}.")
    return ((images[:, 0] + 1) / 2).clamp(0, 1)
