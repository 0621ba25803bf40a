"""Ctrl-C, and the SIGTERM of a cluster: a run ends between two steps, where it can be saved."""

import signal
import threading
from types import FrameType

import torch
from torch import Tensor

from gan_lessons.training.sampling import Draw


class Stopped(Exception):
    """Someone has asked the run to stop, and no step is half done."""


class StopSignals:
    """Notes a signal while the ``with`` block runs; a second Ctrl-C interrupts at once.

    A second SIGTERM does not: under torchrun in a queue it comes from both of them.
    In another thread than the main one, where Python delivers no signals, it notes nothing.
    """

    def __init__(self) -> None:
        self.came: int | None = None

    def __enter__(self) -> "StopSignals":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Remember the signal."""
        if self.came is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.came = number

    def between_steps(self, draw: Draw) -> Draw:
        """Return ``draw``, which each step begins with, so that it stops the run where asked."""

        def draw_or_stop(n: int, rng: torch.Generator) -> Tensor:
            if self.came is not None:
                raise Stopped
            return draw(n, rng)

        return draw_or_stop
