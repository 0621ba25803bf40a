"""Two styles of emoji: what is read, drawn and measured, on a small file of our own."""

import json
import os
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from gan_lessons.data import DataNotFound
from gan_lessons.experiments.cycle_emoji import (
    EMOJI_PRESETS,
    EmojiConfig,
    blurred,
    load_emoji,
    make_paired,
    measure_emoji,
    unpack_emoji,
)
from gan_lessons.experiments.cycle_emoji_report import SEEDS, all_runs
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.experiments.trainable_translation import UnpairedConfig, make_unpaired

TINY = EmojiConfig(replace(EmojiConfig().recipe, width=2, n_blocks=1, n_layers=1))
TINY = replace(
    TINY,
    recipe=replace(
        TINY.recipe, training=replace(TINY.recipe.training, steps=2, batch_size=2, log_every=2)
    ),
)
SPLIT = np.array(["a", "test", "b", "a", "test", "b", "b"])


@pytest.fixture
def folder(tmp_path):
    """A data folder with seven emoji; b's pixels are those of a, turned to their complement."""
    noto = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)
    (tmp_path / "emoji").mkdir()
    np.savez(tmp_path / "emoji" / "emoji32.npz", noto=noto, twemoji=255 - noto, split=SPLIT)
    return tmp_path


def test_what_is_read_is_apart_and_pairs_are_pairs(folder):
    emoji = load_emoji(folder)
    assert [len(part) for part in emoji[:5]] == [2, 3, 2, 2, 2]
    assert torch.allclose(emoji.a, -emoji.partners_of_a, atol=1e-6)
    assert torch.allclose(emoji.test_a, -emoji.test_b, atol=1e-6)
    with np.load(folder / "emoji" / "emoji32.npz") as stored:
        pixel = stored["noto"][3, 5, 9, 1]
    assert emoji.a[1, 1, 5, 9] == pytest.approx(pixel / 127.5 - 1, abs=1e-6)
    for image in emoji.a:
        assert (image + emoji.b).abs().flatten(1).mean(1).min() > 0.1
    with pytest.raises(DataNotFound, match="GAN_LESSONS_DATA"):
        load_emoji(folder / "emoji")


def test_drawn_images_are_shifted_on_white_and_pairs_alike(folder):
    emoji, rng = load_emoji(folder, margin=3), torch.Generator().manual_seed(0)
    a, b = emoji.draw(20, rng)
    assert a.shape == b.shape == (20, 3, 32, 32)
    assert (a + b).abs().flatten(1).mean(1).min() > 0.1
    first, second = emoji.draw_pairs(20, rng)
    outside = (first == 1) & (second == 1)
    assert torch.allclose(first[~outside], -second[~outside], atol=1e-6)
    assert 0 < outside.float().mean() < 0.25
    still = load_emoji(folder, margin=0).draw_pairs(5, rng)[0]
    assert all((image == emoji.a).flatten(1).all(1).any() for image in still)


def test_the_true_translation_has_no_error_and_the_identity_the_baseline(folder):
    emoji = load_emoji(folder)
    found = measure_emoji(torch.neg, torch.neg, emoji)
    assert found["ab"] == found["ba"] == pytest.approx(0, abs=1e-6)
    baseline = float((emoji.test_a - emoji.test_b).abs().mean())
    assert found["identity"] == pytest.approx(baseline, rel=1e-3)
    found = measure_emoji(lambda x: x, lambda x: 0 * x, emoji)
    assert found["ab"] == found["identity"]
    assert found["ba"] == pytest.approx(float(emoji.test_a.abs().mean()), rel=1e-3)
    found = measure_emoji(lambda x: -x / 2, lambda x: x / 2, emoji)
    size = float(emoji.test_a.abs().mean())
    assert found["ab"] == pytest.approx(size / 2, rel=1e-3)
    assert found["ba"] == pytest.approx(size * 3 / 2, rel=1e-3)
    assert found["cycle_a"] == found["cycle_b"] == pytest.approx(size * 5 / 4, rel=1e-3)
    pictures = unpack_emoji(found["pictures"])
    assert (pictures["ab"] + emoji.test_a / 2).abs().max() <= 1 / 16 + 1e-5
    assert pictures["bab"].shape == (2, 3, 32, 32)


def test_a_blurred_picture_is_the_mean_of_its_neighbours():
    from scipy.ndimage import uniform_filter

    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    expected = uniform_filter(images.numpy(), (1, 1, 5, 5), mode="constant", cval=1.0)
    assert torch.allclose(blurred(images), torch.from_numpy(expected), atol=1e-5)


def test_what_is_recorded_is_of_the_laptops_preset():
    record = load_recorded("cycle_emoji_laptop")
    config, runs = record["config"], record["results"]["runs"]
    assert config.pop("device") == "cpu"
    assert config.pop("seeds") == list(SEEDS)
    assert config == json.loads(json.dumps(asdict(EMOJI_PRESETS["laptop"])))
    assert list(runs) == list(all_runs(EMOJI_PRESETS["laptop"]))
    for run in runs.values():
        assert {"blurred_ab", "blurred_ba", *runs["paired, 1000"]} == set(run)
        assert (run["identity"], run["blurred_ab"]) == (0.3372, 0.3103)


def test_runs_repeat_and_the_paired_one_has_the_same_translator(folder):
    runs = all_runs(TINY, seeds=(5, 6), load=lambda: load_emoji(folder))
    assert list(runs) == ["unpaired, 5", "paired, 5", "unpaired, 6"]
    first = runs["unpaired, 5"]()
    assert first == runs["unpaired, 5"]()
    assert first["ab"] != runs["unpaired, 6"]()["ab"]
    assert set(runs["paired, 5"]()) == set(first)
    unpaired, paired = make_unpaired(TINY.recipe), make_paired(TINY)
    assert torch.equal(
        next(unpaired.generator_ab.parameters()), next(paired.generator.parameters())
    )
    for name in ("steps", "batch_size", "g_lr", "decay_from", "ema_decay", "precision"):
        assert getattr(paired.config, name) == getattr(TINY.recipe.training, name)


def test_presets_and_bad_settings():
    assert EMOJI_PRESETS["full"].recipe.width > EMOJI_PRESETS["laptop"].recipe.width
    with pytest.raises(ValueError, match="flip=False"):
        EmojiConfig(UnpairedConfig(flip=True))
    with pytest.raises(TypeError, match="recipe must be an UnpairedConfig"):
        EmojiConfig(recipe=3)
    with pytest.raises(ValueError, match="l1_weight"):
        EmojiConfig(l1_weight=0.0)


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("GAN_LESSONS_DATA"), reason="GAN_LESSONS_DATA is not set")
def test_the_real_file():
    emoji = load_emoji()
    assert [len(part) for part in emoji[:5]] == [712, 712, 712, 158, 158]
    assert float((emoji.test_a - emoji.test_b).abs().mean()) == pytest.approx(0.3372, abs=1e-3)
