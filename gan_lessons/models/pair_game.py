"""The game of pairs (x, z): what generator and encoder minimise, and pairs as rows."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.objectives import FGAN, Hinge, Objective, Saturating, get_objective
from gan_lessons.objectives.base import check_logits


def generator_encoder_loss(
    objective: str | Objective, real_logits: Tensor, fake_logits: Tensor
) -> Tensor:
    r"""Return what G and E minimise together: D's game with both sides exchanged.

    The logits are those of the pairs :math:`(x, E(x))` and :math:`(G(z), z)`. What D calls real
    depends on E, so that E has a loss, too: its pairs must look like the generator's.

    ========================== ==============================================================
    objective                  loss of G and E, r and f the logits of real and generated pairs
    ========================== ==============================================================
    saturating, f-GAN          :math:`-L_D(r, f)`: they descend the value that D climbs
    non-saturating and others  :math:`L_D(f, r)`: D's loss with the sides exchanged
    hinge                      :math:`\mathbb{E}\,r - \mathbb{E} f`: D's margins are not for them
    relativistic               :math:`L_G(r, f)`, which has both sides already
    ========================== ==============================================================

    The part in f is the generator's loss of an ordinary GAN.

    Parameters
    ----------
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective.
    real_logits : Tensor (n,)
        Logits of pairs (x, E(x)).
    fake_logits : Tensor (n,)
        Logits of pairs (G(z), z).

    Returns
    -------
    Tensor
        A scalar.

    Raises
    ------
    TypeError, ValueError
        If the objective is unknown, or the logits are no tensors of shape (n,).

    References
    ----------
    Donahue et al. (2017), eq. 3 and section 3.5.
    """
    objective = get_objective(objective)
    check_logits(real_logits, "real_logits")  # by their own name: below the sides are exchanged
    check_logits(fake_logits, "fake_logits")
    if objective.needs_real:
        return objective.generator_loss(real_logits, fake_logits)
    if isinstance(objective, Hinge):
        # -L_G of the real logits is their mean.
        to_generator = objective.generator_loss(None, fake_logits)
        return to_generator - objective.generator_loss(None, real_logits)
    value_is_shared = isinstance(objective, FGAN) and not objective.alternative
    if isinstance(objective, Saturating) or value_is_shared:
        return -objective.discriminator_loss(real_logits, fake_logits)
    return objective.discriminator_loss(fake_logits, real_logits)


def judge_rows(
    discriminator: Callable[[Tensor, Tensor], Tensor], shape: torch.Size, rows: Tensor
) -> Tensor:
    """Return D's logits (n,) of pairs that are given as rows: the flattened sample, then z."""
    n = shape.numel()
    return discriminator(rows[:, :n].unflatten(1, shape), rows[:, n:])
