import json
import math
from dataclasses import replace

import pytest
import torch
from scipy import stats

from gan_lessons.experiments import load_recorded, modes_laptop
from gan_lessons.experiments.mode_runs import (
    LAWS,
    TIMES,
    Outcomes,
    Runs,
    setting_hash,
    train_setting,
)
from gan_lessons.experiments.mode_store import (
    STORE,
    decode,
    encode,
    read_store,
    select,
    stored_runs,
)
from gan_lessons.experiments.modes_laptop import (
    Job,
    ModesLaptopConfig,
    plan,
    run,
    setting_of,
    stored_effects,
)
from gan_lessons.experiments.trick_list import TRICKS
from gan_lessons.experiments.tricks import BASELINE

CONFIG = ModesLaptopConfig()
JOBS = [Job("baseline", "ring", (0, 1)), Job("hinge", "ring", (0, 1)), Job("hinge", "ring", (2,))]


def made_up(seeds: tuple[int, ...]) -> Runs:
    """Return runs whose outcomes say which seed and which moment they are of."""
    of = torch.tensor(seeds, dtype=torch.float64) + torch.tensor([[0.0], [0.25]])
    return Runs(seeds, (2, 4), Outcomes(*(of + 100 * i for i in range(5)), of * math.nan), 1.0)


@pytest.fixture
def quick(monkeypatch):
    """Runs of four steps."""
    monkeypatch.setitem(TIMES, "ring", (2, 4))
    monkeypatch.setattr(modes_laptop, "relative_cost", lambda setting, baseline: 1.5)
    return replace(CONFIG, n=50)


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match=r"held_out must be other seeds than tuned, got \[3\]"):
        ModesLaptopConfig(tuned=(3,), held_out=(3, 4))
    with pytest.raises(ValueError, match="tuned must be different"):
        ModesLaptopConfig(tuned=(3, 3))
    with pytest.raises(ValueError, match="together must be at least 1"):
        ModesLaptopConfig(together=0)
    with pytest.raises(ValueError, match="n must be at least 2"):
        ModesLaptopConfig(n=1)
    with pytest.raises(ValueError, match=r"main must hold 'baseline' or tricks, got \['magic'\]"):
        ModesLaptopConfig(main=("baseline", "magic"))


def test_the_plan_has_everything_once_and_the_main_claims_first():
    jobs = plan(CONFIG)
    assert len(jobs) == len(set(jobs))
    first = jobs[: len(CONFIG.main) * 4]
    assert {(j.name, s) for j in first for s in j.seeds} == {
        (name, seed) for name in CONFIG.main for seed in CONFIG.held_out
    }
    on_ring = {(j.name, s) for j in jobs if j.law == "ring" for s in j.seeds}
    assert on_ring >= {(name, s) for name in ("baseline", *TRICKS) for s in CONFIG.held_out}
    assert all(setting_of(job.name, job.law).law == job.law for job in jobs)
    every = jobs.index(Job("baseline", "normalised grid", CONFIG.held_out[:16]))
    assert {job.name for job in jobs[:every]} == {"baseline", *TRICKS}


def test_it_resumes_where_it_was_stopped(quick, tmp_path):
    running = run(quick, tmp_path, JOBS)
    assert next(running) == (JOBS[0], True)
    running.close()
    assert [new for _, new in run(quick, tmp_path, JOBS)] == [False, True, True]
    before = (tmp_path / f"{STORE}.json").read_text()
    assert [new for _, new in run(quick, tmp_path, JOBS)] == [False] * 3
    assert (tmp_path / f"{STORE}.json").read_text() == before
    data = json.loads(before)
    assert data["config"]["n"] == 50
    assert data["machine"]["torch"] == torch.__version__
    assert {one["name"] for one in data["results"]["runs"]} == {"baseline", "hinge"}
    setting = setting_of("hinge")
    joined = stored_runs(setting, (2, 0), n=50, folder=tmp_path)
    again = train_setting(setting, (2, 0), n=50)
    assert joined is not None
    assert joined.seeds == (2, 0)
    for a, b in zip(joined.outcomes, again.outcomes, strict=True):
        assert torch.allclose(a, b, rtol=2e-3, atol=2e-3, equal_nan=True)


def test_what_was_run_with_other_settings_is_run_again(quick, tmp_path, monkeypatch):
    list(run(quick, tmp_path, JOBS))
    monkeypatch.setitem(TIMES, "ring", (2, 6))
    assert [new for _, new in run(quick, tmp_path, JOBS)] == [True] * 3
    assert {tuple(one["times"]) for one in read_store(tmp_path)} == {(2, 6)}


def test_the_store_gives_back_what_it_got_seed_by_seed():
    stored = [encode(made_up((5, 3)), "a"), encode(made_up((4,)), "a"), encode(made_up((9,)), "b")]
    stored = json.loads(json.dumps(stored, allow_nan=False))
    assert decode(stored[0]).outcomes.modes.tolist() == [[5, 3], [5.25, 3.25]]
    found = select(stored, "a", (3, 4))
    assert found is not None
    assert found.seeds == (3, 4)
    assert found.times == (2, 4)
    assert found.outcomes.modes.tolist() == [[3, 4], [3.25, 4.25]]
    assert found.outcomes.kl.tolist() == [[203, 204], [203.2, 204.2]]  # four digits
    assert bool(found.outcomes.misplaced.isnan().all())
    assert select(stored, "a", (3, 9)) is None
    assert select(stored, "c", (3,)) is None
    assert select(stored, "a", ()) is None


def test_functions_of_a_reader_are_not_looked_up(quick, tmp_path):
    list(run(quick, tmp_path, JOBS))

    def perceptrons(setting):
        return BASELINE.networks(setting)

    perceptrons.__qualname__ = "perceptrons"  # the book's name, not the book's function
    assert stored_runs(BASELINE, (0, 1), n=50, folder=tmp_path) is not None
    own = replace(BASELINE, networks=perceptrons)
    assert stored_runs(own, (0, 1), n=50, folder=tmp_path) is None
    assert stored_runs(BASELINE, (0, 1), n=50, folder=tmp_path / "nowhere") is None


def test_what_the_book_stores_is_what_the_settings_say():
    stored = load_recorded(STORE)["results"]["runs"]
    known = {
        setting_hash(setting_of(name, law), TIMES[law], CONFIG.n): (name, law)
        for law in LAWS
        for name in ("baseline", *TRICKS)
    }
    seen = set()
    for one in stored:
        name, law = known[one["hash"]]
        assert (name, law) == (one["name"], one["setting"]["law"])
        runs, k = decode(one), len(LAWS[law].means)
        assert set(runs.seeds) <= {*CONFIG.tuned, *CONFIG.held_out}
        assert seen.isdisjoint({(name, law, seed) for seed in runs.seeds})
        seen |= {(name, law, seed) for seed in runs.seeds}
        o = runs.outcomes
        assert all(part.shape == (len(TIMES[law]), len(runs.seeds)) for part in o)
        assert 0 <= float(o.modes.min()) <= float(o.modes.max()) <= k
        assert 0 <= float(o.kl.min()) <= float(o.kl.max()) <= math.log(k) + 1e-3
        assert 0 <= float(o.misplaced.min()) <= float(o.misplaced.max()) <= 1
    assert {("baseline", "ring", seed) for seed in CONFIG.held_out} <= seen


def test_the_table_from_the_store():
    effects = {effect.name: effect for effect in stored_effects()}
    assert list(effects) == [name for name in TRICKS if name in effects]
    assert effects["the recipe"].trick_complete.value == 1
    assert {e.verdict for e in effects.values()} <= {
        "helps",
        "hurts",
        "does nothing here",
        "not shown",
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["replay", "dropout in G"])
def test_a_small_part_of_a_trick_again_has_the_stored_distribution(name):
    """As below, on 16 stored seeds."""
    again = train_setting(setting_of(name), range(2000, 2010), TIMES["ring"][:2], CONFIG.n).outcomes
    runs = stored_runs(setting_of(name), CONFIG.held_out[:16])
    assert runs is not None
    for key in ("misplaced", "kl"):
        values = getattr(again, key)[1], getattr(runs.outcomes, key)[1]
        assert float(stats.ks_2samp(*values).pvalue) > 5e-5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["baseline", "the recipe"])
def test_a_small_part_again_has_the_stored_distribution(name):
    """Other seeds to the second moment, against the stored law: false alarm in 1 of 10,000 a test.

    The same test tells the two settings apart, so that it could have failed.
    """
    first = TIMES["ring"][:2]
    again = train_setting(setting_of(name), range(2000, 2010), first, CONFIG.n).outcomes

    def p_value(of: str) -> float:
        runs = stored_runs(setting_of(of), CONFIG.held_out)
        assert runs is not None
        return min(
            float(stats.ks_2samp(again.misplaced[1], runs.outcomes.misplaced[1]).pvalue),
            float(stats.ks_2samp(again.kl[1], runs.outcomes.kl[1]).pvalue),
        )

    other = {"baseline": "the recipe", "the recipe": "baseline"}
    assert p_value(name) > 5e-5
    assert p_value(other[name]) < 5e-5
