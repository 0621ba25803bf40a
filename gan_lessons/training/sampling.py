"""Where real batches come from: a tensor in memory, or a law that can be sampled."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn


@runtime_checkable
class Sampled(Protocol):
    """A law that can be sampled, such as those of ``distributions``."""

    def sample(self, n: int, rng: torch.Generator | None = None) -> Any:
        """Draw n samples, shape (n, ...), or a tuple of such."""
        ...


Draw = Callable[[int, torch.Generator], Any]  # a tensor, or a tuple of tensors
Data = Tensor | tuple[Tensor, ...] | Sampled | Draw


def batches(data: Data) -> Draw:
    """Return a function (n, rng) -> real samples (n, ...).

    Parameters
    ----------
    data : Tensor (N, ...), tuple of Tensor, law or callable
        A tensor stays where it is and is sampled with replacement by random row numbers (no
        DataLoader, no copy of the whole); (N,) counts as (N, 1). Of a tuple (such as images and
        labels) the same rows are taken from each tensor. A law has ``.sample(n, rng)``; a
        callable is called as ``data(n, rng)``.

    Returns
    -------
    callable

    Raises
    ------
    TypeError, ValueError
        If it is none of these (a class or a network is none), or an empty tensor or one that is
        not finite.
    """
    if isinstance(data, type):
        raise TypeError(
            f"data must be a law, got the class {data.__name__}; make one: {data.__name__}(...)."
        )
    if isinstance(data, Tensor):
        return _rows(data)
    if isinstance(data, tuple) and len(data) > 0:
        return _rows_of_all(data)
    if isinstance(data, Sampled) and not isinstance(data, ModuleType):
        return data.sample
    if callable(data) and not isinstance(data, nn.Module):
        return data
    remedy = "pass its .images" if hasattr(data, "images") else "see torch.as_tensor"
    raise TypeError(
        f"data must be a tensor (n, ...), a law with .sample or a function (n, rng), "
        f"got {type(data).__name__}; {remedy}."
    )


def _rows(data: Tensor) -> Draw:
    """Return a function that draws rows of a tensor with replacement."""
    if not data.is_floating_point():
        raise TypeError(f"data must be floating point, got {data.dtype}; call data.float().")
    if data.dim() == 0 or data.numel() == 0:
        raise ValueError(f"data needs at least one sample, got shape {tuple(data.shape)}.")
    if not bool(torch.isfinite(data).all()):
        raise ValueError("data must be finite, got NaN or infinite entries; drop those rows.")
    rows = data.unsqueeze(1) if data.dim() == 1 else data
    total, device = len(rows), rows.device

    def draw(n: int, rng: torch.Generator) -> Tensor:
        index = torch.randint(total, (n,), generator=rng, device=rng.device)
        return rows[index.to(device)]

    return draw


def _rows_of_all(data: tuple[Tensor, ...]) -> Draw:
    """Return a function that draws the same rows of several tensors: a tuple of batches."""
    for k, part in enumerate(data):
        if not isinstance(part, Tensor):
            raise TypeError(f"data[{k}] must be a tensor, got {type(part).__name__}.")
    if len({part.shape[:1] for part in data}) > 1 or data[0].dim() == 0 or len(data[0]) == 0:
        shapes = ", ".join(str(tuple(part.shape)) for part in data)
        raise ValueError(f"data must have tensors of as many rows each, got shapes {shapes}.")
    for part in data:
        if part.is_floating_point():
            _rows(part)  # its checks

    def draw(n: int, rng: torch.Generator) -> tuple[Tensor, ...]:
        index = torch.randint(len(data[0]), (n,), generator=rng, device=rng.device)
        return tuple(part[index.to(part.device)] for part in data)

    return draw


def draw_batch(draw: Draw, size: int, rng: torch.Generator) -> Any:
    """Return ``draw(size, rng)``, checked to be that many samples, or a tuple of such."""
    batch = draw(size, rng)
    if isinstance(batch, Tensor) and batch.shape[:1] == (size,):
        return batch
    for part in batch if isinstance(batch, tuple) and batch else (batch,):
        if not isinstance(part, Tensor):
            raise TypeError(
                f"data must give a torch.Tensor when {size} samples are asked for, or a tuple of "
                f"them, got {type(part).__name__}; a function is called as data(n, rng)."
            )
        if part.dim() == 0 or len(part) != size:
            raise ValueError(
                f"data must give as many samples as asked for, ({size}, ...), got shape "
                f"{tuple(part.shape)}; a function is called as data(n, rng)."
            )
    return batch
