"""f-GANs on the ring of eight modes, by divergence, generator's loss and R1 (chapter 14).

``python -m gan_lessons.experiments.fgan_modes`` does what ``book/runs/fgan_modes.json`` lacks.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import torch

from gan_lessons._validation import check_count
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.mode_runs import (
    Runs,
    Setting,
    describe,
    setting_hash,
    train_setting,
)
from gan_lessons.experiments.mode_store import encode, select
from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded
from gan_lessons.experiments.seed_statistics import Interval, mean_interval
from gan_lessons.metrics import binomial_interval
from gan_lessons.objectives import fgan

Way = Literal["minimax", "alternative", "R1"]

#: Gamma of R1 where it is used: the one that chapter 12 uses on the ring.
GAMMA = 0.02

_STORE = "fgan_modes"


@dataclass(frozen=True)
class FGANModesConfig:
    """The recorded comparison: nothing was tuned for it, so that its seeds are any seeds.

    Parameters
    ----------
    divergences
        Keys of ``F_DIVERGENCES``.
    seeds
        One run each, all of a setting at once.
    times
        Steps at which the runs are measured.
    n
        Samples per measurement.
    """

    divergences: tuple[str, ...] = (
        *("kl", "reverse-kl", "jensen-shannon", "jeffrey"),
        *("pearson", "neyman", "squared-hellinger"),
    )
    seeds: tuple[int, ...] = tuple(range(1000, 1016))
    times: tuple[int, ...] = (200, 400, 600, 800, 1000)
    n: int = 2500

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        check_counts(self.times, "times", rising=True)
        check_count(self.n, "n", minimum=2)


class Job(NamedTuple):
    """A divergence, and how it is trained."""

    divergence: str
    way: Way


class Summary(NamedTuple):
    """What the seeds of one job did by their last step.

    Parameters
    ----------
    modes
        Mean number of modes with a sample, of 8, with its interval over seeds.
    complete
        Share of seeds with all modes, with its exact interval.
    diverged
        Share of seeds whose samples are not finite.
    misplaced
        Mean share of samples that would have to move to another mode, with its interval.
    inner
        Mean variance of the samples within modes over that of the data, of the seeds that have
        samples there; NaN where none has.
    """

    modes: Interval
    complete: Interval
    diverged: float
    misplaced: Interval
    inner: float


def setting_of(job: Job) -> Setting:
    """Return the setting of a job: chapter 10's baseline with another objective, and R1 or not.

    "minimax" gives G the bound itself to lower, "alternative" the mean of g_f(v(G(z))) to raise,
    "R1" is minimax with the penalty.
    """
    base = Setting(objective=fgan(job.divergence, alternative=job.way == "alternative"))
    gamma = GAMMA if job.way == "R1" else 0.0
    return replace(base, training=replace(base.training, r1_gamma=gamma))


def plan(config: FGANModesConfig) -> list[Job]:
    """Return all jobs, way by way."""
    return [Job(key, way) for way in get_args(Way) for key in config.divergences]


def run(config: FGANModesConfig, folder: Path | None = None) -> Iterator[tuple[Job, bool]]:
    """Do what is not stored yet, and store each job as it is done.

    Parameters
    ----------
    config
        Settings.
    folder
        Where the store is; by default ``book/runs``.

    Yields
    ------
    tuple of Job and bool
        Each job, and whether it was done now (or had been before).
    """
    path = (folder or recorded_folder()) / f"{_STORE}.json"
    stored: list[dict[str, Any]] = []
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))["results"]["runs"]
    for job in plan(config):
        setting = setting_of(job)
        hashed = setting_hash(setting, config.times, config.n)
        new = select(stored, hashed, config.seeds) is None
        if new:
            runs = train_setting(setting, config.seeds, config.times, config.n)
            about = {**job._asdict(), "setting": describe(setting)}
            stored.append({**about, **encode(runs, hashed)})
            seconds = sum(
                one["cpu_seconds_per_seed_step"] * len(one["seeds"]) * one["times"][-1]
                for one in stored
            )
            save_recorded(_STORE, asdict(config), {"runs": stored}, seconds, folder=path.parent)
        yield job, new


def stored_runs(job: Job, config: FGANModesConfig | None = None) -> Runs:
    """Return the recorded runs of a job.

    Parameters
    ----------
    job
        A divergence and a way.
    config
        Its seeds, times and n are looked for; None takes the recorded comparison's.

    Raises
    ------
    KeyError
        If they are not recorded.
    """
    config = config or FGANModesConfig()
    hashed = setting_hash(setting_of(job), config.times, config.n)
    found = select(load_recorded(_STORE)["results"]["runs"], hashed, config.seeds)
    if found is None:
        raise KeyError(f"no recorded runs of {job.divergence}, {job.way}, with these seeds.")
    return found


def summarise(runs: Runs) -> Summary:
    """Return what the seeds did by the last step."""
    last = type(runs.outcomes)(*(values[-1] for values in runs.outcomes))
    seeds, complete = len(last.modes), int((last.modes == 8).sum())
    inner = last.inner[~last.inner.isnan()]
    return Summary(
        mean_interval(last.modes),
        Interval(*binomial_interval(complete, seeds)),
        float(last.variance.isnan().double().mean()),
        mean_interval(last.misplaced),
        float(inner.mean()) if len(inner) else float("nan"),
    )


def summaries(config: FGANModesConfig | None = None) -> dict[Job, Summary]:
    """Return the summary of every recorded job, in the order of ``plan``."""
    config = config or FGANModesConfig()
    have = {(one["divergence"], one["way"]) for one in load_recorded(_STORE)["results"]["runs"]}
    return {job: summarise(stored_runs(job, config)) for job in plan(config) if tuple(job) in have}


if __name__ == "__main__":
    torch.set_num_threads(1)
    for done, now in run(FGANModesConfig()):
        if now:
            print(done, flush=True)
