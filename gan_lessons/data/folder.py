"""A reader's own images: every picture of a folder, brought to one size."""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data.download import DataNotFound

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

#: Endings of the files that are looked at; all others are passed over in silence.
IMAGE_ENDINGS = (
    ".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"
)  # fmt: skip
_NAMED = 10  # skipped files that a warning names; it counts the others


class ImageFolder(NamedTuple):
    """Images (n, c, size, size), float32 in [-1, 1], and the file that each was read from."""

    images: Tensor
    paths: tuple[Path, ...]


def load_folder(root: str | Path, size: int = 32, channels: int = 3) -> ImageFolder:
    """Read every image of a folder and of the folders in it, as squares of one size.

    The largest square in the middle is kept and resized with antialiasing. A photograph is first
    turned as its EXIF data say; transparent parts become white; of an animation the first frame
    is taken. Files whose name starts with a dot are passed over. An image that cannot be read is
    skipped, and one warning names all that were.

    Parameters
    ----------
    root : str or Path
        The folder.
    size : int, default 32
        Side of the images in pixels.
    channels : {3, 1}, default 3
        3 for colour, 1 for grey.

    Returns
    -------
    ImageFolder
        ``images`` (n, channels, size, size) float32 in [-1, 1] and ``paths``, in the order of the
        sorted paths.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another kind or out of range, or ``root`` is a file.
    DataNotFound
        If there is no such folder, or no image in it that can be read.
    ImportError
        If Pillow is not installed.
    """
    if not isinstance(root, str | os.PathLike):
        raise TypeError(f"root must be a folder's path, got {type(root).__name__}.")
    check_count(size, "size", minimum=2)
    if channels not in (1, 3):
        raise ValueError(f"channels must be 3 for colour or 1 for grey, got {channels!r}.")
    folder = Path(root).expanduser()
    if folder.is_file():
        raise ValueError(f"root must be a folder of images, got the file {folder}.")
    if not folder.is_dir():
        raise DataNotFound(f"root must be a folder of images, but {folder} is not there.")
    require_pillow()
    images, paths, skipped = read_images(folder, folder, size, channels)
    if not images:
        found = f"{len(skipped)} cannot be read: {listed(skipped)}" if skipped else "there is none"
        raise DataNotFound(f"{folder} must hold images ({', '.join(IMAGE_ENDINGS)}), but {found}.")
    if skipped:
        warnings.warn(
            f"{len(skipped)} of {len(images) + len(skipped)} images in {folder} cannot be read "
            f"and were skipped: {listed(skipped)}.",
            stacklevel=2,
        )
    pixels = torch.from_numpy(np.stack(images))
    return ImageFolder(pixels.float().div_(127.5).sub_(1), tuple(paths))


def read_images(
    folder: Path, root: Path, size: int, channels: int
) -> tuple[list[np.ndarray], list[Path], list[str]]:
    """Read every image of a folder, and say of each that cannot be read why.

    Parameters
    ----------
    folder
        Where they are, at any depth.
    root
        What the names of skipped files start from.
    size, channels
        As in ``load_folder``.

    Returns
    -------
    tuple
        Bytes (channels, size, size) of each image, their paths, and "name (reason)" of each file
        that was skipped.
    """
    images, paths, skipped = [], [], []
    for path in image_files(folder):
        try:
            images.append(_read(path, size, channels))
            paths.append(path)
        except Exception as error:  # a damaged file may raise whatever its bytes say
            skipped.append(f"{path.relative_to(root)} ({reason_of(path, error)})")
    return images, paths, skipped


def require_pillow() -> None:
    """Say what to install where Pillow is missing."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Images are read by Pillow, which is not installed: "
            'run pip install "gan-lessons[data]".'
        ) from error


def image_files(folder: Path) -> list[Path]:
    """Return the files that look like images, hidden ones left out, sorted."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(place, name)
            for name in names
            if not name.startswith(".") and name.lower().endswith(IMAGE_ENDINGS)
        ]
    return sorted(found)


def _read(path: Path, size: int, channels: int) -> np.ndarray:
    """Return one image as bytes (channels, size, size)."""
    from PIL import Image

    picture = _upright(path, channels)
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    # Cut first: a resize with a box would blend in what lies outside of it.
    square = picture.crop((left, top, left + side, top + side))
    resized = square.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(resized).reshape(size, size, channels).transpose(2, 0, 1)


def read_picture(path: Path, channels: int = 3, size: int | None = None) -> Tensor:
    """Return one whole image (1, channels, h, w) in [-1, 1], nothing cut off.

    Parameters
    ----------
    path
        The file.
    channels
        3 for colour, 1 for grey.
    size
        To how many pixels the shorter side is brought; None leaves the image as it is.
    """
    from PIL import Image

    picture = _upright(path, channels)
    if size is not None:
        scale = size / min(picture.size)
        width, height = (max(1, round(length * scale)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    levels = np.asarray(picture).reshape(picture.height, picture.width, channels)
    return torch.from_numpy(levels.transpose(2, 0, 1).copy())[None].float().div_(127.5).sub_(1)


def _upright(path: Path, channels: int) -> "Picture":
    """Return one image, turned as its EXIF data say, opaque, in colour or grey."""
    from PIL import Image, ImageOps

    with Image.open(path) as file:
        upright = ImageOps.exif_transpose(file)
        return _opaque(upright).convert("RGB" if channels == 3 else "L")


def _opaque(picture: "Picture") -> "Picture":
    """Return a picture of 8 bits without transparency, which becomes white."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits; Pillow's own conversion would cut off at 255
        levels = np.asarray(picture, dtype=np.int64).clip(0, 65535) // 257
        return Image.fromarray(levels.astype(np.uint8))
    if picture.mode == "F":
        raise ValueError("its pixels are floating-point numbers, whose white is not known")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        drawn = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn)
    return picture


def reason_of(path: Path, error: Exception) -> str:
    """Say in a few words why a file was skipped."""
    from PIL import UnidentifiedImageError

    if path.is_file() and path.stat().st_size == 0:
        return "it is empty"
    if isinstance(error, UnidentifiedImageError):
        return "it is no image"
    return str(error) or type(error).__name__


def listed(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
