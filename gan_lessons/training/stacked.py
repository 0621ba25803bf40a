"""Networks of many seeds in one: weights with a leading seed axis, and one batched forward pass."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from gan_lessons.training.perceptrons import perceptron_layers, perceptrons

# What works entry by entry, so that another leading axis changes nothing.
_ENTRYWISE = (
    *(nn.Identity, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.GELU),
    *(nn.Tanh, nn.Sigmoid, nn.Softplus),
)


class Stacked(nn.Module):
    r"""The networks of s seeds as one module on (s, n, ...), each on its own part.

    A linear layer of all seeds is one batched matrix product,

    .. math:: y_k = x_k W_k^\top + b_k, \quad k = 1, \dots, s,

    with x (s, n, in), W (s, out, in) and b (s, out). A perceptron (an ``MLP`` of ``networks`` or
    an ``nn.Sequential`` of linear layers and activations) is run so, layer by layer; every other
    network goes through ``torch.func.vmap``, which finds a batched form of its operations.

    Parameters
    ----------
    networks : sequence of nn.Module
        One per seed, of one architecture, without buffers (no BatchNorm).
    name : str
        What errors call it.

    Attributes
    ----------
    network : nn.Module
        The architecture; its weights have a leading seed axis.
    layers : list of nn.Module or None
        The layers of a perceptron; None for any other network.

    Raises
    ------
    ValueError
        If the networks have buffers, no weights, or weights of different shapes.
    """

    def __init__(self, networks: Sequence[nn.Module], name: str) -> None:
        super().__init__()
        if any(True for _ in networks[0].buffers()):
            raise ValueError(
                f"{name} must have no buffers (BatchNorm, spectral norm) to be stacked over seeds; "
                "use another network, or train the seeds one by one."
            )
        if any(isinstance(layer, nn.modules.dropout._DropoutNd) for layer in networks[0].modules()):
            raise ValueError(f"{name} must have no dropout: all seeds would draw one mask.")
        if not any(weight.requires_grad for weight in networks[0].parameters()):
            raise ValueError(f"{name} must have weights to train, got none.")
        kinds = [
            (repr(network), [(k, p.shape, p.dtype) for k, p in network.named_parameters()])
            for network in networks
        ]
        if any(other != kinds[0] for other in kinds):
            raise ValueError(
                f"{name} must have the same layers, and weights of the same shapes, for every seed."
            )
        self.network = copy.deepcopy(networks[0])
        for key, weight in self.network.named_parameters():
            weight.data = torch.stack([other.get_parameter(key).detach() for other in networks])
        self.layers = _layers(self.network)
        last = self.layers[-1:] if self.layers else []
        self.flat = [type(layer) for layer in last] == [nn.Flatten] and last[0].start_dim == 0
        self.pairs = perceptron_layers((self.layers or [])[: -1 if self.flat else None])

    def forward(self, x: Tensor, frozen: bool = False) -> Tensor:
        """Map x (s, n, ...) to outputs (s, n, ...), each seed by its own weights.

        ``frozen`` says that no gradient of the weights is wanted, which saves time.
        """
        if self.pairs is not None and x.dim() == 3:
            y = perceptrons(self.pairs, x, frozen)
            return y.flatten(1) if self.flat else y
        if self.layers is None:
            return vmap(self._one)(dict(self.network.named_parameters()), x)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                x = _linear(x, layer.weight, layer.bias)
            elif isinstance(layer, nn.Flatten):
                x = x.flatten(layer.start_dim + 1)
            else:
                x = layer(x)
        return x

    def each(self, index: int) -> nn.Module:
        """Return a copy of network number ``index``, as a plain module."""
        network = copy.deepcopy(self.network)
        for weight in network.parameters():
            weight.data = weight.data[index].clone()
        return network

    def _one(self, weights: dict[str, Tensor], rows: Tensor) -> Tensor:
        """Run one network on its part (n, ...)."""
        return functional_call(self.network, weights, (rows,))


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x W^T + b of each seed: (s, ..., in), (s, out, in), (s, out) to (s, ..., out)."""
    if x.dim() != 3:
        return _linear(x.flatten(1, -2), weight, bias).unflatten(1, x.shape[1:-1])
    if bias is None:
        return torch.bmm(x, weight.mT)
    return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)


def _layers(network: nn.Module) -> list[nn.Module] | None:
    """Return the layers of a perceptron in order, or None if the network may be anything else."""
    if network._forward_hooks or network._forward_pre_hooks:
        return None
    # Imported here, so that training by itself starts fast.
    from gan_lessons.networks import MLP, MLPDiscriminator, MLPGenerator

    kind = type(network)  # no subclass: it may do anything
    if kind in (MLP, MLPGenerator, MLPDiscriminator):
        inner = _layers(network.layers)  # type: ignore[arg-type]
        scores = kind is MLPDiscriminator  # one per sample: (s, n, 1) to (s, n)
        return [*inner, nn.Flatten(0)] if inner and scores else inner
    if kind is nn.Sequential and isinstance(network, nn.Sequential):  # the second: for mypy
        layers: list[nn.Module] = []
        for part in network:
            inner = _layers(part)
            if inner is None:
                return None
            layers += inner
        return layers
    if kind is nn.Flatten and (network.start_dim not in (0, 1) or network.end_dim != -1):
        return None
    return [network] if kind in (nn.Linear, nn.Flatten, *_ENTRYWISE) else None
