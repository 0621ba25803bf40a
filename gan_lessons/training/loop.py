"""The training loop, as a generator of records: the reader's ``for`` is the loop."""

import math
import time
from collections.abc import Iterator

from gan_lessons.training.config import TrainConfig, check_config
from gan_lessons.training.device import seeded_generator
from gan_lessons.training.interrupts import WholeSteps
from gan_lessons.training.precision import gpu_precision
from gan_lessons.training.prefetch import HostRows, in_host_memory
from gan_lessons.training.records import Record, read_metrics
from gan_lessons.training.sampling import Data, Draw, batches, draw_batch
from gan_lessons.training.state import GANState
from gan_lessons.training.system import (
    System,
    check_system,
    check_weights,
    diverged,
    gradient_norms,
)


def train(system: System, data: Data, config: TrainConfig) -> Iterator[Record]:
    """Train a system until it has made ``config.steps`` steps, yielding a record now and then.

    ::

        for record in train(system, data, config):
            print(record.step, record.d_loss, record.g_loss)

    Nothing runs until the first record is asked for, and nothing runs between two records but
    training: look, draw, save or ``break`` in the body of your loop. A record comes every
    ``log_every`` steps and after the last step. A system that has made steps already goes on from
    there, with its own random state.

    Ctrl-C (a notebook's stop button) takes effect after the step in hand, so that the system is
    whole: going on from there makes the run that would have been made without it. (A second one
    takes effect at once; then D may be one update ahead of G and the batch is drawn anew. That
    trains on too, ``steps_done`` counts whole steps, but it is another run.)

    Parameters
    ----------
    system : System
        For example a ``GANState``; it is changed in place.
    data : Tensor (N, ...), law or callable
        Real samples: a tensor in memory, a law with ``.sample(n, rng)``, or a function (n, rng).
        A tensor should be on the system's device. One that is too large for a GPU may stay on the
        CPU: batches are then sent ahead from pinned memory, and their rows are drawn from
        ``config.seed`` and the number of the step.
    config : TrainConfig
        The numbers that the system was made with; only ``steps`` and ``log_every`` may be others.
        Each step gets ``d_steps * batch_size`` real samples.

    Yields
    ------
    Record

    Raises
    ------
    TrainingDiverged
        If a loss or gradient is not finite when a record is made, or a weight or sample after the
        last step; the error names the network, the step and the last good checkpoint.
    TypeError, ValueError
        If ``system``, ``data`` or ``config`` cannot be used, or ``config`` is not that of the
        system; raised at once, before the first record. If ``data`` gives no tensor or another
        number of samples than asked for; raised when it does.
    """
    check_system(system)
    if hasattr(system, "rngs"):  # one generator of random numbers for each of many seeds
        raise TypeError(f"system must be one run, got {type(system).__name__}; see train_seeds.")
    draw, config = batches(data), check_config(config, system)
    if system.rng.device.type == "cuda" and in_host_memory(data):
        draw = HostRows(data, config.seed, system, system.rng.device)
    return _train(system, draw, config)


def _train(system: System, draw: Draw, config: TrainConfig) -> Iterator[Record]:
    """Run the loop."""
    size = config.d_steps * config.batch_size
    while system.steps_done < config.steps:
        first, start = system.steps_done, time.perf_counter()
        with WholeSteps() as whole, gpu_precision(config, system.rng.device):
            while True:
                metrics = system.step(draw_batch(draw, size, system.rng), system.rng)
                step = system.steps_done
                due = step % config.log_every == 0 or step >= config.steps
                if due or whole.asked:
                    whole.held = due  # a record that is due is given first
                    break
        # Here, and only here, the host waits for the device.
        numbers = read_metrics({**metrics, **gradient_norms(system)})
        speed = (step - first) * size / (time.perf_counter() - start)
        for name, number in numbers.items():
            if not math.isfinite(number):
                raise diverged(system, name, number)
        if step >= config.steps:
            _check_end(system)
        yield Record(step, numbers, speed)
        if whole.asked:
            raise KeyboardInterrupt


def _check_end(system: System) -> None:
    """Raise TrainingDiverged if the last update, which no loss has seen, left what is not finite.

    Finite weights may still give samples that are not: of a ``GANState`` a few are drawn, from a
    random generator apart, with the averaged weights and with the last ones.
    """
    check_weights(system)
    if isinstance(system, GANState):
        for ema in (False, True):
            samples = system.sample(16, seeded_generator(0, system.device), ema)
            bad = samples[~samples.isfinite()]
            if len(bad) > 0:
                raise diverged(system, "a sample", float(bad[0]))
