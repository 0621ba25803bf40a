"""Networks from image to image, and the discriminator of patches."""

import pytest
import torch
from torch import nn

from gan_lessons.networks import (
    PatchDiscriminator,
    ResnetTranslator,
    UNetTranslator,
    count_parameters,
    patch_layers,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def images(*shape, seed=1):
    return torch.rand(*shape, generator=rng(seed)) * 2 - 1


# The published sizes -----------------------------------------------------------------------------


def resnet_weights(width, blocks):
    """Count the paper's layers c7s1-64, d128, d256, R256, ..., u128, u64, c7s1-3 (weights)."""
    w = width
    down = 7 * 7 * 3 * w + 9 * w * 2 * w + 9 * 2 * w * 4 * w
    return down + blocks * 2 * 9 * (4 * w) ** 2 + 9 * 4 * w * 2 * w + 9 * 2 * w * w + 49 * w * 3 + 3


@pytest.mark.parametrize(("width", "blocks"), [(64, 9), (32, 6), (4, 0)])
def test_the_resnet_has_the_paper_s_layers(width, blocks):
    assert count_parameters(ResnetTranslator(width=width, n_blocks=blocks)) == resnet_weights(
        width, blocks
    )


def test_the_patchgan_has_the_paper_s_layers():
    """C64-C128-C256-C512 and a convolution to one map, 4 by 4 all of them."""
    weights = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 1
    assert count_parameters(PatchDiscriminator()) == weights


@pytest.mark.parametrize(("n_layers", "side"), [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142)])
def test_receptive_fields_are_the_published_ones(n_layers, side):
    assert PatchDiscriminator(1, 2, n_layers).receptive_field == side


# What a patch sees, by derivatives ---------------------------------------------------------------


@pytest.mark.parametrize("n_layers", [0, 1, 2])
def test_one_logit_depends_on_its_patch_and_on_nothing_else(n_layers):
    net = PatchDiscriminator(2, 3, n_layers, "none", rng()).double()
    x = images(1, 2, 64, 64).double().requires_grad_()
    logits = net(x)
    middle = logits.shape[1] // 2
    (slope,) = torch.autograd.grad(logits[0, middle, middle], x)
    rows, columns = slope.abs().sum((0, 1)).nonzero().T
    for place in (rows, columns):
        assert place.max() - place.min() + 1 == net.receptive_field


def test_a_side_gives_as_many_logits_as_the_docstring_says():
    for n_layers in (1, 2, 3):
        net = PatchDiscriminator(1, 2, n_layers)
        for side in (net.smallest_side, 31, 32, 45):
            if side >= net.smallest_side:
                assert net(images(2, 1, side, side)).shape == (2, *[side // 2**n_layers - 2] * 2)
    assert PatchDiscriminator(1, 2, 0)(images(2, 1, 5, 6)).shape == (2, 5, 6)


@pytest.mark.parametrize("size", [4, 7, 8, 15, 16, 31, 32, 256])
def test_patch_layers_leave_two_by_two_patches(size):
    n_layers = patch_layers(size)
    net = PatchDiscriminator(1, 2, n_layers)
    assert min(net(images(1, 1, size, size)).shape[1:]) >= 2
    if n_layers < 3:
        deeper = PatchDiscriminator(1, 2, n_layers + 1)
        assert size < deeper.smallest_side or deeper(images(1, 1, size, size)).shape[1] < 2
    assert patch_layers(size, most=1) == min(n_layers, 1)


# Shapes, borders, and one image by itself --------------------------------------------------------

MAKERS = {
    "resnet": lambda norm: ResnetTranslator(3, 2, 4, 1, normalisation=norm, rng=rng()),
    "unet": lambda norm: UNetTranslator(3, 2, 4, 3, normalisation=norm, rng=rng()),
    "patchgan": lambda norm: PatchDiscriminator(3, 4, 1, normalisation=norm, rng=rng()),
}


@pytest.mark.parametrize("size", [(8, 8), (16, 24), (40, 8)])
@pytest.mark.parametrize("name", ["resnet", "unet"])
def test_translators_keep_the_size(name, size):
    made = MAKERS[name]("instance")(images(2, 3, *size))
    assert made.shape == (2, 2, *size)
    assert made.abs().max() <= 1


@pytest.mark.parametrize("norm", ["instance", "none", "batch"])
@pytest.mark.parametrize("name", MAKERS)
def test_only_batch_normalisation_ties_an_image_to_its_batch(name, norm):
    net, x = MAKERS[name](norm).double(), images(3, 3, 16, 16).double()
    alone = torch.cat([net(x[k : k + 1]) for k in range(3)])
    assert torch.allclose(net(x), alone, atol=1e-12) == (norm != "batch")


def test_reflection_leaves_a_constant_image_constant():
    """Zero padding would darken the border; reflected, every pixel sees the same."""
    net = ResnetTranslator(1, 1, 4, 2, 0, "none", rng())
    made = net(torch.full((1, 1, 12, 12), 0.7))
    assert made.std() < 1e-6
    assert made.abs().max() > 0
    padded = nn.Conv2d(1, 1, 7, 1, 3)
    assert padded(torch.full((1, 1, 12, 12), 0.7)).std() > 1e-3


def test_a_block_without_correction_is_the_identity():
    block = ResnetTranslator(1, 1, 4, 1, 0, "none", rng()).layers[2]
    nn.init.zeros_(block.change[-1].weight)
    x = images(2, 4, 8, 8)
    assert torch.equal(block(x), x)


def test_the_unet_has_bridges_past_its_smallest_map():
    """With the smallest map cut off, fine detail still comes through, by the bridges alone."""
    net = UNetTranslator(1, 1, 4, 3, "none", rng=rng())
    for part in net.down[-1].parameters():
        nn.init.zeros_(part)
    x = images(1, 1, 8, 8)
    changed = x.clone()
    changed[0, 0, 3, 3] += 1
    assert not torch.allclose(net(x), net(changed))
    assert net.up[1][1].in_channels == 2 * net.up[0][1].out_channels


def test_dropout_is_in_the_first_three_layers_of_the_way_up():
    net = UNetTranslator(width=2, depth=5, dropout=0.5)
    has = [any(isinstance(part, nn.Dropout) for part in layer) for layer in net.up]
    assert has == [True, True, True, False]
    assert not any(isinstance(m, nn.Dropout) for m in UNetTranslator(width=2, depth=5).modules())


@pytest.mark.parametrize("name", MAKERS)
def test_first_weights_are_of_the_generator_alone(name):
    torch.manual_seed(1)
    first = [p.clone() for p in MAKERS[name]("instance").parameters()]
    state = torch.get_rng_state()
    again = [p.clone() for p in MAKERS[name]("instance").parameters()]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    big = torch.cat([p.flatten() for p in first if p.dim() == 4])
    assert big.std().item() == pytest.approx(0.02, rel=0.1)


def test_spectral_norm_bounds_every_layer():
    net = PatchDiscriminator(1, 4, 1, "spectral", rng())
    for layer in net.layers:
        if isinstance(layer, nn.Conv2d):
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2) < 1.1


# Bad input ---------------------------------------------------------------------------------------


def test_sizes_that_cannot_be_halved_are_named():
    resnet, unet = MAKERS["resnet"]("instance"), MAKERS["unet"]("instance")
    with pytest.raises(ValueError, match="multiples of 4, at least 8, got 16 by 18; crop or"):
        resnet(images(1, 3, 16, 18))
    with pytest.raises(ValueError, match="multiples of 4, at least 8, got 4 by 8"):
        resnet(images(1, 3, 4, 8))
    with pytest.raises(ValueError, match="multiples of 8, at least 8, got 12 by 16"):
        unet(images(1, 3, 12, 16))
    with pytest.raises(ValueError, match=r"images must have shape \(n, 3, h, w\), got \(1, 1, 8"):
        unet(images(1, 1, 8, 8))
    with pytest.raises(ValueError, match=r"sides of at least 24 pixels for n_layers = 3, got"):
        PatchDiscriminator()(images(1, 3, 16, 16))
    with pytest.raises(ValueError, match=r"images must have shape \(n, 3, h, w\)"):
        PatchDiscriminator()(images(1, 1, 32, 32))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ResnetTranslator(normalisation="layer"), "normalisation must be one of"),
        (lambda: ResnetTranslator(n_blocks=-1), "n_blocks must be at least 0, got -1"),
        (lambda: ResnetTranslator(width=0), "width must be at least 1"),
        (lambda: UNetTranslator(depth=1), "depth must be at least 2, got 1"),
        (lambda: UNetTranslator(dropout=1.0), r"dropout must be in \[0, 1\), got 1.0"),
        (lambda: PatchDiscriminator(n_layers=-1), "n_layers must be at least 0, got -1"),
        (lambda: PatchDiscriminator(normalisation="x"), "normalisation must be one of"),
        (lambda: patch_layers(0), "image_size must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
