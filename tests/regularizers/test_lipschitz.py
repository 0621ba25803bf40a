"""The Lipschitz bound by singular values, by measured slopes, and where it is sharp."""

import pytest
import torch
from torch import nn

from gan_lessons.networks import DCGANDiscriminator, MLPDiscriminator
from gan_lessons.regularizers import clip_weights, input_gradient, lipschitz_bound, spectral_norm


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_linear_layers_multiply():
    first, second = nn.Linear(3, 4), nn.Linear(4, 2)
    with torch.no_grad():
        first.weight.copy_(torch.randn(4, 3, generator=generator()))
        second.weight.copy_(torch.randn(2, 4, generator=generator(1)))
    singular = [torch.linalg.svdvals(layer.weight)[0].item() for layer in (first, second)]
    chain = nn.Sequential(first, nn.ReLU(), second, nn.Sigmoid())
    assert lipschitz_bound(first) == pytest.approx(singular[0], rel=1e-6)
    assert lipschitz_bound(chain) == pytest.approx(singular[0] * singular[1] / 4, rel=1e-6)
    assert lipschitz_bound(nn.LeakyReLU(-3.0)) == 3.0


def test_silu_slope_is_the_largest():
    x = torch.linspace(-6, 6, 200_001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(nn.SiLU()(x).sum(), x)
    bound = lipschitz_bound(nn.SiLU())
    assert float(slope.abs().max()) <= bound < float(slope.abs().max()) + 1e-4


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (4, 2), (3, 2), (5, 3), (1, 1), (2, 2)])
def test_a_convolution_is_bounded_and_nearly_reached(kernel, stride):
    layer = nn.Conv2d(2, 3, kernel, stride, padding=kernel // 2, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator()).double())
    size = 9
    pixels = torch.eye(2 * size * size, dtype=torch.float64).reshape(-1, 2, size, size)
    matrix = layer(pixels).flatten(1).T.detach()  # the convolution as a map
    exact = float(torch.linalg.svdvals(matrix)[0])
    assert exact <= lipschitz_bound(layer) * (1 + 1e-12)
    with torch.no_grad():
        layer.weight.fill_(1.0)  # all places add up: the bound is nearly reached
    exact = float(torch.linalg.svdvals(layer(pixels).flatten(1).T.detach())[0])
    assert exact <= lipschitz_bound(layer) * (1 + 1e-12)
    assert exact > 0.6 * lipschitz_bound(layer)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu", "tanh", "silu"])
def test_no_slope_of_a_network_is_above(activation):
    critic = MLPDiscriminator(2, 32, 2, activation, rng=generator())
    slopes = (
        input_gradient(critic, 3 * torch.randn(500, 2, generator=generator(1))).norm(dim=1).detach()
    )
    assert 0 < float(slopes.max()) <= lipschitz_bound(critic)
    images = DCGANDiscriminator(16, width=8, normalisation="none", rng=generator())
    slopes = (
        input_gradient(images, torch.randn(40, 1, 16, 16, generator=generator(2)))
        .norm(dim=1)
        .detach()
    )
    assert 0 < float(slopes.max()) <= lipschitz_bound(images)


def test_spectral_norm_bounds_by_one_and_nothing_is_changed():
    critic = spectral_norm(MLPDiscriminator(2, 16, rng=generator()), 5, rng=generator())
    x = torch.randn(8, 2, generator=generator(1))
    for _ in range(100):
        critic(x)
    state = {k: v.clone() for k, v in critic.state_dict().items()}
    critic.layers[0].eval()
    assert lipschitz_bound(critic) == pytest.approx(1, abs=1e-3)
    assert all(torch.equal(v, state[k]) for k, v in critic.state_dict().items())
    assert critic.training
    assert not critic.layers[0].training


def test_clipped_weights_bound_the_slope():
    critic = MLPDiscriminator(2, 16, rng=generator())
    assert clip_weights(critic, 0.05) is critic
    values = torch.cat([weight.detach().flatten() for weight in critic.parameters()])
    assert float(values.abs().max()) == pytest.approx(0.05)
    assert float((values.abs() < 0.05).float().mean()) > 0.01
    assert lipschitz_bound(critic) <= 0.05**3 * (2 * 16) ** 0.5 * 16 * 16**0.5 + 1e-9


def test_bad_input_is_named():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

    with pytest.raises(ValueError, match="chain of linear or convolutional layers.*got Twice"):
        lipschitz_bound(Twice())
    with pytest.raises(ValueError, match="got BatchNorm1d, whose slope is not known"):
        lipschitz_bound(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    with pytest.raises(ValueError, match="got Conv2d"):
        lipschitz_bound(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"))
    with pytest.raises(TypeError, match=r"network must be a torch.nn.Module, got int"):
        lipschitz_bound(3)
    with pytest.raises(TypeError, match=r"network must be a torch.nn.Module, got str"):
        clip_weights("critic")
    with pytest.raises(ValueError, match="bound must be positive"):
        clip_weights(nn.Linear(2, 2), 0.0)
