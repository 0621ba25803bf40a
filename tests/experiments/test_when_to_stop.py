import math

import pytest
import torch

from gan_lessons.experiments import load_recorded
from gan_lessons.experiments.mode_runs import LAWS, measure, start_training
from gan_lessons.experiments.mode_store import stored_runs
from gan_lessons.experiments.when_to_stop import (
    COLUMNS,
    SETTINGS,
    WhenToStopConfig,
    follow,
    read,
    run,
)
from gan_lessons.two_sample import energy_distance

SMALL = WhenToStopConfig(seeds=(7, 8), steps=40, every=20, look=10, n=200, n_held_out=50)


@pytest.fixture(scope="module")
def followed():
    return follow(SETTINGS["baseline"], SMALL.seeds, SMALL)


def test_a_row_for_each_moment_and_column(followed):
    assert tuple(followed) == COLUMNS
    assert all(rows.shape == (2, 2) and rows.isfinite().all() for rows in followed.values())


def test_losses_are_means_over_the_looks_since_the_last_moment(followed):
    _, records = start_training(SETTINGS["baseline"], SMALL.seeds, (10, 20, 30, 40))
    kept = [torch.as_tensor(record.metrics["d_loss"]).double() for record in records]
    wanted = torch.stack([(kept[0] + kept[1]) / 2, (kept[2] + kept[3]) / 2])
    assert torch.allclose(followed["d_loss"], wanted, atol=1e-6)


def test_what_is_measured_is_measured_on_samples_of_that_moment(followed):
    system, records = start_training(SETTINGS["baseline"], SMALL.seeds, (10, 20, 30, 40))
    law = LAWS["ring"]
    for record in records:
        if record.step == 40:
            rng = torch.Generator().manual_seed(40)
            real, fake = law.sample(50, rng), system.sample(50, rng)
            energies = [float(energy_distance(real, y)) for y in fake]
            real, fake = law.sample(50, rng), system.sample(50, rng)
            outcomes = measure(system.sample(200, rng), law)
    assert followed["energy"][1].tolist() == pytest.approx(energies)
    assert torch.allclose(followed["misplaced"][1], outcomes.misplaced, atol=1e-6)


def test_stored_numbers_come_back():
    results = run(SMALL)
    assert set(results) == set(SETTINGS)
    columns = read(results["R1"])
    assert columns["g_loss"].shape == (2, 2)
    assert torch.allclose(columns["modes"], columns["modes"].round())


def test_the_record_has_its_settings_and_the_distribution_repeats():
    stored = load_recorded("when_to_stop")
    assert stored["config"]["seeds"] == list(WhenToStopConfig().seeds)
    small = WhenToStopConfig(steps=100)
    live = follow(SETTINGS["baseline"], range(3000, 3008), small)
    there = read(stored["results"]["baseline"])
    for key in ("d_loss", "g_loss", "d_real", "energy", "misplaced", "sample_variance"):
        column = there[key][0]
        gap = abs(float(live[key][0].mean() - column.mean()))
        assert gap < 4.5 * float(column.std()) * math.sqrt(1 / 8 + 1 / 64), key


def test_the_record_agrees_with_the_store_of_runs():
    """The same seeds and settings, looked at from two experiments: one distribution."""
    columns = read(load_recorded("when_to_stop")["results"]["baseline"])
    runs = stored_runs(SETTINGS["baseline"], WhenToStopConfig().seeds)
    for step in runs.times:
        here, there = (
            columns["misplaced"][step // 100 - 1],
            runs.outcomes.misplaced[runs.times.index(step)],
        )
        assert abs(here.mean() - there.mean()) < 4.5 * float(there.std()) * math.sqrt(2 / 64)


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="look must divide every"):
        WhenToStopConfig(steps=100, every=30)
    with pytest.raises(ValueError, match="seeds must be different"):
        WhenToStopConfig(seeds=(1, 1))
