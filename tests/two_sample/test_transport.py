"""Transport plans by scipy, by hand and by the theorems that they must obey."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.two_sample import kantorovich_potential, transport_plan, wasserstein_1d

FEW = settings(deadline=None, derandomize=True, max_examples=25)
numbers = st.floats(-5, 5, allow_nan=False, width=32)
lines = st.lists(numbers, min_size=2, max_size=8).map(
    lambda values: torch.tensor(values, dtype=torch.float64)
)


def samples(n, m, d, seed=0, shift=1.0):
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=rng, dtype=torch.float64)
    return x, 1.3 * torch.randn(m, d, generator=rng, dtype=torch.float64) + shift


@pytest.mark.parametrize(
    ("n", "m", "d"), [(1, 1, 1), (6, 9, 1), (30, 30, 2), (17, 40, 5), (60, 60, 3)]
)
def test_primal_is_dual_and_the_plan_is_one(n, m, d):
    x, y = samples(n, m, d)
    found = transport_plan(x, y)
    assert found.plan.shape == (n, m)
    assert bool((found.plan >= 0).all())
    assert torch.allclose(found.plan.sum(1), torch.full((n,), 1 / n).double(), atol=1e-12)
    assert torch.allclose(found.plan.sum(0), torch.full((m,), 1 / m).double(), atol=1e-12)
    assert abs(found.cost - found.dual_value) < 1e-8
    assert found.cost == pytest.approx(float((found.plan * torch.cdist(x, y)).sum()), abs=1e-9)


def test_equal_sizes_are_an_assignment_problem():
    x, y = samples(40, 40, 3)
    costs = torch.cdist(x, y).numpy()
    rows, columns = scipy.optimize.linear_sum_assignment(costs)
    assert transport_plan(x, y).cost == pytest.approx(costs[rows, columns].mean(), abs=1e-9)


def test_weights_are_masses():
    """From 3/4 at 0 and 1/4 at 4 to 0.6 at 1 and 0.4 at 2: 0.6 * 1 + 0.15 * 2 + 0.25 * 2."""
    x, y = torch.tensor([0.0, 4.0]).double(), torch.tensor([1.0, 2.0]).double()
    a, b = torch.tensor([0.75, 0.25]).double(), torch.tensor([0.6, 0.4], dtype=torch.float64)
    found = transport_plan(x, y, a, b)
    assert found.cost == pytest.approx(0.6 * 1 + 0.15 * 2 + 0.25 * 2, abs=1e-9)
    expected = scipy.stats.wasserstein_distance([0, 4], [1, 2], a.numpy(), b.numpy())
    assert found.cost == pytest.approx(expected, abs=1e-9)
    assert torch.allclose(found.plan.sum(1), a)
    assert torch.allclose(found.plan.sum(0), b)


@given(lines, lines)
@FEW
def test_on_the_line_it_is_sorting(x, y):
    found = transport_plan(x, y)
    assert found.cost == pytest.approx(float(wasserstein_1d(x, y)), abs=1e-8)
    expected = scipy.stats.wasserstein_distance(x.numpy(), y.numpy())
    assert found.cost == pytest.approx(expected, abs=1e-8)
    assert found.dual_value == pytest.approx(expected, abs=1e-8)


@given(lines, lines, lines)
@FEW
def test_metric_axioms(x, y, z):
    def distance(a, b):
        return float(wasserstein_1d(a, b))

    assert distance(x, x) == 0
    assert distance(x, y) == pytest.approx(distance(y, x), abs=1e-12)
    assert distance(x, z) <= distance(x, y) + distance(y, z) + 1e-9
    same = torch.equal(x.unique(), y.unique()) and np.isclose(distance(x, y), 0)
    assert same or distance(x, y) > 0 or sorted(x.tolist() * len(y)) == sorted(y.tolist() * len(x))


@pytest.mark.parametrize("d", [1, 2, 4])
def test_the_potential_is_a_critic(d):
    """1-Lipschitz everywhere, slope 1 along every way that mass takes, and worth W1."""
    x, y = samples(25, 35, d)
    found = transport_plan(x, y)
    f_x, f_y = (kantorovich_potential(found, y, points) for points in (x, y))
    assert torch.allclose(f_x, found.potential_x, atol=1e-12)
    assert torch.allclose(f_y, found.potential_y, atol=1e-12)
    assert float(f_x.mean() - f_y.mean()) == pytest.approx(found.cost, abs=1e-8)
    anywhere = torch.cat([x, y, samples(50, 1, d, seed=1)[0] * 4])
    f = kantorovich_potential(found, y, anywhere)
    gaps, ways = (f[:, None] - f).abs(), torch.cdist(anywhere, anywhere)
    assert bool((gaps <= ways + 1e-7).all())
    used = found.plan > 1e-9
    assert torch.allclose((f_x[:, None] - f_y)[used], torch.cdist(x, y)[used], atol=1e-7)


def test_scale_dtype_and_equal_points():
    x, y = samples(12, 9, 2)
    one, big = transport_plan(x, y), transport_plan(1e6 * x, 1e6 * y)
    assert big.cost == pytest.approx(1e6 * one.cost, rel=1e-9)
    assert transport_plan(x.float(), y.float()).plan.dtype == torch.float32
    zero = transport_plan(torch.ones(3, 2), torch.ones(4, 2))
    assert zero.cost == 0 == zero.dual_value


def test_bad_input_is_named():
    x, y = samples(3, 4, 2)
    with pytest.raises(ValueError, match="same number of features"):
        transport_plan(x, y[:, :1])
    with pytest.raises(ValueError, match=r"at most 250000 pairs, got 600 x 600 = 360000"):
        transport_plan(torch.zeros(600), torch.zeros(600))
    with pytest.raises(ValueError, match=r"x_weights must have shape \(3,\), got \(4,\)"):
        transport_plan(x, y, torch.full((4,), 0.25))
    with pytest.raises(ValueError, match="y_weights must be zero or positive with sum one"):
        transport_plan(x, y, None, torch.ones(4))
    with pytest.raises(ValueError, match="y must be the samples that transport_plan was given, 4"):
        kantorovich_potential(transport_plan(x, y), x, x)
