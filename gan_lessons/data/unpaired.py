"""Two domains without pairs, in the layout of all public CycleGAN sets."""

import hashlib
import os
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_rng
from gan_lessons.data.crop import random_crop, random_flip
from gan_lessons.data.download import DataNotFound
from gan_lessons.data.folder import IMAGE_ENDINGS, listed, read_images, require_pillow

FOLDERS = ("trainA", "trainB", "testA", "testB")


class UnpairedFolder:
    """The images in trainA, trainB, testA and testB: batches of a and of b, which are no pairs.

    The two domains may have different numbers of images. Each image is read once, as
    ``load_folder`` reads it: turned as its EXIF data say, transparent parts white, the largest
    square in the middle. Training images are kept with ``load_size`` pixels a side; each batch cuts
    windows of ``size`` out of them and mirrors half. Images that cannot be read are skipped, and
    one warning names them. Kept are bytes, a quarter of the memory of floats.

    Parameters
    ----------
    root : str or Path
        The folder that holds trainA and trainB; testA and testB may be missing.
    size : int, default 256
        Side of the images in pixels.
    load_size : int, optional
        Side to which training images are brought before a window is cut; as published 286 for 256.
        None: ``size``, so that nothing is cut.
    channels : {3, 1}, default 3
        3 for colour, 1 for grey.
    flip : bool, default True
        Whether half of the training images are mirrored, left to right.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another kind or out of range, or both domains hold the same pictures.
    DataNotFound
        If there is no such folder, trainA or trainB is missing, or one has no image that can be
        read.
    ImportError
        If Pillow is not installed.

    References
    ----------
    Zhu et al. (2017), appendix 7.1 (286 pixels, windows of 256).
    """

    def __init__(
        self,
        root: str | Path,
        size: int = 256,
        load_size: int | None = None,
        channels: int = 3,
        flip: bool = True,
    ) -> None:
        if not isinstance(root, str | os.PathLike):
            raise TypeError(f"root must be a folder's path, got {type(root).__name__}.")
        self.size = check_count(size, "size", minimum=2)
        load_size = size if load_size is None else check_count(load_size, "load_size")
        if load_size < size:
            raise ValueError(f"load_size must be at least size = {size}, got {load_size}.")
        if check_count(channels, "channels") not in (1, 3):
            raise ValueError(f"channels must be 3 for colour or 1 for grey, got {channels!r}.")
        if not isinstance(flip, bool):
            raise TypeError(f"flip must be True or False, got {flip!r}.")
        self.root, self.flip = Path(root).expanduser(), flip
        check_layout(self.root)
        require_pillow()
        skipped: list[str] = []
        #: The files, by the name of the folder.
        self.paths: dict[str, tuple[Path, ...]] = {}
        self._pixels: dict[str, Tensor] = {}
        for name in FOLDERS:
            side = load_size if name.startswith("train") else size
            images, paths, bad = read_images(self.root / name, self.root, side, channels)
            if not images and name.startswith("train"):
                found = f"{len(bad)} cannot be read: {listed(bad)}" if bad else "there is none"
                wanted = f"images ({', '.join(IMAGE_ENDINGS)})"
                raise DataNotFound(f"{self.root / name} must hold {wanted}, but {found}.")
            empty = np.empty((0, channels, side, side), np.uint8)
            self._pixels[name] = torch.from_numpy(np.stack(images) if images else empty)
            self.paths[name] = tuple(paths)
            skipped += bad
        if skipped:
            total = len(skipped) + sum(map(len, self.paths.values()))
            warnings.warn(
                f"{len(skipped)} of {total} images in {self.root} cannot be read and were "
                f"skipped: {listed(skipped)}.",
                stacklevel=2,
            )
        digests = {name: [_digest(path) for path in self.paths[name]] for name in FOLDERS}
        _check_apart(digests)
        #: Number and SHA-256 of the files, by the name of the folder: what a run was trained on.
        self.fingerprints = {
            name: f"{len(found)} {hashlib.sha256(b''.join(found)).hexdigest()}"
            for name, found in digests.items()
        }

    @property
    def test_a(self) -> Tensor:
        """Held-out images of domain a, (n, channels, size, size) in [-1, 1]; n may be 0."""
        return _scaled(self._pixels["testA"])

    @property
    def test_b(self) -> Tensor:
        """Held-out images of domain b, (n, channels, size, size) in [-1, 1]; n may be 0."""
        return _scaled(self._pixels["testB"])

    def to(self, device: torch.device | str) -> "UnpairedFolder":
        """Move the images to a device, in place, and return the whole.

        Parameters
        ----------
        device : torch.device or str
            Where batches are made from now on.

        Returns
        -------
        UnpairedFolder
        """
        self._pixels = {name: images.to(device) for name, images in self._pixels.items()}
        return self

    def sample(self, n: int, rng: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draw n training images of each domain, cut and mirrored anew; no image comes twice.

        Parameters
        ----------
        n : int
            How many of each.
        rng : torch.Generator, optional
            Draws images, windows and mirrors; None draws from torch's default generator.

        Returns
        -------
        tuple of two Tensors (n, channels, size, size)
            Of domain a and of domain b, in [-1, 1]; they are no pairs.

        Raises
        ------
        TypeError, ValueError
            If n is larger than a domain, or ``rng`` no generator.
        """
        return self._draw("trainA", n, rng), self._draw("trainB", n, rng)

    def check_batch(self, n: int) -> None:
        """Raise unless a batch of n images has room in both domains, before a run begins.

        Parameters
        ----------
        n : int
            Images of each domain.

        Raises
        ------
        TypeError, ValueError
            If n is no positive whole number, or larger than a domain.
        """
        check_count(n, "n")
        for name in FOLDERS[:2]:
            if n > len(self.paths[name]):
                raise ValueError(
                    f"n must be at most the {len(self.paths[name])} images of {self.root / name}, "
                    f"got {n}: choose a smaller batch_size."
                )

    def _draw(self, name: str, n: int, rng: torch.Generator | None) -> Tensor:
        """Draw n images of one folder."""
        pixels, rng = self._pixels[name], check_rng(rng)
        self.check_batch(n)
        device = "cpu" if rng is None else rng.device
        index = torch.randperm(len(pixels), generator=rng, device=device)[:n]
        images = random_crop(pixels[index.to(pixels.device)], self.size, rng)
        return _scaled(random_flip(images, rng) if self.flip else images)


def check_layout(root: Path) -> None:
    """Raise ``DataNotFound`` unless a folder has trainA and trainB; say where they may be."""
    if root.is_file():
        raise ValueError(f"root must be a folder with trainA and trainB, got the file {root}.")
    if not root.is_dir():
        raise DataNotFound(f"root must be a folder with trainA and trainB; {root} is not there.")
    missing = [name for name in FOLDERS[:2] if not (root / name).is_dir()]
    if not missing:
        return
    inside = sorted(path for path in root.iterdir() if path.is_dir())
    hint = "the folders in it are " + (", ".join(path.name for path in inside[:8]) or "none")
    if root.name in FOLDERS and (root.parent / "trainA").is_dir():
        hint = f"pass {root.parent}"
    elif deeper := [path for path in inside if (path / "trainA").is_dir()]:
        hint = f"pass {deeper[0]}"
    raise DataNotFound(
        "root must hold the folders trainA and trainB (and testA and testB, to look at); "
        f"{root} lacks {' and '.join(missing)}: {hint}."
    )


def _scaled(pixels: Tensor) -> Tensor:
    """Return bytes as float32 in [-1, 1]."""
    return pixels.float().div_(127.5).sub_(1)


def _digest(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).digest()


def _check_apart(digests: dict[str, list[bytes]]) -> None:
    """Raise ``ValueError`` where most files of a folder are in one of the other domain, too."""
    for one in ("trainA", "testA"):
        for other in ("trainB", "testB"):
            a, b = set(digests[one]), set(digests[other])
            if 2 * len(a & b) > min(len(a), len(b)) > 0:
                raise ValueError(
                    f"{one} and {other} must hold different domains, but {len(a & b)} files are "
                    "in both: was one copied from the other, or were A and B swapped?"
                )
