"""Each objective against closed forms in probabilities, torch's losses and hand-made gradients."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from gan_lessons.objectives import (
    OBJECTIVES,
    LeastSquares,
    NonSaturating,
    Objective,
    Relativistic,
    Saturating,
    get_objective,
    value,
)

REAL = [-3.0, -1.2, 0.3, 1.7, 3.0]
FAKE = [2.5, -0.4, -3.0, 0.9, 1.1]
KEYS = list(OBJECTIVES)


def logits() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(REAL, dtype=torch.float64), torch.tensor(FAKE, dtype=torch.float64)


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)


# Written in probabilities D = sigmoid(logit) or in plain scores, in pure Python.
VALUE = mean([math.log(sigmoid(a)) for a in REAL]) + mean([math.log(1 - sigmoid(b)) for b in FAKE])
CLOSED_FORMS = {
    "saturating": (-VALUE, mean([math.log(1 - sigmoid(b)) for b in FAKE])),
    "non-saturating": (-VALUE, mean([-math.log(sigmoid(b)) for b in FAKE])),
    "least-squares": (
        mean([(a - 1) ** 2 / 2 for a in REAL]) + mean([b**2 / 2 for b in FAKE]),
        mean([(b - 1) ** 2 / 2 for b in FAKE]),
    ),
    "hinge": (
        mean([max(0, 1 - a) for a in REAL]) + mean([max(0, 1 + b) for b in FAKE]),
        -mean(FAKE),
    ),
    "wasserstein": (mean(FAKE) - mean(REAL), -mean(FAKE)),
    # The probability that real beats fake in a pair, as in Bradley and Terry's model.
    "relativistic": (
        mean(
            [
                -math.log(math.exp(a) / (math.exp(a) + math.exp(b)))
                for a, b in zip(REAL, FAKE, strict=True)
            ]
        ),
        mean(
            [
                -math.log(math.exp(b) / (math.exp(a) + math.exp(b)))
                for a, b in zip(REAL, FAKE, strict=True)
            ]
        ),
    ),
}
# dL_G / d(fake logit), times n.
GENERATOR_GRADIENTS = {
    "saturating": [-sigmoid(b) for b in FAKE],
    "non-saturating": [-(1 - sigmoid(b)) for b in FAKE],
    "least-squares": [b - 1 for b in FAKE],
    "hinge": [-1.0] * 5,
    "wasserstein": [-1.0] * 5,
    "relativistic": [-sigmoid(a - b) for a, b in zip(REAL, FAKE, strict=True)],
}
DISCRIMINATOR_GRADIENTS = {  # in the real logits, in the fake logits, times n
    "saturating": ([-(1 - sigmoid(a)) for a in REAL], [sigmoid(b) for b in FAKE]),
    "non-saturating": ([-(1 - sigmoid(a)) for a in REAL], [sigmoid(b) for b in FAKE]),
    "least-squares": ([a - 1 for a in REAL], list(FAKE)),
    "hinge": ([-float(a < 1) for a in REAL], [float(b > -1) for b in FAKE]),
    "wasserstein": ([-1.0] * 5, [1.0] * 5),
    "relativistic": (
        [-sigmoid(b - a) for a, b in zip(REAL, FAKE, strict=True)],
        [sigmoid(b - a) for a, b in zip(REAL, FAKE, strict=True)],
    ),
}


def test_fixed_keys_and_names():
    assert KEYS == [
        "saturating",
        "non-saturating",
        "least-squares",
        "hinge",
        "wasserstein",
        "relativistic",
    ]
    for key, objective in OBJECTIVES.items():
        assert objective.name == key
        assert isinstance(objective, Objective)
        assert get_objective(key) is objective
        assert get_objective(objective) is objective
        with pytest.raises(AttributeError):
            objective.name = "other"


@pytest.mark.parametrize("key", KEYS)
def test_losses_match_closed_forms(key):
    real, fake = logits()
    objective = OBJECTIVES[key]
    d_loss, g_loss = CLOSED_FORMS[key]
    assert objective.discriminator_loss(real, fake).item() == pytest.approx(d_loss, rel=1e-12)
    given = real if objective.needs_real else None
    assert objective.generator_loss(given, fake).item() == pytest.approx(g_loss, rel=1e-12)
    assert objective.discriminator_loss(real, fake).shape == ()
    assert objective.generator_loss(given, fake).shape == ()


@pytest.mark.parametrize("key", KEYS)
def test_gradients_match_hand(key):
    real, fake = logits()
    real.requires_grad_(), fake.requires_grad_()
    objective = OBJECTIVES[key]
    by_real, by_fake = torch.autograd.grad(objective.discriminator_loss(real, fake), (real, fake))
    want_real, want_fake = DISCRIMINATOR_GRADIENTS[key]
    assert (5 * by_real).tolist() == pytest.approx(want_real, rel=1e-12, abs=1e-15)
    assert (5 * by_fake).tolist() == pytest.approx(want_fake, rel=1e-12, abs=1e-15)
    (by_fake,) = torch.autograd.grad(objective.generator_loss(real, fake), fake)
    assert (5 * by_fake).tolist() == pytest.approx(GENERATOR_GRADIENTS[key], rel=1e-12)


@pytest.mark.parametrize("key", KEYS)
def test_swapping_real_and_fake_changes_the_value(key):
    real, fake = logits()
    objective = OBJECTIVES[key]
    assert objective.discriminator_loss(real, fake).item() != pytest.approx(
        objective.discriminator_loss(fake, real).item(), abs=0.05
    )
    # A discriminator that is right has a lower loss than one that is wrong.
    right, wrong = torch.full((4,), 2.0), torch.full((4,), -2.0)
    assert objective.discriminator_loss(right, wrong) < objective.discriminator_loss(wrong, right)
    # A generator whose samples are taken for real has a lower loss.
    assert objective.generator_loss(wrong, right) < objective.generator_loss(right, wrong)


@pytest.mark.parametrize("key", ["saturating", "non-saturating"])
def test_discriminator_loss_is_binary_cross_entropy(key):
    real, fake = logits()
    expected = binary_cross_entropy_with_logits(real, torch.ones_like(real))
    expected = expected + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    got = OBJECTIVES[key].discriminator_loss(real, fake)
    assert got.item() == pytest.approx(expected.item(), rel=1e-12)
    ones = torch.ones_like(fake)
    as_real = binary_cross_entropy_with_logits(fake, ones)
    assert NonSaturating().generator_loss(None, fake).item() == pytest.approx(as_real.item())


def test_value_is_minus_two_log_two_at_chance_and_zero_when_sure():
    zero = torch.zeros(7, dtype=torch.float64)
    assert value(zero, zero[:3]).item() == pytest.approx(-2 * math.log(2), rel=1e-14)
    assert value(zero + 40, zero - 40).item() == pytest.approx(0.0, abs=1e-16)
    real, fake = logits()
    assert value(real, fake).item() == pytest.approx(VALUE, rel=1e-12)
    # The batches may be of different sizes: each has its own mean.
    assert value(real, fake[:1]).item() == pytest.approx(
        mean([math.log(sigmoid(a)) for a in REAL]) + math.log(1 - sigmoid(FAKE[0])), rel=1e-12
    )


def test_saturating_is_a_zero_sum_game():
    real, fake = logits()
    fake.requires_grad_()
    (by_value,) = torch.autograd.grad(value(real, fake), fake)
    (by_loss,) = torch.autograd.grad(Saturating().generator_loss(None, fake), fake)
    torch.testing.assert_close(by_value, by_loss, rtol=1e-14, atol=0)


def test_generator_gradient_where_the_discriminator_is_sure():
    """At D(G(z)) near 0 the minimax loss is flat and the non-saturating one has slope -1."""
    sure = torch.tensor([-12.0], dtype=torch.float64, requires_grad=True)
    (saturating,) = torch.autograd.grad(Saturating().generator_loss(None, sure), sure)
    (non_saturating,) = torch.autograd.grad(NonSaturating().generator_loss(None, sure), sure)
    assert 0 < -saturating.item() < 1e-5
    assert -non_saturating.item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
@pytest.mark.parametrize("key", KEYS)
def test_finite_at_extreme_logits(key, signs, dtype):
    real = torch.full((3,), signs[0] * 1e4, dtype=dtype, requires_grad=True)
    fake = torch.full((3,), signs[1] * 1e4, dtype=dtype, requires_grad=True)
    objective = OBJECTIVES[key]
    for loss in (objective.discriminator_loss(real, fake), objective.generator_loss(real, fake)):
        assert math.isfinite(loss.item())
        for gradient in torch.autograd.grad(loss, (real, fake), allow_unused=True):
            assert gradient is None or bool(torch.isfinite(gradient).all())


def test_relativistic_ignores_a_constant_and_needs_pairs():
    real, fake = logits()
    rel = Relativistic()
    assert rel.needs_real
    assert rel.discriminator_loss(real + 5, fake + 5).item() == pytest.approx(
        rel.discriminator_loss(real, fake).item(), rel=1e-12
    )
    with pytest.raises(ValueError, match="real_logits and fake_logits must have the same shape"):
        rel.discriminator_loss(real[:2], fake)
    with pytest.raises(TypeError, match="real_logits must be a tensor .* got None"):
        rel.generator_loss(None, fake)


def test_least_squares_is_lowest_at_its_targets():
    one, zero = torch.ones(3), torch.zeros(3)
    assert LeastSquares().discriminator_loss(one, zero).item() == 0
    assert LeastSquares().generator_loss(None, one).item() == 0
    assert LeastSquares().discriminator_loss(zero, one).item() == 1


@pytest.mark.parametrize("key", KEYS)
def test_bad_logits(key):
    objective, good = OBJECTIVES[key], torch.zeros(4)
    with pytest.raises(ValueError, match=r"real_logits must have shape \(n,\), got \(4, 1\)"):
        objective.discriminator_loss(good[:, None], good)
    with pytest.raises(ValueError, match=r"fake_logits must have shape \(n,\), got \(\)"):
        objective.generator_loss(good, good.sum())
    with pytest.raises(ValueError, match="fake_logits needs at least one sample"):
        objective.discriminator_loss(good, good[:0])
    with pytest.raises(TypeError, match="real_logits must be a tensor of shape .* got None"):
        objective.discriminator_loss(None, good)
    with pytest.raises(TypeError, match="fake_logits must be a torch.Tensor, got list"):
        objective.generator_loss(good, [0.0])
    with pytest.raises(TypeError, match=r"fake_logits must be floating point, got torch.int64"):
        objective.generator_loss(good, torch.zeros(4, dtype=torch.long))


def test_get_objective_says_what_is_wanted():
    with pytest.raises(ValueError, match=r"objective must be one of .* got 'gan'"):
        get_objective("gan")
    with pytest.raises(TypeError, match="got the class Saturating"):
        get_objective(Saturating)
    with pytest.raises(TypeError, match="objective must be a key of OBJECTIVES or an Objective"):
        get_objective(3)
