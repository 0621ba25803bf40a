"""Digits to garments: tables of classes against other ways to count them, and what is recorded."""

import itertools
import json
from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.data import Labelled, load
from gan_lessons.experiments.cycle_assignments import (
    by_chance,
    count_table,
    matched_share,
    mutual_information,
    same_choice,
)
from gan_lessons.experiments.cycle_digits import CycleDigitsConfig
from gan_lessons.experiments.cycle_fashion import (
    FashionConfig,
    Material,
    all_runs,
    judge_real,
    measure_fashion,
    unpack_fashion,
)
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.metrics import classifier_features

TINY = CycleDigitsConfig(width=2, n_blocks=1)
TINY = replace(TINY, training=replace(TINY.training, steps=2, batch_size=2, log_every=2))


def classes(n, k, seed):
    return torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed))


def test_tables_are_counts_and_the_best_assignment_is_that_of_a_search():
    before, after = classes(60, 4, 0), classes(60, 4, 1)
    table = count_table(before, after, 4)
    assert table.sum() == 60
    assert table[2, 3] == sum(b == 2 and a == 3 for b, a in zip(before, after, strict=True))
    best = max(sum(int(table[i, p[i]]) for i in range(4)) for p in itertools.permutations(range(4)))
    assert matched_share(table) == pytest.approx(best / 60)
    turned = (before + 1) % 4
    assert matched_share(count_table(before, turned, 4)) == 1
    assert matched_share(count_table(before, torch.zeros(60, dtype=torch.long), 4)) < 0.5


def test_mutual_information_is_that_of_sklearn():
    from sklearn.metrics import mutual_info_score

    before = classes(200, 10, 0)
    after = torch.where(classes(200, 2, 1) == 0, (before + 3) % 10, classes(200, 10, 2))
    wanted = mutual_info_score(before, after)
    assert mutual_information(count_table(before, after)) == pytest.approx(wanted)
    assert wanted > 0.5


def test_chance_keeps_the_margins_and_forgets_the_rest():
    before = classes(355, 10, 0)
    table = count_table(before, (before + 1) % 10)
    share, information = by_chance(table, torch.Generator().manual_seed(0), 30)
    assert 0.1 < share < 0.25
    # (k - 1)^2 / (2 n) = 0.114 nats is the mean of independent classes to first order.
    assert information == pytest.approx(81 / 710, rel=0.2)
    lone = count_table(before, torch.zeros_like(before))
    share, information = by_chance(lone, torch.Generator().manual_seed(0), 3)
    assert share == pytest.approx(matched_share(lone))
    assert information == pytest.approx(0, abs=1e-9)


def test_runs_that_choose_alike_are_told_from_runs_that_do_not():
    before = classes(500, 10, 0)
    one, other = (count_table(before, (before + shift) % 10) for shift in (1, 2))
    assert same_choice([one, one, one]) == pytest.approx((1, 0))
    assert same_choice([one, other]) == pytest.approx((0, 1 / 9))
    collapsed = count_table(before, torch.full_like(before, 3))
    assert same_choice([collapsed, collapsed]) == pytest.approx((1, 1))
    mixed = count_table(before, classes(500, 10, 4))
    alike = [
        float(mixed[i, j]) / float(mixed[i].sum()) * float((j - i) % 10 == 1) / 10
        for i in range(10)
        for j in range(10)
    ]
    assert same_choice([one, mixed]).same == pytest.approx(sum(alike))
    with pytest.raises(ValueError, match="at least two runs, got 1"):
        same_choice([one])


@pytest.fixture(scope="module")
def mirrored():
    """Material whose garments are digits upside down: Fashion-MNIST need not be there."""
    (images, labels), test = (load("digits", part, 16) for part in ("train", "test"))
    digits, garments = Labelled(images, labels), Labelled(images.flip(2), labels)
    test_garments = Labelled(test.images.flip(2), test.labels)
    of_digits = classifier_features(digits, test, 2)
    of_garments = classifier_features(garments, test_garments, 2)
    return Material(digits, garments, test, test_garments, of_digits, of_garments)


class Turner:
    """The true translation of ``mirrored``, in both directions."""

    def translate(self, images, direction="ab"):
        return images.flip(2)


def test_the_true_translation_is_measured_as_such(mirrored):
    numbers, pictures = measure_fashion(Turner(), mirrored)
    accuracy = mirrored.of_garments.accuracy.value
    assert accuracy > 0.8
    table = torch.tensor(numbers["table_ab"])
    assert float(table.diagonal().sum() / table.sum()) == pytest.approx(accuracy)
    assert table.sum(1).tolist() == mirrored.test_digits.labels.bincount().tolist()
    assert numbers["cycle_ab"] == numbers["cycle_ba"] == 0
    images = mirrored.test_digits.images
    changed = float((images.flip(2) - images).abs().mean())
    assert numbers["changed_ab"] == pytest.approx(changed, rel=1e-3)
    assert numbers["frechet_ab"] == pytest.approx(0, abs=1e-3)
    assert numbers["returned_ab"] == pytest.approx(mirrored.of_digits.accuracy.value, rel=1e-3)
    found = unpack_fashion(pictures)
    assert torch.equal(found["a"].flip(2), found["ab"])
    assert torch.equal(found["aba"], found["a"])
    assert found["b"].shape == (10, 1, 16, 16)


def test_judges_know_what_is_no_garment(mirrored):
    real = judge_real(mirrored)
    assert real["raw_ab"] > 3 * real["frechet_ab"] > 0
    assert real["accuracy_ba"] == pytest.approx(mirrored.of_digits.accuracy.value, rel=1e-3)


def test_runs_repeat_and_batches_are_grey_in_three_channels(mirrored):
    runs = all_runs(FashionConfig(TINY, (5, 6, 7)), lambda config: mirrored)
    assert list(runs) == ["real", "5", "6", "7"]
    first = runs["5"]()
    assert first == runs["5"]()
    assert set(first) - set(runs["7"]()) == {"pictures"}
    a, b = mirrored.draw(9, torch.Generator().manual_seed(0))
    assert a.shape == b.shape == (9, 3, 16, 16)
    assert torch.equal(a[:, 0], a[:, 2])
    assert (a - b.flip(2)).abs().flatten(1).mean(1).min() > 0.01


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="n_test must be at least 1"):
        FashionConfig(n_test=0)
    with pytest.raises(ValueError, match="seeds"):
        FashionConfig(seeds=())


def test_what_is_recorded_is_the_recipe_and_seeds_choose_differently():
    record, config = load_recorded("cycle_fashion"), FashionConfig()
    assert record["config"] == json.loads(json.dumps(asdict(config)))
    runs = record["results"]["runs"]
    assert list(runs) == ["real", *map(str, config.seeds)]
    rows = [runs[str(seed)] for seed in config.seeds]
    tables = [torch.tensor(row["table_ab"]) for row in rows]
    assert all(table.sum() == 355 for table in tables)
    rng = torch.Generator().manual_seed(0)
    assert all(matched_share(table) > 1.8 * by_chance(table, rng, 20)[0] for table in tables)
    agreed = same_choice(tables)
    assert agreed.same < agreed.other + 0.02
    assert min(row["returned_ab"] for row in rows) > 0.85
    assert unpack_fashion(rows[0]["pictures"])["bab"].shape == (10, 1, 16, 16)
