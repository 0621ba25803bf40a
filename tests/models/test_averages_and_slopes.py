"""Which weights answer where averages are kept, and the slopes of what is below zero."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_lessons.models import VAE, Autoencoder, LatentRegressor, VAEConfig
from gan_lessons.networks import (
    MLP,
    ImageMLPEncoder,
    ImagePairDiscriminator,
    MLPEncoder,
    MLPGenerator,
    PatchDiscriminator,
    UNetTranslator,
)
from gan_lessons.training import TrainConfig, train

SIZES = {"steps": 4, "batch_size": 8, "z_dim": 2, "log_every": 4, "g_lr": 0.05, "ema_decay": 0.9}
CONFIG = TrainConfig(**SIZES)
DATA = torch.randn(32, 3, generator=torch.Generator().manual_seed(5))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def coder(inputs, outputs):
    return MLP(inputs, outputs, hidden=8, rng=rng())


def test_an_autoencoder_s_averages_are_both_asked_unless_the_last_weights_are_wanted():
    model = Autoencoder(coder(3, 2), coder(2, 3), CONFIG)
    list(train(model, DATA, CONFIG))
    for ema in (True, False):
        encode, decode = (model.network(name, ema) for name in ("encoder", "generator"))
        assert torch.equal(model.encode(DATA, ema), encode(DATA))
        assert torch.equal(model.reconstruct(DATA, ema), decode(encode(DATA)))
    assert not torch.equal(model.network("generator")(DATA[:, :2]), model.generator(DATA[:, :2]))


def test_a_regressor_s_average_is_asked():
    model = LatentRegressor(coder(3, 2), CONFIG)
    list(train(model, (DATA, DATA[:, :2]), CONFIG))
    assert torch.equal(model.encode(DATA), model.averages["encoder"].network(DATA))
    assert not torch.equal(model.encode(DATA), model.encode(DATA, ema=False))


def test_a_vae_s_law_and_bound_are_those_of_the_weights_asked_for():
    config = VAEConfig(**SIZES, e_lr=0.05)
    model = VAE(MLPEncoder(3, 2, 8, rng=rng()), MLPGenerator(2, 3, 8, rng=rng()), config)
    list(train(model, DATA, config))
    bare = VAE(model.encoder, model.generator, replace(config, ema_decay=0.0))
    mean = VAE(*(ema.network.requires_grad_() for ema in model.averages.values()), bare.config)
    for ema, same in ((True, mean), (False, bare)):
        found = model.sample_observations(5, rng(), ema)
        assert torch.equal(found, same.sample_observations(5, rng()))
        found = model.log_likelihood_bound(DATA, 2, rng(), ema)
        assert torch.equal(found, same.log_likelihood_bound(DATA, 2, rng()))
    assert not torch.equal(mean.sample(5, rng()), bare.sample(5, rng()))


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (PatchDiscriminator(1, 2, 2), 3),  # behind all convolutions but the last
        (UNetTranslator(1, 1, 2, 3), 2),  # before all but the first, going down
        (ImageMLPEncoder(4, hidden=4), 1),  # one for both layers
    ],
)
def test_leaky_slopes_are_the_published_one(network, count):
    slopes = [m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)]
    assert slopes == [0.2] * count


def test_the_unet_goes_up_by_relu_and_has_at_most_eight_times_its_width():
    net = UNetTranslator(1, 1, 2, 6)
    assert sum(isinstance(module, nn.ReLU) for module in net.modules()) == 6
    down = [m.out_channels for m in net.down.modules() if isinstance(m, nn.Conv2d)]
    assert down == [2, 4, 8, 16, 16, 16]


def test_the_hidden_layer_of_pairs_leaks_a_fifth():
    net = ImagePairDiscriminator(8, 1, 2, 2, 4, rng=rng())
    with torch.no_grad():
        net.joint.weight.zero_()
        net.joint.bias.copy_(torch.tensor([-1.0, -2.0, 0.0, 3.0]))
    features = net.features(torch.zeros(1, 1, 8, 8), torch.zeros(1, 2))
    assert torch.allclose(features, torch.tensor([[-0.2, -0.4, 0.0, 3.0]]))
