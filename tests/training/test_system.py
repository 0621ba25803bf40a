"""What the loop knows of a system: its networks, optimizers, gradients and numbers."""

import math
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from gan_lessons.training import (
    GANState,
    TrainConfig,
    TrainingDiverged,
    networks_of,
    optimizers_of,
    train,
)

DATA = torch.randn(200, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(steps=4, batch_size=8, z_dim=3, log_every=2)


def state(config: TrainConfig = CONFIG) -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        g = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
        d = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0))
    return GANState(g, d, "non-saturating", config)


def test_networks_and_optimizers_by_name_in_order():
    system = state()
    assert list(networks_of(system)) == ["generator", "discriminator"]
    assert networks_of(system)["discriminator"] is system.discriminator
    assert list(optimizers_of(system)) == ["g_optimizer", "d_optimizer"]
    assert optimizers_of(system)["g_optimizer"] is system.g_optimizer
    assert networks_of(object()) == optimizers_of(object()) == {}


def test_a_record_shows_the_norms_of_the_gradients_that_were_used():
    """A step of SGD at rate 1 moves the weights by the gradient itself."""
    system = state(replace(CONFIG, steps=1, ema_decay=0.0, r1_gamma=0.5))
    system.g_optimizer = torch.optim.SGD(system.generator.parameters(), lr=1.0)
    system.d_optimizer = torch.optim.SGD(system.discriminator.parameters(), lr=1.0)
    before = {
        k: nn.utils.parameters_to_vector(n.parameters()) for k, n in networks_of(system).items()
    }
    (record,) = train(system, DATA, system.config)
    for key, name in (("generator", "g_gradient"), ("discriminator", "d_gradient")):
        after = nn.utils.parameters_to_vector(networks_of(system)[key].parameters())
        assert record.metrics[name] == pytest.approx((after - before[key]).norm().item(), rel=1e-5)


@pytest.mark.parametrize(("which", "prefix"), [("generator", "g"), ("discriminator", "d")])
def test_a_gradient_that_is_not_finite_stops_the_run(which, prefix, monkeypatch):
    """The losses are finite, the gradient is not."""
    system = state()
    monkeypatch.setattr(system.d_optimizer, "step", lambda: None)  # else G's loss is NaN too
    weight = next(networks_of(system)[which].parameters())
    weight.register_hook(lambda gradient: gradient * math.inf)
    wanted = f"{prefix}_gradient of the {which} is .* at step 1: training diverged"
    with pytest.raises(TrainingDiverged, match=wanted) as caught:
        list(train(system, DATA, replace(CONFIG, log_every=1)))
    assert (caught.value.which, caught.value.network) == (f"{prefix}_gradient", which)


def test_the_error_names_the_last_checkpoint():
    system = state()
    system.last_checkpoint = Path("runs") / "step-2.pt"
    next(system.generator.parameters()).data.fill_(math.nan)
    with pytest.raises(TrainingDiverged, match=r"checkpoint is runs.step-2\.pt\.$") as caught:
        list(train(system, DATA, CONFIG))
    assert caught.value.checkpoint == system.last_checkpoint
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.checkpoint) == (str(caught.value), system.last_checkpoint)
    assert str(TrainingDiverged(3, "loss")).endswith("no checkpoint was saved.")
