"""The engine against brute force, block sizes, ties and the law of its labellings."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gan_lessons.two_sample import (
    TestResult,
    draw_labels,
    energy_test,
    minus_distance,
    mmd_test,
    pair_sums,
    polynomial_kernel,
    rbf_kernel,
)
from gan_lessons.two_sample.permutation import result_of


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def brute_force(matrix: np.ndarray, labels: np.ndarray) -> list[list[float]]:
    """The three sums of every labelling by walking over index sets."""
    rows = []
    for row in labels.astype(bool):
        x, y = np.flatnonzero(row), np.flatnonzero(~row)
        rows.append(
            [
                sum(matrix[i, j] for i, j in itertools.permutations(x, 2)),
                sum(matrix[i, j] for i, j in itertools.product(x, y)),
                sum(matrix[i, j] for i, j in itertools.permutations(y, 2)),
            ]
        )
    return rows


@settings(max_examples=15, deadline=None, derandomize=True)
@given(n=st.integers(1, 9), m=st.integers(1, 9), d=st.integers(1, 12), block=st.integers(1, 25))
def test_engine_is_brute_force_for_every_size_and_block(n, m, d, block):
    pooled = torch.randn(n + m, d, generator=rng(n + 10 * m), dtype=torch.float64)
    labels = draw_labels(n, m, 5, rng(d))
    for kernel in (lambda a, b: rbf_kernel(a, b, 1.3), minus_distance, polynomial_kernel):
        sums = pair_sums(kernel, pooled, labels, block)
        expected = np.array(brute_force(kernel(pooled, pooled).numpy(), labels.numpy()))
        ours = torch.stack([sums.within_x, sums.between, sums.within_y], dim=1).numpy()
        np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-10)


def test_null_of_the_test_is_that_of_permuted_data():
    # The whole test on every permuted data set, by its own estimator, must give the same null.
    from gan_lessons.two_sample import energy_distance, mmd2_unbiased

    x = torch.randn(7, 2, generator=rng(1), dtype=torch.float64)
    y = torch.randn(5, 2, generator=rng(2), dtype=torch.float64) + 0.5
    pooled = torch.cat([x, y])
    labels = draw_labels(7, 5, 20, rng(3)).bool()
    mmd = mmd_test(x, y, 0.8, n_permutations=20, rng=rng(3))
    energy = energy_test(x, y, n_permutations=20, rng=rng(3))
    for b, row in enumerate(labels):
        assert float(mmd.null[b]) == pytest.approx(
            float(mmd2_unbiased(pooled[row], pooled[~row], 0.8)), abs=1e-12
        )
        assert float(energy.null[b]) == pytest.approx(
            float(energy_distance(pooled[row], pooled[~row])), abs=1e-12
        )
    assert mmd.statistic == pytest.approx(float(mmd2_unbiased(x, y, 0.8)), abs=1e-12)
    assert energy.statistic == pytest.approx(float(energy_distance(x, y)), abs=1e-12)


def test_block_size_does_not_matter_and_bounds_the_tiles():
    pooled = torch.randn(301, 3, generator=rng())
    labels = draw_labels(120, 181, 30, rng(1))
    seen = []

    def watched(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        seen.append((a.shape[0], b.shape[0]))
        return rbf_kernel(a, b, 1.0)

    whole = pair_sums(watched, pooled, labels, 1000)
    seen.clear()
    small = pair_sums(watched, pooled, labels, 32)
    # The first call is the sample of at most 2 x 128 points that fixes the constant.
    assert max(max(shape) for shape in seen[1:]) == 32
    tiles = math.ceil(301 / 32)
    assert len(seen) == 1 + tiles * (tiles + 1) // 2
    for a, b in zip(whole[:3], small[:3], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("kernel", [lambda a, b: rbf_kernel(a, b, 0.7), minus_distance])
@pytest.mark.parametrize("d", [1, 20])
def test_rounding_bound_holds_where_ties_are_exact(kernel, d):
    # Data of two values: the statistic depends on the number of each in x alone.
    values = 3 * torch.randn(2, d, generator=rng(d)) + 1000 * (d == 1)
    which = (torch.rand(500, generator=rng(1)) < 0.4).long()
    labels = draw_labels(300, 200, 200, rng(2))
    sums = pair_sums(kernel, values[which], labels)
    statistic = sums.within_x / (300 * 299) + sums.within_y / (200 * 199)
    statistic = statistic - 2 * sums.between / (300 * 200)
    counts = labels.long() @ which
    for count in counts.unique():
        same = statistic[counts == count]
        assert float(same.max() - same.min()) <= sums.rounding
    # And the bound is small beside the spread of the null.
    assert sums.rounding < 0.01 * float(statistic.std())


def test_rounding_bound_counts_the_constant():
    # 200 of 500 points are 1.5, the others 0. With c of the 200 in x (n = 300, m = 200) the
    # V-statistic is proportional to (c / 300 - (200 - c) / 200)^2: c and 240 - c are tied, with
    # other sums. Far from zero what rounds is the constant that is put back.
    values = 1.5 * (torch.arange(500) % 5 < 2).double().unsqueeze(1)
    labels = draw_labels(300, 200, 200, rng(2))
    sums = pair_sums(lambda a, b: minus_distance(a, b) + 1e5, values, labels)
    statistic = sums.within_x / 300**2 + sums.within_y / 200**2
    statistic = statistic - 2 * sums.between / (300 * 200)
    off = (labels.long() @ (values[:, 0] > 0).long() - 120).abs()
    spreads = [float(statistic[off == k].max() - statistic[off == k].min()) for k in off.unique()]
    assert 1e-13 < max(spreads) <= sums.rounding  # Without the constant the bound is 3e-15.
    assert sums.rounding < 0.01 * float(statistic.std())


def test_constant_is_taken_off_without_loss():
    # Far out, all kernel values are nearly alike; float32 keeps what differs.
    pooled = torch.randn(200, 1, generator=rng())
    labels = draw_labels(90, 110, 10, rng(1))

    def shifted(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return minus_distance(a, b) + 64

    plain, moved = (pair_sums(k, pooled, labels) for k in (minus_distance, shifted))
    for a, b, pairs in zip(plain[:3], moved[:3], (90 * 89, 90 * 110, 110 * 109), strict=True):
        torch.testing.assert_close(a / pairs, b / pairs - 64, rtol=0, atol=2e-6)


def test_labellings_are_exact_and_uniform():
    labels = draw_labels(2, 3, 6000, rng())
    assert labels.shape == (6000, 5)
    assert set(labels.sum(1).tolist()) == {2}
    codes = (labels.long() * torch.tensor([1, 2, 4, 8, 16])).sum(1)
    counts = torch.unique(codes, return_counts=True)[1]
    assert counts.numel() == 10
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4
    assert torch.equal(draw_labels(4, 5, 3, rng(7)), draw_labels(4, 5, 3, rng(7)))


def test_p_value_counts_ties_and_is_never_zero():
    assert result_of(torch.tensor([2.0, 1.0, 2.0, 3.0])).p_value == 3 / 4
    assert result_of(torch.tensor([9.0] + [1.0] * 99)).p_value == 1 / 100
    near = torch.tensor([2.0, 2.0 - 1e-9, 1.0], dtype=torch.float64)
    assert result_of(near).p_value == 1 / 3
    snapped = result_of(near, tolerance=1e-8)
    assert snapped.p_value == 2 / 3
    assert snapped.null.tolist() == [2.0, 1.0]
    # In float32 1 + 1e-8 would be 1 and the tolerance would tie what float64 tells apart.
    single = result_of(torch.tensor([0.1, 0.1, 0.3]), tolerance=1e-12)
    assert single.null.dtype == torch.float64
    assert single.null.tolist() == pytest.approx([0.1, 0.3])
    assert single.p_value == 1


def test_result_reads_well():
    shown = repr(TestResult(0.123456789, 0.0039920159, 500, torch.zeros(500)))
    assert shown == "TestResult(statistic=0.1235, p_value=0.003992, 500 permutations)"
    known = repr(TestResult(0.5, 0.25, 0, torch.zeros(0)))
    assert known == "TestResult(statistic=0.5, p_value=0.25, known null law)"
