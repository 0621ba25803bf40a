"""Two runs of the first recipe that became other digits: settings, pictures, what is stored."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.experiments import cycle_turned
from gan_lessons.experiments.cycle_digits import FIRST_RECIPE, CycleDigitsConfig
from gan_lessons.experiments.cycle_measures import Outcome, unpack_pictures
from gan_lessons.experiments.cycle_turned import CycleTurnedConfig, all_runs, recorded_turned
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.models import CycleGANConfig

TINY = CycleTurnedConfig(
    CycleDigitsConfig(width=2, n_blocks=1, training=CycleGANConfig(steps=1, batch_size=2)), (7,)
)


class Votes(torch.nn.Module):
    """A voter that always says 3."""

    def forward(self, images):
        return torch.eye(10)[3].expand(len(images), -1)


def test_a_run_returns_numbers_and_pictures(monkeypatch):
    monkeypatch.setattr(cycle_turned, "train_voters", lambda style: [Votes(), Votes()])
    runs = all_runs(TINY)
    assert list(runs) == ["7"]
    found = runs["7"]()
    assert set(found) == {*Outcome._fields, "pictures"}
    assert 0.08 < found["kept_ab"] == found["kept_ba"] < 0.12  # one class in ten
    pictures = unpack_pictures(found["pictures"])
    assert {name: images.shape for name, images in pictures.items()} == dict.fromkeys(
        ("ab", "ba", "aba", "bab"), (10, 3, 16, 16)
    )


def test_the_seed_decides(monkeypatch):
    monkeypatch.setattr(cycle_turned, "train_voters", lambda style: [Votes(), Votes()])
    one, other = (all_runs(replace(TINY, seeds=(seed,)))[str(seed)]() for seed in (1, 2))
    assert one["ab"] != other["ab"]


def test_stored_runs_have_the_style_and_other_digits():
    stored = recorded_turned()
    assert list(stored) == list(CycleTurnedConfig().seeds)
    worst = stored[1006]
    assert worst.outcome.kept_ab < 0.05
    assert worst.outcome.cycle_a < 0.12
    assert worst.pictures["ab"].shape == (10, 3, 16, 16)
    for name, styled in (("ab", True), ("aba", False)):
        red, _, blue = worst.pictures[name].unbind(1)
        # 0 in grey digits, 0.64 in true partners, 0.93 in those of inverted digits
        assert ((red - blue).abs().mean() > 0.5) == styled


def test_what_is_recorded_is_of_these_settings():
    record, config = load_recorded("cycle_turned"), CycleTurnedConfig()
    assert record["config"] == json.loads(json.dumps(asdict(config)))
    assert list(record["results"]["runs"]) == list(all_runs(config))
    assert config.recipe == FIRST_RECIPE


def test_seeds_are_numbers():
    with pytest.raises((TypeError, ValueError), match="seeds"):
        CycleTurnedConfig(seeds=(-1,))
