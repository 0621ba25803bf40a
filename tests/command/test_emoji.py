"""Real pictures without pairs: two styles of emoji, as PNG folders, by one command."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lessons.command import main
from gan_lessons.data import UnpairedFolder


def write_emoji(root, train=120, test=24):
    """Write some of both styles as PNG files; return the test pairs in [-1, 1]."""
    data = os.environ.get("GAN_LESSONS_DATA")
    if not data:
        pytest.skip("GAN_LESSONS_DATA is not set: no emoji to train on")
    with np.load(Path(data) / "emoji" / "emoji32.npz") as stored:
        split = stored["split"]
        parts = {
            "trainA": stored["noto"][split == "a"][:train],
            "trainB": stored["twemoji"][split == "b"][:train],
            "testA": stored["noto"][split == "test"][:test],
            "testB": stored["twemoji"][split == "test"][:test],
        }
    for name, images in parts.items():
        (root / name).mkdir(parents=True)
        for k, image in enumerate(images):
            Image.fromarray(image).save(root / name / f"{k:03d}.png")
    return [torch.from_numpy(parts[name]).movedim(3, 1) / 127.5 - 1 for name in ("testA", "testB")]


@pytest.mark.data
def test_two_styles_of_emoji(tmp_path):
    root, out = tmp_path / "emoji", tmp_path / "run"
    noto, twemoji = write_emoji(root)
    folder = UnpairedFolder(root, 32)
    assert torch.equal(folder.test_a, noto)
    assert torch.equal(folder.test_b, twemoji)
    typed = ["train", "unpaired", "--data", str(root), "--out", str(out), "--device", "cpu"]
    typed += ["--width", "6", "--n-blocks", "1", "--batch-size", "2", "--log-every", "20",
              "--save-every", "40", "--g-lr", "1e-3", "--no-flip"]  # fmt: skip
    assert main([*typed, "--steps", "40"]) == 0
    assert main([*typed, "--steps", "80", "--resume"]) == 0
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    header, *rows = (out / "history.csv").read_text(encoding="utf-8").splitlines()
    cycle = [float(row.split(",")[header.split(",").index("cycle_a")]) for row in rows]
    assert [int(row.split(",")[0]) for row in rows] == [20, 40, 60, 80]
    assert cycle[-1] < 0.8 * cycle[0]
    assert run["metrics"]["cycle_l1"] < 0.6
    assert np.isfinite(list(run["metrics"].values())).all()
    source, made = root / "testA", tmp_path / "translated"
    assert main(["translate", str(out), str(source), "--out", str(made)]) == 0
    assert len(list(made.glob("*.png"))) == 24
