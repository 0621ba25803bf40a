import math

import pytest
import torch
from scipy.spatial.distance import jensenshannon
from torch.nn.functional import logsigmoid

from gan_lessons.checks import check_generator_gradients, check_jensen_shannon


def by_scipy(p, q):
    return jensenshannon(p.numpy(), q.numpy()) ** 2


def by_entropies(p, q):
    def entropy(law):
        return -float(torch.xlogy(law, law).sum())

    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


def kl(p, q):
    return float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum())


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("right", [by_scipy, by_entropies])
def test_right_divergences_pass(right, seed):
    assert check_jensen_shannon(right, seed).passed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda p, q: 2 * by_scipy(p, q), "twice the divergence"),
        (lambda p, q: by_scipy(p, q) / math.log(2), "in bits"),
        (lambda p, q: -by_scipy(p, q), "minus the divergence"),
        (lambda p, q: by_scipy(p, q) ** 0.5, "instead of"),
        (kl, "it gave KL(p || q)"),
        (lambda p, q: kl(q, p), "it gave KL(q || p)"),
        (lambda p, q: (kl(p, q) + kl(q, p)) / 2, "disjoint laws: log 2; it gave"),
        (lambda p, q: kl(p, (p + q) / 2), "p and q cannot be swapped"),
        (
            lambda p, q: (
                0.5 * (p * (2 * p / (p + q)).log() + q * (2 * q / (p + q)).log()).sum().item()
            ),
            "0 log 0 must count as 0",
        ),
        (lambda p, q: None, "TypeError"),
    ],
)
def test_wrong_divergences_fail_with_the_reason(wrong, said):
    report = check_jensen_shannon(wrong)
    assert not report.passed
    assert said in str(report)


def gradients(p, s, freeze=True, sign=1.0):
    s = s.detach().requires_grad_()
    q = torch.softmax(s, 0)
    logits = p.log() - (q.detach() if freeze else q).log()
    saturating = sign * (q * logsigmoid(-logits)).sum()
    non_saturating = -(q * logsigmoid(logits)).sum()
    first = torch.autograd.grad(saturating, s, retain_graph=True)[0]
    return first, torch.autograd.grad(non_saturating, s)[0]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_right_gradients_pass(seed):
    assert check_generator_gradients(gradients, seed).passed


def reverse_kl(p, s):
    s = s.detach().requires_grad_()
    q = torch.softmax(s, 0)
    return gradients(p, s)[0], torch.autograd.grad((q * (q / p).log()).sum(), s)[0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda p, s: gradients(p, s)[::-1], "in the other order"),
        (lambda p, s: gradients(p, s, sign=-1.0), "the sign is wrong"),
        (lambda p, s: gradients(p, s, freeze=False), "held fixed"),
        (reverse_kl, "belongs to the sum of both"),
        (lambda p, s: gradients(p, s + p), "the largest error is"),
        (lambda p, s: gradients(p, s)[0], "(saturating, non_saturating)"),
        (lambda p, s: (0.0, 0.0), "each gradient must have shape (6,)"),
    ],
)
def test_wrong_gradients_fail_with_the_reason(wrong, said):
    report = check_generator_gradients(wrong)
    assert not report.passed
    assert said in str(report)
