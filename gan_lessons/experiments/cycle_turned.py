"""When the digits' first recipe made other digits of them: two runs with pictures (chapter 16).

``python -m gan_lessons.experiments.cycle_turned [minutes]`` makes the runs that
``book/runs/cycle_turned.json`` lacks. Their seeds were among the eight on which that recipe, which
has no identity loss, was reported; both found a wrong translation with a small cycle loss.
"""

import sys
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_kind
from gan_lessons.experiments._one_by_one import Run, record_one_by_one
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_digits import (
    FIRST_RECIPE,
    CycleDigitsConfig,
    Domains,
    make_domains,
    train_voters,
)
from gan_lessons.experiments.cycle_measures import Outcome, pack_pictures, unpack_pictures
from gan_lessons.experiments.cycle_report import run_unpaired
from gan_lessons.experiments.recorded import load_recorded


@dataclass(frozen=True)
class CycleTurnedConfig:
    """The recorded runs.

    Parameters
    ----------
    recipe
        The first recipe.
    seeds
        One run for each.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    recipe: CycleDigitsConfig = FIRST_RECIPE
    seeds: tuple[int, ...] = (1006, 1007)

    def __post_init__(self) -> None:
        check_kind(self.recipe, CycleDigitsConfig, "recipe")
        check_counts(self.seeds, "seeds", minimum=0)


class TurnedRun(NamedTuple):
    """One run: what it reaches, and one image of each class.

    Parameters
    ----------
    outcome
        On the test pairs.
    pictures
        ``ab``, ``ba``, ``aba``, ``bab`` (10, 3, 16, 16).
    """

    outcome: Outcome
    pictures: dict[str, Tensor]


def all_runs(config: CycleTurnedConfig) -> dict[str, Run]:
    """Return every run by its seed, to be made in this order.

    Parameters
    ----------
    config
        What is to be recorded.
    """

    @cache
    def material() -> tuple[Domains, list[nn.Module]]:
        return make_domains(config.recipe.style), train_voters(config.recipe.style)

    def one(seed: int) -> dict[str, Any]:
        domains, voters = material()
        seeded = replace(config.recipe, training=replace(config.recipe.training, seed=seed))
        outcome, made = run_unpaired(seeded, domains, voters)
        found: dict[str, Any] = {
            name: float(f"{value:.4g}") for name, value in outcome._asdict().items()
        }
        return {**found, "pictures": pack_pictures(made, domains.labels)}

    return {str(seed): partial(one, seed) for seed in config.seeds}


def recorded_turned() -> dict[int, TurnedRun]:
    """Return the stored runs by their seeds.

    Raises
    ------
    FileNotFoundError
        If nothing is stored.
    """
    runs = load_recorded("cycle_turned")["results"]["runs"]
    return {
        int(seed): TurnedRun(
            Outcome(*(run[field] for field in Outcome._fields)), unpack_pictures(run["pictures"])
        )
        for seed, run in runs.items()
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen = CycleTurnedConfig()
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else None
    left = record_one_by_one("cycle_turned", asdict(chosen), all_runs(chosen), minutes)
    print(f"{left} runs are missing")
