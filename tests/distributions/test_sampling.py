"""Samples follow their laws; seeds repeat; labels are the components."""

import numpy as np
import pytest
import torch
from scipy import stats

from gan_lessons.distributions import (
    Mixture,
    Normal,
    Uniform,
    checkerboard,
    grid,
    moons,
    ring,
    spiral,
)

LAWS = [
    Normal(0.5, 2.0),
    Normal([0.5, -1.0, 3.0], 0.7),
    Uniform(-1.0, 3.0),
    Uniform([0.0, -1.0], [1.0, 2.0]),
    Mixture([0.3, 0.7], [-1.0, 2.0], [0.25, 1.4]),
    ring(),
    grid(),
    moons(),
    spiral(n_arms=2),
    checkerboard(),
]


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_samples_have_shape_type_and_repeat_with_the_seed(law):
    x = law.sample(7, torch.Generator().manual_seed(3))
    assert x.shape == (7, law.dim)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, law.sample(7, torch.Generator().manual_seed(3)))
    assert not torch.equal(x, law.sample(7, torch.Generator().manual_seed(4)))
    assert law.sample(2, dtype=torch.float64).dtype == torch.float64
    assert bool(torch.isfinite(law.log_prob(x)).all())


@pytest.mark.parametrize("law", [law for law in LAWS if law.dim == 1], ids=repr)
def test_samples_on_the_line_follow_the_cdf(law):
    # False alarm below 1e-4 (and the seed is fixed).
    x = law.sample(5000, torch.Generator().manual_seed(0)).double()
    assert stats.kstest(law.cdf(x).numpy(), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_samples_fit_the_density(law):
    # E 1/p(x) over a law of known volume would be heavy; E log p and Var log p are not: under a
    # second, independent sample of float64 the means agree within 5 standard errors.
    rng = torch.Generator().manual_seed(5)
    a, b = (law.log_prob(law.sample(4000, rng, torch.float64)) for _ in range(2))
    error = float((a.var() / 4000 + b.var() / 4000).sqrt())
    assert abs(float(a.mean() - b.mean())) <= 5 * error + 1e-12


def test_checkerboard_samples_fill_every_dark_cell_alike():
    x = checkerboard(3, 2.0).sample(9000, torch.Generator().manual_seed(0))
    assert bool((x.abs() <= 3).all())
    cells = ((x + 3) / 2).floor().long()
    counts = torch.bincount(cells[:, 0] * 3 + cells[:, 1], minlength=9)
    assert counts[1::2].sum() == 0
    assert stats.chisquare(counts[::2].numpy()).pvalue > 1e-4


def test_labels_are_the_components():
    law = Mixture([0.1, 0.6, 0.3], [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], [0.1, 0.5, 1.0])
    x, labels = law.sample_with_labels(6000, torch.Generator().manual_seed(0))
    assert labels.shape == (6000,)
    assert labels.dtype == torch.int64
    counts = np.bincount(labels.numpy(), minlength=3)
    assert stats.chisquare(counts, [600, 3600, 1800]).pvalue > 1e-4
    for i in range(3):
        own = x[labels == i].double() - law.means[i]
        assert float(own.std()) == pytest.approx(float(law.stds[i]), rel=0.1)
        assert float(own.mean().abs()) < 5 * float(law.stds[i]) / own.numel() ** 0.5
    torch.testing.assert_close(x, law.sample(6000, torch.Generator().manual_seed(0)))
    assert law.n_components == 3


def test_moons_are_the_two_half_circles():
    x = moons(std=0.01, n_components=2000).sample(2000, torch.Generator().manual_seed(0))
    to_upper = (x.norm(dim=1) - 1).abs() + (x[:, 1] < -0.05)
    to_lower = ((x - torch.tensor([1.0, 0.5])).norm(dim=1) - 1).abs() + (x[:, 1] > 0.55)
    assert float(torch.minimum(to_upper, to_lower).max()) < 0.06
    assert 800 < int((to_upper < 0.06).sum()) < 1200


def test_spiral_steps_along_the_curve_are_equal():
    law = spiral(n_turns=2.0, n_arms=2, radius=3.0, n_components=400)
    steps = law.means[:400].diff(dim=0).norm(dim=1)
    assert float(steps[5:].max() / steps[5:].min()) < 1.01
    # The second arm is the first one turned by half a turn.
    torch.testing.assert_close(law.means[400:], -law.means[:400], atol=1e-9, rtol=0)
    assert float(law.means.norm(dim=1).max()) == pytest.approx(3.0, abs=0.01)


def test_fine_mixtures_show_no_ripple():
    # Along the crown of the upper arc the density changes by less than 1 in 10,000.
    t = torch.linspace(0.4, 0.6, 200, dtype=torch.float64) * torch.pi
    law = moons(std=0.1)
    upper = Mixture([1 / 32] * 32, law.means[:32], law.stds[:32])
    values = upper.log_prob(torch.stack([t.cos(), t.sin()], dim=1))
    assert float(values.max() - values.min()) < 1e-4
