"""The file of a checkpoint: plain data only, whole or not there at all."""

import contextlib
import hashlib
import io
import os
import secrets
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gan_lessons.training.system import System, diverged

_FORMAT = "gan-lessons checkpoint 3"


class _OtherFormat(ValueError):
    """A file is whole but of another version of this package, or of something else."""


class Checkpoint(NamedTuple):
    """What a checkpoint holds: tensors on the CPU and plain data.

    Parameters
    ----------
    step : int
        Steps made.
    config : dict
        The fields of the system's config.
    metrics : dict of str to float
        What ``save_checkpoint`` was given.
    versions : dict of str to str
        Of python, torch and gan_lessons, when it was saved.
    random : dict
        ``device``, the type of device that the system's ``rng`` draws on, and the states of
        torch's default generators, which Dropout draws from: ``cpu``, and ``cuda`` for a system
        there.
    system : dict
        The system's ``state_dict``: networks, optimizers, average, ``rng``.
    """

    step: int
    config: dict[str, Any]
    metrics: dict[str, float]
    versions: dict[str, str]
    random: dict[str, Any]
    system: dict[str, Any]


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a file of ``save_checkpoint`` and check that it is whole.

    Only tensors and plain data are read (``weights_only=True``): a file from elsewhere runs no
    code.

    Parameters
    ----------
    path : path
        A file of ``save_checkpoint``.

    Returns
    -------
    Checkpoint

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a checkpoint, or is damaged or altered.
    OSError, MemoryError
        If it cannot be read, or not be held: this says nothing of the file.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"path must be a checkpoint, got the folder '{path}'.")
    if not path.is_file():
        raise FileNotFoundError(f"path must be a checkpoint, but {path} is not there.")
    saved = path.read_bytes()
    try:
        content: Any = torch.load(io.BytesIO(saved), map_location="cpu", weights_only=True)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # a damaged file may raise whatever its bytes say
        if "can't allocate memory" in str(error):  # torch says so by a RuntimeError
            raise MemoryError(f"{path} does not fit into the memory that is free.") from error
        raise ValueError(f"{path} is not a checkpoint or is damaged; use an older one.") from error
    kind = content.get("format") if isinstance(content, dict) else None
    if kind != _FORMAT:
        raise _OtherFormat(
            f"{path} is not a checkpoint of this package ({_FORMAT!r}), got {kind!r}."
        )
    checkpoint = Checkpoint(*(content.get(name) for name in Checkpoint._fields))
    if content.get("sha256") != _digest(checkpoint):
        raise ValueError(f"{path} is damaged or altered (SHA-256 differs); use an older one.")
    return checkpoint


def read_metrics_of(path: Path) -> dict[str, float]:
    """Return the metrics in a checkpoint without reading its tensors; {} if there are none."""
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return {name: float(number) for name, number in content["metrics"].items()}
    except Exception:  # not there, damaged or of something else
        return {}


def plain_data(value: Any, system: System, place: str = "") -> Any:
    """Return nested dicts, lists and tuples with their tensors on the CPU, all checked."""
    if isinstance(value, torch.Tensor):
        tensor = value.detach().cpu()
        if not tensor.sum().isfinite():  # may be too large a sum, too, of finite numbers
            bad = tensor[~tensor.isfinite()]
            if len(bad) > 0:
                raise diverged(system, place, float(bad[0].real))
        # A view would take the whole of what it is a view of into the file.
        whole = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
        return tensor if whole else tensor.clone(memory_format=torch.contiguous_format)
    at = f"{place}." if place else ""
    if isinstance(value, dict) and all(type(key) in (str, int) for key in value):
        items = {key: plain_data(item, system, f"{at}{key}") for key, item in value.items()}
        if not hasattr(value, "_metadata"):
            return items
        copied = OrderedDict(items)  # of a module, with the versions of its parts
        copied._metadata = value._metadata  # type: ignore[attr-defined]
        return copied
    if type(value) in (list, tuple):
        return type(value)(plain_data(x, system, f"{at}{k}") for k, x in enumerate(value))
    if value is not None and type(value) not in (bool, int, float, str):
        raise TypeError(
            f"system.state_dict() must hold tensors and plain data (dict with keys of str or int, "
            f"list, tuple, str, numbers, None), got {type(value).__name__} at {place or 'its top'}."
        )
    return value


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, signed by its SHA-256, to a file that is whole or not there at all."""
    content = {"format": _FORMAT, **checkpoint._asdict(), "sha256": _digest(checkpoint)}
    file = io.BytesIO()  # whole before it goes to the disk: what fails there fails as OSError
    torch.save(content, file)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as part:
            part.write(file.getbuffer())
            part.flush()
            os.fsync(part.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        why = f"{error.strerror or error}; the checkpoint was not written, an older one is whole"
        raise OSError(error.errno, why, str(path)) from error
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Bring a new name to the disk, before anyone removes an older file, where this can be done."""
    if os.name == "posix":
        with contextlib.suppress(OSError):  # some network file systems refuse
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _digest(content: object) -> str:
    """Return the SHA-256 of nested dicts, lists and tuples of tensors and plain data."""
    digest = hashlib.sha256()

    def add(value: object) -> None:
        if isinstance(value, torch.Tensor):
            digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
            numbers = value.detach().cpu().contiguous().flatten()
            digest.update(numbers.view(torch.uint8).numpy().data)
        elif isinstance(value, dict):
            digest.update(f"dict{len(value)}".encode())
            for key, item in value.items():
                add(key)
                add(item)
        elif isinstance(value, (list, tuple)):
            digest.update(f"{type(value).__name__}{len(value)}".encode())
            for item in value:
                add(item)
        else:
            digest.update(f"{type(value).__name__}:{value!r};".encode())

    add(content)
    return digest.hexdigest()
