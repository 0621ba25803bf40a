"""Perceptrons of many seeds at once: the forward pass, and backpropagation written out."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

# How many seeds are computed together: more do not fit into a core's cache.
_TOGETHER = 16

# Each activation in place, and the gradient in h, in place of that in a(h), from it and from a(h):
# new memory would cost as much as the arithmetic.
_aten = torch.ops.aten
_APPLY: dict[type[nn.Module], Callable[[Tensor, Any], Tensor]] = {
    nn.ReLU: lambda h, a: h.relu_(),
    nn.LeakyReLU: lambda h, a: nn.functional.leaky_relu_(h, a.negative_slope),
    nn.Tanh: lambda h, a: h.tanh_(),
}
_DIFFERENTIATE: dict[type[nn.Module], Callable[[Tensor, Tensor, Any], Tensor]] = {
    nn.ReLU: lambda g, y, a: _aten.threshold_backward.grad_input(g, y, 0, grad_input=g),
    nn.LeakyReLU: lambda g, y, a: _aten.leaky_relu_backward.grad_input(
        g, y, a.negative_slope, True, grad_input=g
    ),
    nn.Tanh: lambda g, y, a: _aten.tanh_backward.grad_input(g, y, grad_input=g),
}


class Layer(NamedTuple):
    """An affine map with a bias, and the activation after it, if any."""

    linear: nn.Linear
    activation: nn.Module | None


def perceptron_layers(layers: Sequence[nn.Module]) -> list[Layer] | None:
    """Return linear layers with their activations, or None if there is anything else.

    Parameters
    ----------
    layers : sequence of nn.Module
        In the order in which they are applied.

    Returns
    -------
    list of Layer or None
    """
    pairs: list[Layer] = []
    for layer in layers:
        if isinstance(layer, nn.Linear) and layer.bias is not None:
            pairs.append(Layer(layer, None))
        elif type(layer) in _APPLY and pairs and pairs[-1].activation is None:
            if getattr(layer, "negative_slope", 0.0) < 0:  # its sign does not tell the input's
                return None
            pairs[-1] = pairs[-1]._replace(activation=layer)
        else:
            return None
    return pairs or None


def perceptrons(layers: list[Layer], x: Tensor, frozen: bool) -> Tensor:
    r"""Run s perceptrons, each on its own batch.

    .. math:: h_0 = x, \quad h_l = a_l(h_{l-1} W_l^\top + b_l)

    Parameters
    ----------
    layers : list of Layer
        With stacked weights W (s, out, in) and b (s, out).
    x : Tensor (s, n, in)
        Inputs.
    frozen : bool
        Whether gradients go to ``x`` only, and not to the weights.

    Returns
    -------
    Tensor (s, n, out)
    """
    weights = [w for layer in layers for w in (layer.linear.weight, layer.linear.bias)]
    if frozen:
        weights = [weight.detach() for weight in weights]
    return _Perceptrons.apply([layer.activation for layer in layers], x, *weights)


class _Perceptrons(torch.autograd.Function):
    """Forward and backward pass, a few seeds after the other; differentiable twice."""

    @staticmethod
    def forward(
        ctx: Any, activations: list[nn.Module | None], x: Tensor, *weights: Tensor
    ) -> Tensor:
        ctx.activations, ctx.hidden = activations, []
        ctx.save_for_backward(x, *weights)
        for h, *parts in _split(x, *weights):
            hidden = [h]
            for a, weight, bias in zip(activations, parts[::2], parts[1::2], strict=True):
                h = torch.baddbmm(bias.unsqueeze(1), h, weight.mT)
                if a is not None:
                    h = _APPLY[type(a)](h, a)
                hidden.append(h)
            ctx.hidden.append(hidden)
        return torch.cat([hidden[-1] for hidden in ctx.hidden])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():  # the gradient itself is differentiated: leave it to autograd
            return _twice(ctx, gradient)
        _, x_wanted, *wanted = ctx.needs_input_grad
        x, *weights = ctx.saved_tensors
        found = [torch.empty_like(t) for t in (x, *weights)]
        if ctx.activations[-1] is not None:
            gradient = gradient.clone()  # it is overwritten
        stacks = _split(gradient, *weights, *found)
        for (g, *parts), hidden in zip(stacks, ctx.hidden, strict=True):
            w, (dx, *dw) = parts[: len(weights)], parts[len(weights) :]
            for k in reversed(range(len(ctx.activations))):
                a, h, weight = ctx.activations[k], hidden[k], w[2 * k]
                if a is not None:
                    g = _DIFFERENTIATE[type(a)](g, hidden[k + 1], a)
                if wanted[2 * k]:
                    _product(g, h, dw[2 * k])
                if wanted[2 * k + 1]:
                    torch.sum(g, 1, out=dw[2 * k + 1])
                if k > 0:
                    g = torch.bmm(g, weight)
                elif x_wanted:  # few columns: MKL is faster with them as rows of memory
                    torch.bmm(g, weight.mT.contiguous().mT, out=dx)
        kept = zip(ctx.needs_input_grad[1:], found, strict=True)
        return None, *(t if want else None for want, t in kept)


def _product(g: Tensor, h: Tensor, out: Tensor) -> None:
    """Write g^T h, (s, out, in), in the order of factors that is fast for few columns."""
    if h.shape[2] < g.shape[2]:
        out.copy_(torch.bmm(h.mT, g).mT)
    else:
        torch.bmm(g.mT, h, out=out)


def _split(*stacks: Tensor) -> Any:
    """Return the stacks in parts of a few seeds."""
    parts = -(-len(stacks[0]) // _TOGETHER)
    return zip(*(stack.chunk(parts) for stack in stacks), strict=True)


def _twice(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    """Return the gradients with their graph, by autograd on the same layers."""
    x, *weights = ctx.saved_tensors
    h = x
    for a, weight, bias in zip(ctx.activations, weights[::2], weights[1::2], strict=True):
        h = torch.baddbmm(bias.unsqueeze(1), h, weight.mT)
        h = h if a is None else a(h)
    wanted = ctx.needs_input_grad[1:]
    inputs = [t for t, want in zip((x, *weights), wanted, strict=True) if want]
    found = iter(torch.autograd.grad(h, inputs, gradient, create_graph=True))
    return None, *(next(found) if want else None for want in wanted)
