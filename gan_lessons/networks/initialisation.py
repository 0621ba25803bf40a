"""Random initialisation from an explicit generator, and the number of parameters."""

from math import sqrt

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_positive, check_rng

_WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm)


def initialise(
    module: nn.Module, rng: torch.Generator | None = None, std: float | None = 0.02
) -> nn.Module:
    r"""Draw all weights of ``module`` afresh, in place, and return it.

    Linear and convolution weights are :math:`N(0, \mathrm{std}^2)`, their biases 0. Scales of
    normalisation layers are :math:`N(1, \mathrm{std}^2)`, their shifts 0, their running
    statistics as new. Numbers are drawn in float32 on the generator's device and then copied, so
    that one CPU generator gives the same network on every device.

    Parameters
    ----------
    module : nn.Module
        Any network built of linear, convolution and normalisation layers.
    rng : torch.Generator, optional
        Source of randomness; None draws from torch's default CPU generator.
    std : float or None, default 0.02
        Standard deviation. None takes :math:`\sqrt{2 / \text{fan-in}}` for each layer, and scales
        of normalisation layers are then 1.

    Returns
    -------
    nn.Module
        The same object.

    Raises
    ------
    ValueError
        If ``std`` is negative, zero or not finite.
    TypeError
        If ``module`` is no nn.Module or ``rng`` no torch.Generator.

    References
    ----------
    Radford et al. (2016), section 4 (std 0.02); He et al. (2015), eq. 10 (fan-in).
    """
    _check_module(module)
    check_rng(rng)
    if std is not None:
        check_positive(std, "std")
    for layer in module.modules():
        if isinstance(layer, _WEIGHTED):
            weight = raw_weight(layer)
            _fill_normal(weight, 0.0, sqrt(2 / _fan_in(layer)) if std is None else std, rng)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            _restart_spectral_norm(layer, weight, rng)
        elif isinstance(layer, _NORMS) and layer.weight is not None:
            _fill_normal(layer.weight, 1.0, 0.0 if std is None else std, rng)
            nn.init.zeros_(layer.bias)
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.InstanceNorm2d):
            layer.reset_running_stats()
    return module


def count_parameters(module: nn.Module) -> int:
    """Return how many numbers an optimiser would train (those that require a gradient).

    Parameters
    ----------
    module
        Any network.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If ``module`` is no nn.Module.
    """
    _check_module(module)
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _check_module(module: object) -> None:
    """Raise ``TypeError`` unless ``module`` is a network."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}.")


def _standard_normal(shape: torch.Size, rng: torch.Generator | None) -> Tensor:
    """Draw float32 N(0, 1) on the generator's device (CPU without one)."""
    return torch.randn(shape, generator=rng, device="cpu" if rng is None else rng.device)


def _fill_normal(target: Tensor, mean: float, std: float, rng: torch.Generator | None) -> None:
    """Overwrite ``target`` with N(mean, std^2)."""
    with torch.no_grad():
        target.copy_(mean + std * _standard_normal(target.shape, rng))


def raw_weight(layer: nn.Module) -> Tensor:
    """Return the trained tensor behind ``layer.weight``, also under a parametrization."""
    if nn.utils.parametrize.is_parametrized(layer, "weight"):
        return layer.get_parameter("parametrizations.weight.original")
    return layer.get_parameter("weight")


def _fan_in(layer: nn.Module) -> float:
    """Count the inputs that one output sees."""
    weight = raw_weight(layer)
    if isinstance(layer, nn.ConvTranspose2d):
        # A transposed convolution spreads its kernel over stride^2 outputs.
        return weight.shape[0] * weight[0, 0].numel() / (layer.stride[0] * layer.stride[1])
    return weight[0].numel()


def _restart_spectral_norm(
    layer: nn.Module, weight: Tensor, rng: torch.Generator | None, iterations: int = 15
) -> None:
    """Draw the singular vectors that spectral normalisation keeps, by power iteration from rng."""
    buffers = dict(layer.named_buffers())
    if "parametrizations.weight.0._u" not in buffers:
        return
    kept_u, kept_v = (buffers[f"parametrizations.weight.0._{name}"] for name in "uv")
    with torch.no_grad():
        outputs = 1 if isinstance(layer, nn.ConvTranspose2d) else 0  # the axis of the outputs
        matrix = weight.movedim(outputs, 0).flatten(1)
        u = _standard_normal(kept_u.shape, rng).to(matrix)
        for _ in range(iterations):
            v = nn.functional.normalize(matrix.T @ u, dim=0)
            u = nn.functional.normalize(matrix @ v, dim=0)
        kept_u.copy_(u)
        kept_v.copy_(v)
