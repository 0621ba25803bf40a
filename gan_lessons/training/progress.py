"""A progress bar that leaves nothing behind in a stored notebook."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

from gan_lessons.training.records import Record

R = TypeVar("R", bound=Record)


def progress(records: Iterable[R], total: int, show: bool | None = None) -> Iterator[R]:
    """Pass records on and show how far the run is, where someone is watching a terminal.

    Parameters
    ----------
    records : iterable of Record
        For example ``train(system, data, config)``.
    total : int
        The last step, ``config.steps``.
    show : bool, optional
        None shows a bar on standard error only if that is a terminal, so that notebooks and log
        files stay free of it; True always, False never.

    Yields
    ------
    Record
    """
    visible = sys.stderr.isatty() if show is None else show
    with tqdm(total=total, disable=not visible, unit="step", leave=False) as bar:
        for record in records:
            bar.update(record.step - bar.n)
            yield record
