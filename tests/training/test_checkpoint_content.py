"""What a checkpoint holds, what it refuses to hold, and loading it on another device."""

import math
import platform
import time
from collections import OrderedDict
from dataclasses import asdict
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gan_lessons
from gan_lessons.training import (
    CheckpointFolder,
    GANState,
    TrainConfig,
    TrainingDiverged,
    checkpoint_file,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
    seeded_generator,
    train,
)

DATA = torch.randn(50, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(steps=8, batch_size=8, z_dim=3, log_every=1)


def state(config: TrainConfig = CONFIG, width: int = 8, seed: int = 0) -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 2))
        d = nn.Sequential(
            nn.Linear(2, width), nn.SiLU(), nn.Dropout(0.3), nn.Linear(width, 1), nn.Flatten(0)
        )
    return GANState(g, d, "non-saturating", config)


def trained(**options: Any) -> GANState:
    system = state(**options)
    list(train(system, DATA, system.config))
    return system


class Pool:
    """A system of one number, with a pool of images of various lengths."""

    def __init__(self) -> None:
        self.config = CONFIG
        self.steps_done = 0
        self.rng = seeded_generator(0)
        self.pool: list[Tensor] = []
        self.extra: object = None

    def step(self, batch: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        self.pool = [*self.pool, batch.mean(0)][-3:]
        self.steps_done += 1
        return {"loss": torch.stack(self.pool).mean()}

    def state_dict(self) -> dict[str, Any]:
        rest = {"rng": self.rng.get_state(), "steps_done": self.steps_done}
        return {"pool": self.pool, "extra": self.extra, **rest}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        self.pool, self.extra = saved["pool"], saved["extra"]
        self.rng.set_state(saved["rng"])
        self.steps_done = saved["steps_done"]


def test_what_is_in_the_file(tmp_path):
    system = trained()
    path = save_checkpoint(tmp_path / "run.pt", system, {"distance": 3})
    found = read_checkpoint(path)
    assert found.step == 8
    assert found.config == asdict(CONFIG)
    assert TrainConfig(**found.config) == CONFIG
    assert found.metrics == {"distance": 3.0}
    assert found.versions == {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "gan_lessons": gan_lessons.__version__,
    }
    assert found.random["device"] == "cpu"
    assert torch.equal(found.random["cpu"], torch.get_rng_state())
    parts = {"generator", "discriminator", "g_optimizer", "d_optimizer", "ema", "rng"}
    assert parts <= set(found.system)
    assert len(found.system["d_optimizer"]["state"]) == len(list(system.discriminator.parameters()))
    assert found.system["generator"]._metadata == system.generator.state_dict()._metadata


def test_the_file_is_tensors_and_plain_data(tmp_path):
    """A file that torch alone reads, without this package, and finds nothing else in."""
    path = save_checkpoint(tmp_path / "run.pt", trained(), {"distance": 3})
    kinds = set()

    def walk(value: object) -> None:
        kinds.add(type(value))
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, (dict, list, tuple)):
                walk(item)
            else:
                kinds.add(type(item))

    walk(torch.load(path, weights_only=True))
    none = type(None)
    assert kinds <= {dict, OrderedDict, list, tuple, str, int, float, bool, none, Tensor}
    assert Tensor in kinds


@pytest.mark.parametrize(
    ("extra", "came"),
    [
        (object(), "got object at extra"),
        ({"a": [1, CONFIG]}, r"got TrainConfig at extra\.a\.1"),
        ({(1, 2): 3}, "got dict at extra"),
        (torch.zeros(2).numpy(), "got ndarray at extra"),
        (torch.ones(2).numpy().sum(), "got float32 at extra"),
        ({1, 2}, "got set at extra"),
        (CONFIG.betas.__class__, "got type at extra"),
    ],
)
def test_what_could_not_be_read_again_is_refused_with_its_place(tmp_path, extra, came):
    system = Pool()
    path = save_checkpoint(tmp_path / "run.pt", system)
    old = path.read_bytes()
    system.extra = extra
    with pytest.raises(TypeError, match=rf"must hold tensors and plain data .*{came}"):
        save_checkpoint(path, system)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_any_system_goes_through_a_file(tmp_path):
    """A pool is a list of tensors; of other dtypes, empty ones and without dimension, too."""
    whole, first = Pool(), Pool()
    records = [record.metrics for record in train(whole, DATA, CONFIG)]
    folder = CheckpointFolder(tmp_path)
    for record in train(first, DATA, CONFIG):
        folder.save(first)
        if record.step == 5:
            break
    resumed = Pool()
    assert folder.resume(resumed)
    assert [record.metrics for record in train(resumed, DATA, CONFIG)] == records[5:]
    assert torch.equal(torch.stack(resumed.pool), torch.stack(whole.pool))
    tensors = [torch.zeros(0, 3), torch.tensor(2), torch.tensor([True]), torch.ones(2).bfloat16()]
    resumed.extra = {"a": tensors, 3: (1.5, None, True, "x"), "c": torch.ones(2) * 1j}
    save_checkpoint(tmp_path / "x.pt", resumed)
    load_checkpoint(tmp_path / "x.pt", first)
    for got, wanted in zip(first.extra["a"], tensors, strict=True):
        assert got.dtype == wanted.dtype
        assert torch.equal(got, wanted)
    assert first.extra[3] == (1.5, None, True, "x")
    assert first.extra["c"].tolist() == [1j, 1j]


def test_a_view_takes_only_its_own_numbers_into_the_file(tmp_path):
    system = Pool()
    small = save_checkpoint(tmp_path / "small.pt", system).stat().st_size
    many = torch.randn(300_000)
    system.pool = [many[5:8], many[::100_000], many[:1].expand(3)]
    path = save_checkpoint(tmp_path / "run.pt", system)
    assert path.stat().st_size < small + 3000
    other = Pool()
    load_checkpoint(path, other)
    assert all(torch.equal(a, b) for a, b in zip(other.pool, system.pool, strict=True))


def test_the_random_numbers_of_dropout_go_on(tmp_path):
    """Dropout draws from torch's default generator, which nobody hands on."""
    torch.manual_seed(3)
    whole = state()
    records = []
    for record in train(whole, DATA, CONFIG):
        records.append(record.metrics)
        if record.step == 4:
            save_checkpoint(tmp_path / "run.pt", whole)
    torch.manual_seed(4)
    resumed = state(seed=1)
    load_checkpoint(tmp_path / "run.pt", resumed)
    assert [record.metrics for record in train(resumed, DATA, CONFIG)] == records[4:]


BAD = {
    "generator.1.running_var": lambda s: s.generator[1].running_var,
    "discriminator.0.weight": lambda s: s.discriminator[0].weight.data,
    "g_optimizer.state.0.exp_avg_sq": lambda s: s.g_optimizer.state_dict()["state"][0][
        "exp_avg_sq"
    ],
    "ema.network.0.bias": lambda s: s.ema.network[0].bias,
}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("which", list(BAD))
def test_a_state_that_is_not_finite_is_refused(tmp_path, which, value):
    system = trained()
    path = save_checkpoint(tmp_path / "run.pt", system)
    old = path.read_bytes()
    BAD[which](system).view(-1)[1] = value
    with pytest.raises(TrainingDiverged, match="the last good checkpoint is") as caught:
        save_checkpoint(path, system)
    assert (caught.value.step, caught.value.which) == (8, which)
    assert str(caught.value.value) == str(value)
    assert caught.value.checkpoint == path == system.last_checkpoint
    assert path.read_bytes() == old


def test_numbers_whose_sum_is_too_large_are_finite(tmp_path):
    system = Pool()
    system.pool = [torch.full((10,), 6e4).half(), torch.full((10,), 3e38)]
    assert save_checkpoint(tmp_path / "run.pt", system).is_file()


def test_the_system_remembers_its_last_checkpoint(tmp_path):
    system = state()
    assert system.last_checkpoint is None
    path = save_checkpoint(str(tmp_path / "run.pt"), system)
    assert system.last_checkpoint == path
    other = state()
    (tmp_path / "bad.pt").touch()
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(tmp_path / "bad.pt", other)
    assert other.last_checkpoint is None
    load_checkpoint(str(path), other)
    assert other.last_checkpoint == path


def on_cuda(path, **changes: object) -> None:
    """Turn a file into what a run on cuda would have saved: its states have 16 bytes."""
    saved = torch.load(path, weights_only=True)
    random = {**saved["random"], "device": "cuda", "cuda": torch.zeros(16, dtype=torch.uint8)}
    system = {**saved["system"], "rng": torch.arange(16, dtype=torch.uint8), **changes}
    names = [name for name in saved if name not in ("format", "sha256")]
    found = read_checkpoint(path)
    assert list(found._fields) == names
    checkpoint_file.write_checkpoint(path, found._replace(random=random, system=system))


def test_a_run_of_another_device_goes_on_with_other_random_numbers(tmp_path):
    whole = trained()
    path = save_checkpoint(tmp_path / "run.pt", whole)
    on_cuda(path)
    longer = TrainConfig(**{**asdict(CONFIG), "steps": 12})
    weights, losses, states = [], [], []
    for seed in (1, 2):
        system = state(longer, seed=seed)
        with pytest.warns(UserWarning, match=r"run\.pt was saved on cuda and the system is on cpu"):
            load_checkpoint(path, system)
        assert torch.equal(system.generator[0].weight, whole.generator[0].weight)
        assert system.steps_done == 8
        states.append(system.rng.get_state())
        losses.append([record.metrics for record in train(system, DATA, longer)])
        weights.append(system.generator[0].weight)
    assert torch.equal(*states)  # the same numbers each time this file is loaded,
    assert torch.equal(*weights)
    assert losses[0] == losses[1]
    assert not torch.equal(states[0], whole.rng.get_state())
    on_cuda(path, rng=torch.ones(16, dtype=torch.uint8))
    system = state(longer)
    with pytest.warns(UserWarning, match="other random numbers"):
        load_checkpoint(path, system)
    assert not torch.equal(system.rng.get_state(), states[0])  # others for another file


def test_ctrl_c_while_loading_leaves_the_system_as_it_was(tmp_path, monkeypatch):
    path = save_checkpoint(tmp_path / "run.pt", trained())
    system = state(seed=1)
    before = system.generator[0].weight.clone()
    plain, calls = system.d_optimizer.load_state_dict, []

    def interrupted(saved: dict[str, Any]) -> None:
        calls.append(saved)
        if len(calls) == 1:
            raise KeyboardInterrupt
        plain(saved)

    monkeypatch.setattr(system.d_optimizer, "load_state_dict", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_checkpoint(path, system)
    assert len(calls) == 2
    assert torch.equal(system.generator[0].weight, before)
    assert system.steps_done == 0
    assert system.last_checkpoint is None


def test_a_file_of_another_format_is_named(tmp_path):
    torch.save({"format": "gan-lessons checkpoint 2", "system": {}}, tmp_path / "run.pt")
    with pytest.raises(ValueError, match=r"not a checkpoint .* 3'\), got 'gan-lessons .* 2'"):
        read_checkpoint(tmp_path / "run.pt")


def test_saving_eight_megabytes_takes_a_part_of_a_second(tmp_path):
    """CPU time, of which a run every few seconds would notice 1 s; about 20 ms here."""
    system = trained(width=160_000 // 2)
    start = time.process_time()
    path = save_checkpoint(tmp_path / "run.pt", system)
    assert time.process_time() - start < 1.0
    assert path.stat().st_size > 8e6


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_run_on_cuda_resumes_there_and_on_the_cpu(tmp_path):
    system = state()
    system = GANState(system.generator.cuda(), system.discriminator.cuda(), "hinge", CONFIG)
    list(train(system, DATA.cuda(), CONFIG))
    path = save_checkpoint(tmp_path / "run.pt", system)
    assert read_checkpoint(path).system["generator"]["0.weight"].device.type == "cpu"
    assert read_checkpoint(path).random["cuda"].shape == (16,)
    drawn = torch.rand(3, device="cuda"), system.latent(2, system.rng)
    other = state(seed=1)
    other = GANState(other.generator.cuda(), other.discriminator.cuda(), "hinge", CONFIG)
    load_checkpoint(path, other)
    assert torch.equal(torch.rand(3, device="cuda"), drawn[0])
    assert torch.equal(other.latent(2, other.rng), drawn[1])
    assert torch.equal(other.generator[0].weight, system.generator[0].weight)
    on_cpu = GANState(*(state(seed=2).__dict__[k] for k in ("generator", "discriminator")),
                      "hinge", TrainConfig(**{**asdict(CONFIG), "steps": 10}))  # fmt: skip
    with pytest.warns(UserWarning, match="was saved on cuda and the system is on cpu"):
        load_checkpoint(path, on_cpu)
    assert torch.equal(on_cpu.generator[0].weight, system.generator[0].weight.cpu())
    assert len(list(train(on_cpu, DATA, on_cpu.config))) == 2
