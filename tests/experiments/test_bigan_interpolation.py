"""Walks between two digits: the straight line in pixels and in codes, and what is stored."""

from dataclasses import replace

import pytest
import torch

from gan_lessons.data import load
from gan_lessons.experiments.bigan_digits import BiGANDigitsConfig, make_bigan
from gan_lessons.experiments.bigan_interpolation import (
    WAYS,
    InterpolationConfig,
    between,
    make_vae,
    recorded_paths,
    run,
)
from gan_lessons.experiments.digits_gan import unpack_images

BASE = BiGANDigitsConfig(hidden=16)
BASE = replace(BASE, training=replace(BASE.training, steps=2, batch_size=8, log_every=2))
TINY = InterpolationConfig(pairs=((0, 1),), positions=(0.0, 0.25, 1.0), base=BASE)


def test_pixels_are_blended():
    images = load("digits", "test").images
    got = between(None, images[:1], images[1:2], torch.tensor([0.0, 0.25, 1.0]))
    assert torch.equal(got[0], images[0])
    assert torch.equal(got[2], images[1])
    assert torch.allclose(got[1], 0.75 * images[0] + 0.25 * images[1])


@pytest.mark.parametrize("name", ["VAE", "BiGAN"])
def test_codes_are_blended_between_reconstructions(name):
    model = make_vae(TINY) if name == "VAE" else make_bigan(BASE, 0)
    images = load("digits", "test").images
    got = between(model, images[:1], images[1:2], torch.tensor([0.0, 0.5, 1.0]))
    assert torch.allclose(got[[0, 2]], model.reconstruct(images[:2]), atol=1e-6)
    codes = model.encode(images[:2])
    middle = (codes.mean if name == "VAE" else codes).mean(0, keepdim=True)
    assert torch.allclose(got[1:2], model.decode(middle), atol=1e-6)


def test_both_models_have_one_form_of_generator():
    one, other = make_vae(TINY).generator, make_bigan(BASE, TINY.seed).generator
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_small_run_and_what_is_stored_have_one_form():
    found, test, training = run(TINY), load("digits", "test"), load("digits", "train")
    entry = found["paths"]["0 to 1"]
    assert set(entry) == {"ends", *WAYS}
    first = unpack_images(entry["ends"], 8)[:1]
    zeros = test.images[test.labels == 0]
    gaps = torch.cdist(zeros.flatten(1), zeros.flatten(1).mean(0, keepdim=True))[:, 0]
    assert torch.allclose(first[0], zeros[gaps.argmin()], atol=0.07)  # 17 grey levels
    true = torch.cdist(test.images.flatten(1), training.images.flatten(1)).min(1).values
    assert found["real"] == pytest.approx(true.mean().item(), abs=1e-3)
    stored = recorded_paths()
    assert stored.real == found["real"]
    assert stored.positions == InterpolationConfig().positions
    for pair, ways in stored.ways.items():
        assert stored.ends[pair].shape == (2, 1, 8, 8)
        assert tuple(ways) == WAYS
        for path in ways.values():
            gaps = torch.cdist(path.images.flatten(1), training.images.flatten(1)).min(1).values
            assert gaps.tolist() == pytest.approx(path.distances, abs=0.15)


def test_wrong_settings_are_told():
    with pytest.raises(ValueError, match="positions must be within 0 and 1"):
        InterpolationConfig(positions=(0.0, 1.5))
    with pytest.raises(ValueError, match="seed"):
        InterpolationConfig(seed=-1)
