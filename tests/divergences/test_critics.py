"""Optimal critics: each reaches its distance, stays in its class, and no other does better."""

import math

import pytest
import scipy.integrate
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.distributions import Mixture, Normal, Uniform, ring
from gan_lessons.divergences import (
    critic_value,
    f_divergence,
    maximum_mean_discrepancy,
    mmd_critic,
    total_variation_critic,
    wasserstein1,
    wasserstein_critic,
)
from gan_lessons.two_sample import mmd2_unbiased, mmd_witness

N, U = Normal, Uniform
HUMPS = Mixture([0.3, 0.7], [-2.0, 1.5], [0.4, 0.8])
PAIRS = {
    "shifted": (N(0.0, 1.0), N(1.0, 1.0)),
    "wider": (N(0.0, 1.0), N(0.3, 2.0)),
    "humps": (HUMPS, N(0.0, 1.5)),
    "apart": (U(0.0, 1.0), U(3.0, 4.0)),
    "overlapping": (U(0.0, 1.0), U(0.25, 2.0)),
    "inside": (U(-1.0, 1.0), U(-0.5, 0.5)),
    "mixed": (U(-1.0, 1.0), HUMPS),
    "thin and far": (N(5.0, 0.01), N(-5.0, 0.01)),
}
X = torch.linspace(-7, 7, 1401, dtype=torch.float64)
FEW = settings(deadline=None, derandomize=True, max_examples=20)


@pytest.mark.parametrize("name", PAIRS)
def test_the_step_reaches_total_variation(name):
    p, q = PAIRS[name]
    value = critic_value(p, q, lambda x: total_variation_critic(p, q, x), tolerance=1e-5)
    assert value == pytest.approx(f_divergence("total-variation", p, q), abs=1e-5)
    assert float(total_variation_critic(p, q, X).abs().max()) == 0.5


@pytest.mark.parametrize("name", PAIRS)
def test_the_potential_reaches_w1_and_is_lipschitz(name):
    p, q = PAIRS[name]
    value = critic_value(p, q, lambda x: wasserstein_critic(p, q, x), tolerance=1e-6)
    assert value == pytest.approx(wasserstein1(p, q), rel=1e-6)
    f = wasserstein_critic(p, q, X)
    assert float((f.diff() / X.diff()).abs().max()) <= 1 + 1e-9
    one = wasserstein_critic(p, q, torch.zeros(1, dtype=torch.float64), at_zero=2.5)
    assert one.item() == pytest.approx(2.5)
    # the same at a point whichever other points are asked for
    assert torch.allclose(f[::100], wasserstein_critic(p, q, X[::100]), atol=1e-9)


def test_shapes_of_the_critics_by_hand():
    """p to the left of q: f falls with slope 1 wherever mass travels, high on p, low on q."""
    p, q = U(0.0, 1.0), U(3.0, 4.0)
    x = torch.tensor([-1.0, 0.0, 1.0, 2.0, 4.0, 5.0])
    assert wasserstein_critic(p, q, x).tolist() == pytest.approx([0, 0, -1, -2, -4, -4], abs=1e-6)
    assert total_variation_critic(p, q, x).tolist() == [0, 0.5, 0.5, 0, -0.5, 0]
    # a law that is wider on both sides: a tent whose ridge is where the cdfs cross
    tent = wasserstein_critic(N(0.0, 1.0), N(0.0, 2.0), x)
    assert tent.tolist() == pytest.approx([-1, 0, -1, -2, -4, -5], abs=1e-6)


@given(
    st.lists(st.floats(-3, 3), min_size=3, max_size=6),
    st.lists(st.floats(-1, 1), min_size=2, max_size=5),
)
@FEW
def test_no_lipschitz_function_does_better(knots, slopes):
    knots = torch.tensor(sorted(set(knots)), dtype=torch.float64)
    p, q = PAIRS["humps"]

    def piecewise(x):  # a sum of ramps, each clamped: slopes stay within the sum of |slopes|
        ramps = [s * (x - k).clamp(0, 1) for s, k in zip(slopes, knots, strict=False)]
        return sum(ramps) / max(1.0, sum(abs(s) for s in slopes))

    assert critic_value(p, q, piecewise, 1e-6) <= wasserstein1(p, q) + 1e-9


def kernel(x, y, h):
    return math.exp(-((x - y) ** 2) / (2 * h**2))


@pytest.mark.parametrize(("p", "q", "h"), [(*PAIRS["humps"], 0.5), (*PAIRS["mixed"], 0.3)])
def test_mmd_witness_by_scipy(p, q, h):
    def density(law, x):
        return float(law.log_prob(torch.tensor([x], dtype=torch.float64)).exp())

    for t in (-2.2, 0.1, 1.7):
        wanted = 0.0
        for law, sign in ((p, 1), (q, -1)):
            low, high = (-1.0, 1.0) if isinstance(law, Uniform) else (-12.0, 12.0)
            part, _ = scipy.integrate.quad(
                lambda x, law=law, t=t: density(law, x) * kernel(x, t, h),
                low,
                high,
                points=[max(low, min(high, t)), 0.0],
                limit=200,
            )
            wanted += sign * part
        at = torch.tensor([t], dtype=torch.float64)
        found = float(mmd_critic(p, q, at, h, unit_norm=False))
        assert found == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize("name", ["shifted", "humps", "apart", "overlapping", "mixed"])
@pytest.mark.parametrize("bandwidth", [0.2, 1.0])
def test_the_unit_witness_reaches_the_mmd(name, bandwidth):
    p, q = PAIRS[name]
    value = critic_value(p, q, lambda x: mmd_critic(p, q, x, bandwidth), tolerance=1e-6)
    assert value == pytest.approx(maximum_mean_discrepancy(p, q, bandwidth), abs=1e-6)
    assert maximum_mean_discrepancy(q, p, bandwidth) == pytest.approx(value, abs=1e-6)
    # the reproducing property: |f(x)| <= ||f|| sqrt(k(x, x)) = 1
    assert float(mmd_critic(p, q, X, bandwidth).abs().max()) <= 1


def test_mmd_closed_forms():
    """Values computed apart from this package, and the uniform law by the double integral."""
    assert maximum_mean_discrepancy(N(0.0, 1.0), N(1.0, 1.0), 1.0) ** 2 == pytest.approx(
        2 * (1 - math.exp(-1 / 6)) / math.sqrt(3), abs=1e-12
    )
    two = maximum_mean_discrepancy(N([0.0, 0.0], 1.0), N([0.5, 0.5], 1.5), 1.0) ** 2
    assert two == pytest.approx(0.071447, abs=5e-7)
    inner, _ = scipy.integrate.dblquad(lambda y, x: kernel(x, y, 0.5), 0, 1, 0, 1)
    outer, _ = scipy.integrate.dblquad(lambda y, x: kernel(x, y + 2, 0.5), 0, 1, 0, 1)
    found = maximum_mean_discrepancy(U(0.0, 1.0), U(2.0, 3.0), 0.5)
    assert found**2 == pytest.approx(2 * inner - 2 * outer, abs=1e-7)
    assert maximum_mean_discrepancy(HUMPS, HUMPS, 0.5) == pytest.approx(0, abs=1e-7)


def test_from_samples_it_is_the_estimate():
    """Five standard errors of 4,000 draws; the witness is below 1, so its error below 0.08."""
    rng = torch.Generator().manual_seed(0)
    p, q = ring(5, std=0.1), N([0.2, 0.0], 0.7)
    x, y = p.sample(4000, rng), q.sample(4000, rng)
    exact = maximum_mean_discrepancy(p, q, 0.4) ** 2
    assert float(mmd2_unbiased(x, y, 0.4)) == pytest.approx(exact, abs=0.01)
    t = torch.randn(20, 2, generator=rng)
    found = mmd_critic(p, q, t, 0.4, unit_norm=False)
    assert found.dtype == torch.float32
    assert torch.allclose(found, mmd_witness(x, y, t, 0.4), atol=0.04)


def test_bad_input_is_named():
    p, q = PAIRS["shifted"]
    with pytest.raises(ValueError, match="p and q must differ"):
        mmd_critic(p, p, X, 1.0)
    with pytest.raises(ValueError, match="q must have 1 features as x has, got 2"):
        mmd_critic(p, N([0.0, 0.0], 1.0), X, 1.0)
    with pytest.raises(ValueError, match="bandwidth must be positive"):
        mmd_critic(p, q, X, 0.0)
    with pytest.raises(ValueError, match="q must be one-dimensional"):
        wasserstein_critic(p, N([0.0, 0.0], 1.0), X)
    with pytest.raises(ValueError, match=r"x must have shape \(n,\) or \(n, 1\)"):
        wasserstein_critic(p, q, torch.zeros(3, 2))
    with pytest.raises(TypeError, match="p must be a law"):
        total_variation_critic("p", q, X)
    with pytest.raises(TypeError, match="function of x"):
        critic_value(p, q, 3.0)


def test_the_slope_goes_on_in_the_tails():
    """At 20 both distribution functions are 1 to all digits; q's mass is still the farther out."""
    p, q = PAIRS["shifted"]
    x = torch.tensor([-20.0, 0.0, 20.0], dtype=torch.float64)
    assert wasserstein_critic(p, q, x).tolist() == pytest.approx([20, 0, -20], abs=1e-6)
    # beyond a finite end nothing travels
    assert wasserstein_critic(*PAIRS["apart"], x).tolist() == pytest.approx([0, 0, -4], abs=1e-6)
