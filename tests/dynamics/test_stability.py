"""Limits three ways: closed form, autograd of the step, and growth measured from radius 1e-3."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.dynamics import (
    METHODS,
    BilinearGame,
    ConsensusGame,
    DiracGAN,
    equilibrium_eigenvalues,
    measured_growth_rate,
    predicted_verdict,
    simulate,
    step_jacobian,
    step_size_limit,
)

# (f', gamma), as the objective that has this f'; weak, moderate, critical and strong damping
PAIRS = [
    *((key, g) for key in ("saturating",) for g in (0.1, 0.3, 0.6, 1.0, 1.5, 3.0)),
    *((key, g) for key in ("wasserstein",) for g in (0.2, 0.7, 2.0, 2.5, 4.0)),
    ("non-saturating", 0.4),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("key", "gamma"), PAIRS)
def test_growth_from_radius_1e_3_turns_at_the_limit(key: str, gamma: float, method: str) -> None:
    game = DiracGAN(key, r1_gamma=gamma)
    limit = step_size_limit(game, method)
    below = measured_growth_rate(game, method, 0.97 * limit, radius=1e-3, steps=300)
    above = measured_growth_rate(game, method, 1.03 * limit, radius=1e-3, steps=300)
    assert below < 1 < above
    for rate, factor in ((below, 0.97), (above, 1.03)):
        predicted = predicted_verdict(game, method, factor * limit)
        # At critical damping the two roots nearly meet, which slows the approach to the rate.
        assert rate == pytest.approx(predicted.spectral_radius, abs=5e-3)


@pytest.mark.parametrize("method", ["simultaneous", "alternating"])
@pytest.mark.parametrize(("key", "gamma"), PAIRS)
def test_plain_paths_from_radius_1e_3_contract_or_not(key: str, gamma: float, method: str) -> None:
    game = DiracGAN(key, r1_gamma=gamma)
    limit = step_size_limit(game, method)
    starts = 1e-3 * torch.eye(2, dtype=torch.float64)
    below = simulate(game, method, 0.97 * limit, 300, starts).norm(dim=-1)
    above = simulate(game, method, 1.03 * limit, 300, starts).norm(dim=-1)
    assert float(below[-1].max()) < 1e-3
    # Above it they leave; what they do far out (a limit cycle, infinity) is another matter.
    assert not float(above[-1].nan_to_num(nan=math.inf).min()) < 1e-3


def test_limits_that_the_book_names() -> None:
    assert step_size_limit(DiracGAN(r1_gamma=1.0), "simultaneous") == pytest.approx(4.0)
    assert step_size_limit(DiracGAN(r1_gamma=1.0), "alternating") == pytest.approx(1.657, abs=5e-4)
    assert step_size_limit(DiracGAN(r1_gamma=0.1), "simultaneous") == pytest.approx(0.4)
    assert step_size_limit(DiracGAN(r1_gamma=0.1), "alternating") == pytest.approx(3.62, abs=5e-3)
    for game, alternating in ((DiracGAN(), 4), (DiracGAN("wasserstein"), 2), (BilinearGame(), 2)):
        assert step_size_limit(game, "simultaneous") == 0
        assert step_size_limit(game, "alternating") == pytest.approx(alternating)
        assert step_size_limit(game, "extragradient") == pytest.approx(alternating / 2)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    key=st.sampled_from(["saturating", "wasserstein", "least-squares"]),
    gamma=st.floats(0.01, 10),
    noise=st.floats(0, 1),
    method=st.sampled_from(METHODS),
    fraction=st.floats(0.05, 0.999),
)
def test_spectral_radius_crosses_one_at_the_limit_and_nowhere_before(
    key: str, gamma: float, noise: float, method: str, fraction: float
) -> None:
    game = DiracGAN(key, r1_gamma=gamma, instance_noise=noise)
    limit = step_size_limit(game, method)
    assert predicted_verdict(game, method, limit).spectral_radius == pytest.approx(1, abs=1e-6)
    assert predicted_verdict(game, method, fraction * limit).verdict == "converges locally"
    assert predicted_verdict(game, method, limit * 1.001).verdict == "diverges"


@settings(deadline=None, derandomize=True, max_examples=40)
@given(gamma=st.floats(0.01, 10), key=st.sampled_from(["saturating", "wasserstein"]))
def test_simultaneous_limit_is_the_one_of_explicit_euler(gamma: float, key: str) -> None:
    game = DiracGAN(key, r1_gamma=gamma)
    eigenvalues = equilibrium_eigenvalues(game)
    # abs(1 + h lambda) < 1 for every lambda, that is h < -2 Re(lambda) / abs(lambda)^2
    euler = float((-2 * eigenvalues.real / eigenvalues.abs() ** 2).min())
    assert step_size_limit(game, "simultaneous") == pytest.approx(euler, rel=1e-6)


def test_noise_and_r1_have_the_same_limits() -> None:
    noisy, r1 = DiracGAN(instance_noise=0.8), DiracGAN(r1_gamma=0.32)
    for method in METHODS:
        limit = step_size_limit(r1, method)
        assert step_size_limit(noisy, method) == pytest.approx(limit)
        assert measured_growth_rate(noisy, method, 0.97 * limit, steps=100) < 1
        assert measured_growth_rate(noisy, method, 1.03 * limit, steps=100) > 1


def test_a_start_from_one_one_diverges_under_the_limit() -> None:
    game, lr = DiracGAN(r1_gamma=1.0), 1.5
    limit = step_size_limit(game, "alternating")
    assert 0.9 * limit < lr < limit
    assert predicted_verdict(game, "alternating", lr).verdict == "converges locally"
    near = simulate(game, "alternating", lr, 200, (0.1, 0.1))
    far = simulate(game, "alternating", lr, 200, (1.0, 1.0))
    assert float(near[-1].norm()) < 1e-6
    assert float(far[20].norm()) > 1e3
    # Three per cent under the limit it diverges as well.
    closer = simulate(game, "alternating", 0.97 * limit, 200, (1.0, 1.0))
    assert float(closer[20].norm()) > 1e3
    # Far out the slope is nearly 1, and that game's limit lies below this step size.
    assert step_size_limit(DiracGAN("wasserstein", 1.0), "alternating") < lr


@pytest.mark.parametrize(
    ("game", "method", "lr", "verdict"),
    [
        (DiracGAN(), "simultaneous", 1e-4, "diverges"),
        (DiracGAN(), "alternating", 0.2, "cycles"),
        (DiracGAN(), "alternating", 3.99, "cycles"),
        (DiracGAN(), "alternating", 4.0, "diverges"),  # a Jordan block: grows linearly
        (DiracGAN(), "alternating", 4.01, "diverges"),
        (DiracGAN("wasserstein"), "alternating", 1.99, "cycles"),
        (DiracGAN("wasserstein"), "alternating", 2.01, "diverges"),
        (BilinearGame(), "simultaneous", 0.1, "diverges"),
        (BilinearGame(), "extragradient", 0.1, "converges locally"),
        (BilinearGame(), "extragradient", 1.1, "diverges"),
        (DiracGAN(r1_gamma=1.0), "simultaneous", 3.9, "converges locally"),
        (DiracGAN(instance_noise=1.0), "simultaneous", 0.1, "converges locally"),
        (DiracGAN("wasserstein", instance_noise=1.0), "simultaneous", 0.1, "diverges"),
        (ConsensusGame(DiracGAN(), 1.0), "simultaneous", 0.1, "converges locally"),
        (ConsensusGame(DiracGAN(), 0.0), "simultaneous", 0.1, "diverges"),
    ],
)
def test_verdicts(
    game: BilinearGame | DiracGAN | ConsensusGame, method: str, lr: float, verdict: str
) -> None:
    assert predicted_verdict(game, method, lr).verdict == verdict


def test_spectral_radii_in_closed_form() -> None:
    for lr in (0.1, 0.6, 1.7):
        simultaneous = predicted_verdict(BilinearGame(), "simultaneous", lr).spectral_radius
        assert simultaneous == pytest.approx(math.sqrt(1 + lr**2), rel=1e-12)
        alternating = predicted_verdict(BilinearGame(), "alternating", lr).spectral_radius
        assert alternating == pytest.approx(1, rel=1e-12)
        extra = predicted_verdict(BilinearGame(), "extragradient", lr).spectral_radius
        assert extra == pytest.approx(math.sqrt(1 - lr**2 + lr**4), rel=1e-12)


def test_alternating_step_is_the_known_matrix() -> None:
    a = 0.3 * 0.5
    # psi turns with the sign of f' = -1/2: theta + a psi, psi - a theta'
    expected = torch.tensor([[1, a], [-a, 1 - a**2]], dtype=torch.float64)
    torch.testing.assert_close(step_jacobian(DiracGAN(), "alternating", 0.3), expected)


def test_verdict_reads_as_a_local_statement() -> None:
    for method, lr in (("simultaneous", 0.1), ("alternating", 0.1), ("extragradient", 0.1)):
        text = str(predicted_verdict(BilinearGame(), method, lr))
        assert text.count("locally") == 1
        assert "at the equilibrium" in text
    cycles = str(predicted_verdict(BilinearGame(), "alternating", 0.1))
    assert cycles == "cycles locally (spectral radius 1.0000 at the equilibrium)"


def test_a_step_that_lands_on_the_equilibrium_has_rate_zero() -> None:
    # WGAN with gamma = 2 and h = 1: the double root 1 + h lambda is 0.
    assert measured_growth_rate(DiracGAN("wasserstein", 2.0), "simultaneous", 1.0) == 0.0


def test_bad_arguments_are_refused() -> None:
    game = DiracGAN()
    with pytest.raises(ValueError, match="method must be one of"):
        step_size_limit(game, "newton")
    with pytest.raises(ValueError, match="method must be one of"):
        predicted_verdict(game, "newton", 0.1)
    with pytest.raises(ValueError, match="lr must be positive"):
        predicted_verdict(game, "alternating", -0.1)
    with pytest.raises(ValueError, match="lr must be positive"):
        measured_growth_rate(game, "alternating", 0.0)
    with pytest.raises(ValueError, match="radius must be positive"):
        measured_growth_rate(game, "alternating", 0.1, radius=0.0)
    with pytest.raises(ValueError, match="steps must be at least 4"):
        measured_growth_rate(game, "alternating", 0.1, steps=3)
    with pytest.raises(ValueError, match="n_starts must be at least 1"):
        measured_growth_rate(game, "alternating", 0.1, n_starts=0)
