"""Real images spoilt on purpose, each way a model may fail (chapter 9, the table)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from gan_lessons.data import Labelled

PAPER = -1.0  # the grey value of the background
SEVERITIES: dict[str, tuple[float, ...]] = {
    "blur": (0.3, 0.4, 0.6, 0.8),  # width of the Gaussian, in pixels
    "noise": (0.1, 0.2, 0.4, 0.6),  # standard deviation; paper is -1, ink is 1
    "shift": (0.1, 0.25, 0.5, 1.0),  # share of the images moved by a pixel
    "dropped classes": (1, 2, 3, 4),
    "few copies": (150, 75, 30, 10),  # how many training images are all there is
}
TABLE: dict[str, float] = {
    "blur": 0.6,
    "noise": 0.4,
    "shift": 0.5,
    "dropped classes": 3,
    "few copies": 30,
    "copies": 300,
}


class Split(NamedTuple):
    """Real images: the reference, the model's training set, and fresh ones with labels."""

    reference: Tensor
    training: Tensor
    fresh: Labelled


def blur(images: Tensor, width: float) -> Tensor:
    """Blur images (n, 1, h, w) with a Gaussian of the given width in pixels; outside is paper."""
    reach = 3
    places = torch.arange(-reach, reach + 1, dtype=images.dtype)
    line = torch.exp(-(places**2) / (2 * width**2))
    line = line / line.sum()
    padded = pad(images, (reach,) * 4, value=PAPER)
    return conv2d(conv2d(padded, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))


def spoil(failure: str, severity: float, split: Split, seed: int = 0) -> Tensor:
    """Return the sample of a model with this failure, as many images as there are references.

    Parameters
    ----------
    failure
        A key of ``TABLE``, or "none" for fresh real images.
    severity
        In the failure's own unit, see ``SEVERITIES``.
    split
        Real images.
    seed
        Of the noise.

    Raises
    ------
    ValueError
        If there is no such failure, or too few images are left.
    """
    n, rng = len(split.reference), torch.Generator().manual_seed(seed)
    images = split.fresh.images[:n]
    if failure == "none":
        return images
    if failure == "blur":
        return blur(images, severity)
    if failure == "noise":
        noise = torch.randn(images.shape, generator=rng, dtype=images.dtype)
        return (images + severity * noise).clamp(-1, 1)
    if failure == "shift":
        moved = torch.full_like(images, PAPER)
        moved[..., 1:] = images[..., :-1]
        reached = (torch.arange(n + 1) * severity).floor()  # spread evenly over the sample
        chosen = (reached[1:] > reached[:-1]).view(-1, 1, 1, 1)
        return torch.where(chosen, moved, images)
    if failure == "dropped classes":
        kept = split.fresh.images[split.fresh.labels < 10 - severity]
        if len(kept) < n:
            raise ValueError(
                f"severity must leave {n} images, got {severity:g}, which leaves {len(kept)}."
            )
        return kept[:n]
    if failure in ("few copies", "copies"):
        k = int(severity)
        return split.training[torch.arange(n) % k]
    raise ValueError(f"failure must be one of {', '.join(TABLE)}, got {failure!r}.")
