"""The nearest normal law: moment matching, printed values, local minima, other mixtures."""

import math

import pytest

from gan_lessons.distributions import Mixture, Normal, Uniform, ring
from gan_lessons.divergences import F_DIVERGENCES, FDivergence, f_divergence, fit_gaussian

# The paper's target with the narrow variance that its printed numbers imply.
TARGET = Mixture([0.33, 0.67], [-1.0, 2.0], [math.sqrt(0.065), math.sqrt(2.0)])
MEAN, STD = 1.01, math.sqrt(0.33 * (0.065 + 2.01**2) + 0.67 * (2 + 0.99**2))
NEAR = [(1.2, 1.7)]
# Nowozin et al. (2016), table 3: mu, sigma, D; their JS is twice ours, so it is "gan" here.
PRINTED = {
    "kl": (1.0100, 1.8308, 0.2831),
    "reverse-kl": (1.5782, 1.6319, 0.2480),
    "gan": (1.3070, 1.7542, 0.1280),
    "jeffrey": (1.3218, 1.7034, 0.5705),
    "pearson": (0.5737, 1.9274, 0.6457),
}


def test_kl_matches_the_moments():
    fit = fit_gaussian("kl", TARGET, NEAR)
    assert fit.mu == pytest.approx(MEAN, abs=1e-6)
    assert fit.sigma == pytest.approx(STD, abs=1e-6)
    other = Mixture([0.2, 0.5, 0.3], [-3.0, 0.0, 5.0], [0.1, 2.0, 0.7])
    mean = float((other.weights * other.means[:, 0]).sum())
    square = float((other.weights * (other.stds**2 + other.means[:, 0] ** 2)).sum())
    fit = fit_gaussian("kl", other)
    assert (fit.mu, fit.sigma) == pytest.approx((mean, math.sqrt(square - mean**2)), abs=1e-6)


@pytest.mark.parametrize("key", PRINTED)
def test_the_paper_s_optima_are_met(key):
    fit = fit_gaussian(key, TARGET, NEAR)
    assert tuple(fit[:3]) == pytest.approx(PRINTED[key], abs=1e-3)


@pytest.mark.parametrize("key", [key for key in F_DIVERGENCES if key != "total-variation"])
def test_every_step_away_is_worse_by_another_quadrature(key):
    fit = fit_gaussian(key, TARGET, NEAR)
    # A parabola through three values places the optimum along each direction.
    for a, b in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, -1.0)):
        h = 3e-3
        below, at, above = (
            f_divergence(key, TARGET, Normal(fit.mu + s * a, fit.sigma + s * b))
            for s in (-h, 0.0, h)
        )
        assert at == pytest.approx(fit.divergence, abs=1e-8)
        assert at < min(below, above)
        offset = h * (below - above) / (2 * (below - 2 * at + above))
        assert abs(offset) < 1e-4


def test_jensen_shannon_is_half_of_the_original_gan():
    half, whole = (fit_gaussian(key, TARGET, NEAR) for key in ("jensen-shannon", "gan"))
    assert 2 * half.divergence == pytest.approx(whole.divergence, rel=1e-8)
    assert (half.mu, half.sigma) == pytest.approx((whole.mu, whole.sigma), abs=1e-6)


@pytest.mark.parametrize(
    ("key", "low", "high"), [("reverse-kl", 0.25, 0.99), ("neyman", 0.41, 1.74)]
)
def test_two_divergences_have_a_second_minimum_at_the_narrow_component(key, low, high):
    fit = fit_gaussian(key, TARGET)
    assert len(fit.minima) == 2
    best, other = fit.minima
    assert best.divergence == pytest.approx(low, abs=0.01)
    assert other.divergence == pytest.approx(high, abs=0.01)
    assert other.mu == pytest.approx(-0.96, abs=0.02)
    assert other.sigma == pytest.approx(0.30, abs=0.02)
    # From near it one does not come out.
    assert fit_gaussian(key, TARGET, [(-1.0, 0.3)]).mu == pytest.approx(other.mu, abs=1e-5)


def test_the_others_have_one_minimum_from_every_start():
    for key in ("jensen-shannon", "pearson"):
        assert len(fit_gaussian(key, TARGET).minima) == 1


def test_a_normal_target_is_found_itself():
    for key in ("kl", "neyman", "squared-hellinger"):
        fit = fit_gaussian(key, Normal(-3.0, 0.4), [(-2.7, 0.45)])
        assert tuple(fit[:3]) == pytest.approx((-3.0, 0.4, 0.0), abs=1e-5)


def test_shift_and_scale_go_along():
    moved = Mixture([0.33, 0.67], [90.0, 120.0], [10 * float(s) for s in TARGET.stds])
    before, after = fit_gaussian("pearson", TARGET, NEAR), fit_gaussian("pearson", moved)
    assert after.mu == pytest.approx(100 + 10 * before.mu, abs=1e-3)
    assert after.sigma == pytest.approx(10 * before.sigma, abs=1e-3)
    assert after.divergence == pytest.approx(before.divergence, abs=1e-7)


def test_f_alone_is_fitted_too():
    own = FDivergence("reverse", lambda u: -u.log())
    given, known = (fit_gaussian(d, TARGET, NEAR) for d in (own, "reverse-kl"))
    assert tuple(given[:3]) == pytest.approx(tuple(known[:3]), abs=1e-5)


def test_total_variation_to_a_thousandth():
    fit = fit_gaussian("total-variation", TARGET, [(1.3, 1.9)])
    for mu, sigma in ((0.01, 0.0), (-0.01, 0.0), (0.0, 0.01), (0.0, -0.01)):
        law = Normal(fit.mu + mu, fit.sigma + sigma)
        assert f_divergence("total-variation", TARGET, law, 1e-7) > fit.divergence - 1e-7


def test_a_law_far_from_zero_keeps_its_digits():
    """In float32 its mean would be off by 3e-5."""
    fit = fit_gaussian("kl", Normal(1000.3, 1.0), [(1000.0, 1.5)])
    assert fit.mu == pytest.approx(1000.3, abs=1e-6)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="starts must hold a normal law at finite divergence"):
        fit_gaussian("pearson", TARGET, [(0.0, 0.2)])
    for starts in ([], (0.0, 1.0), [("a", 1.0)], [(0.0, 1.0, 2.0)], 3):
        with pytest.raises(ValueError, match="starts must be pairs"):
            fit_gaussian("kl", TARGET, starts)
    with pytest.raises(ValueError, match="sigma must be positive and finite, got -1"):
        fit_gaussian("kl", TARGET, [(0.0, -1.0)])
    with pytest.raises(TypeError, match="target must be a Normal or a Mixture, got Uniform"):
        fit_gaussian("kl", Uniform(0, 1))
    with pytest.raises(ValueError, match="target must be one-dimensional"):
        fit_gaussian("kl", ring())
    with pytest.raises(ValueError, match="divergence must be one of"):
        fit_gaussian("js", TARGET)
