from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.data import Labelled, load
from gan_lessons.experiments import bigan_mnist
from gan_lessons.experiments.bigan_digits import BiGANDigitsConfig, make_bigan, make_gan, run
from gan_lessons.experiments.bigan_measures import judged, measure, moved, pair_features, rivals
from gan_lessons.experiments.bigan_penalties import PENALTIES, BiGANPenaltiesConfig
from gan_lessons.experiments.bigan_penalties import run as penalties
from gan_lessons.experiments.digits_gan import unpack_images
from gan_lessons.experiments.recorded import load_recorded

TINY = BiGANDigitsConfig(seeds=(0, 1), hidden=16, n_shown=3)
TINY = replace(TINY, training=replace(TINY.training, steps=2, batch_size=8, z_dim=4, log_every=2))
NAMES = ["BiGAN", "pixels", "PCA", "untrained encoder", "latent regressor"]
NAMES += ["autoencoder l2", "autoencoder l1"]


class Perfect:
    """Codes are the pixels themselves, so that everything comes back."""

    steps_done, device = 7, torch.device("cpu")

    def encode(self, x):
        return x.flatten(1)

    def decode(self, z):
        return z.unflatten(1, (1, 8, 8))

    def latent(self, n, rng):
        return torch.randn(n, 64, generator=rng)


def digits():
    return load("digits", "train"), load("digits", "test")


def test_measures_of_codes_that_are_the_pixels():
    training, test = digits()
    numbers = measure(Perfect(), training, test)
    assert numbers["step"] == 7
    assert numbers["reconstruction"] == numbers["inversion"] == 0
    assert numbers["accuracy"] == pytest.approx(
        judged(Perfect().encode, training, test)[0], abs=1e-4
    )
    other = (test.images.roll(1, 0) - test.images).square().sum((1, 2, 3)).mean().item()
    assert numbers["random_pairing"] == pytest.approx(other, rel=1e-4)


def test_rivals_are_what_their_names_say():
    from sklearn.decomposition import PCA

    training, test = digits()
    gan = make_bigan(TINY, 0)
    generator = gan.network("generator")
    found = dict(rivals(gan, generator, lambda: make_bigan(TINY, 0), gan.config, training.images))
    assert list(found) == NAMES
    codes = found["PCA"](test.images)
    theirs = PCA(4).fit(training.images.flatten(1).numpy())
    theirs = torch.from_numpy(theirs.transform(test.images.flatten(1).numpy())).flip(1)
    assert torch.allclose(codes.abs(), theirs.abs().float(), atol=1e-3)
    for name, codes_of in found.items():
        codes = codes_of(test.images)
        assert codes.shape == (355, 64 if name == "pixels" else 4)
        assert not codes.requires_grad, name
    weights = make_bigan(TINY, 0).encoder.layers[0].weight
    assert torch.equal(found["untrained encoder"].layers[0].weight, weights)
    assert pair_features(gan)(test.images).shape == (355, 16)


def test_plain_gan_starts_from_the_same_generator():
    gan, plain = make_bigan(TINY, 3), make_gan(TINY, 3)
    for a, b in zip(gan.generator.parameters(), plain.generator.parameters(), strict=True):
        assert torch.equal(a, b)
    assert plain.discriminator(torch.zeros(2, 1, 8, 8)).shape == (2,)


def test_a_tiny_run_has_the_form_that_is_recorded():
    *_, results = run(TINY)
    assert results["n_test"] == 355
    assert len(results["runs"]) == 2
    for numbers in results["runs"]:
        assert set(numbers["accuracy"]) == {*NAMES, "discriminator", "discriminator of pairs"}
        assert all(0 <= share <= 1 for share in numbers["accuracy"].values())
        assert set(numbers) >= {"reconstruction", "random_pairing", "inversion"}
    assert all(unpack_images(text, 8).shape == (3, 1, 8, 8) for text in results["images"].values())


def test_run_on_large_images_goes_on_where_it_stopped(monkeypatch, tmp_path):
    def few(name, split):
        data, n = load("digits", split, size=28), 60 if split == "train" else 20
        return Labelled(data.images[:n], data.labels[:n])

    monkeypatch.setattr(bigan_mnist, "load", few)
    config = replace(bigan_mnist.BIGAN_PRESETS["laptop"], hidden=8, baseline_steps=1, n_shown=2)
    config = replace(
        config, training=replace(config.training, steps=8, log_every=1, batch_size=8, z_dim=3)
    )
    running = bigan_mnist.run(config, tmp_path)
    assert [row["step"] for row in next(running)["course"]] == [0, 4]
    running.close()
    *_, again = bigan_mnist.run(config, tmp_path)
    *_, whole = bigan_mnist.run(config)
    assert again == whole
    assert [row["step"] for row in whole["course"]] == [0, 4, 8]
    assert set(whole["accuracy"]) == {*NAMES, "discriminator"}
    assert whole["end"]["step"] == 8


def test_moved_images_are_training_images_at_another_place():
    """Three images of one lit pixel each: its grey tells which, its place how far it went."""
    images = torch.full((3, 1, 7, 7), -1.0)
    images[:, 0, 3, 3] = torch.tensor([0.2, 0.4, 0.6])
    found = moved(images, 2, 400, torch.Generator().manual_seed(0))
    lit = found > -1
    assert lit.sum() == 400
    assert sorted(found[lit].unique().tolist()) == pytest.approx([0.2, 0.4, 0.6])
    rows, columns = lit.nonzero()[:, 2:].T
    assert rows.unique().tolist() == columns.unique().tolist() == [1, 2, 3, 4, 5]
    still = moved(images, 0, 50, torch.Generator().manual_seed(0))
    assert bool((still[:, 0, 3, 3] > 0).all())


def test_learning_rates_stay_and_then_fall_on_a_line_to_nothing():
    config = bigan_mnist.BIGAN_PRESETS["laptop"]
    training = replace(config.training, steps=8, log_every=1, batch_size=8, z_dim=3, d_lr=1e-3)
    gan = bigan_mnist.make_bigan(replace(config, hidden=8, training=training))
    rates = []
    for step in bigan_mnist.train_bigan(gan, torch.zeros(20, 1, 28, 28)):
        g, e, d = (
            o.param_groups[0]["lr"] for o in (gan.g_optimizer, gan.e_optimizer, gan.d_optimizer)
        )
        assert g == e == pytest.approx(d * training.g_lr / training.d_lr)
        assert step == len(rates) + 1
        rates.append(d / training.d_lr)
    assert rates == pytest.approx([1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: bigan_mnist.BiGANMnistConfig("cifar"), "dataset must be"),
        (lambda: bigan_mnist.BiGANMnistConfig(hidden=0), "hidden must be at least 1"),
        (lambda: bigan_mnist.BiGANMnistConfig(max_shift=-1), "max_shift must be at least 0"),
        (lambda: BiGANDigitsConfig(seeds=(1, 1)), "seeds must be different"),
        (lambda: BiGANDigitsConfig(n_shown=0), "n_shown must be at least 1"),
    ],
)
def test_bad_settings(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_recorded_digits_say_what_the_chapter_says():
    record, config = load_recorded("bigan_digits"), BiGANDigitsConfig()
    assert tuple(record["config"]["seeds"]) == config.seeds
    assert record["config"]["training"] == _plain(asdict(config.training))
    runs = record["results"]["runs"]
    assert len(runs) == len(config.seeds)
    for one in runs:
        assert one["reconstruction"] < one["random_pairing"] / 3
        assert one["accuracy"]["BiGAN"] > 0.9


def test_recorded_mnist_is_of_the_preset():
    record = load_recorded("bigan_mnist")
    assert record["config"] == _plain(asdict(bigan_mnist.BIGAN_PRESETS["laptop"]))
    end = record["results"]["end"]
    assert end["step"] == record["config"]["training"]["steps"]
    assert end["reconstruction"] < end["random_pairing"] / 2
    assert set(record["results"]["accuracy"]) == {*NAMES, "discriminator"}


def _plain(value):
    """Return what JSON makes of it."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def test_penalties_change_nothing_else_and_give_what_is_recorded():
    config = BiGANPenaltiesConfig(seeds=(0,), base=TINY)
    for name, (r1, r2) in PENALTIES.items():
        training = config.training(name)
        assert (training.r1_gamma, training.r2_gamma) == (r1, r2)
        bare = (replace(one, r1_gamma=0.0, r2_gamma=0.0) for one in (training, TINY.training))
        assert next(bare) == next(bare)
    assert len(set(PENALTIES.values())) == len(PENALTIES)
    (results,) = penalties(config)
    assert list(results) == list(PENALTIES)
    assert all(len(rows) == 1 for rows in results.values())
    assert results["none"] != results["R1"]
    with pytest.raises(TypeError, match="base must be a BiGANDigitsConfig, got int"):
        BiGANPenaltiesConfig(base=3)


def test_recorded_penalties_have_every_run():
    record, config = load_recorded("bigan_penalties"), BiGANPenaltiesConfig()
    assert record["config"] == _plain(asdict(config))
    assert list(record["results"]) == list(PENALTIES)
    for rows in record["results"].values():
        assert len(rows) == len(config.seeds)
        assert all(row["reconstruction"] < row["random_pairing"] / 3 for row in rows)
