"""Theorems, over random pairs of laws."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.distributions import Mixture, Normal, Uniform
from gan_lessons.divergences import (
    F_DIVERGENCES,
    FDivergence,
    alpha_divergence,
    f_divergence,
    integrate_over_laws,
    jensen_shannon,
    wasserstein1,
)

from .laws import Laplace, full_laws, laws, normals, uniforms

few = settings(deadline=None, derandomize=True, max_examples=15)
keys = st.sampled_from(list(F_DIVERGENCES))
LOG_2 = math.log(2)


def unclamped(divergence, p, q):
    """The integral itself; ``f_divergence`` would turn a negative one into 0."""

    def density(x):
        return divergence.integrand(p.log_prob(x), q.log_prob(x))

    return integrate_over_laws(density, p, q).value


@few
@given(keys, laws, laws)
def test_non_negative_and_never_nan(key, p, q):
    assert unclamped(F_DIVERGENCES[key], p, q) >= -1e-12
    assert f_divergence(key, p, q) >= 0


@few
@given(laws, laws)
def test_bounds_and_symmetry(p, q):
    jsd, tv = jensen_shannon(p, q), f_divergence("total-variation", p, q)
    hellinger = f_divergence("squared-hellinger", p, q)
    assert jsd <= LOG_2
    assert tv <= 1 + 1e-10
    assert hellinger <= 2 + 1e-10
    assert jensen_shannon(q, p) == pytest.approx(jsd, abs=1e-9)
    assert f_divergence("total-variation", q, p) == pytest.approx(tv, abs=1e-9)
    # Lin (1991): JSD is at most log 2 times the total variation; Le Cam: H^2/2 <= TV <= H.
    assert jsd <= LOG_2 * tv + 1e-9
    assert hellinger / 2 <= tv + 1e-9
    assert tv <= math.sqrt(hellinger * (1 - hellinger / 4)) + 1e-5


@few
@given(full_laws, full_laws)
def test_inequalities_and_identities_between_divergences(p, q):
    kl, reverse = f_divergence("kl", p, q), f_divergence("reverse-kl", p, q)
    tv = f_divergence("total-variation", p, q)
    assert kl >= 2 * tv**2 - 1e-9  # Pinsker
    assert kl <= math.log1p(f_divergence("pearson", p, q)) + 1e-9  # Jensen
    assert kl + reverse == pytest.approx(f_divergence("jeffrey", p, q), rel=1e-8, abs=1e-9)
    assert f_divergence("kl", q, p) == pytest.approx(reverse, rel=1e-8, abs=1e-9)
    assert 2 * jensen_shannon(p, q) == pytest.approx(f_divergence("gan", p, q), abs=1e-9)


@few
@given(laws, laws, laws)
def test_root_of_jensen_shannon_and_wasserstein_obey_the_triangle(p, q, r):
    def root(a, b):
        return math.sqrt(jensen_shannon(a, b))

    assert root(p, r) <= root(p, q) + root(q, r) + 1e-6
    assert wasserstein1(p, r) <= wasserstein1(p, q) + wasserstein1(q, r) + 1e-7
    assert wasserstein1(p, q) == pytest.approx(wasserstein1(q, p), rel=1e-8, abs=1e-9)


def test_jensen_shannon_itself_breaks_the_triangle():
    p, q, r = Normal(0, 1), Normal(0.5, 1), Normal(1, 1)
    assert jensen_shannon(p, r) > jensen_shannon(p, q) + jensen_shannon(q, r)


@few
@given(keys, normals, normals, st.floats(0.1, 10), st.booleans(), st.floats(-20, 20))
def test_invariant_under_a_change_of_variable(key, p, q, scale, flip, shift):
    factor = -scale if flip else scale

    def push(law):
        return Normal(factor * law.mean + shift, scale * law.std)

    before, after = f_divergence(key, p, q), f_divergence(key, push(p), push(q))
    assert after == pytest.approx(before, rel=1e-5, abs=1e-9)


@few
@given(keys, normals, normals, st.floats(0.1, 3))
def test_data_processing(key, p, q, noise):
    # Adding the same noise to both is a channel: nothing can become easier to tell apart.
    def blur(law):
        return Normal(law.mean, math.hypot(law.std, noise))

    before = f_divergence(key, p, q)
    assert f_divergence(key, blur(p), blur(q)) <= before * (1 + 1e-7) + 1e-9


@few
@given(keys, normals, normals, normals, normals, st.floats(0.05, 0.95))
def test_joint_convexity(key, p1, p2, q1, q2, w):
    p = Mixture([w, 1 - w], [p1.mean, p2.mean], [p1.std, p2.std])
    q = Mixture([w, 1 - w], [q1.mean, q2.mean], [q1.std, q2.std])
    mixed = w * f_divergence(key, p1, q1) + (1 - w) * f_divergence(key, p2, q2)
    assert f_divergence(key, p, q) <= mixed * (1 + 1e-7) + 1e-9


@few
@given(keys, full_laws, full_laws, st.floats(-3, 3))
def test_f_alone_gives_the_same_and_so_does_f_plus_a_multiple_of_u_minus_1(key, p, q, c):
    # Built from f only: neither the log form nor its extra term c (p - q) is used.
    full = F_DIVERGENCES[key]
    expected = f_divergence(full, p, q)
    plain = FDivergence("plain", full.f)
    moved = FDivergence("moved", lambda u: full.f(u) + c * (u - 1))
    for other in (plain, moved):
        found = f_divergence(other, p, q, tolerance=1e-8)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


@few
@given(keys, uniforms, laws)
def test_f_alone_finds_the_limits_outside_the_supports(key, p, q):
    full = F_DIVERGENCES[key]
    for a, b in ((p, q), (q, p)):
        expected = f_divergence(full, a, b)
        found = f_divergence(FDivergence("plain", full.f), a, b, tolerance=1e-8)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


@few
@given(st.floats(-2, 3), full_laws, full_laws)
def test_alpha_divergence_is_non_negative_and_skew_symmetric(alpha, p, q):
    forward = f_divergence(alpha_divergence(alpha), p, q)
    assert unclamped(alpha_divergence(alpha), p, q) >= -1e-9
    assert f_divergence(alpha_divergence(1 - alpha), q, p) == pytest.approx(
        forward, rel=1e-8, abs=1e-9
    )


def test_jensen_shannon_of_disjoint_laws_is_at_most_log_2():
    for distance in range(20, 200, 7):
        law = Mixture([0.3, 0.7], [distance, distance + 1.3], [0.7, 0.01])
        assert jensen_shannon(Normal(0.1, 0.3), law) <= LOG_2


@pytest.mark.parametrize(
    "f",
    [lambda u: -((u - 1) ** 2), lambda u: u.sqrt() - 1, lambda u: (u - 1) * (u - 2) * (u - 3)],
)
def test_f_must_be_convex(f):
    with pytest.raises(ValueError, match="f must be convex on u > 0, got f above its chord"):
        FDivergence("x", f)


@few
@given(st.floats(-30, 30))
def test_convex_functions_are_let_through(alpha):
    for a in (alpha, 1e-7 * alpha, 1 + 1e-7 * alpha):
        assert alpha_divergence(a).f(torch.ones(1, dtype=torch.float64)) == 0


def test_a_clearly_negative_integral_is_no_divergence():
    class Double(Laplace):
        def log_prob(self, x):
            return super().log_prob(x) + math.log(2)

    with pytest.raises(ValueError, match=r"came out negative, -1.*must integrate to one"):
        f_divergence(FDivergence("reverse", lambda u: 1 / u - u), Double(), Laplace())


def test_ratio_beyond_float64_for_a_user_given_f():
    # log(p/q) reaches 1e12 / 2 here.
    plain = FDivergence("KL", lambda u: torch.xlogy(u, u))
    exact = 0.5 * (1e12 - 1) + math.log(1e-6)
    assert f_divergence(plain, Normal(0, 1), Normal(0, 1e-6)) == pytest.approx(exact, rel=1e-9)
    chi2 = FDivergence("Pearson", lambda u: (u - 1) ** 2)
    exact = 0.64 / math.sqrt(0.28) - 1
    assert f_divergence(chi2, Normal(0, 1), Normal(0, 0.8)) == pytest.approx(exact, rel=1e-8)
    assert f_divergence(chi2, Uniform(0, 1), Normal(0, 0.01)) == math.inf
