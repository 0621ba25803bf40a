"""Checks on arguments, shared by every folder, so that bad input is answered in one voice.

Each message names the argument, says what came and what is wanted.
"""

import math
import operator
from numbers import Real

import torch
from torch import Tensor


def check_floating(value: object, name: str) -> Tensor:
    """Return ``value`` if it is a floating-point tensor; no entry is read, so no GPU waits."""
    if not isinstance(value, Tensor):
        kind = type(value).__name__
        remedy = f"; call torch.from_numpy({name})" if kind == "ndarray" else ""
        raise TypeError(f"{name} must be a torch.Tensor, got {kind}{remedy}.")
    if not value.is_floating_point():
        raise TypeError(f"{name} must be floating point, got {value.dtype}; call {name}.float().")
    return value


def check_tensor(value: object, name: str) -> Tensor:
    """Return ``value`` if it is a floating-point tensor without NaN or infinity."""
    value = check_floating(value, name)
    if not bool(torch.isfinite(value).all()):
        if value.dim() == 0:
            raise ValueError(f"{name} must be finite, got {value.item()}.")
        bad = int((~torch.isfinite(value)).sum())
        raise ValueError(f"{name} must be finite, got {bad} NaN or infinite entries; drop them.")
    return value


def check_samples(value: object, name: str, minimum: int = 2) -> Tensor:
    """Return samples as a tensor of shape (n, d); 1-D samples (n,) become (n, 1).

    Half-precision samples become float32: squares of 256 overflow in float16, and sums over many
    pairs lose all their digits in both half formats.

    Raises
    ------
    TypeError
        If ``value`` is not a floating-point tensor.
    ValueError
        If it is not of shape (n,) or (n, d), has fewer than ``minimum`` rows, no columns, or
        entries that are not finite.
    """
    samples = check_tensor(value, name)
    if samples.dim() == 1:
        samples = samples.unsqueeze(1)
    if samples.dim() != 2:
        many = samples.dim() > 2
        remedy = f"; call {name}.flatten(1) to turn images into rows" if many else ", one number"
        raise ValueError(
            f"{name} must have shape (n,) or (n, d), got {tuple(samples.shape)}{remedy}."
        )
    if samples.shape[0] < minimum:
        raise ValueError(f"{name} needs at least {minimum} samples, got {samples.shape[0]}.")
    if samples.shape[1] == 0:
        raise ValueError(f"{name} needs at least one feature, got shape {tuple(samples.shape)}.")
    return samples.float() if samples.dtype in (torch.float16, torch.bfloat16) else samples


def check_pair(x: object, y: object, minimum: int = 2) -> tuple[Tensor, Tensor]:
    """Return two samples as (n, d) and (m, d) of one dtype (float32 at least) and one device."""
    first, second = check_samples(x, "x", minimum), check_samples(y, "y", minimum)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"x and y must have the same number of features, got {first.shape[1]} "
            f"and {second.shape[1]}."
        )
    if first.device != second.device:
        raise ValueError(f"x and y must be on one device, got {first.device} and {second.device}.")
    dtype = torch.promote_types(first.dtype, second.dtype)
    return first.to(dtype), second.to(dtype)


def check_positive(value: object, name: str, allow_zero: bool = False) -> float:
    """Return ``value`` as a float if it is finite and positive (or zero, where allowed)."""
    wanted = "zero or positive" if allow_zero else "positive"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a {wanted} number, got {type(value).__name__}.")
    number = float(value)
    if not math.isfinite(number) or number < 0 or (number == 0 and not allow_zero):
        raise ValueError(f"{name} must be {wanted} and finite, got {value}.")
    return number


def check_count(value: object, name: str, minimum: int = 1) -> int:
    """Return ``value`` as an int if it is a whole number (numpy's too) of at least ``minimum``."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}.") from None
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {number}.")
    return number


def check_rng(rng: object) -> torch.Generator | None:
    """Return ``rng`` if it is a torch.Generator or None (torch's default generator)."""
    if rng is None or isinstance(rng, torch.Generator):
        return rng
    kind = type(rng)
    came = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    raise TypeError(
        f"rng must be a torch.Generator or None, got {came}; "
        f"write torch.Generator().manual_seed(0)."
    )


def check_result(value: float | Tensor, name: str) -> None:
    """Raise ``ValueError`` where a number computed from finite samples overflowed."""
    number = float(value.detach() if isinstance(value, Tensor) else value)
    if not math.isfinite(number):
        raise ValueError(
            f"{name} came out as {number}: the samples are too large to compute with; rescale "
            f"them, or pass float64 where they are float32."
        )


def check_same_shape(a: Tensor, b: Tensor, a_name: str, b_name: str) -> None:
    """Raise ``ValueError`` unless both tensors have the same shape."""
    if a.shape != b.shape:
        raise ValueError(
            f"{a_name} and {b_name} must have the same shape, got {tuple(a.shape)} "
            f"and {tuple(b.shape)}."
        )


def check_kind(value: object, kind: type, name: str) -> None:
    """Raise ``TypeError`` unless ``value`` is of the class ``kind``."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        came = type(value).__name__
        raise TypeError(f"{name} must be {article} {kind.__name__}, got {came}.")


def check_flag(value: object, name: str) -> None:
    """Raise ``TypeError`` unless ``value`` is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}.")
