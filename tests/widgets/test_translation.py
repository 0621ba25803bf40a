"""The explorers of chapter 16: what is drawn and said is what was recorded."""

from dataclasses import asdict

import pytest
import torch

from gan_lessons.experiments.cycle_film import load_film
from gan_lessons.experiments.cycle_measures import Outcome, pack_pictures
from gan_lessons.experiments.cycle_plane import recorded_films
from gan_lessons.experiments.cycle_report import CycleReportConfig
from gan_lessons.viz import style
from gan_lessons.widgets import (
    explore_cycle_weight,
    explore_plane_map,
    explore_translation_steps,
    plane_map,
    translation,
)
from gan_lessons.widgets.frames import all_settings

CONFIG = asdict(CycleReportConfig())
NAMES = {
    0.0: "GAN alone",
    0.1: "cycle weight 0.1",
    1.0: "cycle weight 1",
    10.0: "without identity loss",
}


def fake_record(names):
    """A store whose numbers tell which row, direction and seed they are of."""
    runs = {}
    for weight, name in names.items():
        for k, seed in enumerate(CONFIG["ablated_on"]):
            values = [0.01 * (i + 1) + weight / 100 + k / 1000 for i in range(len(Outcome._fields))]
            runs[f"{name}, {seed}"] = dict(zip(Outcome._fields, values, strict=True))
            runs[f"{name}, {seed}"]["identity"] = 0.4
        made = {key: torch.full((10, 3, 16, 16), weight / 20) for key in ("ab", "ba", "aba", "bab")}
        first = CONFIG["ablated_on"][0]
        runs[f"{name}, {first}"]["pictures"] = pack_pictures(made, torch.arange(10))
    return {"config": CONFIG, "results": {"runs": runs}}


@pytest.fixture
def weights(monkeypatch):
    monkeypatch.setattr(translation, "load_recorded", lambda name: fake_record(NAMES))
    return explore_cycle_weight()


def test_weights_are_read_by_their_names_with_means_over_the_seeds():
    table, baseline = translation.read_weights(fake_record(NAMES))
    assert list(table) == [0.0, 0.1, 1.0, 10.0]
    assert baseline == pytest.approx(0.4)
    one = table[1.0]
    assert one.error == pytest.approx({"ab": 0.0215, "ba": 0.0315})
    assert one.cycle == pytest.approx({"ab": 0.0415, "ba": 0.0515})
    assert one.kept == pytest.approx({"ab": 0.0815, "ba": 0.0915})
    assert float(one.pictures["aba"].mean()) == pytest.approx(0.05, abs=1 / 16)


def test_weights_that_are_not_yet_recorded_are_left_out():
    record = fake_record(NAMES)
    del record["results"]["runs"]["cycle weight 1, 1002"]
    assert list(translation.read_weights(record)[0]) == [0.0, 0.1, 10.0]
    with pytest.raises(ValueError, match=r"at least two cycle weights, got \[0.0\]"):
        translation.read_weights(fake_record({0.0: "GAN alone"}))


def test_the_slider_of_weights_says_and_draws_each_one(weights):
    for settings in all_settings(weights.controls):
        with style():
            figure, words = weights.draw(settings)
        way = translation.DIRECTIONS[settings["direction"]]
        one = translation.read_weights(fake_record(NAMES))[0][settings["weight"]]
        assert f"Cycle weight {settings['weight']:g}, {settings['direction']}" in words
        assert f"{one.error[way]:.3f} from the true partner" in words
        assert f"there and back {one.cycle[way]:.3f}" in words
        images, numbers = figure.axes
        names = [label.get_text() for label in images.get_yticklabels()]
        assert names == ["before", "translated", "the truth", "back again"]
        marked = [
            float(line.get_ydata()[0]) for line in numbers.lines if line.get_marker() != "None"
        ]
        assert marked == pytest.approx([one.error[way], one.cycle[way]])
    before, truth = translation._shown_pairs()
    grey = figure.axes[0].images[0].get_array()[:16, :16]  # before, of the last: night to digits
    assert torch.tensor(grey).permute(2, 0, 1) == pytest.approx((truth[0] + 1) / 2, abs=1e-6)
    assert before.shape == truth.shape == (10, 3, 16, 16)


@pytest.fixture(scope="module", params=[explore_translation_steps, explore_plane_map])
def explorer(request):
    return request.param()


def test_players_are_light_and_no_two_settings_look_alike(explorer):
    assert len(explorer.html.encode()) <= 400_000
    frames = explorer.frames
    assert len(frames.pictures) == len(set(frames.alts)) == len(all_settings(explorer.controls))
    assert frames.scale > 1


def test_live_every_control_changes_the_picture(explorer, check_controls):
    check_controls(explorer)


def test_the_steps_are_what_was_filmed():
    explorer = explore_translation_steps()
    moments, baseline = load_film()
    for one in moments:
        if one.step not in translation.STEPS:
            continue
        _, words = explorer.draw({"step": one.step, "direction": "night to digits"})
        assert f"Step {one.step}, night to digits" in words
        assert f"{one.outcome.ba:.3f} from the true partner" in words
        assert f"there and back {one.outcome.cycle_b:.3f}" in words
        assert f"untranslated image {baseline:.3f}" in words
        assert f"in {one.outcome.kept_ba:.0%}" in words


def test_the_map_is_what_was_filmed():
    films, explorer = recorded_films(), explore_plane_map()
    for name, film in films.items():
        for step in plane_map.STEPS:
            figure, words = explorer.draw({"run": plane_map.words_for(name), "step": step})
            k = film.times.index(step)
            for i, goal in enumerate(film.found[k].sent):
                assert f"a{i} to b{goal}" in words
            assert f"{film.found[k].share:.0%} arrive" in words
            drawn = [line for line in figure.axes[0].lines if line.get_marker() != "None"]
            made = torch.tensor(drawn[-1].get_xydata())
            assert made.shape == (20, 2)
            inside = film.nets[k].points[-1].double().abs().lt(1.3).all(1)
            assert torch.allclose(made[inside], film.nets[k].points[-1].double()[inside])


def test_two_seeds_found_different_bijections():
    last = {name: film.found[-1] for name, film in recorded_films().items()}
    good = [found.sent for found in last.values() if found.bijection]
    assert len(good) == len(set(good)) == 2
