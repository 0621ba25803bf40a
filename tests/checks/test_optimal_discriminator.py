import math

import pytest
import torch

from gan_lessons.checks import check_optimal_discriminator, check_smoothed_discriminator


def right(log_p, log_q, prior):
    """Through the classes' joint densities and a softmax: another road than the logit."""
    joint = torch.stack([log_p + math.log(prior), log_q + math.log1p(-prior)])
    return torch.softmax(joint, dim=0)[0]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_right_functions_pass(seed):
    assert check_optimal_discriminator(right, seed).passed
    assert check_smoothed_discriminator(lambda p, q, e: (1 - e) * p / (p + q), seed).passed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda a, b, s: right(b, a, s), "data law belongs in the numerator"),
        (lambda a, b, s: right(a, b, 0.5), "did not use the share"),
        (lambda a, b, s: right(a, b, 1 - s), "fewer real samples make D* smaller"),
        (lambda a, b, s: a - b, "put a sigmoid around it"),
        (
            lambda a, b, s: s * a.exp() / (s * a.exp() + (1 - s) * b.exp()),
            "subtract the logarithms",
        ),
        (lambda a, b, s: right(a, b, s) ** 2, "by hand it is"),
        (lambda a, b, s: None, "by hand it is"),
        (lambda a, b: right(a, b, 0.5), "TypeError"),
    ],
)
def test_wrong_functions_fail_with_the_reason(wrong, said):
    report = check_optimal_discriminator(wrong)
    assert not report.passed
    assert said in str(report)


def test_a_fault_of_small_ratios_only_is_seen():
    report = check_optimal_discriminator(lambda a, b, s: right(a, b, s).clamp(0.01, 0.99))
    assert [finding.passed for finding in report.findings] == [True, False, False, True, False]
    assert "largest error is 0.0" in report.findings[1].text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda p, q, e: p / (p + q), "another number does better"),
        (lambda p, q, e: (1 - e) * p / ((1 - e) * p + q), "another number does better"),
        (lambda p, q, e: (1 - e) * q / (p + q), "at epsilon = 0 it is not D*"),
        (lambda p, q, e: (1 - 2 * e) * p / (p + q), "another number does better"),
        (lambda p, q, e: 0.5, "tensor of shape (20,)"),
        (lambda p, q, e: p / (p + q) + 10 * e, "left the open interval"),
    ],
)
def test_wrong_smoothing_fails(wrong, said):
    report = check_smoothed_discriminator(wrong)
    assert not report.passed
    assert said in str(report)
