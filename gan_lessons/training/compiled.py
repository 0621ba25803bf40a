"""A whole step of a GAN as one piece of compiled code, from the same source."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_lessons.objectives import Objective
from gan_lessons.training.config import TrainConfig
from gan_lessons.training.precision import in_precision
from gan_lessons.training.steps import DiscriminatorUpdate, discriminator_step, generator_step


class TracedAdam:
    """Adam in plain tensor operations, on the numbers of a ``torch.optim.Adam``.

    torch's own ``step`` keeps the compiler out; this one it can read. Weights and averages are
    changed in place, so that either may make the next step, and checkpoints are the same.

    Parameters
    ----------
    adam : torch.optim.Adam
        For which ``can_trace`` is true.
    """

    def __init__(self, adam: Optimizer) -> None:
        self.param_groups = adam.param_groups
        self._numbers = []
        for group in adam.param_groups:
            for weight in group["params"]:
                if weight not in adam.state:
                    adam.state[weight] = {
                        "step": torch.zeros((), device=weight.device),
                        "exp_avg": torch.zeros_like(weight),
                        "exp_avg_sq": torch.zeros_like(weight),
                    }
                self._numbers.append((weight, adam.state[weight], group))

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights: Kingma and Ba (2015), algorithm 1."""
        for weight, numbers, group in self._numbers:
            beta1, beta2 = group["betas"]
            t, mean, square = numbers["step"], numbers["exp_avg"], numbers["exp_avg_sq"]
            t.add_(1)
            mean.lerp_(weight.grad, 1 - beta1)
            square.mul_(beta2).addcmul_(weight.grad, weight.grad, value=1 - beta2)
            rate = (group["lr"] / (1 - beta1 ** t.double())).to(weight.dtype)
            scale = (1 - beta2 ** t.double()).sqrt().to(weight.dtype)
            weight.sub_(rate * mean / (square.sqrt() / scale + group["eps"]))


def can_compile_step(config: TrainConfig, augmented: bool) -> bool:
    """Return whether a step is one that torch, of this version, can compile as a whole.

    It draws nothing but z, and it differentiates no gradient.
    """
    return (
        config.compile
        and config.d_steps == 1
        and config.r1_gamma == config.r2_gamma == config.gp_weight == config.instance_noise == 0
        and not augmented
        and hasattr(torch._dynamo.config, "trace_autograd_ops")
    )


def can_trace(optimizer: Optimizer) -> bool:
    """Return whether ``TracedAdam`` does all that this optimizer does; hooks it does not."""
    return (
        type(optimizer) is torch.optim.Adam
        and not (optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks)
        and not any(
            group[name]
            for group in optimizer.param_groups
            for name in ("weight_decay", "amsgrad", "maximize")
        )
    )


def compiled_updates(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizers: tuple[Optimizer, Optimizer],
    objective: Objective,
    config: TrainConfig,
    real: Tensor,
    z: Tensor,
) -> tuple[DiscriminatorUpdate, Tensor]:
    """Make both updates of ``steps`` in compiled code; the first call compiles.

    Parameters
    ----------
    generator, discriminator : nn.Module
    optimizers : tuple of Optimizer
        Of the generator and of the discriminator.
    objective : Objective
    config : TrainConfig
    real : Tensor (n, ...)
        What D sees.
    z : Tensor (n, z_dim)

    Returns
    -------
    DiscriminatorUpdate
        D's.
    Tensor
        G's loss.
    """
    g_adam, d_adam = (TracedAdam(optimizer) for optimizer in optimizers)
    with torch._dynamo.config.patch(trace_autograd_ops=True, recompile_limit=64):
        return _compiled()(generator, discriminator, g_adam, d_adam, objective, config, real, z)


@functools.cache
def _compiled() -> Callable[..., tuple[DiscriminatorUpdate, Tensor]]:
    """Return the compiled form of ``_updates``; made when needed, for torch imports much then."""
    return torch.compile(_updates, fullgraph=True)


def _updates(
    generator: nn.Module,
    discriminator: nn.Module,
    g_adam: Any,
    d_adam: Any,
    objective: Objective,
    config: TrainConfig,
    real: Tensor,
    z: Tensor,
) -> tuple[DiscriminatorUpdate, Tensor]:
    """Make both updates."""
    fake = in_precision(generator, config)(z)
    d = discriminator_step(discriminator, d_adam, objective, real, fake, config)
    return d, generator_step(discriminator, g_adam, objective, real, fake, config)
