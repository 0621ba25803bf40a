"""``train EXPERIMENT``: prepare, train, save, and go on where a run was stopped."""

import argparse
import signal
from contextlib import ExitStack
from dataclasses import replace

import torch.distributed
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.command.errors import UsageError, usage_errors
from gan_lessons.command.output import Output
from gan_lessons.command.prepare import Prepared, prepare
from gan_lessons.command.stop import Stopped, StopSignals
from gan_lessons.training import System, TrainingDiverged, choose_device, progress, train
from gan_lessons.training.distributed import Distributed
from gan_lessons.training.ranks import Ranks, process_group
from gan_lessons.training.sampling import Data, batches


def run_training(typed: argparse.Namespace) -> int:
    """Train as was typed, in this process or, under torchrun, in step with others.

    Returns
    -------
    int
        The exit status: 0, or 128 and the number of the signal that stopped the run.
    """
    with ExitStack() as stack:
        with usage_errors("--device"):
            device = typed.device or choose_device().type
            ranks = stack.enter_context(process_group(device))
        prepared = prepare(typed, ranks.device, ranks.rank)
        system = _join(prepared.gan, ranks)
        config = prepared.config.training
        if system.steps_done >= config.steps:
            print(
                f"Done already: step {system.steps_done} of {config.steps}. --steps MORE goes on."
            )
            return 0
        every = _save_every(typed.save_every, config.steps, config.log_every)
        stop = stack.enter_context(StopSignals())
        output = None
        if ranks.rank == 0:
            output = stack.enter_context(
                Output(prepared, system, ranks.world_size, typed.tensorboard)
            )
        return _run(prepared, system, ranks, stop, output, every)


def _run(
    prepared: Prepared,
    system: System,
    ranks: Ranks,
    stop: StopSignals,
    output: Output | None,
    every: int,
) -> int:
    """Train to the end, or until a signal comes; who has an output writes.

    Several ranks stop together after a record: one alone would leave the others in a step.
    """
    config = replace(prepared.config.training, batch_size=system.config.batch_size)
    records = train(system, _data(prepared, ranks, stop), config)
    due = system.steps_done + every - system.steps_done % every
    try:
        for record in progress(records, config.steps, None if output else False):
            if output is not None:
                output.add(record)
                if record.step >= due or record.step == config.steps:
                    output.save(record)
                    due = record.step + every - record.step % every
            if record.step < config.steps and ranks.any(stop.came is not None):
                raise Stopped
    except Stopped:
        if output is not None:
            output.stop()
        return 128 + (stop.came or signal.SIGTERM)  # or the signal that another rank was sent
    except TrainingDiverged as error:
        if output is not None:
            output.diverge(error)
        raise
    if output is not None:
        output.finish()
    return 0


def _data(prepared: Prepared, ranks: Ranks, stop: StopSignals) -> Data:
    """Return the data, which stop a run of one process between two steps.

    Images that are kept off the GPU are left to ``train``, which may fetch them ahead.
    """
    data = prepared.real.data
    streamed = isinstance(data, Tensor) and data.device != prepared.gan.device
    return data if streamed or ranks.world_size > 1 else stop.between_steps(batches(data))


def _join(gan: System, ranks: Ranks) -> System:
    """Return what is trained: the GAN, or the GAN in step with those of the other ranks."""
    if ranks.world_size == 1:
        return gan
    torch.distributed.barrier()  # before rank 0 writes what the others look for
    with usage_errors():
        return Distributed(gan)


def _save_every(typed: int | None, steps: int, log_every: int) -> int:
    """Return the steps between two checkpoints: what was typed, or about a tenth of the run."""
    if typed is not None:
        with usage_errors():
            check_count(typed, "save_every")
        if typed % log_every:  # samples are looked at where a record is made
            raise UsageError(
                f"--save-every must be a multiple of --log-every {log_every}, got {typed}."
            )
        return typed
    return max(1, steps // 10 // log_every) * log_every
