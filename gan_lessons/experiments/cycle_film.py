"""One run of the digits' recipe as a film: there and back again at a few moments (chapter 16).

``python -m gan_lessons.experiments.cycle_film`` trains it and writes ``book/runs/cycle_film.json``.
It is the recipe's first held-out run, so that its last moment is what ``cycle_report`` recorded.
"""

import math
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_kind
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_digits import (
    CycleDigitsConfig,
    Domains,
    make_cyclegan,
    make_domains,
    train_voters,
)
from gan_lessons.experiments.cycle_measures import (
    Outcome,
    difference,
    measure,
    pack_pictures,
    unpack_pictures,
)
from gan_lessons.experiments.recorded import load_recorded, save_recorded
from gan_lessons.models import CycleGAN
from gan_lessons.training import train


@dataclass(frozen=True)
class CycleFilmConfig:
    """What is filmed.

    Parameters
    ----------
    recipe
        The settings of the run.
    seed
        Of the first weights and of all that is drawn.
    times
        Moments in steps; 0 is before the first.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    recipe: CycleDigitsConfig = CycleDigitsConfig()
    seed: int = 1000
    times: tuple[int, ...] = (0, 10, 20, 50, 80, 100, 120, 140, 170, 200, 250, 300, 400, 500)

    def __post_init__(self) -> None:
        check_kind(self.recipe, CycleDigitsConfig, "recipe")
        check_count(self.seed, "seed", minimum=0)
        check_counts(self.times, "times", minimum=0, rising=True)


class Moment(NamedTuple):
    """What the run has reached after ``step`` steps.

    Parameters
    ----------
    step
        Steps made.
    outcome
        Mean absolute differences and kept classes on all test pairs.
    pictures
        One image of each class (10, 3, 16, 16): ``ab``, ``ba``, ``aba`` and ``bab``.
    """

    step: int
    outcome: Outcome
    pictures: dict[str, Tensor]


def film(config: CycleFilmConfig, domains: Domains, voters: list[nn.Module]) -> list[Any]:
    """Train once and return each moment as plain data.

    Parameters
    ----------
    config, domains, voters
        Settings, images, and who votes on classes.
    """
    last, often = max(config.times), math.gcd(*config.times)
    training = replace(config.recipe.training, seed=config.seed, steps=last, log_every=often)
    gan, kept = make_cyclegan(replace(config.recipe, training=training)), []
    if config.times[0] == 0:
        kept.append(_moment(gan, domains, voters))
    for record in train(gan, domains.draw, gan.config):
        if record.step in config.times:
            kept.append(_moment(gan, domains, voters))
    return kept


def _moment(gan: CycleGAN, domains: Domains, voters: list[nn.Module]) -> dict[str, Any]:
    """Return what the averaged weights make of the test images now, as plain data."""
    outcome, made = measure(gan.translate, lambda x: gan.translate(x, "ba"), domains, voters)
    numbers = {name: float(f"{value:.4g}") for name, value in outcome._asdict().items()}
    return {
        "step": gan.steps_done,
        "outcome": numbers,
        "pictures": pack_pictures(made, domains.labels),
    }


def run(config: CycleFilmConfig) -> dict[str, Any]:
    """Return the film and the identity baseline, as plain data.

    Parameters
    ----------
    config
        Settings.
    """
    domains = make_domains(config.recipe.style)
    moments = film(config, domains, train_voters(config.recipe.style))
    baseline = difference(domains.test_a, domains.test_b)
    return {"identity": float(f"{baseline:.4g}"), "moments": moments}


def load_film() -> tuple[tuple[Moment, ...], float]:
    """Return the stored moments, in order, and the identity baseline.

    Raises
    ------
    FileNotFoundError
        If nothing is stored.
    """
    results = load_recorded("cycle_film")["results"]
    moments = (
        Moment(one["step"], Outcome(**one["outcome"]), unpack_pictures(one["pictures"]))
        for one in results["moments"]
    )
    return tuple(moments), results["identity"]


if __name__ == "__main__":
    torch.set_num_threads(1)
    started, chosen = time.perf_counter(), CycleFilmConfig()
    found = run(chosen)
    for one in found["moments"]:
        print(one["step"], one["outcome"])
    print(save_recorded("cycle_film", asdict(chosen), found, time.perf_counter() - started))
