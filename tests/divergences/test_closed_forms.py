import math
from statistics import NormalDist

import pytest
import torch

from gan_lessons.distributions import Mixture, Normal, Uniform
from gan_lessons.divergences import (
    F_DIVERGENCES,
    alpha_divergence,
    f_divergence,
    f_divergence_with_error,
    jensen_shannon,
    wasserstein1,
)

MEANS_AND_STDS = [
    (0.0, 1.0, 1.0, 1.0),
    (0.0, 1.0, 3.0, 0.5),
    (-2.0, 0.1, 1.0, 4.0),
    (5.0, 2.0, 5.0, 2.1),
    (0.0, 1.0, 1e-3, 1.0),
    (0.0, 1.0, 0.0, 1e-6),
    (100.0, 1e-2, -100.0, 1.0),
]


def kl_normals(m: float, s: float, n: float, r: float) -> float:
    return math.log(r / s) + (s * s + (m - n) ** 2) / (2 * r * r) - 0.5


@pytest.mark.parametrize(("m", "s", "n", "r"), MEANS_AND_STDS)
def test_normals(m, s, n, r):
    p, q = Normal(m, s), Normal(n, r)
    kl, reverse = kl_normals(m, s, n, r), kl_normals(n, r, m, s)
    assert f_divergence("kl", p, q) == pytest.approx(kl, rel=1e-10, abs=1e-14)
    assert f_divergence("reverse-kl", p, q) == pytest.approx(reverse, rel=1e-10, abs=1e-14)
    assert f_divergence("jeffrey", p, q) == pytest.approx(kl + reverse, rel=1e-10, abs=1e-14)
    # Bhattacharyya coefficient: int sqrt(p q).
    both = s * s + r * r
    coefficient = math.sqrt(2 * s * r / both) * math.exp(-((m - n) ** 2) / (4 * both))
    hellinger = f_divergence("squared-hellinger", p, q)
    assert hellinger == pytest.approx(2 - 2 * coefficient, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize(("m", "s", "n", "r"), MEANS_AND_STDS)
def test_chi_squared_of_normals(m, s, n, r):
    # int p^2/q is finite only where 2/s^2 > 1/r^2.
    curvature = 2 / s**2 - 1 / r**2
    if curvature <= 0:
        expected = math.inf
    else:
        exponent = (m - n) ** 2 / (2 * r * r - s * s)
        expected = math.inf
        if exponent < 700:
            scale = r * r / (s * math.sqrt(2 * r * r - s * s))
            expected = scale * math.exp(exponent) - 1
    assert f_divergence("pearson", Normal(m, s), Normal(n, r)) == pytest.approx(
        expected, rel=1e-9, abs=1e-12
    )
    assert f_divergence("neyman", Normal(n, r), Normal(m, s)) == pytest.approx(
        expected, rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("ratio", [0.7072, 0.72, 0.8])
def test_chi_squared_with_slowly_falling_tails(ratio):
    r2 = ratio**2
    assert f_divergence("pearson", Normal(0, 1), Normal(0, ratio)) == pytest.approx(
        r2 / math.sqrt(2 * r2 - 1) - 1, rel=1e-9
    )


@pytest.mark.parametrize("ratio", [math.sqrt(0.5), 0.7, 0.1])
def test_chi_squared_with_tails_that_do_not_fall(ratio):
    assert f_divergence("pearson", Normal(0, 1), Normal(0, ratio)) == math.inf


@pytest.mark.parametrize(
    ("distance", "jsd"), [(0.5, 0.0303113005), (1.0, 0.1114214822), (2.0, 0.3368308203)]
)
def test_jensen_shannon_and_total_variation_of_shifted_normals(distance, jsd):
    p, q = Normal(0, 1), Normal(distance, 1)
    assert jensen_shannon(p, q) == pytest.approx(jsd, abs=6e-11)
    assert f_divergence("gan", p, q) == pytest.approx(2 * jsd, abs=2e-10)
    tv = 2 * NormalDist().cdf(distance / 2) - 1
    assert f_divergence("total-variation", p, q) == pytest.approx(tv, abs=1e-11)


LOG_2 = math.log(2)
UNIFORM = {
    # overlap half (0, .5, 1): f(0)/2 + slope/2 + f(1)/2; disjoint: f(0) + slope.
    "kl": (math.inf, math.inf),
    "reverse-kl": (math.inf, math.inf),
    "jensen-shannon": (LOG_2 / 2, LOG_2),
    "jeffrey": (math.inf, math.inf),
    "pearson": (math.inf, math.inf),
    "neyman": (math.inf, math.inf),
    "squared-hellinger": (1.0, 2.0),
    "total-variation": (0.5, 1.0),
    "gan": (LOG_2, 2 * LOG_2),
}


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_uniforms_that_overlap_by_half_or_not_at_all(key):
    half, disjoint = UNIFORM[key]
    assert f_divergence(key, Uniform(0, 1), Uniform(0.5, 1.5)) == pytest.approx(half, abs=1e-13)
    for q in (Uniform(1, 2), Uniform(-7, -6), Uniform(1e6, 1e6 + 1)):
        assert f_divergence(key, Uniform(0, 1), q) == pytest.approx(disjoint, abs=1e-9)


@pytest.mark.parametrize("inside", [0.25, 1e-3, 1e-9])
def test_a_uniform_inside_another(inside):
    # p = U[0, w], q = U[0, 1]: u = 1/w on the inside, 0 elsewhere.
    p, q = Uniform(0, inside), Uniform(0, 1)
    assert f_divergence("kl", p, q) == pytest.approx(-math.log(inside), rel=1e-12)
    assert f_divergence("kl", q, p) == math.inf
    assert f_divergence("reverse-kl", p, q) == math.inf
    assert f_divergence("pearson", p, q) == pytest.approx(1 / inside - 1, rel=1e-12)
    assert f_divergence("neyman", p, q) == math.inf
    assert f_divergence("total-variation", p, q) == pytest.approx(1 - inside, rel=1e-12)
    assert f_divergence("squared-hellinger", p, q) == pytest.approx(
        2 - 2 * math.sqrt(inside), rel=1e-12
    )


def test_normal_against_uniform_is_infinite_one_way_only():
    p, q = Uniform(0, 1), Normal(0, 1)
    # E_p[-log q] = log(2 pi)/2 + E x^2 / 2, entropy of p is 0.
    assert f_divergence("kl", p, q) == pytest.approx(math.log(2 * math.pi) / 2 + 1 / 6, rel=1e-12)
    assert f_divergence("kl", q, p) == math.inf


@pytest.mark.parametrize("key", F_DIVERGENCES)
@pytest.mark.parametrize(
    "law",
    [
        Normal(0, 1),
        Normal(1e6, 1e-4),
        Uniform(-1, 3),
        Mixture([0.2, 0.8], [-100.0, 100.0], [1e-4, 3.0]),
    ],
)
def test_zero_at_equality(key, law):
    assert f_divergence(key, law, law) == 0


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_zero_where_the_law_is_written_in_two_ways(key):
    p = Normal(0.3, 0.7)
    q = Mixture([0.25, 0.75], [0.3, 0.3], [0.7, 0.7])
    assert f_divergence(key, p, q) <= 1e-12


def test_far_apart_narrow_mixtures():
    # Same component at -5 with weights .3 and .5; the others do not meet.
    p = Mixture([0.3, 0.7], [-5.0, 5.0], [0.01, 0.02])
    q = Mixture([0.5, 0.5], [-5.0, 50.0], [0.01, 0.001])
    assert f_divergence("total-variation", p, q) == pytest.approx(0.7, abs=1e-10)
    hellinger = 2 - 2 * math.sqrt(0.3 * 0.5)
    assert f_divergence("squared-hellinger", p, q) == pytest.approx(hellinger, abs=1e-10)
    shared = 0.3 * math.log(0.3 / 0.4) + 0.5 * math.log(0.5 / 0.4)
    jsd = (shared + 1.2 * math.log(2)) / 2
    assert jensen_shannon(p, q) == pytest.approx(jsd, abs=1e-10)


def test_error_estimate_comes_with_the_value():
    result = f_divergence_with_error("kl", Normal(0, 1), Normal(1, 2), tolerance=1e-8)
    exact = kl_normals(0, 1, 1, 2)
    assert abs(result.value - exact) <= result.error + 1e-14
    assert result.error <= 1e-8 * exact
    assert result.evaluations > 0


@pytest.mark.parametrize("alpha", [-1.0, -0.5, 0.3, 0.5, 0.9, 1.5, 2.0, 3.0])
def test_alpha_divergence_of_normals(alpha):
    m, s, n, r = 0.0, 1.0, 0.7, 1.1
    # int p^a q^(1-a) for normals, by completing the square.
    variance = alpha * r * r + (1 - alpha) * s * s
    power = s ** (1 - alpha) * r**alpha / math.sqrt(variance)
    power *= math.exp(-alpha * (1 - alpha) * (m - n) ** 2 / (2 * variance))
    expected = (power - 1) / (alpha * (alpha - 1))
    assert f_divergence(alpha_divergence(alpha), Normal(m, s), Normal(n, r)) == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize(
    ("alpha", "key", "factor"),
    [(1, "kl", 1), (0, "reverse-kl", 1), (2, "pearson", 0.5), (-1, "neyman", 0.5)]
    + [(0.5, "squared-hellinger", 2), (1 + 1e-6, "kl", 1), (1e-6, "reverse-kl", 1)],
)
def test_alpha_divergence_joins_the_named_ones(alpha, key, factor):
    p, q = Normal(0, 1), Mixture([0.4, 0.6], [-0.5, 1.0], [0.9, 1.2])
    assert f_divergence(alpha_divergence(alpha), p, q) == pytest.approx(
        factor * f_divergence(key, p, q), rel=2e-5 if alpha % 0.5 else 1e-9
    )


def test_wasserstein_of_uniforms_and_shifts():
    assert wasserstein1(Uniform(0, 1), Uniform(0.5, 1.5)) == pytest.approx(0.5, abs=1e-12)
    assert wasserstein1(Uniform(0, 1), Uniform(1, 2)) == pytest.approx(1, abs=1e-12)
    assert wasserstein1(Normal(0, 1), Normal(-3, 1)) == pytest.approx(3, abs=1e-11)
    # One mean: W1 = |s - r| E|Z|.
    assert wasserstein1(Normal(2, 1), Normal(2, 4)) == pytest.approx(
        3 * math.sqrt(2 / math.pi), abs=1e-10
    )
    assert wasserstein1(Normal(0, 1), Normal(1e6, 1e-6)) == pytest.approx(1e6, rel=1e-12)


def test_wasserstein_agrees_with_the_quantile_formula():
    p = Mixture([0.3, 0.7], [-3.0, 1.0], [0.5, 1.0])
    q = Mixture([0.6, 0.4], [-1.0, 4.0], [2.0, 0.1])
    n = 20_000
    levels = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    midpoint = (p.quantile(levels) - q.quantile(levels)).abs().mean()
    assert wasserstein1(p, q) == pytest.approx(float(midpoint), rel=1e-3)


def test_wasserstein_refuses_what_is_not_on_the_line():
    with pytest.raises(ValueError, match="q must be one-dimensional"):
        wasserstein1(Normal(0, 1), Normal([0.0, 1.0], 1))


@pytest.mark.parametrize("where", [0, 1])
def test_slow_tails_inside_a_wide_gap(where):
    # p^2/q of the narrow pair reaches out to 30 of its standard deviations, into the gap.
    means, stds = [0.0, 1e5], [1.0, 1.0]
    p = Mixture([0.5, 0.5], means, stds)
    stds[where] = 0.72
    q = Mixture([0.5, 0.5], means, stds)
    r2 = 0.72**2
    expected = 0.5 * (r2 / math.sqrt(2 * r2 - 1) - 1)
    assert f_divergence("pearson", p, q) == pytest.approx(expected, rel=1e-8)


def test_wasserstein_does_not_sum_rounding_over_the_tails():
    # These weights add to more than one by rounding, also at the far right.
    p = Mixture([0.7, 0.2, 0.1], [0.0] * 3, [1.0] * 3)
    assert wasserstein1(p, Normal(0.5, 1)) == pytest.approx(0.5, abs=1e-10)
