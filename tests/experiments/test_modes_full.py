import json
from dataclasses import replace

import pytest
import torch

from gan_lessons.experiments import modes_full
from gan_lessons.experiments.mode_runs import TIMES, Setting, train_setting
from gan_lessons.experiments.modes_full import (
    PRESETS,
    ModesFullConfig,
    Part,
    full_recipe,
    parts,
    run,
    train_part,
)

TINY = full_recipe("narrow ring", {"batch_size": 16, "ema_decay": 0.9}, hidden=8)
CONFIG = ModesFullConfig((TINY,), seeds=(5, 6, 7), together=2, times=(2, 4, 6), n=100)


def test_the_plan_has_every_seed_once():
    assert [part.seeds for part in parts(CONFIG)] == [(5, 6), (7,)]
    full = PRESETS["full"]
    assert full.seeds == tuple(range(1000, 1064))
    assert full.times[-1] == 100_000
    assert [one.law for one in full.settings] == ["narrow ring", "narrow grid"]
    assert full.times == TIMES["narrow grid"]


def test_it_trains_as_train_setting_does():
    want = train_setting(TINY, (5, 6), CONFIG.times, CONFIG.n)
    found = train_part(parts(CONFIG)[0], CONFIG)
    assert (found.seeds, found.times) == (want.seeds, want.times)
    for a, b in zip(found.outcomes, want.outcomes, strict=True):
        assert torch.equal(a.nan_to_num(-1), b.nan_to_num(-1))


class Stopped(Exception):
    pass


@pytest.mark.parametrize("between", [False, True])
def test_a_stopped_run_goes_on_from_its_last_moment(tmp_path, monkeypatch, between):
    """The same numbers as without the stop, also when it came between rows and checkpoint."""
    part, save = Part(TINY, (5, 6)), modes_full.save_checkpoint
    want = train_part(part, CONFIG)
    saved = []

    def stop_at_second(path, system):
        if len(saved) == 1 and between:
            raise Stopped
        saved.append(system.steps_done)
        save(path, system)
        if len(saved) == 2:
            raise Stopped

    monkeypatch.setattr(modes_full, "save_checkpoint", stop_at_second)
    with pytest.raises(Stopped):
        train_part(part, CONFIG, keep=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    steps = []

    def watch(path, system):
        steps.append(system.steps_done)

    monkeypatch.setattr(modes_full, "save_checkpoint", watch)
    found = train_part(part, CONFIG, keep=tmp_path)
    assert steps == ([4, 6] if between else [6])
    for a, b in zip(found.outcomes, want.outcomes, strict=True):
        assert torch.equal(a.nan_to_num(-1), b.nan_to_num(-1))
    assert list(tmp_path.iterdir()) == []


def test_what_is_stored_is_not_trained_again(tmp_path):
    assert [new for _, new in run(CONFIG, tmp_path)] == [True, True]
    assert [new for _, new in run(CONFIG, tmp_path)] == [False, False]
    longer = replace(CONFIG, times=(2, 8))
    assert [new for _, new in run(longer, tmp_path)] == [True, True]
    data = json.loads((tmp_path / "modes_full.json").read_text())
    assert [one["times"] for one in data["results"]["runs"]] == [[2, 4, 6]] * 2 + [[2, 8]] * 2
    assert data["machine"]["device"] == "cpu"


def test_wrong_settings_are_named():
    with pytest.raises(TypeError, match="settings must be Settings, got"):
        ModesFullConfig(("ring",))
    with pytest.raises(ValueError, match=r"times must be multiples of the first, got \(2, 5\)"):
        replace(CONFIG, times=(2, 5))
    with pytest.raises(ValueError, match="together must be at least 1"):
        replace(CONFIG, together=0)
    with pytest.raises(TypeError, match="system must be GANSeeds or derived from it, got 3"):
        Setting(system=3)
