"""cdf, quantile, support and breakpoints of laws on the line."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from gan_lessons.distributions import Mixture, Normal, Uniform

P = torch.tensor([1e-12, 1e-4, 0.1, 0.3, 0.5, 0.77, 0.999], dtype=torch.float64)


def test_normal_and_uniform_are_scipys():
    np.testing.assert_allclose(Normal(1.0, 2.0).quantile(P), stats.norm(1, 2).ppf(P), rtol=1e-12)
    x = torch.linspace(-30, 9, 40, dtype=torch.float64)
    np.testing.assert_allclose(Normal(1.0, 2.0).cdf(x), stats.norm(1, 2).cdf(x), rtol=1e-11)
    law = stats.uniform(-1, 4)
    np.testing.assert_allclose(Uniform(-1.0, 3.0).quantile(P), law.ppf(P), rtol=1e-12)
    np.testing.assert_allclose(Uniform(-1.0, 3.0).cdf(x), law.cdf(x), rtol=1e-12)


def test_mixture_quantile_inverts_the_cdf():
    law = Mixture([0.3, 0.7], [-5.0, 2.0], [0.01, 1.4])
    np.testing.assert_allclose(law.cdf(law.quantile(P)), P, rtol=1e-11)
    both = law.quantile(torch.tensor([0.0, 1.0]))
    assert both.tolist() == [-math.inf, math.inf]
    same = Mixture([0.5, 0.5], [1.0, 1.0], [2.0, 2.0])
    np.testing.assert_allclose(same.quantile(P), stats.norm(1, 2).ppf(P), rtol=1e-10)


def test_quantiles_at_the_ends():
    ends = torch.tensor([0.0, 1.0])
    assert Normal().quantile(ends).tolist() == [-math.inf, math.inf]
    assert Uniform(-1.0, 3.0).quantile(ends).tolist() == [-1, 3]


@pytest.mark.parametrize(
    "law",
    [Normal(0.5, 2.0), Uniform(-1.0, 3.0), Mixture([0.3, 0.7], [-5.0, 2.0], [0.01, 1.4])],
    ids=repr,
)
def test_breakpoints_rise_and_hold_all_the_mass(law):
    points = law.breakpoints()
    assert list(points) == sorted(set(points))
    low, high = law.support()
    assert low <= points[0] < points[-1] <= high
    ends = law.cdf(torch.tensor([points[0], points[-1]], dtype=torch.float64))
    assert float(ends[1] - ends[0]) == pytest.approx(1, abs=1e-14)
    assert law.cdf(torch.zeros(4, dtype=torch.float64)).shape == (4,)


def test_a_narrow_component_is_among_the_breakpoints():
    points = Mixture([0.5, 0.5], [0.0, 3.0], [1.0, 1e-5]).breakpoints()
    assert 3.0 in points
    assert any(0 < abs(p - 3) < 1e-4 for p in points)
