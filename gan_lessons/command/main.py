"""The entry: read what was typed, do it, and say in one line what went wrong."""

import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gan_lessons.command.errors import UsageError
from gan_lessons.command.listing import print_list
from gan_lessons.command.parser import PROGRAM, make_parser
from gan_lessons.command.sample import draw_samples
from gan_lessons.command.train import run_training
from gan_lessons.command.translate import translate_images
from gan_lessons.training import TrainingDiverged

COMMANDS = {
    "train": run_training,
    "sample": draw_samples,
    "translate": translate_images,
    "list": print_list,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        What was typed after the program's name; None takes it from ``sys.argv``.

    Returns
    -------
    int
        0: done; 1: training diverged, a file could not be written, or memory ran out; 2: bad
        arguments; 130 or 143: stopped by Ctrl-C or SIGTERM after a checkpoint was saved.
    """
    try:
        with _plain_warnings():
            typed = make_parser().parse_args(arguments)
            return COMMANDS[typed.command](typed)
    except UsageError as error:
        return _say(error, 2)
    except (TrainingDiverged, OSError) as error:
        return _say(error, 1)
    except MemoryError as error:
        return _say(error if str(error) else MemoryError("The memory is full."), 1)
    except KeyboardInterrupt:  # before the run had begun, or for the second time
        return 128 + signal.SIGINT


def _say(error: Exception, status: int) -> int:
    """Print an error on standard error."""
    print(f"{PROGRAM}: error: {error}", file=sys.stderr)
    return status


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings as one line each, without the place in the source."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: print(
            f"{PROGRAM}: warning: {message}", file=sys.stderr
        )
        yield
