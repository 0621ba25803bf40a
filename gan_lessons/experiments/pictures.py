"""Samples as PNG files, for runs that nobody looks at while they run."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad


def save_grid(images: Tensor, path: Path, columns: int = 8, zoom: int = 4, gap: int = 8) -> None:
    """Write images as one PNG, row by row, each pixel a square of ``zoom`` pixels.

    Parameters
    ----------
    images
        Shape (n, 1, h, w) for grey or (n, 3, h, w) for colour, in [-1, 1].
    path
        The file; its folder is made if it is missing.
    columns
        Images in a row.
    zoom, gap
        Side of a pixel, and white space between two images.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "PNG files are written by Pillow, which is not installed: "
            'run pip install "gan-lessons[plots]".'
        ) from error
    levels = ((images.detach().cpu().float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    levels = levels.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    columns = min(columns, len(levels))
    white = -len(levels) % columns  # the last row is filled up
    tiles = pad(torch.cat([levels, levels.new_full((white, *levels.shape[1:]), 255)]),
                (0, gap, 0, gap), value=255)  # fmt: skip
    rows = [torch.cat(list(row), 2) for row in tiles.split(columns)]
    grid = torch.cat(rows, 1)[:, :-gap, :-gap] if gap else torch.cat(rows, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = grid[0] if len(grid) == 1 else grid.movedim(0, 2)
    Image.fromarray(pixels.contiguous().numpy()).save(path, optimize=True)
