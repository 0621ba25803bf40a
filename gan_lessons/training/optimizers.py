"""Adam for a network, and the way back into a saved optimizer."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def adam(network: nn.Module, lr: float, betas: tuple[float, float]) -> torch.optim.Adam:
    """Return Adam for a network's trainable weights, fused where torch has it for sure.

    Fused means one kernel for all weights; it counts its steps on the device, so that the host
    never waits.

    Parameters
    ----------
    network : nn.Module
        With at least one weight that requires a gradient.
    lr : float
        Learning rate.
    betas : tuple of float
        (beta1, beta2).

    Returns
    -------
    torch.optim.Adam
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    fused = parameters[0].device.type in ("cpu", "cuda")
    return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=fused)


def load_optimizer(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Take over a saved state, laid out in memory as the weights are.

    torch's fused Adam walks weights, gradients and averages in the order of memory, without a look
    at their strides: averages saved by a run with another ``channels_last`` would be given to the
    wrong weights (measured with torch 2.13).

    Parameters
    ----------
    optimizer : Optimizer
    state : dict
        What its ``state_dict`` returned.
    """
    optimizer.load_state_dict(state)
    for weight, numbers in optimizer.state.items():
        for name, number in numbers.items():
            if isinstance(number, Tensor) and number.shape == weight.shape:
                numbers[name] = torch.empty_like(weight, dtype=number.dtype).copy_(number)


def first_weight(network: object, name: str) -> Tensor:
    """Return a trainable weight of a network, or raise the error that says there is none."""
    if not isinstance(network, nn.Module):
        raise TypeError(f"{name} must be a torch.nn.Module, got {type(network).__name__}.")
    for parameter in network.parameters():
        if parameter.requires_grad:
            return parameter
    raise ValueError(f"{name} must have parameters to train, got none with requires_grad.")
