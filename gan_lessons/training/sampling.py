"""Where real batches come from: a tensor in memory, or a law that can be sampled."""

from collections.abc import Callable
from types import ModuleType
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn


@runtime_checkable
class Sampled(Protocol):
    """A law that can be sampled, such as those of ``distributions``."""

    def sample(self, n: int, rng: torch.Generator | None = None) -> Tensor:
        """Draw n samples, shape (n, ...)."""
        ...


Draw = Callable[[int, torch.Generator], Tensor]
Data = Tensor | Sampled | Draw


def batches(data: Data) -> Draw:
    """Return a function (n, rng) -> real samples (n, ...).

    Parameters
    ----------
    data : Tensor (N, ...), law or callable
        A tensor stays where it is and is sampled with replacement by random row numbers (no
        DataLoader, no copy of the whole); (N,) counts as (N, 1). A law has ``.sample(n, rng)``; a
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

    def draw(n: int, rng: torch.Generator) -> Tensor:
        index = torch.randint(len(rows), (n,), generator=rng, device=rng.device)
        return rows[index.to(rows.device)]

    return draw


def draw_batch(draw: Draw, size: int, rng: torch.Generator) -> Tensor:
    """Return ``draw(size, rng)``, checked to be a tensor of that many samples (no waiting)."""
    batch = draw(size, rng)
    if not isinstance(batch, Tensor):
        raise TypeError(
            f"data must give a torch.Tensor when {size} samples are asked for, got "
            f"{type(batch).__name__}; a function is called as data(n, rng)."
        )
    if batch.dim() == 0 or len(batch) != size:
        raise ValueError(
            f"data must give as many samples as asked for, ({size}, ...), got shape "
            f"{tuple(batch.shape)}; a function is called as data(n, rng)."
        )
    return batch
