"""A disk that is full, a folder without rights, and two processes in one folder."""

import contextlib
import io
import multiprocessing
import os
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from gan_lessons.training import (
    CheckpointFolder,
    GANState,
    TrainConfig,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)

NOT_ON_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


def state(steps_done: int = 0) -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(steps_done)
        g = nn.Sequential(nn.Linear(3, 60), nn.Linear(60, 2))
        d = nn.Sequential(nn.Linear(2, 60), nn.Linear(60, 1), nn.Flatten(0))
    system = GANState(g, d, "hinge", TrainConfig(z_dim=3))
    system.steps_done = steps_done
    return system


@pytest.fixture
def saved(tmp_path):
    """Give a folder with one checkpoint, and hold that it stays whole and alone."""
    path = CheckpointFolder(tmp_path, keep=1).save(state(1))
    content = path.read_bytes()
    yield path
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
    system = state()
    load_checkpoint(path, system)
    assert system.steps_done == 1


def check_error(caught, path: Path, error: type[OSError], words: str) -> None:
    """The error is of its kind, and names the file that was wanted and what stays."""
    assert type(caught.value) is error
    assert caught.value.filename == str(path)
    assert words in str(caught.value)
    assert "the checkpoint was not written, an older one is whole" in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk(saved, monkeypatch):
    """The system itself says that no space is left."""
    plain = Path.open

    def full(path: Path, mode: str):
        path.touch(exist_ok=False)  # the part, which has to go again
        return plain(Path("/dev/full"), "wb")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left") as caught:
        CheckpointFolder(saved.parent, keep=1).save(state(2))
    check_error(caught, saved.with_name("step-00000002.pt"), OSError, "[Errno 28]")
    with pytest.raises(OSError, match="No space left") as caught:  # over the old file
        save_checkpoint(saved, state(2))
    check_error(caught, saved, OSError, "[Errno 28]")


def try_with_a_limit(path: Path) -> None:
    """Try to save where no file may have more than 9,000 bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
    with pytest.raises(OSError, match="File too large") as caught:
        CheckpointFolder(path.parent, keep=1).save(state(2))
    check_error(caught, path.with_name("step-00000002.pt"), OSError, "[Errno 27]")


@NOT_ON_WINDOWS
def test_a_file_that_may_not_grow_that_large(saved):
    """The write breaks off in its midst, in a process of its own."""
    assert saved.stat().st_size > 18_000
    process = multiprocessing.get_context("fork").Process(target=try_with_a_limit, args=(saved,))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def try_without_rights(folder: Path) -> None:
    """Try to save in a folder that may be read but not written to, as no one in particular."""
    os.chdir(folder)
    if os.geteuid() == 0:  # whom the rights of a folder do not bind
        os.setuid(65534)
    with pytest.raises(PermissionError) as caught:
        CheckpointFolder(".", keep=1).save(state(2))
    check_error(caught, Path("step-00000002.pt"), PermissionError, "[Errno 13]")


@NOT_ON_WINDOWS
def test_a_folder_without_rights(saved):
    saved.parent.chmod(0o555)
    try:
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=try_without_rights, args=(saved.parent,))
        process.start()
        process.join(60)
    finally:
        saved.parent.chmod(0o700)
    assert process.exitcode == 0


@pytest.mark.parametrize("place", ["open", "replace"])
def test_no_permission(saved, monkeypatch, place):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "some other name")

    monkeypatch.setattr(*{"open": (Path, "open"), "replace": (os, "replace")}[place], refused)
    with pytest.raises(PermissionError, match="Permission denied; the checkpoint was") as caught:
        CheckpointFolder(saved.parent, keep=1).save(state(2))
    check_error(caught, saved.with_name("step-00000002.pt"), PermissionError, "[Errno 13]")


def test_an_old_file_that_cannot_be_removed_stops_no_run(tmp_path, monkeypatch):
    """On Windows a file that is open elsewhere cannot be removed; it goes with the next save."""
    folder = CheckpointFolder(tmp_path, keep=1)
    first = folder.save(state(1))

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        second = folder.save(state(2))
    assert folder.paths() == [first, second]
    third = folder.save(state(3))
    assert folder.paths() == [third]


def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch):
    """Some network file systems refuse it for folders."""
    plain = os.open

    def refused(path, *arguments, **options):
        if path == tmp_path:
            raise OSError(22, "Invalid argument")
        return plain(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refused)
    save_checkpoint(tmp_path / "run.pt", state(1))
    assert read_checkpoint(tmp_path / "run.pt").step == 1


def save_many(place: Path, start, number: float) -> None:
    """Save forty steps; be told, at most, that the other process is further."""
    folder = CheckpointFolder(place, keep=2, best="number")
    start.wait()
    for step in range(1, 41):
        with contextlib.suppress(ValueError):
            folder.save(state(step), {"number": number / step})


@NOT_ON_WINDOWS
def test_two_processes_in_one_folder_leave_whole_files(tmp_path):
    """Both write the same steps at once."""
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(2)
    processes = [fork.Process(target=save_many, args=(tmp_path, start, k)) for k in (1.0, 2.0)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    folder = CheckpointFolder(tmp_path, keep=2, best="number")
    assert folder.latest() == tmp_path / "step-00000040.pt"
    for path in folder.paths():
        assert path.name == f"step-{read_checkpoint(path).step:08d}.pt"
    assert len(folder.paths()) <= 3
    assert all(path.suffix == ".pt" for path in tmp_path.iterdir())


def test_the_bytes_are_made_before_the_disk_is_touched(tmp_path, monkeypatch):
    """What torch raises for a bad write is no OSError; so torch does not write to the disk."""
    places, plain = [], torch.save
    monkeypatch.setattr(
        torch, "save", lambda content, file: places.append(type(file)) or plain(content, file)
    )
    save_checkpoint(tmp_path / "run.pt", state())
    assert places == [io.BytesIO]
