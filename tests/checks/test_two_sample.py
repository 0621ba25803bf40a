import math

import pytest

from gan_lessons.checks import check_mmd2_unbiased, examine
from gan_lessons.two_sample import mmd2_biased, mmd2_unbiased


def by_loops(x, y, bandwidth):
    def k(a, b):
        return math.exp(-float(((a - b) ** 2).sum()) / (2 * bandwidth**2))

    n, m = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    xy = sum(k(a, b) for a in x for b in y) / (n * m)
    return xx + yy - 2 * xy


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_right_functions_pass(seed):
    assert check_mmd2_unbiased(by_loops, seed).passed
    assert check_mmd2_unbiased(mmd2_unbiased, seed).passed


@pytest.mark.parametrize(
    "wrong",
    [
        mmd2_biased,
        lambda x, y, b: mmd2_unbiased(x, y, b * 2**0.5),  # exponent without the 2
        lambda x, y, b: mmd2_unbiased(x, y, b).abs().sqrt(),
        lambda x, y, b: mmd2_unbiased(x, y, b).clamp(min=0),
        lambda x, y, b: -mmd2_unbiased(x, y, b),
        lambda x, y, b: None,
        lambda x, y, b: mmd2_unbiased(x, y),
    ],
)
def test_wrong_functions_fail(wrong):
    assert not check_mmd2_unbiased(wrong).passed


def test_the_verdict_says_what_came_instead():
    text = str(check_mmd2_unbiased(mmd2_biased))
    assert "--  samples of unequal size in two dimensions; this is the biased estimate" in text
    assert "ok  the same number when x and y are swapped" in text


def test_an_exception_is_a_finding():
    report = examine(("it runs", lambda: 1 / 0 == 0), ("it holds", lambda: True))
    assert not report.passed
    assert "it raised ZeroDivisionError" in str(report)
    assert [finding.passed for finding in report.findings] == [False, True]
