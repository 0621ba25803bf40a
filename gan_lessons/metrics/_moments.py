"""Mean and covariance in float64: of a whole sample, and of batches as they come."""

from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons.metrics._distances import row_blocks, to_float64

_BLOCK = 256


class Moments(NamedTuple):
    """Mean (d,) and covariance (d, d), with n - 1 below the sum."""

    mean: Tensor
    covariance: Tensor


def gram(a: Tensor) -> Tensor:
    """Compute A'A; blocks above the diagonal are copied, which spares nearly half of the work."""
    product = a.new_empty(a.shape[1], a.shape[1])
    for start in range(0, a.shape[1], _BLOCK):
        columns = slice(start, start + _BLOCK)
        block = a[:, start:].T @ a[:, columns]
        product[start:, columns] = block
        product[columns, start:] = block.T
    return product


def moments(samples: Tensor) -> Moments:
    """Compute mean and covariance of (n, d), n > 1; a float64 copy is only made of blocks."""
    blocks = list(row_blocks(len(samples), samples.shape[1]))
    total: Tensor | float = 0.0
    for rows in blocks:
        total = total + to_float64(samples[rows]).sum(0)
    mean = total / len(samples)
    scatter: Tensor | float = 0.0
    for rows in blocks:
        scatter = scatter + gram(to_float64(samples[rows]) - mean)
    return Moments(torch.as_tensor(mean), torch.as_tensor(scatter) / (len(samples) - 1))
