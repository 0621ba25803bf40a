import csv
import json

import pytest

from gan_lessons.command import main, output
from gan_lessons.experiments import trainable_points

TINY = ("--hidden", "8", "--batch-size", "8", "--log-every", "2", "--save-every", "4",
        "--device", "cpu")  # fmt: skip


class Run:
    """One folder of results, and the command line that fills it."""

    def __init__(self, folder, name="ring", flags=TINY):
        self.folder, self.name, self.flags = folder, name, flags

    def train(self, *more):
        return main(["train", self.name, *self.flags, "--out", str(self.folder), *more])

    @property
    def json(self):
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))

    @property
    def history(self):
        """Rows as dicts, without the speed, which is another each time."""
        with (self.folder / "history.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [{k: v for k, v in row.items() if k != "images_per_second"} for row in rows]

    @property
    def checkpoints(self):
        return sorted(path.name for path in (self.folder / "checkpoints").iterdir())


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose pictures are not drawn, to save time; ``drawn`` draws them."""
    monkeypatch.setattr(trainable_points, "N_MEASURED", 300)
    monkeypatch.setattr(output, "save_picture", lambda *_: None)
    return Run(tmp_path / "run")


@pytest.fixture
def other(run, tmp_path):
    return Run(tmp_path / "other")


@pytest.fixture
def drawn(tmp_path):
    return Run(tmp_path / "run")
