"""What losses say about samples, over many seeds, and when to stop (chapter 10).

Figures "losses" and "stopping"; again: ``python -m gan_lessons.experiments.when_to_stop``.
"""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.mode_runs import LAWS, Setting, measure, start_training
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.experiments.tricks import BASELINE, with_training
from gan_lessons.training import sample_spread
from gan_lessons.two_sample import energy_distance

#: The ways to train: the baseline of chapter 12, and the same with the R1 penalty.
SETTINGS: dict[str, Setting] = {
    "baseline": BASELINE,
    "R1": with_training(BASELINE, {"r1_gamma": 0.02}),
}

#: What is kept of each run at each moment. The first four are means over the ``every`` steps
#: before it, one in ``look`` of them; the next four are of fresh samples; the last two need the
#: modes of the data law, which nobody knows in earnest.
COLUMNS = (
    *("d_loss", "g_loss", "d_real", "d_fake"),
    *("energy", "again", "sample_variance", "pairwise_distance"),
    *("misplaced", "modes"),
)


@dataclass(frozen=True)
class WhenToStopConfig:
    """Settings of the experiment.

    Parameters
    ----------
    seeds
        One run for each.
    steps, every
        Length of a run, and steps between two moments.
    look
        Steps between two looks at the losses; a moment has the mean of the looks since the last.
    n
        Samples that the modes are counted in.
    n_held_out
        Fresh real samples, and as many generated ones, that the energy distance compares.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, or the steps do not divide each other.
    """

    seeds: tuple[int, ...] = tuple(range(1000, 1064))
    steps: int = 2000
    every: int = 100
    look: int = 10
    n: int = 2500
    n_held_out: int = 500

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        for name in ("steps", "every", "look"):
            check_count(getattr(self, name), name)
        for name in ("n", "n_held_out"):
            check_count(getattr(self, name), name, minimum=2)
        if self.steps % self.every or self.every % self.look:
            raise ValueError(
                f"look must divide every, and every steps, got {self.look}, {self.every} and "
                f"{self.steps}."
            )


def follow(setting: Setting, seeds: Iterable[int], config: WhenToStopConfig) -> dict[str, Tensor]:
    """Train one setting with many seeds, and keep what can be watched beside what is true.

    Parameters
    ----------
    setting
        How to train.
    seeds
        One run for each.
    config
        Lengths and sizes; its ``seeds`` are not used.

    Returns
    -------
    dict of str to Tensor (t, s)
        A row for each moment, for ``COLUMNS``. ``energy`` and ``again`` are the energy distances
        to two independent held-out samples, each with generated samples of its own.
    """
    numbers, law = tuple(seeds), LAWS[setting.law]
    times = tuple(range(config.look, config.steps + 1, config.look))
    system, records = start_training(setting, numbers, times)
    looks: list[Tensor] = []
    kept: dict[str, list[Tensor]] = {name: [] for name in COLUMNS}
    for record in records:
        metrics = record.metrics
        looks.append(torch.stack([torch.as_tensor(metrics[name]) for name in COLUMNS[:4]]))
        if record.step % config.every:
            continue
        rng = torch.Generator().manual_seed(record.step)
        for name, mean in zip(COLUMNS, torch.stack(looks).mean(0), strict=False):
            kept[name].append(mean)
        looks = []
        for name in ("energy", "again"):
            real, fake = (part.sample(config.n_held_out, rng) for part in (law, system))
            kept[name].append(torch.tensor([energy_distance(real, y) for y in fake]))
        spread = torch.tensor([sample_spread(y, real) for y in fake])
        outcomes = measure(system.sample(config.n, rng), law)
        rows = (*spread.T, outcomes.misplaced, outcomes.modes)
        for name, row in zip(COLUMNS[6:], rows, strict=True):
            kept[name].append(row)
    return {name: torch.stack(rows).double() for name, rows in kept.items()}


def run(config: WhenToStopConfig) -> dict[str, Any]:
    """Follow all runs, 16 seeds at once.

    Parameters
    ----------
    config
        Settings.

    Returns
    -------
    dict
        ``{setting: {column: lines of text}}``, a line for each moment with a number per seed.
    """
    results: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        parts = [
            follow(setting, config.seeds[i : i + 16], config)
            for i in range(0, len(config.seeds), 16)
        ]
        joined = {key: torch.cat([part[key] for part in parts], dim=1) for key in COLUMNS}
        results[name] = {
            key: [" ".join(f"{v:.4g}" for v in row) for row in rows.tolist()]
            for key, rows in joined.items()
        }
    return results


def read(stored: dict[str, list[str]]) -> dict[str, Tensor]:
    """Return one setting's recorded columns as tensors (t, s)."""
    return {
        key: torch.tensor([[float(v) for v in row.split()] for row in rows], dtype=torch.float64)
        for key, rows in stored.items()
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    started, chosen = time.perf_counter(), WhenToStopConfig()
    found = run(chosen)
    print(save_recorded("when_to_stop", asdict(chosen), found, time.perf_counter() - started))
