"""What a network is made of: the shape after each layer, its parameters and its arithmetic."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.hooks import RemovableHandle

from gan_lessons.networks.initialisation import count_parameters


@dataclass(frozen=True)
class LayerSummary:
    """One layer: its name in the network, its kind, the shape it returns, what it trains.

    Parameters
    ----------
    name, kind : str
        For example "layers.3" and "ConvTranspose2d".
    shape : tuple of int
        Of the output, without the batch.
    parameters : int
        Numbers that an optimiser would train.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class NetworkSummary:
    """The layers of a network in the order in which they ran; prints as a table.

    Parameters
    ----------
    layers : tuple of LayerSummary
        Only those without layers inside.
    parameters : int
        Of the whole network.
    flops : int
        Floating-point operations of one forward pass for one sample: two for each
        multiplication with its addition, counted in matrix products and convolutions alone.
    """

    layers: tuple[LayerSummary, ...]
    parameters: int
    flops: int

    def __str__(self) -> str:
        rows = [
            (layer.kind, " x ".join(map(str, layer.shape)) or "scalar", f"{layer.parameters:,}")
            for layer in self.layers
        ]
        rows = [("layer", "output", "parameters"), *rows, ("in all", "", f"{self.parameters:,}")]
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        return "\n".join([*lines, f"{self.flops / 1e6:,.2f} million operations a sample"])


def summarise(network: nn.Module, *inputs: Tensor) -> NetworkSummary:
    """Run a network once and say which shape each layer returns.

    Parameters
    ----------
    network : nn.Module
        Left as it was: it runs in evaluation mode and without gradients.
    *inputs : Tensor (n, ...)
        What its ``forward`` takes.

    Returns
    -------
    NetworkSummary

    Raises
    ------
    TypeError, ValueError
        If ``network`` is no module or no input is given.
    """
    parameters = count_parameters(network)
    if not inputs or len(inputs[0]) == 0:
        raise ValueError("inputs must be given: a tensor (n, ...) for each argument of forward.")
    layers: list[LayerSummary] = []
    hooks: list[RemovableHandle] = []

    def note(name: str, layer: nn.Module) -> RemovableHandle:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor):
                kind = type(layer).__name__.removeprefix("Parametrized")
                shape = tuple(output.shape[1:])
                layers.append(LayerSummary(name, kind, shape, count_parameters(layer)))

        return layer.register_forward_hook(hook)

    # A parametrised layer (spectral norm) has modules inside, and counts as one.
    inner = [name for name, _ in network.named_modules() if ".parametrizations" in name]
    for name, layer in network.named_modules():
        below = [child for child, _ in layer.named_children() if child != "parametrizations"]
        if not below and name not in inner:
            hooks.append(note(name, layer))
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(*inputs)
    finally:
        for module, training in modes:
            module.training = training
        for hook in hooks:
            hook.remove()
    return NetworkSummary(tuple(layers), parameters, counter.get_total_flops() // len(inputs[0]))
