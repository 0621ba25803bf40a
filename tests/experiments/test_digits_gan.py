from dataclasses import asdict, replace

import pytest
import torch
from PIL import Image

from gan_lessons.data import Labelled, load
from gan_lessons.experiments.digits_gan import (
    Measurement,
    RemediesConfig,
    Task,
    pack_images,
    remedies,
    run,
    run_once,
    save_grid,
    unpack_images,
)
from gan_lessons.experiments.image_gan import PRESETS, Yardstick, make_gan, train_classifier
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.training import train

TINY = replace(PRESETS["laptop"], width=4, z_dim=4, batch_size=8, classifier_epochs=1)


def test_remedies_change_two_numbers_and_nothing_else():
    ways = remedies(TINY)
    assert list(ways) == ["plain", "R1", "shifts", "R1 and shifts"]
    used = {name: (way.r1_gamma > 0, way.max_shift > 0) for name, way in ways.items()}
    assert list(used.values()) == [(False, False), (True, False), (False, True), (True, True)]
    for way in ways.values():
        assert replace(way, r1_gamma=TINY.r1_gamma, max_shift=TINY.max_shift) == TINY


@pytest.fixture(scope="module")
def task():
    training = load("digits", "train", size=16)
    held_out = load("digits", "test", size=16).images[:60]
    classifier = train_classifier(Labelled(training.images[:300], training.labels[:300]), 1)
    yardstick = Yardstick(classifier.requires_grad_(False), held_out)
    return Task(TINY, (1, 3), training.images, held_out, yardstick)


def test_stopping_to_measure_does_not_change_the_run(task):
    """A run that was measured on its way ends where an uninterrupted one ends."""
    *_, (last, samples) = run_once(task)
    gan = make_gan(TINY)
    list(train(gan, task.training, replace(gan.config, steps=3)))
    again = gan.sample(60, torch.Generator().manual_seed(TINY.seed))
    assert torch.equal(samples, again)
    with torch.no_grad():
        assert last.logit_held_out == pytest.approx(gan.discriminator(task.held_out).mean().item())
        first = gan.discriminator(task.training[:60]).mean().item()
    assert last.logit_training == pytest.approx(first)
    assert last.frechet == pytest.approx(task.yardstick.distance(again))
    assert last.step == 3


def test_steps_must_rise(task):
    with pytest.raises(ValueError, match="unpack"):
        list(run_once(task._replace(measured_at=(3, 2))))


def test_packed_images_come_back_within_half_a_level():
    images = torch.rand(5, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    back = unpack_images(pack_images(images), 16)
    assert back.shape == images.shape
    assert (back - images).abs().max() <= 1 / 16 + 1e-6
    assert torch.equal(unpack_images(pack_images(back), 16), back)


def test_grid_has_sharp_pixels_and_white_gaps(tmp_path):
    images = -torch.ones(64, 1, 16, 16)
    images[9, 0, 2, 3] = 1  # second row, second column
    save_grid(images, tmp_path / "sub" / "grid.png")
    picture = Image.open(tmp_path / "sub" / "grid.png")
    assert picture.size == (8 * 72 - 8, 8 * 72 - 8)
    assert picture.getpixel((72 + 3 * 4, 72 + 2 * 4)) == 255
    assert picture.getpixel((72 + 3 * 4 + 3, 72 + 2 * 4 + 3)) == 255
    assert picture.getpixel((72 + 3 * 4 + 4, 72 + 2 * 4)) == 0
    assert picture.getpixel((66, 10)) == 255  # a gap


def test_a_tiny_run_has_the_form_that_is_recorded():
    config = RemediesConfig(TINY, seeds=(0, 1), measured_at=(1, 2), n_shown=3)
    results, digits = run(config)
    assert results["columns"] == list(Measurement._fields)
    assert results["n"] == 355
    assert torch.tensor(list(results["runs"].values())).shape == (4, 2, 2, len(Measurement._fields))
    frames = results["frames"]["R1 and shifts"]
    assert [unpack_images(frame, 16).shape for frame in frames] == [(3, 1, 16, 16)] * 2
    assert (unpack_images(frames[-1], 16) - digits[:3]).abs().max() < 0.07
    # At the start the four ways share weights and noise, so that only the remedy differs.
    assert results["runs"]["plain"][0] != results["runs"]["R1"][0]


def test_what_is_recorded_was_made_with_these_settings():
    record = load_recorded("digits_gan")
    assert record["config"] == _plain(asdict(RemediesConfig()))
    assert set(record["results"]["runs"]) == set(remedies(TINY))


def _plain(value):
    """Return what JSON makes of it."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
