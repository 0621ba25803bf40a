"""Chapter 2: what a permutation test sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gan_lessons.two_sample import TestResult, mmd_test
from gan_lessons.viz import DATA, MODEL, new_figure, plot_null
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZES = (10, 20, 50, 100)
SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
N_PERMUTATIONS = 500
LEVEL = 0.05
LIMITS = (-0.12, 0.56)  # of the statistic, the same in all pictures


class Experiment(NamedTuple):
    """Two samples and the test between them."""

    x: Tensor
    y: Tensor
    result: TestResult


def compare_shifted_gaussians(shift: float, size: int, seed: int = 0) -> Experiment:
    """Test N(0, 1) against N(shift, 1) by the squared MMD, from ``size`` samples of each.

    The same seed gives the same random numbers for all shifts, and the small samples are the
    beginnings of the large ones, so that only what the reader moves changes.
    """
    rng = torch.Generator().manual_seed(seed)
    noise = torch.randn(2, max(SIZES), generator=rng)
    x, y = noise[0, :size], noise[1, :size] + shift
    result = mmd_test(x, y, n_permutations=N_PERMUTATIONS, rng=torch.Generator().manual_seed(seed))
    return Experiment(x, y, result)


def _draw_samples(ax: Axes, x: Tensor, y: Tensor, shift: float) -> None:
    """Draw both laws as curves, and below them their samples in two rows."""
    places = np.linspace(-3.2, 4.7, 200)
    for row, (role, sample, mean) in enumerate(((DATA, x, 0.0), (MODEL, y, shift))):
        density = np.exp(-((places - mean) ** 2) / 2) / np.sqrt(2 * np.pi)
        ax.plot(places, density, color=role.color, linestyle=role.linestyle)
        height = np.full(len(sample), -0.045 - 0.06 * row)
        ax.plot(
            sample.numpy(),
            height,
            color=role.color,
            marker=role.marker,
            markersize=5,
            alpha=0.55,
            markeredgewidth=0,
            linestyle="none",
        )
    ax.text(-0.9, 0.36, "$x$", color=DATA.color, ha="right", fontsize="large")
    ax.text(shift + 0.9, 0.36, "$y$", color=MODEL.color, fontsize="large")
    ax.set(xlim=(-3.2, 4.7), ylim=(-0.15, 0.46), yticks=[], xlabel="two laws and their samples")
    ax.spines["left"].set_visible(False)


def _draw(settings: Settings) -> tuple[Figure, str]:
    """Draw samples on the left, null distribution and observed statistic on the right."""
    shift, size = float(settings["shift"]), int(settings["size"])
    x, y, result = compare_shifted_gaussians(shift, size)
    figure, (left, right) = new_figure(6.4, 3.1, columns=2)
    _draw_samples(left, x, y, shift)
    plot_null(
        result.null, result.statistic, result.p_value, "squared MMD", 14, limits=LIMITS, ax=right
    )
    right.set(yticks=[], ylabel="")
    right.spines["left"].set_visible(False)
    beyond = int((result.null >= result.statistic).sum())
    verdict = "the test rejects" if result.p_value <= LEVEL else "the test does not reject"
    return figure, (
        f"Shift {shift:g}, {size} samples each: the squared MMD is {result.statistic:.3f}, and "
        f"{beyond} of {result.n_permutations} permutations reach it, so the p-value is "
        f"{result.p_value:.2g} and at level {LEVEL:g} {verdict} equality."
    )


def explore_null_distribution() -> Explorer:
    """Move two Gaussians apart and see the statistic leave its permutation null.

    Returns
    -------
    Explorer
        With a slider for the shift of the second mean and a choice of the sample size.
    """
    return explore(
        _draw,
        [
            Slider("shift", "Shift", SHIFTS, "{:.2f}"),
            Choice("size", "Samples each", SIZES, default=20),
        ],
        "When is a distance large?",
        "Left, two laws and a sample of each; right, the statistic after random relabelling (grey) "
        "and as observed. Move the shift, then ask for more samples.",
    )
