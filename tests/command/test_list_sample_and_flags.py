"""``list``, ``sample``, and the flags that are made of the settings' fields."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image

import gan_lessons
from gan_lessons.command import main, sample
from gan_lessons.command.parser import HELP, make_parser, settings, with_settings
from gan_lessons.command.prepare import restore_config
from gan_lessons.experiments import EXPERIMENTS
from gan_lessons.training.checkpoint_file import read_checkpoint

PRESETS = [(name, preset) for name, e in EXPERIMENTS.items() for preset in e.presets]


def test_list_names_each_experiment_and_the_numbers_of_its_presets(capsys):
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    for name, experiment in EXPERIMENTS.items():
        assert f"{name} " in said
        assert experiment.description in said
        for config in experiment.presets.values():
            assert f"steps {config.training.steps}, batch_size {config.training.batch_size}" in said
    assert "train EXPERIMENT --help" in said


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"gan-lessons {gan_lessons.__version__}"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_help_tells_every_setting_and_what_the_presets_have(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["train", name, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    laptop, full = (settings(EXPERIMENTS[name].presets[key]) for key in ("laptop", "full"))
    for setting in laptop:
        assert f"--{setting.replace('_', '-')}" in said
        assert HELP[setting] in said
    assert f"goes on to this step ({laptop['steps']}; full: {full['steps']})" in said
    for flag in ("--preset", "--device", "--out", "--resume", "--data", "--tensorboard"):
        assert flag in said


def test_every_line_of_help_is_of_a_setting():
    known = {key for name, preset in PRESETS for key in settings(EXPERIMENTS[name].presets[preset])}
    assert set(HELP) == known


def other(value):
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (0.25, 0.5)
    if isinstance(value, str):
        return {"float32": "tf32", "bfloat16": "tf32"}.get(value, "hinge")
    return (
        {1: 3, 3: 1, 32: 64, 16: 8, 256: 128}.get(value, value + 1)
        if isinstance(value, int)
        else value / 2 + 0.1
    )


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_each_flag_changes_its_setting_and_no_other(name, preset):
    config = EXPERIMENTS[name].presets[preset]
    before = settings(config)
    for setting, value in before.items():
        changed, flag = other(value), f"--{setting.replace('_', '-')}"
        if isinstance(value, bool):
            typed = [flag if changed else flag.replace("--", "--no-", 1)]
        else:
            typed = [flag, *map(str, changed if isinstance(value, tuple) else (changed,))]
        found = vars(make_parser().parse_args(["train", name, *typed]))
        assert [key for key in before if key in found] == [setting]
        kept = found[setting]
        after = settings(
            with_settings(config, {setting: tuple(kept) if kept == [0.25, 0.5] else kept})
        )
        assert {key for key in before if after[key] != before[key]} == {setting}
        assert after[setting] == changed


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_settings_come_back_from_json(name, preset):
    config = EXPERIMENTS[name].presets[preset]
    again = restore_config(type(config), json.loads(json.dumps(asdict(config))))
    assert again == config
    assert settings(again) == settings(config)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "run"
    flags = ("--width", "2", "--batch-size", "4", "--steps", "4", "--log-every", "2",
             "--save-every", "2", "--z-dim", "3", "--ema-decay", "0.5",
             "--device", "cpu")  # fmt: skip
    assert main(["train", "digits", *flags, "--out", str(folder)]) == 0
    return folder


def test_digits_leave_grids_of_64(trained):
    with Image.open(trained / "samples" / "step-00000004.png") as picture:
        assert picture.mode == "L"
        assert picture.size == (8 * 64 + 7 * 4, 8 * 64 + 7 * 4)


@pytest.mark.parametrize("which", ["folder", "last", "first"])
def test_samples_come_from_the_averaged_weights_of_the_checkpoint(
    trained, tmp_path, monkeypatch, capsys, which
):
    shown, save = [], sample.save_picture

    def save_picture(samples, reference, path):
        shown.append(samples)
        save(samples, reference, path)

    monkeypatch.setattr(sample, "save_picture", save_picture)
    step = 2 if which == "first" else 4
    file = trained / "checkpoints" / f"step-0000000{step}.pt"
    out = tmp_path / "new" / "grid.png"
    typed = ["sample", str(trained if which == "folder" else file), "--n", "5", "--seed", "7"]
    assert main([*typed, "--out", str(out)]) == 0
    assert f"grid.png: 5 samples of digits at step {step}" in capsys.readouterr().out
    gan = EXPERIMENTS["digits"].make(
        restore_config(
            type(EXPERIMENTS["digits"].presets["laptop"]),
            json.loads((trained / "run.json").read_text(encoding="utf-8"))["config"],
        ),
        "cpu",
    )
    state = read_checkpoint(file).system
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(7))
    gan.generator.eval().load_state_dict(state["ema"]["network"])
    with torch.no_grad():
        images = gan.generator(z)
    assert torch.allclose(shown[0], images, atol=1e-6)
    gan.generator.load_state_dict(state["generator"])
    with torch.no_grad():
        assert not torch.allclose(shown[0], gan.generator(z), atol=1e-4)
    with Image.open(out) as picture:
        first = np.asarray(picture)[:64, :64]
    levels = ((images[0, 0] + 1) * 127.5).round().numpy().astype(np.uint8)
    assert np.array_equal(first, levels.repeat(4, 0).repeat(4, 1))


def test_points_are_drawn_beside_their_law(run, tmp_path, monkeypatch):
    assert run.train("--steps", "2") == 0
    shown = []
    monkeypatch.setattr(sample, "save_picture", lambda *all: shown.append(all))
    assert main(["sample", str(run.folder), "--n", "9", "--out", str(tmp_path / "a.png")]) == 0
    samples, law, path = shown[0]
    assert samples.shape == (9, 2)
    assert law.n_components == 8
    assert path == tmp_path / "a.png"
