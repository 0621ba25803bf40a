from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.experiments import load_recorded
from gan_lessons.experiments.diagnosed_runs import (
    CALLED,
    LABELS,
    DiagnosedRunsConfig,
    config_hash,
    confusion,
    effective_modes,
    judge,
    label,
)
from gan_lessons.experiments.provoked_runs import LAWS, SETTINGS, Setting, Truth, provoke
from gan_lessons.training import FINDINGS, diagnose

T, K = 12, 8


def truth(**fields):
    """Return a run that the rule calls healthy, but for the given fields."""
    whole = {
        "shares": torch.full((T, K), 1 / K),
        "modes": torch.full((T,), K),
        "high_quality": torch.full((T,), 0.6),
        "separation": torch.full((T,), 0.6),
        "push": torch.full((T,), 1.0),
        "moved": torch.full((T,), 1.0),
        "size": torch.full((T,), 1.0),
    }
    return Truth(**{**whole, **fields})


def one_mode(*hit):
    """Return shares (T, K) with everything at the modes named, one after the other."""
    return torch.nn.functional.one_hot(torch.tensor([hit[t % len(hit)] for t in range(T)]), K) * 1.0


def full(value):
    return torch.full((T,), value)


LOST = {"separation": full(0.96), "high_quality": full(0.1)}
CASES = [
    ("healthy", {}),
    ("diverged", {"size": torch.cat([full(1.0)[1:], torch.tensor([torch.nan])])}),
    ("diverged", {"size": full(101.0)}),
    ("untrained", {"moved": full(0.04)}),
    ("untrained", {"moved": full(0.04), **LOST}),
    ("discriminator won", LOST),
    ("discriminator won", {**LOST, "shares": one_mode(0)}),
    ("collapsed", {"separation": full(0.96), "shares": one_mode(0)}),
    ("generator starved", {**LOST, "push": full(0.04)}),
    ("healthy", {"push": full(0.04)}),
    ("oscillating", {"shares": one_mode(0, 1)}),
    ("collapsed", {"shares": one_mode(3)}),
    ("collapsed", {"shares": (one_mode(0) + one_mode(1) + one_mode(2) + one_mode(3)) / 4}),
    ("unfinished", {"shares": sum(one_mode(i) for i in range(5)) / 5}),
    ("unfinished", {"high_quality": full(0.2)}),
    ("unfinished", {"modes": full(7.0)}),
]


@pytest.mark.parametrize(("wanted", "fields"), CASES)
def test_the_rule(wanted, fields):
    assert label(truth(**fields)) == wanted
    assert wanted in LABELS


def test_the_rule_looks_at_the_last_third():
    early = torch.cat([full(0.04)[:8], full(1.0)[:4]])
    assert label(truth(moved=early)) == "healthy"
    assert label(truth(moved=early.flip(0))) == "untrained"


def test_effective_modes_of_equal_shares_is_their_number():
    shares = torch.tensor([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])
    assert effective_modes(shares).tolist() == pytest.approx([1, 2, 4])


def test_every_finding_amounts_to_a_label():
    assert set(CALLED) == set(FINDINGS)
    assert set(CALLED.values()) == {*LABELS, "nothing seen"}


def test_a_run_has_its_history_and_its_truth():
    (run,) = provoke("far start, saturating", [7], steps=24, every=2, n=64)
    assert run.truth.shares.shape == (12, 8)
    assert run.truth.shares.sum(1).tolist() == pytest.approx([1.0] * 12)
    assert len(run.history["step"]) == 12
    assert {"g_gradient", "sample_variance", "pairwise_distance"} <= set(run.history)
    # Ten spreads to the right, where no mode is; all samples are nearest to the first mode.
    assert float(run.truth.size[0]) == pytest.approx(10, abs=2.5)
    assert float(run.truth.high_quality[0]) == 0
    assert judge(run)["label"] in LABELS


def test_push_is_the_slope_that_theory_gives():
    """|dL_G / d logit| is D(G(z)) for the saturating loss, 1 - D(G(z)) for the other."""
    for name, start in (("far start, saturating", 0), ("far start, non-saturating", 1)):
        (run,) = provoke(name, [7], steps=60, every=30, n=512)
        d_fake = run.history["d_fake"][-1]
        wanted = 2 * (d_fake if start == 0 else 1 - d_fake)
        assert float(run.truth.push[-1]) == pytest.approx(wanted, abs=0.05)
        assert float(run.truth.separation[-1]) > 0.9  # samples ten spreads away


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: provoke("good luck", [0]), ValueError, "name must be one of"),
        (lambda: provoke("hinge", [0], law="moons"), ValueError, "law must be one of"),
        (lambda: Setting("gan"), ValueError, "objective must be one of"),
        (lambda: Setting(g_lr=0.0), ValueError, "g_lr must be positive"),
        (lambda: DiagnosedRunsConfig(held_out=(3,)), ValueError, r"other seeds.*\[3\]"),
        (lambda: DiagnosedRunsConfig(steps=0), ValueError, "steps must be at least 1"),
        (lambda: DiagnosedRunsConfig(tuned=()), ValueError, "tuned must hold"),
    ],
)
def test_bad_settings_are_answered(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.fixture(scope="module")
def record():
    return load_recorded("diagnosed_runs")


def recorded_config(record):
    return DiagnosedRunsConfig(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in record["config"].items()}
    )


def rightly(table):
    """Return how many runs of a confusion table are named rightly, and how many there are."""
    return sum(table[name][name] for name in LABELS), sum(sum(r.values()) for r in table.values())


def test_the_record_is_whole(record):
    config = recorded_config(record)
    assert config == DiagnosedRunsConfig()
    assert record["results"]["hash"] == config_hash(config)
    assert config_hash(replace(config, every=31)) != config_hash(config)
    for group in ("tuned", "held_out", "elsewhere"):
        part = record["results"][group]
        seeds = asdict(config)[group]
        runs = {(run["setting"], run["seed"]) for run in part["runs"]}
        assert runs == {(name, seed) for name in SETTINGS for seed in seeds}
        assert part["modes"] == len(LAWS[part["law"]].means)
        assert part["confusion"] == confusion(part["runs"])
        assert part["confusion by losses"] == confusion(part["runs"], "by losses")


def test_what_the_held_out_runs_say(record):
    """Issue 7 asks for 90% of 64 runs or more: 128 of 144, so it is missed, by two runs.

    No healthy run is called collapsed, or anything worse than unfinished. Most of what is named
    wrongly are runs between healthy and collapsed, whose histories look healthy.
    """
    table = record["results"]["held_out"]["confusion"]
    assert rightly(table) == (128, 144)
    assert table["healthy"]["healthy"] == 51
    assert table["healthy"]["unfinished"] == 1
    assert table["unfinished"]["healthy"] == 9
    settled = {name: row for name, row in table.items() if name != "unfinished"}
    assert sum(row[name] for name, row in settled.items()) == 115
    assert sum(sum(row.values()) for row in settled.values()) == 120
    assert all(sum(row.values()) > 0 for row in table.values())


def test_thresholds_of_the_ring_do_worse_on_the_grid(record):
    table = record["results"]["elsewhere"]["confusion"]
    assert rightly(table) == (50, 72)
    assert table["healthy"] == {**dict.fromkeys(CALLED.values(), 0), "healthy": 2}


def test_losses_alone_do_not_show_collapse(record):
    row = record["results"]["held_out"]["confusion by losses"]["collapsed"]
    assert row["collapsed"] == 0
    assert sum(row.values()) > 0


def test_examples_are_what_diagnose_says_of_them(record):
    examples = record["results"]["examples"]
    assert set(examples) == set(LABELS) - {"diverged"}
    for name, one in examples.items():
        found = diagnose(one["history"], SETTINGS[one["setting"]].objective)
        assert [finding.name for finding in found] == one["found"]
        assert CALLED[found[0].name] == name == one["label"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "non-saturating, R1",
        "G fifty times faster",
        "learning rate 1e-7",
        "start on a mode, D faster",
    ],
)
def test_new_runs_are_labelled_and_called_as_the_recorded_ones(record, name):
    """Two of the recorded seeds again; other machines round differently, so labels are compared."""
    config = recorded_config(record)
    seeds = config.held_out[:2]
    runs = provoke(name, seeds, "ring", config.steps, config.every, config.n)
    old = [r for r in record["results"]["held_out"]["runs"] if r["setting"] == name]
    labels = {one["label"] for one in old}
    called = {one["found"][0] for one in old}
    for run in runs:
        new = judge(run)
        assert new["label"] in labels
        assert new["found"][0] in called
