import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import logsigmoid, softplus

from gan_lessons.checks import check_discriminator_sgd_step, check_gan_step


def sgd_step(w, b, x, y, lr):
    real, fake = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * y + b)
    slope_w = (real * x).mean() - (fake * y).mean()
    return w + lr * slope_w, b + lr * (real.mean() - fake.mean())


def summed(w, b, x, y, lr):
    real, fake = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * y + b)
    return w + lr * ((real * x).sum() - (fake * y).sum()), b + lr * (real.sum() - fake.sum())


def by_ratio(w, b, x, y, lr):
    """Overflows where the logits are large."""
    real = 1 - torch.exp(w * x + b) / (1 + torch.exp(w * x + b))
    fake = torch.exp(w * y + b) / (1 + torch.exp(w * y + b))
    slope_w = (real * x).mean() - (fake * y).mean()
    return w + lr * slope_w, b + lr * (real.mean() - fake.mean())


@pytest.mark.parametrize("seed", [None, 3])
def test_right_steps_pass(seed):
    assert check_discriminator_sgd_step(sgd_step, seed).passed
    assert check_gan_step(right, seed).passed
    assert check_gan_step(by_labels, seed).passed
    assert check_gan_step(cleared_at_the_end_and_before, seed).passed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda w, b, x, y, lr: sgd_step(w, b, x, y, -lr), "downhill"),
        (summed, "summed over the samples"),
        (lambda w, b, x, y, lr: sgd_step(w, b, y, x, lr), "wanted"),
        (lambda w, b, x, y, lr: (sgd_step(w, b, x, y, lr)[0], b), "wanted"),
        (by_ratio, "it gave (w, b) = (nan"),
        (lambda w, b, x, y, lr: None, "it raised TypeError"),
    ],
)
def test_wrong_sgd_steps_fail(wrong, said):
    report = check_discriminator_sgd_step(wrong)
    assert not report.passed
    assert said in str(report)


def right(g, d, g_opt, d_opt, real, z):
    fake = g(z)
    d_loss = softplus(-d(real)).mean() + softplus(d(fake.detach())).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_opt.zero_grad()
    softplus(-d(fake)).mean().backward()
    g_opt.step()


def by_labels(g, d, g_opt, d_opt, real, z):
    """The common way: labels, cross-entropy, two backward passes for D, a second pass of G."""
    ones, zeros = torch.ones(len(real)).double(), torch.zeros(len(z)).double()
    d_opt.zero_grad()
    bce(d(real), ones).backward()
    bce(d(g(z).detach()), zeros).backward()
    d_opt.step()
    g_opt.zero_grad()
    bce(d(g(z)), torch.ones(len(z)).double()).backward()
    g_opt.step()


def cleared_at_the_end_and_before(g, d, g_opt, d_opt, real, z):
    g_opt.zero_grad(), d_opt.zero_grad()
    right(g, d, g_opt, d_opt, real, z)
    g_opt.zero_grad(), d_opt.zero_grad()


def make_wrong(mistake):
    def step(g, d, g_opt, d_opt, real, z):
        fake = g(z)
        reduce = torch.sum if mistake == "sum" else torch.mean
        real_logits = d(real)
        fake_logits = d(fake.detach())
        if mistake == "labels":
            real_logits, fake_logits = -real_logits, -fake_logits
        d_loss = -reduce(logsigmoid(real_logits)) - reduce(logsigmoid(-fake_logits))
        if mistake == "simultaneous":
            slopes = torch.autograd.grad(-logsigmoid(d(fake)).mean(), list(g.parameters()))
        if mistake != "no zero_grad":
            d_opt.zero_grad()
        d_loss.backward()
        if mistake != "no D":
            d_opt.step()
        if mistake == "simultaneous":
            for p, slope in zip(g.parameters(), slopes, strict=True):
                p.grad = slope
            g_opt.step()
            return
        logits = d(fake.detach().requires_grad_() if mistake == "detached" else fake)
        g_loss = reduce(logsigmoid(-logits) if mistake == "saturating" else -logsigmoid(logits))
        if mistake != "no zero_grad":
            g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()

    return step


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("simultaneous", "before D's update"),
        ("saturating", "non-saturating loss is"),
        ("sum", "summed over the batch"),
        ("labels", "labels exchanged"),
        ("no zero_grad", "call zero_grad"),
        ("no D", "its weights did not move"),
        ("detached", "detached in G's loss"),
    ],
)
def test_wrong_gan_steps_fail(mistake, said):
    report = check_gan_step(make_wrong(mistake))
    assert not report.passed
    assert said in str(report)


def test_a_leak_is_named():
    def step(g, d, g_opt, d_opt, real, z):
        g_opt.zero_grad()
        d_opt.zero_grad()
        fake = g(z)
        loss = softplus(-d(real)).mean() + softplus(d(fake)).mean()
        loss.backward(retain_graph=True)
        d_opt.step()
        softplus(-d(fake)).mean().backward()
        g_opt.step()

    report = check_gan_step(step)
    assert not report.passed
    assert "detach the fakes" in str(report)


def test_the_students_networks_are_copies():
    seen = []

    def step(g, d, g_opt, d_opt, real, z):
        seen.append(nn.utils.parameters_to_vector(d.parameters()).detach().clone())
        right(g, d, g_opt, d_opt, real, z)

    assert check_gan_step(step).passed
    assert all(torch.equal(seen[0], other) for other in seen)
