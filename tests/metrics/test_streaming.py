"""Batches as they come give what all samples at once give."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.metrics import (
    FrechetStatistics,
    KernelStatistics,
    frechet_distance,
    kernel_distance,
)


def normal(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gathered(samples, sizes):
    statistics = FrechetStatistics()
    for part in samples.split(sizes):
        statistics.update(part)
    return statistics


@settings(deadline=None, derandomize=True, max_examples=20)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=8), st.integers(1, 6), st.integers(0, 99))
def test_moments_do_not_depend_on_the_batches(sizes, d, seed):
    x = 2 * normal(sum(sizes) + 2, d, seed) + 1000  # far from 0: sums of squares would lose digits
    once, many = gathered(x, [len(x)]), gathered(x, [*sizes, 2])
    assert many.count == len(x)
    assert torch.allclose(many.mean, x.mean(0), rtol=1e-14)
    assert torch.allclose(many.covariance, torch.cov(x.T).reshape(d, d), rtol=1e-9, atol=1e-10)
    assert torch.allclose(many.covariance, once.covariance, rtol=1e-9, atol=1e-10)


def test_merging_is_exact_in_any_order():
    x = normal(70, 5, 0) + 3
    whole = gathered(x, [70])
    parts = [gathered(part, [len(part)]) for part in x.split([1, 39, 30])]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        merged = FrechetStatistics()
        merged.merge(FrechetStatistics())  # nothing
        for i in order:
            before = parts[i].mean.clone()
            merged.merge(parts[i])
            assert torch.equal(parts[i].mean, before)
        assert merged.count == 70
        assert torch.allclose(merged.mean, whole.mean, rtol=1e-13)
        assert torch.allclose(merged.covariance, whole.covariance, rtol=1e-12)
    merged.update(x)  # what was merged is not shared
    assert parts[1].count == 39
    assert parts[1].distance(gathered(x[1:40], [39])) == pytest.approx(0, abs=1e-12)


def test_distance_is_that_of_all_samples_at_once():
    x, y = normal(300, 12, 0), 1.3 * normal(200, 12, 1) + 0.1
    first, second = gathered(x.float(), [100] * 3), gathered(y.float(), [64, 64, 64, 8])
    wanted = frechet_distance(x.float(), y.float())
    assert first.distance(second) == pytest.approx(wanted, rel=1e-11)
    few, other = gathered(x[:6], [3, 3]), gathered(y[:7], [7])
    assert few.distance(other) == pytest.approx(frechet_distance(x[:6], y[:7]), rel=1e-6)
    assert few.distance(few) == pytest.approx(0, abs=1e-6)


def test_one_number_a_sample_and_half_precision():
    x = torch.tensor([0.5, 1.5, 4.0])
    statistics = gathered(x.half(), [1, 2])
    assert statistics.mean.tolist() == [2.0]
    assert statistics.covariance.tolist() == [[3.25]]


@pytest.mark.parametrize("sizes", [[20] * 6, [7, 50, 1, 62], [120], [59, 61]])
def test_kernel_blocks_do_not_depend_on_the_batches(sizes):
    x, y = normal(120, 4, 0), normal(120, 4, 1) + 0.3
    statistics = KernelStatistics(block_size=25)
    for a, b in zip(x.split(sizes), y.split(list(reversed(sizes))), strict=True):
        statistics.update(a, b)
    assert statistics.n_blocks == 4
    blocks = [
        kernel_distance(a, b).value for a, b in zip(x.split(25)[:4], y.split(25)[:4], strict=True)
    ]
    assert statistics.result().value == pytest.approx(sum(blocks) / 4, rel=1e-10)
    error = float(torch.tensor(blocks, dtype=torch.float64).std()) / 2
    assert statistics.result().standard_error == pytest.approx(error, rel=1e-10)
    assert kernel_distance(x, y, block_size=25) == pytest.approx(statistics.result(), rel=1e-12)


def test_the_block_error_is_the_spread_that_new_samples_show():
    results = [
        kernel_distance(normal(200, 1, 2 * i), normal(200, 1, 2 * i + 1) + 1, block_size=20)
        for i in range(100)
    ]
    values = torch.tensor([result.value for result in results])
    spread = float(values.std())
    # E = 22 (closed form); fixed seeds, 4 standard errors
    assert abs(float(values.mean()) - 22) < 4 * spread / 10
    errors = torch.tensor([result.standard_error for result in results])
    assert float(errors.square().mean().sqrt()) == pytest.approx(spread, rel=0.35)


X = normal(10, 3, 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: FrechetStatistics().mean, ValueError, r"at least 1 samples, got 0; call update"),
        (lambda: gathered(X[:1], [1]).covariance, ValueError, "at least 2 samples, got 1"),
        (lambda: gathered(X, [10]).update(X[:, :2]), ValueError, "features must have 3 .* got 2"),
        (lambda: gathered(X, [10]).update(X / 0), ValueError, "features must be finite"),
        (
            lambda: gathered(X, [10]).merge(gathered(X[:, :2], [10])),
            ValueError,
            "other must have 3 features as the batches before, got 2",
        ),
        (lambda: FrechetStatistics().merge(X), TypeError, "must be FrechetStatistics, got Tensor"),
        (lambda: gathered(X, [10]).distance(X), TypeError, "must be FrechetStatistics, got Tensor"),
        (lambda: KernelStatistics(2), ValueError, "block_size must be at least 3, got 2"),
        (lambda: KernelStatistics(3).result(), ValueError, "at least 2 blocks .* got 0 of 3"),
        (lambda: kernel_distance(X, X, block_size=6), ValueError, "at least 2 blocks .* got 1"),
        (
            lambda: kernel_distance(X, X, n_subsets=2, block_size=3),
            ValueError,
            "block_size and n_subsets exclude each other",
        ),
        (lambda: mixed_widths(), ValueError, "x and y must have 3 features as .* got 2"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def mixed_widths():
    statistics = KernelStatistics(5)
    statistics.update(X, X)
    statistics.update(X[:, :2], X[:, :2])
