import math

import pytest
import torch
from torch import nn

from gan_lessons.distributions import Normal
from gan_lessons.networks import (
    ConcatDiscriminator,
    ConditionalGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
    MLPDiscriminator,
    MLPGenerator,
    ProjectionDiscriminator,
    ResNetDiscriminator,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=1):
    return torch.randn(*shape, generator=rng(seed))


def test_generator_is_the_plain_one_on_a_longer_z():
    net = ConditionalGenerator(MLPGenerator(5, 2, hidden=8, rng=rng()), 3, label_dim=2, rng=rng(1))
    assert net.z_dim == 3
    z, labels = randn(4, 3), torch.tensor([2, 0, 1, 2])
    longer = torch.cat([z, net.table.weight[labels]], dim=1)
    assert torch.equal(net(z, labels), net.generator(longer))
    same_z = net(z[:1].expand(3, 3), torch.arange(3))
    assert not torch.equal(same_z[0], same_z[1])
    assert net.table.weight.requires_grad


@pytest.mark.parametrize(
    "plain",
    [
        DCGANDiscriminator(8, 2, width=4, rng=rng()),
        ResNetDiscriminator(8, 2, width=4, rng=rng()),
    ],
    ids=["dcgan", "resnet"],
)
def test_projection_starts_as_the_plain_network_and_adds_an_inner_product(plain):
    net = ProjectionDiscriminator(plain, 3)
    x, labels = randn(5, 2, 8, 8), torch.tensor([0, 1, 2, 1, 0])
    assert torch.equal(net(x, labels), plain(x))  # the table starts at zero
    with torch.no_grad():
        net.table.weight.copy_(randn(3, net.discriminator.n_features, seed=2))
    phi = plain.features(x)
    added = torch.stack(
        [phi[k] @ net.table.weight[label] for k, label in enumerate(labels.tolist())]
    )
    assert torch.allclose(net(x, labels) - plain(x), added, atol=1e-4)


def test_projection_can_be_the_optimal_discriminator():
    """Two Gaussian classes, real and fake with other means: the joint log-ratio is linear in x with
    one slope a class, and a network without hidden layers has exactly that form.
    """
    real, fake = [Normal(-1.0, 1.0), Normal(2.0, 1.0)], [Normal(0.0, 1.0), Normal(0.5, 1.0)]
    net = ProjectionDiscriminator(MLPDiscriminator(2, layers=0, rng=rng()), 2)
    slopes = [-1.0, 1.5]  # mu_real - mu_fake, and the constant (mu_fake^2 - mu_real^2) / 2
    constants = [-0.5, (0.25 - 4) / 2]
    with torch.no_grad():  # features are (x, 1)
        net.discriminator.head.weight.zero_()
        net.discriminator.head.bias.zero_()
        net.table.weight.copy_(torch.tensor([slopes, constants]).T)
    x = torch.linspace(-3, 3, 13)
    features = torch.stack([x, torch.ones_like(x)], dim=1)
    for y in (0, 1):
        wanted = real[y].log_prob(x) - fake[y].log_prob(x)
        got = net(features, torch.full((13,), y))
        assert torch.allclose(got, wanted.to(got.dtype), atol=1e-5)


def test_concat_shows_the_label_in_every_pixel():
    class Sum(nn.Module):
        def forward(self, x):
            return x.flatten(2).mean(2) @ torch.tensor([0.0, 1.0, 10.0, 100.0])

    net = ConcatDiscriminator(Sum(), 3)
    logits = net(randn(3, 1, 4, 4), torch.arange(3))
    assert logits.tolist() == [1 - 10 - 100, -1 + 10 - 100, -1 - 10 + 100]
    points = ConcatDiscriminator(MLPDiscriminator(5, rng=rng()), 3)
    x, labels = randn(4, 2), torch.tensor([0, 2, 1, 1])
    flags = 2 * torch.eye(3)[labels] - 1
    assert torch.equal(points(x, labels), points.discriminator(torch.cat([x, flags], dim=1)))


def test_gradients_reach_every_part():
    generator = ConditionalGenerator(DCGANGenerator(8, z_dim=6, width=4, rng=rng()), 3, 2, rng())
    discriminator = ProjectionDiscriminator(DCGANDiscriminator(8, width=4, rng=rng()), 3)
    labels = torch.tensor([0, 1, 2, 0])
    discriminator(generator(randn(4, 4), labels), labels).sum().backward()
    for network in (generator, discriminator):
        for name, weight in network.named_parameters():
            if name != "discriminator.layers.0.bias":
                assert weight.grad is not None, name
                assert weight.grad.abs().sum() > 0 or math.isclose(weight.abs().sum(), 0), name
    assert discriminator.table.weight.grad.abs().sum() > 0


def test_bad_input_is_named():
    generator = ConditionalGenerator(MLPGenerator(5, rng=rng()), 3, label_dim=2, rng=rng())
    z = randn(4, 3)
    with pytest.raises(TypeError, match=r"labels must be a tensor of int64, got torch.float32"):
        generator(z, torch.zeros(4))
    with pytest.raises(TypeError, match="labels must be a tensor of int64, got list"):
        generator(z, [0, 1, 2, 0])
    with pytest.raises(ValueError, match=r"labels must have shape \(4,\), got \(3,\)"):
        generator(z, torch.zeros(3, dtype=torch.int64))
    for wrong in (3, -1):
        with pytest.raises(ValueError, match="labels must be from 0 to 2"):
            generator(z, torch.full((4,), wrong))
    with pytest.raises(ValueError, match="z_dim above label_dim = 5"):
        ConditionalGenerator(MLPGenerator(5, rng=rng()), 3, label_dim=5)
    with pytest.raises(ValueError, match="z_dim above label_dim"):
        ConditionalGenerator(nn.Linear(2, 2), 3)
    with pytest.raises(TypeError, match="without features"):
        ProjectionDiscriminator(nn.Linear(2, 1), 3)
    with pytest.raises(TypeError, match="discriminator must be"):
        ConcatDiscriminator(print, 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_classes"):
        ConcatDiscriminator(MLPDiscriminator(), 1)
