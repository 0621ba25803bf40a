import math

import pytest
import torch

from gan_lessons.experiments import watched_runs
from gan_lessons.experiments.provoked_runs import provoke
from gan_lessons.experiments.watched_runs import push, square, watch
from gan_lessons.training import TrainingDiverged


def summit(y):
    return 2 - y.square().sum(1)


def test_the_push_leads_uphill_by_the_slope_of_the_loss():
    places = torch.tensor([[0.5, 0.0], [0.0, -1.0], [2.0, 2.0]])
    h, slope = summit(places), -2 * places
    d = torch.sigmoid(h)[:, None]
    assert torch.allclose(push(summit, "non-saturating", places), (1 - d) * slope, atol=1e-6)
    assert torch.allclose(push(summit, "saturating", places), d * slope, atol=1e-6)
    assert torch.allclose(push(summit, "wasserstein", places), slope, atol=1e-6)


def test_the_push_is_where_a_small_step_lowers_the_loss():
    places = torch.tensor([[0.4, 0.3]])
    moves = push(summit, "least-squares", places)

    def loss(y):
        return 0.5 * (summit(y) - 1).square().mean()

    assert loss(places + 0.01 * moves) < loss(places)


def test_a_loss_in_pairs_needs_real_samples():
    places = torch.tensor([[0.4, 0.3], [1.0, 0.0]])
    with pytest.raises(ValueError, match="real must be given: the loss relativistic"):
        push(summit, "relativistic", places)
    real = torch.zeros(2, 2)
    moves = push(summit, "relativistic", places, real)
    weight = torch.sigmoid(summit(real) - summit(places))[:, None]
    assert torch.allclose(moves, weight * -2 * places, atol=1e-6)


def test_a_square_of_places():
    places = square(2.0, 3)
    assert places.shape == (9, 2)
    assert places.abs().max() == 2
    assert len(places.unique(dim=0)) == 9


def test_a_watched_run_is_the_run_that_was_provoked():
    run = watch("non-saturating, R1", seed=3, steps=60, every=20, looks=(40, 60), n=128)
    other = provoke("non-saturating, R1", [3], steps=60, every=20, n=128)[0]
    assert set(other.history) <= set(run.history)
    for key in ("d_loss", "g_loss", "g_gradient", "sample_variance"):
        assert run.history[key] == pytest.approx(other.history[key], rel=0.05, abs=0.02)
    assert [look.step for look in run.looks] == [40, 60]
    assert run.looks[0].samples.shape == (128, 2)
    assert run.looks[0].push.shape == (121, 2)
    assert not torch.equal(run.looks[0].samples, run.looks[1].samples)


def test_a_run_that_ends_in_nan_says_so():
    for seed in range(1, 9):
        try:
            run = watch("learning rate 3", seed=seed, steps=40, every=1, looks=(), n=16)
        except TrainingDiverged:
            continue
        if math.isnan(run.history["d_loss"][-1]):
            steps = run.history["step"]
            assert all(math.isfinite(step) for step in steps)
            assert steps == [float(i) for i in range(1, len(steps) + 1)]
            assert all(math.isfinite(v) for v in run.history["d_loss"][:-1])
            return
    pytest.fail("no seed of eight ended in NaN")


def test_numbers_that_are_not_finite_before_the_first_record_raise(monkeypatch):
    def lost(*_):
        raise TrainingDiverged(3, "d_loss")

    monkeypatch.setattr(watched_runs, "train", lost)
    with pytest.raises(TrainingDiverged):
        watch("hinge", steps=20, looks=())


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="name must be one of"):
        watch("something else")
    with pytest.raises(ValueError, match=r"looks must be multiples of every \(20\), got \(30,\)"):
        watch("hinge", looks=(30,))
