import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.distributions import Mixture, Normal
from gan_lessons.divergences import (
    F_DIVERGENCES,
    FDivergence,
    alpha_divergence,
    exact_variational_bound,
    f_divergence,
    gan_value,
    optimal_logits,
    variational_bound,
)
from gan_lessons.divergences.exact import expectation_difference

P, Q = Normal(0, 1), Mixture([0.5, 0.5], [-0.5, 1.0], [0.9, 1.1])
few = settings(deadline=None, derandomize=True, max_examples=30)


@few
@given(st.sampled_from(list(F_DIVERGENCES)), st.integers(0, 2**31))
def test_bound_is_below_the_divergence_for_any_scores(key, seed):
    rng = torch.Generator().manual_seed(seed)
    a, b, c = (torch.randn(4, generator=rng, dtype=torch.float64) for _ in range(3))
    bound = exact_variational_bound(key, P, Q, lambda x: (a * torch.tanh(b * x + c)).sum(1), 1e-8)
    assert bound <= f_divergence(key, P, Q) + 1e-8


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_bound_is_tight_at_the_slope_of_f(key):
    divergence = F_DIVERGENCES[key]

    def real(ratio):
        return divergence.f_prime(ratio.clamp(-40, 40).exp())

    def fake(ratio):
        return -divergence.conjugate(real(ratio))

    tight = expectation_difference(
        real, fake, lambda x: optimal_logits(P, Q, x), P, Q, tolerance=1e-8
    )
    assert tight == pytest.approx(f_divergence(key, P, Q), abs=1e-7)


@pytest.mark.parametrize(
    "divergence",
    [alpha_divergence(0.5), alpha_divergence(0.2), alpha_divergence(1), alpha_divergence(0)]
    + [FDivergence("f alone", F_DIVERGENCES[key].f) for key in ("kl", "pearson", "gan")],
    ids=lambda d: d.name,
)
def test_raw_score_is_the_log_ratio_where_we_choose_the_activation(divergence):
    bound = exact_variational_bound(
        divergence, P, Q, lambda x: optimal_logits(P, Q, x).clamp(-15, 15), 1e-8
    )
    assert bound == pytest.approx(f_divergence(divergence, P, Q, 1e-8), abs=1e-6)


def test_gan_bound_is_the_value_plus_log_4():
    value = gan_value(P, Q, lambda x: 0.3 * x - 0.1)
    bound = exact_variational_bound("gan", P, Q, lambda x: 0.3 * x - 0.1)
    assert bound == pytest.approx(value + math.log(4), abs=1e-10)


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_batch_estimate_approaches_the_exact_bound(key):
    rng = torch.Generator().manual_seed(0)
    n = 200_000

    def raw(x):
        return (0.5 * x - 0.2).reshape(-1)

    estimate = variational_bound(key, raw(P.sample(n, rng)), raw(Q.sample(n, rng)))
    # The scores spread by about one: a standard error below 0.01; six of them.
    assert float(estimate) == pytest.approx(exact_variational_bound(key, P, Q, raw), abs=0.03)


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_a_better_score_for_real_raises_the_bound(key):
    real = torch.linspace(-3, 3, 7, requires_grad=True)
    fake = torch.linspace(-3, 3, 5, requires_grad=True)
    gradients = torch.autograd.grad(variational_bound(key, real, fake), [real, fake])
    assert bool((gradients[0] > 0).all())
    if key == "pearson":  # flat below -2, where the best u is 0
        assert bool((gradients[1] <= 0).all())
    else:
        assert bool((gradients[1] < 0).all())


def test_known_values_at_spread_scores():
    real, fake = torch.tensor([3.0, -1.0]), torch.tensor([-2.0, 0.5, 1.0])
    # kl: mean of V on real minus mean of e^(V-1) on fake.
    expected = 1.0 - (math.exp(-3) + math.exp(-0.5) + 1) / 3
    assert float(variational_bound("kl", real, fake)) == pytest.approx(expected, rel=1e-6)
    # gan: the minimax value plus log 4, by binary cross-entropy.
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    value = -bce(real, torch.ones(2)) - bce(fake, torch.zeros(3))
    assert float(variational_bound("gan", real, fake)) == pytest.approx(
        float(value) + math.log(4), rel=1e-6
    )


def test_bad_scores_are_named():
    good = torch.zeros(3)
    with pytest.raises(ValueError, match="raw_fake needs at least one score"):
        variational_bound("kl", good, torch.zeros(0))
    with pytest.raises(ValueError, match="raw_real must be finite"):
        variational_bound("kl", torch.tensor([math.nan]), good)
    with pytest.raises(TypeError, match="raw_real must be a torch.Tensor, got list"):
        variational_bound("kl", [0.0], good)
    with pytest.raises(ValueError, match="divergence must be one of"):
        variational_bound("wasserstein", good, good)
