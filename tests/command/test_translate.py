"""Folders of two domains by one command: train, look, stop, go on, translate."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lessons.command import main
from gan_lessons.data.folder import read_picture
from gan_lessons.experiments import EXPERIMENTS
from gan_lessons.training.checkpoint_file import read_checkpoint

SMALL = ("--image-size", "8", "--margin", "2", "--width", "2", "--n-blocks", "1", "--n-layers", "1",
         "--batch-size", "2", "--log-every", "2", "--save-every", "2", "--pool-size", "3",
         "--device", "cpu")  # fmt: skip


@pytest.fixture
def pairs(tmp_path):
    """Red noise and blue noise; the names of the files say nothing."""
    root, draws = tmp_path / "set", np.random.default_rng(0)
    for name, count in {"trainA": 6, "trainB": 9, "testA": 3, "testB": 4}.items():
        (root / name).mkdir(parents=True)
        for k in range(count):
            levels = draws.integers(0, 80, (14, 20, 3), dtype=np.uint8)
            levels[..., 0 if name.endswith("A") else 2] += 150
            Image.fromarray(levels).save(root / name / f"{k}.png")
    return root


class Run:
    def __init__(self, folder, data):
        self.folder, self.data = folder, data

    def train(self, *more):
        typed = ["train", "unpaired", *SMALL, "--out", str(self.folder), "--data", str(self.data)]
        return main([*typed, *more])

    @property
    def json(self):
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))

    def state(self, step):
        return read_checkpoint(self.folder / "checkpoints" / f"step-{step:08d}.pt").system


@pytest.fixture
def run(tmp_path, pairs):
    return Run(tmp_path / "run", pairs)


def leaves(state):
    """Yield every tensor of a nested state."""
    if isinstance(state, dict):
        for value in state.values():
            yield from leaves(value)
    elif isinstance(state, torch.Tensor):
        yield state


def test_a_run_leaves_numbers_and_a_picture_of_six_rows(run, capsys):
    (run.data / "trainB" / "bad.png").touch()
    assert run.train("--steps", "4") == 0
    caught = capsys.readouterr()
    assert "warning: 1 of 23 images in" in caught.err
    assert {"cycle_a", "identity", "frechet_pixels", "cycle_l1"} <= set(run.json["metrics"])
    assert run.json["images"]["trainA"].startswith("6 ")
    assert run.json["best_checkpoint"] is not None
    with Image.open(run.folder / "samples" / "step-00000004.png") as picture:
        assert picture.size == (8 * 64 + 7 * 8, 6 * 64 + 5 * 8)
        pixels = np.asarray(picture)
    red, blue = (pixels[k * 72 : k * 72 + 64, :64].mean((0, 1)) for k in (0, 3))
    assert red[0] > red[2] + 80
    assert blue[2] > blue[0] + 80


def test_a_stopped_run_goes_on_bit_for_bit(run, tmp_path):
    whole = Run(tmp_path / "whole", run.data)
    assert whole.train("--steps", "6") == 0
    assert run.train("--steps", "2") == 0
    assert run.train("--steps", "6", "--resume") == 0
    first, second = (list(leaves(one.state(6))) for one in (whole, run))
    assert len(first) == len(second) > 60
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert len(run.state(6)["pools"]["a"]["images"]) == 3


def test_a_run_does_not_go_on_with_swapped_or_other_images(run, capsys):
    assert run.train("--steps", "2") == 0
    for one, other in (("trainA", "x"), ("trainB", "trainA"), ("x", "trainB")):
        (run.data / one).rename(run.data / other)
    assert run.train("--steps", "4", "--resume") == 2
    assert "has trainA and trainB swapped. Put them back" in capsys.readouterr().err
    for one, other in (("trainA", "x"), ("trainB", "trainA"), ("x", "trainB")):
        (run.data / one).rename(run.data / other)
    (run.data / "trainB" / "0.png").unlink()
    assert run.train("--steps", "4", "--resume") == 2
    assert "has other images in trainB." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--batch-size", "7"], "n must be at most the 6 images of"),
        (["--image-size", "10"], "image_size must be a multiple of 4, got 10"),
        (["--n-layers", "2"], "n_layers must leave a patch of 8 pixels"),
        (["--pool-size", "-1"], "pool_size must be at least 0"),
        (["--objective", "best"], "objective must be one of"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run, capsys, typed, said):
    assert run.train("--steps", "2", *typed) == 2
    caught = capsys.readouterr().err
    assert said in caught
    assert caught.count("\n") == 1


def test_missing_folders_are_said_in_one_line(run, tmp_path, capsys):
    assert main(["train", "unpaired", *SMALL, "--out", str(tmp_path / "new")]) == 2
    assert "train unpaired needs your images: --data FOLDER." in capsys.readouterr().err
    assert Run(tmp_path / "new", run.data.parent).train("--steps", "2") == 2
    assert f"pass {run.data}" in capsys.readouterr().err


# translate ---------------------------------------------------------------------------------------


@pytest.fixture
def trained(run):
    assert run.train("--steps", "2") == 0
    return run


def test_one_whole_image_is_translated_at_its_own_size(trained, tmp_path, capsys):
    source, out = trained.data / "testA" / "0.png", tmp_path / "new" / "out.png"
    typed = ["translate", str(trained.folder), str(source), "--out", str(out)]
    assert main(typed) == 0
    assert "out.png: 1 of 1 images translated (ab) at step 2" in capsys.readouterr().out
    with Image.open(out) as picture:
        assert picture.size == (20, 14)
        found = np.asarray(picture)
    state = trained.state(2)
    kind = EXPERIMENTS["unpaired"]
    config = type(kind.presets["laptop"])(image_size=8, margin=2, width=2, n_blocks=1, n_layers=1)
    gan = kind.make(config, "cpu")
    gan.generator_ab.load_state_dict(state["averages"]["generator_ab"]["network"])
    wanted = gan.translate(read_picture(source), ema=False)[0]
    levels = ((wanted + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(0, 2)
    assert np.abs(found.astype(int) - levels.numpy()).max() <= 1
    assert main([*typed, "--direction", "ba", "--size", "28"]) == 0
    with Image.open(out) as picture:
        assert picture.size == (40, 28)


def test_a_folder_is_translated_file_by_file(trained, tmp_path, capsys):
    images = tmp_path / "photographs"
    (images / "deep").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (30, 21), (200, 0, 0)).save(images / "a.jpg", exif=exif)
    Image.new("L", (16, 16), 9).save(images / "a.png")
    Image.new("RGB", (9, 33)).save(images / "deep" / "b.bmp")
    (images / "empty.png").touch()
    Image.new("RGB", (1, 40)).save(images / "thin.png")
    out = tmp_path / "out"
    assert main(["translate", str(trained.folder), str(images), "--out", str(out)]) == 0
    caught = capsys.readouterr()
    assert "3 of 5 images translated" in caught.out
    assert "warning: 2 of 5 images cannot be translated and were skipped: empty.png" in caught.err
    assert "thin.png (images must have sides above 2 pixels" in caught.err
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
    assert found == ["a.jpg.png", "a.png.png", "deep/b.png"]
    with Image.open(out / "a.jpg.png") as picture:
        assert picture.size == (21, 30)


@pytest.mark.parametrize(
    ("images", "out", "said"),
    [
        ("nowhere", "out", "IMAGES must be an image or a folder of images; "),
        ("set/testA/0.png", "out.jpg", "--out must be a file that ends in .png for one image"),
        ("set/testA/0.png", "set/testA/0.png", "--out must be another file than the image"),
        ("set/testA", "out.png", "--out must be a folder where IMAGES is one"),
        ("set/testA", "set/testA/new", "--out must not lie in the folder of the images"),
        ("void", "out", "IMAGES must hold images; in"),
        ("bad.png", "out.png", "IMAGES must be images that can be read, got bad.png (it is no im"),
    ],
)
def test_what_cannot_be_translated_is_said(trained, tmp_path, capsys, images, out, said):
    (tmp_path / "void").mkdir()
    (tmp_path / "bad.png").write_text("no image")
    typed = ["translate", str(trained.folder), str(tmp_path / images), "--out", str(tmp_path / out)]
    assert main(typed) == 2
    assert said in capsys.readouterr().err


def test_a_run_is_for_one_of_the_two_commands(trained, tmp_path, capsys):
    assert main(["sample", str(trained.folder), "--out", str(tmp_path / "a.png")]) == 2
    assert "a run of unpaired has no samples, it translates" in capsys.readouterr().err
    ring = tmp_path / "ring"
    assert main(["train", "ring", "--steps", "1", "--out", str(ring), "--device", "cpu"]) == 0
    typed = [str(trained.data / "testA"), "--out", str(tmp_path / "out")]
    assert main(["translate", str(ring), *typed]) == 2
    assert "CHECKPOINT must be of a run of unpaired, got one of ring" in capsys.readouterr().err


def test_without_test_images_nothing_is_measured_and_training_images_are_shown(run, capsys):
    for name in ("testA", "testB"):
        for path in (run.data / name).iterdir():
            path.unlink()
    assert run.train("--steps", "2") == 0
    assert "frechet_pixels" not in run.json["metrics"]
    assert (run.folder / "samples" / "step-00000002.png").exists()
