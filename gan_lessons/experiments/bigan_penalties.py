"""What the penalties of chapter 12 do for a BiGAN on the digits (chapter 15).

``python -m gan_lessons.experiments.bigan_penalties`` trains one BiGAN for each penalty and seed and
writes ``book/runs/bigan_penalties.json`` after each seed.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from gan_lessons.data import load
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.bigan_digits import BiGANDigitsConfig, make_bigan
from gan_lessons.experiments.bigan_measures import measure
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.training import TrainConfig, train

#: (r1_gamma, r2_gamma), on pairs (x, z), by the name that the chapter's table has.
PENALTIES: dict[str, tuple[float, float]] = {
    "none": (0.0, 0.0),
    "R1": (0.01, 0.0),
    "R1 and R2": (0.01, 0.01),
    "R1, ten times": (0.1, 0.0),
}


@dataclass(frozen=True)
class BiGANPenaltiesConfig:
    """Settings of the comparison; each run is that of ``BiGANDigitsConfig`` but for its penalty.

    Parameters
    ----------
    seeds
        One run for each penalty and seed.
    base
        Settings of all runs.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    seeds: tuple[int, ...] = (1000, 1001, 1002)
    base: BiGANDigitsConfig = BiGANDigitsConfig()

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        if not isinstance(self.base, BiGANDigitsConfig):
            raise TypeError(f"base must be a BiGANDigitsConfig, got {type(self.base).__name__}.")

    def training(self, name: str) -> TrainConfig:
        """Return the numbers of a run with the penalty of that name."""
        r1_gamma, r2_gamma = PENALTIES[name]
        return replace(self.base.training, r1_gamma=r1_gamma, r2_gamma=r2_gamma)


def run(config: BiGANPenaltiesConfig) -> Iterator[dict[str, Any]]:
    """Train with every penalty and seed, yielding all results so far after each seed.

    Parameters
    ----------
    config
        Settings.

    Yields
    ------
    dict
        By the name of the penalty, what ``measure`` says for each seed.
    """
    training, test = load("digits", "train"), load("digits", "test")
    results: dict[str, Any] = {name: [] for name in PENALTIES}
    for seed in config.seeds:
        for name in PENALTIES:
            gan = make_bigan(replace(config.base, training=config.training(name)), seed)
            list(train(gan, training.images, gan.config))
            results[name].append(measure(gan, training, test))
        yield results


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen, started = BiGANPenaltiesConfig(), time.process_time()
    for found in run(chosen):
        seconds = time.process_time() - started
        save_recorded("bigan_penalties", asdict(chosen), found, seconds)
        print({name: rows[-1] for name, rows in found.items()}, f"{seconds:.0f} s", flush=True)
