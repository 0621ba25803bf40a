r"""The same training on many devices: one process (a *rank*) for each, started by ``torchrun``.

Every rank holds all networks and trains on its share of each batch. Losses and penalties are means
over the batch, so that the mean of the W ranks' gradients is the gradient of the whole batch,

.. math:: \nabla L = \frac1W \sum_{r=0}^{W-1} \nabla L_r

Each optimizer takes that mean just before its step, in one sum over the ranks of all its gradients
laid end to end. Two gloo ranks on one CPU spent 2.5 ms on it for 17,000 weights in 6 tensors; one
sum for each tensor took 11.6 and ``DistributedDataParallel`` 3.3 (139,000 weights: 7, 13 and 15).
The last also wants one forward and one backward for each step of a network, which a GAN has not.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.optim import Optimizer

from gan_lessons.training.system import System, check_system, networks_of, optimizers_of


class Distributed:
    """A system that trains with the same system on the other ranks, as one with the whole batch.

    On being made, all ranks take over the state of rank 0, which alone needs to have loaded a
    checkpoint. Before each step the random generator starts anew from (seed, step, rank): each rank
    draws rows and noise of its own, rank 0's checkpoint is enough, and a run goes on exactly on as
    many ranks (but for a CycleGAN's pools, of which rank 0's alone are in it), and validly on
    another number (a file has no mark of it). BatchNorm takes its
    statistics from a rank's own share (``torch.nn.SyncBatchNorm`` would take them from all).

    Parameters
    ----------
    system : System
        Made alike on every rank. Its ``config.batch_size`` is the whole batch; ``config`` of this
        object has the share of one rank: pass that to ``train``. Only rank 0 should save.

    Raises
    ------
    TypeError, ValueError
        If ``system`` is no System, or its batch cannot be shared equally.
    """

    def __init__(self, system: System) -> None:
        check_system(system)
        if hasattr(system, "rngs"):  # one generator of random numbers for each of many seeds
            raise TypeError(f"system must be one run, got {type(system).__name__}.")
        self.rank, self.world_size = (
            (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        )
        share, left = divmod(system.config.batch_size, self.world_size)
        if left or not share:
            raise ValueError(
                f"batch_size is the whole batch and must be a multiple of the {self.world_size} "
                f"ranks, got {system.config.batch_size}; {(share + 1) * self.world_size} is one."
            )
        self.system, self.rng = system, system.rng
        self.config = replace(system.config, batch_size=share)
        self.last_checkpoint: Path | None = getattr(system, "last_checkpoint", None)
        for name, part in {**networks_of(system), **optimizers_of(system)}.items():
            setattr(self, name, part)
        broadcast_state(system)
        share_gradients(system)
        self._set_out()

    def step(self, batch: Any, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Make one step on this rank's share; the metrics, when read, are the whole batch's."""
        metrics = self.system.step(batch, rng)
        self._set_out()
        return metrics if self.world_size == 1 else WholeMetrics(metrics)

    def state_dict(self) -> dict[str, Any]:
        """Return the system's state, the same on each rank but for the random generator's."""
        return self.system.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned, on this rank; call it on all of them."""
        self.system.load_state_dict(state)
        self._set_out()

    def _set_out(self) -> None:
        """Make ready for the next step: its number, and the generator's start."""
        self.steps_done = self.system.steps_done
        self.rng.manual_seed(step_seed(self.config.seed, self.steps_done, self.rank))


class WholeMetrics(Mapping[str, Tensor]):
    """One step's metrics over all ranks, gathered when the first is read, on all ranks alike."""

    def __init__(self, own: Mapping[str, Tensor]) -> None:
        self._own = own
        self._whole: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if not self._whole:
            flat = torch.cat(
                [metric.detach().double().reshape(-1) for metric in self._own.values()]
            )
            parts = [torch.empty_like(flat) for _ in range(dist.get_world_size())]
            dist.all_gather(parts, flat)
            sizes = [metric.numel() for metric in self._own.values()]
            for key, values in zip(self._own, torch.stack(parts).split(sizes, dim=1), strict=True):
                self._whole[key] = values.mean() if self._own[key].dim() == 0 else values.flatten()
        return self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)


def share_gradients(system: System) -> None:
    """Have each optimizer of a system average its gradients over the ranks before its step."""
    if dist.is_initialized():
        for optimizer in optimizers_of(system).values():
            optimizer.register_step_pre_hook(_average)


@torch.no_grad()
def _average(optimizer: Optimizer, args: object, kwargs: object) -> None:
    """Replace an optimizer's gradients by their mean over the ranks."""
    parameters = (p for group in optimizer.param_groups for p in group["params"])
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    parts = flat.split([gradient.numel() for gradient in gradients])
    means = [part.view(gradient.shape) for part, gradient in zip(parts, gradients, strict=True)]
    torch._foreach_copy_(gradients, means)


def broadcast_state(system: System) -> None:
    """Give rank 0's state to all ranks: networks, optimizers, averages, step (no pickle)."""
    if not dist.is_initialized():
        return
    device, file = system.rng.device, io.BytesIO()
    if dist.get_rank() == 0:
        torch.save(system.state_dict(), file)
    size = torch.tensor([file.tell()], device=device)
    dist.broadcast(size, src=0)
    content = torch.zeros(int(size), dtype=torch.uint8, device=device)
    if dist.get_rank() == 0:
        content.copy_(torch.frombuffer(file.getbuffer(), dtype=torch.uint8))
    dist.broadcast(content, src=0)
    if dist.get_rank() != 0:
        file = io.BytesIO(content.cpu().numpy().tobytes())
        system.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))


def step_seed(seed: int, step: int, rank: int) -> int:
    """Return where the random numbers of one step of one rank start.

    On a CPU torch keeps only the lower 32 bits of a seed. Ranks and steps are counted through, so
    that no two of a run are alike there (up to 1,024 ranks, 4 million steps), from a place that
    depends on ``seed``; the odd factor spreads neighbours.
    """
    start = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:8])
    return (start + step * 1024 + rank) * 0x9E3779B97F4A7C15 % 2**64
