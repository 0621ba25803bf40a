import gzip
import struct

import numpy as np
import pytest

from gan_lessons.data import IDXError, parse_idx, read_idx


def idx_bytes(code, shape, payload):
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + payload


@pytest.mark.parametrize(
    ("code", "letter", "values"),
    [
        (0x08, "B", [0, 1, 127, 128, 254, 255]),
        (0x09, "b", [-128, -1, 0, 1, 2, 127]),
        (0x0B, "h", [-32768, -2, 0, 1, 256, 32767]),
        (0x0C, "i", [-(2**31), -2, 0, 1, 256, 2**31 - 1]),
        (0x0D, "f", [-1.5, 0.0, 0.25, 1.0, 2.0, 1e10]),
        (0x0E, "d", [-1.5, 0.0, 0.1, 1.0, 2.0, 1e100]),
    ],
)
@pytest.mark.parametrize("compress", [False, True])
def test_every_number_type_is_read_in_order(tmp_path, code, letter, values, compress):
    content = idx_bytes(code, (2, 3), struct.pack(f">6{letter}", *values))
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content) if compress else content)
    array = read_idx(path)
    assert array.dtype.isnative
    assert array.tolist() == [[pytest.approx(v) for v in values[:3]], values[3:]]


def test_dimensions():
    assert parse_idx(idx_bytes(8, (4,), bytes(4))).shape == (4,)
    assert parse_idx(idx_bytes(8, (2, 3, 4), bytes(24))).shape == (2, 3, 4)
    assert parse_idx(idx_bytes(8, (0, 28, 28), b"")).shape == (0, 28, 28)
    array = parse_idx(idx_bytes(8, (2, 2, 2), bytes(range(8))))
    assert array[1, 0, 1] == 5
    array += 1  # a copy of its own, not a view of the bytes


GOOD = idx_bytes(8, (2, 3), bytes(range(6)))
PACKED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no IDX file"),
        (b"\0\0\x08", "no IDX file"),
        (b"<html>not found</html>", "no IDX file: it must start with two zero bytes"),
        (b"\0\0\x0a\x01" + bytes(8), "number type 0x0A; IDX knows 0x08, 0x09"),
        (GOOD[:10], "cut off inside its header: 10 of 12 bytes"),
        (GOOD[:-1], r"must be 18 bytes long for shape \(2, 3\), got 17"),
        (GOOD + b"\0", r"must be 18 bytes long for shape \(2, 3\), got 19"),
        (idx_bytes(8, (2**32 - 1,) * 4, b"1"), "bytes long for shape"),
        (idx_bytes(8, (1,) * 100, b"1"), "has the shape of no array"),
        (idx_bytes(8, (0, *(2**32 - 1,) * 3), b""), "has the shape of no array"),
        (PACKED[:-1], "cut off or altered"),
        (PACKED[: len(PACKED) // 2], "cut off or altered"),
        (PACKED[:5], "cut off or altered"),
        (PACKED[:-6] + bytes([PACKED[-6] ^ 1]) + PACKED[-5:], "cut off or altered"),
        (PACKED[:12] + bytes([PACKED[12] ^ 255]) + PACKED[13:], "cut off or altered"),
    ],
)
def test_damaged_files_are_answered(content, message):
    with pytest.raises(IDXError, match=message) as caught:
        parse_idx(content, "that file")
    assert str(caught.value).startswith("that file")


def test_every_single_cut_is_noticed():
    for end in range(len(PACKED)):
        with pytest.raises(IDXError):
            parse_idx(PACKED[:end])
    for end in range(len(GOOD)):
        with pytest.raises(IDXError):
            parse_idx(GOOD[:end])


def test_arrays_are_numpy():
    assert isinstance(parse_idx(GOOD), np.ndarray)


def test_read_says_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path must be an IDX file, but .*none is not"):
        read_idx(tmp_path / "none")
    with pytest.raises(IDXError, match="is a folder, no IDX file"):
        read_idx(str(tmp_path))
