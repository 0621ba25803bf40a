"""Tensors or numpy arrays in, checked numpy arrays out."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from gan_lessons._validation import check_positive

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


def to_shares(value: object, name: str) -> NDArray[np.float64]:
    """Return (n,) numbers in [0, 1]."""
    shares = to_column(value, name)
    if ((shares < 0) | (shares > 1)).any():
        raise ValueError(f"{name} must lie in [0, 1], got {shares.min():g} to {shares.max():g}.")
    return shares


def check_level(level: object) -> float:
    """Return a test's level, in (0, 1)."""
    number = check_positive(level, "level")
    if number >= 1:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level}.")
    return number


def check_labels(labels: object, count: int) -> None:
    """Raise unless there are as many labels, all strings, as things to name."""
    if not isinstance(labels, tuple | list) or not all(isinstance(word, str) for word in labels):
        raise TypeError(f"labels must be {count} strings in a tuple, got {labels!r}.")
    if len(labels) != count:
        raise ValueError(f"labels must be {count} strings, got {len(labels)}.")


def to_band(
    ends: Sequence[Numbers], name: str, curves: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper ends of a test's intervals."""
    if name not in curves:
        raise ValueError(f"intervals must be of tests in power, {', '.join(curves)}; got {name!r}.")
    what = f"intervals[{name!r}]"
    if len(ends) != 2:
        raise ValueError(f"{what} must be a pair (lower, upper), got {len(ends)} entries.")
    low, high = (to_column(end, what) for end in ends)
    for end in (low, high):
        check_equal_length(end, curves[name], f"{what} and power[{name!r}]")
    if (low > high).any():
        raise ValueError(f"{what} must be (lower, upper), got a lower end above the upper one.")
    return low, high
