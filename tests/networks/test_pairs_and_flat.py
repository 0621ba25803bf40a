import pytest
import torch

from gan_lessons.networks import (
    ImageMLPEncoder,
    ImageMLPGenerator,
    ImagePairDiscriminator,
    MLPPairDiscriminator,
    count_parameters,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def makers():
    return {
        "points": (MLPPairDiscriminator(3, 2, hidden=8, rng=rng()), torch.randn(5, 3), 2),
        "rows": (MLPPairDiscriminator(64, 4, hidden=8, rng=rng()), torch.randn(5, 1, 8, 8), 4),
        "images": (ImagePairDiscriminator(8, 1, 4, width=4, hidden=8, rng=rng()), None, 4),
    }


@pytest.mark.parametrize("kind", ["points", "rows", "images"])
def test_pair_discriminators_see_both_and_judge_pairs_one_by_one(kind):
    network, x, z_dim = makers()[kind]
    x = torch.randn(5, 1, 8, 8) if x is None else x
    z = torch.randn(5, z_dim)
    logits = network(x, z)
    assert logits.shape == (5,)
    other_x, other_z = x.clone(), z.clone()
    other_x[2] += 1
    other_z[3] += 1
    assert (network(other_x, z) != logits).tolist() == [False, False, True, False, False]
    assert (network(x, other_z) != logits).tolist() == [False, False, False, True, False]
    assert network.features(x, z).shape == (5, network.n_features)


def test_image_and_code_meet_before_the_last_layer():
    """Else D would be a sum of two critics, blind to whether z belongs to x."""
    network = ImagePairDiscriminator(8, 1, 4, width=4, hidden=32, rng=rng())
    g = rng(3)
    a, b = torch.randn(2, 20, 1, 8, 8, generator=g)
    u, v = torch.randn(2, 20, 4, generator=g)
    mixed = network(a, u) - network(a, v) - network(b, u) + network(b, v)
    assert mixed.abs().min() > 1e-6


@pytest.mark.parametrize("make", [ImageMLPGenerator, ImageMLPEncoder])
def test_flat_networks_have_shapes_and_a_reproducible_start(make):
    networks = [make(8, 3, z_dim=5, hidden=16, rng=rng()) for _ in range(2)]
    x = torch.randn(4, 5) if make is ImageMLPGenerator else torch.randn(4, 3, 8, 8)
    a, b = (network.eval()(x) for network in networks)
    assert torch.equal(a, b)
    assert a.shape == ((4, 3, 8, 8) if make is ImageMLPGenerator else (4, 5))
    # Weights and two numbers for each normalised unit; the last layer has a bias.
    sizes = (5, 16, 16, 192) if make is ImageMLPGenerator else (192, 16, 16, 5)
    weights = sum(p * q for p, q in zip(sizes, sizes[1:], strict=False))
    assert count_parameters(networks[0]) == weights + 4 * 16 + sizes[-1]
    plain = make(8, 3, z_dim=5, hidden=16, layers=1, normalisation="none", rng=rng())
    assert count_parameters(plain) == sizes[0] * 16 + 16 + 16 * sizes[-1] + sizes[-1]


def test_standardised_codes_have_mean_0_and_variance_1_and_no_more_weights():
    images = torch.randn(64, 1, 8, 8, generator=rng(1))
    plain = ImageMLPEncoder(8, z_dim=5, hidden=16, rng=rng())
    network = ImageMLPEncoder(8, z_dim=5, hidden=16, rng=rng(), standardised=True)
    assert count_parameters(network) == count_parameters(plain)
    codes, raw = network(images), plain(images)
    assert torch.allclose(codes.mean(0), torch.zeros(5), atol=1e-5)
    assert torch.allclose(codes.var(0, unbiased=False), torch.ones(5), atol=1e-3)
    expected = (raw - raw.mean(0)) / raw.std(0, unbiased=False)
    assert torch.allclose(codes, expected, atol=1e-4)
    assert network.eval()(images[:1]).shape == (1, 5)


def test_generator_of_rows_stays_within_the_range_of_pixels():
    images = ImageMLPGenerator(8, z_dim=5, hidden=16, rng=rng())(50 * torch.randn(200, 5))
    assert images.abs().max() <= 1
    assert images.abs().max() > 0.99


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: MLPPairDiscriminator(3, 2)(torch.ones(4, 2), torch.ones(4, 2)), r"x, flattened"),
        (lambda: MLPPairDiscriminator(3, 2)(torch.ones(4, 3), torch.ones(4, 3)), r"z must have sh"),
        (lambda: MLPPairDiscriminator(3, 2)(torch.ones(4, 3), torch.ones(5, 2)), "as many rows"),
        (lambda: ImagePairDiscriminator(8)(torch.ones(4, 1, 8, 8), torch.ones(5, 64)), "as many"),
        (lambda: ImagePairDiscriminator(9), "image_size must be one of"),
        (lambda: ImageMLPGenerator(8, z_dim=5)(torch.ones(2, 4)), r"z must have shape \(n, 5\)"),
        (lambda: ImageMLPEncoder(8)(torch.ones(2, 1, 9, 9)), r"images must have shape"),
        (lambda: ImageMLPEncoder(8, normalisation="layer"), "normalisation must be one of"),
        (lambda: ImageMLPEncoder(0), "image_size must be at least 1"),
        (lambda: ImageMLPEncoder(8, layers=0), "layers must be at least 1"),
    ],
)
def test_bad_input(call, match):
    with pytest.raises(ValueError, match=match):
        call()
