import gzip
import hashlib
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_lessons.data import (
    DataCorrupted,
    DataFile,
    DataNotFound,
    available,
    data_folder,
    datasets,
    load,
)
from gan_lessons.data.registry import DATASETS


def idx_file(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Put a tiny stand-in for MNIST into the registry and its files into tmp_path/mnist."""
    monkeypatch.delenv("GAN_LESSONS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "mnist").mkdir()
    random = np.random.default_rng(0)
    files, arrays = {}, {}
    for split, n in (("train", 5), ("test", 3)):
        arrays[split] = random.integers(0, 256, (n, 28, 28)), random.integers(0, 10, n)
        row = []
        for kind, array in zip(("images-idx3", "labels-idx1"), arrays[split], strict=True):
            content = idx_file(array)
            name = f"{split}-{kind}-ubyte.gz"
            (tmp_path / "mnist" / name).write_bytes(content)
            row.append(DataFile(name, len(content), hashlib.sha256(content).hexdigest()))
        files[split] = tuple(row)
    info = replace(DATASETS["mnist"], files=files, mirrors=("http://127.0.0.1:9/",))
    registry = {**DATASETS, "mnist": info}
    monkeypatch.setattr(datasets, "DATASETS", registry)
    return arrays


@pytest.mark.parametrize("split", ["train", "test"])
def test_digits(split):
    images, labels = load("digits", split)
    info = available()["digits"]
    n = info.n_train if split == "train" else info.n_test
    assert images.shape == (n, 1, 8, 8)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert (float(images.min()), float(images.max())) == (-1, 1)
    share = labels.bincount() / n
    whole = load("digits", "all").labels.bincount() / 1797
    assert (share - whole).abs().max() < 0.002  # stratified


def test_digits_splits_are_a_partition_of_the_bundle():
    from sklearn.datasets import load_digits

    bundle = load_digits()
    images, labels = load("digits", "all")
    assert np.array_equal((images.squeeze(1).numpy() + 1) * 8, bundle.images)
    assert np.array_equal(labels.numpy(), bundle.target)
    both = torch.cat([load("digits", s).images.flatten(1) for s in ("train", "test")])
    assert len(both) == 1797
    order = [sorted(map(tuple, rows.tolist())) for rows in (both, images.flatten(1))]
    assert order[0] == order[1]
    test = load("digits", "test")
    fifths = [images[labels == digit][4::5] for digit in range(10)]
    for digit in range(10):
        assert torch.equal(test.images[test.labels == digit], fifths[digit])


def test_resizing_up_is_bilinear():
    small, large = load("digits", "test").images, load("digits", "test", size=16).images
    assert large.shape == (355, 1, 16, 16)
    assert large.abs().max() <= 1
    # Between pixel centres at distance 1, twice the resolution sits at 1/4 and 3/4.
    wanted = 0.75 * small[..., 3] + 0.25 * small[..., 4]
    row = torch.nn.functional.interpolate(small, scale_factor=(2, 1), mode="bilinear")[..., 3]
    assert torch.allclose(row[:, :, 1], 0.75 * small[:, :, 0, 3] + 0.25 * small[:, :, 1, 3])
    column = 0.25 * wanted[:, :, 2] + 0.75 * wanted[:, :, 3]
    assert torch.allclose(large[:, :, 6, 7], column, atol=1e-6)
    assert torch.equal(load("digits", "test", size=8).images, small)


def test_idx_files_become_images(tiny, tmp_path):
    images, labels = load("mnist", "train", root=tmp_path)
    raw, wanted = tiny["train"]
    assert images.shape == (5, 1, 28, 28)
    assert torch.allclose(images.squeeze(1).double(), torch.from_numpy(raw / 127.5 - 1), atol=1e-6)
    assert labels.tolist() == wanted.tolist()
    whole = load("mnist", "all", root=str(tmp_path))
    assert whole.labels.tolist() == [*tiny["train"][1], *tiny["test"][1]]
    assert torch.equal(whole.images[:5], images)


def test_28_to_32_adds_a_black_border_and_14_averages(tiny, tmp_path):
    images = load("mnist", "test", root=tmp_path).images
    padded = load("mnist", "test", size=32, root=tmp_path).images
    assert torch.equal(padded[:, :, 2:-2, 2:-2], images)
    border = padded.clone()
    border[:, :, 2:-2, 2:-2] = -1
    assert (border == -1).all()
    small = load("mnist", "test", size=14, root=tmp_path).images
    # Antialiased: noise of 28 pixels loses most of its variance (a plain resize keeps a quarter).
    assert small.shape == (3, 1, 14, 14)
    assert float(small.var()) < 0.2 * float(images.var())
    assert float(small.mean()) == pytest.approx(float(images.mean()), abs=0.02)


def test_where_files_are_looked_for(tiny, tmp_path, monkeypatch):
    cache, named, root = (tmp_path / name for name in ("cache", "named", "root"))
    assert data_folder() == cache / "gan-lessons"
    monkeypatch.setenv("GAN_LESSONS_DATA", str(named))
    assert data_folder() == named
    assert data_folder(root) == root
    monkeypatch.setenv("GAN_LESSONS_DATA", str(tmp_path))
    assert len(load("mnist").labels) == 5
    torchvision = named / "MNIST" / "raw"
    torchvision.parent.mkdir(parents=True)
    (tmp_path / "mnist").rename(torchvision)
    assert len(load("mnist", root=named).labels) == 5


def test_windows_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("GAN_LESSONS_DATA", raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert data_folder() == tmp_path / "gan-lessons"


def test_absent_files_say_what_to_do(tmp_path):
    with pytest.raises(DataNotFound) as caught:
        load("fashion-mnist", root=tmp_path / "nowhere")
    message = str(caught.value)
    for part in (
        str(tmp_path / "nowhere" / "fashion_mnist" / "train-images-idx3-ubyte.gz"),
        "download=True",
        "GAN_LESSONS_DATA",
        "by hand, from http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-",
    ):
        assert part in message
    assert isinstance(caught.value, FileNotFoundError)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("download", [False, True])
def test_a_file_as_root(tmp_path, download):
    root = tmp_path / "file"
    root.touch()
    message = "cannot be written to: .* Pass root= " if download else "is not there"
    with pytest.raises(DataNotFound, match=message):
        load("mnist", root=root, download=download)


@pytest.mark.parametrize("damage", ["cut", "altered", "other"])
def test_damaged_files_are_not_used(tiny, tmp_path, damage):
    path = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    new = {
        "cut": content[:-9],
        "altered": content[:50] + bytes([content[50] ^ 1]) + content[51:],
        "other": idx_file(np.zeros((5, 28, 28))),
    }[damage]
    path.write_bytes(new)
    with pytest.raises(DataCorrupted, match=r"is not the published file.*Delete it, then"):
        load("mnist", root=tmp_path, download=True)
    assert path.read_bytes() == new  # a user's file is never removed


def test_a_part_file_is_no_file(tiny, tmp_path):
    path = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    path.rename(path.with_name(path.name + ".part"))
    with pytest.raises(DataNotFound, match="is not there"):
        load("mnist", root=tmp_path)


def test_download_fills_the_folder(tiny, tmp_path):
    import functools
    import http.server
    import threading

    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=str(tmp_path / "mnist"))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        mirror = f"http://127.0.0.1:{server.server_address[1]}/"
        datasets.DATASETS["mnist"] = replace(datasets.DATASETS["mnist"], mirrors=(mirror,))
        loaded = load("mnist", "test", root=tmp_path / "new", download=True)
        server.shutdown()
        thread.join()
    assert loaded.labels.tolist() == tiny["test"][1].tolist()
    assert len(list((tmp_path / "new" / "mnist").iterdir())) == 2
    again = load("mnist", "test", root=tmp_path / "new")  # the server is gone: from the folder
    assert torch.equal(again.images, loaded.images)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("cifar",), ValueError, "name must be one of digits, mnist, fashion-mnist, got 'cifar'"),
        (("digits", "validation"), ValueError, "split must be 'train', 'test' or 'all', got 'val"),
        (("digits", "test", 1), ValueError, "size must be at least 2, got 1"),
        (("digits", "test", 16.0), TypeError, "size must be a whole number, got float"),
        ((["digits"],), TypeError, "name must be a str such as 'digits', got list"),
        (("digits", ["test"]), ValueError, "split must be 'train', 'test' or 'all', got \\['test"),
        (("mnist", "test", None, 5), TypeError, "root must be a folder's path or None, got int"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        load(*arguments)


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r'pip install "gan-lessons\[data\]"'):
        load("digits")


def test_import_does_not_load_scikit_learn():
    code = "import gan_lessons.data, sys; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_registry_is_complete():
    for name, info in available().items():
        assert info.name == name
        assert len(info.class_names) == 10
        assert info.licence
        assert info.source
        for split in info.files.values():
            for file in split:
                assert len(file.sha256) == 64
        assert all(mirror.endswith("/") for mirror in info.mirrors)
    available().clear()
    assert len(available()) == 3


@pytest.mark.data
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_real_files(real_data, name, split):
    images, labels = load(name, split, root=real_data)
    info = available()[name]
    assert len(images) == (info.n_train if split == "train" else info.n_test)
    assert images.shape[1:] == (info.channels, info.image_size, info.image_size)
    assert (float(images.min()), float(images.max())) == (-1, 1)
    counts = labels.bincount()
    assert len(counts) == 10
    if name == "fashion-mnist":
        assert (counts == len(labels) // 10).all()
    else:
        # The published mean of MNIST's training pixels is 0.1307 on [0, 1].
        assert counts[1] == (6742 if split == "train" else 1135)
        assert float((images.mean() + 1) / 2) == pytest.approx(0.1307, abs=2e-3)
    sizes = {file.name: file.size for file in info.files[split]}
    for file_name, size in sizes.items():
        folder = next(Path(real_data) / sub for sub in info.folders)
        assert (folder / file_name).stat().st_size == size
