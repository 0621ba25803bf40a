"""Chapter 1: noise that the log-likelihood forgives, and windows that memorise."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.experiments.parzen_trap import TrapConfig, centroids, split_digits
from gan_lessons.metrics import parzen_log_likelihood
from gan_lessons.viz import DATA, LATENT, MODEL, image_grid, new_figure
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHARES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
WIDTHS = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.14, 0.2, 0.3, 0.5)
CURVE = tuple(round(0.01 * 50 ** (i / 24), 5) for i in range(25))  # places of the drawn curves
CENTRES = ("1,000 digits", "200 digits", "200 centroids")
GOOD_WIDTH = 0.14  # chosen on validation images in most splits
COLUMNS, SHOWN = 5, 20
HEIGHTS = (-60.0, 150.0)  # nats, the same in all pictures of the windows


class Windows(NamedTuple):
    """Samples (n, 64) of a window model, and its mean log-likelihoods in nats."""

    samples: Tensor
    on_centres: float
    on_test: float


@cache
def _digits() -> tuple[Tensor, Tensor]:
    """Return 1,000 training and 397 test images of the first split."""
    train, _, test = split_digits(0, TrapConfig())
    return train, test


@cache
def _centres(name: str) -> Tensor:
    """Return the centres of one choice."""
    train, _ = _digits()
    choices = {"1,000 digits": train, "200 digits": train[:200]}
    return centroids(train, 200) if name == "200 centroids" else choices[name]


def _window_samples(centres: Tensor, width: float) -> Tensor:
    """Draw samples of the window model; only the width changes them, not the random numbers."""
    rng = torch.Generator().manual_seed(0)
    chosen = torch.randint(len(centres), (SHOWN,), generator=rng)
    noise = torch.randn(SHOWN, centres.shape[1], generator=rng, dtype=torch.float64)
    return centres[chosen] + width * noise


@cache
def window_model(name: str, width: float) -> Windows:
    """Evaluate Gaussians of one width on digits or centroids.

    Parameters
    ----------
    name
        One of ``CENTRES``.
    width
        Standard deviation of each Gaussian; a pixel runs from 0 to 1.
    """
    centres, (_, test) = _centres(name), _digits()
    return Windows(
        _window_samples(centres, width),
        float(parzen_log_likelihood(centres, centres, width).mean()),
        float(parzen_log_likelihood(test, centres, width).mean()),
    )


@cache
def noisy_model(share: float) -> tuple[Tensor, float]:
    r"""Mix a good model of digits with uniform noise.

    .. math:: q = (1 - \lambda) \, \hat p + \lambda \, u, \qquad \log u(x) = 0
        \text{ on the cube } [0, 1]^{64}

    Parameters
    ----------
    share
        The share of noise, at least 0 and below 1.

    Returns
    -------
    tuple
        Samples (20, 64), a sample that is noise at one share being noise at all larger ones, and
        the mean log-likelihood of the test images in nats.
    """
    train, test = _digits()
    rng = torch.Generator().manual_seed(1)
    # strata, so that the share of digits among those shown is right as well
    when = (torch.randperm(SHOWN, generator=rng) + 0.5) / SHOWN
    noise = torch.rand(SHOWN, train.shape[1], generator=rng, dtype=torch.float64)
    samples = torch.where((when < share)[:, None], noise, _window_samples(train, GOOD_WIDTH))
    good = parzen_log_likelihood(test, train, GOOD_WIDTH) + math.log1p(-share)
    if share == 0:
        return samples, float(good.mean())
    return samples, float(torch.logaddexp(good, good.new_tensor(math.log(share))).mean())


def _draw_images(ax: Axes, samples: Tensor) -> None:
    """Draw rows (n, 64) of pixels in [0, 1], what lies outside cut off."""
    image_grid(samples.clamp(0, 1).reshape(-1, 1, 8, 8) * 2 - 1, columns=COLUMNS, ax=ax)
    ax.set_title("samples of the model")


def _draw_noise(settings: Settings) -> tuple[Figure, str]:
    """Draw samples on the left, the log-likelihood over the share of digits on the right."""
    share = float(settings["share"])
    samples, value = noisy_model(share)
    without, few = noisy_model(0.0)[1], window_model("200 digits", 0.17).on_test
    figure, (left, right) = new_figure(6.4, 3.1, columns=2, width_ratios=(1.15, 1.0))
    _draw_images(left, samples)
    remaining = [1 - s for s in SHARES]
    values = [noisy_model(s)[1] for s in SHARES]
    bound = [without + math.log(r) for r in remaining]
    right.plot(remaining, values, color=MODEL.color, linestyle=MODEL.linestyle)
    right.plot(remaining, bound, color=LATENT.color, linestyle=LATENT.linestyle)
    right.plot([1 - share], [value], color=MODEL.color, marker=MODEL.marker, markersize=11)
    right.axhline(few, color=DATA.color, linewidth=1.2)
    right.text(0.9, few + 0.4, "200 digits, no noise", color=DATA.color, va="bottom")
    right.text(0.9, 23.4, "guaranteed", color=LATENT.color, va="top")
    right.set(xscale="log", xlim=(1.3, 0.0008), ylim=(12, 31), xlabel="share of digits")
    right.set_xticks([1, 0.1, 0.01, 0.001], ["1", "0.1", "0.01", "0.001"])
    right.minorticks_off()
    right.set_title("test log-likelihood (nats)")
    if share == 0:
        return figure, (
            f"No noise: the mean log-likelihood of test digits is {value:.1f} nats. The model on "
            f"200 digits instead of 1,000 has {few:.1f}."
        )
    return figure, (
        f"{share:.1%} of the samples are noise: the mean log-likelihood of test digits is "
        f"{value:.1f} nats, a loss of {without - value:.1f}, where log({1 / (1 - share):.4g}) = "
        f"{-math.log1p(-share):.1f} is the most it can be."
    )


def _draw_windows(settings: Settings) -> tuple[Figure, str]:
    """Draw samples on the left, log-likelihoods over the width on the right."""
    name, width = str(settings["centres"]), float(settings["width"])
    model = window_model(name, width)
    figure, (left, right) = new_figure(6.4, 3.1, columns=2, width_ratios=(1.15, 1.0))
    _draw_images(left, model.samples)
    curves = [window_model(name, w) for w in CURVE]
    for role, key in ((MODEL, "on_centres"), (DATA, "on_test")):
        heights = [getattr(curve, key) for curve in curves]
        right.plot(CURVE, heights, color=role.color, linestyle=role.linestyle)
        here = min(max(getattr(model, key), HEIGHTS[0] + 6), HEIGHTS[1] - 6)
        outside = here != getattr(model, key)
        marker = ("^" if here > 0 else "v") if outside else role.marker
        right.plot([width], [here], color=role.color, marker=marker, markersize=10)
    right.text(0.085, 108, "its own centres", color=MODEL.color)
    right.text(0.045, -45, "test", color=DATA.color, ha="right")
    right.set(xscale="log", ylim=HEIGHTS, xlabel=r"width $\ell$")
    right.set_xticks([0.01, 0.03, 0.1, 0.3], ["0.01", "0.03", "0.1", "0.3"])
    right.minorticks_off()
    right.set_title("mean log-likelihood (nats)")
    return figure, (
        f"Windows of width {width:g} on {name}: {model.on_test:,.0f} nats on test digits, "
        f"{model.on_centres:,.0f} on the model's own centres. An arrowhead at the edge marks a "
        "value outside the picture."
    )


def explore_noise_share() -> Explorer:
    """Replace a model's samples by noise and see how little its log-likelihood minds.

    Returns
    -------
    Explorer
        With a slider for the share of noise.
    """
    return explore(
        _draw_noise,
        [Slider("share", "Share of noise", SHARES, "{:.1%}")],
        "How much noise does the log-likelihood forgive?",
        "Left, samples of a model that gives a digit or, with the chosen share, uniform noise; "
        "right, its log-likelihood on digits it has not seen. Move the share to 99%.",
    )


def explore_windows() -> Explorer:
    """Change the width of the windows on training digits, from memory to blur.

    Returns
    -------
    Explorer
        With a slider for the width and a choice of the centres.
    """
    return explore(
        _draw_windows,
        [
            Slider("width", "Width", WIDTHS, "{:.2f}", default=0.14),
            Choice("centres", "Windows on", CENTRES),
        ],
        "From memory to blur",
        "Left, samples of Gaussian windows, cut off at black and white; right, what the model "
        "thinks of its own centres and of test digits. Move the width down and watch both.",
    )
