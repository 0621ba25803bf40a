"""Chapter 6: a one-dimensional GAN over its training steps, for several ways to train it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Mixture
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.training import GANState, TrainConfig, train
from gan_lessons.viz import CRITIC, DATA, MODEL, new_figure, plot_histogram
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = (0, 10, 25, 50, 75, 100, 150, 200, 300, 500, 1000)
#: Each way to train: objective and k.
WAYS = {
    "k = 1": ("non-saturating", 1),
    "k = 5": ("non-saturating", 5),
    "k = 1, saturating loss": ("saturating", 1),
}
START = 4.0  # where the generator begins, right of the data
LIMITS = (-4.0, 6.0)
PLACES = torch.linspace(*LIMITS, 201, dtype=torch.float64)
FAR, NEAR = 1.0, 0.46  # distances that the caption calls far, and near
CONFIG = TrainConfig(steps=STEPS[-1], z_dim=1, g_lr=1e-3, d_lr=1e-3, ema_decay=0.0, seed=0)


class Moment(NamedTuple):
    """One moment of a run: samples (n,), D(x) on ``PLACES``, the distance W1 and the losses."""

    samples: Tensor
    discriminator: Tensor
    distance: float
    d_loss: float
    g_loss: float


def data_law() -> Mixture:
    """Return the law that is learned: two humps of unequal weight and width."""
    return Mixture([0.4, 0.6], [-1.5, 1.0], [0.4, 0.6])


def new_gan(objective: str, config: TrainConfig) -> GANState:
    """Return a small GAN in float64 whose generator starts at N(4, .) or near it."""
    rng = torch.Generator().manual_seed(config.seed)
    generator = MLPGenerator(1, 1, hidden=32, activation="tanh", rng=rng).double()
    discriminator = MLPDiscriminator(1, hidden=32, rng=rng).double()
    bias = list(generator.parameters())[-1]
    bias.data.fill_(START)
    return GANState(generator, discriminator, objective, config)


@cache
def compute_run(way: str) -> dict[int, Moment]:
    """Train one GAN, the loop of the chapter, and look at it after each of ``STEPS``."""
    objective, k = WAYS[way]
    config = replace(CONFIG, d_steps=k, log_every=5)
    law, gan = data_law(), new_gan(objective, config)
    levels = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    z, wanted = torch.special.ndtri(levels)[:, None], law.quantile(levels)

    @torch.no_grad()
    def look(d_loss: float, g_loss: float) -> Moment:
        samples = gan.generator(z)[:, 0].sort().values
        probability = gan.discriminator(PLACES[:, None]).sigmoid()
        distance = float((samples - wanted).abs().mean())  # W1 of two equally large samples
        return Moment(samples, probability, distance, d_loss, g_loss)

    moments = {0: look(float("nan"), float("nan"))}
    for record in train(gan, law, config):
        if record.step in STEPS:
            moments[record.step] = look(record.d_loss, record.g_loss)
    return moments


def words(distance: float) -> str:
    """Say how far the generated law is from the data."""
    if distance > FAR:
        return "far from the data"
    return "close to the data" if distance < NEAR else "on the data, not yet of their shape"


def _draw(settings: Settings) -> tuple[Figure, str]:
    """Draw densities and D above, the distance over steps below."""
    way, step = str(settings["way"]), int(settings["step"])
    run = compute_run(way)
    now = run[step]
    figure, (top, bottom) = new_figure(6.4, 4.2, rows=2)
    density = data_law().log_prob(PLACES).exp()
    top.fill_between(PLACES, density, color=DATA.color, alpha=0.15, linewidth=0)
    top.plot(PLACES, density, color=DATA.color)
    edges = torch.linspace(*LIMITS, 61)
    plot_histogram(now.samples.clamp(*LIMITS), MODEL, bins=edges, ax=top)
    top.set(xlim=LIMITS, ylim=(0, 1.05), xlabel="$x$", ylabel="density, $D(x)$")
    top.axhline(0.5, color="#bbbbbb", linewidth=1)
    top.plot(PLACES, now.discriminator, color=CRITIC.color, linestyle=CRITIC.linestyle)
    top.text(-2.5, 0.2, "data", color=DATA.color, ha="right", va="bottom")
    for height, role, label in ((0.88, MODEL, "generated"), (0.72, CRITIC, "$D(x)$")):
        top.text(5.9, height, label, color=role.color, ha="right")
    steps = [s for s in STEPS if s > 0]
    bottom.plot(steps, [run[s].distance for s in steps], color=MODEL.color, marker="o")
    bottom.plot(
        max(step, 7), now.distance, color="#000000", marker="o", markersize=11, fillstyle="none"
    )
    bottom.set(xscale="log", yscale="log", xlim=(6, 1200), ylim=(0.08, 6), xlabel="step")
    bottom.set(ylabel="distance $W_1$", xticks=(10, 100, 1000), yticks=(0.1, 1))
    bottom.set_xticklabels(("10", "100", "1000"))
    bottom.set_yticklabels(("0.1", "1"))
    bottom.minorticks_off()
    return figure, f"{way}, after {step} steps: the generated law is {words(now.distance)}."


def explore_gan_steps() -> Explorer:
    """Move through the training of a one-dimensional GAN, for k = 1, k = 5 and minimax.

    The runs are trained when the figure is made, in a few seconds.

    Returns
    -------
    Explorer
        With a slider for the step and a choice of the way to train.
    """
    return explore(
        _draw,
        [
            Slider("step", "Step", STEPS, "{}", default=50),
            Choice("way", "Training", tuple(WAYS)),
        ],
        "How does a GAN learn a law on the line?",
        "Above, the data's density (solid), a histogram of what the generator makes (dashed) and "
        "D (dash-dotted). Below, the distance between both laws. Move the step, then change the "
        "way to train: what does D look like where the generator's samples lie?",
    )
