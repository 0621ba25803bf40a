"""Files from which a run goes on as if it had never stopped."""

import copy
import hashlib
import os
import platform
import warnings
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path

import torch

from gan_lessons import __version__
from gan_lessons.training.checkpoint_file import (
    Checkpoint,
    plain_data,
    read_checkpoint,
    write_checkpoint,
)
from gan_lessons.training.device import seeded_generator
from gan_lessons.training.system import System, check_system


def save_checkpoint(
    path: str | os.PathLike[str], system: System, metrics: Mapping[str, float] | None = None
) -> Path:
    """Write everything that the next step depends on to one file.

    It is written under a temporary name in the same folder, brought to the disk and then renamed,
    so that a kill at any moment leaves an older file whole. A SHA-256 of the content goes with
    it. The system's ``last_checkpoint`` becomes this path.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    system : System
        For example a ``GANState``.
    metrics : mapping of str to float, optional
        Numbers to keep in the file, such as a distance to the data.

    Returns
    -------
    Path

    Raises
    ------
    TypeError
        If ``system`` is no System, its state holds more than tensors and
        plain data, or a metric is no number.
    TrainingDiverged
        If a tensor of the state is not finite: what is on the disk is always a good state.
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
    config, device = getattr(system, "config", None), system.rng.device
    random = {"device": device.type, "cpu": torch.get_rng_state()}
    if device.type == "cuda":
        random["cuda"] = torch.cuda.get_rng_state(device)
    versions = {"torch": str(torch.__version__), "gan_lessons": __version__}
    checkpoint = Checkpoint(
        step=system.steps_done,
        config=asdict(config) if is_dataclass(config) and not isinstance(config, type) else {},
        metrics={str(name): float(number) for name, number in (metrics or {}).items()},
        versions={"python": platform.python_version(), **versions},
        random=random,
        system=plain_data(system.state_dict(), system),
    )
    write_checkpoint(path, checkpoint)
    system.last_checkpoint = path  # type: ignore[attr-defined]
    return path


def load_checkpoint(path: str | os.PathLike[str], system: System) -> None:
    """Put a system into the state that was saved.

    Where it cannot be taken over, the system stays as it was. torch's default generators, which
    Dropout draws from, go on from their saved state, too. The system may be on another type of
    device than the one that was saved; random numbers cannot go on there, so its ``rng`` starts
    from a new seed, the same each time this file is loaded, and a warning says so.

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
        If ``system`` is no System.
    ValueError
        If it is not a checkpoint, is damaged or altered, or is of another network or
        configuration.
    """
    check_system(system)
    take_over(system, read_checkpoint(path), Path(path))


def take_over(system: System, checkpoint: Checkpoint, path: Path) -> None:
    """Put a system into the state that was read from ``path``."""
    state, random, device = checkpoint.system, checkpoint.random, system.rng.device
    before = copy.deepcopy(system.state_dict())
    try:
        if random["device"] != device.type:
            seed = hashlib.sha256(state["rng"].numpy().tobytes()).digest()[:8]
            new = seeded_generator(int.from_bytes(seed), device)
            state = {**state, "rng": new.get_state()}
        system.load_state_dict(state)
        torch.set_rng_state(random["cpu"])
        if random["device"] == device.type == "cuda":
            torch.cuda.set_rng_state(random["cuda"], device)
    except BaseException as error:
        system.load_state_dict(before)
        if not isinstance(error, Exception):  # Ctrl-C
            raise
        raise ValueError(
            f"{path} is of another network or damaged, or of another configuration: {error}"
        ) from error
    system.last_checkpoint = path  # type: ignore[attr-defined]
    if random["device"] != device.type:
        warnings.warn(
            f"{path} was saved on {random['device']} and the system is on {device.type}: training "
            "goes on with the saved weights, but with other random numbers.",
            stacklevel=3,
        )
