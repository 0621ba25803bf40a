"""f-GANs at the start of training, by output activation g_f (chapter 14).

``python -m gan_lessons.experiments.fgan_activations`` does what ``book/runs/fgan_activations.json``
lacks: short runs on the ring, watched at every step.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.divergences import FDivergence, complete, get_divergence
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.mode_runs import Setting, start_training
from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded
from gan_lessons.objectives import fgan

Activation = Literal["table", "slow", "none"]

_STORE = "fgan_activations"


@dataclass(frozen=True)
class ActivationsConfig:
    """The recorded comparison: nothing was tuned for it.

    Parameters
    ----------
    divergences
        Keys of ``F_DIVERGENCES``.
    rates
        Learning rates, the same for both networks.
    gammas
        Weights of R1.
    seeds
        One run each.
    steps
        Length of the runs.
    """

    divergences: tuple[str, ...] = (
        *("kl", "reverse-kl", "jensen-shannon", "pearson"),
        *("neyman", "squared-hellinger"),
    )
    rates: tuple[float, ...] = (1e-3, 1e-2)
    gammas: tuple[float, ...] = (0.0, 0.1)
    seeds: tuple[int, ...] = tuple(range(1000, 1016))
    steps: int = 100

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        check_count(self.steps, "steps")


class Job(NamedTuple):
    """A divergence, its activation, the learning rate and the weight of R1."""

    divergence: str
    activation: Activation
    rate: float
    gamma: float


class Starts(NamedTuple):
    """What the seeds of a job did, (s,) each.

    Parameters
    ----------
    lost_at
        Step of the first loss that was not finite; 0 where all were.
    largest_gradient
        The largest norm of D's gradient over the steps with a finite loss.
    largest_score
        The largest mean absolute score that D gave generated samples, likewise.
    """

    lost_at: Tensor
    largest_gradient: Tensor
    largest_score: Tensor


def slow_ratio(v: Tensor) -> Tensor:
    """Return 1 + v for v > 0 and 1 / (1 - v) below: positive, rising, without an exponential."""
    return torch.where(v > 0, 1 + v.clamp(min=0), 1 / (1 - v.clamp(max=0)))


def with_activation(divergence: str | FDivergence, activation: Activation) -> FDivergence:
    """Return a divergence with another g_f.

    Parameters
    ----------
    divergence
        A key of ``F_DIVERGENCES``, or an FDivergence.
    activation
        "table" leaves it; "slow" takes g_f(v) = f'(u) with u = ``slow_ratio(v)``, so that
        f*(g_f(v)) = u f'(u) - f(u); "none" takes T = v, whether or not it is in the domain of f*.
    """
    full = complete(get_divergence(divergence))
    if activation == "table":
        return full
    assert full.f_prime is not None
    f, f_prime = full.f, full.f_prime
    if activation == "none":
        return replace(full, activation=lambda v: v, conjugate_of_activation=full.conjugate)

    def conjugate_of_activation(v: Tensor) -> Tensor:
        u = slow_ratio(v)
        return u * f_prime(u) - f(u)

    return replace(
        full,
        activation=lambda v: f_prime(slow_ratio(v)),
        conjugate_of_activation=conjugate_of_activation,
    )


def start(job: Job, seeds: tuple[int, ...], steps: int) -> Starts:
    """Train on the ring for a few steps with many seeds and watch every one of them."""
    base = Setting(objective=fgan(with_activation(job.divergence, job.activation)))
    numbers = replace(base.training, g_lr=job.rate, d_lr=job.rate, r1_gamma=job.gamma)
    lost = torch.zeros(len(seeds))
    gradient, score = torch.zeros(2, len(seeds), dtype=torch.float64)
    _, records = start_training(replace(base, training=numbers), seeds, (1, steps))
    for record in records:
        metrics = record.metrics
        finite = metrics["d_loss"].isfinite() & metrics["d_gradient"].isfinite()
        lost = torch.where(~finite & (lost == 0), record.step, lost)
        alive = lost == 0
        gradient = torch.where(alive, gradient.maximum(metrics["d_gradient"]), gradient)
        score = torch.where(alive, score.maximum(metrics["fake_logits"].abs()), score)
    return Starts(lost, gradient, score)


def plan(config: ActivationsConfig) -> list[Job]:
    """Return all jobs, rate by rate; "none" without R1 and at the first rate alone."""
    jobs = [
        Job(key, activation, rate, gamma)
        for rate in config.rates
        for activation in get_args(Activation)
        for gamma in config.gammas
        for key in config.divergences
    ]
    first = config.rates[0], config.gammas[0]
    return [job for job in jobs if job.activation != "none" or (job.rate, job.gamma) == first]


def run(config: ActivationsConfig, folder: Path | None = None) -> Iterator[tuple[Job, bool]]:
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
    key = {"seeds": list(config.seeds), "steps": config.steps}
    stored: list[dict[str, Any]] = []
    seconds = 0.0
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        if key.items() <= old["config"].items():
            stored, seconds = old["results"], old["machine"]["seconds"]
    have = {tuple(one["job"]) for one in stored}
    for job in plan(config):
        if tuple(job) not in have:
            started = time.process_time()
            found = start(job, config.seeds, config.steps)
            seconds += time.process_time() - started
            rows = {name: _text(values) for name, values in found._asdict().items()}
            stored.append({"job": list(job), **rows})
            save_recorded(_STORE, asdict(config), stored, seconds, folder=path.parent)
        yield job, tuple(job) not in have


def stored_starts() -> dict[Job, Starts]:
    """Return all recorded jobs and what their seeds did."""
    return {
        Job(*one["job"]): Starts(*(_numbers(one[name]) for name in Starts._fields))
        for one in load_recorded(_STORE)["results"]
    }


def _text(values: Tensor) -> str:
    """Return numbers as a line of text, in four digits; infinity too."""
    return " ".join(f"{v:.4g}" for v in values.tolist())


def _numbers(line: str) -> Tensor:
    """Return the numbers of a line, float64."""
    return torch.tensor([float(v) for v in line.split()], dtype=torch.float64)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for done, now in run(ActivationsConfig()):
        if now:
            print(done, flush=True)
