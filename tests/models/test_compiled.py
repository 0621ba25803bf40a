"""Compiled networks make the same run, up to rounding, in every model of several networks."""

import shutil
from dataclasses import replace

import pytest
import torch

from gan_lessons.models import (
    VAEGAN,
    BiGAN,
    CycleGAN,
    CycleGANConfig,
    Pix2Pix,
    Pix2PixConfig,
    VAEGANConfig,
)
from gan_lessons.networks import (
    MLP,
    MLPDiscriminator,
    MLPEncoder,
    MLPGenerator,
    MLPPairDiscriminator,
    PatchDiscriminator,
    ResnetTranslator,
)
from gan_lessons.training import TrainConfig, train
from gan_lessons.training.system import networks_of

SHORT = {"steps": 3, "batch_size": 2, "log_every": 1, "r1_gamma": 0.1}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def translators(n, channels):
    source = rng()
    return (
        [ResnetTranslator(3, 3, 4, 1, rng=source) for _ in range(n)],
        [PatchDiscriminator(channels, 4, 1, rng=source) for _ in range(n)],
    )


def cycle(compiled):
    config = CycleGANConfig(**SHORT, identity_weight=5.0, ema_decay=0.9, compile=compiled)
    generators, judges = translators(2, 3)
    return CycleGAN(*generators, *judges, "least-squares", config)


def paired(compiled):
    (generator,), (judge,) = translators(1, 6)
    return Pix2Pix(generator, judge, "least-squares", Pix2PixConfig(**SHORT, compile=compiled))


def vae_gan(compiled):
    networks = MLPEncoder(3, 2, rng=rng()), MLPGenerator(2, 3, rng=rng(1))
    config = VAEGANConfig(**SHORT, z_dim=2, compile=compiled)
    return VAEGAN(*networks, MLPDiscriminator(3, rng=rng(2)), "non-saturating", config)


def bigan(compiled):
    networks = MLPGenerator(2, 3, rng=rng()), MLP(3, 2, rng=rng(1))
    judge = MLPPairDiscriminator(3, 2, rng=rng(2))
    return BiGAN(
        *networks, judge, "non-saturating", TrainConfig(**SHORT, z_dim=2, compile=compiled)
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs c++")
@pytest.mark.filterwarnings("default")  # the compiler's own
@pytest.mark.parametrize("make", [cycle, paired, vae_gan, bigan])
def test_compiled_runs_are_the_same_up_to_rounding(make):
    images = make in (cycle, paired)
    a, b = torch.rand(2, 8, 3, 16, 16, generator=rng(5)) * 2 - 1
    data = (a, b) if images else torch.randn(16, 3, generator=rng(5))
    fast, plain = make(True), make(False)
    for one, other in zip(
        train(fast, data, fast.config), train(plain, data, plain.config), strict=True
    ):
        for name, value in other.metrics.items():
            assert one.metrics[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name
    for mine, theirs in zip(networks_of(fast).values(), networks_of(plain).values(), strict=True):
        for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)
    assert replace(fast.config, compile=False) == plain.config
