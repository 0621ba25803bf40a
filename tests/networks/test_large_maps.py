"""Layers in an order that suits a CPU, against torch's own: same numbers, same derivatives."""

import pytest
import torch
from torch import nn

from gan_lessons.networks import PatchDiscriminator, ResnetTranslator, UNetTranslator, summarise
from gan_lessons.networks._large_maps import NarrowConvolution, PlainInstanceNorm, large_on_cpu


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def maps(*shape, seed=1):
    return torch.randn(*shape, generator=rng(seed), dtype=torch.float64).requires_grad_()


def twin_of(layer):
    """Return torch's own layer with the same weights."""
    if isinstance(layer, PlainInstanceNorm):
        return nn.InstanceNorm2d(layer.num_features)
    sizes = layer.in_channels, layer.out_channels, layer.kernel_size
    edge = layer.kernel_size[0] // 2
    twin = nn.Conv2d(*sizes, padding=edge, padding_mode="reflect").double()
    twin.load_state_dict(layer.state_dict())
    return twin


LAYERS = {
    "colours": lambda: NarrowConvolution(5, 3, 7),
    "grey": lambda: NarrowConvolution(5, 1, 7),
    "small kernel": lambda: NarrowConvolution(5, 4, 3),
    "norm": lambda: PlainInstanceNorm(5),
}


@pytest.mark.parametrize("shape", [(2, 5, 41, 44), (1, 5, 8, 9)])
@pytest.mark.parametrize("name", LAYERS)
def test_numbers_and_both_derivatives_are_those_of_torch(name, shape):
    """The second derivative is what a gradient penalty needs."""
    layer = LAYERS[name]().double()
    if name != "norm":
        nn.init.normal_(layer.bias, generator=rng(3))
    found = []
    for one in (layer, twin_of(layer)):
        x = maps(*shape)
        y = one(x)
        g = maps(*y.shape, seed=2)
        first = torch.autograd.grad((y * g).sum(), [x, *one.parameters()], create_graph=True)
        second = torch.autograd.grad(sum((d**2).sum() for d in first), [x, g])
        found.append((y, *first, *second))
    assert large_on_cpu(x) == (shape[2:] != (8, 9))
    for ours, theirs in zip(*found, strict=True):
        assert torch.allclose(
            ours, theirs, rtol=1e-10, atol=1e-10 * theirs.detach().abs().max().item()
        )


@pytest.mark.parametrize("name", LAYERS)
def test_small_maps_are_torch_s_to_the_bit(name):
    layer, x = LAYERS[name]().double(), maps(3, 5, 9, 8)
    assert torch.equal(layer(x), twin_of(layer)(x))


def test_bfloat16_is_left_to_torch():
    """Seven sums rounded to eight bits would be worse than one."""
    layer, x = NarrowConvolution(5, 3, 7), maps(1, 5, 50, 50).detach().float()
    twin = twin_of(layer).float()
    with torch.autocast("cpu", torch.bfloat16):
        assert not large_on_cpu(x)
        assert torch.equal(layer(x), twin(x))
    assert large_on_cpu(x)


@pytest.mark.parametrize(
    "net",
    [ResnetTranslator(3, 3, 8, 1, rng=rng()), UNetTranslator(3, 3, 8, 3, rng=rng()),
     PatchDiscriminator(3, 16, 2, rng=rng())],
    ids=["resnet", "unet", "patchgan"],
)  # fmt: skip
def test_whole_networks_are_those_of_torch_s_layers(net):
    """The networks do use these layers, and with torch's in their places return the same."""
    net = net.double()
    x = torch.rand(2, 3, 64, 64, generator=rng(4), dtype=torch.float64) * 2 - 1
    kinds = {layer.kind for layer in summarise(net, x).layers}
    made = net(x)
    for module in net.modules():
        for name, part in list(module.named_children()):
            if isinstance(part, NarrowConvolution | PlainInstanceNorm):
                setattr(module, name, twin_of(part))
    assert torch.allclose(net(x), made, rtol=0, atol=1e-10)
    assert "PlainInstanceNorm" in kinds
    assert ("NarrowConvolution" in kinds) == isinstance(net, ResnetTranslator)
