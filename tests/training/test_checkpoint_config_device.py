"""Checkpoints that resume to the last bit, configurations, devices and bad input."""

import math
import os
import pickle
from dataclasses import FrozenInstanceError, fields, replace

import pytest
import torch
from torch import nn

from gan_lessons.training import (
    GANState,
    TrainConfig,
    TrainingDiverged,
    choose_device,
    load_checkpoint,
    repeatability,
    save_checkpoint,
    seeded_generator,
    train,
)

DATA = torch.randn(200, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(
    steps=30, batch_size=8, z_dim=3, log_every=10, d_steps=2, instance_noise=0.1, r1_gamma=0.1
)


def networks(seed: int = 0) -> tuple[nn.Module, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))
        d = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Flatten(0))
    return g, d


def state(config: TrainConfig = CONFIG, seed: int = 0) -> GANState:
    return GANState(*networks(seed), "non-saturating", config)


def flat(value: object) -> list[object]:
    """Return the leaves of nested dicts and lists, tensors as lists."""
    if isinstance(value, dict):
        return [x for key in value for x in (key, *flat(value[key]))]
    if isinstance(value, (list, tuple)):
        return [x for item in value for x in flat(item)]
    return [value.tolist()] if isinstance(value, torch.Tensor) else [value]


def test_resume_is_bit_equal(tmp_path):
    whole = state()
    records = list(train(whole, DATA, CONFIG))

    first = state()
    for record in train(first, DATA, CONFIG):
        if record.step == 10:
            save_checkpoint(tmp_path / "run.pt", first)
            break
    resumed = state(seed=77)  # other initial weights: all must come from the file
    load_checkpoint(tmp_path / "run.pt", resumed)
    assert resumed.steps_done == 10
    later = list(train(resumed, DATA, CONFIG))
    assert [r.metrics for r in later] == [r.metrics for r in records[1:]]
    assert flat(resumed.state_dict()) == flat(whole.state_dict())
    assert torch.equal(resumed.sample(9, resumed.rng), whole.sample(9, whole.rng))


def test_a_run_can_be_made_longer(tmp_path):
    first = state()
    list(train(first, DATA, CONFIG))
    path = save_checkpoint(tmp_path / "run.pt", first)
    longer = replace(CONFIG, steps=50, log_every=50)
    resumed = state(longer)
    load_checkpoint(path, resumed)
    assert [r.step for r in train(resumed, DATA, longer)] == [50]


def test_another_configuration_is_refused(tmp_path):
    path = save_checkpoint(tmp_path / "run.pt", state())
    with pytest.raises(ValueError, match=r"of another configuration: .*r1_gamma differ"):
        load_checkpoint(path, state(replace(CONFIG, r1_gamma=5.0)))
    with pytest.raises(ValueError, match=r"of another configuration: .*objective differ"):
        load_checkpoint(path, GANState(*networks(), "hinge", CONFIG))


def test_a_failed_write_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    save_checkpoint(path, state())
    old = path.read_bytes()

    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, state(seed=1))
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_bad_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="path must be a checkpoint"):
        load_checkpoint(tmp_path / "none.pt", state())
    with pytest.raises(ValueError, match="path must be in a folder that exists"):
        save_checkpoint(tmp_path / "none" / "run.pt", state())
    path = save_checkpoint(tmp_path / "run.pt", state())
    cut = tmp_path / "cut.pt"
    cut.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="not a checkpoint or is damaged"):
        load_checkpoint(cut, state())
    other = tmp_path / "other.pt"
    torch.save({"weights": torch.zeros(2)}, other)
    with pytest.raises(ValueError, match="not a checkpoint of this package"):
        load_checkpoint(other, state())


def test_a_file_from_elsewhere_runs_no_code(tmp_path):
    target = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(target),)

    torch.save({"format": Evil()}, tmp_path / "evil.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Evil(), protocol=2))
    for name in ("evil.pt", "plain.pt"):
        with pytest.raises(ValueError, match="not a checkpoint or is damaged"):
            load_checkpoint(tmp_path / name, state())
    assert not target.exists()


def test_every_field_of_the_config_is_documented_and_frozen():
    for field in fields(TrainConfig):
        assert f"    {field.name} : " in TrainConfig.__doc__, field.name
    with pytest.raises(FrozenInstanceError):
        CONFIG.steps = 3


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps must be at least 1"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be a whole number"),
        ({"d_steps": 0}, ValueError, "d_steps must be at least 1"),
        ({"z_dim": 0}, ValueError, "z_dim must be at least 1"),
        ({"log_every": 0}, ValueError, "log_every must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"g_lr": 0.0}, ValueError, "g_lr must be positive"),
        ({"d_lr": math.nan}, ValueError, "d_lr must be positive"),
        ({"betas": (0.5, 1.0)}, ValueError, r"betas\[1\] must be in \[0, 1\)"),
        ({"betas": 0.5}, TypeError, "betas must be a tuple of two numbers"),
        ({"r1_gamma": -1.0}, ValueError, "r1_gamma must be zero or positive"),
        ({"gp_weight": "10"}, TypeError, "gp_weight must be a zero or positive number"),
        ({"instance_noise": -0.1}, ValueError, "instance_noise must be zero or positive"),
        ({"ema_decay": 1.0}, ValueError, r"ema_decay must be in \[0, 1\)"),
    ],
)
def test_bad_numbers_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        TrainConfig(**changes)


def test_bad_systems_and_data():
    g, d = networks()
    with pytest.raises(TypeError, match=r"generator must be a torch.nn.Module, got str"):
        GANState("G", d, "hinge", CONFIG)
    with pytest.raises(ValueError, match="discriminator must have parameters to train"):
        GANState(g, nn.Flatten(), "hinge", CONFIG)
    with pytest.raises(ValueError, match="objective must be one of"):
        GANState(g, d, "gan", CONFIG)
    with pytest.raises(TypeError, match="config must be a TrainConfig, got dict"):
        GANState(g, d, "hinge", {})
    with pytest.raises(ValueError, match="generator and discriminator must be on one device"):
        GANState(g, nn.Linear(2, 1, device="meta"), "hinge", CONFIG)
    system = state()
    with pytest.raises(ValueError, match="batch must have a multiple of 2 samples, got 3"):
        system.step(DATA[:3], system.rng)
    with pytest.raises(TypeError, match="config must be a TrainConfig, got NoneType"):
        train(system, DATA, None)
    with pytest.raises(TypeError, match=r"data must be a tensor .* got list"):
        train(system, [1.0], CONFIG)
    with pytest.raises(ValueError, match="data needs at least one sample"):
        train(system, DATA[:0], CONFIG)
    with pytest.raises(TypeError, match=r"data must be floating point, got torch.int64"):
        train(system, DATA.long(), CONFIG)
    with pytest.raises(ValueError, match="data must be finite"):
        train(system, DATA / 0, CONFIG)

    class Labelled:
        images = DATA

    with pytest.raises(TypeError, match=r"got Labelled; pass its \.images"):
        train(system, Labelled(), CONFIG)
    # A discriminator that returns (n, 1) would broadcast against (n,): refused with the remedy.
    wrong = GANState(g, nn.Linear(2, 1), "non-saturating", CONFIG)
    with pytest.raises(ValueError, match=r"real_logits must have shape \(n,\), got \(8, 1\)"):
        list(train(wrong, DATA, CONFIG))


def test_divergence_survives_pickling_between_processes():
    error = pickle.loads(pickle.dumps(TrainingDiverged(7, "g_loss", math.inf)))
    assert (error.step, error.which, error.value) == (7, "g_loss", math.inf)


def test_choose_device():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device(torch.device("cpu")).type == "cpu"
    best = choose_device().type
    if torch.cuda.is_available():
        assert best == "cuda"
    else:
        with pytest.raises(ValueError, match="'cuda' is not there; this machine has"):
            choose_device("cuda")
    with pytest.raises(ValueError, match=r"preference must be one of .* got 'gpu'"):
        choose_device("gpu")
    assert "bit for bit" in repeatability("cpu")
    assert "drift apart" in repeatability("cuda")


def test_devices_are_preferred_in_order(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device().type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device().type == "cuda"
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(ValueError, match="'cuda:3' is not there"):
        choose_device("cuda:3")


def test_seeded_generator_repeats():
    a, b = (torch.randn(4, generator=seeded_generator(3)) for _ in range(2))
    assert torch.equal(a, b)
    assert not torch.equal(a, torch.randn(4, generator=seeded_generator(4)))
    with pytest.raises(ValueError, match="seed must be at least 0"):
        seeded_generator(-1)
