"""How often training misses modes, and what helps: ring and grid on a laptop (chapters 10, 12).

``python -m gan_lessons.experiments.modes_laptop [minutes]`` (or ``make experiments``) trains what
the store does not have yet, in order of importance, and stores each 16 runs as they are done; it
can be stopped at any moment and goes on from there. ``minutes`` ends it after the runs in hand.
"""

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gan_lessons._validation import check_count
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.mode_runs import (
    TIMES,
    Setting,
    describe,
    setting_hash,
    train_setting,
)
from gan_lessons.experiments.mode_store import STORE, encode, read_store, select
from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded
from gan_lessons.experiments.trick_list import TRICKS
from gan_lessons.experiments.tricks import BASELINE, Effect, compare, relative_cost


@dataclass(frozen=True)
class ModesLaptopConfig:
    """Settings of the experiment: which runs there are. How they train stands in the tricks.

    Parameters
    ----------
    tuned, held_out
        Seeds that recipes were chosen on, and those that they are reported on, once.
    together
        Seeds trained at once, and stored at once.
    n
        Samples per measurement.
    main
        Tricks that the main claims rest on: on the ring with all held-out seeds before all else.
    then
        Tricks that come first among those that are tried with the other held-out seeds.
    on_grid
        Tricks that are tried on the grid, too.
    tried
        Tricks that are shown on the seeds that recipes were chosen on.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, a seed is in both groups, or a trick is unknown.
    """

    tuned: tuple[int, ...] = tuple(range(32))
    held_out: tuple[int, ...] = tuple(range(1000, 1064))
    together: int = 16
    n: int = 2500
    main: tuple[str, ...] = (
        "baseline",
        "the recipe",
        "R1, gamma 0.02",
        "relativistic, R1 and R2",
        "the recipe's learning rates",
        "saturating",
    )
    then: tuple[str, ...] = ("minibatch std", "packing by 2", "R1, gamma 0.2")
    on_grid: tuple[str, ...] = ("baseline", "the recipe", "relativistic, R1 and R2")
    tried: tuple[str, ...] = ("baseline", "R1, gamma 0.2", "R1, gamma 0.02", "the recipe")

    def __post_init__(self) -> None:
        for name in ("tuned", "held_out"):
            check_counts(getattr(self, name), name, minimum=0)
        both = sorted(set(self.tuned) & set(self.held_out))
        if both:
            raise ValueError(f"held_out must be other seeds than tuned, got {both} in both.")
        check_count(self.together, "together")
        check_count(self.n, "n", minimum=2)
        for name in ("main", "then", "on_grid", "tried"):
            unknown = sorted(set(getattr(self, name)) - {"baseline", *TRICKS})
            if unknown:
                raise ValueError(f"{name} must hold 'baseline' or tricks, got {unknown}.")


class Job(NamedTuple):
    """Runs that are trained and stored together."""

    name: str
    law: str
    seeds: tuple[int, ...]


def setting_of(name: str, law: str = "ring") -> Setting:
    """Return the setting of ``"baseline"`` or of a trick's name, on a law."""
    base = replace(BASELINE, law=law)
    return base if name == "baseline" else TRICKS[name].change(base)


def plan(config: ModesLaptopConfig) -> list[Job]:
    """Return all jobs, the most important first; none twice.

    The main claims with all held-out seeds; every trick with the first of them; the grid at unit
    variance; ``then`` with the other seeds; the grid; the seeds that recipes were chosen on; every
    trick with the other held-out seeds.
    """
    held_out, tuned = (_parts(s, config.together) for s in (config.held_out, config.tuned))
    every = ("baseline", *TRICKS)
    jobs = [
        *(Job(name, "ring", held_out[0]) for name in config.main),
        *(Job(name, "ring", part) for part in held_out[1:] for name in config.main),
        *(Job(name, "ring", held_out[0]) for name in every),
        Job("baseline", "grid", held_out[0]),
        *(Job(name, "normalised grid", held_out[0]) for name in ("baseline", "the recipe")),
        *(Job(name, "ring", part) for part in held_out[1:] for name in config.then),
        *(Job(name, "grid", held_out[0]) for name in config.on_grid),
        *(Job(name, "ring", part) for name in config.tried for part in tuned),
        *(Job(name, "ring", part) for part in held_out[1:] for name in every),
        *(Job(name, "grid", part) for part in held_out[1:] for name in config.on_grid),
    ]
    return list(dict.fromkeys(jobs))


def run(
    config: ModesLaptopConfig, folder: Path | None = None, jobs: list[Job] | None = None
) -> Iterator[tuple[Job, bool]]:
    """Do what is not stored yet, and store each job as it is done.

    Parameters
    ----------
    config
        Settings.
    folder
        Where the store is; by default ``book/runs``.
    jobs
        What to do; None does ``plan(config)``. Stored runs of neither are dropped.

    Yields
    ------
    tuple of Job and bool
        Each job, and whether it was done now (or had been before).
    """
    wanted = plan(config) if jobs is None else jobs
    folder = folder or recorded_folder()
    every = (*wanted, *plan(config))  # what else is stored is kept
    settings = {(job.name, job.law): setting_of(job.name, job.law) for job in every}
    hashes = {key: setting_hash(s, TIMES[s.law], config.n) for key, s in settings.items()}
    stored = [one for one in read_store(folder) if one["hash"] in set(hashes.values())]
    for job in wanted:
        key = job.name, job.law
        if select(stored, hashes[key], job.seeds) is not None:
            yield job, False
            continue
        runs = train_setting(settings[key], job.seeds, n=config.n)
        known = [one["relative_cost"] for one in stored if one["hash"] == hashes[key]]
        cost = known[0] if known else relative_cost(settings[key], setting_of("baseline", job.law))
        about = {"name": job.name, "relative_cost": float(f"{cost:.3g}")}
        about |= {"setting": describe(settings[key])}
        stored.append({**about, **encode(runs, hashes[key])})
        seconds = sum(
            one["cpu_seconds_per_seed_step"] * len(one["seeds"]) * one["times"][-1]
            for one in stored
        )
        save_recorded(STORE, asdict(config), {"runs": stored}, seconds, folder=folder)
        yield job, True


def stored_effects(law: str = "ring", config: ModesLaptopConfig | None = None) -> list[Effect]:
    """Return the table of tricks from the store: each on all held-out seeds that it and the
    baseline have, in the order of ``TRICKS``; those without runs are left out.
    """
    config = config or ModesLaptopConfig()
    stored: list[dict[str, Any]] = load_recorded(STORE)["results"]["runs"]
    hashes = {
        name: setting_hash(setting_of(name, law), TIMES[law], config.n)
        for name in ("baseline", *TRICKS)
    }
    have = {
        name: {seed for one in stored if one["hash"] == hashed for seed in one["seeds"]}
        for name, hashed in hashes.items()
    }
    effects = []
    for name in TRICKS:
        both = have[name] & have["baseline"] & set(config.held_out)
        seeds = tuple(seed for seed in config.held_out if seed in both)
        baseline, trick = (select(stored, hashes[key], seeds) for key in ("baseline", name))
        if baseline is not None and trick is not None:
            costs = [one["relative_cost"] for one in stored if one["hash"] == hashes[name]]
            effects.append(compare(name, law, baseline, trick, costs[0]))
    return effects


def _parts(seeds: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    """Return seeds in parts of at most ``size``."""
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]


if __name__ == "__main__":
    torch.set_num_threads(1)
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else math.inf
    started, chosen = time.perf_counter(), ModesLaptopConfig()
    number = len(plan(chosen))
    for i, (job, new) in enumerate(run(chosen), start=1):
        passed = (time.perf_counter() - started) / 60
        if new:
            seeds = f"seeds {job.seeds[0]} to {job.seeds[-1]}"
            print(f"[{i}/{number}, {passed:.1f} min] {job.law}: {job.name}, {seeds}", flush=True)
        if passed >= minutes:
            break
