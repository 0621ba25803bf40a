"""What many seeds do each for itself: initial weights, penalties, and the state that is saved."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons.regularizers import input_gradient, instance_noise, interpolate
from gan_lessons.training.config import MAY_CHANGE, TrainConfig
from gan_lessons.training.device import check_seed
from gan_lessons.training.state import Augment

MakeNetworks = Callable[[int], tuple[nn.Module, nn.Module]]


def seeded_networks(make_networks: MakeNetworks, seed: int) -> tuple[nn.Module, nn.Module]:
    """Return ``make_networks(seed)``, with torch's default generator set to the seed meanwhile.

    Parameters
    ----------
    make_networks : callable
        ``make_networks(seed)`` returns (generator, discriminator).
    seed : int
        At least 0.

    Returns
    -------
    tuple of nn.Module

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is out of range, or two networks are not what comes.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(check_seed(seed))
        pair = make_networks(seed)
    networks = pair if isinstance(pair, (tuple, list)) else ()
    if [isinstance(network, nn.Module) for network in networks] != [True, True]:
        raise TypeError(f"make_networks must return two networks, got {pair!r}.")
    return pair


def seen(
    samples: Tensor, augment: Augment | None, std: float, rngs: list[torch.Generator]
) -> Tensor:
    """Return samples (s, n, ...) as D sees them: augmented, with instance noise, seed by seed."""
    if augment is None and std == 0:
        return samples
    parts = list(samples)
    if augment is not None:
        parts = [augment(part, rng) for part, rng in zip(parts, rngs, strict=True)]
    noisy = [instance_noise(part, std, rng) for part, rng in zip(parts, rngs, strict=True)]
    return torch.stack(noisy)


def weighted_penalties(
    discriminate: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    config: TrainConfig,
    rngs: list[torch.Generator],
) -> Tensor | None:
    """Return ``weighted_penalty`` of each seed, (s,), or None if all weights are 0.

    Parameters
    ----------
    discriminate : callable
        Maps samples (s, n, ...) to logits (s, n).
    real, fake : Tensor (s, n, ...)
        Where the penalties are taken.
    config : TrainConfig
        Gives ``r1_gamma``, ``r2_gamma`` and ``gp_weight``.
    rngs : list of torch.Generator
        One per seed; they draw the gradient penalty's points.

    Returns
    -------
    Tensor (s,) or None
        With its graph.
    """

    def slopes(x: Tensor) -> Tensor:
        """Return the norm of the gradient of D at each sample, (s, n)."""

        def flat(rows: Tensor) -> Tensor:
            return discriminate(rows.unflatten(0, x.shape[:2])).flatten()

        return input_gradient(flat, x.flatten(0, 1)).norm(dim=1).unflatten(0, x.shape[:2])

    terms = []
    if config.r1_gamma > 0:
        terms.append(config.r1_gamma / 2 * slopes(real).square().mean(1))
    if config.r2_gamma > 0:
        terms.append(config.r2_gamma / 2 * slopes(fake).square().mean(1))
    if config.gp_weight > 0:
        points = [interpolate(*pair) for pair in zip(real, fake, rngs, strict=True)]
        terms.append(config.gp_weight * (slopes(torch.stack(points)) - 1).square().mean(1))
    return torch.stack(terms).sum(0) if terms else None


def finite_seeds(state: Any, seeds: int) -> Tensor:
    """Return for each seed whether all its numbers in nested dicts of tensors are finite, (s,)."""
    if isinstance(state, dict):
        finite = torch.ones(seeds, dtype=torch.bool)
        for part in state.values():
            finite = finite & finite_seeds(part, seeds)
        return finite
    if isinstance(state, Tensor) and state.dim() > 0:
        return state.detach().flatten(1).isfinite().all(1).cpu()
    return torch.ones(seeds, dtype=torch.bool)


def filled(state: Any, seeds: Tensor, value: float) -> Any:
    """Return nested dicts with the numbers of the chosen seeds, a mask (s,), set to ``value``."""
    if isinstance(state, dict):
        return {key: filled(part, seeds, value) for key, part in state.items()}
    if isinstance(state, Tensor) and state.dim() > 0:
        mask = seeds.to(state.device).view(-1, *[1] * (state.dim() - 1))
        return state.detach().masked_fill(mask, value)
    return state


def check_state(state: dict[str, Any], config: dict[str, Any], objective: str) -> None:
    """Raise ``ValueError`` if a state is of another configuration, but for MAY_CHANGE."""
    mine = {**config, "objective": objective}
    theirs = {**state["config"], "objective": state["objective"]}
    differ = [k for k in mine if mine[k] != theirs.get(k) and k not in MAY_CHANGE]
    if differ:
        raise ValueError(
            f"state is of another configuration: {', '.join(differ)} differ (state has "
            f"{[theirs.get(k) for k in differ]}, the system {[mine[k] for k in differ]})."
        )
    if state["rng"].dim() != 2:  # it was saved on another type of device
        raise ValueError("many seeds go on only on the type of device that they were saved on.")
