import math
import os
from dataclasses import replace

import pytest
import torch

from gan_lessons.data import DataNotFound, Labelled, load
from gan_lessons.experiments.image_gan import (
    PRESETS,
    ImageGANConfig,
    Yardstick,
    make_gan,
    preset_for,
    train_classifier,
)
from gan_lessons.metrics import frechet_distance
from gan_lessons.training import train

TINY = replace(PRESETS["laptop"], width=4, z_dim=4, batch_size=8, steps=2, log_every=1)


def test_a_gpu_gets_the_large_preset_and_all_else_the_small_one():
    assert preset_for("cpu") is PRESETS["laptop"]
    assert preset_for(torch.device("mps")) is PRESETS["laptop"]
    assert preset_for("cuda:1") is PRESETS["full"]
    assert PRESETS["full"].dataset == "fashion-mnist"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_number_reaches_the_training_loop(name):
    config = PRESETS[name]
    training = config.training()
    shared = [field for field in vars(training) if hasattr(config, field)]
    assert len(shared) == 10
    assert all(getattr(training, field) == getattr(config, field) for field in shared)


def test_the_seed_decides_the_weights():
    first, same, other = make_gan(TINY), make_gan(TINY), make_gan(replace(TINY, seed=1))
    z = torch.ones(2, TINY.z_dim)
    for a, b, equal in ((first, same, True), (first, other, False)):
        assert torch.equal(a.generator.eval()(z), b.generator.eval()(z)) is equal
        one = next(a.discriminator.parameters())
        assert torch.equal(one, next(b.discriminator.parameters())) is equal


def test_start_of_the_discriminator():
    narrow, wide = make_gan(replace(TINY, fan_in_start=False)), make_gan(TINY)
    stds = [next(gan.discriminator.parameters()).std().item() for gan in (narrow, wide)]
    assert stds[0] == pytest.approx(0.02, rel=0.5)
    assert stds[1] == pytest.approx((2 / 16) ** 0.5, rel=0.5)


def test_shifts_are_seen_by_the_discriminator_and_not_in_the_samples():
    gan = make_gan(replace(TINY, max_shift=3))
    assert gan.augment is not None
    dot = -torch.ones(200, 1, 16, 16)
    dot[:, :, 8, 8] = 1
    seen = gan.augment(dot, torch.Generator().manual_seed(0))
    rows = seen.amax(3).argmax(2).flatten()
    assert (rows.min().item(), rows.max().item()) == (5, 11)
    assert make_gan(replace(TINY, max_shift=0)).augment is None


def test_two_steps_of_the_laptop_preset():
    gan = make_gan(TINY)
    images = load("digits", size=16).images
    records = list(train(gan, images, gan.config))
    assert [record.step for record in records] == [1, 2]
    assert gan.sample(3, torch.Generator().manual_seed(0)).shape == (3, 1, 16, 16)


def test_two_steps_of_the_full_preset_without_its_data():
    config = replace(PRESETS["full"], width=4, z_dim=4, batch_size=8, steps=2, log_every=1)
    gan = make_gan(config)
    noise = torch.rand(16, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert len(list(train(gan, noise, gan.config))) == 2
    assert gan.sample(3, torch.Generator().manual_seed(0)).shape == (3, 1, 32, 32)


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("GAN_LESSONS_DATA"), reason="GAN_LESSONS_DATA is not set")
def test_the_full_preset_on_its_data():
    full = PRESETS["full"]
    try:
        held_out = load(full.dataset, "test", size=full.image_size)
    except DataNotFound as missing:
        pytest.skip(str(missing))
    few = Labelled(held_out.images[:600], held_out.labels[:600])
    config = replace(full, width=4, z_dim=4, batch_size=8, steps=2, log_every=1)
    gan = make_gan(config)
    assert len(list(train(gan, few.images, gan.config))) == 2
    classifier = train_classifier(few, epochs=1)
    yardstick = Yardstick(classifier, few.images[:200])
    samples = gan.sample(200, torch.Generator().manual_seed(0))
    assert yardstick.distance(samples) > 5 * yardstick.floor(few.images[200:]).mean


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train", size=16), load("digits", "test", size=16)


@pytest.fixture(scope="module")
def classifier(digits):
    return train_classifier(digits[0], epochs=2)


def test_classifier_learns_and_repeats(digits, classifier):
    training, held_out = digits
    with torch.no_grad():
        accuracy = (classifier(held_out.images).argmax(1) == held_out.labels).float().mean()
    assert accuracy > 0.85
    few = Labelled(training.images[:70], training.labels[:70])
    first, again, other = (train_classifier(few, 1, seed) for seed in (1, 1, 2))
    weights = [network.head.weight for network in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    with pytest.raises(ValueError, match="epochs"):
        train_classifier(few, 0)


def test_yardstick_is_the_distance_of_features_at_equal_n(digits, classifier):
    training, held_out = digits
    yardstick = Yardstick(classifier, held_out.images)
    part = training.images[:355]
    with torch.no_grad():
        by_hand = frechet_distance(classifier.features(held_out.images), classifier.features(part))
    assert yardstick.distance(part) == pytest.approx(by_hand)
    assert yardstick.distance(held_out.images) == pytest.approx(0, abs=1e-4)
    with pytest.raises(ValueError, match="as many as are held out, 355, got 10"):
        yardstick.distance(training.images[:10])


def test_floor_uses_disjoint_parts_and_is_below_a_blur(digits, classifier):
    training, held_out = digits
    yardstick = Yardstick(classifier, held_out.images)
    floor = yardstick.floor(training.images)
    assert len(floor.distances) == 1442 // 355
    assert floor.n == 355
    assert floor.mean == pytest.approx(sum(floor.distances) / len(floor.distances))
    mean_image = training.images.mean(0, keepdim=True)
    grey = 0.5 * training.images[:355] + 0.5 * mean_image
    assert yardstick.distance(grey) > 3 * max(floor.distances)


def test_config_is_frozen():
    with pytest.raises(AttributeError):
        ImageGANConfig().steps = 3


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("GAN_LESSONS_DATA"), reason="GAN_LESSONS_DATA is not set")
@pytest.mark.parametrize("image_size", [32, 64])
def test_the_full_preset_in_small_moves_the_right_way_on_real_fashion_mnist(image_size):
    """A few dozen steps: D learns to tell, samples fill the range, and come nearer to the data."""
    config = replace(
        PRESETS["full" if image_size == 32 else "full-64"],
        width=8,
        batch_size=16,
        steps=40,
        log_every=1,
        g_lr=2e-3,
        d_lr=2e-3,
    )
    images = load("fashion-mnist", "test", size=image_size).images[:2000]
    gan = make_gan(config)
    reference = images[:256].flatten(1)

    def distance():
        samples = gan.sample(256, torch.Generator().manual_seed(1), ema=False)
        assert samples.min() >= -1
        assert samples.max() <= 1
        return frechet_distance(reference, samples.flatten(1)), samples.std().item()

    before, narrow = distance()
    records = list(train(gan, images, gan.config))
    after, wide = distance()
    losses = [record.d_loss for record in records]
    assert losses[0] == pytest.approx(2 * math.log(2), abs=0.8)
    assert sum(losses[-10:]) / 10 < 0.9 * losses[0]
    assert after < 0.7 * before
    assert wide > 3 * narrow
