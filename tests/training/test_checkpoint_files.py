"""Checkpoint files that are damaged, altered or of something else, and writes that break off."""

import os
import stat
import subprocess
import sys

import pytest
import torch
from torch import nn

from gan_lessons.training import (
    EMA,
    Checkpoint,
    GANState,
    TrainConfig,
    checkpoint_file,
    load_checkpoint,
    save_checkpoint,
    train,
)

DATA = torch.randn(50, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(steps=3, batch_size=8, z_dim=3, log_every=3)


def state(width: int = 8, seed: int = 0) -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 2))
        d = nn.Sequential(nn.Linear(2, width), nn.SiLU(), nn.Linear(width, 1), nn.Flatten(0))
    return GANState(g, d, "non-saturating", CONFIG)


def trained(width: int = 8, seed: int = 0) -> GANState:
    system = state(width, seed)
    list(train(system, DATA, CONFIG))
    return system


def digest(system: GANState) -> str:
    return checkpoint_file._digest(system.state_dict())


def write(path, content, sign=True, **changes):
    """Write a file of the right format with whatever content, signed as ours where asked."""
    random = {"device": "cpu", "cpu": torch.get_rng_state()}
    whole = Checkpoint(3, {}, {}, {}, random, content)._replace(**changes)
    checkpoint_file.write_checkpoint(path, whole)
    if not sign:
        saved = torch.load(path, weights_only=True)
        torch.save({**saved, "sha256": "0"}, path)


def test_every_kind_of_change_changes_the_digest():
    base = {"a": torch.arange(4.0), "b": [1, 2.0], "c": None}
    others = [
        {**base, "a": torch.tensor([0.0, 1.0, 2.0, 3.0001])},
        {**base, "a": torch.arange(4.0).view(2, 2)},
        {**base, "a": torch.arange(4.0).double()},
        {**base, "a": torch.arange(4.0).bfloat16()},
        {**base, "b": (1, 2.0)},
        {**base, "b": [2.0, 1]},
        {**base, "b": [1.0, 2.0]},
        {**base, "c": False},
        {**base, "d": torch.tensor(0.0)},
        {"a": base["a"], "b": base["b"], "e": None},
    ]
    digests = {checkpoint_file._digest(value) for value in (base, *others)}
    assert len(digests) == len(others) + 1
    strided = {**base, "a": torch.arange(8.0)[::2] / 2}
    assert checkpoint_file._digest(strided) == checkpoint_file._digest(base)


@pytest.mark.parametrize("byte", [0, 255])
def test_a_weight_altered_in_the_file_is_noticed(tmp_path, byte):
    system = trained()
    path = save_checkpoint(tmp_path / "run.pt", system)
    content = path.read_bytes()
    weight = system.generator[0].weight.detach().numpy().tobytes()
    place = content.index(weight) + 2
    assert content[place] != byte
    path.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
    target = state(seed=1)
    before = digest(target)
    with pytest.raises(ValueError, match=r"run.pt is damaged"):
        load_checkpoint(path, target)
    assert digest(target) == before


def test_no_damage_gives_another_error(tmp_path):
    """Bytes turned over anywhere: the whole run comes back, or ValueError and nothing moved."""
    path = save_checkpoint(tmp_path / "run.pt", trained())
    content, target = path.read_bytes(), state(seed=1)
    before, whole = digest(target), digest(trained())
    random = torch.Generator().manual_seed(0)
    for place in torch.randint(len(content), (150,), generator=random).tolist():
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            load_checkpoint(path, target)
        except ValueError:
            assert digest(target) == before
        else:
            assert digest(target) == whole  # a byte that means nothing, such as padding
            target = state(seed=1)


@pytest.mark.parametrize("error", [RuntimeError("seek"), IndexError("pop"), KeyError(1)])
def test_whatever_reading_raises_is_told_as_damage(tmp_path, monkeypatch, error):
    path = save_checkpoint(tmp_path / "run.pt", state())

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(torch, "load", broken)
    with pytest.raises(ValueError, match="not a checkpoint or is damaged; use an older one"):
        load_checkpoint(path, state())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(5, "Input/output error"), OSError),
        (MemoryError(), MemoryError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), MemoryError),
    ],
)
def test_trouble_of_the_machine_is_no_damage(tmp_path, monkeypatch, error, kind):
    path = save_checkpoint(tmp_path / "run.pt", state())

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(torch, "load", broken)
    with pytest.raises(kind):
        load_checkpoint(path, state())


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as on Linux")
def test_a_checkpoint_too_large_for_the_memory_is_no_damage(tmp_path):
    """What torch says where memory really is short: in a process that may take no more."""
    path = tmp_path / "run.pt"
    write(path, {"a": torch.zeros(20_000_000)})
    code = f"""
import re, resource
from pathlib import Path
from gan_lessons.training import read_checkpoint
whole = Path({str(path)!r}).stat().st_size
used = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + whole * 3 // 2, resource.RLIM_INFINITY))
try:
    read_checkpoint({str(path)!r})
except MemoryError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert "run.pt does not fit into the memory" in done.stdout


def test_what_is_no_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="path must be a checkpoint, got the folder"):
        load_checkpoint(tmp_path, state())
    empty = tmp_path / "empty.pt"
    empty.touch()
    with pytest.raises(ValueError, match=r"empty.pt is not a checkpoint or is damaged"):
        load_checkpoint(empty, state())
    for content in ([1, 2], torch.zeros(3), {"format": "other"}):
        torch.save(content, tmp_path / "other.pt")
        with pytest.raises(ValueError, match=r"other.pt is not a checkpoint of this package"):
            load_checkpoint(tmp_path / "other.pt", state())
    write(tmp_path / "unsigned.pt", state().state_dict(), sign=False)
    with pytest.raises(ValueError, match=r"unsigned.pt is damaged or altered"):
        load_checkpoint(tmp_path / "unsigned.pt", state())


def test_another_network_leaves_the_system_as_it_was(tmp_path):
    path = save_checkpoint(tmp_path / "run.pt", trained(width=9))
    target = trained()
    before = digest(target)
    with pytest.raises(ValueError, match=r"run.pt is of another network or damaged"):
        load_checkpoint(path, target)
    assert digest(target) == before


BREAKS = {
    "no generator": lambda s: s.pop("generator"),
    "no rng": lambda s: s.pop("rng"),
    "rng of another kind": lambda s: s.update(rng=torch.zeros(3)),
    "no config": lambda s: s.pop("config"),
    "config no dict": lambda s: s.update(config=3),
    "no steps": lambda s: s.pop("steps_done"),
    "steps negative": lambda s: s.update(steps_done=-1),
    "steps broken": lambda s: s.update(steps_done=1.5),
    "steps a word": lambda s: s.update(steps_done="3"),
    "no average": lambda s: s.update(ema=None),
    "average broken": lambda s: s["ema"].update(network=3),
    "average's updates": lambda s: s["ema"].update(updates=-1),
    "optimizer broken": lambda s: s["g_optimizer"].pop("param_groups"),
    "optimizer no dict": lambda s: s.update(d_optimizer=[1]),
    "weights missing": lambda s: s["discriminator"].pop("0.weight"),
}


@pytest.mark.parametrize("name", list(BREAKS))
def test_a_broken_state_is_one_error_and_changes_nothing(tmp_path, name):
    content = trained().state_dict()
    BREAKS[name](content)
    write(tmp_path / "run.pt", content)
    target = trained(seed=1)
    before = digest(target)
    with pytest.raises(ValueError, match=r"run.pt is of another network or damaged"):
        load_checkpoint(tmp_path / "run.pt", target)
    assert digest(target) == before
    assert target.steps_done == 3


def test_a_state_that_is_no_dict(tmp_path):
    write(tmp_path / "run.pt", 3)
    with pytest.raises(ValueError, match=r"run.pt is of another network or damaged"):
        load_checkpoint(tmp_path / "run.pt", state())


def test_folders_are_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path, ".", ""):
        with pytest.raises(ValueError, match="path must be a file, got the folder"):
            save_checkpoint(path, state())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_the_file_is_as_readable_as_others(tmp_path):
    path = save_checkpoint(tmp_path / "run.pt", state())
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    old = os.umask(0o027)
    try:
        save_checkpoint(path, state())
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("place", ["torch.save", "os.replace"])
def test_an_interrupt_leaves_the_old_file_whole_and_no_other(tmp_path, monkeypatch, place):
    path = save_checkpoint(tmp_path / "run.pt", state())
    old = path.read_bytes()

    def interrupted(content, file):
        if place == "torch.save":
            file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, state(seed=1))
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_the_new_file_is_whole_before_it_is_renamed_within_its_folder(tmp_path, monkeypatch):
    path = save_checkpoint(tmp_path / "run.pt", state())
    old, system, calls = path.read_bytes(), trained(), []
    replace = os.replace

    def spy(source, target):
        calls.append((os.path.dirname(source), os.fspath(target)))
        assert path.read_bytes() == old
        fresh = state(seed=1)
        load_checkpoint(source, fresh)
        assert digest(fresh) == digest(system)
        replace(source, target)

    monkeypatch.setattr(os, "replace", spy)
    save_checkpoint(path, system)
    assert calls == [(str(tmp_path), str(path))]


def test_the_average_is_cut_off_and_checks_what_it_loads():
    ema = EMA(nn.Linear(2, 2), 0.9)
    assert not any(p.requires_grad for p in ema.network.parameters())
    ema.update()
    kept, other = ema.state_dict(), EMA(nn.Linear(2, 2), 0.9)
    kept = {"network": {k: v.clone() for k, v in kept["network"].items()}, "updates": 1}
    before = other.network.weight.clone()
    for updates, error in ((-1, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match="updates must be"):
            other.load_state_dict({**kept, "updates": updates})
    assert torch.equal(other.network.weight, before)
    other.load_state_dict(kept)
    assert other.updates == 1
    assert torch.equal(other.network.weight, ema.network.weight)
