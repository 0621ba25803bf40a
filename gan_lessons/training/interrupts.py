"""Ctrl-C between two steps, never within one."""

import signal
import threading
from types import FrameType, TracebackType


class WholeSteps:
    """A context that puts Ctrl-C (SIGINT, also a notebook's stop button) off until it is asked.

    Within it the first signal only sets ``asked``; leaving the context raises
    ``KeyboardInterrupt`` then, unless ``held`` is set: whoever sets it raises later. The second
    signal raises at once. Outside the main thread, and where someone else handles the signal,
    nothing is changed.
    """

    def __init__(self) -> None:
        self.asked = False
        self.held = False
        self._mine = False

    def __enter__(self) -> "WholeSteps":
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._mine = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.asked and kind is None and not self.held:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Remember the first signal; act on the second."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
