"""What is recorded of translated digits: the recipe on held-out seeds, its bound, the ablation.

``python -m gan_lessons.experiments.cycle_report [minutes]`` makes the runs that
``book/runs/cycle_digits.json`` lacks, in the order of ``all_runs``, each saved when it is done.
"""

import sys
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_kind, check_positive
from gan_lessons.experiments._one_by_one import Run, finish, record_one_by_one
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_digits import (
    FIRST_RECIPE,
    CycleDigitsConfig,
    Domains,
    Style,
    make_cyclegan,
    make_domains,
    make_pix2pix,
    train_voters,
)
from gan_lessons.experiments.cycle_measures import Outcome, difference, measure, pack_pictures


@dataclass(frozen=True)
class CycleReportConfig:
    """The recorded runs.

    Parameters
    ----------
    recipe
        The settings that were chosen on ``chosen_on``.
    chosen_on
        Seeds on which they were chosen.
    held_out
        Seeds on which the first recipe was reported, and then this one.
    fresh
        Seeds that no recipe had seen before this one was reported on them.
    ablated_on
        Seeds of the ablation and of the cycle weights; of the first one pictures are kept.
    weights
        Cycle weights that are tried beside the recipe's and 0.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    recipe: CycleDigitsConfig = CycleDigitsConfig()
    chosen_on: tuple[int, ...] = tuple(range(8))
    held_out: tuple[int, ...] = tuple(range(1000, 1008))
    fresh: tuple[int, ...] = tuple(range(2000, 2008))
    ablated_on: tuple[int, ...] = (1000, 1001, 1002, 1003)
    weights: tuple[float, ...] = (0.1, 1.0, 100.0, 1000.0)

    def __post_init__(self) -> None:
        check_kind(self.recipe, CycleDigitsConfig, "recipe")
        for name in ("chosen_on", "held_out", "fresh", "ablated_on"):
            check_counts(getattr(self, name), name, minimum=0)
        check_kind(self.weights, tuple, "weights")
        for i, weight in enumerate(self.weights):
            check_positive(weight, f"weights[{i}]")
        if set(self.chosen_on) & {*self.held_out, *self.fresh, *self.ablated_on}:
            raise ValueError("chosen_on must share no seed with held_out, fresh and ablated_on.")
        if set(self.fresh) & {*self.held_out, *self.ablated_on}:
            raise ValueError("fresh must share no seed with held_out and ablated_on.")


def ablations(recipe: CycleDigitsConfig) -> dict[str, CycleDigitsConfig]:
    """Return what the recipe is compared with, by the names of the table's rows.

    Those with the cycle or the GAN alone, or one cycle, are the paper's ablation, which has no
    identity loss: they are to be read beside the first. The others change one thing of the recipe.

    Parameters
    ----------
    recipe
        What is changed.
    """

    def other(**changes: Any) -> CycleDigitsConfig:
        return replace(recipe, training=replace(recipe.training, **changes))

    def plain(**weights: float) -> CycleDigitsConfig:
        return other(identity_weight=0.0, **weights)

    return {
        "without identity loss": plain(),
        "cycle alone": plain(adversarial_weight=0.0),
        "GAN alone": plain(forward_weight=0.0, backward_weight=0.0),
        "GAN and forward cycle": plain(backward_weight=0.0),
        "GAN and backward cycle": plain(forward_weight=0.0),
        "without pool": other(pool_size=0),
        "ink on paper": replace(recipe, style="paper"),
        "ink on paper, no identity": replace(plain(), style="paper"),
    }


def cycle_weights(config: CycleReportConfig) -> dict[str, CycleDigitsConfig]:
    """Return the recipe without identity loss and with other weights of both cycles.

    Weight 0 is the ablation's row "GAN alone", the recipe's weight "without identity loss".

    Parameters
    ----------
    config
        Gives the recipe and the weights.
    """
    recipe, found = config.recipe, {}
    for weight in config.weights:
        training = replace(
            recipe.training, forward_weight=weight, backward_weight=weight, identity_weight=0.0
        )
        found[f"cycle weight {weight:g}"] = replace(recipe, training=training)
    return found


def run_unpaired(
    config: CycleDigitsConfig, domains: Domains, voters: list[nn.Module]
) -> tuple[Outcome, dict[str, Tensor]]:
    """Train a CycleGAN; return what it reaches, and the translations by direction, there and back.

    Parameters
    ----------
    config, domains, voters
        Settings, images, and who votes on classes.
    """
    gan = make_cyclegan(config)
    finish(gan, domains.draw)
    return measure(gan.translate, lambda images: gan.translate(images, "ba"), domains, voters)


def run_paired(
    config: CycleDigitsConfig, domains: Domains, voters: list[nn.Module]
) -> tuple[Outcome, dict[str, Tensor]]:
    """Train a Pix2Pix in each direction on true pairs, and measure both as one.

    Parameters
    ----------
    config, domains, voters
        As in ``run_unpaired``.
    """
    there, back = make_pix2pix(config), make_pix2pix(config)
    finish(there, (domains.a, domains.partners_of_a))
    finish(back, (domains.partners_of_a, domains.a))
    return measure(there.translate, back.translate, domains, voters)


def all_runs(config: CycleReportConfig) -> dict[str, Run]:
    """Return every run by the name "what, seed", to be made in this order.

    Parameters
    ----------
    config
        What is to be recorded.
    """

    @cache
    def material(style: Style) -> tuple[Domains, list[nn.Module]]:
        return make_domains(style), train_voters(style)

    def one(settings: CycleDigitsConfig, seed: int, paired: bool) -> dict[str, Any]:
        domains, voters = material(settings.style)
        seeded = replace(settings, training=replace(settings.training, seed=seed))
        outcome, made = (run_paired if paired else run_unpaired)(seeded, domains, voters)
        baseline = difference(domains.test_a, domains.test_b)
        numbers = {**outcome._asdict(), "identity": baseline}
        found: dict[str, Any] = {name: float(f"{value:.4g}") for name, value in numbers.items()}
        if seed == config.ablated_on[0]:
            found["pictures"] = pack_pictures(made, domains.labels)
        return found

    both = *config.chosen_on, *config.held_out
    plan = [("first recipe", FIRST_RECIPE, both), ("recipe", config.recipe, (*both, *config.fresh))]
    plan += [("paired", config.recipe, config.ablated_on)]
    changed = {**ablations(config.recipe), **cycle_weights(config)}
    plan += [(name, way, config.ablated_on) for name, way in changed.items()]
    late = tuple(seed for seed in config.held_out if seed not in config.ablated_on)
    plan.append(("without identity loss", ablations(config.recipe)["without identity loss"], late))
    return {
        f"{name}, {seed}": partial(one, settings, seed, name == "paired")
        for name, settings, seeds in plan
        for seed in seeds
    }


def outcomes(runs: dict[str, Any], name: str, seeds: tuple[int, ...]) -> dict[str, Tensor]:
    """Return what was recorded of one row of the table, seed by seed.

    Parameters
    ----------
    runs
        ``load_recorded("cycle_digits")["results"]["runs"]``.
    name
        "recipe", "first recipe", "paired" or a key of ``ablations`` or of ``cycle_weights``.
    seeds
        Which.

    Returns
    -------
    dict of str to Tensor (n,)
        By the fields of ``Outcome``, and ``identity``.
    """
    rows = [runs[f"{name}, {seed}"] for seed in seeds]
    keys = [*Outcome._fields, "identity"]
    return {key: torch.tensor([row[key] for row in rows]) for key in keys}


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = CycleReportConfig()
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else None
    left = record_one_by_one("cycle_digits", asdict(wanted), all_runs(wanted), minutes)
    print(f"{left} runs are missing")
