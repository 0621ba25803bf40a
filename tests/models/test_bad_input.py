"""What a reader may get wrong with the models: each is refused by name, nothing is broadcast."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gan_lessons.models import (
    VAE,
    VAEGAN,
    Autoencoder,
    BiGAN,
    CycleGAN,
    CycleGANConfig,
    ImagePool,
    LatentRegressor,
    NetworkSystem,
    Pix2Pix,
    Pix2PixConfig,
    Player,
    VAEConfig,
    VAEGANConfig,
    active_units,
    generated_pairs,
    log_importance_weights,
    negative_elbo,
    reparameterise,
)
from gan_lessons.models.elbo import gaussian_log_likelihood
from gan_lessons.models.translation import mean_difference
from gan_lessons.networks import (
    MLP,
    MLPDiscriminator,
    MLPEncoder,
    MLPGenerator,
    MLPPairDiscriminator,
    PatchDiscriminator,
    ResnetTranslator,
    UNetTranslator,
)
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train

SIZES = {"steps": 2, "batch_size": 4, "z_dim": 2, "log_every": 1}
CONFIG = TrainConfig(**SIZES)
CYCLE = CycleGANConfig(**SIZES, pool_size=3)
POINTS = torch.randn(8, 3, generator=torch.Generator().manual_seed(4))
BYTES = torch.zeros(8, 3, dtype=torch.uint8)
IMAGES = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(5)) * 2 - 1


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def generator(outputs=3):
    return MLPGenerator(2, outputs, hidden=4, rng=rng())


def encoder(inputs=3, outputs=2):
    return MLP(inputs, outputs, hidden=4, rng=rng(1))


def bigan(g=None, e=None, augment=None):
    pairs = MLPPairDiscriminator(3, 2, hidden=4, rng=rng(2))
    return BiGAN(g or generator(), e or encoder(), pairs, "hinge", CONFIG, augment)


def vae():
    return VAE(MLPEncoder(3, 2, hidden=4), generator(), VAEConfig(**SIZES))


def vae_gan(augment=None):
    networks = MLPEncoder(3, 2, hidden=4), generator(), MLPDiscriminator(3, hidden=4)
    return VAEGAN(*networks, "hinge", VAEGANConfig(**SIZES), augment)


def cycle_gan(back_channels=3, config=CYCLE):
    generators = [ResnetTranslator(3, k, 2, 1, 1, rng=rng()) for k in (3, back_channels)]
    critics = [PatchDiscriminator(k, 2, 1, rng=rng(1)) for k in (back_channels, 3)]
    return CycleGAN(*generators, *critics, "hinge", config)


def pix2pix(outputs=3):
    critic = PatchDiscriminator(3 + outputs, 2, 1, rng=rng(1))
    return Pix2Pix(UNetTranslator(3, outputs, 2, 2, rng=rng()), critic, "hinge",
                   Pix2PixConfig(**SIZES))  # fmt: skip


def system(players=None, networks=None, averaged=()):
    players = {"g": Player(0.1, ("a",))} if players is None else players
    return NetworkSystem(networks or {"a": nn.Linear(1, 1)}, players, CONFIG, averaged)


def two(one):
    return {"a": one, "b": one}


both = {"g": Player(0.1, ("a", "b"))}


@pytest.mark.parametrize(
    ("call", "match"),
    [
        # who trains what
        (lambda: system(networks=["a"]), "networks must be a dict of at least one"),
        (lambda: system(networks={"a": nn.Linear(1, 1), "b": nn.Linear(1, 1)}), "got b 0 times"),
        (lambda: system({"g": Player(0.1, ("a",)), "d": Player(1.0, ("a",))}), "got a 2 times"),
        (lambda: system({"g": Player(0.1, ("a", "c"))}), "and no other, got c 1 times"),
        (lambda: system(averaged=("c",)), "and no other, got c 0 times"),
        (lambda: system({"g": Player(-1.0, ("a",))}), r"players\['g'\].lr must be positive"),
        (lambda: system({"g": (0.1, ("a",))}), r"players\['g'\] must be a Player, got tuple"),
        (lambda: system(both, two(nn.Linear(1, 1))), "a and b must be two networks, got one for"),
        (lambda: system().network("config"), "name must be one of a, got 'config'"),
        (lambda: system().load_state_dict(None), "state must be that of a NetworkSystem"),
        # configs
        (lambda: BiGAN(None, None, None, "hinge", {}), "config must be a TrainConfig, got dict"),
        (lambda: Autoencoder(None, None, None), "config must be a TrainConfig, got NoneType"),
        (lambda: LatentRegressor(None, 3), "config must be a TrainConfig, got int"),
        # images of 0 to 255, in place of [-1, 1]
        (lambda: bigan().step(BYTES, rng()), "batch must be floating point, got torch.uint8"),
        (lambda: vae().step(BYTES, rng()), "batch must be floating point, got torch.uint8"),
        (lambda: bigan().encode(BYTES), "x must be floating point, got torch.uint8"),
        (lambda: bigan().encode([1.0]), "x must be a torch.Tensor, got list"),
        (lambda: cycle_gan().step((IMAGES, IMAGES.byte()), rng()), "batch: b must be floating"),
        (lambda: next(train(cycle_gan(), (BYTES, BYTES), CYCLE)), "batch: a must be floating"),
        (lambda: cycle_gan().translate(IMAGES.byte()), "images must be floating point"),
        (lambda: ImagePool(2).query(BYTES), "images must be floating point, got torch.uint8"),
        (lambda: ImagePool(2).query([1]), "images must be a torch.Tensor, got list"),
        (lambda: LatentRegressor(encoder(), CONFIG).step((BYTES, POINTS[:, :2]), rng()),
         r"batch\[0\] must be floating point"),
        # single numbers
        (lambda: bigan().step(torch.tensor(1.0), rng()), "got a single number"),
        (lambda: cycle_gan().step((torch.tensor(1.0),) * 2, rng()), "batch: a must have shape"),
        (lambda: ImagePool(2).query(torch.tensor(1.0)), "images must have shape"),
        # laws of codes where codes are wanted
        (lambda: bigan(e=MLPEncoder(3, 2)).step(POINTS, rng()),
         r"encoder must return codes \(n, z_dim\), .* got GaussianCode"),
        (lambda: Autoencoder(MLPEncoder(3, 2), generator(), CONFIG).step(POINTS, rng()),
         "encoder must return codes"),
        (lambda: LatentRegressor(MLPEncoder(3, 2), CONFIG).step((POINTS, POINTS[:, :2]), rng()),
         "encoder must return codes"),
        # sizes that do not fit; torch would broadcast some of them
        (lambda: bigan(generator(4)).step(POINTS, rng()),
         r"rows \(8, 5\) of \(x, E\(x\)\) and \(8, 6\)"),
        (lambda: Autoencoder(encoder(), generator(1), CONFIG).step(POINTS, rng()),
         r"makes of its codes must have the same shape, got \(8, 3\)"),
        (lambda: mean_difference(IMAGES[:, :1], IMAGES), r"shape, got \(4, 1, 8, 8\) and \(4, 3"),
        (lambda: pix2pix(1).step((IMAGES, IMAGES), rng()),
         r"its partner b must have the same shape, got \(4, 1, 8, 8\) and \(4, 3, 8, 8\)"),
        (lambda: pix2pix().step((IMAGES, IMAGES[:, :, :4]), rng()), "pairs of one size"),
        (lambda: bigan(augment=lambda x, _: x[:2]).step(POINTS, rng()),
         r"augment: samples and what it returns must have the same shape, got \(8, 3\) and \(2, 3"),
        (lambda: vae_gan(lambda x, _: x[:6]).step(POINTS, rng()), "augment: samples and what"),
        (lambda: LatentRegressor(encoder(), CONFIG).step((POINTS[:0], POINTS[:0, :2]), rng()),
         r"got \(0, 2\)"),
        # sources of pairs
        (lambda: generated_pairs("G", 2), "generator must be a torch.nn.Module, got str"),
        (lambda: generated_pairs(nn.Tanh(), 2), "generator must have weights"),
        (lambda: generated_pairs(generator(), 3), "z_dim must be the generator's, 2, got 3"),
        (lambda: generated_pairs(generator(), "2"), "z_dim must be a whole number, got str"),
        # states
        (lambda: ImagePool(2).load_state_dict({}), "state must be that of an ImagePool"),
        (lambda: cycle_gan().load_state_dict({**cycle_gan().state_dict(), "pools": {}}),
         "state must be that of a CycleGAN, with pools of a and of b"),
        # formulas
        (lambda: gaussian_log_likelihood(POINTS[0], POINTS[0], 1.0), r"call x.unsqueeze\(1\)"),
        (lambda: negative_elbo(POINTS[:1], POINTS[:1], POINTS, POINTS),
         "mean must have a row for each of the 1 samples, got 8"),
        (lambda: log_importance_weights(POINTS[:1], POINTS, POINTS[:1], POINTS, POINTS),
         "mean must have a row for each of the 1 samples, got 8"),
        (lambda: reparameterise(BYTES, BYTES), "mean must be floating point"),
        (lambda: active_units(POINTS / 0), "mean must be finite"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(call, match):
    with pytest.raises((TypeError, ValueError), match=match):
        call()


def test_numbers_of_numpy_go_into_a_checkpoint(tmp_path):
    config = replace(
        CYCLE, pool_size=np.int64(3), decay_steps=np.int32(4), forward_weight=np.float32(2)
    )
    first, second = cycle_gan(config=config), cycle_gan(config=config)
    first.step((IMAGES, IMAGES), rng())
    save_checkpoint(tmp_path / "run.pt", first)
    load_checkpoint(tmp_path / "run.pt", second)
    assert torch.equal(first.translate(IMAGES), second.translate(IMAGES))


def test_a_step_that_was_refused_leaves_the_system_as_it_was():
    gan = cycle_gan()
    before = [weight.clone() for weight in gan.generator_ab.parameters()]
    with pytest.raises(ValueError, match="got 4 and 2"):
        gan.step((IMAGES, IMAGES[:2]), rng())
    assert gan.steps_done == 0
    assert gan.pools["a"].images is None
    after = gan.generator_ab.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
