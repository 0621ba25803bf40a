import math

import pytest
import torch
from scipy import stats

from gan_lessons.experiments.seed_statistics import (
    mean_interval,
    paired_interval,
    paired_share_test,
)


def draws(seed: int, n: int) -> torch.Tensor:
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_intervals_are_scipys(level):
    a, b = draws(0, 16), draws(1, 16) + 0.3
    want = stats.ttest_1samp(a, 0).confidence_interval(level)
    assert mean_interval(a, level) == pytest.approx((float(a.mean()), want.low, want.high))
    want = stats.ttest_rel(b, a).confidence_interval(level)  # trick - baseline
    found = paired_interval(a, b, level)
    assert found == pytest.approx((float((b - a).mean()), want.low, want.high))


def test_intervals_cover_as_often_as_they_say():
    """The count is binomial(2000, 0.9) for normal values: outside these bounds in 1 of 10,000."""
    inside = 0
    for seed in range(2000):
        _, low, high = mean_interval(draws(seed, 8) + 5, 0.9)
        inside += low < 5 < high
    low, high = stats.binom.interval(1 - 1e-4, 2000, 0.9)
    assert low <= inside <= high


def test_equal_values_have_no_width():
    assert mean_interval(torch.ones(4)) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("only_trick", "only_baseline"), [(0, 0), (5, 0), (2, 9), (7, 7), (30, 12)]
)
def test_share_test_is_the_binomial_test_of_scipy(only_trick, only_baseline):
    trick = torch.tensor([True] * only_trick + [False] * only_baseline + [True, True, False])
    baseline = torch.tensor([False] * only_trick + [True] * only_baseline + [True, True, False])
    m = only_trick + only_baseline
    want = stats.binomtest(only_trick, m, 0.5).pvalue if m else 1.0
    assert paired_share_test(baseline, trick) == pytest.approx(want)


def test_wrong_arguments_are_named():
    yes = torch.tensor([True, False])
    with pytest.raises(ValueError, match="values needs at least 2 samples, got 1"):
        mean_interval(torch.ones(1))
    with pytest.raises(ValueError, match="values must be finite"):
        mean_interval(torch.tensor([1.0, math.nan]))
    with pytest.raises(ValueError, match="level must lie strictly between 0 and 1"):
        mean_interval(torch.ones(3), 1.0)
    with pytest.raises(ValueError, match="baseline and trick must have the same shape"):
        paired_interval(torch.ones(3), torch.ones(2))
    with pytest.raises(ValueError, match="baseline and trick must have the same shape"):
        paired_share_test(yes, yes[:1])
    with pytest.raises(TypeError, match="baseline and trick must be bool"):
        paired_share_test(yes, yes.float())
