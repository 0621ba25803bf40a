"""Data sets: real images with labels, and never a download on import.

`load("digits")` works at once (the images come with scikit-learn); "mnist" and "fashion-mnist" are
read from a folder or, if asked, downloaded; `load_folder` reads your own images. `registry.py` has
sources, licences and checksums, `idx.py` the file format, `download.py` the way from a mirror to a
checked file, `folder.py` what photographs need, `unpaired.py` two domains without pairs,
`augment.py` and `crop.py` random changes for training.
"""

from gan_lessons.data.augment import random_brightness, random_cutout, random_shift
from gan_lessons.data.crop import random_crop, random_flip
from gan_lessons.data.datasets import Labelled, data_folder, load
from gan_lessons.data.download import DataCorrupted, DataNotFound, download_file
from gan_lessons.data.folder import ImageFolder, load_folder
from gan_lessons.data.idx import IDXError, parse_idx, read_idx
from gan_lessons.data.registry import DataFile, DatasetInfo, available
from gan_lessons.data.unpaired import UnpairedFolder

__all__ = [
    "DataCorrupted",
    "DataFile",
    "DataNotFound",
    "DatasetInfo",
    "IDXError",
    "ImageFolder",
    "Labelled",
    "UnpairedFolder",
    "available",
    "data_folder",
    "download_file",
    "load",
    "load_folder",
    "parse_idx",
    "random_brightness",
    "random_crop",
    "random_cutout",
    "random_flip",
    "random_shift",
    "read_idx",
]
