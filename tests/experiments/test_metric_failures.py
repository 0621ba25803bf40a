import math

import pytest
import torch

from gan_lessons.experiments import load_recorded
from gan_lessons.experiments.image_failures import SEVERITIES, TABLE, blur, spoil
from gan_lessons.experiments.metric_failures import (
    METRICS,
    FailuresConfig,
    digit_parts,
    make_bench,
    measure,
    null_seeds,
    run,
    split_pool,
    values,
    verdict,
)

SMALL = FailuresConfig(n=60, null_splits=6, splits=2, epochs=1)


@pytest.fixture(scope="module")
def bench():
    return make_bench(SMALL)


@pytest.fixture(scope="module")
def split(bench):
    return split_pool(bench.pool, SMALL.n, 0)


def test_every_digit_is_used_once():
    own, pool = digit_parts(FailuresConfig())
    assert (len(own.images), len(pool.images)) == (597, 1200)
    assert len(torch.unique(torch.cat([own.images, pool.images]).flatten(1), dim=0)) == 1797
    parts = split_pool(pool, 300, 3)
    together = torch.cat([parts.reference, parts.training, parts.fresh.images])
    assert torch.equal(
        torch.unique(together.flatten(1), dim=0), torch.unique(pool.images.flatten(1), dim=0)
    )
    assert not torch.equal(parts.reference, split_pool(pool, 300, 4).reference)
    for image, label in zip(parts.fresh.images[:5], parts.fresh.labels[:5], strict=True):
        place = (pool.images == image).flatten(1).all(1).nonzero().item()
        assert pool.labels[place] == label


def test_blur_of_a_point_is_a_gaussian():
    image = torch.full((1, 1, 9, 9), -1.0)
    image[0, 0, 4, 4] = 1.0
    soft = (blur(image, 0.7) + 1) / 2
    assert float(soft.sum()) == pytest.approx(1, abs=1e-5)
    ratio = float(soft[0, 0, 4, 5] / soft[0, 0, 4, 4])
    assert ratio == pytest.approx(math.exp(-1 / (2 * 0.7**2)), rel=1e-3)
    assert torch.equal(blur(torch.full((1, 1, 8, 8), -1.0), 0.5).round(decimals=5).unique(),
                       torch.tensor([-1.0]))  # fmt: skip


def test_each_failure_is_what_it_is_called(split):
    fresh = split.fresh.images[:60]
    assert torch.equal(spoil("none", 0, split), fresh)
    moved = spoil("shift", 0.5, split)
    assert torch.equal(moved[0::2], fresh[0::2])
    assert torch.equal(moved[1::2, ..., 1:], fresh[1::2, ..., :-1])
    assert (moved[1::2, ..., 0] == -1).all()
    assert int((spoil("shift", 0.1, split) != fresh).flatten(1).any(1).sum()) == 6
    assert (spoil("shift", 1.0, split) != fresh).flatten(1).any(1).all()
    noisy = spoil("noise", 0.2, split, seed=1)
    inner = (fresh.abs() < 0.3) & (noisy.abs() < 1)
    assert float((noisy - fresh)[inner].std()) == pytest.approx(0.2, rel=0.1)
    assert not torch.equal(noisy, spoil("noise", 0.2, split, seed=2))
    kept = split.fresh.images[split.fresh.labels < 6]
    assert torch.equal(spoil("dropped classes", 4, split), kept[:60])
    few = spoil("few copies", 10, split)
    assert len(torch.unique(few.flatten(1), dim=0)) == 10
    assert torch.equal(few[:10], split.training[:10])
    assert torch.equal(spoil("copies", 60, split), split.training)
    with pytest.raises(ValueError, match="severity must leave 60 images, got 8, which leaves"):
        spoil("dropped classes", 8, split)
    with pytest.raises(ValueError, match="failure must be one of blur, noise"):
        spoil("bias", 1, split)


def test_every_metric_sees_what_it_is_made_for(bench, split):
    real = measure(split, spoil("none", 0, split), bench, SMALL)
    assert list(real) == list(METRICS)
    copied = measure(split, spoil("copies", 60, split), bench, SMALL)
    assert copied["nearest training image"] == 0 < real["nearest training image"]
    few = measure(split, spoil("few copies", 10, split), bench, SMALL)
    assert few["closest pair"] == 0 < real["closest pair"]
    assert few["recall"] < real["recall"]
    soft = measure(split, spoil("blur", 0.8, split), bench, SMALL)
    assert soft["FD, pixels"] > 2 * real["FD, pixels"]
    assert soft["classifier test"] > 0.75
    twin = split._replace(reference=split.fresh.images[:60])
    same = measure(twin, twin.reference, bench, SMALL)
    assert same["FD, pixels"] == pytest.approx(0, abs=1e-6)
    assert same["precision"] == same["recall"] == same["coverage"] == 1


def test_values_repeat_and_verdicts_count(bench):
    first, second = (values("none", 0, range(2), bench, SMALL) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in METRICS)
    null = torch.arange(101, dtype=torch.float64)
    found = torch.tensor([-5.0, 50.0, 200.0, 3.0], dtype=torch.float64)
    share, away = verdict("FD, pixels", null, found)
    assert share == 0.5  # 3 lies inside of 2.5 to 97.5
    assert away == pytest.approx((62 - 50) / float(null.std()))
    assert verdict("recall", null, found).away == -away
    assert len(set(null_seeds(SMALL)) & set(range(1000))) == 0


def test_a_small_run_has_every_cell():
    seen = []
    result = run(FailuresConfig(n=40, null_splits=3, splits=1, epochs=1), seen.append)
    expected = {f"{f} {s:g}" for f, of in SEVERITIES.items() for s in of} | {"copies 300"}
    assert set(result["cells"]) == expected
    assert len(seen) == len(expected)
    assert list(result["null"]) == list(METRICS)


def test_the_recorded_result_has_the_table_and_its_null_is_what_theory_says():
    record = load_recorded("metric_failures")
    config = FailuresConfig(**record["config"])
    assert (config.null_splits, config.splits) == (400, 40)
    cells, null = record["results"]["cells"], record["results"]["null"]
    for failure, severity in TABLE.items():
        assert set(cells[f"{failure} {severity:g}"]) == set(METRICS)
    assert null["density"][0] == pytest.approx(1, abs=0.02)
    assert null["coverage"][0] == pytest.approx(0.9697, abs=0.005)
    assert null["classifier test"][0] == pytest.approx(0.5, abs=0.01)
    for name in METRICS:  # exchangeable with fresh digits: no metric of x and y sees them
        if name != "nearest training image":
            assert cells["copies 300"][name][0] <= 0.2


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="n must be at most 449"):
        FailuresConfig(n=450)
    with pytest.raises(ValueError, match="splits must be"):
        FailuresConfig(splits=0)
