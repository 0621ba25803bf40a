"""Files from which a run goes on as if it had never stopped."""

import copy
import hashlib
import io
import os
import secrets
from pathlib import Path
from typing import Any

import torch

from gan_lessons.training.state import System, check_system

_FORMAT = "gan-lessons checkpoint 2"


def save_checkpoint(path: str | os.PathLike[str], system: System) -> Path:
    """Write everything that the next step depends on to one file.

    It is written under a temporary name in the same folder and then renamed, so that a kill at
    any moment leaves an older file whole. A SHA-256 of the content goes with it.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    system : System
        For example a ``GANState``.

    Returns
    -------
    Path

    Raises
    ------
    TypeError
        If ``system`` is no System; a ``GANSeeds`` is none.
    ValueError
        If the folder does not exist, or ``path`` is a folder.
    OSError
        If it cannot be written (a full disk, no rights); an older file is left whole.
    """
    check_system(system)
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"path must be a file, got the folder '{path}'; add a name: run.pt.")
    if not path.parent.is_dir():
        raise ValueError(f"path must be in a folder that exists, got {path}; make {path.parent}.")
    state = system.state_dict()
    content = {
        "format": _FORMAT,
        "torch": str(torch.__version__),
        "system": state,
        "sha256": _digest(state),
    }
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def load_checkpoint(path: str | os.PathLike[str], system: System) -> None:
    """Put a system into the state that was saved.

    Only tensors and plain data are read (``weights_only=True``): a file from elsewhere runs no
    code. Where it cannot be taken over, the system stays as it was.

    Parameters
    ----------
    path : path
        A file of ``save_checkpoint``.
    system : System
        Made as it was for the run that was saved; changed in place.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If ``system`` is no System; a ``GANSeeds`` is none.
    ValueError
        If it is not a checkpoint, is damaged or altered, or is of another network or
        configuration.
    """
    check_system(system)
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"path must be a checkpoint, got the folder '{path}'.")
    if not path.is_file():
        raise FileNotFoundError(f"path must be a checkpoint, but {path} is not there.")
    saved = path.read_bytes()
    try:
        content: Any = torch.load(io.BytesIO(saved), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may raise whatever its bytes say
        raise ValueError(f"{path} is not a checkpoint or is damaged; use an older one.") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f"{path} is not a checkpoint of this package ({_FORMAT!r}).")
    state: Any = content.get("system")
    if content.get("sha256") != _digest(state):
        raise ValueError(f"{path} is damaged or altered (SHA-256 differs); use an older one.")
    before = copy.deepcopy(system.state_dict())
    try:
        system.load_state_dict(state)
    except Exception as error:
        system.load_state_dict(before)
        raise ValueError(
            f"{path} is of another network or damaged, or of another configuration: {error}"
        ) from error


def _digest(state: object) -> str:
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

    add(state)
    return digest.hexdigest()
