import pytest
import torch
from scipy import stats

from gan_lessons.experiments.mode_runs import Outcomes, Runs
from gan_lessons.experiments.mode_summary import (
    normalised_inputs,
    stored_held_out,
    stored_summary,
    summarise,
)
from gan_lessons.experiments.modes_laptop import ModesLaptopConfig

CONFIG = ModesLaptopConfig()


def test_the_summary_of_known_runs():
    modes = torch.tensor([[8, 8, 3, 0], [8, 7, 7, 0]]).double()
    zeros = torch.zeros(2, 4).double()
    quality = torch.tensor([[0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4]]).double()
    outcomes = Outcomes(modes, quality, zeros, zeros, zeros, 1 - quality)
    found = summarise("one", "ring", Runs((5, 6, 7, 9), (1, 2), outcomes, 1.0))
    assert (found.name, found.law, found.seeds) == ("one", "ring", 4)
    assert found.histogram.tolist() == [1, 0, 0, 0, 0, 0, 0, 2, 1]
    exact = stats.binomtest(1, 4).proportion_ci(method="exact")
    assert found.complete == pytest.approx((0.25, exact.low, exact.high))
    assert found.ever_complete.value == 0.5
    assert found.modes.value == pytest.approx(5.5)
    interval = stats.ttest_1samp(quality[1].numpy(), 0).confidence_interval()
    assert found.high_quality == pytest.approx((0.25, interval.low, interval.high))
    assert found.misplaced.value == pytest.approx(0.75)


def test_the_store_by_name():
    runs = stored_held_out("baseline")
    assert runs.seeds == CONFIG.held_out
    assert stored_held_out("baseline", most=16).seeds == CONFIG.held_out[:16]
    found = stored_summary("the recipe")
    assert found.seeds == 64
    assert found.histogram.tolist() == [0] * 8 + [64]
    assert found.complete.low > 0.94
    base = stored_summary("baseline")
    assert int(base.histogram.sum()) == 64
    assert base.complete.value == float(base.histogram[8]) / 64
    assert base.complete.high < found.complete.low
    with pytest.raises(KeyError):
        stored_held_out("magic")
    with pytest.raises(ValueError, match="name must have runs on 'normalised grid' in the store"):
        stored_held_out("hinge", "normalised grid")


def test_normalised_inputs_are_the_grid_at_unit_variance_against_the_grid():
    found = normalised_inputs(most=16)
    last_two = [
        stored_held_out("baseline", law, 16).outcomes.modes[-2:].mean(0).numpy()
        for law in ("grid", "normalised grid")
    ]  # of six moments the last third counts
    wide, unit = last_two
    interval = stats.ttest_rel(unit, wide).confidence_interval(0.99)
    wanted = (float((unit - wide).mean()), interval.low, interval.high)
    assert found.modes == pytest.approx(wanted)
    assert found.seeds == 16
    assert found.modes.high < 0  # modes are lost
