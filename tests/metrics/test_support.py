import itertools
import math

import pytest
import torch

from gan_lessons.metrics import (
    _distances,
    birthday_test,
    closest_pairs,
    collision_probability,
    support_size,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("s", "n"), [(1, 4), (2, 5), (3, 4), (4, 4), (5, 4), (4, 6)])
def test_collisions_by_counting_every_batch(s, n):
    batches = list(itertools.product(range(n), repeat=s))
    share = sum(len(set(batch)) < s for batch in batches) / len(batches)
    assert collision_probability(s, n) == pytest.approx(share, rel=1e-12, abs=1e-15)


def test_birthdays():
    assert collision_probability(23, 365) == pytest.approx(0.5072972343, abs=1e-10)
    assert collision_probability(22, 365) < 0.5
    # from a large support the exponential form, in digits that 1 - prod would lose
    assert collision_probability(2, 1e15) == pytest.approx(1e-15, rel=1e-12)


@pytest.mark.parametrize("s", [2, 23, 400])
@pytest.mark.parametrize("p", [1e-6, 0.1, 0.5, 0.99])
def test_support_size_is_the_inverse(s, p):
    n = support_size(s, p)
    assert n >= s - 1
    assert collision_probability(s, n) == pytest.approx(p, rel=1e-9)


def test_support_size_by_hand():
    assert support_size(2, 0.25) == pytest.approx(4.0)  # P = 1 / N
    assert support_size(3, 0.625) == pytest.approx(4.0)  # 1 - 3/4 * 2/4
    assert support_size(400) == pytest.approx(400**2 / (2 * math.log(2)), rel=0.01)
    assert support_size(10, 0) == math.inf
    assert support_size(10, 1) == 9


@pytest.mark.parametrize("tile", [512, 5])
def test_closest_pairs_by_brute_force(monkeypatch, tile):
    monkeypatch.setattr(_distances, "_TILE", tile)
    x = torch.randn(23, 3, generator=rng(), dtype=torch.float64) + 50
    pairs = sorted(
        (float((x[i] - x[j]).norm()), i, j) for i, j in itertools.combinations(range(23), 2)
    )
    found = closest_pairs(x, 7)
    assert found.distances.tolist() == pytest.approx([d for d, _, _ in pairs[:7]], rel=1e-10)
    assert found.indices.tolist() == [[i, j] for _, i, j in pairs[:7]]
    every = closest_pairs(x[:4], 6)
    assert sorted(every.indices.tolist()) == [list(p) for p in itertools.combinations(range(4), 2)]


def test_copies_are_found_exactly():
    images = torch.rand(60, 784, generator=rng())
    images[41] = images[17]
    found = closest_pairs(images, 2)
    assert found.indices[0].tolist() == [17, 41]
    assert found.distances[0] == 0
    assert found.distances[1] > 1


@pytest.mark.parametrize("n_points", [50, 400])
def test_a_uniform_law_on_n_points(n_points):
    points = torch.randn(n_points, 4, generator=rng())
    s = round(1.18 * n_points**0.5)
    samples = points[torch.randint(n_points, (300 * s,), generator=rng(1))]
    result = birthday_test(samples, s, threshold=0.0)
    # the share is binomial: 4 standard deviations, fixed seed
    p = collision_probability(s, n_points)
    assert abs(result.share.value - p) < 4 * (p * (1 - p) / 300) ** 0.5
    assert result.low < n_points < result.high
    assert result.support == pytest.approx(n_points, rel=0.3)
    assert result.support == support_size(s, result.share.value)
    assert collision_probability(s, result.low) == pytest.approx(result.share.high)


def test_a_law_that_is_not_uniform_looks_smaller():
    heavy = torch.where(torch.rand(8000, generator=rng()) < 0.5, 0, 1)
    places = torch.randint(1, 1000, (8000,), generator=rng(1)) * heavy  # half of it at 0
    result = birthday_test(places.float(), 10, threshold=0.0)
    assert result.high < 100


def test_no_duplicates_and_nothing_else():
    spread = torch.arange(100.0)
    never = birthday_test(spread, 10, threshold=0.5)
    assert (never.share.value, never.support, never.high) == (0, math.inf, math.inf)
    assert math.isfinite(never.low)
    always = birthday_test(spread, 10, threshold=1.0)  # neighbours are duplicates, the limit too
    assert (always.share.value, always.support, always.low) == (1, 9, 9)
    assert birthday_test(spread[:25], 10, 1.0).share.value == 1  # two batches, 5 samples left out


X = torch.randn(6, 2, generator=rng())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: collision_probability(0, 5), "batch_size must be at least 1, got 0"),
        (lambda: collision_probability(3, 0.5), "support_size must be at least 1, got 0.5"),
        (lambda: support_size(1), "batch_size must be at least 2, got 1"),
        (lambda: support_size(5, 1.5), "probability must be from 0 to 1, got 1.5"),
        (lambda: closest_pairs(X, 16), "n_pairs must be at most 15, got 16"),
        (lambda: closest_pairs(1e200 * X.double(), 2), "largest squared distance of samples"),
        (lambda: birthday_test(X, 7, 0.1), "batch_size must be at most 6, the samples, got 7"),
        (lambda: birthday_test(X, 2, -1.0), "threshold must be zero or positive"),
        (lambda: birthday_test(X, 2, 1.0, level=2.0), "level must be between 0 and 1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
