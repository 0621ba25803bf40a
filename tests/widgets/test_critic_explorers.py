import pytest
import torch

from gan_lessons.divergences import wasserstein1
from gan_lessons.two_sample import transport_plan, wasserstein_1d
from gan_lessons.widgets.critics import (
    BANDWIDTH,
    PAIRS,
    PLACES,
    PLANS,
    SHIFTS,
    _draw_plan,
    compute_critics,
    make_pair,
    make_plan,
)
from gan_lessons.widgets.penalty import (
    MODELS,
    VIEW,
    WEIGHTS,
    compute_penalised,
    interpolate_density,
    penalty_pair,
)


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("mean", [-3.0, 0.0, 3.0])
def test_every_plan_moves_all_mass_and_the_cheapest_is_cheapest(kind, mean):
    x, y, plan = make_plan(mean, 1.0, kind)
    assert torch.allclose(plan.sum(0), torch.full_like(y, 1 / 10), atol=1e-9)
    assert torch.allclose(plan.sum(1), torch.full_like(x, 1 / 10), atol=1e-9)
    cost, best = float((plan * (x[:, None] - y).abs()).sum()), float(wasserstein_1d(x, y))
    assert cost >= best - 1e-9
    assert kind != "the cheapest" or cost == pytest.approx(transport_plan(x, y).cost, abs=1e-9)


def test_some_model_makes_all_plans_equally_dear():
    """What the description asks to find: a model that lies wholly on one side of the data."""
    x, y, plan = make_plan(3.0, 0.2, "crossed")
    assert float((plan * (x[:, None] - y).abs()).sum()) == pytest.approx(
        float(wasserstein_1d(x, y)), abs=1e-6
    )
    assert (
        f"costs {float(wasserstein_1d(x, y)):.2f}"
        in _draw_plan({"plan": "crossed", "mean": 3.0, "width": 0.2})[1]
    )


@pytest.mark.parametrize("pair", PAIRS)
def test_critics_stay_in_their_classes(pair):
    for shift in SHIFTS:
        found = compute_critics(shift, pair)
        assert float(found.total_variation.abs().max()) == 0.5
        assert float((found.wasserstein.diff() / PLACES.diff()).abs().max()) <= 1 + 1e-9
        assert float(found.mmd.abs().max()) <= 1
        assert float(found.mmd.abs().max()) < 0.95  # the axes' limit
        assert float(found.wasserstein.abs().max()) < 7.8
        assert found.distances[2] == pytest.approx(wasserstein1(*make_pair(shift, pair)))
    assert BANDWIDTH == 1.0


def test_far_away_only_w1_has_a_slope_between_the_laws():
    found = compute_critics(6.0, "equal widths")
    between = (PLACES > 2.9) & (PLACES < 3.1)
    slopes = [values.diff()[between[1:]].abs().max() / 0.05 for values in found[:3]]
    assert slopes[2] == pytest.approx(1, abs=1e-6)
    assert slopes[1] < 0.3 * slopes[2]


@pytest.mark.parametrize("pair", MODELS)
def test_the_weight_decides_the_overshoot(pair):
    """E_p f - E_q f - W1 is a constant over the weight; a penalised optimum beats all rivals."""
    found = {weight: compute_penalised(weight, pair) for weight in WEIGHTS}
    truth = wasserstein1(*penalty_pair(pair))
    over = {weight: weight * (one.says - truth) for weight, one in found.items()}
    assert over[0.1] == pytest.approx(over[1.0], rel=0.02)
    assert found[100.0].says == pytest.approx(truth, abs=0.02 + 0.1 * truth)
    slopes = found[1.0].slopes[~found[1.0].slopes.isnan()]
    p, q = penalty_pair(pair)
    m, r = q.cdf(VIEW) - p.cdf(VIEW), interpolate_density(p, q, VIEW)
    seen = ~found[1.0].slopes.isnan()

    def worth(s):
        return float((m[seen] * s - r[seen] * (s.abs() - 1) ** 2).sum())

    rng = torch.Generator().manual_seed(0)
    for _ in range(20):
        rival = slopes + 0.1 * torch.randn(slopes.shape, generator=rng, dtype=torch.float64)
        assert worth(rival) < worth(slopes)


def test_the_penalty_looks_where_interpolated_points_lie():
    p, q = penalty_pair("two humps")
    rng = torch.Generator().manual_seed(0)
    n = 100_000
    u = torch.rand(n, 1, generator=rng)
    points = u * p.sample(n, rng) + (1 - u) * q.sample(n, rng)
    exact = interpolate_density(p, q, VIEW)
    step = VIEW[1] - VIEW[0]
    assert float(exact.sum() * step) == pytest.approx(1, abs=0.01)
    for low, high in ((-2.0, -1.0), (-0.5, 0.5), (1.0, 1.5)):
        share = float(((points > low) & (points < high)).double().mean())
        inside = VIEW.clamp(low, high) == VIEW
        # five standard errors of a share are below 0.008, the sum's error is below 0.01
        assert share == pytest.approx(float(exact[inside].sum() * step), abs=0.01)
