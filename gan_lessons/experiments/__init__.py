"""One flat file per figure or table of the book, its settings in a dataclass on top.

``load_recorded`` reads what an experiment wrote once; ``python -m gan_lessons.experiments.<name>``
runs it again. ``trainable`` has what ``python -m gan_lessons train`` can train, your own images
among it: ``EXPERIMENTS``.
"""

from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded
from gan_lessons.experiments.trainable import EXPERIMENTS, Experiment, Real

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "Real",
    "load_recorded",
    "recorded_folder",
    "save_recorded",
]
