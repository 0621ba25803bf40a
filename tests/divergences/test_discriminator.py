import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_lessons.distributions import Mixture, Normal, Uniform, ring
from gan_lessons.divergences import (
    gan_value,
    jensen_shannon,
    optimal_discriminator,
    optimal_logits,
    optimal_value,
)

from .laws import laws

few = settings(deadline=None, derandomize=True, max_examples=8)


def test_logits_of_normals_are_a_straight_line():
    x = torch.linspace(-40, 40, 81, dtype=torch.float64)
    # log N(x; 0, 1) - log N(x; 2, 1) = 2 - 2 x
    torch.testing.assert_close(optimal_logits(Normal(0, 1), Normal(2, 1), x), 2 - 2 * x)


def test_discriminator_from_the_densities():
    p, q = Normal(0, 1), Mixture([0.4, 0.6], [-1.0, 2.0], [0.5, 1.0])
    x = torch.linspace(-4, 5, 50, dtype=torch.float64).unsqueeze(1)
    a, b = p.log_prob(x).exp(), q.log_prob(x).exp()
    torch.testing.assert_close(optimal_discriminator(p, q, x), a / (a + b))
    torch.testing.assert_close(optimal_discriminator(q, p, x), b / (a + b))
    for prior in (0.1, 0.8):
        expected = prior * a / (prior * a + (1 - prior) * b)
        torch.testing.assert_close(optimal_discriminator(p, q, x, prior=prior), expected)


def test_prior_is_the_share_of_real_samples():
    # Bayes by counting: among samples near x, the share that is real.
    rng = torch.Generator().manual_seed(0)
    real = Normal(0, 1).sample(300_000, rng)[:, 0]
    fake = Normal(1, 1).sample(100_000, rng)[:, 0]
    near = [((s - 0.3).abs() < 0.05).sum().item() for s in (real, fake)]
    d = optimal_discriminator(Normal(0, 1), Normal(1, 1), torch.tensor([0.3]), prior=0.75)
    # About 15,000 samples near x: a standard error of 0.0033; six of them.
    assert near[0] / sum(near) == pytest.approx(float(d), abs=0.02)


def test_pointwise_maximiser_by_brute_force():
    p, q, prior = Normal(0, 1), Normal(1.5, 0.7), 0.3
    x = torch.tensor([-1.0, 0.0, 0.8, 2.0], dtype=torch.float64)
    a, b = prior * p.log_prob(x).exp(), (1 - prior) * q.log_prob(x).exp()
    y = torch.linspace(0, 1, 100_001, dtype=torch.float64)[1:-1]
    value = a[:, None] * y.log() + b[:, None] * (1 - y).log()
    best = y[value.argmax(1)]
    torch.testing.assert_close(optimal_discriminator(p, q, x, prior), best, rtol=0, atol=1e-5)


def test_outside_the_supports():
    p, q = Uniform(0, 2), Uniform(1, 3)
    x = torch.tensor([0.5, 1.5, 2.5, 9.0])
    logits, d = optimal_logits(p, q, x), optimal_discriminator(p, q, x)
    assert logits[:3].tolist() == [math.inf, 0.0, -math.inf]
    assert d[:3].tolist() == [1.0, 0.5, 0.0]
    assert bool(logits[3].isnan())
    assert bool(d[3].isnan())


def test_points_in_the_plane_and_far_tails():
    p, q = ring(), Normal([0.0, 0.0], 1.0)
    x = torch.tensor([[1.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    logits = optimal_logits(p, q, x)
    assert logits[0] > 5
    assert logits[1] < -1000
    far = torch.tensor([1e3], dtype=torch.float64)
    assert float(optimal_logits(Normal(0, 1), Normal(1, 1), far)) == pytest.approx(0.5 - 1e3)


@pytest.mark.parametrize(
    ("distance", "value"), [(0.5, -1.3256717601), (1.0, -1.1634513968), (2.0, -0.7126327204)]
)
def test_value_at_the_optimum(distance, value):
    p, q = Normal(0, 1), Normal(distance, 1)
    assert optimal_value(p, q) == pytest.approx(value, abs=1e-10)
    assert gan_value(p, q, lambda x: optimal_logits(p, q, x)) == pytest.approx(value, abs=1e-10)


@few
@given(laws, laws, st.integers(0, 2**31))
def test_no_discriminator_beats_the_optimal_one(p, q, seed):
    best = gan_value(p, q, lambda x: optimal_logits(p, q, x), tolerance=1e-8)
    assert best == pytest.approx(optimal_value(p, q), abs=1e-7)
    assert best == pytest.approx(2 * jensen_shannon(p, q) - math.log(4), abs=1e-7)
    rng = torch.Generator().manual_seed(seed)
    a, b, c = (torch.randn(4, generator=rng, dtype=torch.float64) for _ in range(3))

    def random_logits(x):
        return 3 * (a * torch.tanh(b * x + c)).sum(1)

    def near_optimal(x):
        return optimal_logits(p, q, x).clamp(-30, 30) + 0.1 * random_logits(x)

    for logits_fn in (random_logits, near_optimal):
        assert gan_value(p, q, logits_fn, tolerance=1e-8) <= best + 1e-7


def test_value_of_constant_and_certain_discriminators():
    p, q = Normal(0, 1), Normal(1, 1)
    for h in (0.0, 2.0, -3.0):
        d = 1 / (1 + math.exp(-h))
        expected = math.log(d) + math.log(1 - d)
        assert gan_value(p, q, lambda x, h=h: x * 0 + h) == pytest.approx(expected, abs=1e-10)
    # Certain and right on disjoint supports: 0, the largest value there is.
    p, q = Uniform(0, 1), Uniform(1, 2)
    assert gan_value(p, q, lambda x: (1 - x) * math.inf) == 0
    assert gan_value(p, q, lambda x: (x - 1) * math.inf) == -math.inf


def test_a_float32_network_and_wrong_shapes():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    p, q = Normal(0, 1), Normal(1, 1)
    value = gan_value(p, q, lambda x: net(x.float()), tolerance=1e-5)
    assert value <= optimal_value(p, q)
    with pytest.raises(ValueError, match="must return \\(n,\\) for x of shape"):
        gan_value(p, q, lambda x: x.expand(-1, 2))
    for prior in (0.0, -0.5, math.nan):
        with pytest.raises(ValueError, match="prior must be positive"):
            optimal_logits(p, q, torch.zeros(1), prior=prior)
    with pytest.raises(ValueError, match="prior must lie strictly between 0 and 1, got 1"):
        optimal_logits(p, q, torch.zeros(1), prior=1.0)
    with pytest.raises(TypeError, match="p must be a law"):
        optimal_discriminator(lambda x: x, q, torch.zeros(1))


def test_the_discriminator_must_be_a_function():
    with pytest.raises(TypeError, match=r"function of x must map points .* got NoneType"):
        gan_value(Normal(), Normal(), None)
