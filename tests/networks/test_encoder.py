import pytest
import torch

from gan_lessons.networks import (
    DCGANDiscriminator,
    DeterministicImageEncoder,
    ImageEncoder,
    ImagePairDiscriminator,
    MLPEncoder,
    count_parameters,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=1):
    return torch.randn(*shape, generator=rng(seed))


@pytest.mark.parametrize("image_size", [8, 16, 28, 32, 64])
@pytest.mark.parametrize("normalisation", ["none", "batch", "instance", "spectral"])
def test_image_encoders_give_a_code_of_the_asked_length(image_size, normalisation):
    images = randn(5, 2, image_size, image_size)
    law = ImageEncoder(image_size, 2, 3, 4, normalisation, rng())
    code = DeterministicImageEncoder(image_size, 2, 3, 4, normalisation, rng())
    mean, log_variance = law(images)
    assert mean.shape == log_variance.shape == code(images).shape == (5, 3)
    assert law.z_dim == code.z_dim == 3
    assert not torch.allclose(mean, log_variance)


def test_an_encoder_is_the_discriminator_with_more_outputs():
    discriminator = DCGANDiscriminator(16, 1, 6, rng=rng())
    encoder = ImageEncoder(16, 1, 3, 6, rng=rng())
    more = (2 * 3 - 1) * (discriminator.n_features + 1)
    assert count_parameters(encoder) == count_parameters(discriminator) + more
    encoder.body.load_state_dict(discriminator.layers[:-1].state_dict())
    images = randn(4, 1, 16, 16)
    assert torch.equal(encoder.body(images), discriminator.features(images))


def test_means_come_first_and_log_variances_second():
    encoder = MLPEncoder(2, 3, hidden=8, rng=rng())
    images = ImageEncoder(8, 1, 3, 4, rng=rng())
    with torch.no_grad():
        for layer in (encoder.body.layers[-1], images.head):
            layer.weight.zero_()
            layer.bias.copy_(torch.arange(6.0))
    for law in (encoder(randn(4, 2)), images(randn(4, 1, 8, 8))):
        assert torch.equal(law.mean, torch.tensor([0.0, 1, 2]).expand(4, 3))
        assert torch.equal(law.log_variance, torch.tensor([3.0, 4, 5]).expand(4, 3))


def test_weights_come_from_rng_alone_and_start_at_the_fan_in_scale():
    def both(seed):
        return MLPEncoder(2, 3, rng=rng(seed)), ImageEncoder(16, 1, 3, 32, rng=rng(seed))

    before = torch.get_rng_state()
    for a, b, c in zip(both(1), both(1), both(2), strict=True):
        a, b, c = (torch.cat([p.flatten() for p in net.parameters()]) for net in (a, b, c))
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    assert torch.equal(before, torch.get_rng_state())
    image = both(3)[1]
    second = image.body[2].weight  # 32 maps, 4 x 4: 512 inputs
    assert second.std().item() == pytest.approx((2 / 512) ** 0.5, rel=0.02)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="z_dim must be at least 1, got 0"):
        MLPEncoder(2, 0)
    for make in (ImageEncoder, DeterministicImageEncoder):
        with pytest.raises(ValueError, match="z_dim must be at least 1, got 0"):
            make(16, 1, 0)
        with pytest.raises(ValueError, match="image_size must be one of 8, 16"):
            make(17)
        with pytest.raises(ValueError, match=r"images must have shape \(n, 1, 8, 8\), got"):
            make(8, width=2)(randn(2, 1, 9, 9))
    with pytest.raises(ValueError, match=r"x must have shape \(n, 1, 8, 8\), got \(2, 1, 9, 9\)"):
        ImagePairDiscriminator(8, 1, 3, width=2)(randn(2, 1, 9, 9), randn(2, 3))
    with pytest.raises(ValueError, match=r"x must have shape \(n, 2\), got"):
        MLPEncoder(2, 2)(randn(3, 4))
    with pytest.raises(ValueError, match="activation must be one of"):
        MLPEncoder(2, 2, activation="sine")
