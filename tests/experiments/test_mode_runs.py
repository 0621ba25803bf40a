import math
from dataclasses import replace

import pytest
import torch
from scipy import integrate, stats

from gan_lessons.distributions import ring
from gan_lessons.experiments.mode_runs import (
    LAWS,
    Setting,
    describe,
    measure,
    setting_hash,
    start_training,
    train_setting,
)
from gan_lessons.experiments.tricks import with_training

WITHIN = float(stats.chi2.cdf(9, 2))
SMALL = with_training(Setting(hidden=8), {"batch_size": 16})


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_our_ring_has_eight_modes_and_the_trap_has_seven():
    """Angles that include both 0 and 2 pi put two of eight modes in one place."""
    angles = torch.linspace(0, 2 * math.pi, 8, dtype=torch.float64)
    trap = torch.stack([angles.cos(), angles.sin()], dim=1)
    for means, modes in ((trap, 7), (LAWS["ring"].means, 8), (ring().means, 8)):
        apart = torch.cdist(means, means) > 1e-6
        assert len({tuple(row) for row in (~apart).int().tolist()}) == modes
    gaps = torch.cdist(LAWS["ring"].means, LAWS["ring"].means)
    nearest = gaps[gaps > 1e-6].min()  # chord of an eighth of the circle
    assert float(nearest) == pytest.approx(2 * math.sin(math.pi / 8))


def test_the_grid_and_its_normalised_form():
    for name, spacing, std in (("grid", 2.0, 0.1), ("normalised grid", 8**-0.5 * 2, 8**-0.5 * 0.1)):
        law = LAWS[name]
        gaps = torch.cdist(law.means, law.means)
        assert len(law.means) == 25
        assert float(gaps[gaps > 1e-6].min()) == pytest.approx(spacing)
        assert float(law.stds[0]) == pytest.approx(std)
    assert LAWS["normalised grid"].means.var(0, correction=0).tolist() == pytest.approx([1, 1])


@pytest.mark.parametrize("name", list(LAWS))
def test_perfect_samples_measure_as_perfect(name):
    """Five standard errors of 20,000 draws; misplaced is noise of k + 1 bins."""
    law, n = LAWS[name], 20_000
    found = measure(law.sample(n, rng()).unsqueeze(0), law)
    k = len(law.means)
    assert found.modes.tolist() == [k]
    assert abs(float(found.high_quality) - WITHIN) < 5 * math.sqrt(WITHIN * (1 - WITHIN) / n)
    assert abs(float(found.inner) - 1) < 5 / math.sqrt(n)  # a squared distance: std about its mean
    assert abs(float(found.variance) - 1) < 5 / math.sqrt(n)
    assert float(found.misplaced) < 0.5 * math.sqrt(k / n) * 2
    assert float(found.kl) < 5 * k / n


def test_inner_is_over_the_mean_of_a_perfect_sampler():
    """Points on circles around the modes; the perfect mean by quadrature."""
    law = LAWS["ring"]
    perfect, _ = integrate.quad(lambda x: x * stats.chi2.pdf(x, 2), 0, 9)
    x = (law.means + 0.05 * 1.5 * torch.tensor([0.6, 0.8])).float().unsqueeze(0)
    found = measure(x, law)
    assert float(found.inner) == pytest.approx(1.5**2 / (perfect / WITHIN), rel=1e-4)
    assert float(found.high_quality) == 1


def test_missing_modes_are_misplaced_samples():
    """Closed forms: m of 8 modes, all samples at the centres or perfect, or none near a mode."""
    law = LAWS["ring"]
    for m in (1, 4, 8):
        at_centres = measure(law.means[:m].float().repeat(100, 1).unsqueeze(0), law)
        want = (m * (1 / m - WITHIN / 8) + (8 - m) * WITHIN / 8 + (1 - WITHIN)) / 2
        assert float(at_centres.misplaced) == pytest.approx(want, abs=1e-6)
        assert at_centres.modes.tolist() == [m]
        assert float(at_centres.kl) == pytest.approx(math.log(8 / m), abs=1e-6)
        assert float(at_centres.inner) == pytest.approx(0, abs=1e-6)
    nowhere = measure(torch.zeros(1, 50, 2), law)
    assert float(nowhere.misplaced) == pytest.approx(WITHIN)
    assert float(nowhere.variance) == 0
    assert bool(nowhere.inner.isnan())


def test_what_is_not_finite_is_lost_and_leaves_the_others_alone():
    law = LAWS["ring"]
    good = law.sample(500, rng())
    bad, far = good.clone(), good.clone()
    bad[3, 1], far[0, 0] = math.nan, 1e30
    found = measure(torch.stack([good, bad, far]), law)
    assert found.modes.tolist() == [8, 0, 0]
    assert found.misplaced[1:].tolist() == pytest.approx([WITHIN] * 2)
    assert found.kl[1:].tolist() == pytest.approx([math.log(8)] * 2)
    assert float(found.misplaced[0]) == float(measure(good.unsqueeze(0), law).misplaced)


def test_a_seed_is_the_same_run_alone_and_among_others():
    many = train_setting(SMALL, (3, 5, 4), (2, 4), 200)
    one = train_setting(SMALL, (5,), (2, 4), 200)
    assert many.seeds == (3, 5, 4)
    assert many.times == (2, 4)
    for a, b in zip(many.outcomes, one.outcomes, strict=True):
        assert a.shape == (2, 3)
        assert torch.allclose(a[:, 1:2], b, atol=1e-3, equal_nan=True)
    assert many.cost > 0


def test_averaged_weights_are_what_is_measured():
    averaged = with_training(SMALL, {"ema_decay": 0.99, "g_lr": 0.1})
    system, records = start_training(averaged, (0, 1), (10, 20))
    assert [record.step for record in records] == [10, 20]
    law, found = LAWS["ring"], train_setting(averaged, (0, 1), (10, 20), 200).outcomes.variance[-1]
    kept, raw = (measure(system.sample(200, rng(20), ema), law).variance for ema in (True, False))
    assert torch.allclose(found, kept)
    assert not torch.allclose(found, raw, rtol=0.01)


def test_the_hash_knows_what_changes_the_numbers():
    changes = [
        replace(SMALL, law="grid"),
        replace(SMALL, objective="hinge"),
        replace(SMALL, hidden=9),
        replace(SMALL, prepare=print),
        replace(SMALL, networks=measure),
        with_training(SMALL, {"r1_gamma": 0.1}),
        with_training(SMALL, {"betas": (0.0, 0.999)}),
    ]
    hashes = {setting_hash(one, (2, 4), 100) for one in (SMALL, *changes)}
    hashes |= {setting_hash(SMALL, (2, 5), 100), setting_hash(SMALL, (2, 4), 99)}
    assert len(hashes) == len(changes) + 3
    longer = with_training(SMALL, {"steps": 7, "seed": 3, "log_every": 2})
    assert setting_hash(longer, (2, 4), 100) in hashes
    assert describe(SMALL)["objective"] == "non-saturating"


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match=r"law must be one of \['grid', .*got 'circle'"):
        Setting(law="circle")
    with pytest.raises(ValueError, match="objective"):
        Setting(objective="none")
    with pytest.raises(TypeError, match="training must be a TrainConfig, got dict"):
        Setting(training={})
    with pytest.raises(ValueError, match="hidden must be at least 1"):
        Setting(hidden=0)
    with pytest.raises(TypeError, match="networks must be a function, got None"):
        Setting(networks=None)
    with pytest.raises(TypeError, match="prepare must be a function, got 3"):
        Setting(prepare=3)
    with pytest.raises(ValueError, match=r"times must be multiples of the first, got \(2, 5\)"):
        train_setting(SMALL, (0,), (2, 5))
    with pytest.raises(ValueError, match="times must rise"):
        train_setting(SMALL, (0,), (4, 2))
    with pytest.raises(ValueError, match="n must be at least 2"):
        train_setting(SMALL, (0,), (2,), 1)
