"""Runs that go wrong on purpose, labelled by a rule, and what ``diagnose`` calls them (chapter 10).

The rule came first: it was written down, and committed, before ``diagnose`` was tuned. It looks at
what ``diagnose`` never sees: the true modes of the data law, fresh samples, how well D orders
fresh pairs. Again: ``python -m gan_lessons.experiments.diagnosed_runs``.
"""

import torch
from torch import Tensor

from gan_lessons.experiments.provoked_runs import Truth

#: Every label that the rule gives; the first that holds, in this order, is the label.
LABELS = (
    "diverged",
    "untrained",
    "generator starved",
    "discriminator won",
    "oscillating",
    "collapsed",
    "healthy",
    "unfinished",
)


def effective_modes(shares: Tensor) -> Tensor:
    r"""Return :math:`k \exp(-\mathrm{KL}(q \| u)) = \exp H(q)` of shares (..., k), shape (...)."""
    return torch.special.entr(shares.double()).sum(-1).exp()


def label(truth: Truth) -> str:
    r"""Name a run by what is known of it and ``diagnose`` does not see.

    "Late" is the last third of the moments, and a number is its mean over them. The first line
    that holds gives the label; k is the number of modes.

    - diverged: a sample is not finite, or late samples are more than 100 spreads away.
    - untrained: late samples are within 0.05 spreads of where they were before training.
    - generator starved: as the next, and G's loss has less than 1/20 of the slope in the logits
      that it has at logit 0.
    - discriminator won: D orders at least 95% of fresh pairs rightly, and less than a quarter of
      the samples is of high quality (a collapsed G on true modes is no loss of the game).
    - oscillating: from one moment to the next at least a quarter of the samples changes modes
      (total variation of the shares of nearest modes).
    - collapsed: at most k / 2 effective modes, exp(entropy of the shares).
    - healthy: at least 0.9 k effective modes, 0.9 k modes reached, and a quarter of the samples
      of high quality (a uniform disc as large as the ring has 0.14).
    - unfinished: the rest, between healthy and collapsed, or blurred.

    Parameters
    ----------
    truth : Truth
        Measurements at three moments or more.

    Returns
    -------
    str
        One of ``LABELS``.
    """
    late = slice(-max(2, len(truth.size) // 3), None)
    size = truth.size[late]
    if not bool(torch.isfinite(truth.size).all()) or float(size.mean()) > 100:
        return "diverged"
    if float(truth.moved[late].mean()) < 0.05:
        return "untrained"
    shares, k = truth.shares[late], truth.shares.shape[1]
    quality = float(truth.high_quality[late].mean())
    if float(truth.separation[late].mean()) >= 0.95 and quality < 0.25:
        starved = float(truth.push[late].mean()) < 0.05
        return "generator starved" if starved else "discriminator won"
    if float((shares[1:] - shares[:-1]).abs().sum(1).mean() / 2) >= 0.25:
        return "oscillating"
    effective = float(effective_modes(shares).mean())
    if effective <= k / 2:
        return "collapsed"
    reached = float(truth.modes[late].double().mean())
    if effective >= 0.9 * k and reached >= 0.9 * k and quality >= 0.25:
        return "healthy"
    return "unfinished"
