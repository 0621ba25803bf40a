"""What a run reports, and the error that stops it."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


class TrainingDiverged(RuntimeError):
    """A loss, weight or sample is no longer a finite number, so that nothing after it can be used.

    Parameters
    ----------
    step : int
        The step whose numbers were looked at. They are looked at with each record, so that the
        first bad step is among the ``log_every`` before it.
    which : str
        Name of the number, such as "d_loss" or "generator.0.weight".
    value : float
        What it was.
    checkpoint : path, optional
        The last good checkpoint.
    network : str, optional
        The network that the number belongs to, such as "discriminator".
    """

    def __init__(
        self,
        step: int,
        which: str,
        value: float = math.nan,
        checkpoint: str | os.PathLike[str] | None = None,
        network: str | None = None,
    ) -> None:
        self.step, self.which, self.value = step, which, value
        self.checkpoint, self.network = checkpoint, network
        back = "no checkpoint was saved"
        if checkpoint is not None:
            back = f"the last good checkpoint is {os.fspath(checkpoint)}"
        owner = "" if network is None else f" of the {network}"
        super().__init__(
            f"{which}{owner} is {value} at step {step}: training diverged. Lower the learning "
            f"rate or add a penalty (r1_gamma); {back}."
        )

    def __reduce__(self) -> tuple[type["TrainingDiverged"], tuple[object, ...]]:
        return type(self), (self.step, self.which, self.value, self.checkpoint, self.network)


@dataclass(frozen=True)
class Record:
    """The numbers of one step, read from the device.

    Each metric is an attribute too: ``record.d_loss``. A GAN reports ``d_loss`` (without
    penalty), ``g_loss``, ``penalty`` (weighted), ``d_real`` and ``d_fake`` (mean of
    sigmoid(logit), the probability of being real), ``real_logits`` and ``fake_logits`` (means).
    All were computed before the updates of that step, from its last batch. To what the system
    reports the loop adds the norms of the last gradients, ``d_gradient`` and ``g_gradient``.

    Parameters
    ----------
    step : int
        Steps made so far, from 1.
    metrics : mapping of str to float
        What the system reported, and the gradients' norms.
    images_per_second : float
        Real samples seen per second since the record before.
    """

    step: int
    metrics: Mapping[str, float]
    images_per_second: float

    def __getattr__(self, name: str) -> float:
        metrics = self.__dict__.get("metrics", {})
        if name in metrics:
            return metrics[name]
        raise AttributeError(f"a record has no {name!r}; it has step and {sorted(metrics)}.")


def read_metrics(metrics: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the mean of each metric as a float, by one transfer from the device.

    Parameters
    ----------
    metrics : mapping of str to Tensor
        Tensors of any shape. Of ``real_logits`` and ``fake_logits`` the probabilities are shown
        too: ``d_real`` and ``d_fake``.

    Returns
    -------
    dict of str to float
    """
    shown = {f"d_{x}": metrics[f"{x}_logits"] for x in ("real", "fake") if f"{x}_logits" in metrics}
    metrics = {**metrics, **{name: logits.sigmoid() for name, logits in shown.items()}}
    means = torch.cat([metric.detach().mean().reshape(1) for metric in metrics.values()])
    return dict(zip(metrics, means.tolist(), strict=True))


def history(records: Iterable[Record]) -> dict[str, list[float]]:
    """Collect records into one list per number, ready to plot.

    Parameters
    ----------
    records : iterable of Record
        For example ``train(system, data, config)`` itself.

    Returns
    -------
    dict of str to list of float
        With the keys ``step``, ``images_per_second`` and the name of each metric.
    """
    lists: dict[str, list[float]] = {"step": [], "images_per_second": []}
    for record in records:
        lists["step"].append(record.step)
        lists["images_per_second"].append(record.images_per_second)
        for name, number in record.metrics.items():
            lists.setdefault(name, []).append(number)
    return lists
