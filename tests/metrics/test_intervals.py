import pytest
from scipy.stats import binom, binomtest

from gan_lessons.metrics.intervals import binomial_interval


@pytest.mark.parametrize(("k", "n"), [(0, 20), (20, 20), (41, 64), (1, 500), (7, 7)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_equals_scipys_exact_interval(k: int, n: int, level: float) -> None:
    theirs = binomtest(k, n).proportion_ci(confidence_level=level, method="exact")
    ours = binomial_interval(k, n, level)
    assert ours.value == k / n
    assert ours.low == pytest.approx(theirs.low, abs=1e-12)
    assert ours.high == pytest.approx(theirs.high, abs=1e-12)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.97])
def test_covers_at_least_as_often_as_it_says(p: float) -> None:
    n = 40
    covered = sum(
        binom.pmf(k, n, p)
        for k in range(n + 1)
        if binomial_interval(k, n).low <= p <= binomial_interval(k, n).high
    )
    assert covered >= 0.95


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="successes must be at most trials = 3"):
        binomial_interval(4, 3)
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        binomial_interval(1, 3, 1.0)
    with pytest.raises(ValueError, match="trials must be at least 1"):
        binomial_interval(0, 0)
