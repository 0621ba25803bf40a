"""Squared Euclidean distances in blocks of bounded memory."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gan_lessons._validation import check_result

_BLOCK_ENTRIES = 1 << 23  # 64 MB in float64
_TILE = 512  # 2 MB in float64: what is done to a tile after its product stays in the cache


def to_float64(x: Tensor) -> Tensor:
    """Return a detached float64 copy; on the CPU where the device (mps) has no float64."""
    x = x.detach()
    return (x.cpu() if x.device.type == "mps" else x).double()


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Cut n_rows into slices, so that a block of n_columns stays within the memory bound."""
    step = max(1, _BLOCK_ENTRIES // max(1, n_columns))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def slices(n: int) -> list[slice]:
    """Cut n rows into tiles' sides."""
    return [slice(start, min(start + _TILE, n)) for start in range(0, n, _TILE)]


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Compute |a_i - b_j|^2 by one matrix product, shape (n, m); rounding may leave 1e-16 |a|^2."""
    squares = a.square().sum(1, keepdim=True) + b.square().sum(1)
    return torch.addmm(squares, a, b.T, alpha=-2).clamp_min_(0)


def check_norms(samples: Tensor, name: str) -> None:
    """Raise ``ValueError`` where squared distances between samples of such norms overflow."""
    # |a - b|^2 is at most four times the larger of |a|^2 and |b|^2.
    check_result(4 * samples.square().sum(1).max(), f"the largest squared distance of {name}")


def kth_neighbour_squared(x: Tensor, k: int) -> Tensor:
    """Compute each sample's squared distance to its k-th nearest other sample, shape (n,).

    The k nearest of each tile are kept, then the k nearest of those: memory n k / 512 for 512 rows.
    """
    squares = x.square().sum(1)
    sides = slices(len(x))
    radii = []
    for rows in sides:
        nearest = []
        for columns in sides:
            # |x_i|^2 is the same for the whole row: it is added at the end.
            tile = torch.addmm(squares[columns], x[rows], x[columns].T, alpha=-2)
            if rows == columns:
                tile.fill_diagonal_(torch.inf)
            few = min(k, tile.shape[1])
            nearest.append(tile.topk(few, dim=1, largest=False, sorted=False).values)
        kth = torch.cat(nearest, 1).kthvalue(k, dim=1).values
        radii.append((kth + squares[rows]).clamp_min_(0))
    return torch.cat(radii)
