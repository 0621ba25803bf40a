"""The checks of chapter 13 with a right function and with the typical wrong ones."""

import pytest

from gan_lessons.checks import check_gaussian_kl
from gan_lessons.models import gaussian_kl


def failed(report):
    return [finding.text for finding in report.findings if not finding.passed]


def test_right_functions_pass():
    for seed in range(3):
        assert check_gaussian_kl(gaussian_kl, seed).passed


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda m, s: (m**2 + s.exp() - 1 - 2 * s).sum(1) / 2, "log of the variance"),
        (lambda m, s: (m**2 + s.exp() - 1 - s).mean(1) / 2, "off by up to"),
        (lambda m, s: (m**2 + s.exp() - 1 - s) / 2, "sum over coordinates"),
        (lambda m, s: (m**2 + s.exp() - s).sum(1) / 2, "for N\\(0, I\\) itself"),
        (lambda m, s: -(m**2 + s.exp() - 1 - s).sum(1) / 2, "by hand it is"),
    ],
)
def test_wrong_functions_are_told(function, words):
    report = check_gaussian_kl(function)
    assert not report.passed
    assert any(words.replace("\\", "") in text for text in failed(report))
