"""The training loop, as a generator of records: the reader's ``for`` is the loop."""

import time
from collections.abc import Iterator

from gan_lessons.training.config import TrainConfig
from gan_lessons.training.records import Record, read_metrics
from gan_lessons.training.sampling import Data, Draw, batches
from gan_lessons.training.state import System


def train(system: System, data: Data, config: TrainConfig) -> Iterator[Record]:
    """Train a system until it has made ``config.steps`` steps, yielding a record now and then.

    ::

        for record in train(system, data, config):
            print(record.step, record.d_loss, record.g_loss)

    Nothing runs until the first record is asked for, and nothing runs between two records but
    training: look, draw, save or ``break`` in the body of your loop. A record comes every
    ``log_every`` steps and after the last step. A system that has made steps already goes on from
    there, with its own random state.

    Parameters
    ----------
    system : System
        For example a ``GANState``; it is changed in place.
    data : Tensor (N, ...), law or callable
        Real samples: a tensor in memory, a law with ``.sample(n, rng)``, or a function (n, rng).
    config : TrainConfig
        ``steps``, ``batch_size``, ``d_steps`` and ``log_every`` are used here. Each step gets
        ``d_steps * batch_size`` real samples.

    Yields
    ------
    Record

    Raises
    ------
    TrainingDiverged
        If a number is not finite when a record is made.
    TypeError, ValueError
        If ``data`` or ``config`` cannot be used; raised at once, before the first record.
    """
    if not isinstance(config, TrainConfig):
        raise TypeError(f"config must be a TrainConfig, got {type(config).__name__}.")
    return _train(system, batches(data), config)


def _train(system: System, draw: Draw, config: TrainConfig) -> Iterator[Record]:
    """Run the loop."""
    size = config.d_steps * config.batch_size
    seen, start = 0, time.perf_counter()
    while system.steps_done < config.steps:
        metrics = system.step(draw(size, system.rng), system.rng)
        seen += size
        step = system.steps_done
        if step % config.log_every == 0 or step == config.steps:
            numbers = read_metrics(metrics, step)  # here, and only here, the host waits
            yield Record(step, numbers, seen / (time.perf_counter() - start))
            seen, start = 0, time.perf_counter()
