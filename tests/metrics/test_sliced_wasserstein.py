"""Sliced Wasserstein distance: closed form for a shift, sorting in 1-D, bounds in between."""

import math

import pytest
import scipy.stats
import torch

from gan_lessons.metrics import sliced_wasserstein
from gan_lessons.two_sample import transport_plan, wasserstein_1d


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("n", "m"), [(40, 40), (30, 50)])
def test_on_the_line_each_direction_is_the_line(n, m):
    x, y = torch.randn(n, generator=generator()), torch.randn(m, generator=generator(1)) + 1
    found = sliced_wasserstein(x, y, 3, generator(2))
    assert float(found) == pytest.approx(float(wasserstein_1d(x, y)), rel=1e-5)
    expected = scipy.stats.wasserstein_distance(x.numpy(), y.numpy())
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("d", [2, 3, 10])
def test_a_shift_costs_its_mean_projection(d):
    x = torch.randn(50, d, generator=generator(), dtype=torch.float64)
    shift = torch.arange(1.0, d + 1).double()
    k = 20_000
    found = float(sliced_wasserstein(x, x + shift, k, generator(3)))
    expected = float(shift.norm()) * math.gamma(d / 2) / math.gamma((d + 1) / 2) / math.pi**0.5
    # |projection| has a standard deviation below its mean: five standard errors, alarm < 1e-6.
    assert found == pytest.approx(expected, rel=5 / math.sqrt(k))


@pytest.mark.parametrize(("n", "m"), [(30, 30), (20, 45)])
def test_below_the_whole_distance_and_zero_only_where_equal(n, m):
    x = torch.randn(n, 4, generator=generator(), dtype=torch.float64)
    y = torch.randn(m, 4, generator=generator(1), dtype=torch.float64) + 0.5
    found = float(sliced_wasserstein(x, y, 200, generator(2)))
    assert 0 < found < transport_plan(x, y).cost
    swapped = sliced_wasserstein(y, x, 200, generator(2))
    assert found == pytest.approx(float(swapped), rel=1e-12)
    assert float(sliced_wasserstein(x, x.flip(0), 50, generator())) == pytest.approx(0, abs=1e-15)


def test_a_generator_can_learn_from_it():
    y = torch.zeros(8, 2, requires_grad=True)
    sliced_wasserstein(torch.ones(8, 2), y, 500, generator()).backward()
    assert bool((y.grad < 0).all())  # towards (1, 1)


def test_repeats_and_checks():
    x, y = torch.zeros(5, 2), torch.ones(5, 2)
    assert sliced_wasserstein(x, y, 7, generator(4)) == sliced_wasserstein(x, y, 7, generator(4))
    with pytest.raises(ValueError, match="n_projections must be at least 1"):
        sliced_wasserstein(x, y, 0)
    with pytest.raises(TypeError, match="rng must be a torch.Generator or None"):
        sliced_wasserstein(x, y, 5, 0)
    with pytest.raises(ValueError, match="same number of features"):
        sliced_wasserstein(x, y[:, :1])
    with pytest.raises(ValueError, match="sliced Wasserstein distance came out as inf"):
        sliced_wasserstein(x + 3e38, -y - 3e38, 5, generator())
