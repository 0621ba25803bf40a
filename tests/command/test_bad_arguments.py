"""What cannot be done is said in one line that names what came and what is wanted; status 2."""

import json
import sys

import pytest
import torch

from gan_lessons.command import main


@pytest.fixture(autouse=True)
def _nothing_is_written_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "arguments are required: COMMAND"),
        ("fly", "invalid choice: 'fly' (choose from"),
        ("train", "arguments are required: EXPERIMENT"),
        ("train rong", "invalid choice: 'rong' (choose from 'ring', 'grid', 'digits'"),
        ("train ring --preset huge", "argument --preset: invalid choice: 'huge'"),
        ("train ring --image-size 32", "unrecognized arguments: --image-size 32"),
        ("train ring --steps", "argument --steps: expected one argument"),
        ("train ring --steps many", "argument --steps: invalid int value: 'many'"),
        ("train ring --steps 0", "steps must be at least 1, got 0"),
        ("train ring --batch-size -3", "batch_size must be at least 1, got -3"),
        ("train ring --g-lr nan", "g_lr must be positive and finite, got nan"),
        ("train ring --betas 0.5", "argument --betas: expected 2 arguments"),
        ("train ring --betas 0.5 1.5", "betas[1] must be in [0, 1), got 1.5"),
        ("train ring --objective best", "'best'"),
        ("train ring --precision half", "precision must be one of"),
        ("train ring --seed -1", "seed must be at least 0, got -1"),
        ("train ring --std 0", "std must be positive and finite, got 0.0"),
        ("train ring --save-every 0", "save_every must be at least 1, got 0"),
        ("train ring --save-every 75", "--save-every must be a multiple of --log-every 50, got 75"),
        ("train ring --data here", "the points are drawn from a law, got here"),
        ("train ring --device tpu9", "--device: preference must be one of"),
        ("train ring --out FILE", "--out must be a folder, got the file FILE"),
        ("train digits --image-size 17", "image_size must be one of 8, 16, 28, 32, 64, got 17"),
        ("train digits --channels 3", "channels must be 1: digits is grey, got 3"),
        ("train digits --max-shift 16", "max_shift must be below image_size = 16, got 16"),
        ("train folder", "train folder needs your images: --data FOLDER"),
        ("train folder --data none", "must be a folder of images, but none is not there"),
        ("train folder --data FILE", "must be a folder of images, got the file FILE"),
        ("train folder --data EMPTY", "EMPTY must hold images (.bmp"),
        ("train fashion-mnist --data EMPTY", "train-images-idx3-ubyte.gz is not there"),
        ("sample", "arguments are required: checkpoint"),
        ("sample none", "CHECKPOINT must be a checkpoint or a run's folder; none is not there"),
        ("sample EMPTY", "CHECKPOINT must be a checkpoint or a run's folder; EMPTY has none"),
        ("sample EMPTY --out x", "--out must be a file that ends in .png, got x"),
        ("sample EMPTY --out .", "--out must be a file that ends in .png, got ."),
        ("sample EMPTY --out grid.jpg", "--out must be a file that ends in .png, got grid.jpg"),
        ("sample EMPTY/deep/FILE", "has no run.json in the folder above its own"),
    ],
)
def test_a_message_and_status_2(tmp_path, capsys, typed, message):
    (tmp_path / "FILE").touch()
    (tmp_path / "EMPTY" / "deep").mkdir(parents=True)
    (tmp_path / "EMPTY" / "deep" / "FILE").touch()
    before = sorted(tmp_path.rglob("*"))
    assert main(typed.split()) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.startswith("python -m gan_lessons: error: ")
    assert message in caught.err
    assert caught.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there(capsys):
    assert main(["train", "ring", "--device", "cuda"]) == 2
    assert "--device: preference 'cuda' is not there; this machine has" in capsys.readouterr().err


def test_a_device_that_is_none_under_torchrun(capsys, monkeypatch):
    for name, value in (("WORLD_SIZE", "2"), ("RANK", "0"), ("LOCAL_RANK", "0")):
        monkeypatch.setenv(name, value)
    assert main(["train", "ring", "--device", "foo"]) == 2
    said = capsys.readouterr().err
    assert "--device: preference must be one of" in said
    assert said.count("\n") == 1


def test_a_folder_that_holds_a_run_is_not_written_into(run, capsys):
    assert run.train("--steps", "2") == 0
    before = run.json
    assert run.train("--steps", "4") == 2
    said = capsys.readouterr().err
    assert f"--out {run.folder} holds a run already (step 2, ring): go on with it by --res" in said
    assert main(["train", "grid", "--resume", "--out", str(run.folder)]) == 2
    assert "holds a run of ring, not of grid" in capsys.readouterr().err
    assert run.json == before


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--batch-size", "16"), "got batch_size 16 (the run has 8)"),
        (("--seed", "1", "--hidden", "9"), "got hidden 9 (the run has 8), seed 1 (the run has 0)"),
        (("--preset", "full"), "g_lr 0.0005 (the run has 0.001)"),
    ],
)
def test_a_run_that_goes_on_keeps_its_settings(run, capsys, flags, message):
    assert run.train("--steps", "2") == 0
    assert run.train("--steps", "4", "--resume", *flags) == 2
    said = capsys.readouterr().err
    assert "only steps, log_every, precision, compile, channels_last may change" in said
    assert message in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "run.json cannot be read"),
        ("[]", "run.json is not of this program"),
        ('{"format": "else"}', "run.json is not of this program"),
    ],
)
def test_a_run_json_that_is_none(run, capsys, content, message):
    run.folder.mkdir()
    (run.folder / "run.json").write_text(content, encoding="utf-8")
    assert run.train("--resume") == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": None}, "config must hold the settings of a run, got None"),
        ({"config": {"training": {}, "colour": 3}}, "does not know: ['colour']"),
        ({"config": {"training": {"steps": -1}}}, "steps must be at least 1, got -1"),
        ({"config": {"training": {"betas": 3}}}, "betas must be a tuple of two numbers"),
    ],
)
def test_a_run_json_of_other_settings(run, capsys, change, message):
    assert run.train("--steps", "2") == 0
    path = run.folder / "run.json"
    path.write_text(json.dumps(run.json | change), encoding="utf-8")
    assert run.train("--resume") == 2
    assert message in capsys.readouterr().err
    assert main(["sample", str(run.folder)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"preset": "huge"}, "run.json must have a preset of ['laptop', 'full'], got 'huge'"),
        ({"preset": ["full"]}, "run.json: preset must be a name, got ['full']"),
        ({"sessions": {"a": 1}}, "run.json: sessions must be a list, got {'a': 1}"),
        ({"data": 3}, "run.json: data must be a folder or null, got 3"),
        ({"experiment": ["ring"]}, "run.json: experiment must be a name, got ['ring']"),
    ],
)
def test_a_run_json_whose_entries_are_of_another_kind(run, capsys, change, message):
    assert run.train("--steps", "2") == 0
    path = run.folder / "run.json"
    path.write_text(json.dumps(run.json | change), encoding="utf-8")
    before, commands = path.read_bytes(), [lambda: run.train("--steps", "4", "--resume")]
    if "experiment" in change:
        commands.append(lambda: main(["sample", str(run.folder)]))
    for command in commands:
        capsys.readouterr()
        assert command() == 2
        said = capsys.readouterr().err
        assert message in said
        assert said.count("\n") == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["step,d_loss\nx,1.0\n", "step\n1.5\n", b"\xff\xfe"])
def test_a_history_that_is_none(run, capsys, content):
    assert run.train("--steps", "2") == 0
    history = run.folder / "history.csv"
    history.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = run.json
    capsys.readouterr()
    assert run.train("--steps", "4", "--resume") == 2
    said = capsys.readouterr().err
    assert "history.csv must have a step at the start of each row (" in said
    assert said.count("\n") == 1
    assert run.json == before
    history.unlink()
    assert run.train("--steps", "4", "--resume") == 0
    assert [row["step"] for row in run.history] == ["4"]


def test_memory_that_is_full_is_said_and_sets_no_checkpoint_aside(run, capsys, monkeypatch):
    assert run.train("--steps", "2") == 0
    before = run.checkpoints

    def short(*_, **__):
        raise MemoryError

    monkeypatch.setattr(torch, "load", short)
    assert run.train("--steps", "4", "--resume") == 1
    assert "error: The memory is full." in capsys.readouterr().err
    assert run.checkpoints == before


def test_checkpoints_without_a_run_json(run, capsys):
    assert run.train("--steps", "2") == 0
    (run.folder / "run.json").unlink()
    assert run.train("--steps", "4") == 2
    assert "holds checkpoints of a run without run.json" in capsys.readouterr().err


def test_what_is_no_checkpoint_is_not_resumed_or_drawn_from(run, capsys):
    assert run.train("--steps", "2") == 0
    (path,) = (run.folder / "checkpoints").iterdir()
    path.write_bytes(b"no checkpoint")
    for typed in (["sample", str(path)], ["sample", str(run.folder)]):
        assert main(typed) == 2
        assert "step-00000002.pt is not a checkpoint or is damaged" in capsys.readouterr().err
    assert run.train("--steps", "4", "--resume") == 2
    assert "has no whole checkpoint" in capsys.readouterr().err


def test_a_picture_that_cannot_be_drawn_or_written(run, capsys, monkeypatch, tmp_path):
    assert run.train("--steps", "2") == 0
    (tmp_path / "file").touch()
    assert main(["sample", str(run.folder), "--out", "file/a.png"]) == 2
    assert main(["sample", str(run.folder), "--n", "0"]) == 2
    assert "n must be at least 1, got 0" in capsys.readouterr().err
    for name in [*filter(lambda n: n.split(".")[0] == "matplotlib", sys.modules), "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert main(["sample", str(run.folder)]) == 2
    assert "gan-lessons[plots]" in capsys.readouterr().err
