"""Tensors or numpy arrays in, checked numpy arrays out."""

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

Numbers: TypeAlias = "torch.Tensor | ArrayLike"


def to_array(value: object, name: str, dimensions: tuple[int, ...]) -> NDArray[np.float64]:
    """Return ``value`` as a finite, non-empty float array of one of the numbers of dimensions."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().double().numpy()
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} must be a tensor or an array of numbers, got {type(value).__name__}."
        ) from error
    if array.ndim not in dimensions:
        wanted = " or ".join(str(count) for count in dimensions)
        raise ValueError(f"{name} must have {wanted} dimensions, got shape {array.shape}.")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}.")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"{name} must be finite, got {bad} NaN or infinite entries; drop them.")
    return array


def to_column(value: object, name: str) -> NDArray[np.float64]:
    """Return (n,) or (n, 1) numbers as (n,)."""
    array = to_array(value, name, (1, 2))
    if array.ndim == 2 and array.shape[1] != 1:
        raise ValueError(f"{name} must have shape (n,) or (n, 1), got {array.shape}.")
    return array.reshape(-1)


def check_equal_length(a: NDArray[np.float64], b: NDArray[np.float64], names: str) -> None:
    """Raise ``ValueError`` unless both have as many entries."""
    if len(a) != len(b):
        raise ValueError(f"{names} must have equal lengths, got {len(a)} and {len(b)}.")
