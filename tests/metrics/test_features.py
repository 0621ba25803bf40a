import pytest
import torch

from gan_lessons.data import Labelled, load
from gan_lessons.metrics import (
    classifier_features,
    features,
    frechet_distance,
    inception_score,
    pixel_features,
)


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train", size=16), load("digits", "test", size=16)


@pytest.fixture(scope="module")
def few(digits):
    train, test = digits
    return Labelled(train.images[:200], train.labels[:200]), Labelled(
        test.images[:50], test.labels[:50]
    )


def weights(found):
    return list(found.network.state_dict().values())


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(weights(a), weights(b), strict=True))


def test_pixels():
    images = torch.arange(24.0).reshape(2, 3, 2, 2)
    assert pixel_features(images).tolist() == [list(range(12)), list(range(12, 24))]


def test_the_classifier_knows_digits_and_its_features_tell_real_from_noise(digits):
    train, test = digits
    found = classifier_features(train, test, epochs=6)
    assert found.accuracy.value > 0.95
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high
    labels = found.probabilities(test.images).argmax(1)
    assert found.accuracy.value == float((labels == test.labels).double().mean())
    real = found(test.images)
    assert real.shape == (len(test.images), found.network.n_features)
    assert torch.allclose(real, found.network.features(test.images), atol=1e-5)
    n = len(test.images)
    noise = test.images + torch.randn(test.images.shape, generator=torch.Generator().manual_seed(0))
    floor = frechet_distance(real, found(train.images[:n]))
    assert frechet_distance(real, found(noise)) > 3 * floor
    score = inception_score(found.probabilities(test.images)).mean
    assert 8 < score <= 10
    assert inception_score(found.probabilities(test.images[test.labels == 3])).mean < 1.5


def test_same_seed_same_network(few):
    first, again, other = (classifier_features(*few, epochs=1, seed=s) for s in (0, 0, 1))
    assert same(first, again)
    assert first.accuracy == again.accuracy
    assert not same(first, other)
    state = torch.random.get_rng_state()
    classifier_features(*few, epochs=1)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_trained_once_and_kept_in_the_folder_that_is_named(few, tmp_path, monkeypatch):
    folder = tmp_path / "new" / "cache"
    first = classifier_features(*few, epochs=1, folder=folder)
    (file,) = folder.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(features, "fit_classifier", None)  # training again would fail
        again = classifier_features(*few, epochs=1, folder=str(folder))
        assert same(first, again)
        assert again.accuracy == first.accuracy
        train, test = few
        changed = Labelled(train.images.flip(0), train.labels)
        for arguments in (
            {"seed": 1},
            {"epochs": 2},
            {"train": changed},
            {"train": Labelled(train.images, train.labels.flip(0))},
        ):
            call = {"train": train, "held_out": test, "epochs": 1, "folder": folder, **arguments}
            with pytest.raises(TypeError):
                classifier_features(**call)
    assert list(folder.iterdir()) == [file]
    assert all(isinstance(t, torch.Tensor) for t in torch.load(file, weights_only=True).values())


class Harm:
    """Would write a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("damage", ["half", "other", "pickle"])
def test_a_damaged_file_is_named_and_not_run(few, tmp_path, damage):
    classifier_features(*few, epochs=1, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    if damage == "half":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif damage == "other":
        torch.save({"a": torch.zeros(3)}, file)
    else:
        torch.save({"a": Harm(tmp_path / "harm")}, file)
    with pytest.raises(ValueError, match="cannot be read; delete the file, it is trained anew"):
        classifier_features(*few, epochs=1, folder=tmp_path)
    assert not (tmp_path / "harm").exists()


def test_without_a_folder_nothing_is_written(few, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "_write", None)
    monkeypatch.chdir(tmp_path)
    classifier_features(*few, epochs=1)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_nothing(few, tmp_path, monkeypatch):
    def fails(*_):
        raise OSError("no space left")

    monkeypatch.setattr(features.os, "replace", fails)
    with pytest.raises(OSError, match="no space left"):
        classifier_features(*few, epochs=1, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


IMAGES, LABELS = torch.zeros(4, 1, 8, 8), torch.tensor([0, 1, 0, 1])
GOOD = Labelled(IMAGES, LABELS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pixel_features(IMAGES[0]), r"images must have shape .* got \(1, 8, 8\)"),
        (lambda: pixel_features(IMAGES / 0), "images must be finite"),
        (
            lambda: classifier_features(Labelled(IMAGES, LABELS[:3]), GOOD),
            r"train.labels must have shape \(4,\), one for each image, got \(3,\)",
        ),
        (
            lambda: classifier_features(GOOD, Labelled(IMAGES[:0], LABELS[:0])),
            "held_out.images must have shape",
        ),
        (lambda: classifier_features(GOOD, GOOD, epochs=0), "epochs must be at least 1"),
        (lambda: classifier_features(GOOD, GOOD, seed=-1), "seed must be at least 0"),
        (
            lambda: classifier_features(Labelled(torch.zeros(4, 1, 6, 6), LABELS), GOOD),
            "image_size must be a multiple of 4, got 6",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
