import json
import math
from dataclasses import replace

import pytest
import torch

from gan_lessons.data import load
from gan_lessons.experiments import load_recorded, stacked_digits
from gan_lessons.experiments.stacked_digits import STORE, WAYS, StackedConfig, run
from gan_lessons.experiments.stacked_digits_law import (
    MODES,
    PIXELS,
    StackedDigits,
    expected_outcome,
    measure_stacked,
)
from gan_lessons.metrics import Share
from gan_lessons.metrics.features import ClassifierFeatures

TINY = StackedConfig(seeds=(3, 4), times=(1, 2), n=200, hidden=8, batch_size=8, ways=("plain",))


class FirstPixel:
    """A classifier that reads the digit from the first pixel, which says -1 + digit / 5."""

    accuracy = Share(1.0, 0.9, 1.0)

    def probabilities(self, images):
        digits = ((images[:, 0, 0, 0] + 1) * 5).round().long()
        return torch.nn.functional.one_hot(digits, 10).float()


def stacked(digits: torch.Tensor) -> torch.Tensor:
    """Return samples (n, 192) that FirstPixel reads as the digits (n, 3)."""
    images = torch.zeros(len(digits), 3, 8, 8)
    images[:, :, 0, 0] = digits / 5 - 1
    return images.flatten(1)


def test_a_mode_is_the_three_digits():
    every = torch.cartesian_prod(*[torch.arange(10)] * 3)
    found = measure_stacked(stacked(every), FirstPixel())
    assert found == pytest.approx((1000, 0, 1), abs=1e-9)
    half = measure_stacked(stacked(every[::2]), FirstPixel())
    assert half[:2] == pytest.approx((500, math.log(2)))
    same = measure_stacked(stacked(torch.tensor([[1, 2, 3], [1, 2, 3], [3, 2, 1]])), FirstPixel())
    assert same.modes == 2
    assert same.kl == pytest.approx(math.log(1000) + 2 / 3 * math.log(2 / 3) - math.log(3) / 3)


def test_a_sample_is_three_digits_of_the_set():
    images = load("digits").images[:5]
    drawn = StackedDigits(images).sample(300, torch.Generator().manual_seed(0))
    assert drawn.shape == (300, PIXELS)
    distances = torch.cdist(drawn.view(900, 64), images.view(5, 64))
    assert float(distances.min(1).values.max()) < 1e-3
    which = distances.argmin(1).view(300, 3)
    assert len(which.unique(dim=0)) > 90  # of 125
    assert which.flatten().bincount().tolist() == pytest.approx([180] * 5, abs=60)  # five std


@pytest.mark.parametrize("n", [1, 50, 2600])
def test_a_perfect_sampler_by_many_draws(n):
    """Means of 400 repetitions, within five standard errors."""
    rng = torch.Generator().manual_seed(0)
    p = torch.rand(40, generator=rng).double()
    p /= p.sum()
    want = expected_outcome(n, p)
    shares = torch.stack(
        [
            torch.multinomial(p, n, True, generator=rng).bincount(minlength=40) / n
            for _ in range(400)
        ]
    ).double()
    modes, kl = (shares > 0).sum(1).double(), torch.xlogy(shares, 40 * shares).sum(1)
    for found, mean in ((modes, want[0]), (kl, want[1])):
        assert abs(float(found.mean()) - mean) <= 5 * float(found.std()) / 20 + 1e-9


def test_a_perfect_sampler_of_a_thousand():
    modes, kl = expected_outcome(26_000)
    assert MODES - modes == pytest.approx(1000 * 0.999**26_000, rel=5e-4)
    assert kl == pytest.approx(999 / 52_000, rel=0.01)
    assert expected_outcome(1)[1] == pytest.approx(math.log(1000))
    assert expected_outcome(7, torch.ones(1).double()) == pytest.approx((1, 0))


def test_it_resumes_where_it_was_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(
        stacked_digits, "classifier_features", lambda *_: ClassifierFeatures(Network(), SHARE)
    )
    assert list(run(TINY, tmp_path)) == ["plain"]
    both = replace(TINY, ways=("plain", "packing by 2"))
    assert list(run(both, tmp_path)) == ["packing by 2"]
    assert list(run(both, tmp_path)) == []
    data = json.loads((tmp_path / f"{STORE}.json").read_text())
    assert torch.tensor(data["results"]["ways"]["plain"]["outcomes"]).shape == (2, 2, 3)
    assert list(run(replace(both, hidden=9), tmp_path)) == ["plain", "packing by 2"]


SHARE = Share(0.9, 0.8, 1.0)


class Network(torch.nn.Module):
    """A classifier that sees ten pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, images):
        return self.scale * images.flatten(1)[:, 20:30]


def test_what_the_book_stores():
    stored = load_recorded(STORE)
    config, results = StackedConfig(), stored["results"]
    assert results["references"]["perfect"] == pytest.approx(expected_outcome(config.n))
    for name, one in results["ways"].items():
        assert (one["objective"], one["gamma"]) == WAYS[name][:2]
        outcomes = torch.tensor(one["outcomes"])
        assert outcomes.shape == (len(config.times), len(config.seeds), 3)
        assert float(outcomes[..., 0].max()) <= MODES
        assert float(outcomes[..., 1].max()) <= math.log(MODES)
    assert set(config.ways) >= set(results["ways"])


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match=r"times must be multiples of the first, got \(2, 5\)"):
        replace(TINY, times=(2, 5))
    with pytest.raises(ValueError, match=r"ways must be some of .*, got \['magic'\]"):
        replace(TINY, ways=("magic",))
