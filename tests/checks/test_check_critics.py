"""The checks of chapter 11 with right functions and with the typical wrong ones."""

import pytest
import torch

from gan_lessons.checks import check_critic_loss, check_gradient_penalty
from gan_lessons.regularizers import gradient_penalty


def failed(report):
    return [finding.text for finding in report.findings if not finding.passed]


def test_right_functions_pass():
    assert check_critic_loss(lambda real, fake: fake.mean() - real.mean()).passed
    for seed in range(3):
        assert check_gradient_penalty(gradient_penalty, seed).passed
        assert check_gradient_penalty(penalty(), seed).passed


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda real, fake: real.mean() - fake.mean(), "would lower real scores"),
        (lambda real, fake: fake.sigmoid().mean() - real.sigmoid().mean(), "scores are no logits"),
        (lambda real, fake: (fake[:5].sum() - real[:5].sum()) / 5, "instead of"),
        (lambda real, fake: fake.mean(), "5 added to all scores"),
    ],
)
def test_wrong_losses_are_told(loss, words):
    assert any(words in text for text in failed(check_critic_loss(loss)))


def penalty(draw=torch.rand, per_sample=True, norm="rows", graph=True, square=True, swap=False):
    def function(critic, real, fake, rng):
        u = draw(len(real) if per_sample else 1, 1, generator=rng)
        x = (u * real + (1 - u) * (fake if not swap else fake.flip(0))).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=graph)
        size = gradient.norm(dim=1) if norm == "rows" else gradient.mean(0).norm()
        return ((size - 1) ** 2 if square else (size - 1).abs()).mean()

    return function


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (penalty(draw=torch.randn), "lie beyond the ends: draw the weights from rand"),
        (penalty(per_sample=False), "one and the same weight"),
        (penalty(norm="mean"), "one norm for each sample"),
        (penalty(graph=False), "create_graph=True"),
        (penalty(square=False), "for slope 0.5 it gave 0.5"),
        (penalty(swap=True), "do not lie on the lines"),
        (lambda *arguments: gradient_penalty(*arguments, one_sided=True), "for slope 0.5"),
        (lambda *arguments: 10 * gradient_penalty(*arguments), "for slope 0.5"),
    ],
)
def test_wrong_penalties_are_told(student, words):
    assert any(words in text for text in failed(check_gradient_penalty(student)))
