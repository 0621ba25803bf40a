"""Chapter 16: the cycle's weight, training there and back again, and a map that deforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor

from gan_lessons.experiments.cycle_digits import make_domains
from gan_lessons.experiments.cycle_film import load_film
from gan_lessons.experiments.cycle_measures import one_of_each, unpack_pictures
from gan_lessons.experiments.cycle_report import outcomes
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.viz import CRITIC, LATENT, MODEL, add_legend, image_rows, new_figure, style
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Moments of the film that are shown, in steps.
STEPS = (0, 20, 80, 120, 170, 200, 250, 300, 400, 500)
#: How the reader chooses a direction, and the letters under which its numbers are stored.
DIRECTIONS = {"digits to night": "ab", "night to digits": "ba"}


class Reached(NamedTuple):
    """What one setting or moment reaches.

    Parameters
    ----------
    error, cycle
        Mean absolute difference from the true partner, and after there and back, by direction.
    kept
        Share of classes that voters still see, by direction.
    pictures
        ``ab``, ``ba``, ``aba``, ``bab``: one image of each class (10, 3, 16, 16).
    """

    error: dict[str, float]
    cycle: dict[str, float]
    kept: dict[str, float]
    pictures: dict[str, Tensor]


@cache
def _shown_pairs() -> tuple[Tensor, Tensor]:
    """Return the test pairs that are shown, one of each class."""
    domains = make_domains("night")
    rows = one_of_each(domains.labels)
    return domains.test_a[rows], domains.test_b[rows]


def _reached(numbers: Mapping[str, float], pictures: dict[str, Tensor]) -> Reached:
    """Return what the fields of an outcome say, by direction."""
    return Reached(
        {"ab": numbers["ab"], "ba": numbers["ba"]},
        {"ab": numbers["cycle_a"], "ba": numbers["cycle_b"]},
        {"ab": numbers["kept_ab"], "ba": numbers["kept_ba"]},
        pictures,
    )


def read_weights(record: Mapping[str, Any]) -> tuple[dict[float, Reached], float]:
    """Return what each cycle weight reaches, means over the ablation's seeds, and the baseline.

    Parameters
    ----------
    record
        ``load_recorded("cycle_digits")``; weights of which a run is missing are left out.

    Returns
    -------
    dict of float to Reached
        Rising weights; pictures of the first seed.
    float
        Mean absolute difference of an image from its partner.

    Raises
    ------
    ValueError
        If fewer than two weights are recorded.
    """
    config, runs = record["config"], record["results"]["runs"]
    training, seeds = config["recipe"]["training"], tuple(config["ablated_on"])
    names = {0.0: "GAN alone", float(training["forward_weight"]): "without identity loss"}
    names |= {float(weight): f"cycle weight {weight:g}" for weight in config["weights"]}
    found = {}
    for weight in sorted(names):
        name = names[weight]
        if all(f"{name}, {seed}" in runs for seed in seeds):
            means = {k: float(v.mean()) for k, v in outcomes(runs, name, seeds).items()}
            pictures = unpack_pictures(runs[f"{name}, {seeds[0]}"]["pictures"])
            found[weight] = _reached(means, pictures)
            baseline = means["identity"]
    if len(found) < 2:
        raise ValueError(f"record must hold at least two cycle weights, got {[*found]}.")
    return found, baseline


def _draw_rows(ax: Axes, reached: Reached, way: str, every: int) -> None:
    """Draw images of some classes before, translated, their true partners, and back again."""
    before, truth = _shown_pairs() if way == "ab" else _shown_pairs()[::-1]
    rows = {
        "before": before,
        "translated": reached.pictures[way],
        "the truth": truth,
        "back again": reached.pictures[way + way[0]],
    }
    image_rows({word: images[::every] for word, images in rows.items()}, ax=ax)


def _draw_numbers(
    ax: Axes, places: Sequence[float], curve: Sequence[Reached], now: int, way: str, same: float
) -> None:
    """Draw error and cycle over settings or moments, with the one shown marked."""
    errors, cycles = [one.error[way] for one in curve], [one.cycle[way] for one in curve]
    with style():
        ax.axhline(same, color=LATENT.color, linestyle=":", linewidth=1.4, label="untranslated")
        for role, values, word in (
            (MODEL, errors, "to the truth"),
            (CRITIC, cycles, "there and back"),
        ):
            ax.plot(places, values, color=role.color, linestyle=role.linestyle, label=word)
            at = places[now], values[now]
            ax.plot(*at, color=role.color, marker=role.marker, markersize=10, ls="none")
        ax.set(ylim=(0, 1.08 * max(same, *errors, *cycles)), ylabel="mean |difference|")
    add_legend(ax)


def _draw(
    table: Mapping[float, Reached],
    now: float,
    words: str,
    same: float,
    places: Sequence[float],
    every: int = 1,
) -> tuple[Figure, Axes]:
    """Draw the rows of images above the numbers of all settings or moments, at their places."""
    way, position = DIRECTIONS[words], [*table].index(now)
    if every == 1:
        figure, (images, numbers) = new_figure(6.4, 4.8, rows=2)
    else:
        figure, (images, numbers) = new_figure(6.4, 2.7, columns=2, width_ratios=(1.3, 1.0))
    _draw_rows(images, table[now], way, every)
    _draw_numbers(numbers, places, [*table.values()], position, way, same)
    return figure, numbers


def _told(reached: Reached, words: str, baseline: float) -> str:
    """Say the numbers of one setting or moment."""
    way = DIRECTIONS[words]
    return (
        f"{words}: the translation is {reached.error[way]:.3f} from the true partner (the "
        f"untranslated image {baseline:.3f}), there and back {reached.cycle[way]:.3f} from the "
        f"start; voters see the true class in {reached.kept[way]:.0%}."
    )


def explore_cycle_weight() -> Explorer:
    """Move the weight of the cycle: what is translated, what comes back, and what is true.

    The runs are recorded (``gan_lessons/experiments/cycle_report.py``): pictures of the first seed,
    numbers means over the ablation's seeds, on all test pairs.

    Returns
    -------
    Explorer
        With a slider for the weight and a choice of the direction.
    """
    record = load_recorded("cycle_digits")
    table, baseline = read_weights(record)
    weights = tuple(table)

    def draw(settings: Settings) -> tuple[Figure, str]:
        weight, words = float(settings["weight"]), str(settings["direction"])
        figure, numbers = _draw(table, weight, words, baseline, range(len(weights)))
        numbers.set_xticks(range(len(weights)), [f"{value:g}" for value in weights])
        numbers.set_xlabel("weight of the cycle")
        return figure, f"Cycle weight {weight:g}, {_told(table[weight], words, baseline)}"

    return explore(
        draw,
        [
            Slider("weight", "Weight of the cycle", weights, "{:g}", default=weights[0]),
            Choice("direction", "Direction", tuple(DIRECTIONS)),
        ],
        "What does the weight of the cycle change?",
        "Above, one test digit of each class, by the first of four runs. Below, means of the four "
        "over all test pairs: how far the translation "
        "is from its true partner (orange, dashed), how far there and back is from the start "
        "(green, dash-dotted), and how far the untranslated image is from the truth (dotted). "
        "No run here has an identity loss.",
    )


def explore_translation_steps() -> Explorer:
    """Move through training: before, translated, and back again, in both directions.

    The run is recorded (``gan_lessons/experiments/cycle_film.py``): the first held-out seed.

    Returns
    -------
    Explorer
        With a slider for the step and a choice of the direction.
    """
    moments, baseline = load_film()
    table = {
        float(one.step): _reached(one.outcome._asdict(), one.pictures)
        for one in moments
        if one.step in STEPS
    }

    def draw(settings: Settings) -> tuple[Figure, str]:
        step, words = int(settings["step"]), str(settings["direction"])
        figure, numbers = _draw(table, float(step), words, baseline, STEPS, every=2)
        numbers.set_xlabel("step")
        return figure, f"Step {step}, {_told(table[float(step)], words, baseline)}"

    return explore(
        draw,
        [
            Slider("step", "Step", STEPS, "{:d}", default=STEPS[-1]),
            Choice("direction", "Direction", tuple(DIRECTIONS)),
        ],
        "There and back again, while the translators learn",
        "Left, the same five test digits at each moment. Right, over all test pairs: distance of "
        "the translation from its true partner (orange, dashed), of there and back from the start "
        "(green, dash-dotted), and of the untranslated image from the truth (dotted).",
    )
