import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_lessons.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    ImageClassifier,
    MLPDiscriminator,
    MLPGenerator,
    count_parameters,
    initialise,
)

MAKERS = {
    "generator": lambda g: DCGANGenerator(16, width=4, z_dim=4, rng=g),
    "discriminator": lambda g: DCGANDiscriminator(16, width=4, rng=g),
    "spectral": lambda g: DCGANDiscriminator(16, width=4, normalisation="spectral", rng=g),
    "classifier": lambda g: ImageClassifier(8, width=4, rng=g),
    "mlp generator": lambda g: MLPGenerator(rng=g),
    "mlp discriminator": lambda g: MLPDiscriminator(rng=g),
}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def same(a, b):
    first, second = a.state_dict(), b.state_dict()
    return all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_same_seed_same_network_and_global_state_untouched(make):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = make(rng(0))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)  # other global state, same network
    assert same(first, make(rng(0)))
    assert not same(first, make(rng(1)))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_without_rng_the_default_generator_is_drawn_from(make):
    torch.manual_seed(3)
    first, other = make(None), make(None)
    torch.manual_seed(3)
    assert same(first, make(None))
    assert not same(first, other)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_initialise_makes_a_used_network_as_new(make):
    net = make(rng(0))
    used = copy.deepcopy(net)
    with torch.no_grad():
        for value in used.state_dict().values():
            value.add_(1)
    std = None if "MLP" in type(net).__name__ or isinstance(net, ImageClassifier) else 0.02
    assert initialise(used, rng(0), std) is used
    assert same(net, used)


def test_dcgan_weights_have_mean_0_and_std_002():
    for net in (DCGANGenerator(32, width=32, rng=rng()), DCGANDiscriminator(32, rng=rng())):
        for layer in net.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                weight, n = layer.weight.detach(), layer.weight.numel()
                # 4.5 standard errors, at 8 layers: false alarm below 1e-4
                assert abs(float(weight.mean())) < 4.5 * 0.02 / n**0.5
                assert abs(float(weight.std()) / 0.02 - 1) < 4.5 / (2 * n) ** 0.5
                assert layer.bias is None or not layer.bias.any()
            if isinstance(layer, nn.BatchNorm2d):
                scale = layer.weight.detach()
                assert abs(float(scale.mean()) - 1) < 4.5 * 0.02 / len(scale) ** 0.5
                assert 0 < float(scale.std()) < 0.04


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (nn.Linear(50, 400), 50),
        (nn.Conv2d(8, 100, 5), 200),
        (nn.ConvTranspose2d(100, 20, 4, stride=2), 400),
        (spectral_norm(nn.Linear(50, 400)), 50),
    ],
    ids=["linear", "convolution", "transposed", "spectral"],
)
def test_fan_in(layer, fan_in):
    initialise(layer, rng(), std=None)
    spectral = hasattr(layer, "parametrizations")
    weight = layer.parametrizations.weight.original if spectral else layer.weight
    assert float(weight.detach().std()) == pytest.approx((2 / fan_in) ** 0.5, rel=0.03)


def test_spectral_norm_of_a_transposed_convolution():
    layer = spectral_norm(nn.ConvTranspose2d(6, 4, 3))
    initialise(layer, rng())
    layer.eval()
    matrix = layer.weight.detach().movedim(1, 0).flatten(1)
    assert torch.linalg.matrix_norm(matrix, ord=2).item() == pytest.approx(1.0, abs=0.05)


def test_numbers_are_the_same_in_float64():
    single, double = nn.Linear(4, 3), nn.Linear(4, 3).double()
    initialise(single, rng())
    initialise(double, rng())
    assert torch.allclose(single.weight.double(), double.weight, rtol=1e-6)


@pytest.mark.parametrize("std", [0.0, -0.1, float("nan")])
def test_bad_std(std):
    with pytest.raises(ValueError, match="std must be positive"):
        initialise(nn.Linear(2, 2), std=std)


@pytest.mark.parametrize("kind", MAKERS)
def test_rng_is_a_torch_generator(kind):
    with pytest.raises(TypeError, match=r"rng must be a torch.Generator or None, got int"):
        MAKERS[kind](0)


def test_what_is_no_network_is_named():
    for function in (initialise, count_parameters):
        with pytest.raises(TypeError, match=r"module must be a torch.nn.Module, got int"):
            function(3)


def test_sizes_may_be_numbers_of_numpy():
    size, width = np.int64(16), np.int64(4)
    images = DCGANGenerator(size, np.int64(1), width, width)(torch.zeros(2, 4))
    assert DCGANDiscriminator(size, np.int64(1), width)(images).shape == (2,)
    assert ImageClassifier(size, width=width)(images).shape == (2, 10)
    points = MLPGenerator(width, np.int64(3), width, np.int64(1))(torch.zeros(2, 4))
    assert MLPDiscriminator(np.int64(3), width)(points).shape == (2,)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cpu_generator_gives_the_same_network_on_cuda():
    net = DCGANDiscriminator(16, width=4, normalisation="spectral", rng=rng())
    moved = initialise(copy.deepcopy(net).cuda(), rng(0)).cpu()
    for key, value in net.state_dict().items():
        assert torch.allclose(value, moved.state_dict()[key], atol=1e-5)
