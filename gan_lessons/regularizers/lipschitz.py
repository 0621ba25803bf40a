"""How steep a network can be at most, and the crude way to bound it: clipping its weights."""

import math
from typing import TypeVar

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_positive

M = TypeVar("M", bound=nn.Module)

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
#: Largest slope of each activation.
_SLOPES: dict[type[nn.Module], float] = {
    nn.ReLU: 1.0,
    nn.Tanh: 1.0,
    nn.Softplus: 1.0,
    nn.Sigmoid: 0.25,
    nn.SiLU: 1.09984,
    nn.Identity: 1.0,
    nn.Flatten: 1.0,
}


def lipschitz_bound(network: nn.Module) -> float:
    r"""Return an upper bound of the slope of a chain of layers, by the slopes of its parts.

    .. math:: \lVert f\rVert_L \le \prod_l \sigma(W_l) \, \lVert a_l\rVert_L

    with the largest singular value of each weight matrix (by ``torch.linalg.svdvals``) and the
    largest slope of each activation. For a convolution, whose kernel as a matrix (c_out, c_in k k)
    meets each pixel in up to ceil(k / s) places per axis, the factor is at most that matrix's
    largest singular value times the square root of the number of these places. The bound is reached
    only if all layers stretch one and the same direction; in practice it is loose.

    Parameters
    ----------
    network : nn.Module
        A layer, an ``nn.Sequential``, or a module that runs its only child, such as ``MLP``. A
        parametrised weight (spectral norm) counts as it is; no power iteration is made.

    Returns
    -------
    float
        In units of output per unit of input, both in Euclidean norm.

    Raises
    ------
    TypeError, ValueError
        If ``network`` is no module, or has a part whose slope is not known (normalisation by batch
        statistics has none that holds) or is no chain.

    References
    ----------
    Miyato et al. (2018), eq. 7
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"network must be a torch.nn.Module, got {type(network).__name__}.")
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            return _slope(network)
    finally:
        for module, training in modes:
            module.training = training


def _slope(network: nn.Module) -> float:
    """Return the bound of a layer or of a chain of them."""
    if isinstance(network, nn.Linear):
        return _largest(network.weight)
    if isinstance(network, _CONVOLUTIONS) and _is_plain(network):
        pairs = zip(network.kernel_size, network.stride, strict=True)
        places = math.prod(math.ceil(k / s) for k, s in pairs)
        groups = network.weight.flatten(1).chunk(network.groups)
        return max(_largest(weight) for weight in groups) * math.sqrt(places)
    if isinstance(network, nn.LeakyReLU):
        return max(1.0, abs(network.negative_slope))
    if type(network) in _SLOPES:
        return _SLOPES[type(network)]
    parts = list(network.children())
    if isinstance(network, nn.Sequential) or len(parts) == 1:
        return math.prod(_slope(part) for part in parts)
    raise ValueError(
        f"network must be a chain of linear or convolutional layers and activations, got "
        f"{type(network).__name__}, whose slope is not known."
    )


@torch.no_grad()
def clip_weights(network: M, bound: float = 0.01) -> M:
    r"""Cut every weight and bias of a network to [-bound, bound], in place.

    .. math:: w \leftarrow \max(-c, \min(c, w))

    This is how the first Wasserstein GAN kept its critic from growing without limit, after each of
    the critic's updates. The slope is then bounded, but by a number that depends on the
    architecture and that nobody chose.

    Parameters
    ----------
    network : nn.Module
        Changed in place.
    bound : float
        The largest size c of a weight, positive; 0.01 in the paper.

    Returns
    -------
    nn.Module
        The same network.

    Raises
    ------
    TypeError, ValueError
        If ``network`` is no module, or ``bound`` is not positive.

    References
    ----------
    Arjovsky et al. (2017), algorithm 1
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"network must be a torch.nn.Module, got {type(network).__name__}.")
    bound = check_positive(bound, "bound")
    for weight in network.parameters():
        weight.clamp_(-bound, bound)
    return network


def _is_plain(layer: nn.Conv1d | nn.Conv2d | nn.Conv3d) -> bool:
    """Return whether each pixel is met as often as the kernel's size and stride say."""
    return set(layer.dilation) == {1} and layer.padding_mode in ("zeros", "circular")


def _largest(matrix: Tensor) -> float:
    """Return the largest singular value of a matrix."""
    return float(torch.linalg.svdvals(matrix.double()).max())
