import pytest

from gan_lessons.experiments.mode_runs import TIMES
from gan_lessons.experiments.mode_store import stored_runs
from gan_lessons.experiments.modes_laptop import setting_of, stored_effects
from gan_lessons.experiments.trick_list import GAMMAS, OBJECTIVES_AND_PENALTIES, PRACTICE
from gan_lessons.viz import MODEL
from gan_lessons.widgets import trick_table
from gan_lessons.widgets.tricks import COLUMNS, MOMENTS, SEEDS, SHOWN, _draw_gamma, half_of


def test_each_trick_is_in_its_half():
    assert {half_of(trick.name) for trick in OBJECTIVES_AND_PENALTIES} == {"objective"}
    assert {half_of(trick.name) for trick in PRACTICE} == {"practice"}


def test_the_table_says_what_the_store_says():
    effects = stored_effects()
    table = trick_table(effects, "Tricks")
    assert table.columns == COLUMNS
    assert table.numeric == tuple(
        name in ("misplaced, points", "99% interval", "seeds", "all modes", "without it", "time")
        for name in COLUMNS
    )
    for effect, row in zip(effects, table.rows, strict=True):
        cells = dict(zip(COLUMNS, row, strict=True))
        assert cells["trick"].text == effect.name
        assert cells["misplaced, points"].key == pytest.approx(100 * effect.misplaced.value)
        shown = float(cells["misplaced, points"].text.replace("\N{MINUS SIGN}", "-"))
        assert shown == pytest.approx(100 * effect.misplaced.value, abs=0.051)
        assert cells["verdict"].text == effect.verdict
        good, bad = effect.verdict == "helps", effect.verdict == "hurts"
        assert cells["verdict"].tone == ("good" if good else "bad" if bad else "")
        assert cells["time"].key == effect.cost
        assert cells["all modes"].text == f"{effect.trick_complete.value:.0%}"


@pytest.mark.parametrize("step", MOMENTS)
def test_a_gamma_shows_what_is_stored(step):
    captions = set()
    for gamma in (0.0, GAMMAS[3], GAMMAS[-1]):
        figure, alt = _draw_gamma({"gamma": gamma, "step": step})
        *clouds, outcomes = figure.axes
        runs = stored_runs(setting_of(f"R1, gamma {gamma:g}" if gamma else "baseline"), SEEDS)
        modes = runs.outcomes.modes[TIMES["ring"].index(step)]
        assert [ax.get_title() for ax in clouds] == [f"{m:.0f} of 8 modes" for m in modes[:SHOWN]]
        shares = runs.outcomes.misplaced[TIMES["ring"].index(step)]
        in_front = [line for line in outcomes.lines if line.get_color() == MODEL.color]
        assert in_front[0].get_ydata() == pytest.approx(shares.tolist())
        assert len(outcomes.lines) == 1 + len(GAMMAS)
        assert f"{int((modes == 8).sum())} of the 16 runs" in alt
        captions.add(alt)
    assert len(captions) == 3
