"""Joining the processes (*ranks*) that ``torchrun`` starts, one for each device."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import torch
import torch.distributed as dist

from gan_lessons._validation import check_positive
from gan_lessons.training.device import choose_device


class Ranks(NamedTuple):
    """Which of how many processes this is, and the device that it trains on."""

    rank: int
    world_size: int
    device: torch.device

    def any(self, flag: bool) -> bool:
        """Return whether ``flag`` is true on any rank; all must ask, and each waits for the others.

        A rank that stopped by itself would leave the others waiting in a step: let all ask at the
        same record, and stop together.
        """
        if self.world_size == 1:
            return flag
        flags = torch.tensor([flag], dtype=torch.uint8, device=self.device)
        dist.all_reduce(flags, op=dist.ReduceOp.MAX)
        return bool(flags)


@contextmanager
def process_group(device: str | torch.device = "cpu", timeout: float = 600.0) -> Iterator[Ranks]:
    """Join the other ranks that ``torchrun`` started; without it this is one ordinary process.

    Parameters
    ----------
    device : str or torch.device
        "cuda": each rank takes the GPU of its LOCAL_RANK and talks by NCCL. "cpu": by gloo.
    timeout : float
        Seconds to wait for another rank before giving up with an error.

    Yields
    ------
    Ranks

    Raises
    ------
    ValueError
        If RANK, WORLD_SIZE or LOCAL_RANK cannot be used, or there is no such device.
    """
    seconds = timedelta(seconds=check_positive(timeout, "timeout"))
    world_size, rank, local = _variable("WORLD_SIZE", 1), _variable("RANK", 0), "LOCAL_RANK"
    if world_size <= 1:
        yield Ranks(0, 1, choose_device(device))
        return
    if rank >= world_size:
        raise ValueError(f"RANK must be below WORLD_SIZE = {world_size}, got {rank}.")
    chosen = choose_device(device)
    if chosen.type == "cuda":
        chosen = choose_device(f"cuda:{_variable(local, 0)}")
        torch.cuda.set_device(chosen)
        dist.init_process_group("nccl", timeout=seconds, device_id=chosen)
    else:
        dist.init_process_group("gloo", timeout=seconds)
    yield Ranks(rank, world_size, chosen)
    dist.destroy_process_group()  # not after an error: it could wait for a rank that is gone


def _variable(name: str, default: int) -> int:
    """Return what torchrun says in an environment variable."""
    text = os.environ.get(name, str(default))
    if not text.isdecimal():
        raise ValueError(f"{name} must be a whole number, as torchrun sets it, got {text!r}.")
    return int(text)
