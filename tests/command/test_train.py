"""``train``: what a run leaves behind, and that one which was stopped goes on as if it had not."""

import itertools
import signal
import sys
import types

import pytest
import torch
from PIL import Image

from gan_lessons.command import main, output
from gan_lessons.command.prepare import preset_for
from gan_lessons.command.run_folder import RunFolder
from gan_lessons.training import GANState
from gan_lessons.training.checkpoint_file import read_checkpoint


def leaves(state):
    """Yield every tensor and number of a nested state, in order."""
    if isinstance(state, dict):
        for key in sorted(state, key=str):
            yield from leaves(state[key])
    elif isinstance(state, list | tuple):
        for value in state:
            yield from leaves(value)
    else:
        yield state


def assert_same_end(first, second, step):
    """Two runs ended in the same state, bit for bit, with the same history."""
    states = [
        read_checkpoint(run.folder / "checkpoints" / f"step-{step:08d}.pt").system
        for run in (first, second)
    ]
    for state in states:
        state["config"].pop("steps", None)
    pairs = list(zip(*map(list, map(leaves, states)), strict=True))
    assert len(pairs) > 50
    for a, b in pairs:
        assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
    assert first.history == second.history


def test_a_run_leaves_its_numbers_pictures_and_checkpoints(drawn, capsys):
    assert drawn.train("--steps", "10", "--seed", "3", "--objective", "hinge") == 0
    said = capsys.readouterr().out
    assert said.startswith("ring (laptop) on CPU (")
    assert "from step 0 to 10" in said
    assert [line.split()[1] for line in said.splitlines() if line.startswith("step")] == [
        "4:", "8:", "10:"
    ]  # fmt: skip
    data = drawn.json
    assert (data["experiment"], data["preset"], data["seed"]) == ("ring", "laptop", 3)
    assert (data["step"], data["finished"], data["stopped"]) == (10, True, None)
    assert data["config"]["hidden"] == 8
    assert data["config"]["objective"] == "hinge"
    assert data["config"]["training"]["batch_size"] == 8
    assert {"d_loss", "g_gradient", "modes", "energy_distance"} <= set(data["metrics"])
    (session,) = data["sessions"]
    assert (session["start_step"], session["end_step"]) == (0, 10)
    assert session["versions"]["torch"] == str(torch.__version__)
    assert session["images_per_second"] > 0
    assert session["seconds"] > 0
    assert session["device"].startswith("CPU (")
    assert [int(row["step"]) for row in drawn.history] == [2, 4, 6, 8, 10]
    assert drawn.checkpoints == [f"step-{step:08d}.pt" for step in (4, 8, 10)]
    assert data["best_checkpoint"] in drawn.checkpoints
    pictures = sorted((drawn.folder / "samples").iterdir())
    assert [path.name for path in pictures] == [f"step-{step:08d}.png" for step in (4, 8, 10)]
    with Image.open(pictures[0]) as picture:
        assert picture.size == (480, 480)


def test_throughput_counts_every_real_sample_of_the_time_spent_training(run, monkeypatch):
    from gan_lessons.training import Record, loop

    made = []

    def record(step, metrics, speed):
        made.append(Record(step, metrics, {2: 100.0, 4: 50.0}[step]))
        return made[-1]

    monkeypatch.setattr(loop, "Record", record)
    run.train("--steps", "4", "--d-steps", "3")
    assert len(made) == 2
    # 2 steps of 3 * 8 samples at 100 a second and as many at 50.
    wanted = 96 / (48 / 100 + 48 / 50)
    assert run.json["sessions"][0]["images_per_second"] == pytest.approx(wanted, abs=0.1)


def test_one_that_is_resumed_ends_as_one_undisturbed(run, other):
    assert other.train("--steps", "12") == 0
    assert run.train("--steps", "8") == 0
    assert run.train("--steps", "12", "--resume") == 0
    assert_same_end(run, other, 12)
    assert [(s["start_step"], s["end_step"]) for s in run.json["sessions"]] == [(0, 8), (8, 12)]


def test_rows_after_the_last_checkpoint_are_not_doubled(run, other):
    """As after a kill: history.csv is ahead of the checkpoints, and its last row is cut off."""
    assert other.train("--steps", "12") == 0
    assert run.train("--steps", "10") == 0
    (run.folder / "checkpoints" / "step-00000010.pt").unlink()
    with (run.folder / "history.csv").open("a", encoding="utf-8") as file:
        file.write("1")  # of 12
    assert run.train("--steps", "12", "--resume") == 0
    assert_same_end(run, other, 12)
    assert run.json["sessions"][1]["start_step"] == 8


def test_settings_of_a_run_are_kept_when_it_goes_on(run):
    assert run.train("--steps", "4", "--seed", "5") == 0
    bare = ["train", "ring", "--out", str(run.folder), "--resume", "--device", "cpu"]
    assert main([*bare, "--steps", "6", "--log-every", "1", "--save-every", "9"]) == 0
    assert run.json["config"]["training"]["seed"] == 5
    assert run.json["config"]["hidden"] == 8
    assert [int(row["step"]) for row in run.history] == [2, 4, 5, 6]


def test_resume_where_nothing_is_starts_and_where_all_is_done_says_so(run, capsys):
    assert run.train("--steps", "4", "--resume") == 0
    before = run.json
    assert run.train("--steps", "4", "--resume") == 0
    assert "Done already: step 4 of 4" in capsys.readouterr().out
    assert run.json == before


def test_a_run_killed_before_its_first_checkpoint_starts_anew(run, other):
    assert run.train("--steps", "4") == 0
    for path in (run.folder / "checkpoints").iterdir():
        path.unlink()
    assert run.train("--steps", "4", "--resume") == 0
    assert other.train("--steps", "4") == 0
    assert_same_end(run, other, 4)


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_saves_a_whole_step_from_which_the_run_goes_on(
    run, other, monkeypatch, capsys, name, status
):
    """The signal comes in the middle of step 5, between two records."""
    assert other.train("--steps", "12") == 0
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    calls, whole = itertools.count(1), GANState.latent

    def latent(*arguments):
        if next(calls) == 5:
            signal.raise_signal(getattr(signal, name))
        return whole(*arguments)

    with monkeypatch.context() as patch:
        # The 4th step's samples draw latent vectors too: none are measured before step 8 here.
        patch.setattr(GANState, "latent", latent)
        assert run.train("--steps", "12", "--save-every", "8") == status
    said = capsys.readouterr().out
    assert "Stopped at step 5; all is saved. To go on: python -m gan_lessons train ring" in said
    assert (run.json["step"], run.json["finished"]) == (5, False)
    assert run.json["stopped"] == "stopped by a signal"
    assert run.checkpoints == ["step-00000005.pt"]
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert run.train("--steps", "12", "--resume") == 0
    assert_same_end(run, other, 12)


def test_a_second_signal_ends_at_once(run, monkeypatch):
    def latent(*arguments):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(GANState, "latent", latent)
    assert run.train("--steps", "4") == 130
    assert not (run.folder / "checkpoints").exists()


def test_divergence_names_the_last_good_checkpoint(run, capsys, monkeypatch):
    assert run.train("--steps", "4") == 0
    whole = GANState.step

    def step(self, batch, rng):
        metrics = whole(self, batch, rng)
        return metrics | {"d_loss": metrics["d_loss"] + (torch.inf if self.steps_done > 6 else 0)}

    monkeypatch.setattr(GANState, "step", step)
    assert run.train("--steps", "12", "--resume") == 1
    said = capsys.readouterr().err
    assert "error: d_loss of the discriminator is inf at step 8: training diverged" in said
    assert "step-00000004.pt" in said
    assert run.json["stopped"] == "diverged at step 8: d_loss"
    assert run.json["finished"] is False
    assert run.checkpoints == ["step-00000004.pt"]


def test_a_disk_that_is_full_is_said(run, capsys, monkeypatch):
    def write(self, data):
        raise OSError(28, "No space left on device", "run.json")

    monkeypatch.setattr(RunFolder, "write", write)
    assert run.train("--steps", "4") == 1
    assert "No space left on device" in capsys.readouterr().err


def test_samples_too_large_to_measure_do_not_end_the_run(run, capsys, monkeypatch):
    huge = torch.full((2500, 2), 1e30)
    monkeypatch.setattr(GANState, "sample", lambda self, n, rng, ema=True: huge[:n])
    assert run.train("--steps", "4") == 0
    assert "not measured: " in capsys.readouterr().out
    assert "modes" not in run.json["metrics"]


def test_without_matplotlib_there_are_no_pictures_and_one_line_says_why(drawn, capsys, monkeypatch):
    for name in [*filter(lambda n: n.split(".")[0] == "matplotlib", sys.modules), "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert drawn.train("--steps", "8") == 0
    said = capsys.readouterr().out
    assert said.count("no pictures: ") == 1
    assert "gan-lessons[plots]" in said
    assert not list(drawn.folder.glob("samples/*"))
    assert len(drawn.checkpoints) == 2


class FakeWriter:
    """What is used of TensorBoard, which is not installed where the tests run."""

    made: list["FakeWriter"] = []

    def __init__(self, folder, purge_step):
        self.folder, self.purge_step, self.numbers, self.closed = folder, purge_step, [], False
        self.made.append(self)

    def add_scalar(self, tag, scalar_value, global_step):
        self.numbers.append((tag, scalar_value, global_step))

    def close(self):
        self.closed = True


@pytest.mark.parametrize("flags", [(), ("--tensorboard",), ("--no-tensorboard",)])
def test_events_for_tensorboard_where_it_is_installed(run, monkeypatch, flags):
    FakeWriter.made.clear()
    module = types.SimpleNamespace(SummaryWriter=FakeWriter)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    assert run.train("--steps", "4", *flags) == 0
    if flags == ("--no-tensorboard",):
        assert not FakeWriter.made
        return
    (writer,) = FakeWriter.made
    assert (writer.folder, writer.purge_step) == (str(run.folder / "tensorboard"), 1)
    assert writer.closed
    rows = [(float(r["d_loss"]), int(r["step"])) for r in run.history]
    assert [(v, s) for tag, v, s in writer.numbers if tag == "d_loss"] == rows
    assert ("modes", run.json["metrics"]["modes"], 4) in writer.numbers


def test_tensorboard_is_asked_for_and_not_there(run, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert run.train("--steps", "4", "--tensorboard") == 2
    assert "pip install tensorboard" in capsys.readouterr().err
    assert run.train("--steps", "4") == 0


def test_a_gpu_gets_the_large_preset():
    assert preset_for(torch.device("cuda", 1)) == "full"
    assert preset_for(torch.device("mps")) == "laptop"
    assert preset_for(torch.device("cpu")) == "laptop"


def test_the_preset_can_be_chosen(run):
    assert run.train("--steps", "4", "--preset", "full", "--log-every", "2") == 0
    assert run.json["preset"] == "full"
    assert run.json["config"]["training"]["g_lr"] == 5e-4
    assert run.train("--steps", "6", "--resume") == 0
    assert run.json["preset"] == "full"


def test_pictures_show_the_averaged_weights(run, monkeypatch):
    shown = []
    monkeypatch.setattr(output, "save_picture", lambda samples, *_: shown.append(samples))
    assert run.train("--steps", "4", "--ema-decay", "0.5") == 0
    assert shown[0].shape == (2000, 2)
    state = read_checkpoint(run.folder / "checkpoints" / "step-00000004.pt").system
    z = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    for weights, same in ((state["ema"]["network"], True), (state["generator"], False)):
        points = z
        for layer in (0, 2, 4):
            points = points @ weights[f"layers.{layer}.weight"].T + weights[f"layers.{layer}.bias"]
            if layer < 4:
                points = torch.nn.functional.leaky_relu(points, 0.2)
        assert torch.allclose(points, shown[0], atol=1e-6) is same
