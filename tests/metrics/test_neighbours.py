import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.metrics import (
    _distances,
    density_coverage,
    expected_coverage,
    nearest_neighbours,
    precision_recall,
)


def normal(n, d, seed, dtype=torch.float32):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.fixture(params=[(1 << 23, 512), (200, 7), (200, 1)], ids=["one block", "many", "rows"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(_distances, "_BLOCK_ENTRIES", request.param[0])
    monkeypatch.setattr(_distances, "_TILE", request.param[1])


@pytest.mark.parametrize(("n", "m", "d", "k"), [(40, 60, 5, 4), (3, 7, 784, 1), (5, 4, 2, 4)])
def test_neighbours_agree_with_scikit_learn(blocks, n, m, d, k):
    from sklearn.neighbors import NearestNeighbors

    queries, references = normal(n, d, 0) + 100, normal(m, d, 1) + 100  # far from the origin
    distances, indices = nearest_neighbours(queries, references, k)
    brute = NearestNeighbors(n_neighbors=k, algorithm="kd_tree").fit(references.numpy())
    wanted, wanted_indices = brute.kneighbors(queries.numpy())
    assert np.array_equal(indices.numpy(), wanted_indices)
    assert np.allclose(distances.numpy(), wanted, rtol=1e-5)


def test_copies_have_distance_zero():
    references = normal(200, 784, 0) + 5
    found = nearest_neighbours(references[[7, 3]], references, k=2)
    assert found.indices[:, 0].tolist() == [7, 3]
    assert found.distances[:, 0].tolist() == [0, 0]
    assert (found.distances[:, 1] > 1).all()


def by_definition(x, y, k):
    """Return precision, recall, density, coverage by loops over sorted distances."""
    x, y = x.double().numpy(), y.double().numpy()

    def radius(points, i):
        return sorted(np.linalg.norm(points - points[i], axis=1))[k]  # place 0 is itself

    def inside(point, points):
        return [
            np.linalg.norm(point - points[i]) <= radius(points, i) + 1e-9
            for i in range(len(points))
        ]

    y_in_x, x_in_y = np.array([inside(p, x) for p in y]), np.array([inside(p, y) for p in x])
    return (
        y_in_x.any(1).mean(),
        x_in_y.any(1).mean(),
        y_in_x.sum() / (k * len(y)),
        y_in_x.any(0).mean(),
    )


@pytest.mark.parametrize("k", [1, 3, 9])
def test_all_four_agree_with_the_definition(blocks, k):
    x, y = normal(25, 3, 0), 0.7 * normal(18, 3, 1) + 0.8
    wanted = by_definition(x, y, k)
    got = (*precision_recall(x, y, k), *density_coverage(x, y, k))
    assert got == pytest.approx(wanted, abs=1e-12)
    assert len({round(v, 3) for v in wanted}) > 1


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=8, max_size=16),
    st.integers(1, 3),
)
def test_ties_and_duplicates_count_as_inside(values, k):
    points = torch.tensor(values, dtype=torch.float32) + 1000
    x, y = points[: len(points) // 2], points[len(points) // 2 :]
    got = (*precision_recall(x, y, k), *density_coverage(x, y, k))
    assert got == pytest.approx(by_definition(x, y, k), abs=1e-12)


def test_expected_density_and_coverage_of_equal_laws():
    for n, m, k, repeats in ((60, 60, 5, 60), (90, 40, 3, 60)):
        pairs = [
            density_coverage(normal(n, 4, 2 * i), normal(m, 4, 2 * i + 1), k)
            for i in range(repeats)
        ]
        density = np.array([pair.density for pair in pairs])
        coverage = np.array([pair.coverage for pair in pairs])
        # Naeem et al. (2020): probability that no y is among the k nearest of the others
        missed = np.prod([(n - j) / (n + m - j) for j in range(1, k + 1)])
        for values, wanted in ((density, 1.0), (coverage, 1 - missed)):
            # 4.5 standard errors, fixed seeds
            assert abs(values.mean() - wanted) < 4.5 * values.std(ddof=1) / repeats**0.5


@pytest.mark.parametrize(("n", "m", "k"), [(2, 1, 1), (3, 2, 2), (4, 3, 2), (3, 4, 1)])
def test_expected_coverage_by_counting_orders(n, m, k):
    # Around one real sample all orders of the others (0 real, 1 generated) are equally likely.
    orders = list(itertools.permutations([0] * (n - 1) + [1] * m))
    reached = sum(any(order[:k]) for order in orders)
    assert expected_coverage(n, m, k) == pytest.approx(reached / len(orders), rel=1e-12)


def test_expected_coverage_of_many_samples():
    assert expected_coverage(10**9, 10**9, 5) == pytest.approx(1 - 2**-5, rel=1e-7)
    assert expected_coverage(200, 200, 5) == pytest.approx(0.9699, abs=5e-5)  # theory notes
    with pytest.raises(ValueError, match="k must be at most 4, the number of other real samples"):
        expected_coverage(5, 5, 5)


def test_precision_is_of_the_generated_and_recall_of_the_real_samples():
    """What each failure must do to which number; swapped, every line fails."""
    centres = torch.tensor([[0.0, 0.0], [100.0, 0.0]])
    x = torch.cat([normal(60, 2, 0) + centre for centre in centres])
    dropped = normal(120, 2, 1)  # good samples, one mode only
    assert precision_recall(x, dropped).precision > 0.9
    assert precision_recall(x, dropped).recall < 0.55
    noisy = torch.cat([x + 1e-3, normal(120, 2, 2) + 1e4])  # all modes, half of it rubbish
    assert precision_recall(x, noisy).precision == 0.5
    assert precision_recall(x, noisy).recall == 1.0
    # Balls of density and coverage stand around real samples only: far samples cannot help.
    assert density_coverage(x, dropped).coverage < 0.55
    assert density_coverage(x, noisy).coverage == 1.0
    sparse = density_coverage(x[:40], torch.cat([x[:1], normal(79, 2, 3) + 1e4]), k=2)
    assert sparse.density <= 40 / (2 * 80)
    assert sparse.coverage < 0.5


def test_a_copying_generator_and_a_collapsed_one():
    x = normal(100, 6, 0)
    assert precision_recall(x, x) == (1, 1)
    assert density_coverage(x, x).coverage == 1
    collapsed = x[:1] + 1e-3 * normal(100, 6, 1)
    precision, recall = precision_recall(x, collapsed)
    assert precision == 1
    assert recall <= 0.01
    assert density_coverage(x, collapsed).coverage < 0.3
    far = normal(100, 6, 2) + 1e6  # a diverged generator must not drown real distances
    assert precision_recall(x, far) == (0, 0)
    assert density_coverage(x, far) == (0, 0)
    mixed = torch.cat([x[:50], far[:50]])
    assert precision_recall(x, mixed).precision == 0.5


def test_precision_and_recall_swap():
    x, y = normal(40, 3, 0), 2 * normal(50, 3, 1)
    assert precision_recall(x, y) == precision_recall(y, x)[::-1]
    assert precision_recall(x, y).precision < precision_recall(x, y).recall


X = normal(6, 3, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: precision_recall(X, X, 6), "k must be at most 5, the number of other rows of x"),
        (lambda: precision_recall(X, X[:3], 3), "k must be at most 2, .* other rows of y, got 3"),
        (lambda: density_coverage(X[:5], X), "k must be at most 4, .* other rows of x, got 5"),
        (lambda: density_coverage(X, X, 0), "k must be at least 1, got 0"),
        (lambda: density_coverage(X, X[:, :2]), "same number of features, got 3 and 2"),
        (lambda: nearest_neighbours(X, X, 7), "k must be at most 6, the number of references"),
        (lambda: nearest_neighbours(X, X[:, :2]), "queries and references .* got 3 and 2"),
        (lambda: nearest_neighbours(X[:0], X), "queries needs at least 1"),
        (lambda: nearest_neighbours(X, X / 0), "references must be finite"),
        (lambda: nearest_neighbours(X.reshape(6, 1, 1, 3), X), r"queries must .*flatten\(1\)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_surface_is_sharp():
    x = torch.tensor([0.0, 1.0, 5.0])  # radii 1, 1, 4 for k = 1
    for outside, wanted in ((-1.0, 1.0), (-1.0001, 0.0)):
        y = torch.tensor([outside, outside])
        assert precision_recall(x, y, k=1).precision == wanted
        assert density_coverage(x, y, k=1) == (wanted, wanted / 3)
