"""What ``diagnose`` can find: one function each, with its threshold and its words."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons.objectives import Objective
from gan_lessons.training._measures import (
    about_a_line,
    change_in_noise,
    d_advantage,
    indifferent_loss,
    late,
    loss_slope,
)

#: What ``diagnose`` can find, in the order in which it names it.
FINDINGS = (
    "diverged",
    "cannot be told from an untrained pair",
    "generator starved",
    "oscillation without trend",
    "collapse",
    "discriminator won",
    "unfinished",
    "healthy",
    "nothing seen",
)
# The thresholds, chosen on other seeds than those they are judged on (``diagnose`` says what of).
TOO_LARGE, STILL, WON, STARVED = 1000.0, 4.0, 0.6, 0.05
SWING, GAP_SWING, COLLAPSED = 0.3, 0.8, 0.45
AHEAD, HEALTHY = 0.4, (0.85, 1.15)

Columns = dict[str, Tensor]


class Finding(NamedTuple):
    """One thing that a history shows.

    Parameters
    ----------
    name : str
        One of ``FINDINGS``.
    evidence : str
        Sentences with the numbers in them, and what to do.
    numbers : dict of str to float
        The same numbers.
    """

    name: str
    evidence: str
    numbers: dict[str, float]


def diverged(columns: Columns, objective: Objective) -> Finding | None:
    """Look for numbers that are not finite, or losses beyond all bounds."""
    remedy = "Lower the learning rates or add a penalty."
    for name, column in columns.items():
        bad = (~torch.isfinite(column)).nonzero()
        if len(bad) > 0:
            step, number = int(columns["step"][bad[0, 0]]), float(column[bad[0, 0]])
            text = f"{name} is {number} at step {step}. {remedy}"
            return Finding("diverged", text, {"step": step, name: number})
    for name in ("d_loss", "g_loss"):
        size = float(late(columns[name]).abs().median())
        if size >= TOO_LARGE * max(1.0, indifferent_loss(objective)):
            return Finding("diverged", f"{name} is about {size:.3g}. {remedy}", {name: size})
    return None


def untrained(columns: Columns, objective: Objective) -> Finding | None:
    """Look for a history in which nothing but noise happens."""
    change = max(change_in_noise(column) for name, column in columns.items() if name != "step")
    swings = "sample_variance" in columns and oscillating(columns) is not None
    if swings or change >= 1 + STILL / math.sqrt(len(columns["step"]) // 3):
        return None
    d_loss, g_loss = (float(late(columns[name]).mean()) for name in ("d_loss", "g_loss"))
    text = (
        f"From the first record on no number leaves its late mean by more than noise (at most "
        f"{change:.1f} standard deviations). D's loss is {d_loss:.3f}; a D that cannot tell has "
        f"{indifferent_loss(objective):.3f}. This is equilibrium, or a pair that has not learned: "
        "look at samples and at the learning rates."
    )
    return Finding(FINDINGS[1], text, {"d_loss": d_loss, "g_loss": g_loss, "change": change})


def starved(columns: Columns, objective: Objective) -> Finding | None:
    """Look for a generator that hears nothing from a D that has won."""
    advantage = d_advantage(columns, objective)
    if not advantage >= WON:
        return None
    slope = loss_slope(objective, columns) / loss_slope(objective, None)
    numbers = {"advantage": advantage, "slope": slope}
    text = f"D's advantage is {advantage:.0%} and G's loss has {slope:.2%} of its slope"
    if "g_gradient" in columns:
        gradients = columns["g_gradient"]
        numbers["gradient"] = float(late(gradients).median() / gradients.max().clamp(min=1e-30))
        text += f"; G's gradient is {numbers['gradient']:.2%} of its largest"
    if min(slope, numbers.get("gradient", 1.0)) >= STARVED:
        return None
    text += ". Use the non-saturating loss, slow D down, or add a penalty (R1)."
    return Finding("generator starved", text, numbers)


def oscillating(columns: Columns) -> Finding | None:
    """Look for samples, or else logits, that swing about a line."""
    if "sample_variance" in columns:
        swing = about_a_line(late(columns["sample_variance"]).clamp(min=1e-12).log())
        text, limit = f"The log of the samples' variance swings by {swing:.2f}", SWING
    else:
        gap = late(columns["real_logits"] - columns["fake_logits"])
        swing = about_a_line(gap) / max(abs(float(gap.mean())), 1e-12)
        text, limit = f"The gap of the mean logits swings by {swing:.0%} of its mean", GAP_SWING
    if swing < limit:
        return None
    text += ". Lower the learning rates (G's first), set beta1 to 0 or 0.5, or add a penalty (R1)."
    return Finding("oscillation without trend", text, {"swing": swing})


def collapsed(columns: Columns) -> Finding | None:
    """Look for samples that have lost the data's spread."""
    if "sample_variance" not in columns:
        return None
    both = ("sample_variance", "pairwise_distance")
    spread = {name: float(late(columns[name]).mean()) for name in both if name in columns}
    if spread["sample_variance"] >= COLLAPSED:
        return None
    text = f"Samples have {spread['sample_variance']:.0%} of the data's variance"
    if "pairwise_distance" in spread:
        text += f" and {spread['pairwise_distance']:.0%} of its mean distance of two points"
    text += ". Look at them; add a penalty (R1), pair the losses (relativistic), or slow D down."
    return Finding("collapse", text, spread)


def d_won(columns: Columns, objective: Objective) -> Finding | None:
    """Look for a D that tells nearly all samples apart."""
    advantage, d_loss = d_advantage(columns, objective), float(late(columns["d_loss"]).mean())
    if not advantage >= WON:
        return None
    text = (
        f"D's loss is {d_loss:.3f}, an advantage of {advantage:.0%} over a D that cannot tell. "
        "Lower D's learning rate or its steps, raise G's learning rate, or add a penalty (R1)."
    )
    return Finding("discriminator won", text, {"d_loss": d_loss, "advantage": advantage})


def verdict(columns: Columns, objective: Objective) -> Finding:
    """Return the finding where nothing is wrong."""
    advantage = d_advantage(columns, objective)
    numbers = {} if math.isnan(advantage) else {"advantage": advantage}
    text = f"D's advantage is {advantage:.0%}, and nothing swings" if numbers else "Nothing swings"
    if "sample_variance" not in columns:
        text += ". Losses cannot show collapse: record sample_spread, and look at samples."
        return Finding("nothing seen", text, numbers)
    variance = float(late(columns["sample_variance"]).mean())
    numbers["sample_variance"] = variance
    text += f"; samples have {variance:.0%} of the data's variance. Look at them"
    if HEALTHY[0] <= variance <= HEALTHY[1] and not advantage >= AHEAD:
        return Finding("healthy", f"{text}.", numbers)
    return Finding("unfinished", f"{text}, and train on.", numbers)
