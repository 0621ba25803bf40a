import pytest
import torch

from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.widgets import explore_samples, explore_training
from gan_lessons.widgets.frames import default_settings
from gan_lessons.widgets.image_gan import recorded_curves


@pytest.fixture(scope="module")
def explorer():
    return explore_training()


def test_player_is_light_and_no_two_settings_look_alike(explorer):
    assert len(explorer.html.encode()) <= 400_000
    frames = explorer.frames
    assert len(frames.pictures) == len(frames.order) == len(frames.alts)
    assert frames.scale >= 1.25


def test_what_is_said_is_what_was_recorded(explorer):
    record = load_recorded("digits_gan")["results"]
    for remedy in ("plain", "R1 and shifts"):
        for row in record["runs"][remedy][0]:
            step, distance = int(row[0]), row[record["columns"].index("frechet")]
            _, alt = explorer.draw({"step": step, "remedy": remedy})
            assert f"step {step}" in alt
            assert f"distance of {distance:.3g} " in alt


def test_the_lesson_is_in_the_record():
    curves, floor = recorded_curves()
    plain, both = curves["plain"], curves["R1 and shifts"]
    assert plain.distances[-1] > 1.3 * min(plain.distances)
    assert both.distances[-1] < 0.7 * plain.distances[-1]
    assert floor < min(both.distances)


def test_live_every_control_changes_the_picture(explorer, check_controls):
    check_controls(explorer)


def test_snapshots_of_a_run_of_ones_own():
    rng = torch.Generator().manual_seed(0)
    snapshots = {step: torch.rand(40, 1, 16, 16, generator=rng) * 2 - 1 for step in (10, 20, 30)}
    explorer = explore_samples(snapshots)
    assert default_settings(explorer.controls) == {"step": 10}
    assert len(explorer.frames.pictures) == 3
    assert len(explorer.html.encode()) <= 400_000
    assert "after step 20" in explorer.draw({"step": 20})[1]
    with pytest.raises(ValueError, match="at least 2 steps, got 1"):
        explore_samples({10: snapshots[10]})
