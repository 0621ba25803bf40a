"""Download of one published file: several mirrors, resumable, checked, and renamed only at last."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from gan_lessons.data.registry import DataFile

_CHUNK = 1 << 16


class DataNotFound(FileNotFoundError):
    """A data file is missing, and the message says how to get it."""


class DataCorrupted(ValueError):
    """A data file is not the published one."""


def download_file(
    file: DataFile, folder: str | Path, mirrors: Sequence[str], timeout: float = 30.0
) -> Path:
    """Download ``file`` into ``folder`` from the first mirror that delivers it whole.

    Bytes go to ``<name>.part``, which a later call continues (HTTP Range), from any mirror. Only a
    file with the published SHA-256 is renamed to its name, in one step; a file with another is
    removed. An interruption at any moment leaves nothing under the final name.

    Parameters
    ----------
    file : DataFile
        Name, size and SHA-256.
    folder : str or Path
        Where the file goes; made if it is missing.
    mirrors : sequence of str
        Addresses that end in "/", tried in turn.
    timeout : float, default 30
        Seconds without an answer after which a mirror is given up.

    Returns
    -------
    Path
        The finished file.

    Raises
    ------
    DataCorrupted
        If every mirror that answered in full sent another file than the published one.
    DataNotFound
        If no mirror could be reached or all broke off, or the folder cannot be written to.
    TypeError
        If ``mirrors`` is one string instead of a sequence.
    """
    if isinstance(mirrors, str):
        raise TypeError(f"mirrors must be a sequence of addresses, got a str: write [{mirrors!r}].")
    folder = Path(folder)
    with _writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / file.name, folder / f"{file.name}.part"
    failures: list[str] = []
    altered = 0
    for mirror in mirrors:
        resumed = True
        while resumed:  # what is wrong after a resumption may be the old half: once more from 0
            resumed = part.exists()
            try:
                _transfer(mirror + file.name, part, file.size, timeout)
            except DataNotFound:
                raise  # the disk's fault: no other mirror helps
            except (OSError, HTTPException, ValueError) as error:
                failures.append(f"{mirror}: {error}")
                break
            if hashlib.sha256(part.read_bytes()).hexdigest() == file.sha256:
                with _writing_to(folder):
                    os.replace(part, target)
                return target
            part.unlink()
            if not resumed:
                failures.append(f"{mirror}: sent another file (SHA-256 differs)")
                altered += 1
    reasons = "; ".join(failures) or "no mirrors given"
    if altered and altered == len(failures):
        raise DataCorrupted(
            f"No mirror has the published {file.name}: {reasons}. Nothing was kept. "
            f"If you have the file, put it at {target}."
        )
    raise DataNotFound(
        f"{file.name} could not be downloaded: {reasons}. Without a network, put the file at "
        f"{target} by hand, or set GAN_LESSONS_DATA to a folder that has it; else try again: "
        "what has arrived is kept and continued."
    )


def _transfer(address: str, part: Path, size: int, timeout: float) -> None:
    """Bring ``part`` to ``size`` bytes, continuing what is there; raise where it falls short."""
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    if have == size:
        return
    headers = {"User-Agent": "gan-lessons"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with urlopen(Request(address, headers=headers), timeout=timeout) as answer:
        continues = answer.status == 206 and (answer.headers.get("Content-Range") or "").startswith(
            f"bytes {have}-"
        )
        if not continues:
            have = 0  # the mirror starts again from the first byte
            with _writing_to(part.parent):
                part.unlink(missing_ok=True)
        while have < size and (chunk := answer.read(min(_CHUNK, size - have))):
            with _writing_to(part.parent), part.open("ab") as out:
                out.write(chunk)
            have += len(chunk)
    if have < size:
        raise ConnectionError(f"broke off after {have} of {size} bytes")


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    """Turn an error of the disk, which is none of the network, into one that says what to do."""
    try:
        yield
    except OSError as error:
        raise DataNotFound(
            f"{folder} cannot be written to: {error}. Pass root= (or set GAN_LESSONS_DATA to) a "
            "folder that you may write to, on a disk with room."
        ) from error
