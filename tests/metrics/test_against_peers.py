"""The same numbers as torch-fidelity's and prdc's own functions give on the same features."""

import numpy as np
import prdc
import pytest
import torch

from gan_lessons.metrics import (
    FrechetStatistics,
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    precision_recall,
)


def normal(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def features(n=400, m=300, d=24):
    """Real features, and generated ones of less variety that lie partly elsewhere."""
    mix = normal(d, d, 0) / d**0.5
    return (normal(n, d, 1) @ mix).relu(), (0.8 * normal(m, d, 2) @ mix + 0.1).relu()


def test_frechet_distance_is_torch_fidelitys(fidelity):
    x, y = features()
    statistics = [fidelity.fid.fid_features_to_statistics(t) for t in (x, y)]
    wanted = fidelity.fid.fid_statistics_to_metric(*statistics, verbose=False)
    wanted = wanted["frechet_inception_distance"]
    assert frechet_distance(x, y) == pytest.approx(wanted, rel=1e-9)
    first, second = FrechetStatistics(), FrechetStatistics()
    for statistics, samples in ((first, x), (second, y)):
        for batch in samples.split(64):
            statistics.update(batch)
    assert first.distance(second) == pytest.approx(wanted, rel=1e-9)


def test_kernel_distance_is_torch_fidelitys(fidelity):
    x, y = features(300, 300)
    kernels = [
        fidelity.kid.kernel_poly(
            a.numpy(),
            b.numpy(),
            kid_kernel_poly_degree=3,
            kid_kernel_poly_gamma=None,
            kid_kernel_poly_coef0=1,
        )
        for a, b in ((x, x), (x, y), (y, y))
    ]
    assert kernel_distance(x, y).value == pytest.approx(fidelity.kid.mmd2(*kernels), rel=1e-10)


def test_kernel_distance_over_subsets_is_near_torch_fidelitys(fidelity):
    x, y = features()
    theirs = fidelity.kid.kid_features_to_metric(
        x,
        y,
        kid_subsets=200,
        kid_subset_size=100,
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
        rng_seed=0,
        verbose=False,
    )
    ours = kernel_distance(x, y, 200, 100, torch.Generator().manual_seed(0))
    # Different subsets: 5 standard errors of the difference, fixed seeds.
    gap = abs(ours.value - theirs["kernel_inception_distance_mean"])
    assert gap < 5 * 2**0.5 * ours.standard_error
    # Theirs is called std and is the spread of single subsets, not an error of the mean.
    spread = ours.standard_error * 200**0.5
    assert theirs["kernel_inception_distance_std"] == pytest.approx(spread, rel=0.25)


@pytest.mark.parametrize("saving", [False, True])
def test_precision_and_recall_are_torch_fidelitys_with_the_generated_first(fidelity, saving):
    """torch-fidelity 0.4 takes generated features first; up to 0.3 it took real ones first.

    Its command line names the generated images first, so that 0.3 swapped the numbers (its issue
    58). Given (real, generated) as here, 0.4 returns them swapped in turn.
    """
    x, y = features()

    def theirs(first, second):
        settings = {"prc_neighborhood": 3, "prc_batch_size": 128, "verbose": False}
        result = fidelity.prc.prc_features_to_metric(first, second, save_cpu_ram=saving, **settings)
        return result["precision"], result["recall"]

    ours = precision_recall(x, y, k=3)
    assert abs(ours.precision - ours.recall) > 0.1  # a swap shows
    assert theirs(y, x) == pytest.approx(ours, abs=1e-6)
    assert theirs(x, y) == pytest.approx(ours[::-1], abs=1e-6)


def test_inception_score_is_torch_fidelitys(fidelity):
    logits = 3 * normal(100, 10, 0)
    theirs = fidelity.isc.isc_features_to_metric(logits, splits=7, shuffle=False)
    ours = inception_score(logits.softmax(1), n_splits=7)
    assert ours.mean == pytest.approx(theirs["inception_score_mean"], rel=1e-9)
    assert ours.std == pytest.approx(theirs["inception_score_std"], rel=1e-9)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("n", "m"), [(400, 300), (150, 350)])
def test_all_four_are_prdcs(capsys, n, m, k):
    # prdc leaves the surface of a ball out, which no continuous sample lies on.
    x, y = normal(n, 8, 0), 0.7 * normal(m, 8, 1) + 0.3
    theirs = prdc.compute_prdc(x.numpy(), y.numpy(), nearest_k=k)
    ours = {**precision_recall(x, y, k)._asdict(), **density_coverage(x, y, k)._asdict()}
    assert ours == pytest.approx(theirs, abs=1e-12)
    assert len({round(value, 2) for value in ours.values()}) >= 3
    capsys.readouterr()  # it prints


def test_equal_laws_by_both(capsys):
    """At p = q precision and recall are not 1 but density is, and coverage is known."""
    x, y = normal(200, 8, 0), normal(200, 8, 1)
    theirs = prdc.compute_prdc(x.numpy(), y.numpy(), nearest_k=5)
    assert 0.85 < theirs["precision"] < 0.98
    assert 0.85 < theirs["recall"] < 0.98
    assert precision_recall(x, y, 5) == pytest.approx((theirs["precision"], theirs["recall"]))
    assert np.isclose(theirs["density"], 1, atol=0.15)
    capsys.readouterr()
