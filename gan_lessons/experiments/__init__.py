"""One flat file per figure or table of the book, its settings in a dataclass on top.

``load_recorded`` reads what an experiment wrote once; ``python -m gan_lessons.experiments.<name>``
runs it again.
"""

from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded

__all__ = ["load_recorded", "recorded_folder", "save_recorded"]
