"""Data sets: real images with labels, and never a download on import.

`load("digits")` works at once (the images come with scikit-learn); "mnist" and "fashion-mnist" are
read from a folder or, if asked, downloaded. `registry.py` has sources, licences and checksums,
`idx.py` the file format, `download.py` the way from a mirror to a checked file, `augment.py`
random changes for training.
"""

from gan_lessons.data.augment import random_shift
from gan_lessons.data.datasets import Labelled, data_folder, load
from gan_lessons.data.download import DataCorrupted, DataNotFound, download_file
from gan_lessons.data.idx import IDXError, parse_idx, read_idx
from gan_lessons.data.registry import DataFile, DatasetInfo, available

__all__ = [
    "DataCorrupted",
    "DataFile",
    "DataNotFound",
    "DatasetInfo",
    "IDXError",
    "Labelled",
    "available",
    "data_folder",
    "download_file",
    "load",
    "parse_idx",
    "random_shift",
    "read_idx",
]
