import math

import pytest
import torch

from gan_lessons.distributions import linear_interpolation, spherical_interpolation

BOTH = [linear_interpolation, spherical_interpolation]


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("way", BOTH)
def test_starts_and_ends_where_it_should(way):
    a, b = randn(5, 7), randn(5, 7, seed=1)
    walk = way(a, b, torch.tensor([0.0, 0.3, 1.0]))
    assert walk.shape == (3, 5, 7)
    assert torch.allclose(walk[0], a)
    assert torch.allclose(walk[2], b)
    back = way(b, a, torch.tensor([0.7]))
    assert torch.allclose(walk[1], back[0])


def test_arc_turns_at_a_constant_rate_in_the_plane():
    angle = torch.tensor(2.0, dtype=torch.float64)
    a = 3 * torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    b = 3 * torch.stack([angle.cos(), angle.sin()])[None]
    t = torch.linspace(0, 1, 9, dtype=torch.float64)
    walk = spherical_interpolation(a, b, t)[:, 0]
    wanted = 3 * torch.stack([(t * angle).cos(), (t * angle).sin()], dim=1)
    assert torch.allclose(walk, wanted)


def test_middle_of_two_draws_of_the_prior():
    d, n = 64, 20_000
    a, b = randn(n, d), randn(n, d, seed=1)
    half = torch.tensor([0.5])
    straight = linear_interpolation(a, b, half)[0].square().sum(1)
    arc = spherical_interpolation(a, b, half)[0].square().sum(1)
    # Each squared length of the straight middle is half a chi-square with d degrees of freedom.
    assert straight.mean() == pytest.approx(d / 2, abs=5 * math.sqrt(2 * d / n) / 2)
    assert arc.mean() == pytest.approx(d, rel=0.02)


def test_parallel_and_opposite_vectors_stay_finite():
    a = randn(2, 3)
    for b in (2 * a, -a, a):
        walk = spherical_interpolation(a, b, torch.tensor([0.25, 0.5]))
        assert torch.allclose(walk, linear_interpolation(a, b, torch.tensor([0.25, 0.5])))
    nearly = a + 1e-5 * randn(2, 3, seed=2)
    assert torch.isfinite(spherical_interpolation(a, nearly, torch.tensor([0.5]))).all()


@pytest.mark.parametrize("way", BOTH)
def test_bad_input_is_named(way):
    a, t = randn(2, 3), torch.tensor([0.5])
    with pytest.raises(ValueError, match=r"start and end must have one shape, got \(2, 3\)"):
        way(a, randn(2, 4), t)
    with pytest.raises(ValueError, match=r"weights must have shape \(k,\)"):
        way(a, a, torch.tensor(0.5))
    with pytest.raises(ValueError, match=r"start must have shape \(n, d\)"):
        way(a[0], a[0], t)
    with pytest.raises(TypeError, match="end must be a floating-point tensor, got list"):
        way(a, [1.0], t)
