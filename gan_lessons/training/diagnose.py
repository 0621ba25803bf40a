"""What a training history says about the run, in words, with the numbers that say so."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gan_lessons.objectives import Objective, get_objective
from gan_lessons.training.findings import (
    Finding,
    collapsed,
    d_won,
    diverged,
    oscillating,
    starved,
    untrained,
    verdict,
)

NEEDED = ("step", "d_loss", "g_loss", "real_logits", "fake_logits")
USED = (*NEEDED, "g_gradient", "sample_variance", "pairwise_distance")
MINIMUM = 12  # records: four in each third


def diagnose(
    history: Mapping[str, Sequence[float]], objective: str | Objective = "non-saturating"
) -> list[Finding]:
    r"""Say what a training history shows; the first finding is the main one.

    "Late" is the last third of the records. D's advantage is :math:`1 - L_D / L_0`, where
    :math:`L_0 = \min_c L_D(c, c)` is the least loss of a D that gives every sample the same logit
    (2 log 2 for the losses of 2014): 0 where D cannot tell, 1 where it has won. The Wasserstein
    loss has no such scale (:math:`L_0 = 0`), and no D that has won is reported for it.

    - *diverged*: a number is not finite, or a late loss is over 1000 times that of an
      undecided D.
    - *cannot be told from an untrained pair*: the first third of every column scatters about its
      late mean as the last third does, up to a factor of 1 + 4 / sqrt(records in a third). A D
      loss of 2 log 2 = 1.386 and a G loss of log 2 from the first record on may be equilibrium,
      or nothing learned at all.
    - *generator starved*: D has won, and G's late gradient is below 5% of its largest, or G's
      loss has less than 5% of its slope at logit 0.
    - *oscillation without trend*: late samples spread out and contract by 30% (standard deviation
      of the log variance about a line); without the spread of samples, the gap of the mean logits
      swings by 80% of its mean.
    - *collapse*: late samples have less than 45% of the data's variance.
    - *discriminator won*: D's late advantage is at least 60%.
    - *healthy*: nothing of the above, 85% to 115% of the data's variance, and an advantage below
      40%; *unfinished*: not so; *nothing seen*: no spread was recorded, so collapse is possible.

    The thresholds were chosen on small networks that learn a ring in the plane. On held-out seeds
    the main finding was right in 128 of 144 runs (no fault was seen in any of 52 healthy ones, but
    9 of 24 unfinished ones looked healthy), on another law in 50 of 72; without the samples'
    spread in 49 of 144: see ``experiments.diagnosed_runs``. No history shows that samples are good.

    Parameters
    ----------
    history : mapping of str to sequence of float
        As ``history(train(...))`` or ``seed_history`` return it, with at least 12 records. The
        keys ``step``, ``d_loss``, ``g_loss``, ``real_logits``, ``fake_logits`` are needed;
        ``g_gradient``, ``sample_variance`` and ``pairwise_distance`` (of ``sample_spread``, one
        number per record) are used where they are there.
    objective : str or Objective
        What was trained with.

    Returns
    -------
    list of Finding
        At least one, in the order of ``FINDINGS``.

    Raises
    ------
    TypeError, ValueError
        If ``history`` is no mapping of equally long lists of numbers, lacks a key or is too short.
    """
    losses, columns = get_objective(objective), _columns(history)
    bad = diverged(columns, losses)
    if bad is not None:
        return [bad]
    looks = (
        untrained(columns, losses),
        starved(columns, losses),
        oscillating(columns),
        collapsed(columns),
        d_won(columns, losses),
    )
    return [found for found in looks if found is not None] or [verdict(columns, losses)]


def _columns(history: object) -> dict[str, Tensor]:
    """Return the columns that are looked at as float64 tensors, checked."""
    if not isinstance(history, Mapping):
        raise TypeError(
            f"history must be a dict of lists, got {type(history).__name__}; call "
            "history(records), or seed_history(records, index) for train_seeds."
        )
    missing = [name for name in NEEDED if name not in history]
    if missing:
        raise ValueError(
            f"history must have {', '.join(NEEDED)}; {', '.join(missing)} missing. Pass what "
            "history(train(...)) returns."
        )
    known = [name for name in USED if name in history]
    columns = {}
    for name in known:
        try:
            columns[name] = torch.as_tensor(history[name], dtype=torch.float64).cpu()
        except (TypeError, ValueError, RuntimeError):
            raise TypeError(f"history[{name!r}] must be a list of numbers.") from None
        if columns[name].shape != columns["step"].shape or columns[name].dim() != 1:
            raise ValueError(
                f"history[{name!r}] must have one number per step, got shape "
                f"{tuple(columns[name].shape)} for {len(history['step'])} steps."
            )
    if len(columns["step"]) < MINIMUM:
        raise ValueError(
            f"history must have at least {MINIMUM} records, got {len(columns['step'])}; train "
            "longer or lower log_every."
        )
    return columns
