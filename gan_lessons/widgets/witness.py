"""Chapter 2: the witness function of the MMD, and what its bandwidth does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Distribution, Mixture, Normal
from gan_lessons.two_sample import TestResult, median_heuristic, mmd_test, mmd_witness
from gan_lessons.viz import CRITIC, DATA, MODEL, new_figure
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BANDWIDTHS = (0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 20.0)
PAIRS = ("two humps", "wider", "the same law")
SIZE = 200
N_PERMUTATIONS = 499
LEVEL = 0.05
PLACES = torch.linspace(-4.0, 4.0, 321)


class Witness(NamedTuple):
    """Two samples, their witness function on ``PLACES`` and the test."""

    x: Tensor
    y: Tensor
    values: Tensor
    result: TestResult
    median: float


def second_law(pair: str) -> Distribution:
    """Return the law that is compared with N(0, 1)."""
    if pair == "two humps":
        return Mixture(
            torch.tensor([0.5, 0.5]),
            torch.tensor([-0.9, 0.9]),
            torch.full((2,), math.sqrt(1 - 0.9**2)),
        )
    return Normal(0.0, 1.7 if pair == "wider" else 1.0)


def compute_witness(pair: str, bandwidth: float, seed: int = 6) -> Witness:
    """Compare ``SIZE`` samples of N(0, 1) with as many of the second law at one bandwidth."""
    rng = torch.Generator().manual_seed(seed)
    x = Normal(0.0, 1.0).sample(SIZE, rng)
    y = second_law(pair).sample(SIZE, rng)
    values = mmd_witness(x, y, PLACES, bandwidth)
    result = mmd_test(x, y, bandwidth, n_permutations=N_PERMUTATIONS, rng=rng)
    return Witness(x[:, 0], y[:, 0], values, result, float(median_heuristic(x, y)))


def _draw(settings: Settings) -> tuple[Figure, str]:
    """Draw both laws above, samples and witness below."""
    pair, bandwidth = str(settings["pair"]), float(settings["bandwidth"])
    witness = compute_witness(pair, bandwidth)
    figure, (top, bottom) = new_figure(6.4, 3.9, rows=2, sharex=True)
    for role, law, label in ((DATA, Normal(0.0, 1.0), "p"), (MODEL, second_law(pair), "q")):
        density = law.log_prob(PLACES[:, None]).exp()
        top.plot(PLACES, density, color=role.color, linestyle=role.linestyle)
        place = int(density.argmax()) - (0 if role is DATA else 16)
        top.annotate(
            f"${label}$",
            (float(PLACES[place]), float(density[place])),
            xytext=(0 if role is DATA else -6, 5),
            textcoords="offset points",
            ha="center" if role is DATA else "right",
            color=role.color,
        )
    top.set(yticks=[], ylim=(0, 0.56), ylabel="density")
    bottom.axhline(0, color="#bbbbbb", linewidth=1)
    bottom.plot(PLACES, witness.values, color=CRITIC.color, linewidth=2)
    # Room for the two rows of points under the curve, whatever its height.
    height = max(float(witness.values.abs().max()), 1e-3)
    for row, (role, sample) in enumerate(((DATA, witness.x), (MODEL, witness.y))):
        bottom.plot(
            sample,
            torch.full((SIZE,), -height * (1.35 + 0.3 * row)),
            color=role.color,
            marker="|",
            linestyle="none",
            alpha=0.7,
        )
    bottom.set(ylim=(-1.85 * height, 1.15 * height), xlim=(-4, 4), yticks=[0], xlabel="$t$")
    bottom.set_ylabel("witness $w(t)$", color=CRITIC.color)
    verdict = "rejects" if witness.result.p_value <= LEVEL else "does not reject"
    return figure, (
        f"Bandwidth {bandwidth:g} (the median heuristic says {witness.median:.1f}); "
        f"second law: {pair}. The squared MMD is {witness.result.statistic:.2g}, "
        f"p-value {witness.result.p_value:.2g}: the test {verdict} at level {LEVEL:g}."
    )


def explore_witness() -> Explorer:
    """Move the kernel's bandwidth from far too narrow to far too wide.

    Returns
    -------
    Explorer
        With a slider for the bandwidth and a choice of the second law.
    """
    return explore(
        _draw,
        [
            Slider("bandwidth", "Bandwidth", BANDWIDTHS, "{:g}", default=0.5),
            Choice("pair", "Second law", PAIRS),
        ],
        "What does the kernel look at?",
        "Above, the two laws; below, 200 samples of each as ticks, and the witness function that "
        "the kernel makes of them (scaled to the same height). Move the bandwidth to both ends.",
    )
