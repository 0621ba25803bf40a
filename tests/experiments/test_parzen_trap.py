import pytest
import torch

from gan_lessons.experiments import load_recorded
from gan_lessons.experiments.parzen_trap import (
    TrapConfig,
    centroids,
    run,
    run_split,
    score,
    split_digits,
)

SMALL = TrapConfig(sizes=(20, 50), n_train=200, bandwidths=(0.16, 0.22), splits=2)


def test_a_split_uses_every_image_once():
    parts = split_digits(0, TrapConfig())
    assert [len(part) for part in parts] == [1000, 400, 397]
    assert len(torch.unique(torch.cat(parts), dim=0)) == 1797  # no two digits are equal
    assert not torch.equal(parts[0], split_digits(1, TrapConfig())[0])
    assert float(parts[0].min()) == 0
    assert float(parts[0].max()) == 1


def test_centroids_of_separate_clusters_are_their_means():
    rng = torch.Generator().manual_seed(0)
    groups = [
        centre + 0.1 * torch.randn(30, 2, generator=rng, dtype=torch.float64)
        for centre in (0.0, 50.0)
    ]
    found = centroids(torch.cat(groups), 2)
    expected = torch.stack([group.mean(0) for group in groups])
    assert torch.allclose(found[found[:, 0].argsort()], expected, atol=1e-9)


def test_the_width_comes_from_validation_not_from_the_test_set():
    config = TrapConfig(bandwidths=(0.1, 1.0))
    centre = torch.zeros(1, 8)
    narrow, wide = torch.full((4, 8), 0.1), torch.full((4, 8), 1.0)
    # validation points close to the centre choose the narrow window, bad for far test points
    assert score(centre, narrow, wide, config) < -300 < score(centre, wide, wide, config)


def test_true_images_are_the_first_of_the_training_set_and_more_are_better():
    scores = run_split(0, SMALL)
    train, validation, test = split_digits(0, SMALL)
    assert scores["true"][1] == score(train[:50], validation, test, SMALL)
    assert scores["all"] == [score(train, validation, test, SMALL)]
    assert scores["true"][0] < scores["true"][1] < scores["all"][0]
    assert scores["centroids"][0] > scores["true"][0]


def test_splits_differ_and_repeat():
    scores = run(SMALL)
    assert scores["true"][0] == pytest.approx(run_split(0, SMALL)["true"], abs=5.1e-4)
    assert scores["true"][0] != scores["true"][1]


def test_the_recorded_result_is_of_these_settings_and_says_what_the_chapter_says():
    record = load_recorded("parzen_trap")
    settings = TrapConfig()
    assert record["config"]["sizes"] == list(settings.sizes)
    assert record["config"]["bandwidths"] == list(settings.bandwidths)
    true, found = (torch.tensor(record["results"][key]) for key in ("true", "centroids"))
    assert true.shape == found.shape == (settings.splits, len(settings.sizes))
    assert (found > true).all()
