"""A model of two lines on NetworkSystem: trained, stopped, saved and refused like any other."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import nn

from gan_lessons.models import NetworkSystem, Player
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train
from gan_lessons.training.system import gradient_norms, networks_of, optimizers_of


@dataclass(frozen=True)
class LineConfig(TrainConfig):
    noise: float = 0.1


CONFIG = LineConfig(steps=6, batch_size=16, log_every=3, g_lr=0.1, d_lr=0.05, ema_decay=0.9)


class Line(NetworkSystem):
    """Two linear maps that are to undo each other on noisy points."""

    def __init__(self, config=CONFIG, dtype=torch.float64):
        torch.manual_seed(0)
        networks = {"encoder": nn.Linear(2, 2).to(dtype), "generator": nn.Linear(2, 2).to(dtype)}
        players = {"e": Player(config.d_lr, ("encoder",)), "g": Player(config.g_lr, ("generator",))}
        super().__init__(networks, players, config, averaged=("generator",))

    def step(self, batch, rng):
        self._begin()
        noisy = batch + self.config.noise * torch.randn(batch.shape, generator=rng)
        loss = (self.generator(self.encoder(noisy.double())) - batch).square().mean()
        for optimizer in (self.e_optimizer, self.g_optimizer):
            optimizer.zero_grad()
        loss.backward()
        for optimizer in (self.e_optimizer, self.g_optimizer):
            optimizer.step()
        self._end()
        return {"loss": loss.detach()}


DATA = torch.randn(64, 2, generator=torch.Generator().manual_seed(3))


def run(system, config=CONFIG):
    return [record.metrics["loss"] for record in train(system, DATA, config)]


def weights(system):
    return [p.clone() for n in networks_of(system).values() for p in n.parameters()]


def test_a_run_is_found_whole_by_the_engine():
    line = Line()
    assert list(networks_of(line)) == ["encoder", "generator"]
    assert list(optimizers_of(line)) == ["e_optimizer", "g_optimizer"]
    losses = run(line)
    assert losses[-1] < losses[0]
    assert line.steps_done == 6
    assert set(gradient_norms(line)) == {"e_gradient", "g_gradient"}
    assert [o.param_groups[0]["lr"] for o in optimizers_of(line).values()] == [0.05, 0.1]


def test_a_resumed_run_is_the_undisturbed_one_bit_for_bit(tmp_path):
    whole, half = Line(), Line()
    run(whole)
    run(half, replace(CONFIG, steps=3))
    save_checkpoint(tmp_path / "half.safetensors", half)
    again = Line()
    load_checkpoint(tmp_path / "half.safetensors", again)
    run(again)
    for a, b in zip(weights(whole), weights(again), strict=True):
        assert torch.equal(a, b)
    average, other = (system.network("generator") for system in (whole, again))
    assert torch.equal(average.weight, other.weight)
    assert not torch.equal(average.weight, whole.network("generator", ema=False).weight)


def test_without_decay_the_network_itself_is_its_average():
    line = Line(replace(CONFIG, ema_decay=0.0))
    assert line.averages == {}
    assert line.network("generator") is line.generator


def test_latent_is_standard_normal_of_the_seed():
    line = Line()
    z = line.latent(4000, torch.Generator().manual_seed(1))
    assert z.shape == (4000, 64)
    assert z.dtype == torch.float64
    assert torch.equal(z, line.latent(4000, torch.Generator().manual_seed(1)))
    assert abs(float(z.mean())) < 0.01
    assert abs(float(z.std()) - 1) < 0.01


@pytest.mark.parametrize(
    ("change", "named"), [({"noise": 0.2}, "noise"), ({"g_lr": 0.2}, "g_lr"), ({"seed": 1}, "seed")]
)
def test_state_of_another_configuration_is_refused(change, named):
    state = Line(replace(CONFIG, **change)).state_dict()
    with pytest.raises(ValueError, match=f"another configuration: {named} differ"):
        Line().load_state_dict(state)


def test_state_of_another_model_is_refused():
    with pytest.raises(ValueError, match="state must be that of a Line"):
        Line().load_state_dict({"generator": {}, "steps_done": 0})


def test_train_refuses_another_config():
    with pytest.raises(ValueError, match=r"other noise \(0.3, the system has 0.1\)"):
        next(train(Line(), DATA, replace(CONFIG, noise=0.3)))
    with pytest.raises(TypeError, match="a LineConfig, got a TrainConfig"):
        next(train(Line(), DATA, TrainConfig(steps=6)))


def test_networks_must_fit_together():
    players = {"g": Player(0.1, ("a", "b"))}
    with pytest.raises(ValueError, match=r"a and b must be of one dtype.*\.float\(\)"):
        NetworkSystem({"a": nn.Linear(1, 1), "b": nn.Linear(1, 1).double()}, players, CONFIG)
    with pytest.raises(TypeError, match="b must be a torch.nn.Module, got str"):
        NetworkSystem({"a": nn.Linear(1, 1), "b": "b"}, players, CONFIG)
    with pytest.raises(ValueError, match="b must have parameters"):
        NetworkSystem({"a": nn.Linear(1, 1), "b": nn.ReLU()}, players, CONFIG)
    meta = nn.Linear(1, 1, device="meta")
    with pytest.raises(ValueError, match="one device"):
        NetworkSystem({"a": nn.Linear(1, 1), "b": meta}, players, CONFIG)


def test_the_average_moves_with_each_step():
    line = Line()
    before = line.generator.weight.detach().clone()
    run(line, replace(CONFIG, steps=1))
    # Of the first step the average keeps (1 + 1) / (10 + 1), as EMA's docstring says.
    wanted = 2 / 11 * before + 9 / 11 * line.generator.weight
    assert torch.allclose(line.network("generator").weight, wanted, atol=1e-12)
