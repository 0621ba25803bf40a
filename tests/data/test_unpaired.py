"""Folders without pairs, as people have them: unequal, damaged, turned, swapped, missing."""

import shutil
import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lessons.data import DataNotFound, UnpairedFolder
from gan_lessons.training.sampling import batches, draw_batch


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def write(root, name, count, seed, size=(20, 16)):
    """Write noise of which each file is another; the red of domain B is above that of A."""
    folder, draws = root / name, np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        levels = draws.integers(0, 100, (size[1], size[0], 3), dtype=np.uint8)
        levels[..., 0] += 155 if name.endswith("B") else 0
        Image.fromarray(levels).save(folder / f"{k:02d}.png")


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "set"
    for seed, (name, count) in enumerate(
        {"trainA": 5, "trainB": 8, "testA": 2, "testB": 3}.items()
    ):
        write(root, name, count, seed)
    return root


def test_each_batch_has_one_domain_on_each_side(root):
    data = UnpairedFolder(root, 12, 14)
    a, b = data.sample(5, rng())
    assert a.shape == b.shape == (5, 3, 12, 12)
    assert a.dtype == torch.float32
    assert -1 <= min(a.min(), b.min()) <= max(a.max(), b.max()) <= 1
    assert a[:, 0].max() < 0 < b[:, 0].min()
    assert data.test_a.shape == (2, 3, 12, 12)
    assert data.test_b.shape == (3, 3, 12, 12)
    assert [len(data.paths[name]) for name in ("trainA", "trainB", "testA", "testB")] == [
        5,
        8,
        2,
        3,
    ]
    again = data.sample(5, rng())
    assert torch.equal(a, again[0])
    assert torch.equal(b, again[1])
    assert not torch.equal(a, data.sample(5, rng(1))[0])


def test_no_image_comes_twice_in_a_batch_and_all_come(root):
    data = UnpairedFolder(root, 16, flip=False)
    a, b = data.sample(5, rng())
    assert len({image.numpy().tobytes() for image in a}) == 5
    seen = {image.numpy().tobytes() for k in range(30) for image in data.sample(5, rng(k))[1]}
    assert len(seen) == 8


def test_windows_and_mirrors_are_of_the_images_that_were_read(root):
    whole = UnpairedFolder(root, 16, flip=False)
    kept = {image.numpy().tobytes() for image in whole.sample(5, rng())[0]}
    plain = UnpairedFolder(root, 16)
    got = [plain.sample(1, rng(k))[0][0] for k in range(40)]
    straight = sum(image.numpy().tobytes() in kept for image in got)
    turned = sum(image.flip(2).contiguous().numpy().tobytes() in kept for image in got)
    assert straight + turned == 40
    assert 8 <= straight <= 32
    large, cut = UnpairedFolder(root, 16, flip=False), UnpairedFolder(root, 13, 16, flip=False)
    windows = {
        image[:, i : i + 13, j : j + 13].contiguous().numpy().tobytes()
        for image in large.sample(5, rng())[0]
        for i in range(4)
        for j in range(4)
    }
    got = [image for k in range(20) for image in cut.sample(5, rng(k))[0]]
    assert all(image.contiguous().numpy().tobytes() in windows for image in got)
    assert len({image.contiguous().numpy().tobytes() for image in got}) > 40


def test_the_loop_takes_it_as_a_law(root):
    draw = batches(UnpairedFolder(root, 16))
    a, b = draw_batch(draw, 4, rng())
    assert len(a) == len(b) == 4
    with pytest.raises(ValueError, match=r"at most the 5 images of .*trainA, got 6: choose a sm"):
        draw_batch(draw, 6, rng())


def test_damaged_and_other_files_are_named_once(root):
    (root / "trainA" / "cut.png").write_bytes((root / "trainA" / "00.png").read_bytes()[:200])
    (root / "trainB" / "empty.jpg").touch()
    (root / "testB" / "text.png").write_text("not an image")
    (root / "trainA" / ".hidden.png").touch()
    (root / "trainA" / "notes.txt").write_text("passed over")
    Image.new("L", (30, 20), 50).save(root / "trainA" / "grey.png")
    Image.new("RGBA", (30, 20), (0, 0, 0, 0)).save(root / "trainA" / "clear.png")
    Image.new("CMYK", (30, 20)).save(root / "trainA" / "print.jpg")
    with pytest.warns(UserWarning, match="cannot be read") as caught:
        data = UnpairedFolder(root, 16)
    (message,) = [str(one.message) for one in caught]
    assert message.startswith(f"3 of 24 images in {root} cannot be read and were skipped: ")
    for name in ("trainA/cut.png (", "trainB/empty.jpg (it is empty)", "testB/text.png (it is no"):
        assert name in message.replace("\\", "/")
    assert [path.name for path in data.paths["trainA"]][-3:] == [
        "clear.png",
        "grey.png",
        "print.jpg",
    ]
    clear = data._pixels["trainA"][-3]
    assert (clear == 255).all()


def test_a_photograph_is_turned_as_its_exif_data_say(root):
    picture = Image.new("RGB", (32, 32), (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, 16, 32))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    picture.save(root / "testA" / "zz.jpg", exif=exif, quality=95)
    image = UnpairedFolder(root, 32).test_a[-1]
    assert image[2, :, :14].mean() > 0.9 > -0.9 > image[0, :, :14].mean()
    assert image[0, :, 18:].mean() > 0.9


def test_grey_images_have_one_channel(root):
    assert UnpairedFolder(root, 16, channels=1).sample(2, rng())[1].shape == (2, 1, 16, 16)


def test_testing_folders_may_be_missing_or_empty(root):
    shutil.rmtree(root / "testA")
    for path in (root / "testB").iterdir():
        path.unlink()
    data = UnpairedFolder(root, 16)
    assert data.test_a.shape == data.test_b.shape == (0, 3, 16, 16)


def test_fingerprints_are_of_the_files(root, tmp_path):
    one, two = UnpairedFolder(root, 16).fingerprints, UnpairedFolder(root, 8, 12).fingerprints
    assert one == two
    assert one["trainA"].startswith("5 ")
    swapped = tmp_path / "swapped"
    shutil.copytree(root, swapped)
    (swapped / "trainA").rename(swapped / "x")
    (swapped / "trainB").rename(swapped / "trainA")
    (swapped / "x").rename(swapped / "trainB")
    other = UnpairedFolder(swapped, 16).fingerprints
    assert (other["trainA"], other["trainB"]) == (one["trainB"], one["trainA"])


def test_it_moves_to_a_device_and_stays_the_same(root):
    data = UnpairedFolder(root, 16)
    before = data.sample(3, rng())
    assert data.to("cpu") is data
    assert torch.equal(before[0], data.sample(3, rng())[0])


# What cannot be used -----------------------------------------------------------------------------


def test_missing_folders_are_named_and_the_right_one_is_proposed(root, tmp_path):
    with pytest.raises(DataNotFound, match="is not there"):
        UnpairedFolder(root / "nowhere")
    with pytest.raises(DataNotFound) as caught:
        UnpairedFolder(root.parent)
    assert f"lacks trainA and trainB: pass {root}." in str(caught.value)
    with pytest.raises(DataNotFound) as caught:
        UnpairedFolder(root / "trainA")
    assert f"trainA lacks trainA and trainB: pass {root}." in str(caught.value)
    (root / "trainB").rename(root / "TRAIN-B")
    with pytest.raises(
        DataNotFound, match=r"lacks trainB: the folders in it are .*TRAIN-B.*trainA"
    ):
        UnpairedFolder(root)
    with pytest.raises(ValueError, match="root must be a folder with trainA and trainB, got the f"):
        UnpairedFolder(root / "trainA" / "00.png")


def test_an_empty_domain_is_an_error(root):
    for path in (root / "trainB").iterdir():
        path.unlink()
    with pytest.raises(DataNotFound, match=r"trainB must hold images \(.*\), but there is none"):
        UnpairedFolder(root)
    (root / "trainB" / "bad.png").touch()
    with pytest.raises(DataNotFound, match=r"but 1 cannot be read: .*bad.png \(it is empty\)"):
        UnpairedFolder(root)


@pytest.mark.parametrize(
    ("one", "other"), [("trainA", "trainB"), ("trainB", "testA"), ("trainA", "testB")]
)
def test_the_same_pictures_on_both_sides_are_an_error(root, one, other):
    shutil.rmtree(root / other)
    shutil.copytree(root / one, root / other)
    with pytest.raises(ValueError, match=r"must hold different domains.*were A and B swapped\?"):
        UnpairedFolder(root, 16)


def test_one_picture_on_both_sides_is_let_pass(root):
    shutil.copy(root / "trainA" / "00.png", root / "trainB" / "other.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(UnpairedFolder(root, 16).paths["trainB"]) == 9


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"size": 1}, ValueError, "size must be at least 2, got 1"),
        ({"size": 16, "load_size": 15}, ValueError, "load_size must be at least size = 16, got 15"),
        ({"channels": 4}, ValueError, "channels must be 3 for colour or 1 for grey, got 4"),
        ({"channels": True}, TypeError, "channels must be a whole number, got bool"),
        ({"channels": 3.0}, TypeError, "channels must be a whole number, got float"),
        ({"flip": 1}, TypeError, "flip must be True or False, got 1"),
        ({"root": 3}, TypeError, "root must be a folder's path, got int"),
    ],
)
def test_bad_arguments_are_named(root, change, kind, message):
    with pytest.raises(kind, match=message):
        UnpairedFolder(**{"root": root, **change})
