"""What the two models of translation share: patches, passes over several parts, whole images."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.modules.batchnorm import _BatchNorm

from gan_lessons._validation import check_floating, check_same_shape
from gan_lessons.models.base import NetworkSystem
from gan_lessons.objectives import Objective
from gan_lessons.regularizers import instance_noise
from gan_lessons.training import TrainConfig, weighted_penalty
from gan_lessons.training.precision import evaluating, in_precision, place, plain

_PART = 64  # images that are translated at a time


class Judged(NamedTuple):
    """What one discriminator said in its update; the two losses carry its graph.

    Parameters
    ----------
    loss, penalty
        The objective's loss and the weighted penalties, scalars.
    real_logits, fake_logits
        Of all patches, in one row.
    """

    loss: Tensor
    penalty: Tensor
    real_logits: Tensor
    fake_logits: Tensor


def judge(
    discriminator: nn.Module,
    objective: Objective,
    real: Tensor,
    fake: Tensor,
    config: TrainConfig,
    rng: torch.Generator,
) -> Judged:
    """Return a discriminator's losses on real and generated samples, by one pass where exact.

    The objective takes the logits of all patches as one batch; a penalty is taken on the mean of a
    sample's logits, the score of the whole image.

    Parameters
    ----------
    discriminator
        Maps samples (n, ...) to logits (n,) or, of patches, (n, h, w).
    objective
        Its ``discriminator_loss`` is used.
    real, fake
        Samples of one shape; ``fake`` is cut off from its generator.
    config
        Gives the weights of the penalties, and ``precision``.
    rng
        Draws the gradient penalty's points.
    """
    fake = fake.detach()
    logits = together(in_precision(discriminator, config), discriminator, (real, fake))
    real_logits, fake_logits = (part.flatten() for part in logits)
    loss = objective.discriminator_loss(real_logits, fake_logits)
    penalty = weighted_penalty(image_score(discriminator), real, fake, config, rng)
    penalty = torch.zeros_like(loss) if penalty is None else penalty
    return Judged(loss, penalty, real_logits.detach(), fake_logits.detach())


def image_score(discriminator: nn.Module) -> Callable[[Tensor], Tensor]:
    """Return the function that maps samples to the mean of their patches' logits, (n,)."""

    def score(samples: Tensor) -> Tensor:
        return discriminator(samples).reshape(len(samples), -1).mean(1)

    return score


def together(
    forward: Callable[[Tensor], Tensor], network: nn.Module, parts: Iterable[Tensor]
) -> tuple[Tensor, ...]:
    """Return what a network makes of each part, by one pass over all where that is the same.

    It is not where batch normalisation ties the samples of a batch, or their sizes differ.

    Parameters
    ----------
    forward
        The network's forward pass, perhaps in another precision.
    network
        Looked at for batch normalisation.
    parts
        Samples (n, ...).
    """
    parts = tuple(parts)
    one_shape = len({part.shape[1:] for part in parts}) == 1
    if (
        len(parts) == 1
        or not one_shape
        or any(isinstance(m, _BatchNorm) for m in network.modules())
    ):
        return tuple(forward(part) for part in parts)
    return forward(torch.cat(parts)).split([len(part) for part in parts])


def mean_difference(made: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean absolute difference over all entries, a scalar; the shapes must agree."""
    check_same_shape(made, wanted, "what a generator made", "what is wanted")
    return (made - wanted).abs().mean()


def seen(samples: Tensor, config: TrainConfig, rng: torch.Generator) -> Tensor:
    """Return samples as a discriminator sees them: with the config's instance noise, if any."""
    if config.instance_noise > 0:
        return instance_noise(samples, config.instance_noise, rng)
    return samples


def check_pair_of_batches(batch: object, d_steps: int) -> tuple[Tensor, Tensor]:
    """Return a batch's two tensors, or say what is wanted.

    Parameters
    ----------
    batch
        A tuple (a, b) of tensors of as many samples, a multiple of ``d_steps``.
    d_steps
        The discriminators' updates in one step.
    """
    if not isinstance(batch, tuple) or len(batch) != 2:
        raise TypeError(
            f"batch must be a tuple (a, b) of samples of both domains, got {type(batch).__name__}; "
            "train on an UnpairedFolder, a tuple of two tensors or a function (n, rng) -> (a, b)."
        )
    a, b = batch
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        kinds = f"{type(a).__name__} and {type(b).__name__}"
        raise TypeError(f"batch must be two tensors, a and b, got {kinds}.")
    for part, name in ((a, "a"), (b, "b")):
        if check_floating(part, f"batch: {name}").dim() == 0:
            raise ValueError(f"batch: {name} must have shape (n, ...), got a single number.")
    if len(a) == 0 or len(a) != len(b) or len(a) % d_steps:
        raise ValueError(
            f"batch must have as many samples of a as of b, a multiple of {d_steps}, got "
            f"{len(a)} and {len(b)}."
        )
    return a, b


def translated(network: nn.Module, images: Tensor, system: NetworkSystem) -> Tensor:
    """Translate whole images of any size in evaluation mode, some at a time.

    Sides that a network cannot halve are padded by reflection to its ``multiple``, and cropped.

    Parameters
    ----------
    network
        A translator.
    images
        Samples (n, ...); only images (n, c, h, w) are padded.
    system
        Says where, and in what dtype.
    """
    if check_floating(images, "images").dim() == 0 or len(images) == 0:
        raise ValueError("images must hold at least one, got none.")
    multiple, below, right = getattr(network, "multiple", 1), 0, 0
    if images.dim() == 4:
        height, width = images.shape[2:]
        below, right = -height % multiple, -width % multiple
        if below >= height or right >= width:
            raise ValueError(
                f"images must have sides above {multiple // 2} pixels, to be padded to multiples "
                f"of {multiple}, got {height} by {width}; enlarge them."
            )

    def whole(part: Tensor) -> Tensor:
        part = place(part, system.device, system.dtype, system.config)
        if not below and not right:
            return network(part)
        return network(pad(part, (0, right, 0, below), mode="reflect"))[:, :, :height, :width]

    with evaluating(network), plain(system.config):  # compiled code is for batches of one size
        return torch.cat([whole(part) for part in images.split(_PART)])
