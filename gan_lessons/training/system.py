"""What can be trained: a system. The loop, checkpoints and torchrun know nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_lessons.training.config import TrainConfig
from gan_lessons.training.records import TrainingDiverged


class System(Protocol):
    """What ``train`` and the checkpoints know of whatever is trained.

    Its networks and optimizers are plain attributes, so that ``networks_of`` and
    ``optimizers_of`` find them. The optimizer of the network called ``generator`` is called
    ``g_optimizer``, that of ``encoder`` ``e_optimizer``, and so on. A system that also has the
    attribute ``last_checkpoint`` (a path or None) is told where it was saved last.
    """

    #: Steps made so far.
    steps_done: int
    #: The source of all that is drawn while training; part of ``state_dict``.
    rng: torch.Generator

    @property
    def config(self) -> TrainConfig:
        """The numbers that it was made with; a model's own kind of TrainConfig will do."""
        ...

    def step(self, batch: Any, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Make one step on a batch and return metrics, as tensors that nobody has waited for."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on, as tensors and plain data."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        ...


def check_system(system: object) -> None:
    """Raise ``TypeError`` unless ``system`` has what ``System`` asks for."""
    wanted = ("steps_done", "rng", "step", "state_dict", "load_state_dict")
    missing = [name for name in wanted if not hasattr(system, name)]
    if missing:
        raise TypeError(
            f"system must be a System such as GANState, got {type(system).__name__} without "
            f"{', '.join(missing)}."
        )


def networks_of(system: object) -> dict[str, nn.Module]:
    """Return the networks of a system by name, in the order in which they were set.

    Parameters
    ----------
    system : System
        Its public attributes are looked at.

    Returns
    -------
    dict of str to nn.Module
    """
    return {name: value for name, value in _public(system) if isinstance(value, nn.Module)}


def optimizers_of(system: object) -> dict[str, Optimizer]:
    """Return the optimizers of a system by name, in the order in which they were set.

    Parameters
    ----------
    system : System
        Its public attributes are looked at.

    Returns
    -------
    dict of str to Optimizer
    """
    return {name: value for name, value in _public(system) if isinstance(value, Optimizer)}


def gradient_norms(system: object) -> dict[str, Tensor]:
    """Return the norm of the gradient that each optimizer used last: ``g_optimizer``'s is
    ``g_gradient``.

    Gradients stay until the next ``zero_grad``, so that a step need not compute their norm.

    Parameters
    ----------
    system : System

    Returns
    -------
    dict of str to Tensor
        Scalars; an optimizer that has made no step is left out.
    """
    norms = {}
    for name, optimizer in optimizers_of(system).items():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        gradients = [p.grad for p in parameters if p.grad is not None]
        if gradients:
            norms[f"{name.removesuffix('optimizer')}gradient"] = nn.utils.get_total_norm(gradients)
    return norms


def check_weights(system: object) -> None:
    """Raise ``TrainingDiverged`` if a weight of a network is not finite; one wait for the device.

    Parameters
    ----------
    system : System

    Raises
    ------
    TrainingDiverged
        Naming the first such weight, such as "generator.0.weight".
    """
    weights = {
        f"{name}.{part}": weight.detach()
        for name, network in networks_of(system).items()
        for part, weight in network.named_parameters()
    }
    if not weights:
        return
    finite = torch.stack([weight.isfinite().all() for weight in weights.values()]).tolist()
    for which, good in zip(weights, finite, strict=True):
        if not good:
            weight = weights[which]
            raise diverged(system, which, float(weight[~weight.isfinite()][0]))


def diverged(system: object, which: str, value: float) -> TrainingDiverged:
    """Return the error that says which number of a system, at which step, is not finite.

    Parameters
    ----------
    system : System
        Gives the step, the last checkpoint where it has one, and the network that a number such
        as ``d_loss`` belongs to.
    which : str
        Name of the number.
    value : float
        What it is.

    Returns
    -------
    TrainingDiverged
    """
    prefix, network = which.rpartition("_")[0], None
    if which == "penalty" or prefix in ("real", "fake"):  # what D said, and what it pays
        prefix = "d"
    if f"{prefix}_optimizer" in optimizers_of(system):
        network = next((name for name in networks_of(system) if name.startswith(prefix)), None)
    checkpoint: Path | None = getattr(system, "last_checkpoint", None)
    return TrainingDiverged(getattr(system, "steps_done", 0), which, value, checkpoint, network)


def _public(system: object) -> list[tuple[str, object]]:
    """Return the public attributes of an object."""
    return [(k, v) for k, v in getattr(system, "__dict__", {}).items() if not k.startswith("_")]
