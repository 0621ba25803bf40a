"""What ``diagnose`` measures in the columns of a history."""

import math

import torch
from torch import Tensor
from torch.func import vmap

from gan_lessons.objectives import Objective


def late(column: Tensor) -> Tensor:
    """Return the last third."""
    return column[-(len(column) // 3) :]


def change_in_noise(column: Tensor) -> float:
    """Return the first third's rms distance from the late mean, over the late standard deviation.

    About 1 where nothing but noise is in the column.
    """
    first, last = column[: len(column) // 3], late(column)
    distance = (first - last.mean()).square().mean().sqrt()
    return 0.0 if float(distance) == 0 else float(distance / last.std().clamp(min=1e-30))


def about_a_line(column: Tensor) -> float:
    """Return the standard deviation of a column about its least-squares line."""
    t = torch.arange(len(column), dtype=column.dtype)
    t, y = t - t.mean(), column - column.mean()
    rest = y - (t @ y) / (t @ t) * t
    return float((rest.square().sum() / (len(column) - 2)).sqrt())


def indifferent_loss(objective: Objective) -> float:
    """Return the least D loss over D that give every sample the same logit c."""
    constants = torch.linspace(-3, 3, 601, dtype=torch.float64).unsqueeze(1)
    return float(vmap(objective.discriminator_loss)(constants, constants).min())


def d_advantage(columns: dict[str, Tensor], objective: Objective) -> float:
    """Return 1 - L_D / L_0, late; NaN where an undecided D has no positive loss."""
    undecided = indifferent_loss(objective)
    if undecided < 1e-9:
        return math.nan
    return 1 - float(late(columns["d_loss"]).mean()) / undecided


def loss_slope(objective: Objective, columns: dict[str, Tensor] | None) -> float:
    """Return |dL_G / d logit| at the late mean logits, or at logits of 0."""
    real, fake = torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    if columns is not None:
        real, fake = (late(columns[k]).mean().unsqueeze(0) for k in ("real_logits", "fake_logits"))
    fake.requires_grad_()
    loss = objective.generator_loss(real if objective.needs_real else None, fake)
    return float(torch.autograd.grad(loss, fake)[0].abs())
