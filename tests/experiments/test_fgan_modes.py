"""f-GANs on the ring and on digits, and their activations: settings, stores, what was recorded."""

import math
from dataclasses import replace

import pytest
import torch

from gan_lessons.distributions import Normal
from gan_lessons.divergences import F_DIVERGENCES, f_divergence
from gan_lessons.divergences.exact import expectation_difference
from gan_lessons.experiments import fgan_activations as activations
from gan_lessons.experiments import fgan_covering as covering
from gan_lessons.experiments import fgan_digits as digits
from gan_lessons.experiments import fgan_modes as modes
from gan_lessons.experiments.fgan_fit import FitConfig
from gan_lessons.experiments.image_gan import PRESETS
from gan_lessons.experiments.mode_runs import Outcomes, Runs, Setting, describe

SHORT = modes.FGANModesConfig(("kl",), (0, 1), (2, 4), 50)


def test_only_the_objective_and_r1_differ_from_chapter_10():
    base = describe(Setting())
    for job in modes.plan(modes.FGANModesConfig()):
        setting = describe(modes.setting_of(job))
        ending = "-alternative" if job.way == "alternative" else ""
        assert setting.pop("objective") == f"fgan-{job.divergence}{ending}"
        assert setting.pop("r1_gamma") == (0.02 if job.way == "R1" else 0.0)
        assert setting.items() <= base.items()


def test_jobs_are_stored_and_resumed(tmp_path):
    done = list(modes.run(SHORT, tmp_path))
    assert [job.way for job, _ in done] == ["minimax", "alternative", "R1"]
    assert all(new for _, new in done)
    again = list(modes.run(SHORT, tmp_path))
    assert not any(new for _, new in again)
    other = list(modes.run(replace(SHORT, seeds=(0, 2)), tmp_path))
    assert all(new for _, new in other)


def test_a_summary_counts():
    # Two moments, four seeds; by the last one a seed has all modes and one is lost.
    rows = torch.tensor([[8.0, 8, 8, 8], [8.0, 4, 6, 0]], dtype=torch.float64)
    variance = torch.tensor([[1.0] * 4, [1.0, 1.0, 1.0, math.nan]], dtype=torch.float64)
    inner = torch.tensor([[1.0] * 4, [0.5, 0.7, math.nan, math.nan]], dtype=torch.float64)
    outcomes = Outcomes(rows, rows / 8, rows / 8, variance, inner, rows / 16)
    summary = modes.summarise(Runs((0, 1, 2, 3), (1, 2), outcomes, 0.0))
    assert summary.modes.value == 4.5
    assert summary.complete.value == 0.25
    assert 0 < summary.complete.low < 0.25 < summary.complete.high < 1
    assert summary.diverged == 0.25
    assert summary.inner == pytest.approx(0.6)
    assert summary.misplaced.value == pytest.approx(4.5 / 16)


@pytest.mark.parametrize("key", ["kl", "reverse-kl", "jensen-shannon", "pearson", "neyman"])
def test_the_slow_activation_gives_a_bound_that_can_be_tight(key):
    p, q = Normal(0.0, 1.0), Normal(0.4, 1.1)
    slow = activations.with_activation(key, "slow")

    def inverse(x):  # the v with slow_ratio(v) = p/q
        u = (p.log_prob(x[:, 0]) - q.log_prob(x[:, 0])).clamp(-30, 30).exp()
        return torch.where(u > 1, u - 1, 1 - 1 / u)

    bound = expectation_difference(
        slow.activation, lambda v: -slow.conjugate_of_activation(v), inverse, p, q, 1e-7
    )
    assert bound == pytest.approx(f_divergence(key, p, q), abs=1e-5)
    v = torch.linspace(-30, 30, 601, dtype=torch.float64)
    assert bool((slow.activation(v).diff() > 0).all())
    torch.testing.assert_close(
        slow.conjugate_of_activation(v), slow.conjugate(slow.activation(v)), rtol=1e-7, atol=1e-7
    )
    assert activations.with_activation(key, "none").activation(v) is v
    assert activations.with_activation(key, "table").activation is F_DIVERGENCES[key].activation


def test_starts_are_watched_and_stored(tmp_path):
    config = activations.ActivationsConfig(("neyman",), (1e-3,), (0.0,), (0, 1), 6)
    done = list(activations.run(config, tmp_path))
    assert [job.activation for job, _ in done] == ["table", "slow", "none"]
    assert all(new for _, new in done)
    assert not any(new for _, new in activations.run(config, tmp_path))
    # Without g_f the scores leave the domain of f* at once.
    without = activations.start(activations.Job("neyman", "none", 1e-3, 0.0), (0, 1), 6)
    assert bool(((without.lost_at >= 1) & (without.lost_at <= 6)).all())
    given = activations.start(activations.Job("neyman", "table", 1e-3, 0.0), (0, 1), 6)
    assert given.lost_at.tolist() == [0, 0]
    assert bool((given.largest_gradient > 0).all())


def test_without_an_activation_the_recorded_runs_are_lost():
    stored = activations.stored_starts()
    for key, wanted in (("reverse-kl", 16), ("neyman", 16), ("jensen-shannon", 14), ("kl", 0)):
        lost = stored[activations.Job(key, "none", 1e-3, 0.0)].lost_at > 0
        assert int(lost.sum()) >= wanted
        if wanted == 0:
            assert not bool(lost.any())
    # With one, none is lost at this rate; and the slow one keeps KL's gradients small.
    for key in activations.ActivationsConfig().divergences:
        assert not bool(stored[activations.Job(key, "table", 1e-3, 0.0)].lost_at.any())
    by_kl = [stored[activations.Job("kl", way, 1e-3, 0.0)] for way in ("table", "slow")]
    assert by_kl[0].largest_gradient.max() > 5 * by_kl[1].largest_gradient.max()


def test_recorded_rings_are_of_the_settings_of_today():
    found = modes.summaries()
    assert len(found) == len(modes.plan(modes.FGANModesConfig()))
    for summary in found.values():
        assert 0 <= summary.modes.low <= summary.modes.high <= 9
        assert 0 <= summary.diverged <= 1


def test_digits_are_judged_and_stored(tmp_path):
    base = replace(PRESETS["laptop"], classifier_epochs=1, batch_size=8, width=4)
    config = digits.FGANDigitsConfig(base, ("kl",), (0,), 2)
    ((key, seed, outcome),) = digits.run(config, tmp_path)
    assert (key, seed) == ("kl", 0)
    assert 0 <= outcome.rarest <= 0.1
    assert outcome.frechet > 0
    assert list(digits.run(config, tmp_path)) == []


def test_recorded_digits_are_shares_and_counts():
    for rows in digits.stored_digits().values():
        assert all(0 <= row.precision <= 1 and row.classes <= 10 for row in rows)


def test_covering_is_stored_and_resumed(tmp_path):
    short = FitConfig(hidden=8, batch_size=64, steps=4, d_steps=1, final_steps=1)
    config = covering.CoveringConfig(("kl",), (0, 1), short)
    assert list(covering.run(config, tmp_path)) == ["kl"]
    assert list(covering.run(config, tmp_path)) == []


def test_kl_covers_and_reverse_kl_seeks_in_the_recorded_fits():
    found = covering.stored_choices()
    kl, reverse = found["kl"], found["reverse-kl"]
    # By quadrature first: KL has one minimum, across both modes; reverse KL one at each mode.
    assert len(kl.exact.minima) == 1
    assert kl.exact.sigma > 3 * float(covering.TWO_MODES.stds[0])
    assert [round(m.mu) for m in reverse.exact.minima] == [-2, 2]
    assert all(m.sigma < 0.62 for m in reverse.exact.minima)
    # From samples: every seed covers with KL and seeks with reverse KL.
    assert bool((kl.fits.sigma > 1.8).all())
    assert bool((reverse.fits.sigma < 0.7).all())
    assert kl.nearest == reverse.nearest == (0,) * 16
    # Jensen-Shannon's best law seeks, but a local minimum keeps a wide start across both modes.
    between = found["jensen-shannon"]
    assert [m.sigma > 1.8 for m in between.exact.minima] == [False, True, False]
    assert between.nearest == (1,) * 16


def test_the_divergence_does_not_decide_coverage_on_the_recorded_rings():
    found = modes.summaries()
    covered = {key: found[modes.Job(key, "minimax")].complete for key in ("kl", "reverse-kl")}
    assert covered["reverse-kl"].value >= covered["kl"].value > 0.7
    by_loss = found[modes.Job("reverse-kl", "alternative")]
    assert by_loss.complete.high < covered["reverse-kl"].low
