"""The check of an f-divergence: right ones pass, typical wrong ones fail where they are wrong."""

from dataclasses import replace

import pytest
import torch

from gan_lessons.checks import check_f_divergence
from gan_lessons.divergences import F_DIVERGENCES, FDivergence, alpha_divergence

NEYMAN, PEARSON, KL = (F_DIVERGENCES[key] for key in ("neyman", "pearson", "kl"))
BOUND = "the bound never exceeds the divergence"


def failures(divergence):
    return {
        f.text.split(";")[0]: f.text
        for f in check_f_divergence(divergence).findings
        if not f.passed
    }


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_the_book_s_divergences_pass(key):
    report = check_f_divergence(key)
    assert report.passed, report
    assert len(report.findings) == 13
    assert check_f_divergence(F_DIVERGENCES[key], seed=7).passed


@pytest.mark.parametrize("key", [key for key in F_DIVERGENCES if key != "total-variation"])
def test_f_alone_passes(key):
    report = check_f_divergence(FDivergence("own", F_DIVERGENCES[key].f))
    assert report.passed, report


@pytest.mark.parametrize(
    "divergence",
    [
        FDivergence("triangular", lambda u: (u - 1).square() / (u + 1)),
        FDivergence("cubic", lambda u: (u**3 - 1 - 3 * (u - 1)) / 6),
        FDivergence("moved", lambda u: torch.xlogy(u, u) - 0.7 * (u - 1)),
        alpha_divergence(0.3),
        alpha_divergence(-1.5),
    ],
    ids=lambda d: d.name,
)
def test_own_divergences_pass(divergence):
    report = check_f_divergence(divergence)
    assert report.passed, report


def test_f_with_a_straight_piece_needs_an_activation():
    found = failures(FDivergence("own", F_DIVERGENCES["total-variation"].f))
    assert list(found) == ["g_f rises and stays in the domain of f*"]
    assert "it is flat" in found["g_f rises and stays in the domain of f*"]


def wrong(divergence, **parts):
    return failures(replace(divergence, **parts))


def test_typical_mistakes_are_found():
    rises = "g_f rises and stays in the domain of f*"
    supremum = "f* is the supremum of u t - f(u) over u >= 0"
    composed = "f*(g_f(v)) is f* after g_f"
    # The branch u >= 0 is forgotten.
    found = wrong(PEARSON, conjugate=lambda t: t * t / 4 + t)
    assert "at t = -6 it is 3, not -1" in found[supremum]
    # The paper's g_f for Neyman falls.
    found = wrong(NEYMAN, activation=lambda v: 1 - v.exp())
    assert "it falls: a high raw score must mean real" in found[rises]
    # No g_f at all: scores leave the domain.
    found = wrong(NEYMAN, activation=lambda v: v, conjugate_of_activation=None)
    assert "at v = 1.1 it is 1.1, outside (-inf, 1)" in found[rises]
    assert not found.keys() & {supremum}
    # g_f and f* of a game whose f is another by a factor.
    found = wrong(KL, conjugate=lambda t: t.exp())
    assert supremum in found
    found = wrong(KL, conjugate_of_activation=lambda v: v.exp())
    assert set(found) == {composed}
    found = wrong(KL, conjugate=lambda t: (t - 1).exp() / 2, conjugate_of_activation=None)
    assert supremum in found
    assert BOUND in found
    found = wrong(KL, f_prime=lambda u: u.log())
    assert "f' is the slope of f" in found
    assert "at T = f'(p/q) the bound is the divergence" in found
    found = wrong(KL, conjugate_of_activation=lambda v: (2 * v - 1).exp())
    assert "f*(g_f(v)) is f* after g_f" in found
    found = wrong(KL, activation=lambda v: 3 * v, conjugate_of_activation=None)
    assert "g_f and f*(g_f) are finite with their slopes for v in [-50, 50]" in found
    found = wrong(NEYMAN, conjugate=lambda t: 2 - 2 * (1 - t).abs().sqrt())
    assert "it is" in found["f* is infinite above its domain"]
    found = wrong(KL, integrand=NEYMAN.integrand)
    assert list(found) == ["the integrand gives the integral of q f(p/q)"]


def test_what_is_no_divergence_is_refused():
    with pytest.raises(TypeError, match="divergence must be a key of F_DIVERGENCES or an FDiv"):
        check_f_divergence(lambda u: u.log())
    with pytest.raises(ValueError, match="divergence must be one of kl"):
        check_f_divergence("js")
