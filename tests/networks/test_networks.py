import pytest
import torch
from torch import nn

from gan_lessons.networks import (
    MLP,
    DCGANDiscriminator,
    DCGANGenerator,
    ImageClassifier,
    MLPDiscriminator,
    MLPGenerator,
    ResNetDiscriminator,
    ResNetGenerator,
    count_parameters,
)

SIZES = (8, 16, 28, 32, 64)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=1):
    return torch.randn(*shape, generator=rng(seed))


@pytest.mark.parametrize("image_size", SIZES)
@pytest.mark.parametrize("normalisation", ["batch", "instance", "none"])
@pytest.mark.parametrize("make", [DCGANGenerator, ResNetGenerator])
def test_generator_makes_images_in_range(make, image_size, normalisation):
    net = make(image_size, 3, z_dim=5, width=4, normalisation=normalisation, rng=rng())
    images = net(10 * randn(6, 5))
    assert images.shape == (6, 3, image_size, image_size)
    assert images.abs().max() <= 1
    with torch.no_grad():
        for edge in (50.0, -50.0):  # tanh and nothing else comes last
            net.layers[-2].bias.fill_(edge)
            assert (net(randn(2, 5)) * edge / 50).min() > 0.999


@pytest.mark.parametrize("image_size", SIZES)
@pytest.mark.parametrize("normalisation", ["none", "batch", "instance", "spectral"])
@pytest.mark.parametrize("make", [DCGANDiscriminator, ResNetDiscriminator])
def test_discriminator_gives_one_unbounded_logit_per_image(make, image_size, normalisation):
    net = make(image_size, 2, width=4, normalisation=normalisation, rng=rng())
    images = randn(5, 2, image_size, image_size)
    logits = net(images)
    assert logits.shape == (5,)
    assert logits.dtype == torch.float32
    assert net.features(images).shape == (5, net.n_features)
    with torch.no_grad():
        net.head.bias.fill_(-1e3)
    assert (net(images) < -100).all()


def test_the_size_table_of_the_docstring():
    for image_size in SIZES:
        net = DCGANGenerator(image_size, width=3, z_dim=4, rng=rng())
        shapes, out = [], randn(2, 4)
        for layer in net.layers:
            out = layer(out)
            if isinstance(layer, nn.Unflatten | nn.ConvTranspose2d):
                shapes.append(tuple(out.shape[1:]))
        row = next(
            line
            for line in DCGANGenerator.__doc__.splitlines()
            if line.split()[:1] == [str(image_size)]
        )
        numbers = [int(w.strip(",")) for w in row.split() if w.strip(",").isdigit()][1:]
        half = len(numbers) // 2 + 1
        sides, maps = numbers[:half], [3 * m for m in numbers[half:]] + [1]
        assert shapes == [(m, s, s) for m, s in zip(maps, sides, strict=True)]


def test_parameter_count_by_hand():
    # 8 pixels: linear 5 -> 3 * 16 (no bias), batch norm 2 * 3, transposed 3 -> 2 with bias.
    assert count_parameters(DCGANGenerator(8, 2, 5, 3, rng=rng())) == 5 * 48 + 6 + 3 * 2 * 16 + 2
    # 16 pixels: 1 -> 3 and 3 -> 6 with bias, linear 6 * 16 -> 1.
    wanted = (16 * 3 + 3) + (3 * 6 * 16 + 6) + (96 + 1)
    assert count_parameters(DCGANDiscriminator(16, 1, 3, rng=rng())) == wanted
    net = MLP(2, 3, hidden=5, layers=2, rng=rng())
    assert count_parameters(net) == (2 * 5 + 5) + (5 * 5 + 5) + (5 * 3 + 3)
    net.layers[0].weight.requires_grad_(False)
    assert count_parameters(net) == 5 + (5 * 5 + 5) + (5 * 3 + 3)


def test_instance_norm_keeps_samples_apart_and_batch_norm_does_not():
    images = randn(4, 1, 16, 16)
    for normalisation, apart in (("none", True), ("instance", True), ("batch", False)):
        net = DCGANDiscriminator(16, width=4, normalisation=normalisation, rng=rng())
        alone, together = net(images[:1]), net(images)[:1]
        assert torch.allclose(alone, together, atol=1e-6) is apart


def test_spectral_layers_have_norm_one_from_the_start():
    net = DCGANDiscriminator(32, width=8, normalisation="spectral", rng=rng()).eval()
    layers = [part for part in net.layers if isinstance(part, nn.Conv2d | nn.Linear)]
    assert len(layers) == 4
    for layer in layers:
        top = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2).item()
        assert top == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_memory_format_changes_nothing(layout):
    images = randn(3, 2, 16, 16)
    for net in (
        DCGANDiscriminator(16, 2, width=4, rng=rng()),
        ImageClassifier(16, 2, width=4, rng=rng()),
    ):
        wanted = net(images)
        got = net.to(memory_format=layout)(images.contiguous(memory_format=layout))
        assert torch.allclose(got, wanted, atol=1e-6)


def test_mlp_is_the_formula():
    net = MLP(2, 3, hidden=4, layers=1, activation="tanh", rng=rng())
    x = randn(5, 2)
    (w1, b1, w2, b2) = net.parameters()
    assert torch.allclose(net(x), torch.tanh(x @ w1.T + b1) @ w2.T + b2, atol=1e-6)
    affine = MLP(2, 3, layers=0, rng=rng())
    assert torch.allclose(affine(x + 1) + affine(x - 1), 2 * affine(x), atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu", "tanh", "silu"])
def test_mlp_pair_fits_together(activation):
    generator = MLPGenerator(3, 2, hidden=8, activation=activation, rng=rng())
    discriminator = MLPDiscriminator(2, hidden=8, activation=activation, rng=rng())
    logits = discriminator(generator(randn(7, generator.z_dim)))
    assert logits.shape == (7,)
    logits.sum().backward()
    assert all(p.grad is not None for p in generator.parameters())


def test_he_initialisation_keeps_the_scale_of_the_signal():
    # With ReLU, N(0, 2 / fan-in) keeps the mean square; 20 layers would amplify any wrong factor.
    net = MLP(256, 256, hidden=256, layers=20, activation="relu", rng=rng())
    out = net(randn(64, 256)).detach()
    assert 0.2 < float(out.square().mean()) / 2 < 5


def test_classifier_logits_are_linear_in_its_features():
    net = ImageClassifier(8, channels=1, n_classes=4, width=4, n_features=6, rng=rng())
    images = randn(5, 1, 8, 8)
    features = net.features(images)
    assert features.shape == (5, 6)
    assert features.min() >= 0
    assert torch.allclose(net(images), features @ net.head.weight.T + net.head.bias, atol=1e-6)


def test_classifier_learns_which_half_is_bright():
    images, labels = randn(64, 1, 8, 8), torch.arange(64) % 2
    images[labels == 1, :, :, 4:] += 1.0
    net = ImageClassifier(8, n_classes=2, width=4, rng=rng())
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(40):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(images), labels).backward()
        optimiser.step()
    assert float((net(images).argmax(1) == labels).float().mean()) == 1.0


def test_second_derivatives_exist_for_gradient_penalties():
    for normalisation in ("none", "instance", "spectral"):
        net = DCGANDiscriminator(16, width=4, normalisation=normalisation, rng=rng())
        images = randn(3, 1, 16, 16).requires_grad_()
        (slope,) = torch.autograd.grad(net(images).sum(), images, create_graph=True)
        slope.square().sum().backward()
        assert any(float(p.grad.abs().max()) > 0 for p in net.parameters() if p.grad is not None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DCGANGenerator(20), r"image_size must be one of 8, 16, 28, 32, 64, got 20"),
        (lambda: DCGANDiscriminator(20), r"image_size must be one of .* got 20"),
        (lambda: DCGANGenerator(z_dim=0), r"z_dim must be at least 1, got 0"),
        (lambda: DCGANGenerator(width=0), r"width must be at least 1, got 0"),
        (lambda: DCGANDiscriminator(channels=0), r"channels must be at least 1, got 0"),
        (lambda: DCGANGenerator(normalisation="spectral"), r"normalisation must be one of 'batch'"),
        (lambda: DCGANDiscriminator(normalisation="layer"), r"normalisation must be .* 'layer'"),
        (lambda: MLP(0, 1), r"in_features must be at least 1, got 0"),
        (lambda: MLP(1, 0), r"out_features must be at least 1, got 0"),
        (lambda: MLP(1, 1, hidden=0), r"hidden must be at least 1, got 0"),
        (lambda: MLP(1, 1, layers=-1), r"layers must be at least 0, got -1"),
        (lambda: MLP(1, 1, activation="sigmoid"), r"activation must be one of 'relu'"),
        (lambda: ImageClassifier(10), r"image_size must be a multiple of 4, got 10"),
        (lambda: ImageClassifier(8, n_classes=1), r"n_classes must be at least 2, got 1"),
        (lambda: ImageClassifier(8, n_features=0), r"n_features must be at least 1"),
        (lambda: DCGANGenerator(8, z_dim=5, width=2)(torch.zeros(3, 4)), r"z must .*\(n, 5\), got"),
        (lambda: DCGANDiscriminator(8, width=2)(torch.zeros(3, 64)), r"images must .*\(3, 64\)"),
        (lambda: ImageClassifier(8)(torch.zeros(3, 1, 28, 28)), r"images must .*\(n, 1, 8, 8\)"),
        (lambda: MLPGenerator(2)(torch.zeros(3)), r"z must have shape \(n, 2\), got \(3,\)"),
        (lambda: MLPDiscriminator(2)(torch.zeros(3, 1)), r"x must have shape \(n, 2\)"),
    ],
)
def test_bad_input_is_answered(make, message):
    with pytest.raises(ValueError, match=message):
        make()
