"""The options for speed: what each changes, and that it changes nothing else."""

import copy
import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_lessons.networks import DCGANDiscriminator, DCGANGenerator
from gan_lessons.training import (
    GANState,
    TrainConfig,
    compiled,
    generator_step,
    load_checkpoint,
    save_checkpoint,
    train,
)
from gan_lessons.training.compiled import TracedAdam, can_compile_step, can_trace
from gan_lessons.training.precision import gpu_precision, in_precision
from gan_lessons.training.system import gradient_norms

CONFIG = TrainConfig(
    steps=6, batch_size=4, z_dim=3, log_every=3, g_lr=1e-3, d_lr=1e-3, r1_gamma=0.5, ema_decay=0.9
)
IMAGES = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
POINTS = IMAGES[:, 0, 0, :2]


def points(config: TrainConfig) -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        g = nn.Sequential(nn.Linear(3, 32), nn.SiLU(), nn.Linear(32, 2))
        d = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 1), nn.Flatten(0))
    return GANState(g, d, "non-saturating", config)


def images(config: TrainConfig) -> GANState:
    rng = torch.Generator().manual_seed(0)
    g = DCGANGenerator(8, 3, z_dim=3, width=4, rng=rng)
    return GANState(g, DCGANDiscriminator(8, 3, width=4, rng=rng), "non-saturating", config)


def numbers(system: GANState) -> list[torch.Tensor]:
    states = (system.generator, system.discriminator, system.ema.network)
    moments = [
        number
        for optimizer in (system.g_optimizer, system.d_optimizer)
        for values in optimizer.state.values()
        for number in values.values()
    ]
    return [value for network in states for value in network.state_dict().values()] + moments


def close(a: GANState, b: GANState, atol: float = 1e-5) -> None:
    for x, y in zip(numbers(a), numbers(b), strict=True):
        torch.testing.assert_close(x, y, rtol=1e-5, atol=atol)


def dtypes(network: nn.Module) -> list[torch.dtype]:
    """Return a list that fills with what the network's first layer gives."""
    seen: list[torch.dtype] = []
    network[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    return seen


def test_bfloat16_passes_stay_close_and_all_that_is_kept_is_float32():
    half = points(replace(CONFIG, precision="bfloat16"))
    full = points(CONFIG)
    in_g, in_d = dtypes(half.generator), dtypes(half.discriminator)
    metrics = half.step(POINTS[:4], half.rng)
    exact = full.step(POINTS[:4], full.rng)
    assert in_g == [torch.bfloat16]
    # real, fake, the penalty, and fake for G
    assert in_d == [torch.bfloat16, torch.bfloat16, torch.float32, torch.bfloat16]
    assert {value.dtype for value in metrics.values()} == {torch.float32}
    assert torch.equal(metrics["penalty"], exact["penalty"])
    assert not torch.equal(metrics["real_logits"], exact["real_logits"])
    for name in metrics:  # bfloat16 keeps 8 bits: 2^-8 = 0.4% for each of a few factors
        torch.testing.assert_close(metrics[name], exact[name], rtol=0.03, atol=0.01)
    assert {value.dtype for value in numbers(half)} == {torch.float32}
    assert half.sample(3, torch.Generator().manual_seed(0)).dtype == torch.float32
    list(train(half, POINTS, half.config))
    list(train(full, POINTS, CONFIG))
    for mine, theirs in zip(
        half.ema.network.parameters(), full.ema.network.parameters(), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=5e-3)  # six Adam steps of 1e-3


def test_losses_of_bfloat16_logits_are_float32():
    """The mean of 1000 losses log 2 is not one of bfloat16's numbers, 0.6914 and 0.6953."""

    class Zero(nn.Module):
        def forward(self, x):
            return nn.functional.linear(x, torch.zeros(1, 2)).squeeze(1)

    judge = in_precision(Zero(), replace(CONFIG, precision="bfloat16"))
    assert judge(torch.ones(3, 2)).dtype == torch.float32
    generator = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    loss = generator_step(
        Zero(),
        optimizer,
        "non-saturating",
        None,
        generator(torch.ones(1000, 3)),
        replace(CONFIG, precision="bfloat16"),
    )
    assert loss.item() == pytest.approx(0.6931472, rel=1e-6)


def test_channels_last_changes_the_layout_and_not_the_numbers():
    system = images(replace(CONFIG, channels_last=True))
    layouts = []
    for layer in system.discriminator.modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.weight.is_contiguous(memory_format=torch.channels_last)
            layer.register_forward_hook(
                lambda module, inputs, output: layouts.append(
                    [x.is_contiguous(memory_format=torch.channels_last) for x in (*inputs, output)]
                )
            )
    list(train(system, IMAGES, system.config))
    assert len(layouts) >= 6
    assert all(all(pair) for pair in layouts)
    plain = images(CONFIG)
    list(train(plain, IMAGES, CONFIG))
    close(system, plain)
    assert plain.discriminator.layers[0].weight.is_contiguous()


@pytest.mark.parametrize("first", [False, True])
def test_checkpoints_go_from_one_layout_to_the_other(first, tmp_path):
    """Without care the moments of Adam would be given to the wrong weights, silently."""
    before = images(replace(CONFIG, channels_last=first))
    list(train(before, IMAGES, replace(before.config, steps=3)))
    path = save_checkpoint(tmp_path / "run.pt", before)
    after = images(replace(CONFIG, channels_last=not first))
    load_checkpoint(path, after)
    for system in (before, after):
        list(train(system, IMAGES, system.config))
    close(before, after)


def test_the_options_may_change_in_a_checkpoint_but_not_in_train():
    fast = replace(CONFIG, precision="bfloat16", channels_last=True)
    system, other = points(CONFIG), points(fast)
    other.load_state_dict(copy.deepcopy(system.state_dict()))
    for name in ("precision", "channels_last"):
        with pytest.raises(ValueError, match=rf"got other {name} \("):
            train(system, POINTS, replace(CONFIG, **{name: getattr(fast, name)}))


@pytest.mark.parametrize(
    ("precision", "wanted"), [("float32", "ieee"), ("tf32", "tf32"), ("bfloat16", "ieee")]
)
def test_what_a_gpu_multiplies_with_is_set_and_put_back(precision, wanted):
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)
    before = [backend.fp32_precision for backend in backends]
    config = replace(CONFIG, precision=precision)

    def fail():
        with gpu_precision(config, torch.device("cuda")):
            assert [backend.fp32_precision for backend in backends] == [wanted, wanted]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [backend.fp32_precision for backend in backends] == before
    with gpu_precision(config, torch.device("cpu")):
        assert [backend.fp32_precision for backend in backends] == before


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"precision": "float16"},
            ValueError,
            "precision must be one of .*'bfloat16'.* got 'float",
        ),
        ({"compile": 1}, TypeError, "compile must be True or False, got 1"),
        ({"channels_last": None}, TypeError, "channels_last must be True or False, got None"),
    ],
)
def test_bad_options(changes, error, message):
    with pytest.raises(error, match=message):
        replace(CONFIG, **changes)


def compiles(test):
    """Mark a test that compiles."""
    for mark in (
        pytest.mark.slow,
        pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs c++"),
        # the compiler's own look at tensors
        pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning"),
    ):
        test = mark(test)
    return test


def passes(network: nn.Module) -> list[int]:
    """Return a list that grows with each pass that Python makes through a network."""
    seen: list[int] = []
    forward = network.forward

    def noted(x):
        if not torch.compiler.is_compiling():
            seen.append(len(x))
        return forward(x)

    network.forward = noted
    return seen


@compiles
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (points, {"r1_gamma": 0.0}),  # the whole step
        (images, {"r1_gamma": 0.0}),  # with the running statistics of BatchNorm
        (points, {"instance_noise": 0.1, "d_steps": 2, "gp_weight": 1.0}),  # the networks
    ],
)
def test_compiled_code_makes_the_same_run(kind, changes, tmp_path):
    data, config = POINTS if kind is points else IMAGES, replace(CONFIG, **changes)
    fast, plain = kind(replace(config, compile=True)), kind(config)
    seen = passes(fast.discriminator)
    for system in (fast, plain):
        list(train(system, data, replace(config, compile=system is fast, steps=3)))
    # None but R1 and GP, in three steps of two updates.
    assert len(seen) == (2 * 3 * 2 if config.r1_gamma else 0)
    assert list(fast.state_dict()["generator"]) == list(plain.state_dict()["generator"])
    close(fast, plain)
    mine, theirs = (gradient_norms(system) for system in (fast, plain))
    for name in ("g_gradient", "d_gradient"):
        torch.testing.assert_close(mine[name], theirs[name], rtol=1e-4, atol=1e-6)
    rng = torch.Generator()
    for ema in (True, False):
        samples = (system.sample(5, rng.manual_seed(2), ema) for system in (fast, plain))
        torch.testing.assert_close(*samples, rtol=1e-5, atol=1e-5)
    # checkpoints go both ways
    save_checkpoint(tmp_path / "compiled.pt", fast)
    save_checkpoint(tmp_path / "plain.pt", plain)
    load_checkpoint(tmp_path / "compiled.pt", plain)
    load_checkpoint(tmp_path / "plain.pt", fast)
    for system in (fast, plain):
        list(train(system, data, system.config))
    close(fast, plain)


@compiles
def test_a_copy_is_compiled_for_itself(monkeypatch):
    """The compiler's first half is enough to see whose weights it takes."""
    traced = torch.compile(compiled._updates, fullgraph=True, backend="eager")
    monkeypatch.setattr(compiled, "_compiled", lambda: traced)
    config = replace(CONFIG, compile=True, r1_gamma=0.0)
    first = points(config)
    first.step(POINTS[:4], first.rng)
    second = copy.deepcopy(first)
    before = copy.deepcopy(numbers(first))
    second.step(POINTS[:4], second.rng)
    assert all(torch.equal(a, b) for a, b in zip(numbers(first), before, strict=True))
    first.step(POINTS[:4], first.rng)
    close(first, second)


def test_adam_in_plain_operations_is_torchs():
    """Both make steps in turn, on the same numbers."""
    weight, gradients = torch.ones(3, 2), torch.randn(6, 3, 2, generator=torch.Generator())
    ends = []
    for turns in ((False,) * 6, (True,) * 6, (False, True) * 3):
        w = nn.Parameter(weight.clone())
        adam = torch.optim.Adam([w], lr=0.1, betas=(0.3, 0.9), fused=True)
        for gradient, traced in zip(gradients, turns, strict=True):
            w.grad = gradient.clone()
            (TracedAdam(adam) if traced else adam).step()
        ends.append([w.detach(), *adam.state[w].values()])
    for other in ends[1:]:
        for a, b in zip(ends[0], other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


def test_other_optimizers_are_left_to_torch():
    w = [nn.Parameter(torch.ones(2))]
    plain = torch.optim.Adam(w)
    assert can_trace(plain)
    plain.register_step_pre_hook(lambda *_: None)
    assert not can_trace(plain)
    assert not can_trace(torch.optim.SGD(w, lr=0.1))
    assert not can_trace(torch.optim.Adam(w, weight_decay=0.1))
    assert not can_trace(torch.optim.AdamW(w))


@pytest.mark.parametrize(
    ("changes", "augmented"),
    [
        ({}, True),
        ({"compile": False}, False),
        ({"d_steps": 2}, False),
        ({"r1_gamma": 1.0}, False),
        ({"r2_gamma": 1.0}, False),
        ({"gp_weight": 1.0}, False),
        ({"instance_noise": 0.1}, False),
    ],
)
def test_what_is_not_compiled_as_a_whole(changes, augmented):
    config = replace(CONFIG, compile=True, r1_gamma=0.0)
    assert can_compile_step(config, False)
    assert not can_compile_step(replace(config, **changes), augmented)
