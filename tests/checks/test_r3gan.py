import pytest
import torch
from torch.nn.functional import softplus

from gan_lessons.checks import check_r3gan_loss
from gan_lessons.objectives import get_objective
from gan_lessons.regularizers import r1_penalty, r2_penalty


def slope(d, x, create_graph=True):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(d(x).sum(), x, create_graph=create_graph)[0].flatten(1)


def paired(d, x, y):
    return softplus(-(d(x) - d(y))).mean()


def by_hand(d, x, y, gamma):
    return paired(d, x, y) + gamma / 2 * sum(slope(d, v).square().sum(1).mean() for v in (x, y))


def by_package(d, x, y, gamma):
    loss = get_objective("relativistic").discriminator_loss(d(x), d(y))
    return loss + gamma / 2 * (r1_penalty(d, x) + r2_penalty(d, y))


def in_one_batch(d, x, y, gamma):
    both = torch.cat([x, y])
    return paired(d, x, y) + gamma * slope(d, both).square().sum(1).mean()


@pytest.mark.parametrize("right", [by_hand, by_package, in_one_batch])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_right_answers_pass(right, seed):
    report = check_r3gan_loss(right, seed)
    assert report.passed, str(report)


def penalised(kind):
    """A loss whose penalty is wrong in one way."""

    def loss(d, x, y, gamma):
        parts = {
            "no half": lambda: gamma * sum(slope(d, v).square().sum(1).mean() for v in (x, y)),
            "no R2": lambda: gamma / 2 * slope(d, x).square().sum(1).mean(),
            "no R1": lambda: gamma / 2 * slope(d, y).square().sum(1).mean(),
            "length": lambda: gamma / 2 * sum(slope(d, v).norm(dim=1).mean() for v in (x, y)),
            "sum": lambda: gamma / 2 * sum(slope(d, v).square().sum() for v in (x, y)),
            "mean over axes": lambda: gamma / 2 * sum(slope(d, v).square().mean() for v in (x, y)),
            "no graph": lambda: (
                gamma / 2 * sum(slope(d, v, False).square().sum(1).mean() for v in (x, y))
            ),
        }
        return paired(d, x, y) + parts[kind]()

    return loss


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("no half", "the factor 1/2 is missing"),
        ("no R2", r"generated samples \(R2\) is missing"),
        ("no R1", r"real samples \(R1\) is missing"),
        ("length", "the length of the slope; square it"),
        ("sum", "sums the penalty over the batch"),
        ("mean over axes", "by hand"),
        ("no graph", "needs create_graph=True"),
    ],
)
def test_a_wrong_penalty_is_named(kind, says):
    report = check_r3gan_loss(penalised(kind))
    assert not report.passed
    assert report.findings[0].passed
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(str(report))


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (lambda d, x, y: softplus(d(x) - d(y)).mean(), "the generator's sign"),
        (lambda d, x, y: -softplus(-(d(x) - d(y))).mean(), "minus the loss"),
        (lambda d, x, y: softplus(-d(x)).mean() + softplus(d(y)).mean(), "apart; subtract"),
        (lambda d, x, y: softplus(-(d(x)[:, None] - d(y))).mean(), "take pairs"),
        (lambda d, x, y: softplus(-(d(x) - d(y))).sum(), "sums over the batch"),
        (lambda d, x, y: softplus(-(d(x) - d(y))), r"must be a scalar tensor, got shape \(12,\)"),
        (lambda d, x, y: 1.0, "must be a scalar tensor, got 1.0"),
    ],
)
def test_a_wrong_objective_is_named(loss, says):
    report = check_r3gan_loss(lambda d, x, y, gamma: loss(d, x, y))
    assert not report.passed
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(str(report))


def test_a_loss_without_gradient_is_named():
    report = check_r3gan_loss(lambda d, x, y, gamma: by_hand(d, x, y, gamma).detach())
    assert "do not detach" in str(report)


def test_flat_penalties_fail_on_images():
    def flat(d, x, y, gamma):
        total = paired(d, x, y)
        for v in (x, y):
            v = v.detach().requires_grad_()
            (g,) = torch.autograd.grad(d(v).sum(), v, create_graph=True)
            total = total + gamma / 2 * g.square().sum(1).mean()  # axis 1 only
        return total

    report = check_r3gan_loss(flat)
    assert [f.passed for f in report.findings] == [True, True, False, True]
