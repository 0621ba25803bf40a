"""Films of chapter 16: what is kept of a run, and that it is the run that is recorded elsewhere."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.experiments.cycle_film import CycleFilmConfig, load_film
from gan_lessons.experiments.cycle_layouts import LAYOUTS
from gan_lessons.experiments.cycle_plane import (
    LAYOUT,
    CyclePlaneConfig,
    carried,
    film,
    pack,
    plane_net,
    recorded_films,
    unpack,
)
from gan_lessons.experiments.cycle_points import CyclePointsConfig, make_points_cyclegan, run_once
from gan_lessons.experiments.cycle_report import CycleReportConfig
from gan_lessons.experiments.recorded import load_recorded

POINTS = CyclePointsConfig()
SHORT = replace(POINTS.training, decay_from=2, decay_steps=2, batch_size=8)
SMALL = CyclePlaneConfig(
    (("cycle", 3),), (0, 2, 4), 5, 3, replace(POINTS, hidden=8, n_test=20, training=SHORT)
)


def test_the_net_frames_each_mode():
    net, centres = plane_net(SMALL), torch.tensor(LAYOUTS[LAYOUT].a)
    assert [len(line) for line in net.lines] == [5] * 3 + [9] * 9
    reach = 3 * SMALL.points.std
    for x, y in centres.tolist():
        heights = {round(float(line[0, 1]), 4) for line in net.lines[:3]}
        assert heights == {round(y + k * reach, 4) for k in (-1, 0, 1)}
        places = {round(float(line[0, 0]), 4) for line in net.lines[3:]}
        assert {round(x + k * reach, 4) for k in (-1, 0, 1)} <= places
    assert net.points.shape == (3, 3, 2)
    assert torch.equal(net.points, net.again)
    assert float((net.points - centres[:, None]).norm(dim=2).max()) < 1.5 * reach


def test_a_film_looks_on_and_changes_nothing():
    points = replace(SMALL.points, training=replace(SHORT, steps=4, log_every=4))
    one = film(SMALL, "cycle", 3)
    assert one.times == (0, 2, 4)
    assert one.found[-1] == run_once(points, LAYOUT, 3)
    fresh = carried(make_points_cyclegan(points, 3), plane_net(SMALL))
    assert torch.equal(fresh.points, one.nets[0].points)
    assert not torch.equal(one.nets[0].points, one.nets[1].points)


def test_what_is_packed_comes_back_to_a_thousandth():
    one, net = film(SMALL, "cycle", 3), plane_net(SMALL)
    flat = [torch.cat([*moment.lines, *moment.points, *moment.again]) for moment in one.nets]
    for kept, moment in zip(unpack(pack(flat), net), one.nets, strict=True):
        for line, wanted in zip(kept.lines, moment.lines, strict=True):
            assert torch.allclose(line, wanted, atol=5.1e-4)
        assert torch.allclose(kept.points, moment.points, atol=5.1e-4)
        assert torch.allclose(kept.again, moment.again, atol=5.1e-4)


@pytest.mark.parametrize(
    ("name", "config"), [("cycle_film", CycleFilmConfig()), ("cycle_plane", CyclePlaneConfig())]
)
def test_what_is_recorded_is_of_these_settings(name, config):
    assert load_recorded(name)["config"] == json.loads(json.dumps(asdict(config)))


def test_the_stored_maps_are_the_runs_of_the_table():
    runs = load_recorded("cycle_points")["results"]["runs"]
    config, films = CyclePlaneConfig(), recorded_films()
    assert list(films) == [f"{way}, {seed}" for way, seed in config.films]
    for name, one in films.items():
        assert one.times == config.times
        assert len(one.nets) == len(one.found) == len(config.times)
        way, seed = name.split(", ")
        sent, share, cycle = runs[f"{way}, {LAYOUT}, {seed}"]
        assert one.found[-1] == (tuple(sent), share, cycle)


def test_the_stored_digits_are_the_run_of_the_table():
    table, config = load_recorded("cycle_digits")["results"]["runs"], CycleFilmConfig()
    moments, baseline = load_film()
    assert tuple(one.step for one in moments) == config.times
    assert config.recipe == CycleReportConfig().recipe
    assert baseline == pytest.approx(0.4158)
    row = table[f"recipe, {config.seed}"]
    for name, value in moments[-1].outcome._asdict().items():
        assert value == pytest.approx(row[name], rel=1e-3), name
    assert set(moments[0].pictures) == {"ab", "ba", "aba", "bab"}
    assert moments[0].pictures["ab"].shape == (10, 3, 16, 16)


def test_settings_are_checked():
    with pytest.raises(ValueError, match="films must be of"):
        CyclePlaneConfig(films=(("both", 1),))
    with pytest.raises(ValueError, match="times must rise"):
        CyclePlaneConfig(times=(10, 5))
    with pytest.raises(ValueError, match="times must rise"):
        CycleFilmConfig(times=(10, 5))
