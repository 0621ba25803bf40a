"""Statistics against scipy, scikit-learn, closed forms and exhaustive enumeration."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import pairwise
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from gan_lessons import two_sample as ts
from gan_lessons.two_sample.nearest_neighbour import nearest_neighbours


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pair(n: int, m: int, d: int, shift: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(n, d, generator=rng(n + d), dtype=torch.float64)
    y = torch.randn(m, d, generator=rng(1000 + m + d), dtype=torch.float64) * 1.4 + shift
    return x, y


@pytest.mark.parametrize("d", [1, 3, 8, 9, 40])
def test_kernels_are_scikit_learns(d):
    x, y = pair(12, 7, d)
    a, b = x.numpy(), y.numpy()
    expected = pairwise.rbf_kernel(a, b, gamma=0.5 / 1.7**2)
    np.testing.assert_allclose(ts.rbf_kernel(x, y, 1.7), expected, rtol=1e-10)
    both = expected + pairwise.rbf_kernel(a, b, gamma=0.5 / 0.6**2)
    np.testing.assert_allclose(ts.rbf_kernel(x, y, [1.7, 0.6]), both, rtol=1e-10)
    np.testing.assert_allclose(
        ts.polynomial_kernel(x, y), pairwise.polynomial_kernel(a, b, degree=3), rtol=1e-10
    )
    np.testing.assert_allclose(
        ts.minus_distance(x, y), -pairwise.euclidean_distances(a, b), rtol=1e-10
    )


@pytest.mark.parametrize("d", [2, 50])
def test_distances_of_close_points_far_from_the_origin_keep_their_digits(d):
    x = torch.randn(30, d, generator=rng()) + 500
    near = torch.cat([x, x + 2**-10])
    exact = torch.cdist(near.double(), near.double(), compute_mode="donot_use_mm_for_euclid_dist")
    np.testing.assert_allclose(-ts.minus_distance(near, near), exact, rtol=2e-4, atol=1e-9)


def test_median_heuristic():
    x, y = pair(31, 22, 2)
    distances = torch.pdist(torch.cat([x, y]))
    assert ts.median_heuristic(x, y) == pytest.approx(float(distances.median()), rel=1e-12)
    odd = torch.tensor([0.0, 1.0]), torch.tensor([10.0])
    assert ts.median_heuristic(*odd) == pytest.approx(9)
    # Thinned, it stays near, and does not depend on order or labels.
    x, y = pair(900, 1100, 3)
    thin = ts.median_heuristic(x, y)
    assert thin == pytest.approx(ts.median_heuristic(x, y, max_points=5000), rel=0.03)
    pooled = torch.cat([x, y])[torch.randperm(2000, generator=rng())]
    assert ts.median_heuristic(pooled[:50], pooled[50:]) == pytest.approx(thin, rel=1e-12)
    # More than half of the pairs coincide: the others decide.
    x = torch.zeros(20)
    x[0] = 3.0
    assert ts.median_heuristic(x, torch.zeros(9)) == pytest.approx(3)


def test_energy_distance_is_scipys_squared():
    x, y = pair(40, 27, 1)
    expected = stats.energy_distance(x[:, 0].numpy(), y[:, 0].numpy()) ** 2
    assert float(ts.energy_distance(x, y)) == pytest.approx(expected, rel=1e-10)
    assert ts.energy_test(x, y, 9, rng()).statistic == pytest.approx(expected, rel=1e-10)


def test_ks_is_scipys():
    x, y = pair(40, 27, 1)
    known = stats.ks_2samp(x[:, 0].numpy(), y[:, 0].numpy())
    exact = ts.ks_test(x, y, n_permutations=0)
    assert exact.statistic == pytest.approx(known.statistic, rel=1e-12)
    assert exact.p_value == pytest.approx(known.pvalue, rel=1e-12)
    assert exact.null.numel() == 0
    # Binomial error of 20,000 permutations, five standard errors.
    drawn = ts.ks_test(x, y, n_permutations=20_000, rng=rng())
    error = math.sqrt(known.pvalue * (1 - known.pvalue) / 20_000)
    assert abs(drawn.p_value - known.pvalue) < 5 * error
    # Ties: only the right side of a jump counts.
    a, b = torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.0, 1.0, 1.0, 1.0])
    assert ts.ks_statistic(a, b) == pytest.approx(stats.ks_2samp(a, b).statistic, rel=1e-12)
    assert ts.ks_statistic(torch.zeros(3), torch.zeros(4)) == 0


@pytest.mark.parametrize(("n", "m"), [(30, 30), (30, 17), (6, 9), (2, 50)])
def test_wasserstein_is_scipys(n, m):
    x, y = pair(n, m, 1)
    expected = stats.wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy())
    assert float(ts.wasserstein_1d(x, y)) == pytest.approx(expected, rel=1e-12)
    assert float(ts.wasserstein_1d(y[:, 0], x[:, 0])) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [1, 3])
def test_nearest_neighbours_are_scikit_learns(k):
    x, y = pair(60, 45, 4)
    pooled = torch.cat([x, y]).numpy()
    expected = NearestNeighbors(n_neighbors=k).fit(pooled).kneighbors(return_distance=False)
    ours = nearest_neighbours(torch.cat([x, y]), k, block_size=17)
    np.testing.assert_array_equal(ours.numpy(), expected)
    labels = np.repeat([1, 0], [60, 45])
    scores = cross_val_score(KNeighborsClassifier(k), pooled, labels, cv=LeaveOneOut())
    assert ts.nearest_neighbour_accuracy(x, y, k) == pytest.approx(scores.mean(), rel=1e-12)


def test_even_votes_count_half():
    x, y = torch.tensor([0.0, 1.1, 5.0]), torch.tensor([2.0, 3.05])
    # Two neighbours each: 0: x y | 1.1: x y | 5: y y | 2: x y | 3.05: x y.
    assert ts.nearest_neighbour_accuracy(x, y, k=2) == pytest.approx((4 * 0.5 + 0) / 5)


def test_nearest_neighbour_null_mean_is_below_one_half():
    n, accuracies = 15, []
    for seed in range(400):
        z = torch.randn(2 * n, 2, generator=rng(seed))
        accuracies.append(ts.nearest_neighbour_accuracy(z[:n], z[n:]))
    error = np.std(accuracies) / math.sqrt(400)
    assert abs(np.mean(accuracies) - (n - 1) / (2 * n - 1)) < 4 * error
    assert abs(np.mean(accuracies) - 0.5) > 2 * error
    # For one data set the mean over labellings is exact: each neighbour is like with that chance.
    result = ts.nearest_neighbour_test(z[:n], z[n:], n_permutations=4000, rng=rng())
    assert float(result.null.mean()) == pytest.approx((n - 1) / (2 * n - 1), abs=0.01)


def gaussian_mmd2(d, first, second, h):
    """Closed form for N(m, s^2 I) with every entry of the mean m equal."""

    def mean_kernel(a, b):
        scale = h**2 + a[1] ** 2 + b[1] ** 2
        distance = d * (a[0] - b[0]) ** 2
        return (h**2 / scale) ** (d / 2) * math.exp(-distance / (2 * scale))

    return mean_kernel(first, first) + mean_kernel(second, second) - 2 * mean_kernel(first, second)


@pytest.mark.parametrize(
    ("d", "second", "h", "value"),
    [
        (1, (1.0, 1.0), 1.0, 0.177268),
        (2, (0.5, 1.5), 1.0, 0.071447),
        (16, (0.2, 1.0), 4.0, 0.013735),
    ],
)
def test_mmd_of_normal_laws(d, second, h, value):
    assert gaussian_mmd2(d, (0.0, 1.0), second, h) == pytest.approx(value, abs=6e-7)
    estimates = []
    for seed in range(40):
        x = torch.randn(200, d, generator=rng(seed))
        y = second[0] + second[1] * torch.randn(150, d, generator=rng(seed + 500))
        estimates.append(float(ts.mmd2_unbiased(x, y, h)))
    assert abs(np.mean(estimates) - value) < 4 * np.std(estimates) / math.sqrt(40)


def test_energy_distance_of_normal_laws():
    # Stratified samples (quantiles) come within 1e-3 of the laws.
    p = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    z = torch.special.ndtri(p)
    assert float(ts.energy_distance(z, z + 1)) == pytest.approx(0.54180658, abs=1e-4)
    assert float(ts.mmd2_biased(z, z + 1, 1.0)) == pytest.approx(0.177268, abs=1e-4)
    assert float(ts.wasserstein_1d(z, z + 1)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "estimator", [lambda x, y: ts.mmd2_unbiased(x, y, 0.9), ts.energy_distance_unbiased]
)
def test_unbiased_estimators_are_unbiased_by_enumeration(estimator):
    # All draws of three x and two y from laws on three points, with their probabilities.
    points = torch.tensor([-1.0, 0.4, 2.0], dtype=torch.float64)
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3])
    kernel = ts.minus_distance(points, points).numpy()
    if estimator is not ts.energy_distance_unbiased:
        kernel = pairwise.rbf_kernel(points.numpy()[:, None], gamma=0.5 / 0.81)
    truth = (p - q) @ kernel @ (p - q)
    mean = 0.0
    for draw in itertools.product(range(3), repeat=5):
        weight = p[list(draw[:3])].prod() * q[list(draw[3:])].prod()
        mean += weight * float(estimator(points[list(draw[:3])], points[list(draw[3:])]))
    assert mean == pytest.approx(truth, abs=1e-12)


def test_biased_mmd_is_the_norm_of_the_witness():
    x, y = pair(15, 22, 2)
    at_x, at_y = ts.mmd_witness(x, y, x, 0.8), ts.mmd_witness(x, y, y, 0.8)
    value = float(ts.mmd2_biased(x, y, 0.8))
    assert float(at_x.mean() - at_y.mean()) == pytest.approx(value, rel=1e-12)
    assert value > float(ts.mmd2_unbiased(x, y, 0.8))
    assert abs(float(ts.mmd2_biased(x, x.flip(0), 0.8))) < 1e-14


@pytest.mark.parametrize("d", [2, 10])
def test_estimators_have_gradients(d):
    x, y = pair(5, 4, d)
    x.requires_grad_()
    for estimator in (
        lambda t: ts.mmd2_unbiased(t, y, [1.0, 2.0]),
        lambda t: ts.mmd2_biased(t, y, 1.0),
        lambda t: ts.energy_distance(t, y),
        lambda t: ts.wasserstein_1d(t[:, 0], y[:, 0]),
    ):
        assert torch.autograd.gradcheck(estimator, (x,))


def test_large_samples_go_through_several_blocks():
    x, y = pair(1500, 1100, 2)
    k = lambda a, b: pairwise.rbf_kernel(a.numpy(), b.numpy(), gamma=0.5)  # noqa: E731
    xx, yy, xy = k(x, x), k(y, y), k(x, y)
    expected = (xx.sum() - 1500) / (1500 * 1499) + (yy.sum() - 1100) / (1100 * 1099)
    expected -= 2 * xy.mean()
    assert float(ts.mmd2_unbiased(x, y, 1.0)) == pytest.approx(expected, abs=1e-12)
