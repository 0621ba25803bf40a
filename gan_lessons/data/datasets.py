"""One function for every data set: images in [-1, 1] and labels."""

import hashlib
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gan_lessons._validation import check_count
from gan_lessons.data.digits import digits_arrays
from gan_lessons.data.download import DataCorrupted, DataNotFound, download_file
from gan_lessons.data.idx import parse_idx
from gan_lessons.data.registry import DATASETS, DataFile, DatasetInfo


class Labelled(NamedTuple):
    """Images (n, c, h, w), float32 in [-1, 1], and their labels (n,), int64."""

    images: Tensor
    labels: Tensor


def load(
    name: str,
    split: str = "train",
    size: int | None = None,
    root: str | Path | None = None,
    download: bool = False,
) -> Labelled:
    """Load a data set as images in [-1, 1] with labels.

    "digits" comes with scikit-learn. The files of "mnist" and "fashion-mnist" are looked for in
    ``root``, else in the folder that the environment variable GAN_LESSONS_DATA names, else in the
    user's cache folder. Their SHA-256 is checked every time.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion-mnist"}
        Which data set; `available` has the facts about each.
    split : {"train", "test", "all"}, default "train"
        The published parts, or both in this order. Of the digits, every fifth image of each class
        is for testing, and "all" keeps the bundled order.
    size : int, optional
        Side of the images in pixels; None leaves them as published (8 or 28). From 28 to 32 a
        black border of 2 pixels is added, as is customary; any other size is reached by
        antialiased bilinear interpolation.
    root : str or Path, optional
        Folder with the data folders.
    download : bool, default False
        Whether files that are missing may be downloaded.

    Returns
    -------
    Labelled
        ``images`` (n, 1, h, w) float32 in [-1, 1] and ``labels`` (n,) int64.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If ``name``, ``split`` or ``size`` is unknown or out of range.
    DataNotFound
        If files are missing and ``download`` is False, or no mirror could be reached, or the
        folder cannot be written to.
    DataCorrupted
        If a file is not the published one.
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a str such as 'digits', got {type(name).__name__}.")
    if name not in DATASETS:
        raise ValueError(f"name must be one of {', '.join(DATASETS)}, got {name!r}.")
    if split not in ("train", "test", "all"):
        raise ValueError(f"split must be 'train', 'test' or 'all', got {split!r}.")
    if size is not None:
        check_count(size, "size", minimum=2)
    if name == "digits":
        images, labels = digits_arrays(split)
        return Labelled(_to_images(images, 16.0, size), torch.from_numpy(labels).long())
    folder = data_folder(root)
    images, labels = idx_arrays(DATASETS[name], split, folder, download)
    return Labelled(_to_images(images, 255.0, size), torch.from_numpy(labels).long())


def data_folder(root: str | Path | None = None) -> Path:
    """Return the folder that `load` uses: ``root``, else GAN_LESSONS_DATA, else the cache.

    Parameters
    ----------
    root
        A folder of your own, or None.

    Returns
    -------
    Path
        It need not exist.

    Raises
    ------
    TypeError
        If ``root`` is no path.
    """
    if root is not None:
        if not isinstance(root, (str, os.PathLike)):
            raise TypeError(f"root must be a folder's path or None, got {type(root).__name__}.")
        return Path(root).expanduser()
    if named := os.environ.get("GAN_LESSONS_DATA"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "gan-lessons"


def idx_arrays(
    info: DatasetInfo, split: str, folder: Path, download: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, h, w) and labels (n,) of a data set that is published as IDX files."""
    parts = ("train", "test") if split == "all" else (split,)
    images, labels = [], []
    for part in parts:
        image_file, label_file = info.files[part]
        images.append(_read_verified(info, image_file, folder, download))
        labels.append(_read_verified(info, label_file, folder, download))
    return np.concatenate(images), np.concatenate(labels)


def _read_verified(info: DatasetInfo, file: DataFile, folder: Path, download: bool) -> np.ndarray:
    """Find one file, or fetch it; check its SHA-256; parse it."""
    places = [folder / sub / file.name for sub in info.folders]
    path = next((place for place in places if place.is_file()), places[0])
    if not path.is_file():
        if not download:
            raise DataNotFound(
                f"{info.name}: {path} is not there. Either call load({info.name!r}, ..., "
                "download=True); or set the environment variable GAN_LESSONS_DATA (or pass root=) "
                f"to a folder that holds {info.folders[0]}/{file.name}; or put the file there by "
                f"hand, from {' or '.join(mirror + file.name for mirror in info.mirrors)}"
            )
        download_file(file, path.parent, info.mirrors)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise DataCorrupted(
            f"{path} is not the published file ({len(content)} bytes, {file.size} wanted, and the "
            "SHA-256 differs). Delete it, then call load again with download=True."
        )
    return parse_idx(content, str(path))


def _to_images(values: np.ndarray, white: float, size: int | None) -> Tensor:
    """Scale values from [0, white] to [-1, 1] and resize to (n, 1, size, size)."""
    images = torch.from_numpy(values).float().mul_(2 / white).sub_(1).unsqueeze(1)
    if size is None or size == images.shape[-1]:
        return images
    if (images.shape[-1], size) == (28, 32):
        return functional.pad(images, (2, 2, 2, 2), value=-1.0)
    resized = functional.interpolate(images, (size, size), mode="bilinear", antialias=True)
    return resized.clamp_(-1, 1)
