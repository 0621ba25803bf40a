"""Numbers that do not fit into their type: an error or the right value, never a p-value."""

import math

import numpy as np
import pytest
import torch

from gan_lessons import two_sample as ts

X = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
Y = torch.randn(30, 3, generator=torch.Generator().manual_seed(2))
WIDE = torch.randn(40, 12, generator=torch.Generator().manual_seed(3))
TOO_LARGE = "too large to compute with; rescale"
LINE = torch.linspace(0, 1, 6)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_gives_what_float32_gives(half):
    # Values of a byte: their squares overflow in float16.
    x = torch.randint(0, 256, (40, 64), generator=rng()).to(half)
    y = torch.randint(0, 256, (30, 64), generator=rng(1)).to(half)
    for test in (ts.mmd_test, ts.energy_test, ts.nearest_neighbour_test, ts.classifier_test):
        ours, wanted = test(x, y, rng=rng()), test(x.float(), y.float(), rng=rng())
        assert ours.statistic == wanted.statistic
        assert ours.p_value == wanted.p_value
    assert ts.mmd2_unbiased(x, y) == ts.mmd2_unbiased(x.float(), y.float())
    assert ts.median_heuristic(x, y) == ts.median_heuristic(x.float(), y.float())
    far = 60_000 * torch.ones(20, dtype=half)
    assert float(ts.wasserstein_1d(far, -far)) == 2 * float(far[0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: ts.mmd_test(1e20 * X, 1e20 * Y),
        lambda: ts.mmd_test(1e20 * WIDE, -1e20 * WIDE, 1.0),
        lambda: ts.energy_test(1e19 * X, 1e19 * Y),
        lambda: ts.energy_test(1e18 * X, 1e18 * Y),
        lambda: ts.energy_distance(1e20 * X, 1e20 * Y),
        lambda: ts.energy_distance_unbiased(1e20 * X, 1e20 * Y),
        lambda: ts.mmd2_unbiased(1e20 * X, 1e20 * Y),
        lambda: ts.median_heuristic(1e20 * X, 1e20 * Y),
        lambda: ts.nearest_neighbour_test(1e21 * X, 1e21 * Y),
        lambda: ts.nearest_neighbour_test(1e20 * WIDE, 1e20 * WIDE + 1),
        lambda: ts.classifier_test(1e200 * X.double(), 1e200 * Y.double()),
    ],
)
def test_samples_that_are_too_large_are_refused(call):
    with pytest.raises(ValueError, match=TOO_LARGE):
        call()


def test_large_samples_that_are_let_through_give_the_same_p_value():
    for test in (ts.mmd_test, ts.energy_test, ts.nearest_neighbour_test, ts.classifier_test):
        small, large = test(X, Y, rng=rng()), test(2.0**56 * X, 2.0**56 * Y, rng=rng())
        assert large.p_value == small.p_value


def test_a_kernel_that_gives_nan_is_refused():
    def broken(a, b):
        return torch.full((len(a), len(b)), math.nan)

    with pytest.raises(ValueError, match=f"statistic came out as nan.*{TOO_LARGE}"):
        ts.mmd_test(X, Y, kernel=broken)
    for estimate in (ts.mmd2_unbiased, ts.mmd2_biased):
        with pytest.raises(ValueError, match=f"estimate came out as nan.*{TOO_LARGE}"):
            estimate(X, Y, kernel=broken)


@pytest.mark.parametrize(
    ("kernel", "error", "message"),
    [
        (3, TypeError, r"kernel must be a function of rows .*got int"),
        (lambda a, b: (a - b[:1]).sum(1), ValueError, r"kernel must return .* got \(\d+,\)"),
        (lambda a, b: b @ a.T, ValueError, r"kernel must return a tensor of shape \(40, 30\)"),
        (lambda a, b: 1.0, ValueError, r"kernel must return .* got float"),
    ],
)
def test_a_kernel_of_another_kind_is_refused(kernel, error, message):
    with pytest.raises(error, match=message):
        ts.mmd2_biased(X, Y, kernel=kernel)
    if "40, 30" not in message:  # Its mistake shows between different numbers of rows only.
        with pytest.raises(error, match=message.replace("40, 30", "70, 70")):
            ts.mmd_test(X, Y, kernel=kernel)


@pytest.mark.parametrize(
    ("bandwidth", "dtype", "word"),
    [
        (1e-25, torch.float32, "small"),
        (1e25, torch.float32, "large"),
        (1e-200, torch.float64, "small"),
        (1e200, torch.float64, "large"),
        (5e-324, torch.float64, "small"),
    ],
)
def test_bandwidths_whose_square_does_not_fit(bandwidth, dtype, word):
    x, y = X.to(dtype), Y.to(dtype)
    for call in (ts.mmd_test, ts.mmd2_unbiased, ts.mmd2_biased, ts.rbf_kernel):
        with pytest.raises(ValueError, match=f"bandwidth .* is too {word} for {dtype}.*rescale"):
            call(x, y, bandwidth)
        with pytest.raises(ValueError, match=f"is too {word}"):
            call(x, y, [1.0, bandwidth])


def test_wasserstein_of_many_points_and_of_large_ones():
    from scipy.stats import wasserstein_distance

    # Unequal sizes with n m above 2^24, which float32 cannot count, and values near its end.
    for size, scale in (((5001, 4999), 1.0), ((300, 200), 1e35)):
        x = torch.randn(size[0], generator=rng())
        y = 1.5 * torch.randn(size[1], generator=rng(1)) + 0.25
        wanted = wasserstein_distance(x.double().numpy(), y.double().numpy())
        assert float(ts.wasserstein_1d(scale * x, scale * y)) / scale == pytest.approx(
            wanted, rel=1e-5
        )


def test_a_step_size_that_breaks_the_classifier_is_named():
    with pytest.raises(ValueError, match=r"lr=1e\+30 made .* NaN or infinite; lower lr"):
        ts.classifier_test(X, Y + 5, lr=1e30)


@pytest.mark.parametrize(
    "call",
    [
        lambda g: ts.mmd_test(LINE, LINE, rng=g),
        lambda g: ts.energy_test(LINE, LINE, rng=g),
        lambda g: ts.ks_test(LINE, LINE, rng=g),
        lambda g: ts.nearest_neighbour_test(LINE, LINE, rng=g),
        lambda g: ts.nearest_neighbour_accuracy(LINE, LINE, rng=g),
        lambda g: ts.classifier_test(LINE, LINE, rng=g),
        lambda g: ts.draw_labels(2, 3, 4, g),
    ],
)
def test_rng_is_a_torch_generator(call):
    for bad in (0, np.random.default_rng(0)):
        with pytest.raises(TypeError, match=r"rng must be a torch.Generator or None, got"):
            call(bad)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ts.draw_labels(-1, 5, 3), "n must be at least 1, got -1"),
        (lambda: ts.draw_labels(5, 0, 3), "m must be at least 1, got 0"),
        (lambda: ts.draw_labels(5, 5, -3), "n_permutations must be at least 0, got -3"),
        (
            lambda: ts.pair_sums(ts.minus_distance, X, torch.ones(40, 40).tril().byte()),
            "labels must have the same number of ones in every row, got 1 to 40",
        ),
        (
            lambda: ts.pair_sums(ts.minus_distance, X, torch.ones(2, 39, dtype=torch.uint8)),
            r"labels must have shape \(B, 40\), got \(2, 39\)",
        ),
    ],
)
def test_labellings_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_numbers_of_numpy_are_taken():
    count = np.int64(9)
    assert ts.mmd_test(X, Y, n_permutations=count, block_size=np.int64(16)).n_permutations == 9
    assert ts.nearest_neighbour_test(X, Y, k=np.int64(3), n_permutations=count).p_value > 0
    assert ts.classifier_test(X, Y, hidden=np.int64(3), n_permutations=count).p_value > 0
    assert ts.median_heuristic(X, Y, max_points=np.int64(20)) > 0
    assert ts.draw_labels(np.int64(2), np.int64(3), np.int64(4)).shape == (4, 5)
