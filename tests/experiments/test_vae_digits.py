import json
from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.data import load
from gan_lessons.experiments.digit_attributes import attribute_direction, slant
from gan_lessons.experiments.digits_gan import unpack_images
from gan_lessons.experiments.image_gan import PRESETS
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.experiments.vae_digits import (
    AttributeChange,
    Outcome,
    change_attribute,
    direction_of,
    make_bench,
    measure,
    record,
)
from gan_lessons.experiments.vae_models import COMPARISONS, MODELS, ComparisonConfig, make_model
from gan_lessons.models import VAE, VAEGAN
from gan_lessons.networks import GaussianCode, count_parameters
from gan_lessons.training import GANState

TINY = ComparisonConfig(
    base=replace(PRESETS["laptop"], steps=4, width=4, z_dim=4, batch_size=8, classifier_epochs=1),
    seeds=(1,),
    measured_at=(2, 4),
    n_draws=2,
    n_shown=3,
)


def test_models_have_one_generator_and_start_from_the_same_weights():
    made = {name: make_model(name, TINY, seed=5) for name in MODELS}
    kinds = [GANState, VAE, VAE, VAEGAN]
    assert [type(model) for model in made.values()] == kinds
    first = made["GAN"].generator
    for model in made.values():
        for a, b in zip(first.parameters(), model.generator.parameters(), strict=True):
            assert torch.equal(a, b)
        assert model.config.seed == 5
        assert model.config.batch_size == 8
    discriminator, encoder = made["GAN"].discriminator, made["VAE, samples"].encoder
    more = (2 * 4 - 1) * (discriminator.n_features + 1)  # eight outputs in place of one
    assert count_parameters(encoder) == count_parameters(discriminator) + more
    assert made["VAE, likelihood"].config.observation_std < 0.2
    with pytest.raises(ValueError, match="name must be one of GAN, VAE, likelihood"):
        make_model("vae")


def test_a_recording_goes_on_where_it_stopped(tmp_path):
    path = record("digits", config=TINY, folder=tmp_path)
    whole = json.loads(path.read_text())
    runs = whole["results"]["runs"]
    assert {name: [run["seed"] for run in found] for name, found in runs.items()} == {
        name: [1] for name in MODELS
    }
    row = dict(zip(whole["results"]["columns"], runs["VAE, samples"][0]["rows"][-1], strict=True))
    assert row["step"] == 4
    assert row["squared_error"] > 0
    assert row["bound"] < 0
    assert runs["GAN"][0]["rows"][0][6:] == [None] * 4
    assert unpack_images(runs["VAE-GAN"][0]["reconstructions"], 16).shape == (3, 1, 16, 16)
    kept = runs["VAE-GAN"].pop()
    path.write_text(json.dumps(whole))
    record("digits", config=TINY, folder=tmp_path)
    again = json.loads(path.read_text())["results"]["runs"]["VAE-GAN"]
    assert [run["seed"] for run in again] == [1]
    for old, new in zip(kept["rows"], again[0]["rows"], strict=True):  # but for the time
        assert old[2:] == new[2:]


class Fixed:
    """A model whose samples are given."""

    config, steps_done = TINY.base.training(), 7

    def __init__(self, images):
        self.images = images

    def sample(self, n, rng):
        return self.images[:n]


def test_measures_stand_in_their_columns():
    bench = make_bench(TINY)
    real = bench.held_out.images
    same = measure(Fixed(real), bench, TINY, 1.5)
    assert same[:2] == (7, 1.5)
    assert same.frechet == pytest.approx(0, abs=1e-3)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    assert same[6:] == (None,) * 4
    once = measure(Fixed(real[:1].expand_as(real)), bench, TINY, 0.0)  # perfect and always the same
    assert once.precision == 1
    assert once.recall < 0.02
    assert once.coverage < 0.1
    assert once.frechet > same.frechet + 0.1
    vae = make_model("VAE, samples", TINY)
    row = measure(vae, bench, TINY, 0.0)
    again = vae.reconstruct(real)
    assert row.squared_error == pytest.approx(torch.nn.functional.mse_loss(again, real).item())
    assert row.frechet_rebuilt == pytest.approx(bench.yardstick.distance(again))
    assert -700 < row.bound < -100  # about 256 (log 0.8 + 0.92) = 178 nats, and the error
    assert row.active <= 4


class SlantFirst:
    """Codes whose first number is the slant, and whose second one says the class."""

    def __init__(self, data):
        self.codes = torch.stack([slant(data.images), data.labels.float()], dim=1)

    def encode(self, images):
        return GaussianCode(self.codes.clone(), torch.zeros_like(self.codes))


def test_a_direction_is_what_changes_the_attribute_and_not_the_class():
    data = load("digits", "test", size=16)
    direction, asked = direction_of(SlantFirst(data), data, "slant")
    assert direction[0].item() == pytest.approx(asked, rel=1e-5)
    assert direction[1].item() == pytest.approx(0, abs=1e-6)
    assert 0.1 < asked < 0.6
    with_classes = attribute_direction(SlantFirst(data).codes, slant(data.images))
    assert abs(with_classes[1]) > 0.1  # what centring takes away


def test_a_change_is_measured_on_held_out_images():
    bench = make_bench(TINY)
    change = change_attribute(make_model("VAE, samples", TINY), bench, "thickness")
    assert 0 <= change.kept <= 1
    assert change.asked > 0
    assert change._fields == AttributeChange._fields


def test_settings_are_checked():
    assert set(COMPARISONS) == {"digits", "fashion"}
    with pytest.raises(TypeError, match="base must be an ImageGANConfig, got str"):
        ComparisonConfig(base="laptop")
    with pytest.raises(ValueError, match="measured_at must rise"):
        replace(TINY, measured_at=(4, 2))
    with pytest.raises(ValueError, match="feature_std must be positive"):
        replace(TINY, feature_std=0.0)


def test_what_is_recorded_has_every_model_and_column():
    stored = load_recorded("vae_digits")
    assert stored["config"] == json.loads(json.dumps(asdict(COMPARISONS["digits"])))
    assert stored["results"]["columns"] == list(Outcome._fields)
    assert set(stored["results"]["runs"]) == set(MODELS)
    for runs in stored["results"]["runs"].values():
        assert [row[0] for row in runs[0]["rows"]] == stored["config"]["measured_at"]
