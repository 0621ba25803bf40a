"""Log-densities against scipy, quadrature and hand-made cases."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from gan_lessons.distributions import (
    Checkerboard,
    Distribution,
    Mixture,
    Normal,
    Uniform,
    UnivariateDistribution,
    checkerboard,
    grid,
    moons,
    ring,
    spiral,
)

LINE = [
    Normal(0.5, 2.0),
    Uniform(-1.0, 3.0),
    Mixture([0.3, 0.7], [-1.0, 2.0], [0.25, 1.4]),
]
PLANE = [
    Normal([0.5, -1.0], 0.7),
    Uniform([0.0, -1.0], [1.0, 2.0]),
    Mixture([0.2, 0.8], [[0.0, 1.0], [2.0, -1.0]], [0.5, 0.3]),
    moons(std=0.2, n_components=16),
    spiral(n_turns=1.0, std=0.15, n_components=32),
    checkerboard(3, 0.8),
]


def test_normal_density_is_scipys_also_far_out():
    x = torch.linspace(-60, 60, 241, dtype=torch.float64)
    expected = stats.norm(0.5, 2.0).logpdf(x.numpy())
    np.testing.assert_allclose(Normal(0.5, 2.0).log_prob(x).numpy(), expected, rtol=1e-13)
    points = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)).double()
    law = stats.multivariate_normal([1.0, 0.0, -2.0], 0.49 * np.eye(3))
    ours = Normal([1.0, 0.0, -2.0], 0.7).log_prob(points)
    np.testing.assert_allclose(ours.numpy(), law.logpdf(points.numpy()), rtol=1e-12)


def test_mixture_density_is_finite_and_exact_in_the_far_tails():
    law = Mixture([0.3, 0.7], [-1.0, 2.0], [0.25, 1.4])
    # Beside the wide component the narrow one has no weight at all at 1000.
    x = torch.tensor([1000.0, -1000.0], dtype=torch.float64)
    expected = math.log(0.7) + stats.norm(2.0, 1.4).logpdf(x.numpy())
    np.testing.assert_allclose(law.log_prob(x).numpy(), expected, rtol=1e-14)
    assert law.log_prob(x.float()).dtype == torch.float32
    assert bool(torch.isfinite(law.log_prob(x.float())).all())


def test_mixture_density_is_scipys_in_two_dimensions():
    law = Mixture([0.2, 0.8], [[0.0, 1.0], [2.0, -1.0]], [0.5, 0.3])
    x = law.sample(40, torch.Generator().manual_seed(1)).double()
    parts = 0.2 * stats.multivariate_normal([0, 1], 0.25 * np.eye(2)).pdf(
        x.numpy()
    ) + 0.8 * stats.multivariate_normal([2, -1], 0.09 * np.eye(2)).pdf(x.numpy())
    np.testing.assert_allclose(law.log_prob(x).numpy(), np.log(parts), rtol=1e-10)


def test_mixture_with_a_zero_weight_ignores_that_component():
    law = Mixture([0.0, 1.0], [5.0, 0.0], [1.0, 1.0])
    x = torch.linspace(-8, 8, 9, dtype=torch.float64)
    torch.testing.assert_close(law.log_prob(x), Normal(0.0, 1.0).log_prob(x))
    assert law.breakpoints() == Normal(0.0, 1.0).breakpoints()
    assert abs(float(law.quantile(torch.tensor([0.5], dtype=torch.float64)))) < 1e-12


@pytest.mark.parametrize("law", LINE, ids=repr)
def test_density_on_the_line_integrates_to_the_cdf(law):
    low, high = law.breakpoints()[0], law.breakpoints()[-1]
    edges = [p for p in law.breakpoints() if low < p < high]

    def density(t: float) -> float:
        return math.exp(float(law.log_prob(torch.tensor([t], dtype=torch.float64))))

    total = integrate.quad(density, low, high, points=edges or None, limit=200)[0]
    assert total == pytest.approx(1, abs=1e-9)
    middle = 0.37 * low + 0.63 * high
    below = [p for p in edges if p < middle]
    part = integrate.quad(density, low, middle, points=below or None, limit=200)[0]
    value = float(law.cdf(torch.tensor([middle], dtype=torch.float64)))
    assert value == pytest.approx(part, abs=1e-9)


@pytest.mark.parametrize("law", PLANE, ids=repr)
def test_density_in_the_plane_integrates_to_one(law):
    # Midpoints of cells; the edges of the uniform laws lie on cell borders.
    step = 0.02
    line = torch.arange(-6 + step / 2, 6, step, dtype=torch.float64)
    total = sum(
        float(law.log_prob(torch.cartesian_prod(part, line)).exp().sum())
        for part in line.split(100)
    )
    assert total * step**2 == pytest.approx(1, abs=1e-6)


def test_uniform_is_minus_infinity_outside_and_closed_at_its_edges():
    law = Uniform(-1.0, 3.0)
    x = torch.tensor([-1.0001, -1.0, 0.0, 3.0, 3.0001])
    quarter = -math.log(4)
    assert law.log_prob(x).tolist() == pytest.approx(
        [-math.inf, quarter, quarter, quarter, -math.inf]
    )
    box = Uniform([0.0, 0.0], [1.0, 2.0])
    points = torch.tensor([[0.5, 1.5], [0.5, 2.5], [1.5, 0.5]])
    assert box.log_prob(points).tolist() == pytest.approx([-math.log(2), -math.inf, -math.inf])


def test_checkerboard_alternates():
    law = checkerboard(4, 1.0)
    # Lower left cell dark, its neighbours light, outside nothing.
    points = torch.tensor([[-1.5, -1.5], [-0.5, -1.5], [-1.5, -0.5], [-0.5, -0.5], [2.5, 2.5]])
    dark = -math.log(8)
    assert law.log_prob(points).tolist() == pytest.approx(
        [dark, -math.inf, -math.inf, dark, -math.inf]
    )
    assert Checkerboard(3).n_dark == 5


def test_log_density_has_the_score_as_gradient():
    x = torch.tensor([[0.3, -0.2]], dtype=torch.float64, requires_grad=True)
    law = Normal([1.0, 2.0], 0.5)
    (score,) = torch.autograd.grad(law.log_prob(x).sum(), x)
    torch.testing.assert_close(score, (law.location - x.detach()) / 0.25)
    assert torch.autograd.gradcheck(grid(2, 1.0, 0.5).log_prob, (x,))
    u = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.grad(Uniform(0.0, 1.0).log_prob(u).sum(), u)[0].item() == 0


@pytest.mark.parametrize("law", LINE + PLANE, ids=repr)
def test_laws_keep_the_protocol(law):
    assert isinstance(law, Distribution)
    if law.dim == 1:
        assert isinstance(law, UnivariateDistribution)


def test_ring_and_grid_have_the_published_modes():
    modes = ring(8, radius=2.0, std=0.02).means
    torch.testing.assert_close(modes.norm(dim=1), torch.full((8,), 2.0, dtype=torch.float64))
    # All distinct: a known demonstration counts one mode twice.
    assert float(torch.pdist(modes).min()) == pytest.approx(4 * math.sin(math.pi / 8))
    lattice = {tuple(row) for row in grid().means.tolist()}
    assert lattice == {(a, b) for a in (-4, -2, 0, 2, 4) for b in (-4, -2, 0, 2, 4)}
    assert grid().stds.unique().tolist() == [0.05]
    assert ring().stds.unique().tolist() == [0.01]
