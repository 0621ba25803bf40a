import math
from dataclasses import replace

import pytest
import torch

from gan_lessons.experiments.bigan_inversion import Errors, measure, true_map
from gan_lessons.experiments.bigan_points import (
    BiGANPointsConfig,
    code_grid,
    draw_data,
    make_bigan,
    run,
)
from gan_lessons.experiments.recorded import load_recorded

TINY = BiGANPointsConfig(seeds=(0, 1), hidden=4, n=50)
TINY = replace(TINY, training=replace(TINY.training, steps=2, batch_size=8))


class Turned:
    """A perfect BiGAN: G is the true map after a turn of z, E its inverse."""

    def __init__(self, turn):
        self.turn = turn
        self.config = replace(BiGANPointsConfig.training, z_dim=len(turn))

    def decode(self, z):
        return true_map(z @ self.turn)

    def encode(self, x):
        if x.shape[1] == 1:  # by bisection: T rises on the line
            low, high = torch.full_like(x, -8.0), torch.full_like(x, 8.0)
            for _ in range(60):
                middle = (low + high) / 2
                above = true_map(middle) > x
                low, high = torch.where(above, low, middle), torch.where(above, middle, high)
            return low @ self.turn.T
        first = x[:, 0]
        z = torch.stack([first, 2 * (x[:, 1] + 0.5 - first.square() / 2)], dim=1)
        return z @ self.turn.T

    def reconstruct(self, x):
        return self.decode(self.encode(x))

    def sample(self, n, rng):
        return self.decode(torch.randn(n, len(self.turn), generator=rng))


@pytest.mark.parametrize(("degrees", "mirror"), [(0, 1.0), (40, 1.0), (150, 1.0), (-70, -1.0)])
def test_a_perfect_pair_with_its_z_turned_is_seen_as_such(degrees, mirror):
    a = math.radians(degrees)
    turn = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    turn = turn @ torch.diag(torch.tensor([1.0, mirror]))
    errors = measure(Turned(turn), 1000)
    assert errors.codes < 1e-4
    assert errors.samples < 1e-4
    assert errors.turned < 1e-4
    assert errors.reflected == (mirror < 0)
    # A turn by a moves a standard normal point by 2 sin(a/2) per coordinate, a mirror by sqrt 2.
    moved = 2 * math.sin(abs(a) / 2) if mirror > 0 else math.sqrt(2)
    assert errors.true_codes == pytest.approx(moved, rel=0.06, abs=1e-4)
    # Two samples of 1,000 of one law: the energy distance is small, never exactly 0.
    assert errors.energy_distance < 0.02


def test_on_a_line_only_the_sign_is_free():
    same, mirrored = (measure(Turned(torch.tensor([[s]])), 500) for s in (1.0, -1.0))
    assert same.true_codes < 1e-3
    assert mirrored.true_codes == pytest.approx(2, rel=0.1)
    for errors in (same, mirrored):
        assert max(errors.codes, errors.samples, errors.turned) < 1e-3
        assert errors.angle == 0
    assert (same.reflected, mirrored.reflected) == (0, 1)


def test_an_encoder_that_ignores_x_has_the_errors_of_chance():
    class Blind(Turned):
        def encode(self, x):
            return torch.randn(len(x), 2, generator=torch.Generator().manual_seed(9))

    errors = measure(Blind(torch.eye(2)), 4000)
    assert errors.codes == pytest.approx(math.sqrt(2), rel=0.05)
    assert errors.samples == pytest.approx(1, rel=0.1)
    assert errors.turned > 1.3


@pytest.mark.parametrize("dimension", [1, 2])
def test_the_true_map_is_one_to_one_and_smooth(dimension):
    z = torch.randn(50, dimension, generator=torch.Generator().manual_seed(0)).double()
    jacobians = torch.vmap(torch.func.jacrev(lambda one: true_map(one[None])[0]))(z)
    assert torch.linalg.det(jacobians).min() > 0.4
    assert draw_data(dimension, 7).shape == (7, dimension)
    assert code_grid(dimension).shape == ((41, 1) if dimension == 1 else (81, 2))


def test_a_tiny_run_has_the_form_that_is_recorded():
    *_, results = run(TINY)
    assert results["columns"] == list(Errors._fields)
    for name, m in (("1", 41), ("2", 81)):
        assert torch.tensor(results["runs"][name]).shape == (2, len(Errors._fields))
        assert torch.tensor(results["codes"][name]).shape == (2, m, int(name))
    again = make_bigan(TINY, 2, 0)
    assert torch.equal(make_bigan(TINY, 2, 0).encode(code_grid(2)), again.encode(code_grid(2)))


def test_what_is_recorded_says_what_the_chapter_says():
    record = load_recorded("bigan_points")
    config, results = BiGANPointsConfig(), record["results"]
    assert tuple(record["config"]["seeds"]) == config.seeds
    assert record["config"]["training"]["steps"] == config.training.steps
    for name in ("1", "2"):
        rows = [Errors(*row) for row in results["runs"][name]]
        assert len(rows) == len(config.seeds)
        assert max(row.codes for row in rows) < 0.5  # a blind encoder has 1.41
        assert max(row.samples for row in rows) < 0.35  # a blind encoder has 1
    line, plane = ([Errors(*row) for row in results["runs"][name]] for name in ("1", "2"))
    # On the line z or -z in six runs; in two G tears the line between the data's two clusters.
    assert sum(row.turned < 0.1 for row in line) == 6
    assert sum(row.turned > 1 for row in line) == 2
    assert min(row.true_codes for row in plane) > 0.5
    assert min(row.turned for row in plane) > 0.5  # no turn of z, though E inverts G


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"dimensions": (3,)}, ValueError, "dimensions must be 1 or 2"),
        ({"seeds": ()}, ValueError, "seeds must hold at least one"),
        ({"n": 0}, ValueError, "n must be at least 1"),
    ],
)
def test_bad_settings(change, error, match):
    with pytest.raises(error, match=match):
        BiGANPointsConfig(**change)
