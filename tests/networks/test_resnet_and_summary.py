import pytest
import torch
from torch import nn

from gan_lessons.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    MLPGenerator,
    ProjectionDiscriminator,
    ResNetDiscriminator,
    ResNetGenerator,
    count_parameters,
    summarise,
)
from gan_lessons.networks.resnet import DownBlock, UpBlock


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=1):
    return torch.randn(*shape, generator=rng(seed))


def test_blocks_add_a_correction_to_the_identity():
    """With the correction at zero and the skip an identity, the blocks only change the size."""
    up, down = UpBlock(3, 3, "none"), DownBlock(3, 3, "none")
    for block, change in ((up, up.after), (down, down.change)):
        nn.init.zeros_(change[-1].weight)
        nn.init.zeros_(change[-1].bias)
        block.skip.weight.data = torch.eye(3)[:, :, None, None]
        nn.init.zeros_(block.skip.bias)
    x = randn(2, 3, 4, 4)
    assert torch.equal(up(x), x.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert torch.allclose(down(up(x)), x, atol=1e-6)


def test_the_first_block_sees_the_dark_half_of_an_image():
    image, rest = DownBlock(1, 4, "none", image=True), DownBlock(1, 4, "none")
    for block in (image, rest):
        nn.init.zeros_(block.skip.weight)
    dark = -torch.ones(1, 1, 4, 4)
    dark[..., 0] = -0.5
    assert isinstance(rest.change[0], nn.LeakyReLU)
    assert isinstance(image.change[0], nn.Conv2d)
    rest.change[0].negative_slope = 0.0  # a plain ReLU would see nothing at all
    uniform = rest(dark)[0, :, 0, 0]
    assert torch.allclose(uniform, rest(torch.zeros(1, 1, 4, 4))[0, :, 0, 0])
    assert not torch.allclose(image(dark), image(torch.zeros(1, 1, 4, 4)))


def test_blocks_keep_the_variance_at_the_start():
    net = ResNetGenerator(64, z_dim=64, width=64, normalisation="none", rng=rng())
    maps = net.layers[:2](randn(8, 64)).detach()
    for block in net.layers[2:6]:
        after = block(maps).detach()
        assert 0.7 < after.square().mean() / maps.square().mean() < 1.4
        maps = after


def test_spectral_layers_have_norm_one_from_the_start():
    net = ResNetDiscriminator(16, width=8, normalisation="spectral", rng=rng()).eval()
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(layers) == 7
    for layer in layers:
        top = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2).item()
        assert top == pytest.approx(1.0, abs=0.05)


def test_batch_norm_mixes_samples_and_the_others_do_not():
    images = randn(4, 1, 16, 16)
    for normalisation, apart in (("none", True), ("spectral", True), ("batch", False)):
        net = ResNetDiscriminator(16, width=4, normalisation=normalisation, rng=rng())
        net.train(normalisation == "batch")
        assert torch.allclose(net(images[:1]), net(images)[:1], atol=1e-5) is apart


def test_same_seed_same_network_and_global_state_untouched():
    before = torch.random.get_rng_state()
    first, again, other = (ResNetGenerator(8, z_dim=3, width=4, rng=rng(k)) for k in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    z = randn(2, 3)
    assert torch.equal(first.eval()(z), again.eval()(z))
    assert not torch.equal(first(z), other.eval()(z))


@pytest.mark.parametrize("make", [ResNetGenerator, ResNetDiscriminator])
def test_bad_sizes_are_named(make):
    with pytest.raises(ValueError, match="image_size must be one of 8, 16, 28, 32, 64, got 48"):
        make(48)
    with pytest.raises(ValueError, match="width"):
        make(16, width=0)
    with pytest.raises(ValueError, match="normalisation must be one of"):
        make(16, normalisation="layer")


def test_summary_counts_by_hand():
    net = DCGANGenerator(8, 2, z_dim=5, width=3, rng=rng())
    summary = summarise(net, randn(7, 5))
    assert [layer.shape for layer in summary.layers] == [
        (48,),
        (3, 4, 4),
        (3, 4, 4),
        (3, 4, 4),
        (2, 8, 8),
        (2, 8, 8),
    ]
    assert summary.parameters == count_parameters(net) == sum(k.parameters for k in summary.layers)
    # A multiplication with its addition is two: 5 -> 48, then 16 pixels x 3 x 2 maps x 16 weights.
    assert summary.flops == 2 * (5 * 48 + 16 * 3 * 2 * 16)
    assert net.training
    assert not any(layer._forward_hooks for layer in net.modules())
    text = str(summary)
    assert "3 x 4 x 4" in text
    assert f"{summary.parameters:,}" in text


def test_summary_of_spectral_norm_counts_each_layer_once():
    plain = summarise(DCGANDiscriminator(16, width=4, rng=rng()), randn(2, 1, 16, 16))
    spectral = summarise(
        DCGANDiscriminator(16, width=4, normalisation="spectral", rng=rng()), randn(2, 1, 16, 16)
    )
    assert [(k.kind, k.shape, k.parameters) for k in plain.layers] == [
        (k.kind, k.shape, k.parameters) for k in spectral.layers
    ]


def test_summary_takes_all_inputs_and_says_what_is_missing():
    net = ProjectionDiscriminator(DCGANDiscriminator(8, width=4, rng=rng()), 3)
    summary = summarise(net, randn(2, 1, 8, 8), torch.tensor([0, 2]))
    assert summary.layers[-1].kind == "Embedding"
    with pytest.raises(ValueError, match="inputs must be given"):
        summarise(net)
    with pytest.raises(TypeError, match="module must be"):
        summarise("net", randn(2, 2))  # type: ignore[arg-type]
    assert not any(layer._forward_hooks for layer in net.modules())
    broken = MLPGenerator(2)
    with pytest.raises(ValueError, match="z must have shape"):
        summarise(broken, randn(2, 5))
    assert broken.training
    assert not any(layer._forward_hooks for layer in broken.modules())
