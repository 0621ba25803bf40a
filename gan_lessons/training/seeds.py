"""Many independent GANs as one batched computation, so that claims rest on many seeds."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from gan_lessons.training.config import TrainConfig, check_config
from gan_lessons.training.device import seeded_generator
from gan_lessons.training.ensemble import GANSeeds
from gan_lessons.training.interrupts import WholeSteps
from gan_lessons.training.precision import gpu_precision
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
        from then on and leaves the others alone; in the last record so has one whose last update,
        which no loss has seen, left a weight or sample that is not finite.
    """

    step: int
    metrics: dict[str, Tensor]


def train_seeds(system: GANSeeds, data: Data, config: TrainConfig) -> Iterator[SeedsRecord]:
    """Train many GANs at once until each has made ``config.steps`` steps; ``train`` for many.

    Ctrl-C takes effect after the step in hand, as there.

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
        with WholeSteps() as whole, gpu_precision(config, system.device):
            while True:
                metrics = system.step(_draw_all(draw, size, system.rngs))
                step = system.steps_done
                due = step % config.log_every == 0 or step >= config.steps
                if due or whole.asked:
                    whole.held = due  # a record that is due is given first
                    break
        numbers = _read(metrics, system)
        if step >= config.steps:  # the last update, which no loss has seen
            lost = _lost(system)
            numbers = {
                name: number.masked_fill(lost, torch.nan) for name, number in numbers.items()
            }
        yield SeedsRecord(step, numbers)
        if whole.asked:
            raise KeyboardInterrupt


def _draw_all(draw: Draw, size: int, rngs: list[torch.Generator]) -> Tensor:
    """Return a batch for each seed, drawn with its own generator, (s, size, ...)."""
    parts = []
    for rng in rngs:
        part = draw_batch(draw, size, rng)
        if not isinstance(part, Tensor):
            raise TypeError("data must give samples alone for many seeds, got a tuple.")
        parts.append(part)
    return torch.stack(parts)


def _read(metrics: dict[str, Tensor], system: GANSeeds) -> dict[str, Tensor]:
    """Return what ``Record`` shows, (s,) each, in float64 on the CPU, by one transfer."""
    shown = {
        **metrics,
        **{f"d_{x}": metrics[f"{x}_logits"].sigmoid() for x in ("real", "fake")},
        "d_gradient": _gradient_norms(system.d_optimizer),
        "g_gradient": _gradient_norms(system.g_optimizer),
    }
    means = [number.mean(1) if number.dim() == 2 else number for number in shown.values()]
    return dict(zip(shown, torch.stack(means).cpu().double(), strict=True))


def _gradient_norms(optimizer: Optimizer) -> Tensor:
    """Return the norm of the gradient that each seed's network used last, (s,)."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    norms = [p.grad.flatten(1).norm(dim=1) for p in parameters if p.grad is not None]
    return torch.stack(norms).norm(dim=0)


def _lost(system: GANSeeds) -> Tensor:
    """Return for each seed whether a weight, or one of a few samples, is not finite, (s,)."""
    lost = system.diverged()
    for ema in (False, True):
        samples = system.sample(16, seeded_generator(0, system.device), ema)
        lost |= ~samples.flatten(1).isfinite().all(1).cpu()
    return lost
