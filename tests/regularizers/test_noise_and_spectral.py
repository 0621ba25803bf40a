"""Instance noise by its moments, spectral norm by torch's singular values."""

import math

import pytest
import torch
from torch import nn

from gan_lessons.regularizers import instance_noise, spectral_norm


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(20000,), (5000, 4), (500, 2, 4, 5)])
def test_instance_noise_adds_independent_normals(shape):
    x = torch.full(shape, 2.0)
    noise = (instance_noise(x, 0.5, generator()) - x).flatten()
    n = len(noise)
    # |mean| < 5 standard errors, and the variance likewise: false alarm below 1e-6 each.
    assert abs(noise.mean().item()) < 5 * 0.5 / math.sqrt(n)
    assert noise.var().item() == pytest.approx(0.25, abs=5 * 0.25 * math.sqrt(2 / n))
    assert abs((noise[1:] * noise[:-1]).mean().item()) < 5 * 0.25 / math.sqrt(n)


def test_instance_noise_passes_gradients_and_zero_draws_nothing():
    x = torch.zeros(3, requires_grad=True)
    instance_noise(x, 0.5, generator()).sum().backward()
    assert x.grad.tolist() == [1.0] * 3
    rng = generator()
    state = rng.get_state()
    assert instance_noise(x, 0.0, rng) is x
    assert torch.equal(rng.get_state(), state)


def test_instance_noise_repeats_and_checks():
    x = torch.zeros(4)
    assert torch.equal(instance_noise(x, 1.0, generator(3)), instance_noise(x, 1.0, generator(3)))
    with pytest.raises(ValueError, match="std must be zero or positive"):
        instance_noise(x, -1.0)
    with pytest.raises(TypeError, match="images must be floating point"):
        instance_noise(x.long(), 1.0)
    with pytest.raises(TypeError, match=r"images must be a torch.Tensor, got float"):
        instance_noise(0.0, 1.0)


def network() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(36, 8), nn.Linear(8, 1)
        )


def test_spectral_norm_makes_the_largest_singular_value_one():
    plain, normalised = network(), spectral_norm(network(), rng=generator())
    x = torch.randn(2, 1, 5, 5, generator=generator())
    for _ in range(200):  # power iterations
        normalised(x)
    normalised.eval()
    for index in (0, 3, 4):
        top = torch.linalg.svdvals(normalised[index].weight.flatten(1))[0].item()
        assert top == pytest.approx(1, rel=1e-4)
        raw = plain[index].weight
        expected = raw / torch.linalg.svdvals(raw.flatten(1))[0]
        torch.testing.assert_close(normalised[index].weight, expected, rtol=1e-3, atol=1e-4)


def test_spectral_norm_bounds_the_slope():
    d = spectral_norm(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)), rng=generator())
    x, y = torch.randn(2, 500, 3, generator=generator(1))
    for _ in range(100):
        d(x)
    d.eval()
    slope = (d(x) - d(y)).abs().squeeze(1) / (x - y).norm(dim=1)
    assert slope.max().item() <= 1.0001


def test_spectral_norm_is_seeded_and_leaves_the_global_state():
    before = torch.get_rng_state()
    a = spectral_norm(network(), rng=generator(5))
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(1)  # another global state: it must not matter
    b, other = (
        spectral_norm(network(), rng=generator(5)),
        spectral_norm(network(), rng=generator(6)),
    )
    torch.set_rng_state(before)
    for key, tensor in a.state_dict().items():
        assert torch.equal(tensor, b.state_dict()[key])
    same = [torch.equal(t, other.state_dict()[key]) for key, t in a.state_dict().items()]
    assert not all(same)


def test_spectral_norm_checks():
    with pytest.raises(TypeError, match=r"network must be a torch.nn.Module, got str"):
        spectral_norm("D")
    with pytest.raises(ValueError, match="must have a linear or convolutional layer"):
        spectral_norm(nn.ReLU())
    with pytest.raises(ValueError, match="parametrised already"):
        spectral_norm(spectral_norm(network()))
    with pytest.raises(ValueError, match="n_power_iterations must be at least 1"):
        spectral_norm(network(), n_power_iterations=0)
    with pytest.raises(TypeError, match=r"rng must be a torch.Generator or None, got int"):
        spectral_norm(network(), rng=0)


@pytest.mark.parametrize("std", [0.0, 0.1])
def test_instance_noise_checks_its_generator(std):
    with pytest.raises(TypeError, match=r"rng must be a torch.Generator or None, got int"):
        instance_noise(torch.zeros(2, 2), std, 0)
