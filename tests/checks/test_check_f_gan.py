"""The checks of chapter 14 with right functions and with the typical wrong ones."""

import math

import pytest
import torch

from gan_lessons.checks import check_conjugate, check_tight_critic
from gan_lessons.divergences import F_DIVERGENCES, FDivergence


def failed(report):
    return [finding.text for finding in report.findings if not finding.passed]


def square_root(t):
    """f*(t) = t / (1 - t) of the squared Hellinger divergence, without its domain."""
    return t / (1 - t)


def with_domain(t):
    return torch.where(t < 1, square_root(t.clamp(max=1)), torch.full_like(t, math.inf))


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_right_conjugates_and_critics_pass(key):
    for seed in range(2):
        report = check_conjugate(F_DIVERGENCES[key].conjugate, key, seed)
        assert report.passed, str(report)
        report = check_tight_critic(lambda p, q: F_DIVERGENCES[key].f_prime(p / q), key, seed)
        assert report.passed, str(report)


def test_a_divergence_of_ones_own_is_marked_too():
    mine = FDivergence("Hellinger", lambda u: (u.sqrt() - 1) ** 2)
    assert check_conjugate(with_domain, mine).passed
    assert check_tight_critic(lambda p, q: 1 - (q / p).sqrt(), mine).passed


@pytest.mark.parametrize(
    ("student", "key", "words"),
    [
        (lambda t: -(t - 1).exp(), "kl", "the sign is turned"),
        (lambda t: t.exp(), "kl", "instead of"),
        (lambda t: t.exp() / math.e + 0.5, "kl", "too large by 0.5 everywhere"),
        (lambda t: t * t / 4 + t, "pearson", "no u > 0 has this slope"),
        (square_root, "squared-hellinger", "f*(3) is infinite"),
        (lambda t: with_domain(t).clamp(max=1e6), "squared-hellinger", "and it gave 1e+06"),
        (lambda t: -(1 - t.exp()).log(), "gan", "too large by 1.386"),
        (lambda t: (t - 1).exp().sum(), "kl", "returned ()"),
    ],
)
def test_wrong_conjugates_are_told(student, key, words):
    assert any(words in text for text in failed(check_conjugate(student, key)))


@pytest.mark.parametrize(
    ("student", "key", "words"),
    [
        (lambda p, q: 1 + (q / p).log(), "kl", "the ratio is turned"),
        (lambda p, q: p / q, "kl", "the ratio itself"),
        (lambda p, q: (p / q).log(), "reverse-kl", "the raw score V"),
        (lambda p, q: (p / q).log(), "kl", "the bound loses"),
        (lambda p, q: (p / q).log() + 3, "squared-hellinger", "leaves the domain"),
        (lambda p, q: 1 + p.log(), "kl", "both densities are tripled"),
    ],
)
def test_wrong_critics_are_told(student, key, words):
    assert any(words in text for text in failed(check_tight_critic(student, key)))
