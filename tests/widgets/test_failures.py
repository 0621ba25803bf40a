import pytest
import torch

from gan_lessons.experiments.mode_store import stored_runs
from gan_lessons.experiments.modes_laptop import setting_of
from gan_lessons.widgets.failures import FILMS, TIMES, _draw_film, films, frame


def test_the_store_holds_every_frame():
    for name in FILMS:
        film = films()[name]
        assert film.times == TIMES
        assert film.samples.shape[:2] == (len(TIMES), 8)
        assert film.seeds == films()["baseline"].seeds


def test_the_film_is_of_the_runs_that_the_chapter_counts():
    for name in ("baseline", "the recipe"):
        film = films()[name]
        runs = stored_runs(setting_of(name), film.seeds)
        for step in (200, 1000):
            counted = runs.outcomes.modes[runs.times.index(step)]
            assert torch.equal(counted.int(), film.modes[film.times.index(step)].int())


@pytest.mark.parametrize("words", list(FILMS.values()))
def test_what_is_said_is_what_is_drawn(words):
    figure, alt = _draw_film({"setting": words, "step": 600})
    samples, modes = frame(words, 600)
    assert len(figure.axes) == 8
    assert [ax.get_title(loc="left") for ax in figure.axes] == [f"{m} of 8" for m in modes]
    assert ", ".join(str(m) for m in modes) in alt
    assert f"{sum(m == 8 for m in modes)} of 8 runs" in alt
    for ax, one in zip(figure.axes, samples, strict=True):
        drawn = torch.tensor(ax.lines[1].get_xydata()).float()
        assert torch.equal(drawn, one)


def test_modes_come_with_training():
    for words in FILMS.values():
        assert sum(frame(words, 1000)[1]) > sum(frame(words, 100)[1]) >= sum(frame(words, 0)[1])
