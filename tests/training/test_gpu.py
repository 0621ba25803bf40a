"""What only a CUDA device can show. Skipped where there is none."""

import copy
from dataclasses import replace

import pytest
import torch

from gan_lessons.networks import DCGANDiscriminator, DCGANGenerator
from gan_lessons.training import GANState, TrainConfig, load_checkpoint, save_checkpoint, train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

CONFIG = TrainConfig(
    steps=60, batch_size=16, z_dim=8, log_every=50, r1_gamma=0.1, ema_decay=0.99, instance_noise=0.1
)
IMAGES = torch.rand(500, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def state(config: TrainConfig, device: str = "cuda") -> GANState:
    rng = torch.Generator().manual_seed(0)
    g = DCGANGenerator(32, 3, z_dim=8, width=16, rng=rng)
    d = DCGANDiscriminator(32, 3, width=16, rng=rng)
    return GANState(g.to(device), d.to(device), "non-saturating", config)


@pytest.fixture
def strict():
    """Make every wait of the host for the device an error."""
    yield lambda: torch.cuda.set_sync_debug_mode("error")
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("where", ["cuda", "cpu"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"precision": "tf32"},
        {"precision": "bfloat16", "channels_last": True},
        {"precision": "bfloat16", "channels_last": True, "compile": True},
    ],
)
def test_the_host_does_not_wait_between_records(options, where, strict):
    """Fifty steps with data on the device, and with data sent ahead from the host."""
    config = replace(CONFIG, **options)
    system = state(config)
    next(train(system, IMAGES.to(where), replace(config, steps=5)))  # compiles, fills caches
    records = train(system, IMAGES.to(where), replace(config, log_every=1000, steps=1000))
    step, stop = system.step, RuntimeError("fifty steps done")

    def counted(batch, rng):
        strict()
        metrics = step(batch, rng)
        if system.steps_done == 55:
            raise stop
        return metrics

    system.step = counted
    with pytest.raises(RuntimeError, match="fifty steps done"):
        next(records)


def test_bfloat16_and_channels_last_stay_close_to_float32():
    fast = state(replace(CONFIG, precision="bfloat16", channels_last=True))
    plain = state(CONFIG)
    batch = IMAGES[:16].cuda()
    rng = torch.Generator("cuda")
    mine, exact = (s.step(batch, rng.manual_seed(0)) for s in (fast, plain))
    for name in mine:
        torch.testing.assert_close(mine[name], exact[name], rtol=0.05, atol=0.02)


def test_a_run_from_the_hosts_memory_goes_on_with_its_rows(tmp_path):
    """The losses agree as far as the GPU's sums repeat."""
    whole, first, second = (state(CONFIG) for _ in range(3))
    full = [r.metrics for r in train(whole, IMAGES, replace(CONFIG, log_every=1, steps=12))]
    list(train(first, IMAGES, replace(CONFIG, steps=6)))
    load_checkpoint(save_checkpoint(tmp_path / "run.pt", first), second)
    rest = [r.metrics for r in train(second, IMAGES, replace(CONFIG, log_every=1, steps=12))]
    for a, b in zip(full[6:], rest, strict=True):
        assert a == pytest.approx(b, rel=0.02, abs=0.02)


def test_a_step_can_be_captured_in_a_graph():
    """As ``GANState.step`` says: capturable optimizers, a registered rng, no average."""
    config = replace(CONFIG, ema_decay=0.0)
    eager = state(config)
    batch = IMAGES[:16].cuda()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):  # the optimizers make their numbers before the capture
        for _ in range(3):
            eager.step(batch, eager.rng)
    torch.cuda.synchronize()
    captured = state(config)
    captured.load_state_dict(copy.deepcopy(eager.state_dict()))
    for optimizer in (captured.g_optimizer, captured.d_optimizer):
        for group in optimizer.param_groups:
            group["capturable"] = True
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(captured.rng)
    with torch.cuda.graph(graph):
        metrics = captured.step(batch, captured.rng)
    for _ in range(3):
        graph.replay()
        wanted = eager.step(batch, eager.rng)
    torch.cuda.synchronize()
    torch.testing.assert_close(metrics["d_loss"], wanted["d_loss"], rtol=0.02, atol=0.02)
    assert captured.steps_done == 4  # the host counts the capture, and no replay
