"""Chapters 13 and 15: where GAN, VAE and BiGAN take the plane of codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch

from gan_lessons.experiments.latent_plane import CODES, Net, code_net, recorded_nets
from gan_lessons.experiments.vae_points import LAW
from gan_lessons.viz import DATA, LATENT, MODEL, new_figure
from gan_lessons.widgets.controls import Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gan_lessons.viz import Role


@cache
def _nets() -> dict[str, Net]:
    """Return the stored nets, read once."""
    return recorded_nets()


def _plot_net(ax: Axes, net: Net, marked: int, role: Role, half_width: float) -> None:
    """Draw lines and one point; lines along the first axis are solid, the others dashed."""
    for k, line in enumerate(net.lines):
        style = "-" if k < len(CODES) else "--"
        ax.plot(line[:, 0], line[:, 1], color=role.color, lw=0.9, ls=style)
    at = net.points[marked]
    ax.plot(*at, marker="o", ms=12, mfc="white", mec="black", mew=1.6, ls="none", zorder=3)
    ax.plot(*at, marker="o", ms=5, color=role.color, ls="none", zorder=4)
    limits = (-half_width, half_width)
    ax.set(xticks=[], yticks=[], aspect="equal", xlim=limits, ylim=limits)


def _draw_plane(settings: Settings) -> tuple[Figure, str]:
    """Draw the net of codes and its three images."""
    chosen = [float(settings["z1"]), float(settings["z2"])]
    net = code_net(2)
    marked = int((net.points - torch.tensor(chosen)).square().sum(1).argmin())
    figure, axes = new_figure(5.0, 4.7, rows=2, columns=2)
    codes, *others = axes.flatten()
    _plot_net(codes, net, marked, LATENT, 2.4)
    codes.set_title("codes $z$", color=LATENT.color)
    told = []
    for ax, (name, image) in zip(others, _nets().items(), strict=True):
        ax.scatter(*LAW.means.T, s=80, color=DATA.color, alpha=0.35, linewidths=0)
        _plot_net(ax, image, marked, MODEL, 1.6)
        ax.set_title(f"{name}: $G(z)$", color=MODEL.color)
        told.append(f"{name} ({image.points[marked][0]:.1f}, {image.points[marked][1]:.1f})")
    return figure, (
        f"A square net of codes with the point ({chosen[0]:g}, {chosen[1]:g}) marked, and where "
        f"three generators take it beside the ring's eight modes: {', '.join(told)}."
    )


def explore_latent_plane() -> Explorer:
    """Walk the plane of codes of a GAN, a VAE and a BiGAN side by side.

    Returns
    -------
    Explorer
        With a slider for each coordinate of the code.
    """
    return explore(
        _draw_plane,
        [
            Slider("z1", "Code, to the right", CODES, "{:g}", default=1.0),
            Slider("z2", "Code, upwards", CODES, "{:g}", default=0.0),
        ],
        "Where does each model take a code?",
        "A square net of codes (grey) and its images under three generators (orange), beside the "
        "eight modes of the data (blue). Solid lines run to the right in the net, dashed ones "
        "upwards. The ring marks the same code in all four.",
    )
