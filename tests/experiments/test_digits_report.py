from dataclasses import replace

import pytest
import torch

from gan_lessons.experiments.digits_report import (
    Outcome,
    ReportConfig,
    make_tasks,
    near_share,
    run,
    run_once,
)
from gan_lessons.experiments.image_gan import PRESETS
from gan_lessons.experiments.recorded import load_recorded

TINY = replace(PRESETS["laptop"], width=4, z_dim=4, batch_size=8, steps=2, classifier_epochs=1)


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_near_share_of_copies_of_new_real_rows_and_of_strangers():
    training, held_out, new = randn(400, 3), randn(400, 3, seed=1), randn(4000, 3, seed=2)
    assert near_share(training[:50], training, held_out, 0.05) == 1.0
    assert near_share(new, training, held_out, 0.05) == pytest.approx(0.05, abs=0.05)
    assert near_share(new + 20, training, held_out, 0.05) == 0.0


def test_a_small_report_has_a_row_for_each_seed():
    found = run(ReportConfig(TINY, (5, 6)))
    assert found["columns"] == list(Outcome._fields)
    assert len(found["runs"]) == 2
    assert found["runs"][0] != found["runs"][1]
    tasks, floor = make_tasks(ReportConfig(TINY, (6,)))
    alone = [float(f"{number:.5g}") for number in run_once(tasks[0])]
    assert alone == found["runs"][1]  # a seed's row does not depend on the others
    assert list(floor.distances) == found["floor"]


def test_the_recorded_report_is_of_the_chapter_s_recipe_and_of_seeds_kept_back():
    recorded = load_recorded("digits_report")
    assert recorded["config"]["seeds"] == list(range(1000, 1008))
    base = {**recorded["config"]["base"], "betas": tuple(recorded["config"]["base"]["betas"])}
    assert base == vars(PRESETS["laptop"])
    assert len(recorded["results"]["runs"]) == 8


@pytest.mark.slow
def test_the_recorded_report_can_be_made_again():
    """One seed of eight: another CPU's run is another run, and lies where the recorded ones lie."""
    recorded = load_recorded("digits_report")["results"]
    (row,) = run(ReportConfig(seeds=(1003,)))["runs"]
    column = [Outcome(*values) for values in recorded["runs"]]
    found = Outcome(*row)
    assert 0.6 * min(o.frechet for o in column) < found.frechet
    assert found.frechet < 1.6 * max(o.frechet for o in column)
    assert found.rarest > 0.02
    assert found.near_pixels < 0.02


def test_settings_are_checked():
    with pytest.raises(TypeError, match="base"):
        ReportConfig(base="laptop")  # type: ignore[arg-type]
    for wrong in (0.0, 1.0, "x"):
        with pytest.raises(ValueError, match="near must be a share"):
            ReportConfig(near=wrong)  # type: ignore[arg-type]
