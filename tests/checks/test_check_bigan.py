"""The check of chapter 15 with a right function and with the typical wrong ones."""

import pytest
import torch

from gan_lessons.checks import check_joint_discriminator


def right(p, encoder, prior, generator):
    """By one-hot matrices, another way than the check's own counting."""
    real = p[:, None] * torch.nn.functional.one_hot(encoder, len(prior))
    fake = (prior[:, None] * torch.nn.functional.one_hot(generator, len(p))).T
    return real / (real + fake)


def test_a_right_function_passes():
    for seed in range(4):
        report = check_joint_discriminator(right, seed)
        assert report.passed, report


def product_of_marginals(p, encoder, prior, generator):
    """Forgets that pairs belong together: laws of x and of z alone."""
    n, m = len(p), len(prior)
    code = torch.zeros(m).double().index_add(0, encoder, p)
    made = torch.zeros(n).double().index_add(0, generator, prior)
    real, fake = p[:, None] * code, made[:, None] * prior
    return real / (real + fake)


def uniform(p, encoder, prior, generator):
    return right(torch.ones_like(p), encoder, torch.ones_like(prior), generator)


def overwritten(p, encoder, prior, generator):
    """x alone, as in a plain GAN."""
    made = torch.zeros(len(p)).double().index_add(0, generator, prior)
    return (p / (p + made))[:, None].expand(len(p), len(prior))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *game: 1 - right(*game), "belong in the numerator"),
        (lambda *game: right(*game).T.contiguous(), "x by z"),
        (product_of_marginals, "by hand they are 1/3 and 3/5"),
        (uniform, "by hand they are 1/3 and 3/5"),
        (overwritten, "only E makes"),
        (lambda *game: torch.logit(right(*game)), "by hand they are"),
        (lambda *game: right(*game).nan_to_num(0).clamp(0.01, 0.99), "only E makes"),
        (lambda *game: None, "got NoneType"),
    ],
)
def test_wrong_functions_are_told(function, words):
    report = check_joint_discriminator(function)
    assert not report.passed
    assert words in str(report)


def test_what_is_said_of_pairs_that_never_come_does_not_matter():
    for value in (0.0, 7.0):
        assert check_joint_discriminator(lambda *game, v=value: right(*game).nan_to_num(v)).passed
