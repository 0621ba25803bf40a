import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from gan_lessons.data import load
from gan_lessons.metrics import binomial_interval, nearest_class_accuracy


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_equals_scikit_learn_on_the_pixels_of_digits():
    train, test = load("digits", "train"), load("digits", "test")
    x, y = train.images.flatten(1), test.images.flatten(1)
    found = nearest_class_accuracy(x, train.labels, y, test.labels)
    model = KNeighborsClassifier(1, algorithm="brute").fit(x.numpy(), train.labels.numpy())
    hits = int((torch.from_numpy(model.predict(y.numpy())) == test.labels).sum())
    assert found == binomial_interval(hits, len(test.labels))
    assert found.value > 0.97


def test_two_far_classes_and_labels_that_mean_nothing():
    x = torch.cat([torch.randn(200, 3, generator=rng()), 50 + torch.randn(200, 3, generator=rng())])
    labels = torch.arange(2).repeat_interleave(200)
    assert nearest_class_accuracy(x, labels, x + 0.1, labels).value == 1
    coins = torch.randint(2, (400,), generator=rng(1))
    share = nearest_class_accuracy(x, coins, x + 30, coins, level=0.9999)
    assert share.low < 0.5 < share.high


def test_the_nearest_sample_decides_and_train_comes_first():
    train, test = torch.tensor([[0.0], [10.0], [20.0]]), torch.tensor([[4.0], [6.0]])
    a, b = torch.tensor([0, 1, 2]), torch.tensor([0, 0])
    assert nearest_class_accuracy(train, a, test, b).value == 0.5
    with pytest.raises(ValueError, match=r"test_labels must have shape \(2,\), got \(3,\)"):
        nearest_class_accuracy(train, a, test, a)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"train_labels": torch.zeros(4)}, TypeError, "train_labels .* got torch.float32; call"),
        ({"test_labels": [0, 1]}, TypeError, "test_labels must be a tensor of int64, got list"),
        ({"train_labels": torch.zeros(3).long()}, ValueError, r"train_labels .* \(4,\), got \(3,"),
        ({"test_features": torch.ones(2, 4)}, ValueError, "number of features, got 3 and 4"),
        ({"test_features": torch.ones(2, 3, 1)}, ValueError, "test_features must have shape"),
        ({"level": 1.0}, ValueError, "level"),
    ],
)
def test_bad_input(change, error, match):
    good = {
        "train_features": torch.ones(4, 3),
        "train_labels": torch.zeros(4).long(),
        "test_features": torch.ones(2, 3),
        "test_labels": torch.zeros(2).long(),
    }
    with pytest.raises(error, match=match):
        nearest_class_accuracy(**{**good, **change})
