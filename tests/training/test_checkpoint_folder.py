"""A folder of checkpoints: what stays, what goes, and where a run goes on."""

import math
import os
import pickle
import time

import pytest
import torch
from torch import nn

from gan_lessons.training import (
    CheckpointFolder,
    GANState,
    TrainConfig,
    TrainingDiverged,
    load_checkpoint,
    read_checkpoint,
    train,
)

DATA = torch.randn(50, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(steps=6, batch_size=8, z_dim=3, log_every=1)


def state(config: TrainConfig = CONFIG, width: int = 8, steps_done: int = 0) -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        g = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 2))
        d = nn.Sequential(nn.Linear(2, width), nn.SiLU(), nn.Linear(width, 1), nn.Flatten(0))
    system = GANState(g, d, "non-saturating", config)
    system.steps_done = steps_done
    return system


def filled(folder: CheckpointFolder, values: list[float | None]) -> GANState:
    """Save steps 1, 2, ... with these values of the metric."""
    system = state()
    for step, value in enumerate(values, start=1):
        system.steps_done = step
        folder.save(system, None if value is None else {"distance": value})
    return system


def steps(folder: CheckpointFolder) -> list[int]:
    return [read_checkpoint(path).step for path in folder.paths()]


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_last_few_stay(tmp_path, keep):
    folder = CheckpointFolder(tmp_path / "a" / "b", keep=keep)
    assert folder.latest() is None
    assert folder.best() is None
    assert folder.paths() == []
    for last in range(1, 6):
        filled_to = state(steps_done=last)
        path = folder.save(filled_to)
        assert path == tmp_path / "a" / "b" / f"step-{last:08d}.pt"
        assert filled_to.last_checkpoint == path == folder.latest()
        assert steps(folder) == list(range(max(1, last - keep + 1), last + 1))
    assert folder.best() is None
    assert len(list(folder.folder.iterdir())) == keep


# The number of the step with the best value, by looking at the list
@pytest.mark.parametrize(
    ("values", "lower_is_better", "kept", "best"),
    [
        ([3.0, 1.0, 2.0, 4.0, 5.0], True, [2, 4, 5], 2),
        ([3.0, 1.0, 2.0, 4.0, 5.0], False, [4, 5], 5),
        ([9.0, 1.0, 2.0, 4.0, 5.0], False, [1, 4, 5], 1),
        ([3.0, 1.0, 1.0, 1.0, 5.0], True, [2, 4, 5], 2),  # the first of equals
        ([3.0, math.nan, 5.0, -math.inf, 5.0], True, [1, 4, 5], 1),  # what is no number is none
        ([None, 4.0, None, None, None], True, [2, 4, 5], 2),
        ([None, None, None, None, None], True, [4, 5], None),
        ([-1.0, -3.0, 0.0, -2.0, -2.5], True, [2, 4, 5], 2),
        ([-1.0, -3.0, -5.0, -2.0, -2.5], False, [1, 4, 5], 1),
    ],
)
def test_the_best_stays_too(tmp_path, values, lower_is_better, kept, best):
    folder = CheckpointFolder(tmp_path, 2, best="distance", lower_is_better=lower_is_better)
    filled(folder, values)
    assert steps(folder) == kept
    # A process that starts later finds the same one: the value is in the file.
    for place in (folder, CheckpointFolder(tmp_path, 2, "distance", lower_is_better)):
        found = place.best()
        assert (found and read_checkpoint(found).step) == best
        if best is not None:
            assert read_checkpoint(found).metrics == {"distance": values[best - 1]}


def test_a_step_saved_again_keeps_its_metrics_unless_others_are_given(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=1, best="distance")
    filled(folder, [5.0, 1.0])
    system = state(steps_done=2)
    folder.save(system)  # as Ctrl-C would do after the step was saved with its numbers
    assert read_checkpoint(folder.best()).metrics == {"distance": 1.0}
    folder.save(system, {"distance": 7.0})
    assert read_checkpoint(folder.best()).metrics == {"distance": 7.0}
    system.steps_done = 3
    folder.save(system, {"distance": 6.0})
    assert steps(folder) == [3]


def test_older_ones_go_only_after_the_new_one_is_whole_and_on_the_disk(tmp_path, monkeypatch):
    folder = CheckpointFolder(tmp_path, keep=1)
    filled(folder, [None])
    calls: list[str] = []

    def spy(owner, name, label):
        plain = getattr(owner, name)

        def noted(*arguments, **options):
            calls.append(label(*arguments))
            return plain(*arguments, **options)

        monkeypatch.setattr(owner, name, noted)

    def kind(descriptor):
        return "folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"

    spy(os, "fsync", kind if os.path.isdir("/proc/self/fd") else lambda descriptor: "file")
    spy(os, "replace", lambda source, target: "replace")
    spy(type(tmp_path), "unlink", lambda path, **_: path.name)
    folder.save(state(steps_done=2))
    if os.path.isdir("/proc/self/fd"):
        assert calls == ["file", "replace", "folder", "step-00000001.pt"]
    assert calls[:2] == ["file", "replace"]
    assert calls[-1] == "step-00000001.pt"
    assert steps(folder) == [2]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_goes_when_the_new_one_fails(tmp_path, monkeypatch, error):
    folder = CheckpointFolder(tmp_path, keep=1)
    filled(folder, [None])

    def failing(descriptor):
        raise error

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(type(error)):
        folder.save(state(steps_done=2))
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.pt"]
    assert steps(folder) == [1]


def test_a_state_that_is_not_finite_is_not_saved(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=1)
    system = state(steps_done=1)
    good = folder.save(system)
    system.steps_done = 2
    with torch.no_grad():
        system.discriminator[0].weight[1, 1] = math.nan
    message = r"discriminator\.0\.weight is nan at step 2: .* checkpoint is .*step-00000001\.pt"
    with pytest.raises(TrainingDiverged, match=message) as caught:
        folder.save(system)
    assert caught.value.checkpoint == good
    assert folder.paths() == [good]


def test_other_files_are_left_alone(tmp_path):
    names = [
        "notes.txt", "step-1.pt", "step-00000001.pt.bak", "best-00000001.pt", "step-0000000x.pt",
        ".run.pt.0123abcd.part", ".step-00000001.pt.part", ".step-00000001.pt.xyz.part", ".part",
        "step-00000001.pt.0123abcd.part", ".astep-00000001.pt.0123abcd.part",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (0, 0))
    folder = CheckpointFolder(tmp_path, keep=1)
    filled(folder, [None, None, None])
    assert folder.resume(state())
    assert steps(folder) == [3]
    assert {p.name for p in tmp_path.iterdir()} == {*names, "step-00000003.pt"}
    assert all((tmp_path / name).read_text() == "mine" for name in names)


def test_what_killed_writes_left_goes(tmp_path):
    """With ``resume`` at once; with ``save`` when no process can be at it any more."""
    folder = CheckpointFolder(tmp_path)
    old, new = (tmp_path / f".step-00000001.pt.0123456{k}.part" for k in (1, 2))
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    system = state(steps_done=1)
    folder.save(system)
    assert not old.exists()
    assert new.exists()
    os.utime(new, (time.time() + 4000,) * 2)  # a file server's clock may be ahead
    assert folder.resume(system)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.pt"]


def test_nothing_to_resume(tmp_path):
    system = state()
    assert not CheckpointFolder(tmp_path).resume(system)
    assert not CheckpointFolder(tmp_path / "none").resume(system)
    assert system.last_checkpoint is None
    assert not (tmp_path / "none").exists()


def test_resume_takes_the_last(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=2)
    system = state()
    for _ in train(system, DATA, CONFIG):
        folder.save(system)
    resumed = state()
    assert folder.resume(resumed)
    assert resumed.steps_done == 6
    assert resumed.last_checkpoint == folder.latest() == tmp_path / "step-00000006.pt"
    assert torch.equal(resumed.generator[0].weight, system.generator[0].weight)


def test_steps_are_ordered_as_numbers(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=2)
    for step in (9, 99_999_998, 99_999_999, 100_000_000):
        folder.save(state(steps_done=step))
    assert steps(folder) == [99_999_999, 100_000_000]
    assert folder.latest().name == "step-100000000.pt"


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 - 50 : len(content) // 2 + 50] = bytes(100)
    path.write_bytes(content)


def test_a_damaged_last_one_is_told_and_set_aside(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=3)
    filled(folder, [None, None, None])
    third, second, first = reversed(folder.paths())
    damage(third)
    second.write_bytes(second.read_bytes()[:777])  # cut off
    broken = second.read_bytes()
    system = state()
    with pytest.warns(UserWarning, match="goes on from step-00000001.pt") as caught:
        assert folder.resume(system)
    said = [str(warning.message) for warning in caught]
    assert len(said) == 2
    assert "step-00000003.pt" in said[0]
    assert "now called step-00000003.pt.damaged" in said[0]
    assert "step-00000002.pt is not a checkpoint or is damaged" in said[1]
    assert system.steps_done == 1
    assert system.last_checkpoint == first
    assert (tmp_path / "step-00000002.pt.damaged").read_bytes() == broken
    system.steps_done = 2
    folder.save(system)  # the run can go on; what was set aside is in nobody's way
    assert steps(folder) == [1, 2]
    assert folder.resume(state())


def test_when_none_is_whole_the_run_does_not_start_anew(tmp_path):
    folder = CheckpointFolder(tmp_path)
    filled(folder, [None, None])
    for path in folder.paths():
        path.write_bytes(b"")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"no whole checkpoint; .*00000002\.pt .*00000001\.pt"):
        folder.resume(state())
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_another_network_or_configuration_is_no_damage(tmp_path):
    folder = CheckpointFolder(tmp_path)
    filled(folder, [None, None])
    before = [path.read_bytes() for path in folder.paths()]
    for other, message in (
        (
            state(TrainConfig(batch_size=9, z_dim=3)),
            r"batch_size differ \(state has \[8\], the system \[9\]\)",
        ),
        (state(width=9), r"step-00000002\.pt is of another network"),
    ):
        with pytest.raises(ValueError, match=message):
            folder.resume(other)
        assert other.steps_done == 0
    assert [path.read_bytes() for path in folder.paths()] == before


def test_an_older_one_that_would_fit_is_not_taken_instead(tmp_path):
    """Only damage is passed over: the last whole one is the run's, and it has to fit."""
    folder = CheckpointFolder(tmp_path)
    folder.save(state(steps_done=1))
    folder.save(state(width=9, steps_done=2))
    system = state()
    with pytest.raises(ValueError, match=r"step-00000002\.pt is of another network"):
        folder.resume(system)
    assert (system.steps_done, system.last_checkpoint) == (0, None)
    assert steps(folder) == [1, 2]


@pytest.mark.parametrize("content", [{"format": "gan-lessons checkpoint 99"}, [1, 2]])
def test_another_format_is_no_damage(tmp_path, content):
    """Of a newer version, say: it is not set aside, and no older one is taken instead."""
    folder = CheckpointFolder(tmp_path)
    filled(folder, [None, None])
    torch.save(content, tmp_path / "step-00000003.pt")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    system = state()
    with pytest.raises(ValueError, match=r"step-00000003\.pt is not a checkpoint of this package"):
        folder.resume(system)
    assert (system.steps_done, system.last_checkpoint) == (0, None)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("error", [MemoryError(), OSError(5, "Input/output error")])
def test_trouble_of_the_machine_sets_nothing_aside(tmp_path, monkeypatch, error):
    folder = CheckpointFolder(tmp_path)
    filled(folder, [None, None])
    load, calls = torch.load, []

    def once_short(*arguments, **options):
        calls.append(1)
        if len(calls) == 1:
            raise error
        return load(*arguments, **options)

    monkeypatch.setattr(torch, "load", once_short)
    with pytest.raises(type(error)):
        folder.resume(state())
    assert steps(folder) == [1, 2]


def test_another_run_in_the_folder_is_not_written_over(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=1)
    filled(folder, [None, None])
    with pytest.raises(ValueError, match=r"step-00000002\.pt, later than step 1 .* call resume"):
        folder.save(state(steps_done=1))
    assert steps(folder) == [2]


def test_bad_arguments(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="folder must be a folder, got the file"):
        CheckpointFolder(tmp_path / "file")
    with pytest.raises(ValueError, match="keep must be at least 1, got 0"):
        CheckpointFolder(tmp_path, keep=0)
    with pytest.raises(TypeError, match="best must be the name of a metric or None, got 3"):
        CheckpointFolder(tmp_path, best=3)
    folder = CheckpointFolder(tmp_path, best="distance")
    with pytest.raises(ValueError, match=r"metrics must have 'distance', got \['other'\]"):
        folder.save(state(), {"other": 1.0})
    for call in (folder.save, folder.resume):
        with pytest.raises(TypeError, match="system must be a System such as GANState"):
            call(nn.Linear(2, 2))
    assert folder.paths() == []


def test_looking_into_a_file_from_elsewhere_runs_no_code(tmp_path):
    target = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(target),)

    torch.save({"metrics": Evil()}, tmp_path / "step-00000001.pt")
    (tmp_path / "step-00000002.pt").write_bytes(pickle.dumps(Evil(), protocol=2))
    folder = CheckpointFolder(tmp_path, best="distance")
    assert folder.best() is None
    with pytest.raises(ValueError, match="no whole checkpoint"):
        folder.resume(state())
    folder.save(state(steps_done=3), {"distance": 1.0})
    assert folder.best() == tmp_path / "step-00000003.pt"
    assert not target.exists()


def test_a_file_of_the_folder_is_a_checkpoint_like_any_other(tmp_path):
    path = CheckpointFolder(tmp_path).save(state(steps_done=4), {"distance": 2})
    system = state()
    load_checkpoint(path, system)
    assert system.steps_done == 4
