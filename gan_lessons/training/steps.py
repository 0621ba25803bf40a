"""The two updates of a GAN. This is the whole algorithm; the rest of the folder serves it."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer

from gan_lessons.objectives import Objective, get_objective
from gan_lessons.regularizers import gradient_penalty, r1_penalty, r2_penalty
from gan_lessons.training.config import TrainConfig
from gan_lessons.training.precision import Network, in_precision, plain


class DiscriminatorUpdate(NamedTuple):
    """What one discriminator update saw, before the update; all detached.

    Parameters
    ----------
    loss : Tensor
        The objective's loss, a scalar, without penalty.
    penalty : Tensor
        The weighted penalties, a scalar.
    real_logits, fake_logits : Tensor (n,)
        What D said.
    """

    loss: Tensor
    penalty: Tensor
    real_logits: Tensor
    fake_logits: Tensor


def discriminator_step(
    discriminator: Network,
    optimizer: Optimizer,
    objective: str | Objective,
    real: Tensor,
    fake: Tensor,
    config: TrainConfig,
    rng: torch.Generator | None = None,
) -> DiscriminatorUpdate:
    """Make one update of the discriminator; the generator is not touched.

    Parameters
    ----------
    discriminator : nn.Module or callable
        Maps samples (n, ...) to logits (n,).
    optimizer : Optimizer
        Of the discriminator's parameters.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective; its ``discriminator_loss`` is minimised, plus the
        penalties of ``config``.
    real, fake : Tensor (n, ...)
        What D sees; ``fake`` may carry the generator's graph, which is cut here.
    config : TrainConfig
        Gives ``r1_gamma``, ``r2_gamma``, ``gp_weight`` and ``precision``.
    rng : torch.Generator, optional
        Draws the gradient penalty's points; None draws from torch's default generator.

    Returns
    -------
    DiscriminatorUpdate
        Loss without penalty, weighted penalty, and both logits, all detached.
    """
    if isinstance(objective, str):
        objective = get_objective(objective)
    fake = fake.detach()
    judge = in_precision(discriminator, config)
    real_logits, fake_logits = judge(real), judge(fake)
    loss = objective.discriminator_loss(real_logits, fake_logits)
    penalty = weighted_penalty(discriminator, real, fake, config, rng)
    _cleared(optimizer)
    (loss if penalty is None else loss + penalty).backward()
    optimizer.step()
    loss = loss.detach()
    shown = torch.zeros_like(loss) if penalty is None else penalty.detach()
    return DiscriminatorUpdate(loss, shown, real_logits.detach(), fake_logits.detach())


def generator_step(
    discriminator: Network,
    optimizer: Optimizer,
    objective: str | Objective,
    real: Tensor | None,
    fake: Tensor,
    config: TrainConfig | None = None,
) -> Tensor:
    """Make one update of the generator; the discriminator's weights and gradients are not touched.

    Parameters
    ----------
    discriminator : nn.Module or callable
        Maps samples (n, ...) to logits (n,).
    optimizer : Optimizer
        Of the generator's parameters.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective; its ``generator_loss`` is minimised.
    real : Tensor (n, ...) or None
        Used only where ``objective.needs_real``.
    fake : Tensor (n, ...)
        Generated samples with the generator's graph.
    config : TrainConfig, optional
        Gives ``precision``; None computes in the dtype of the networks.

    Returns
    -------
    Tensor
        The loss before the update, a detached scalar.
    """
    if isinstance(objective, str):
        objective = get_objective(objective)
    judge = in_precision(discriminator, config)
    real_logits = judge(real) if objective.needs_real else None
    loss = objective.generator_loss(real_logits, judge(fake))
    weights = _cleared(optimizer)
    loss.backward(inputs=weights)  # no gradients for D's weights
    optimizer.step()
    return loss.detach()


def weighted_penalty(
    discriminator: Network,
    real: Tensor,
    fake: Tensor,
    config: TrainConfig,
    rng: torch.Generator | None = None,
) -> Tensor | None:
    """Return r1_gamma / 2 * R1 + r2_gamma / 2 * R2 + gp_weight * GP, or None if all are 0.

    Parameters
    ----------
    discriminator : nn.Module or callable
        Maps samples (n, ...) to logits (n,).
    real, fake : Tensor (n, ...)
        Where the penalties are taken.
    config : TrainConfig
        Gives the three weights.
    rng : torch.Generator, optional
        Draws the gradient penalty's points; None draws from torch's default generator.

    Returns
    -------
    Tensor or None
        A scalar with its graph.
    """
    if not (config.r1_gamma or config.r2_gamma or config.gp_weight):
        return None
    terms = []
    with plain(config):  # neither compiled nor in bfloat16
        if config.r1_gamma > 0:
            terms.append(config.r1_gamma / 2 * r1_penalty(discriminator, real))
        if config.r2_gamma > 0:
            terms.append(config.r2_gamma / 2 * r2_penalty(discriminator, fake))
        if config.gp_weight > 0:
            terms.append(config.gp_weight * gradient_penalty(discriminator, real, fake, rng))
    return torch.stack(terms).sum()


def _cleared(optimizer: Optimizer) -> list[Tensor]:
    """Return the weights that an optimizer trains, without gradients.

    This is ``optimizer.zero_grad()`` but for its mark for the profiler, which costs a small
    network as much as its loss.
    """
    weights = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    for weight in weights:
        weight.grad = None
    return weights
