"""Rows in the host's memory for a system on a GPU: gathered and copied one step ahead."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_lessons.training.system import System


class HostRows:
    """Batches of random rows of tensors that are too large for the GPU.

    The rows of a step are drawn from (seed, number of the step) alone, so that a run that is
    continued sees the rows that it would have seen. When a batch is asked for, the next one is
    gathered into pinned memory and sent off on a stream of its own, while the GPU computes the
    step before; nobody waits.

    Parameters
    ----------
    data : Tensor (N, ...) or tuple of such
        In the host's memory, with as many rows each.
    seed : int
        The run's.
    system : System
        Tells the step.
    device : torch.device
        Where batches go; on a CPU nothing is pinned.
    """

    def __init__(
        self,
        data: Any,
        seed: int,
        system: System,
        device: torch.device,
    ) -> None:
        self._single = isinstance(data, Tensor)
        self._parts: tuple[Tensor, ...] = data
        if isinstance(data, Tensor):
            self._parts = (data.unsqueeze(1) if data.dim() == 1 else data,)
        self._seed, self._system, self._device = seed, system, device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._ready: tuple[tuple[int, int], tuple[Tensor, ...]] | None = None

    def __call__(self, n: int, rng: torch.Generator) -> Tensor | tuple[Tensor, ...]:
        """Return the n rows of the system's next step; ``rng`` is not used."""
        step = self._system.steps_done
        if self._ready is None or self._ready[0] != (step, n):
            self._ready = (step, n), self._gather(step, n)
        batch = self._ready[1]
        if self._stream is not None:
            compute = torch.cuda.current_stream(self._device)
            compute.wait_stream(self._stream)  # the GPU waits for the copy, the host does not
            for part in batch:
                part.record_stream(compute)
        self._ready = (step + 1, n), self._gather(step + 1, n)
        return batch[0] if self._single else batch

    def _gather(self, step: int, n: int) -> tuple[Tensor, ...]:
        """Return the rows of a step, on their way to the device."""
        rank = getattr(self._system, "rank", 0)  # of a Distributed: each draws rows of its own
        draws = np.random.default_rng((self._seed, step, rank))
        index = torch.from_numpy(draws.integers(len(self._parts[0]), size=n))
        if self._stream is None:
            return tuple(part[index].to(self._device) for part in self._parts)
        with torch.cuda.stream(self._stream):
            return tuple(
                torch.index_select(
                    part,
                    0,
                    index,
                    out=torch.empty((n, *part.shape[1:]), dtype=part.dtype, pin_memory=True),
                ).to(self._device, non_blocking=True)
                for part in self._parts
            )


def in_host_memory(data: object) -> bool:
    """Return whether data are tensors, all on the CPU."""
    parts = data if isinstance(data, tuple) else (data,)
    return all(isinstance(part, Tensor) and part.device.type == "cpu" for part in parts)
