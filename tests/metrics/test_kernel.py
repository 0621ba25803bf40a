import numpy as np
import pytest
import torch

from gan_lessons.metrics import _distances, kernel_distance


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(n, d, seed, mean=0.0, std=1.0):
    return mean + std * torch.randn(n, d, generator=rng(seed), dtype=torch.float64)


def brute_force(x, y):
    """Return the unbiased estimate by the definition, pair by pair."""
    d = x.shape[1]

    def mean_kernel(a, b, same):
        values = [
            (float(p @ q) / d + 1) ** 3
            for i, p in enumerate(a)
            for j, q in enumerate(b)
            if not (same and i == j)
        ]
        return sum(values) / len(values)

    return mean_kernel(x, x, True) + mean_kernel(y, y, True) - 2 * mean_kernel(x, y, False)


@pytest.mark.parametrize(("n", "m", "d"), [(9, 9, 1), (8, 11, 3)])
def test_value_and_jackknife_by_brute_force(n, m, d):
    x, y = normal(n, d, 0), normal(m, d, 1, 0.5, 1.5)
    value, standard_error = kernel_distance(x, y)
    assert value == pytest.approx(brute_force(x, y), rel=1e-10)
    without_x = [brute_force(x[np.arange(n) != i], y) for i in range(n)]
    without_y = [brute_force(x, y[np.arange(m) != j]) for j in range(m)]
    variance = (n - 1) * np.var(without_x) + (m - 1) * np.var(without_y)
    assert standard_error == pytest.approx(variance**0.5, rel=1e-10)


def test_closed_form_on_the_line():
    # E k over N(0, 1) and N(mu, s^2): 3 mu^2 + 3 (mu^2 + s^2 - 1)^2 + (mu^3 + 3 mu s^2)^2
    for mu, s, wanted in ((1.0, 1.0, 22.0), (0.5, 1.5, 19.75)):
        values, errors = zip(
            *(
                kernel_distance(normal(400, 1, 2 * i), normal(400, 1, 2 * i + 1, mu, s))
                for i in range(60)
            ),
            strict=True,
        )
        spread = float(np.std(values, ddof=1))
        # 4 standard errors of the mean: false alarm below 1e-4
        assert abs(np.mean(values) - wanted) < 4 * spread / 60**0.5
        # and the jackknife knows that spread (60 values: 9 % of its own error)
        assert float(np.mean(errors)) == pytest.approx(spread, rel=0.35)


def test_equal_laws_give_zero_on_average_and_the_jackknife_is_cautious():
    pairs = [kernel_distance(normal(60, 8, 2 * i), normal(60, 8, 2 * i + 1)) for i in range(200)]
    values = np.array([value for value, _ in pairs])
    spread = values.std(ddof=1)
    assert abs(values.mean()) < 4 * spread / 200**0.5
    assert (values < 0).any()
    assert spread < np.mean([error for _, error in pairs]) < 3 * spread


def test_blocks_change_nothing(monkeypatch):
    x, y = normal(30, 4, 0), normal(23, 4, 1, 0.3)
    whole = kernel_distance(x, y)
    monkeypatch.setattr(_distances, "_TILE", 7)
    assert kernel_distance(x, y) == pytest.approx(whole, rel=1e-12)


def test_subsets_are_drawn_without_replacement_and_average():
    x, y = normal(40, 3, 0), normal(50, 3, 1, 0.5)
    whole = kernel_distance(x, y)
    # A subset of 40 of 40 x is all of x; only y varies.
    full = kernel_distance(x, y[:40], n_subsets=5, subset_size=40, rng=rng())
    assert full.value == pytest.approx(kernel_distance(x, y[:40]).value, rel=1e-10)
    assert full.standard_error == pytest.approx(0.0, abs=1e-12)
    mean, error = kernel_distance(x, y, n_subsets=300, subset_size=10, rng=rng())
    assert abs(mean - whole.value) < 4 * error
    assert kernel_distance(x, y, 300, 10, rng()) == (mean, error)
    assert kernel_distance(x, y, 300, 10, rng(1)) != (mean, error)
    more = kernel_distance(x, y, n_subsets=1200, subset_size=10, rng=rng(2))
    assert more.standard_error == pytest.approx(error / 2, rel=0.25)


def test_agrees_with_two_sample():
    from gan_lessons.two_sample import mmd2_unbiased, polynomial_kernel

    x, y = normal(30, 4, 0), normal(40, 4, 1, 0.3)
    wanted = float(mmd2_unbiased(x, y, kernel=polynomial_kernel))
    assert kernel_distance(x, y).value == pytest.approx(wanted, rel=1e-10)


X = normal(10, 3, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, X[:, :2]), "same number of features, got 3 and 2"),
        ((X[:2], X), "x needs at least 3 samples, got 2"),
        ((X, X / 0), "y must be finite"),
        ((X, X, 1), "n_subsets must be at least 2, got 1"),
        ((X, X, 5), r"subset_size must be at most 10.*got 1000; leave n_subsets out"),
        ((X, X, 5, 2), "subset_size must be at least 3, got 2"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(*arguments)
