"""What is recorded of translated digits: the recipe on held-out seeds, its bound, the ablation.

``python -m gan_lessons.experiments.cycle_report [minutes]`` makes the runs that
``book/runs/cycle_digits.json`` lacks, in the order of ``all_runs``, each saved when it is done.
"""

import sys
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons.experiments._one_by_one import Run, record_one_by_one
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_digits import (
    CycleDigitsConfig,
    Domains,
    Style,
    make_cyclegan,
    make_domains,
    make_pix2pix,
    train_voters,
)
from gan_lessons.training import System, train


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
        Seeds on which they are reported, once.
    ablated_on
        Seeds of the ablation.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    recipe: CycleDigitsConfig = CycleDigitsConfig()
    chosen_on: tuple[int, ...] = tuple(range(8))
    held_out: tuple[int, ...] = tuple(range(1000, 1008))
    ablated_on: tuple[int, ...] = (1000, 1001, 1002, 1003)

    def __post_init__(self) -> None:
        for name in ("chosen_on", "held_out", "ablated_on"):
            check_counts(getattr(self, name), name, minimum=0)
        if set(self.chosen_on) & {*self.held_out, *self.ablated_on}:
            raise ValueError("chosen_on must share no seed with held_out and ablated_on.")


def ablations(recipe: CycleDigitsConfig) -> dict[str, CycleDigitsConfig]:
    """Return the recipe without or with one part more, as the paper's table has them.

    Parameters
    ----------
    recipe
        What is changed.
    """

    def other(**changes: Any) -> CycleDigitsConfig:
        return replace(recipe, training=replace(recipe.training, **changes))

    return {
        "cycle alone": other(adversarial_weight=0.0),
        "GAN alone": other(forward_weight=0.0, backward_weight=0.0),
        "GAN and forward cycle": other(backward_weight=0.0),
        "GAN and backward cycle": other(forward_weight=0.0),
        "with identity loss": other(identity_weight=5.0),
        "without pool": other(pool_size=0),
        "ink on paper": replace(recipe, style="paper"),
    }


class Outcome(NamedTuple):
    """What one run reaches on the test pairs.

    Parameters
    ----------
    ab, ba
        Mean absolute difference from the true partner, pixels in [-1, 1].
    cycle_a, cycle_b
        Mean absolute difference after there and back.
    kept_ab, kept_ba
        Share of test images whose translation most voters give the true class.
    """

    ab: float
    ba: float
    cycle_a: float
    cycle_b: float
    kept_ab: float
    kept_ba: float


def difference(x: Tensor, y: Tensor) -> float:
    """Return the mean absolute difference of two batches of images of one shape."""
    return float((x - y).abs().mean())


@torch.no_grad()
def class_kept(images: Tensor, labels: Tensor, voters: list[nn.Module]) -> float:
    """Return the share of images to which the vote gives the true class.

    Parameters
    ----------
    images
        Translations (n, 3, h, w).
    labels
        Classes (n,) of what was translated.
    voters
        Classifiers of the domain of ``images``.
    """
    votes = torch.stack([voter(images).argmax(1) for voter in voters])
    return float((votes.mode(0).values == labels).float().mean())


def measure(translate_ab: Tensor, translate_ba: Tensor, again: tuple[Tensor, Tensor],
            domains: Domains, voters: list[nn.Module]) -> Outcome:  # fmt: skip
    """Return the outcome of translations of all test images.

    Parameters
    ----------
    translate_ab, translate_ba
        Translations of ``test_a`` and of ``test_b``.
    again
        What comes back of both.
    domains
        Gives the true partners and the classes.
    voters
        Of ``train_voters``: as many of a as of b.
    """
    half = len(voters) // 2
    return Outcome(
        difference(translate_ab, domains.test_b),
        difference(translate_ba, domains.test_a),
        difference(again[0], domains.test_a),
        difference(again[1], domains.test_b),
        class_kept(translate_ab, domains.labels, voters[half:]),
        class_kept(translate_ba, domains.labels, voters[:half]),
    )


def run_unpaired(config: CycleDigitsConfig, domains: Domains, voters: list[nn.Module]) -> Outcome:
    """Train a CycleGAN and measure it.

    Parameters
    ----------
    config, domains, voters
        Settings, images, and who votes on classes.
    """
    gan = make_cyclegan(config)
    _finish(gan, domains.draw)
    made_b, made_a = gan.translate(domains.test_a), gan.translate(domains.test_b, "ba")
    again = gan.translate(made_b, "ba"), gan.translate(made_a)
    return measure(made_b, made_a, again, domains, voters)


def run_paired(config: CycleDigitsConfig, domains: Domains, voters: list[nn.Module]) -> Outcome:
    """Train a Pix2Pix in each direction on true pairs, and measure both as one.

    Parameters
    ----------
    config, domains, voters
        As in ``run_unpaired``.
    """
    there, back = make_pix2pix(config), make_pix2pix(config)
    _finish(there, (domains.a, domains.partners_of_a))
    _finish(back, (domains.partners_of_a, domains.a))
    made_b, made_a = there.translate(domains.test_a), back.translate(domains.test_b)
    again = back.translate(made_b), there.translate(made_a)
    return measure(made_b, made_a, again, domains, voters)


def _finish(system: System, data: Any) -> None:
    """Train to the last step."""
    for _ in train(system, data, system.config):
        pass


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

    def one(settings: CycleDigitsConfig, seed: int, paired: bool) -> dict[str, float]:
        domains, voters = material(settings.style)
        seeded = replace(settings, training=replace(settings.training, seed=seed))
        outcome = (run_paired if paired else run_unpaired)(seeded, domains, voters)
        baseline = difference(domains.test_a, domains.test_b)
        found = {**outcome._asdict(), "identity": baseline}
        return {name: float(f"{number:.4g}") for name, number in found.items()}

    plan = [("recipe", config.recipe, (*config.chosen_on, *config.held_out))]
    plan += [("paired", config.recipe, config.ablated_on)]
    plan += [(name, way, config.ablated_on) for name, way in ablations(config.recipe).items()]
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
        "recipe", "paired" or a key of ``ablations``.
    seeds
        Which.

    Returns
    -------
    dict of str to Tensor (n,)
        By the fields of ``Outcome``, and ``identity``.
    """
    rows = [runs[f"{name}, {seed}"] for seed in seeds]
    return {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = CycleReportConfig()
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else None
    left = record_one_by_one("cycle_digits", asdict(wanted), all_runs(wanted), minutes)
    print(f"{left} runs are missing")
