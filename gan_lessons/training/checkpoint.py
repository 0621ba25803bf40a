"""Files from which a run goes on as if it had never stopped."""

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch

from gan_lessons.training.state import System

_FORMAT = "gan-lessons checkpoint 1"


def save_checkpoint(path: str | os.PathLike[str], system: System) -> Path:
    """Write everything that the next step depends on to one file.

    It is written under a temporary name in the same folder and then renamed, so that a kill at
    any moment leaves an older file whole.

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
    ValueError
        If the folder does not exist.
    OSError
        If it cannot be written (a full disk, no rights); an older file is left whole.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise ValueError(f"path must be in a folder that exists, got {path}; make {path.parent}.")
    content = {"format": _FORMAT, "torch": str(torch.__version__), "system": system.state_dict()}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def load_checkpoint(path: str | os.PathLike[str], system: System) -> None:
    """Put a system into the state that was saved.

    Only tensors and plain data are read (``weights_only=True``): a file from elsewhere runs no
    code.

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
    ValueError
        If it is not a checkpoint, is damaged, or is of another configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must be a checkpoint, but {path} is not there.")
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is not a checkpoint or is damaged; use an older one.") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f"{path} is not a checkpoint of this package ({_FORMAT!r}).")
    system.load_state_dict(content["system"])
