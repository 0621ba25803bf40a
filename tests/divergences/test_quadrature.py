import math

import pytest
import torch

from gan_lessons.distributions import Mixture, Normal, Uniform, ring
from gan_lessons.divergences import f_divergence, integrate, integrate_over_laws, jensen_shannon
from gan_lessons.divergences.laws import panel_edges
from gan_lessons.divergences.quadrature import value_or_warning

from .laws import Cauchy, Laplace


def edges(*points: float) -> torch.Tensor:
    return torch.tensor(points, dtype=torch.float64)


@pytest.mark.parametrize("degree", [0, 1, 7, 13, 14, 21, 22])
def test_one_panel_is_exact_for_polynomials_of_degree_22(degree):
    result = integrate(lambda x: (degree + 1) * x**degree, edges(0.0, 2.0), tolerance=1e12)
    assert result.evaluations == 15
    assert result.value == pytest.approx(2.0 ** (degree + 1), rel=1e-14)


def test_degree_24_is_not_exact_so_the_rule_is_no_better_than_said():
    result = integrate(lambda x: 25 * x**24, edges(-1.0, 1.0), tolerance=1e12)
    assert abs(result.value - 2) > 1e-12


@pytest.mark.parametrize(
    ("function", "low", "high", "exact"),
    [
        (torch.exp, 0.0, 1.0, math.e - 1),
        (lambda x: (x - 1 / 3).abs(), 0.0, 1.0, 5 / 18),
        (lambda x: (x > 0.2).double(), 0.0, 1.0, 0.8),
        (lambda x: 1 / (1e-4 + x * x), -1.0, 1.0, 200 * math.atan(100)),
        (lambda x: x.rsqrt(), 0.0, 1.0, 2.0),
        (torch.log, 0.0, 1.0, -1.0),
        (lambda x: torch.cos(40 * x), 0.0, 1.0, math.sin(40) / 40),
    ],
)
@pytest.mark.parametrize("tolerance", [1e-4, 1e-9])
def test_error_estimate_covers_the_error_and_meets_the_tolerance(
    function, low, high, exact, tolerance
):
    result = integrate(function, edges(low, high), tolerance)
    wanted = tolerance * max(1e-2, abs(exact))
    assert result.error <= wanted * (1 + 1e-6)
    assert abs(result.value - exact) <= max(result.error, 1e-14)


def test_infinite_and_undefined_integrands():
    assert integrate(lambda x: x * 0 + math.inf, edges(0, 1)).value == math.inf
    assert integrate(lambda x: x * 0 - math.inf, edges(0, 1)).value == -math.inf
    with pytest.raises(ValueError, match="infinity minus infinity"):
        integrate(lambda x: math.inf * x, edges(-1, 0, 1))
    with pytest.raises(ValueError, match="got NaN at x = "):
        integrate(lambda x: x * math.nan, edges(0, 1))
    with pytest.raises(ValueError, match="tolerance must be positive"):
        integrate(torch.exp, edges(0, 1), tolerance=0.0)


def test_accuracy_not_reached_is_said():
    # More oscillations than panels allow.
    result = integrate(lambda x: torch.cos(1e9 * x), edges(0, 1))
    with pytest.warns(RuntimeWarning, match="above the tolerance"):
        value_or_warning(result, 1e-10)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (Normal(0, 1), Normal(0, 1e-8)),
        (Normal(-1e6, 1e-3), Normal(1e6, 10)),
        (Mixture([0.5, 0.5], [-300, 300], [1e-3, 5]), Uniform(-1, 2)),
        (Laplace(3, 0.1), Cauchy(-2, 5)),
    ],
)
def test_panels_find_all_the_mass(p, q):
    for law in (p, q):
        result = integrate_over_laws(lambda x, law=law: law.log_prob(x).exp(), p, q)
        assert result.value == pytest.approx(1, abs=1e-8)


def test_edges_rise_and_cover_the_supports():
    points, left, right = panel_edges(Uniform(0, 1), Uniform(5, 6))
    assert (left, right) == (False, False)
    assert points[0] == 0
    assert points[-1] == 6
    assert bool((points.diff() > 0).all())
    points, left, right = panel_edges(Normal(0, 1), Uniform(0, 1))
    assert (left, right) == (True, True)
    assert points.abs().amin() <= 1e-12
    assert float(points[-1]) > 1e30


def test_edges_closer_than_rounding_make_no_panel():
    points, _, _ = panel_edges(Normal(1e8, 1e-6), Normal(1e8, 1 + 1e-15))
    assert bool((points.diff() > 0).all())


def test_a_narrow_mode_near_0_counts_however_far_the_other_laws_reach():
    spiked = Mixture([0.5, 0.5], [0.0, 1e8], [1e-9, 1.0])

    def shared(z):
        # (p log(1 + q/p) + q log(1 + p/q)) / 2 for the spike in its own unit z = x / 1e-9
        a = 0.5 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        b = 1e-9 * math.exp(-((1e-9 * z) ** 2) / 2) / math.sqrt(2 * math.pi)
        return (a * math.log1p(b / a) + b * math.log1p(a / b)) / 2 if a > 0 else 0.0

    from scipy.integrate import quad

    exact = math.log(2) - quad(shared, -20, 20, points=[-6, 0, 6], epsabs=1e-16)[0]
    assert jensen_shannon(spiked, Normal()) == pytest.approx(exact, abs=1e-10)
    for std in (1e-16, 1e-100, 1e-300):
        assert jensen_shannon(Normal(), Normal(0, std)) == pytest.approx(math.log(2), abs=1e-10)
        assert f_divergence("total-variation", Normal(0, std), Normal()) == pytest.approx(1)


@pytest.mark.parametrize(
    "narrow",
    [
        Normal(1e17, 1),
        Normal(1e200, 1),
        Normal(1e16, 1),
        Normal(-1e8, 1e-8),
        Mixture([0.9, 0.1], [0.0, 1e17], [1.0, 1.0]),
        Uniform(1.0, 1.0 + 2.3e-16),
        Laplace(1e8, 1e-9),
    ],
)
def test_a_mode_that_float64_steps_over_is_refused(narrow):
    wanted = r"is too narrow at x = .*move both laws nearer to 0"
    with pytest.raises(ValueError, match="q " + wanted):
        jensen_shannon(Normal(), narrow)
    with pytest.raises(ValueError, match="p " + wanted):
        f_divergence("kl", narrow, narrow)


def test_far_laws_that_float64_resolves_are_far():
    assert jensen_shannon(Normal(), Normal(1e13, 1)) == pytest.approx(math.log(2), abs=1e-3)
    assert f_divergence("kl", Normal(), Normal(1e8, 1)) == pytest.approx(5e15, rel=1e-9)


def test_functions_and_edges_are_checked():
    with pytest.raises(TypeError, match="function must map points .* got NoneType"):
        integrate(None, edges(0, 1))
    with pytest.raises(TypeError, match=r"edges must be a torch.Tensor, got list"):
        integrate(torch.exp, [0, 1])
    for bad in (edges(0), edges(1, 0), edges(0, 1, 1), edges(0, 1).reshape(2, 1)):
        with pytest.raises(ValueError, match="edges must be at least two rising numbers"):
            integrate(torch.exp, bad)


def test_heavy_tails_by_closed_form():
    # KL of two Cauchy laws: log((s + r)^2 + d^2) / (4 s r), Chyzak and Nielsen (2019).
    p, q = Cauchy(0.0, 1.0), Cauchy(2.0, 3.0)
    assert f_divergence("kl", p, q) == pytest.approx(math.log((4**2 + 2**2) / 12), rel=1e-9)
    # KL of two Laplace laws with one mean: log(b/a) + a/b - 1.
    assert f_divergence("kl", Laplace(1, 0.5), Laplace(1, 2)) == pytest.approx(
        math.log(4) + 0.25 - 1, rel=1e-10
    )


@pytest.mark.parametrize(
    ("key", "p", "q"),
    [
        ("kl", Cauchy(), Normal(0, 1)),
        ("kl", Laplace(), Uniform(-1, 1)),
        ("pearson", Laplace(), Normal(0, 1)),
        ("pearson", Laplace(0, 2), Laplace(0, 1)),
        ("neyman", Normal(0, 1), Cauchy()),
    ],
)
def test_tails_that_do_not_decay_are_infinite(key, p, q):
    assert f_divergence(key, p, q) == math.inf


def test_light_tail_against_heavy_tail_is_finite():
    assert 0 < f_divergence("kl", Normal(0, 1), Cauchy()) < 1
    assert f_divergence("pearson", Normal(0, 1), Laplace()) == pytest.approx(
        # int phi^2 / (exp(-|x|)/2) = (2/pi) e^{1/4} int_0^inf exp(-(x - 1/2)^2) - 1
        2 / math.pi * math.exp(0.25) * math.sqrt(math.pi) / 2 * (1 + math.erf(0.5)) - 1,
        rel=1e-10,
    )


def test_laws_that_cannot_be_integrated_are_named():
    with pytest.raises(ValueError, match="p must be one-dimensional.*dim=2"):
        f_divergence("kl", ring(), Normal(0, 1))
    with pytest.raises(TypeError, match="q must be a law with log_prob.*got float"):
        f_divergence("kl", Normal(0, 1), 1.0)
