"""Samples as PNG files: a grid of images, or points in the plane beside the data."""

from pathlib import Path

import torch
from torch import Tensor

from gan_lessons.distributions import Mixture
from gan_lessons.experiments.pictures import save_grid

_WIDE = 64  # an image of a grid is at least so many pixels wide


def save_picture(samples: Tensor, reference: object, path: Path) -> None:
    """Write samples as a PNG.

    Parameters
    ----------
    samples
        Images (n, c, h, w), or points (n, 2).
    reference
        Real samples or their law; drawn beside points only.
    path
        The file; its folder is made if it is missing.

    Raises
    ------
    ImportError
        If Pillow (for images) or matplotlib (for points) is not installed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = samples.detach().cpu().float()
    if samples.dim() == 4:
        zoom = max(1, _WIDE // samples.shape[-1])
        save_grid(samples, path, zoom=zoom, gap=max(2, zoom))
        return
    from gan_lessons.viz import DATA, MODEL, add_legend, new_figure, scatter

    if isinstance(reference, Mixture):
        reference = reference.sample(len(samples), torch.Generator().manual_seed(0))
    assert isinstance(reference, Tensor)
    figure, ax = new_figure(4.8, 4.8)
    scatter(reference, DATA, size=4, ax=ax)
    scatter(samples, MODEL, size=4, ax=ax)
    add_legend(ax)
    figure.savefig(path, dpi=100, metadata={"Software": None})
