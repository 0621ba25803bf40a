"""Spectral normalisation of a whole network."""

from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm as normalise_layer

from gan_lessons._validation import check_count, check_rng

M = TypeVar("M", bound=nn.Module)
_LAYERS = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)


def spectral_norm(network: M, n_power_iterations: int = 1, rng: torch.Generator | None = None) -> M:
    r"""Divide each weight matrix of a network by (an estimate of) its largest singular value.

    .. math:: \bar W = W / \sigma(W), \qquad \sigma(W) = \max_{\lVert v\rVert = 1} \lVert W v\rVert

    A chain of such linear layers and 1-Lipschitz activations is 1-Lipschitz. The estimate is by
    power iteration, ``n_power_iterations`` of them in each forward pass in training mode. For a
    convolution W is its kernel as a matrix (c_out, c_in * k * k), as in the paper: that is not
    the norm of the convolution as a map.

    Parameters
    ----------
    network : nn.Module
        Changed in place: every linear and convolutional layer in it is normalised.
    n_power_iterations : int
        At least 1.
    rng : torch.Generator, optional
        Seeds the starting vectors; None draws from torch's default generator.

    Returns
    -------
    nn.Module
        The same network.

    Raises
    ------
    TypeError, ValueError
        If ``network`` is no module, has no such layer, or has one that is normalised already, or
        ``rng`` is no torch.Generator.

    References
    ----------
    Miyato et al. (2018), eqs. 7 and 8
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"network must be a torch.nn.Module, got {type(network).__name__}.")
    n_power_iterations = check_count(n_power_iterations, "n_power_iterations")
    rng = check_rng(rng)
    layers = [layer for layer in network.modules() if isinstance(layer, _LAYERS)]
    if not layers:
        raise ValueError("network must have a linear or convolutional layer, got none.")
    if any(nn.utils.parametrize.is_parametrized(layer, "weight") for layer in layers):
        raise ValueError("network has layers that are parametrised already; normalise it once.")
    if rng is None:
        for layer in layers:
            normalise_layer(layer, n_power_iterations=n_power_iterations)
        return network
    # torch draws the starting vectors from its default generators, so these are set aside.
    seed = int(torch.randint(2**62, (1,), generator=rng, device=rng.device))
    devices = sorted({layer.weight.device.index for layer in layers if layer.weight.is_cuda})
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        for layer in layers:
            normalise_layer(layer, n_power_iterations=n_power_iterations)
    return network
