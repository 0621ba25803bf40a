"""How networks are computed: number formats, memory layout and compilation, as the config says."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from gan_lessons.training.config import TrainConfig

Network = Callable[..., Tensor]


def prepare(network: nn.Module, config: TrainConfig, compile_it: bool) -> None:
    """Lay out a network's weights and arrange for its compilation, in place.

    Names, shapes and values of the weights stay, so that checkpoints with and without these
    options are interchangeable. ``torch.compile`` works when the network is first called.

    Parameters
    ----------
    network : nn.Module
        On the device that it is trained on.
    config : TrainConfig
        Gives ``channels_last``.
    compile_it : bool
        Whether its forward pass is to be compiled.
    """
    if config.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if compile_it:
        network.compile()


def place(samples: Tensor, device: torch.device, dtype: torch.dtype, config: TrainConfig) -> Tensor:
    """Return samples where the networks are, as they compute, in the memory layout of the run.

    Parameters
    ----------
    samples : Tensor (n, ...)
    device, dtype
        Those of the networks.
    config : TrainConfig
        Gives ``channels_last``; it is for images (n, c, h, w).

    Returns
    -------
    Tensor (n, ...)
    """
    if config.channels_last and samples.dim() == 4:
        return samples.to(device, dtype, memory_format=torch.channels_last)
    return samples.to(device, dtype)


def in_precision(network: Network, config: TrainConfig | None) -> Network:
    """Return the network's forward pass in bfloat16 if the config says so, else the network.

    Under autocast matrix products and convolutions take bfloat16 factors, and so do those of the
    backward pass. Weights stay as they are, and what comes out has the dtype of what went in: the
    losses are computed in float32.

    Parameters
    ----------
    network : nn.Module or callable
        Maps a tensor (n, ...), and perhaps others, to a tensor.
    config : TrainConfig or None
        Gives ``precision``; None leaves the network as it is.

    Returns
    -------
    callable
    """
    if config is None or config.precision != "bfloat16":
        return network

    def forward(x: Tensor, *others: Tensor) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16):
            return network(x, *others).to(x.dtype)

    return forward


def plain(config: TrainConfig) -> AbstractContextManager[object]:
    """Return a context in which compiled networks are computed by their Python source.

    Penalties differentiate a gradient, which torch promises for compiled code only in part.
    """
    if config.compile and not torch.compiler.is_compiling():
        return torch.compiler.set_stance("force_eager")
    return contextlib.nullcontext()


@contextlib.contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and each of its parts back into its own mode after."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextlib.contextmanager
def gpu_precision(config: TrainConfig, device: torch.device) -> Iterator[None]:
    """Let a GPU multiply float32 as the config says, TF32 or not, and put back what was set.

    torch by itself leaves matrix products in float32 and rounds convolutions to TF32. Here
    ``precision="float32"`` means float32 for both, "tf32" means TF32 for both.

    Parameters
    ----------
    config : TrainConfig
        Gives ``precision``.
    device : torch.device
        Nothing is set unless this is a CUDA device.
    """
    if device.type != "cuda":
        yield
        return
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)  # type: ignore[attr-defined]
    before = [backend.fp32_precision for backend in backends]
    try:
        for backend in backends:
            backend.fp32_precision = "tf32" if config.precision == "tf32" else "ieee"
        yield
    finally:
        for backend, precision in zip(backends, before, strict=True):
            backend.fp32_precision = precision
