"""A reader's own folder of images by one command and by one cell; and real clothes."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lessons.command import main
from gan_lessons.command.parser import with_settings
from gan_lessons.data import ImageFolder, load
from gan_lessons.experiments import EXPERIMENTS, trainable
from gan_lessons.experiments.trainable_images import measure_images
from gan_lessons.training import train

SMALL = ("--width", "4", "--batch-size", "8", "--z-dim", "4", "--log-every", "5", "--device", "cpu")


def history(folder, name):
    """Return one column of history.csv."""
    header, *rows = (folder / "history.csv").read_text(encoding="utf-8").splitlines()
    place = header.split(",").index(name)
    return [float(row.split(",")[place]) for row in rows]


@pytest.fixture
def photographs(tmp_path):
    """Sixty red discs on blue, of different sizes and shapes, and one file that is empty."""
    folder, rng = tmp_path / "photographs", np.random.default_rng(0)
    folder.mkdir()
    for i in range(60):
        width, height = rng.integers(20, 60, 2)
        y, x = np.mgrid[:height, :width]
        disc = np.hypot(y - height / 2, x - width / 2) < 8
        levels = np.where(disc[..., None], (220, 30, 20), (20, 40, 200)).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{i:02d}.{'png' if i % 2 else 'bmp'}")
    (folder / "empty.png").touch()
    return folder


def test_own_images_by_one_command(photographs, tmp_path, capsys):
    out = tmp_path / "run"
    typed = ["train", "folder", "--image-size", "16", *SMALL, "--out", str(out)]
    typed += ["--data", str(photographs), "--steps", "80", "--save-every", "20"]
    assert main(typed) == 0
    caught = capsys.readouterr()
    assert "warning: 1 of 61 images in" in caught.err
    assert "empty.png (it is empty)" in caught.err
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run["data"] == str(photographs)
    assert run["finished"] is True
    with Image.open(out / "samples" / "step-00000080.png") as picture:
        assert picture.mode == "RGB"
        assert picture.size == (8 * 64 + 7 * 4, 8 * 64 + 7 * 4)
    distances = [float(d) for d in re.findall(r"frechet_pixels ([\d.]+)", caught.out)]
    assert len(distances) == 4
    assert distances[-1] < 0.8 * distances[0]
    assert run["metrics"]["frechet_pixels"] == pytest.approx(distances[-1], rel=1e-3)
    # It knows where the images are when it goes on; elsewhere they are named anew.
    assert main(["train", "folder", "--resume", "--steps", "85", "--out", str(out)]) == 0
    moved = photographs.rename(tmp_path / "moved")
    resumed = ["train", "folder", "--resume", "--steps", "90", "--out", str(out)]
    capsys.readouterr()
    assert main(resumed) == 2
    assert f"The run's --data {photographs} is not there" in capsys.readouterr().err
    assert main([*resumed, "--data", str(moved)]) == 0
    assert f"--data {photographs} is not there: it goes on with {moved}" in capsys.readouterr().err
    assert main(["sample", str(out), "--out", str(tmp_path / "grid.png")]) == 0


def test_a_run_goes_on_with_its_own_images(photographs, tmp_path, capsys, monkeypatch):
    """run.json has what was typed; the same folder may be typed in another way, no other may."""
    monkeypatch.chdir(tmp_path)
    typed = ["train", "folder", "--image-size", "8", *SMALL, "--out", str(tmp_path / "run")]
    assert main([*typed, "--data", "photographs", "--steps", "5"]) == 0
    path = tmp_path / "run" / "run.json"
    assert json.loads(path.read_text(encoding="utf-8"))["data"] == "photographs"
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (9, 9)).save(other / "a.png")
    before, typed = path.read_bytes(), [*typed, "--resume", "--steps", "10"]
    capsys.readouterr()
    assert main([*typed, "--data", "other"]) == 2
    assert "the run has --data photographs, got other" in capsys.readouterr().err
    monkeypatch.chdir(other)
    assert main(typed) == 2
    said = capsys.readouterr().err
    assert f"The run's --data photographs is not there, looked for from {other}" in said
    assert path.read_bytes() == before
    assert main([*typed, "--data", "../photographs"]) == 0
    monkeypatch.chdir(tmp_path)
    assert main([*typed[:-1], "15", "--data", str(other / ".." / "photographs")]) == 0


@pytest.mark.filterwarnings("ignore:1 of 61 images")
def test_own_images_in_one_cell(photographs):
    experiment = EXPERIMENTS["folder"]
    config = with_settings(experiment.presets["laptop"], {"steps": 2, "log_every": 1})
    real = experiment.load(config, photographs, False)
    gan = experiment.make(config, "cpu")
    assert real.data.shape == (60, 3, 32, 32)
    records = list(train(gan, real.data, gan.config))
    assert [record.step for record in records] == [1, 2]
    images = gan.sample(16)
    assert images.shape == (16, 3, 32, 32)
    assert images.abs().max() <= 1


def test_of_many_own_images_every_tenth_is_held_out(monkeypatch):
    experiment = EXPERIMENTS["folder"]
    for n, held in ((999, 999), (1005, 100)):
        found = ImageFolder(torch.arange(n).float(), ())
        monkeypatch.setattr(trainable, "load_folder", lambda *_, found=found: found)
        real = experiment.load(experiment.presets["laptop"], "any", False)
        assert len(real.reference) == held
    assert len(real.data) == 905
    assert not set(real.data.tolist()) & set(real.reference.tolist())


@pytest.mark.data
def test_real_clothes(tmp_path):
    if not os.environ.get("GAN_LESSONS_DATA"):
        pytest.skip("GAN_LESSONS_DATA is not set: no real Fashion-MNIST files to train on")
    out = tmp_path / "run"
    typed = ["train", "fashion-mnist", *SMALL, "--steps", "60", "--save-every", "10"]
    assert main([*typed, "--out", str(out)]) == 0
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run["config"]["image_size"] == 32
    assert all(np.isfinite(history(out, name)).all() for name in ("d_loss", "g_loss"))
    assert history(out, "d_loss")[0] != history(out, "d_loss")[-1]
    gan = EXPERIMENTS["fashion-mnist"].make(EXPERIMENTS["fashion-mnist"].presets["laptop"], "cpu")
    held_out = load("fashion-mnist", "test", 32).images
    untrained = measure_images(gan, held_out)["frechet_pixels"]
    assert run["metrics"]["frechet_pixels"] < 0.8 * untrained
    with Image.open(out / "samples" / "step-00000060.png") as picture:
        assert picture.size == (8 * 64 + 7 * 2, 8 * 64 + 7 * 2)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a child")
def test_a_process_is_stopped_by_ctrl_c_and_goes_on(tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "gan_lessons", "train", "ring", "--hidden", "8"]
    command += ["--batch-size", "8", "--log-every", "20", "--save-every", "100000"]
    command += ["--device", "cpu", "--out", str(out), "--steps", "10000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        deadline = time.monotonic() + 120
        rows = out / "history.csv"
        while not (rows.exists() and rows.stat().st_size) and process.poll() is None:
            assert time.monotonic() < deadline, "no record within two minutes"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=120)
    assert process.returncode == 130, complaint
    assert complaint == ""
    assert "all is saved. To go on: python -m gan_lessons train ring" in said
    step = json.loads((out / "run.json").read_text(encoding="utf-8"))["step"]
    assert [path.name for path in (out / "checkpoints").iterdir()] == [f"step-{step:08d}.pt"]
    assert main(["train", "ring", "--out", str(out), "--resume", "--steps", str(step + 1)]) == 0
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert (run["step"], run["finished"]) == (step + 1, True)
