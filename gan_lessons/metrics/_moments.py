"""Mean and covariance in float64: of a whole sample, and of batches as they come."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gan_lessons.metrics._distances import row_blocks

_BLOCK = 256


class Moments(NamedTuple):
    """Mean (d,) and covariance (d, d), with n - 1 below the sum."""

    mean: Tensor
    covariance: Tensor


def gram(a: Tensor) -> Tensor:
    """Compute A'A with about half of the products: it is symmetric."""
    if a.device.type == "cpu":
        rows = a.contiguous().numpy()
        with np.errstate(all="ignore"):  # overflow is answered by check_result
            return torch.from_numpy(rows.T @ rows)  # numpy sees the same array and calls syrk
    product = a.new_empty(a.shape[1], a.shape[1])
    for start in range(0, a.shape[1], _BLOCK):
        columns = slice(start, start + _BLOCK)
        block = a[:, start:].T @ a[:, columns]
        product[start:, columns] = block
        product[columns, start:] = block.T
    return product


def moments(samples: Tensor) -> Moments:
    """Compute mean and covariance of (n, d), n > 1; a float64 copy is only made of blocks."""
    samples = samples.detach()
    if samples.device.type == "mps":  # has no float64
        samples = samples.cpu()
    blocks = list(row_blocks(len(samples), samples.shape[1]))
    sums = [samples[rows].sum(0, dtype=torch.float64) for rows in blocks]
    mean = torch.stack(sums).sum(0) / len(samples)
    scatter = gram(samples[blocks[0]] - mean)  # less a float64 mean: float64
    for rows in blocks[1:]:
        scatter += gram(samples[rows] - mean)
    return Moments(mean, scatter.div_(len(samples) - 1))
