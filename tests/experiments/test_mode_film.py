import json
from dataclasses import replace

import pytest
import torch

from gan_lessons.experiments.mode_film import (
    FILM,
    FilmConfig,
    film,
    load_films,
    pack,
    run,
    unpack,
    wanted,
)
from gan_lessons.experiments.mode_runs import TIMES, train_setting
from gan_lessons.experiments.mode_summary import stored_held_out
from gan_lessons.experiments.modes_laptop import setting_of
from gan_lessons.experiments.trick_list import GAMMAS

CONFIG = FilmConfig()
QUICK = FilmConfig((3, 4, 5), 2, ("baseline",), (0, 2, 4), (2, 4), n=50, kept=10)


def test_packing_keeps_a_hundredth():
    samples = torch.randn(3, 2, 7, 2, generator=torch.Generator().manual_seed(0))
    found = unpack(pack(samples, 1.6), (3, 2, 7, 2), 1.6)
    assert float((found - samples.clamp(-1.6, 1.6)).abs().max()) <= 1.6 / 255 + 1e-6
    assert torch.equal(unpack(pack(found, 1.6), (3, 2, 7, 2), 1.6), found)


def test_a_film_is_a_run_of_the_store():
    """Its moments are other ones, its seeds are trained together, and what is the same is equal."""
    setting = setting_of("baseline")
    found = film("baseline", setting, QUICK, QUICK.times)
    runs = train_setting(setting, QUICK.seeds, (2, 4), QUICK.n)
    assert found.samples.shape == (3, 2, 10, 2)
    assert found.seeds == (3, 4)
    assert torch.equal(found.modes[1:].double(), runs.outcomes.modes[:, :2])


def test_it_resumes_and_films_anew_what_changed(tmp_path):
    names = list(wanted(QUICK))
    running = run(QUICK, tmp_path)
    assert next(running) == names[0]
    running.close()
    assert list(run(QUICK, tmp_path)) == names[1:]
    assert list(run(QUICK, tmp_path)) == []
    data = json.loads((tmp_path / f"{FILM}.json").read_text())
    data["results"]["films"][1]["setting"]["d_lr"] = 1.0
    (tmp_path / f"{FILM}.json").write_text(json.dumps(data))
    assert list(run(QUICK, tmp_path)) == names[1:2]
    assert list(run(replace(QUICK, n=51), tmp_path)) == names


def test_the_book_has_films_of_the_runs_in_its_store():
    films = load_films()
    assert {*CONFIG.films, *(f"R1, gamma {g:g} (slider)" for g in GAMMAS)} <= {*films}
    for name, (setting, times) in wanted(CONFIG).items():
        one = films[name]
        assert (one.times, one.seeds) == (times, CONFIG.seeds[:8])
        assert one.samples.shape == (len(times), 8, CONFIG.kept, 2)
        assert float(one.samples.abs().max()) <= CONFIG.limit + 1e-6
        runs = stored_held_out(name.removesuffix(" (slider)"), most=8)
        for i, step in enumerate(times):
            if step in TIMES[setting.law]:
                stored = runs.outcomes.modes[TIMES[setting.law].index(step)]
                assert torch.equal(one.modes[i].double(), stored)


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="times must rise"):
        FilmConfig(times=(4, 2))
    with pytest.raises(ValueError, match="kept must be at least 1"):
        FilmConfig(kept=0)
