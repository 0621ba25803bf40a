import math

import pytest

from gan_lessons.checks.convolution import check_output_sizes


def right(n, k, s, p):
    return (n + 2 * p - k) // s + 1


def right_transposed(n, k, s, p):
    return (n - 1) * s - 2 * p + k


def test_right_functions_pass():
    report = check_output_sizes(right, right_transposed)
    assert report.passed
    assert len(report.findings) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n, k, s, p: (n + 2 * p - k) / s + 1,  # a float
        lambda n, k, s, p: (n + 2 * p) // s,
        lambda n, k, s, p: (n + p - k) // s + 1,
        lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1,
        lambda n, k, s, p: n // 2,
        lambda n, k, s, p: None,
        right_transposed,
    ],
)
def test_wrong_convolution_sizes_fail(wrong):
    report = check_output_sizes(wrong, right_transposed)
    assert [finding.passed for finding in report.findings] == [False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n, k, s, p: n * s,
        lambda n, k, s, p: 2 * n,
        lambda n, k, s, p: (n - 1) * s + 2 * p + k,
        lambda n, k, s, p: n * s - 2 * p + k,
        right,
    ],
)
def test_wrong_transposed_sizes_fail(wrong):
    report = check_output_sizes(right, wrong)
    assert [finding.passed for finding in report.findings] == [True, False]
    assert "torch makes" in str(report) or "int" in str(report)
