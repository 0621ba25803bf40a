"""Squared Euclidean distances in blocks of bounded memory."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gan_lessons._validation import check_result

_BLOCK_ENTRIES = 1 << 23  # 64 MB in float64


def to_float64(x: Tensor) -> Tensor:
    """Return a detached float64 copy; on the CPU where the device (mps) has no float64."""
    x = x.detach()
    return (x.cpu() if x.device.type == "mps" else x).double()


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Cut n_rows into slices, so that a block of n_columns stays within the memory bound."""
    step = max(1, _BLOCK_ENTRIES // max(1, n_columns))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Compute |a_i - b_j|^2 by one matrix product, shape (n, m); rounding may leave 1e-16 |a|^2."""
    squares = a.square().sum(1, keepdim=True) + b.square().sum(1)
    return torch.addmm(squares, a, b.T, alpha=-2).clamp_min_(0)


def check_norms(samples: Tensor, name: str) -> None:
    """Raise ``ValueError`` where squared distances between samples of such norms overflow."""
    # |a - b|^2 is at most four times the larger of |a|^2 and |b|^2.
    check_result(4 * samples.square().sum(1).max(), f"the largest squared distance of {name}")


def kth_neighbour_squared(x: Tensor, k: int) -> Tensor:
    """Compute each sample's squared distance to its k-th nearest other sample, shape (n,)."""
    radii = []
    for rows in row_blocks(len(x), len(x)):
        block = squared_distances(x[rows], x)
        block[:, rows].fill_diagonal_(torch.inf)
        radii.append(block.kthvalue(k, dim=1).values)
    return torch.cat(radii)
