"""Many independent GANs as one batched computation, so that claims rest on many seeds."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lessons.training.config import TrainConfig, check_config
from gan_lessons.training.ensemble import GANSeeds
from gan_lessons.training.sampling import Data, Draw, batches, draw_batch


@dataclass(frozen=True)
class SeedsRecord:
    """The numbers of one step for all seeds.

    Parameters
    ----------
    step : int
        Steps made so far, from 1.
    metrics : dict of str to Tensor (s,)
        As in ``Record``, one number per seed, in float64 on the CPU. A seed that diverged has NaN
        from then on and leaves the others alone.
    """

    step: int
    metrics: dict[str, Tensor]


def train_seeds(system: GANSeeds, data: Data, config: TrainConfig) -> Iterator[SeedsRecord]:
    """Train many GANs at once until each has made ``config.steps`` steps; ``train`` for many.

    Parameters
    ----------
    system : GANSeeds
        Changed in place.
    data : Tensor (N, ...), law or callable
        As in ``train``; each seed draws its own batches from it.
    config : TrainConfig
        The numbers that the system was made with; only ``steps`` and ``log_every`` may be others.

    Yields
    ------
    SeedsRecord
        Every ``log_every`` steps and after the last one.

    Raises
    ------
    TypeError, ValueError
        If ``system``, ``data`` or ``config`` cannot be used, or ``config`` is not that of the
        system; raised at once. If ``data`` gives no tensor or another number of samples than
        asked for; raised when it does.
    """
    if not isinstance(system, GANSeeds):
        raise TypeError(
            f"system must be a GANSeeds, got {type(system).__name__}; a GANState goes to train."
        )
    return _train_seeds(system, batches(data), check_config(config, system))


def _train_seeds(system: GANSeeds, draw: Draw, config: TrainConfig) -> Iterator[SeedsRecord]:
    """Run the loop."""
    size = config.d_steps * config.batch_size
    while system.steps_done < config.steps:
        metrics = system.step(torch.stack([draw_batch(draw, size, rng) for rng in system.rngs]))
        step = system.steps_done
        if step % config.log_every == 0 or step == config.steps:
            means = {
                name: (number.mean(1) if number.dim() == 2 else number).double().cpu()
                for name, number in metrics.items()
            }
            yield SeedsRecord(step, means)
