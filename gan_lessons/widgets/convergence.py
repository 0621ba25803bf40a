"""Chapter 7: the Dirac-GAN's paths over method, step size and R1, predicted and simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gan_lessons.dynamics import (
    METHODS,
    DiracGAN,
    Verdict,
    measured_growth_rate,
    predicted_verdict,
    simulate,
)
from gan_lessons.viz import LATENT, MODEL, SERIES, new_figure, plot_vector_field
from gan_lessons.viz.vector_fields import inside
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEP_SIZES = (0.5, 1.5, 2.2)
GAMMAS = (0.0, 0.1, 0.3, 1.0)
FAR = (1.0, 1.0)
RADIUS = 1e-3  # of the near start
STEPS = 60
LIMIT = 3.0
LOW, HIGH = 1e-5, 1e2  # of the distances that are shown
NEAR_ROLE, FAR_ROLE = SERIES[0], MODEL


class DiracRun(NamedTuple):
    """What a setting does: predicted, measured near the equilibrium, and seen from (1, 1).

    ``near`` and ``far`` are the distances (steps + 1,) from both starts, ``path`` is the far one.
    """

    predicted: Verdict
    rate: float
    near: Tensor
    far: Tensor
    path: Tensor


def measured_verdict(rate: float) -> str:
    """Say in a word what a measured rate per step means."""
    if abs(rate - 1) < 1e-4:
        return "cycles"
    return "converges" if rate < 1 else "diverges"


def far_verdict(distances: Tensor) -> str:
    """Say in words where a run from (1, 1) has come to after its steps."""
    ratio = float((distances[-1] / distances[0]).nan_to_num(float("inf")))
    if ratio < 0.5:
        return "comes closer"
    return "moves away" if ratio > 2 else "does neither"


def compute_run(method: str, lr: float, gamma: float) -> DiracRun:
    """Play the saturating Dirac-GAN with R1 from near the equilibrium and from (1, 1)."""
    game = DiracGAN("saturating", r1_gamma=gamma)
    near = simulate(game, method, lr, STEPS, (RADIUS * 0.8, RADIUS * 0.6))
    path = simulate(game, method, lr, STEPS, FAR)
    return DiracRun(
        predicted_verdict(game, method, lr),
        measured_growth_rate(game, method, lr, radius=RADIUS, steps=200, n_starts=8),
        near.norm(dim=-1),
        path.norm(dim=-1),
        path,
    )


def _draw_plane(ax: Axes, game: DiracGAN, path: Tensor) -> None:
    """Draw the vector field and the path from (1, 1)."""
    # Few arrows: they are most of a frame's weight.
    ticks = torch.linspace(-2.0, 2.0, 3, dtype=torch.float64)
    points = torch.cartesian_prod(ticks, ticks)
    plot_vector_field(points, game.vector_field(points), (r"$\theta$", r"$\psi$"), 0.1, ax=ax)
    shown = inside(path, LIMIT)
    ax.plot(shown[:, 0], shown[:, 1], color=FAR_ROLE.color, linewidth=1.4)
    ax.plot(*FAR, color=FAR_ROLE.color, marker=FAR_ROLE.marker, markersize=8)
    ax.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xticks=(-2, 2), yticks=(-2, 2))
    ax.set_title(
        f"from (1, 1): {far_verdict(path.norm(dim=-1))}", color=FAR_ROLE.color, fontsize=12
    )


def _draw_distances(ax: Axes, run: DiracRun) -> None:
    """Draw both distances, and the predicted rate as a dotted line from the near start."""
    time = np.arange(STEPS + 1)
    predicted = RADIUS * run.predicted.spectral_radius**time
    for values, role in ((run.near.numpy(), NEAR_ROLE), (run.far.numpy(), FAR_ROLE)):
        kept = np.isfinite(values) & (values < 10 * HIGH) & (values > LOW / 10)
        stop = int(np.argmin(kept)) if not kept.all() else len(kept)
        ax.plot(time[:stop], values[:stop], color=role.color, linestyle=role.linestyle)
    ax.plot(time, np.clip(predicted, LOW / 10, 10 * HIGH), color=LATENT.color, linestyle=":")
    ax.set_yscale("log")
    ax.set(xlim=(0, STEPS), ylim=(LOW, HIGH), xlabel="step", ylabel="distance", xticks=(0, 30, 60))
    ax.set_yticks([1e-4, 1e-1, 1e2])
    ax.minorticks_off()


def _draw(settings: Settings) -> tuple[Figure, str]:
    """Draw the plane on the left, distances over time on the right, the verdicts above."""
    method = str(settings["method"])
    lr, gamma = float(settings["lr"]), float(settings["gamma"])
    run = compute_run(method, lr, gamma)
    figure, (left, right) = new_figure(6.0, 2.8, columns=2, width_ratios=(1, 1.2))
    _draw_plane(left, DiracGAN("saturating", r1_gamma=gamma), run.path)
    _draw_distances(right, run)
    word = run.predicted.verdict.removesuffix(" locally")
    radius, seen = run.predicted.spectral_radius, measured_verdict(run.rate)
    right.set_title(
        f"locally predicted: {word}\nlocally measured: {seen}", color=NEAR_ROLE.color, fontsize=11
    )
    return figure, (
        f"{method.capitalize()} steps of size {lr:g}, gamma {gamma:g}. Predicted near the "
        f"equilibrium: {word}, a factor of {radius:.3f} a step. Measured at distance "
        f"{RADIUS:g}: {seen}, {run.rate:.3f}. The start (1, 1) {far_verdict(run.far)} in "
        f"{STEPS} steps."
    )


def explore_dirac_gan() -> Explorer:
    """Play the Dirac-GAN with any method, step size and R1 penalty, beside the prediction.

    Returns
    -------
    Explorer
        With a choice of the method and sliders for the step size and for gamma.
    """
    return explore(
        _draw,
        [
            Choice("method", "Method", METHODS),
            Slider("lr", "Step size h", STEP_SIZES, "{:g}"),
            Slider("gamma", "R1 gamma", GAMMAS, "{:g}"),
        ],
        "Does the smallest GAN converge?",
        "Left, the path from (1, 1) in the plane of both players. Right, the distance to the "
        "equilibrium from (1, 1) (dashed) and from 0.001 away (solid), and the predicted rate "
        "(dotted). Look for a setting in which the local verdict is good and (1, 1) diverges.",
    )
