"""The IDX format of MNIST: a short header, then the numbers."""

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np

# The third byte of a file says how its numbers are stored (big-endian).
_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


class IDXError(ValueError):
    """The bytes are not a whole IDX file."""


def parse_idx(content: bytes, name: str = "content") -> np.ndarray:
    """Turn the bytes of an IDX file, gzip-compressed or not, into an array.

    The file starts with two zero bytes, one byte for the type of the numbers, one for the number
    of dimensions, and each dimension as a big-endian 32-bit number; the numbers follow, the last
    index running fastest.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What error messages call it.

    Returns
    -------
    numpy.ndarray
        Array in the machine's own byte order.

    Raises
    ------
    IDXError
        If the compression, the header or the length is wrong: the file was cut off or altered.
    """
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise IDXError(f"{name} is cut off or altered: {error}. Get it again.") from error
    if len(content) < 4 or content[:2] != b"\0\0":
        raise IDXError(
            f"{name} is no IDX file: it must start with two zero bytes, got {content[:4]!r}."
        )
    code, n_dims = content[2], content[3]
    if code not in _DTYPES:
        known = ", ".join(f"0x{known:02X}" for known in _DTYPES)
        raise IDXError(f"{name} has number type 0x{code:02X}; IDX knows {known}.")
    start = 4 + 4 * n_dims
    if len(content) < start:
        raise IDXError(f"{name} is cut off inside its header: {len(content)} of {start} bytes.")
    shape = tuple(np.frombuffer(content, ">u4", n_dims, offset=4).tolist())
    dtype = np.dtype(_DTYPES[code])
    wanted = start + prod(shape) * dtype.itemsize
    if len(content) != wanted:
        raise IDXError(
            f"{name} must be {wanted} bytes long for shape {shape}, got {len(content)}: "
            "it is cut off or altered. Get it again."
        )
    try:
        numbers = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:  # too many dimensions, or 0 times more than a computer counts to
        raise IDXError(f"{name} has the shape of no array, {shape}: it is altered.") from error
    return numbers.astype(dtype.newbyteorder("="))


def read_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file, gzip-compressed or not; see `parse_idx`.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    numpy.ndarray
        As `parse_idx` returns it.

    Raises
    ------
    IDXError
        If the file is truncated, altered or no IDX file.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    if path.is_dir():
        raise IDXError(f"{path} is a folder, no IDX file; name a file in it.")
    if not path.is_file():
        raise FileNotFoundError(f"path must be an IDX file, but {path} is not there.")
    return parse_idx(path.read_bytes(), str(path))
