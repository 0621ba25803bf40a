"""What is recorded of hidden hues: eight held-out seeds, noise on the way back, two controls.

``python -m gan_lessons.experiments.cycle_hidden_report [minutes]`` makes the runs that
``book/runs/cycle_hidden.json`` lacks, in the order of ``all_runs``, each saved when it is done.
"""

import math
import sys
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan_lessons.experiments._one_by_one import Run, finish, record_one_by_one
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_hidden import (
    HiddenConfig,
    make_hidden_cyclegan,
    make_hidden_domains,
)
from gan_lessons.experiments.cycle_hidden_measures import Hidden, hidden_pictures, measure_hidden


@dataclass(frozen=True)
class HiddenReportConfig:
    """The recorded runs.

    Parameters
    ----------
    recipe
        The settings that were chosen on ``chosen_on``.
    chosen_on, held_out
        Seeds on which they were chosen, and on which they are reported.
    controlled_on
        Seeds of both controls.
    noises
        Standard deviations of the noise on a translation before it goes back.
    levels
        Numbers of grey levels to which a translation is rounded before it goes back.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    recipe: HiddenConfig = HiddenConfig()
    chosen_on: tuple[int, ...] = (0, 1, 2, 3)
    held_out: tuple[int, ...] = tuple(range(1000, 1008))
    controlled_on: tuple[int, ...] = (1000, 1001, 1002, 1003)
    noises: tuple[float, ...] = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
    levels: tuple[int, ...] = (256, 32, 8, 4)

    def __post_init__(self) -> None:
        for name in ("chosen_on", "held_out", "controlled_on"):
            check_counts(getattr(self, name), name, minimum=0)
        check_counts(self.levels, "levels", minimum=2)
        if not all(math.isfinite(noise) and noise >= 0 for noise in self.noises):
            raise ValueError(f"noises must be finite and not negative, got {self.noises!r}.")
        if set(self.chosen_on) & {*self.held_out, *self.controlled_on}:
            raise ValueError("chosen_on must share no seed with held_out and controlled_on.")


def controls(recipe: HiddenConfig) -> dict[str, HiddenConfig]:
    """Return runs in which nothing has to be hidden.

    Parameters
    ----------
    recipe
        What is changed: "one hue" has nothing to hide (what it does to hues that it never saw says
        nothing), "backward cycle" asks for no hue back.
    """
    unasked = replace(recipe.training, forward_weight=0.0)
    return {
        "one hue": replace(recipe, any_hue=False),
        "backward cycle": replace(recipe, training=unasked),
    }


def all_runs(config: HiddenReportConfig) -> dict[str, Run]:
    """Return every run by the name "what, seed", to be made in this order.

    Parameters
    ----------
    config
        What is to be recorded.
    """

    def one(settings: HiddenConfig, seed: int) -> dict[str, Any]:
        domains = make_hidden_domains(settings.any_hue)
        seeded = replace(settings, training=replace(settings.training, seed=seed))
        gan = make_hidden_cyclegan(seeded)
        finish(gan, domains.draw)
        found = measure_hidden(gan, domains, config.noises, config.levels)
        row: dict[str, Any] = {
            name: [float(f"{number:.4g}") for number in value]
            if isinstance(value, list)
            else float(f"{value:.4g}")
            for name, value in found._asdict().items()
        }
        if seed == config.held_out[0]:
            row["pictures"] = hidden_pictures(gan, domains)
        return row

    plan = [("recipe", config.recipe, (*config.chosen_on, *config.held_out))]
    plan += [(name, way, config.controlled_on) for name, way in controls(config.recipe).items()]
    return {
        f"{name}, {seed}": partial(one, settings, seed)
        for name, settings, seeds in plan
        for seed in seeds
    }


def hidden_rows(runs: dict[str, Any], name: str, seeds: tuple[int, ...]) -> dict[str, Tensor]:
    """Return what was recorded of one way to train, seed by seed.

    Parameters
    ----------
    runs
        ``load_recorded("cycle_hidden")["results"]["runs"]``.
    name
        "recipe" or a key of ``controls``.
    seeds
        Which.

    Returns
    -------
    dict of str to Tensor
        By the fields of ``Hidden``: (n,), or (n, k) where there is one number for each of k noises
        or levels.
    """
    rows = [runs[f"{name}, {seed}"] for seed in seeds]
    return {field: torch.tensor([row[field] for row in rows]) for field in Hidden._fields}


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = HiddenReportConfig()
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else None
    left = record_one_by_one("cycle_hidden", asdict(wanted), all_runs(wanted), minutes)
    print(f"{left} runs are missing")
