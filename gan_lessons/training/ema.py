"""A running average of a network's weights."""

import copy

import torch
from torch import nn

from gan_lessons._validation import check_count, check_positive


class EMA:
    r"""Exponential moving average of a network's weights and buffers.

    .. math:: \bar\theta_t = d_t \bar\theta_{t-1} + (1 - d_t)\, \theta_t,
        \qquad d_t = \min\Big(d, \frac{1 + t}{10 + t}\Big), \quad t = 1, 2, \dots

    The decay starts low, so that the random initial weights are soon forgotten also in a short
    run. Floating-point buffers (BatchNorm's running statistics) are averaged like weights;
    others are copied.

    Parameters
    ----------
    network : nn.Module
        What is averaged; a copy of it, ``EMA.network``, holds the average, in evaluation mode.
    decay : float
        The final decay d, in [0, 1).

    Raises
    ------
    TypeError, ValueError
        If ``network`` is no module, or ``decay`` no number in [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        if not isinstance(network, nn.Module):
            raise TypeError(f"network must be a torch.nn.Module, got {type(network).__name__}.")
        if check_positive(decay, "decay", allow_zero=True) >= 1:
            raise ValueError(f"decay must be in [0, 1), got {decay}.")
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0
        self._mine, self._copied_mine = _tensors(self.network)
        self._theirs, self._copied_theirs = _tensors(network)

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the network as it is now."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self._mine, self._theirs, 1 - decay)
        if self._copied_mine:
            torch._foreach_copy_(self._copied_mine, self._copied_theirs)

    def state_dict(self) -> dict[str, object]:
        """Return the average and the number of updates."""
        return {"network": self.network.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Take over what ``state_dict`` returned."""
        weights, updates = state["network"], check_count(state["updates"], "updates", minimum=0)
        if not isinstance(weights, dict):
            raise TypeError(f"state['network'] must be a dict, got {type(weights).__name__}.")
        self.network.load_state_dict(weights)
        self.updates = updates


def _tensors(network: nn.Module) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return what is averaged (parameters, floating-point buffers) and what is copied."""
    averaged: list[torch.Tensor] = list(network.parameters())  # themselves: a copy keeps track
    averaged += [buffer for buffer in network.buffers() if buffer.is_floating_point()]
    return averaged, [buffer for buffer in network.buffers() if not buffer.is_floating_point()]
