"""Metrics on a GPU give what they give on the CPU; skipped where there is none."""

import pytest
import torch

from gan_lessons import metrics

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


def pair(n=700, m=600, d=40):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(n, d, generator=rng)
    return x, 0.9 * torch.randn(m, d, generator=rng) + 0.1


@pytest.mark.parametrize(
    "measure",
    [
        metrics.frechet_distance,
        metrics.kernel_distance,
        metrics.precision_recall,
        metrics.density_coverage,
        lambda x, y: metrics.frechet_distance(x[:30], y),
        lambda x, y: metrics.kernel_distance(x, y, block_size=100),
        lambda x, y: metrics.birthday_test(x, 50, 5.0),
    ],
)
def test_same_numbers_on_both(measure):
    x, y = pair()
    wanted, got = measure(x, y), measure(x.cuda(), y.cuda())
    assert numbers(got) == pytest.approx(numbers(wanted), rel=1e-6)


def numbers(result):
    """Return the floats of a result, those within its parts too."""
    return [result] if isinstance(result, float) else [v for part in result for v in numbers(part)]


def test_statistics_are_gathered_on_the_device():
    x, y = pair()
    first, second = metrics.FrechetStatistics(), metrics.FrechetStatistics()
    for statistics, samples in ((first, x), (second, y)):
        for batch in samples.cuda().split(64):
            statistics.update(batch)
    assert first.mean.is_cuda
    assert first.covariance.is_cuda
    assert first.distance(second) == pytest.approx(metrics.frechet_distance(x, y), rel=1e-9)
    first.merge(second)
    assert first.count == 1300
