import math
import re

import pytest
import torch
from scipy.stats import multivariate_normal

from gan_lessons.checks import check_parzen_log_likelihood
from gan_lessons.metrics import parzen_log_likelihood


def by_scipy(points, centres, bandwidth):
    d = points.shape[1]
    logs = torch.stack(
        [
            torch.as_tensor(
                multivariate_normal(c.numpy(), bandwidth**2 * torch.eye(d).numpy()).logpdf(
                    points.numpy()
                )
            ).reshape(-1)
            for c in centres
        ]
    )
    return torch.logsumexp(logs, 0) - math.log(len(centres))


def without_logsumexp(points, centres, bandwidth):
    d = points.shape[1]
    density = torch.exp(-(torch.cdist(points, centres) ** 2) / (2 * bandwidth**2)).mean(1)
    return density.log() - d * math.log(bandwidth * (2 * math.pi) ** 0.5)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_right_functions_pass(seed):
    assert check_parzen_log_likelihood(by_scipy, seed).passed
    assert check_parzen_log_likelihood(parzen_log_likelihood, seed).passed


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (without_logsumexp, "it gave -inf: the density underflows"),
        (lambda x, c, b: parzen_log_likelihood(x, c, b) + math.log(len(c)), "by their number"),
        (lambda x, c, b: parzen_log_likelihood(x, c, b**2), "off by up to"),
        (lambda x, c, b: parzen_log_likelihood(x, c, b).mean(), r"shape \(\) instead of \(6,\)"),
        (
            lambda x, c, b: parzen_log_likelihood(x, c, b) + (x.shape[1] - 1) * math.log(b),
            "off by up to",
        ),
        (lambda x, c, b: parzen_log_likelihood(x, c, b).exp(), "in two dimensions it gave 0.1592"),
        (lambda x, c, b: parzen_log_likelihood(c, x, b), "instead of"),
        (lambda x, c, b: parzen_log_likelihood(x, c, b) + math.log(b), "the area is 0.3"),
        (lambda x, c, b: -parzen_log_likelihood(x, c, b), "not -1.8379"),
        (lambda x, c, b: None, "it raised"),
        (lambda x, c: parzen_log_likelihood(x, c, 1.0), "it raised TypeError"),
    ],
)
def test_wrong_functions_fail_with_words(wrong, found):
    report = check_parzen_log_likelihood(wrong)
    assert not report.passed
    assert re.search(found, str(report)), str(report)


def test_only_the_underflow_is_found_where_only_that_is_wrong():
    report = check_parzen_log_likelihood(without_logsumexp)
    assert [finding.passed for finding in report.findings] == [True] * 5 + [False]


def test_each_question_alone_can_fail():
    """A function that is right but for one thing fails that question."""

    def wrong_far(x, c, b):
        found = parzen_log_likelihood(x, c, b)
        return found + 1000 if x.shape[1] == 784 else found

    report = check_parzen_log_likelihood(wrong_far)
    assert [finding.passed for finding in report.findings] == [True] * 5 + [False]
