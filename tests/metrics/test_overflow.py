"""Metrics refuse what they cannot compute, and never answer 0 or 1 in its place."""

import math

import numpy as np
import pytest
import torch

from gan_lessons import metrics
from gan_lessons.distributions import Mixture, ring

X = torch.randn(30, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = torch.randn(40, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
EYE, ZERO = torch.eye(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: metrics.frechet_distance(1e160 * X, 1e160 * Y), "the distance"),
        (lambda: metrics.frechet_distance(1e308 * X.sign(), -1e308 * X.sign()), "the distance"),
        (lambda: metrics.frechet_distance_gaussians(1e200 * EYE[0], EYE, ZERO, EYE), "the distanc"),
        (lambda: metrics.frechet_distance_gaussians(ZERO, 1e308 * EYE, ZERO, EYE), "the distance"),
        (lambda: metrics.precision_recall(1e200 * X, 1e200 * Y), "distance of x"),
        (lambda: metrics.precision_recall(X, 1e200 * Y), "distance of y"),
        (lambda: metrics.density_coverage(1e200 * X, 1e200 * Y), "distance of x"),
        (lambda: metrics.density_coverage(X, 1e200 * Y), "distance of y"),
        (lambda: metrics.kernel_distance(1e200 * X, 1e200 * Y), "the kernel distance"),
        (lambda: metrics.kernel_distance(1e50 * X, Y), "the kernel distance's standard error"),
        (lambda: metrics.kernel_distance(1e200 * X, Y, 5, 20), "the kernel distance"),
        (lambda: metrics.nearest_neighbours(1e20 * X.float(), Y.float()), "distance of queries"),
        (lambda: metrics.nearest_neighbours(X, 1e200 * Y), "distance of references"),
        (lambda: metrics.mode_coverage(1e25 * X[:, :2].float(), ring()), "from their mode"),
        (lambda: metrics.parzen_log_likelihood(X, Y, 1e-200), "centres in bandwidths of 1e-200"),
        (lambda: metrics.parzen_log_likelihood(X, 0 * Y, 1e-200), "points in bandwidths of"),
        (lambda: metrics.parzen_bandwidth(X, Y, [1e-200, 1.0]), "centres in bandwidths of 1e-200"),
    ],
)
def test_what_overflows_is_refused(call, name):
    with pytest.raises(ValueError, match=f"{name}.* came out as (nan|inf|-inf): .*; rescale"):
        call()


def test_large_samples_below_the_limit_scale():
    assert metrics.frechet_distance(1e150 * X, 1e150 * Y) / 1e300 == pytest.approx(
        metrics.frechet_distance(X, Y), rel=1e-9
    )
    for measure in (metrics.precision_recall, metrics.density_coverage):
        assert measure(2.0**490 * X, 2.0**490 * Y) == measure(X, Y)
    half = X.bfloat16()
    assert metrics.nearest_neighbours(half, half).distances.dtype == torch.float32


def test_factorisations_that_fail_are_explained(monkeypatch):
    def fails(*_, **__):
        raise torch.linalg.LinAlgError("did not converge")

    with monkeypatch.context() as patch:
        patch.setattr(torch.linalg, "svdvals", fails)
        with pytest.raises(ValueError, match="singular values .* did not converge: rescale"):
            metrics.frechet_distance(X[:3], Y)
    usual = metrics.frechet_distance(X, Y)
    with monkeypatch.context() as patch:
        patch.setattr(torch.linalg, "eigvalsh", fails)
        assert metrics.frechet_distance(X, Y) == pytest.approx(usual, rel=1e-12)
    # The first form fails where a law is degenerate; the second asks for eigenvalues.
    flat = torch.tensor([[1.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    monkeypatch.setattr(torch.linalg, "eigh", fails)
    with pytest.raises(ValueError, match="eigenvalues of cov_x did not converge: rescale"):
        metrics.frechet_distance_gaussians(ZERO, flat, ZERO, EYE)


def test_candidates_that_all_give_minus_infinity(monkeypatch):
    # The mean over many points overflows although each log-likelihood is a number.
    centres, far = torch.zeros(2, 1), torch.full((400, 1), 1.0)
    with pytest.raises(ValueError, match="-inf one and all: pass larger bandwidths"):
        metrics.parzen_bandwidth(far, centres, [2e-154])
    assert metrics.parzen_bandwidth(far, centres, [2e-154, 1.0]) == 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: metrics.mode_coverage(X, None), TypeError, "mixture must be a Mixture, got None"),
        (lambda: metrics.class_entropy(torch.zeros(0)), ValueError, r"\(n_classes,\), got \(0,\)"),
        (
            lambda: metrics.class_frequencies(torch.zeros(3, 0)),
            ValueError,
            r"at least one class, got shape \(3, 0\)",
        ),
        (
            lambda: metrics.frechet_distance_gaussians(*[torch.zeros(0), torch.zeros(0, 0)] * 2),
            ValueError,
            "mean_x needs at least one feature",
        ),
        (lambda: metrics.binomial_interval(1, 3, "a"), TypeError, "level must be .* got str"),
        (lambda: metrics.binomial_interval(1, 3, 0), ValueError, "level must be between 0 and 1"),
        (lambda: metrics.kernel_distance(X, Y, rng=0), TypeError, "rng must be .* got int"),
        (lambda: metrics.kernel_distance(X, Y, 2, 5, 0), TypeError, "rng must be .* got int"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_numbers_of_numpy_are_taken():
    k = np.int64(3)
    assert metrics.precision_recall(X, Y, k) == metrics.precision_recall(X, Y, 3)
    assert metrics.density_coverage(X, Y, k) == metrics.density_coverage(X, Y, 3)
    assert metrics.nearest_neighbours(X, Y, k).indices.shape == (30, 3)
    assert metrics.kernel_distance(X, Y, k, np.int64(9)).standard_error > 0
    assert metrics.class_frequencies(torch.tensor([0, 2]), k).tolist() == [0.5, 0, 0.5]
    assert metrics.binomial_interval(np.int64(1), k) == metrics.binomial_interval(1, 3)
    law = Mixture([1.0], [[0.0, 0.0, 0.0]], [1.0])
    assert metrics.mode_coverage(X, law, np.float64(3)).modes == 1
    assert math.isfinite(metrics.parzen_bandwidth(X, Y, np.array([0.5, 1.0]).tolist()))
