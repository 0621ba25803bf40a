"""Chapter 3: what a generator makes of its latent law, and what the players hear at a logit."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Normal
from gan_lessons.objectives import OBJECTIVES
from gan_lessons.viz import CRITIC, LATENT, MODEL, SERIES, new_figure
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHAPES = ("stretch", "two modes", "fold")
STEEPNESS = (0.2, 0.4, 0.7, 1.0, 1.4, 2.0)
LATENT_GRID = torch.linspace(-6.0, 6.0, 6001, dtype=torch.float64)
PLACES = torch.linspace(-4.0, 4.0, 401, dtype=torch.float64)
GAP = (-1.0, 1.0)
N_SLICES = 24

LOGITS = (-8.0, -6.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
LOGIT_GRID = torch.linspace(-8.0, 8.0, 81, dtype=torch.float64)
PLAYERS = ("the generator's two losses", "the discriminator's two terms")
Generator = Callable[[Tensor], Tensor]


def make_generator(shape: str, steepness: float) -> Generator:
    """Return a smooth map of the line: linear, a steep step between two modes, or a parabola."""
    if shape == "stretch":
        return lambda z: steepness * z
    if shape == "two modes":
        return lambda z: 0.3 * z + 1.7 * torch.tanh(5 * steepness * z)
    return lambda z: 0.8 * steepness * (z.square() - 1)


def slope(generator: Generator, z: Tensor) -> Tensor:
    """Return G'(z) for z (n,), shape (n,), by autograd."""
    inputs = z.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(generator(inputs).sum(), inputs)
    return gradient


def push_forward_density(generator: Generator, places: Tensor) -> Tensor:
    r"""Density of G(z), z from N(0, 1), at some places, as a sum over all z that land there.

    .. math:: p_g(x) = \sum_{z : G(z) = x} \frac{p(z)}{|G'(z)|}

    The preimages are found between neighbours of a fine grid on [-6, 6] and placed by
    interpolation, so G may fold the line but must be smooth.

    Parameters
    ----------
    generator
        A function of z (n,) that acts on each entry alone.
    places
        x (k,).

    Returns
    -------
    Tensor
        p_g(x) (k,), in float64.
    """
    x = places.double()[:, None]
    images = generator(LATENT_GRID).detach()
    left, right = images[:-1], images[1:]
    hit = ((left <= x) & (x < right)) | ((right <= x) & (x < left))
    row, segment = hit.nonzero(as_tuple=True)
    share = (x[row, 0] - left[segment]) / (right[segment] - left[segment])
    z = LATENT_GRID[segment] + share * (LATENT_GRID[1] - LATENT_GRID[0])
    # a place that is exactly where G turns gets a very high value, not a division by zero
    terms = Normal(0.0, 1.0).log_prob(z).exp() / slope(generator, z).abs().clamp_min(1e-9)
    return torch.zeros(len(places), dtype=torch.float64).index_add(0, row, terms)


def mass_between(generator: Generator, low: float, high: float) -> float:
    """Return the probability that low < G(z) < high, by summing p(z) over a fine grid."""
    images = generator(LATENT_GRID).detach()
    weights = Normal(0.0, 1.0).log_prob(LATENT_GRID).exp()
    inside = (images > low) & (images < high)
    return float(weights[inside].sum() / weights.sum())


def _draw_map(ax: Axes, generator: Generator) -> Tensor:
    """Draw G with slices of equal probability; return where they land (k,)."""
    shares = (torch.arange(N_SLICES, dtype=torch.float64) + 0.5) / N_SLICES
    starts = Normal(0.0, 1.0).quantile(shares)
    ends = generator(starts)
    z = LATENT_GRID[::20]
    bell = Normal(0.0, 1.0).log_prob(z).exp()
    ax.fill_between(z, -4, -4 + 3.2 * bell, color=LATENT.color, alpha=0.25, linewidth=0)
    ax.text(-2.85, -3.5, "$p(z)$", color=LATENT.color)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        ax.plot([start, start, 3], [-4, end, end], color="#c4c4c4", linewidth=0.9)
    ax.plot(z, generator(z), color=LATENT.color, linewidth=2.4)
    ax.set(xlim=(-3, 3), ylim=(-4, 4), xlabel="$z$", ylabel="$x = G(z)$")
    return ends


def _draw_push_forward(settings: Settings) -> tuple[Figure, str]:
    """Draw the map on the left, and the law it makes, lying on its side, on the right."""
    shape, steepness = str(settings["shape"]), float(settings["steepness"])
    generator = make_generator(shape, steepness)
    figure, (left, right) = new_figure(6.4, 3.6, columns=2, sharey=True, width_ratios=(1.5, 1))
    ends = _draw_map(left, generator)
    density = push_forward_density(generator, PLACES)
    right.fill_betweenx(PLACES, density, color=MODEL.color, alpha=0.15, linewidth=0)
    right.plot(density, PLACES, color=MODEL.color, linestyle="-")
    right.plot(torch.full((N_SLICES,), 0.04), ends, color=MODEL.color, marker="_", linestyle="none")
    right.axhspan(*GAP, color="#eeeeee", zorder=0)
    between = mass_between(generator, *GAP)
    right.set(xlim=(0, 1.5), ylim=(-4, 4), xlabel="$p_g(x)$")
    right.set_title(f"between -1 and 1: {between:.1%}", color=MODEL.color, fontsize=12)
    steepest = float(slope(generator, torch.linspace(-3, 3, 601, dtype=torch.float64)).abs().max())
    turn = " Where the curve turns, the density has no bound." if shape == "fold" else ""
    return figure, (
        f"Generator: {shape}, steepness {steepness:g}. Its greatest slope for z in [-3, 3] is "
        f"{steepest:.1f}. Of the law that it makes, {between:.1%} lies between -1 and 1.{turn}"
    )


def explore_push_forward() -> Explorer:
    """Bend the generator's map and watch the law it makes of N(0, 1).

    Returns
    -------
    Explorer
        With a choice of the map's shape and a slider for its steepness.
    """
    return explore(
        _draw_push_forward,
        [
            Choice("shape", "Generator", SHAPES, default="two modes"),
            Slider("steepness", "Steepness", STEEPNESS, "{:g}", default=0.4),
        ],
        "What law does this generator make?",
        f"Each grey path carries 1/{N_SLICES} of the probability from p(z), up to the curve and "
        "across. Where G is steep the paths spread and the density is low; where G is flat they "
        "crowd. Try to empty the grey band with two modes.",
    )


class Curve(NamedTuple):
    """A loss as a function of one logit, and its derivative there."""

    name: str
    values: Tensor
    gradients: Tensor


def loss_curves(player: str, logits: Tensor) -> tuple[Curve, Curve]:
    """Return both losses of a player at single logits (n,), with gradients by autograd.

    For the generator these are log(1 - D) and -log D of a fake sample; for the discriminator,
    -log D of a real sample and -log(1 - D) of a fake one.
    """
    saturating, other = OBJECTIVES["saturating"], OBJECTIVES["non-saturating"]
    h = logits.detach().double().requires_grad_()
    if player == PLAYERS[0]:
        terms = {
            "saturating": [saturating.generator_loss(None, a[None]) for a in h],
            "non-saturating": [other.generator_loss(None, a[None]) for a in h],
        }
    else:
        nothing = h.new_full((1,), math.inf)  # a perfect logit: its term is 0
        terms = {
            "real sample": [saturating.discriminator_loss(a[None], -nothing) for a in h],
            "fake sample": [saturating.discriminator_loss(nothing, a[None]) for a in h],
        }
    curves = []
    for name, losses in terms.items():
        values = torch.stack(losses)
        (gradients,) = torch.autograd.grad(values.sum(), h)
        curves.append(Curve(name, values.detach(), gradients))
    return curves[0], curves[1]


@cache
def _whole_curves(player: str) -> tuple[Curve, Curve]:
    """Return a player's curves over ``LOGIT_GRID``, which every frame draws again."""
    return loss_curves(player, LOGIT_GRID)


def _draw_losses(settings: Settings) -> tuple[Figure, str]:
    """Draw losses on the left, gradients on the right, and a marker at the logit chosen."""
    player, logit = str(settings["player"]), float(settings["logit"])
    lines, here = _whole_curves(player), loss_curves(player, torch.tensor([logit]))
    roles = (SERIES[4], MODEL) if player == PLAYERS[0] else SERIES[:2]
    probability = 1 / (1 + math.exp(-logit))
    figure, axes = new_figure(6.4, 3.4, columns=2)
    for line, point, role in zip(lines, here, roles, strict=True):
        for ax, curve, value in (
            (axes[0], line.values, point.values),
            (axes[1], line.gradients, point.gradients),
        ):
            ax.axvline(logit, color=CRITIC.color, linewidth=1, linestyle=":")
            ax.plot(LOGIT_GRID, curve, color=role.color, linestyle=role.linestyle, label=line.name)
            ax.plot([logit], value, color=role.color, marker=role.marker, markersize=9)
    axes[0].set_yticks([-8, -4, 0, 4, 8])
    axes[0].set(xlim=(-8.5, 8.5), ylim=(-8.6, 8.6), ylabel="loss", xlabel="logit $h$")
    axes[1].set(xlim=(-8.5, 8.5), ylim=(-1.15, 1.15), ylabel="gradient", xlabel="logit $h$")
    for ax in axes:
        ax.set_xticks([-8, -4, 0, 4, 8])
        ax.axhline(0, color="#bbbbbb", linewidth=1, zorder=0)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False
    )
    first, second = here
    return figure, (
        f"At logit {logit:g}, D = {probability:.4f}. "
        f"{first.name.capitalize()}: loss {float(first.values):.3f}, gradient "
        f"{float(first.gradients):.4f}. {second.name.capitalize()}: loss "
        f"{float(second.values):.3f}, gradient {float(second.gradients):.4f}."
    )


def explore_logit_losses() -> Explorer:
    """Move the logit of one sample and read off what each player hears.

    Returns
    -------
    Explorer
        With a slider for the logit and a choice of the player.
    """
    return explore(
        _draw_losses,
        [
            Slider("logit", "Logit h", LOGITS, "{:g}", default=-4.0),
            Choice("player", "Losses of", PLAYERS),
        ],
        "What does a player hear?",
        "Left, the losses of one sample over its logit; right, their gradients. A negative "
        "gradient tells the generator to raise the logit. Go to the left end, where D is sure "
        "that the sample is fake, and compare the two.",
    )
