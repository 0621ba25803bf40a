import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_lessons.checks import Report
from gan_lessons.checks.objectives import (
    check_discriminator_loss,
    check_generator_loss_non_saturating,
    check_generator_loss_saturating,
)

EVERY = (
    check_discriminator_loss,
    check_generator_loss_saturating,
    check_generator_loss_non_saturating,
)


def real_loss(h):
    return bce(h, torch.ones_like(h))


def fake_loss(h):
    return bce(h, torch.zeros_like(h))


def naive(h):
    return torch.log(1 - torch.sigmoid(h)).mean()


# Right ones in several ways of writing, none of them the package's.
RIGHT_D = (
    lambda r, f: real_loss(r) + fake_loss(f),
    lambda r, f: (
        torch.logaddexp(torch.zeros_like(r), -r).mean()
        - torch.log_softmax(torch.stack([f, torch.zeros_like(f)]), 0)[1].mean()
    ),
)
RIGHT_SATURATING = (lambda f: -fake_loss(f), lambda f: -torch.logaddexp(f, 0 * f).mean())
RIGHT_NON_SATURATING = (real_loss, lambda f: torch.nn.functional.softplus(-f).mean())


@pytest.mark.parametrize("seed", [None, 3])
def test_right_functions_pass(seed):
    for check, functions in zip(
        EVERY, (RIGHT_D, RIGHT_SATURATING, RIGHT_NON_SATURATING), strict=True
    ):
        for function in functions:
            report = check(function, seed)
            assert report.passed, str(report)


def fails(report: Report, said: str) -> None:
    assert not report.passed
    assert said in str(report), str(report)


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda r, f: -real_loss(r) - fake_loss(f), "the sign is turned"),
        (lambda r, f: fake_loss(r) + real_loss(f), "the labels are swapped"),
        (lambda r, f: real_loss(r) + real_loss(f), "-log D of both batches"),
        (lambda r, f: real_loss(r), "the fake batch is missing"),
        (lambda r, f: fake_loss(f), "the real batch is missing"),
        (lambda r, f: real_loss(r) - fake_loss(f), "opposite signs"),
        (lambda r, f: (real_loss(r) + fake_loss(f)) / 2, "the mean of the two terms"),
        (
            lambda r, f: bce(
                torch.cat([r, f]), torch.cat([torch.ones_like(r), torch.zeros_like(f)])
            ),
            "one mean over both batches together",
        ),
        (
            lambda r, f: real_loss(torch.sigmoid(r)) + fake_loss(torch.sigmoid(f)),
            "the sigmoid was taken twice",
        ),
        (lambda r, f: len(r) * real_loss(r) + len(f) * fake_loss(f), "the sum over each batch"),
        (lambda r, f: (real_loss(r) + fake_loss(f)).item(), "no gradient reaches the logits"),
        (lambda r, f: real_loss(r) + fake_loss(f.detach()), "in the last batch it is"),
        (lambda r, f: real_loss(r) - naive(f), "use softplus or logsigmoid"),
        (lambda r, f: (real_loss(r) + fake_loss(f)) / math.log(2), "instead of"),
        (lambda r, f: torch.nn.functional.softplus(-r), "one number is wanted"),
        (lambda r, f: None, "it raised"),
    ],
)
def test_wrong_discriminator_losses_fail(wrong, said, seed):
    fails(check_discriminator_loss(wrong, seed), said)


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (fake_loss, "the sign is turned"),
        (real_loss, "this is the non-saturating loss"),
        (lambda f: -real_loss(f), "log D instead of log(1 - D)"),
        (lambda f: -fake_loss(torch.sigmoid(f)), "the sigmoid was taken twice"),
        (lambda f: -fake_loss(f) * len(f), "the sum over the batch"),
        (lambda f: -fake_loss(f.detach()), "no gradient reaches"),
        (naive, "use softplus or logsigmoid"),
    ],
)
def test_wrong_saturating_losses_fail(wrong, said, seed):
    fails(check_generator_loss_saturating(wrong, seed), said)


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda f: -real_loss(f), "the sign is turned"),
        (lambda f: -fake_loss(f), "this is the saturating loss"),
        (fake_loss, "the labels are swapped"),
        (lambda f: real_loss(torch.sigmoid(f)), "the sigmoid was taken twice"),
        (lambda f: real_loss(f) * len(f), "the sum over the batch"),
        (lambda f: -torch.log(torch.sigmoid(f) + 1e-8).mean(), "instead of"),
        (lambda f: real_loss(f).item(), "no gradient reaches"),
    ],
)
def test_wrong_non_saturating_losses_fail(wrong, said, seed):
    fails(check_generator_loss_non_saturating(wrong, seed), said)


def test_a_loss_that_is_cut_off_is_seen():
    """A logarithm cut off at -20 is finite everywhere, and wrong from there on."""
    report = check_generator_loss_saturating(
        lambda f: (-torch.logaddexp(f, 0 * f)).clamp(-20).mean()
    )
    fails(report, "at +-30 it gave -10 instead of -15")


def test_an_infinite_gradient_is_seen():
    def half_naive(f):
        safe = torch.where(f > 15, -f, torch.log(1 - torch.sigmoid(f)))
        return safe.mean()

    fails(check_generator_loss_saturating(half_naive), "its gradient was not")


def test_zeros_alone_would_not_have_found_it():
    """At logits of 0 swapped labels give the right number; that is why the logits are spread."""
    report = check_discriminator_loss(lambda r, f: fake_loss(r) + real_loss(f))
    assert [finding.passed for finding in report.findings][:2] == [True, False]
