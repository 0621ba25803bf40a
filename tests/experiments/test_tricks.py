import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_lessons.experiments import tricks
from gan_lessons.experiments.mode_runs import Outcomes, Runs, Setting, start_training
from gan_lessons.experiments.seed_statistics import Interval
from gan_lessons.experiments.trick_list import GAMMAS, TRICKS
from gan_lessons.experiments.trick_networks import (
    Packed,
    SpectralDiscriminator,
    SpectralLinear,
    Sphere,
    WithBatchSpread,
    clip_d,
    packed_by_2,
    sgd_for_d,
    spectral,
)
from gan_lessons.experiments.trick_objectives import OneSidedLabelSmoothing
from gan_lessons.experiments.tricks import (
    BASELINE,
    Trick,
    compare,
    late,
    run_trick,
    verdict,
    with_training,
)
from gan_lessons.networks import MLPDiscriminator

TINY = with_training(Setting(hidden=8), {"batch_size": 16})


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def runs(misplaced: torch.Tensor, modes: torch.Tensor, first: int = 0) -> Runs:
    """Return runs with these outcomes (t, s), and zeros for the others."""
    others = torch.zeros_like(misplaced)
    outcomes = Outcomes(modes, others, others, others, others * math.nan, misplaced)
    t, s = misplaced.shape
    return Runs(tuple(range(first, first + s)), tuple(range(1, t + 1)), outcomes, 1.0)


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((-0.1, -0.2, -0.001), "helps"),
        ((-0.009, -0.01, -0.008), "does nothing here"),  # surely so, and too small to matter
        ((-0.03, -0.2, 0.001), "not shown"),
        ((0.0, -0.05, 0.05), "does nothing here"),
        ((0.0, -0.051, 0.05), "not shown"),
        ((0.0, -0.05, 0.051), "not shown"),
        ((0.02, 0.001, 0.04), "hurts"),
    ],
)
def test_the_rule_for_verdicts(interval, word):
    assert verdict(Interval(*interval)) == word


def test_late_is_the_last_third():
    values = torch.arange(6.0).unsqueeze(1)
    assert late(values).tolist() == [4.5]
    assert late(values[:5]).tolist() == [3.5]
    assert late(values[:1]).tolist() == [0.0]


def test_compare_pairs_the_seeds():
    """A seed's own effect, far larger than the trick's, falls out of the difference."""
    own = torch.rand(3, 8, generator=rng()).double()
    modes = torch.full((3, 8), 8.0).double()
    fewer = modes.clone()
    fewer[-1, :3] = 7
    effect = compare("t", "ring", runs(own, modes), runs(own - 0.05, fewer), 1.5)
    assert effect.misplaced == pytest.approx((-0.05, -0.05, -0.05))
    assert effect.verdict == "helps"
    assert effect.modes.value == pytest.approx(-3 / 8)
    assert (effect.baseline_complete.value, effect.trick_complete.value) == (1, 5 / 8)
    assert effect.complete_p == pytest.approx(2 * 0.5**3)
    assert (effect.cost, effect.seeds, effect.law) == (1.5, 8, "ring")
    assert compare("t", "ring", runs(own - 0.05, modes), runs(own, modes), 1).verdict == "hurts"
    with pytest.raises(ValueError, match="must have the same seeds and times"):
        compare("t", "ring", runs(own, modes), runs(own, modes, first=1), 1)


def test_a_readers_own_trick_takes_one_cell(monkeypatch):
    monkeypatch.setattr(tricks, "relative_cost", lambda setting, baseline: 1.0)

    def wider(setting):
        return replace(setting, hidden=12)

    effect = run_trick(Trick("wider", wider), range(3), TINY, times=(2, 4), n=50)
    assert (effect.name, effect.seeds) == ("wider", 3)
    assert effect.misplaced.low <= effect.misplaced.value <= effect.misplaced.high
    nothing = run_trick(Trick("nothing", lambda s: s), range(3), TINY, times=(2, 4), n=50)
    assert nothing.misplaced == (0, 0, 0)
    assert nothing.verdict == "does nothing here"
    assert nothing.complete_p == 1


def test_cost_counts_the_steps_of_d():
    """Five D updates for one: between two and five times the work."""
    dear = with_training(TINY, {"d_steps": 5})
    assert 1.5 < tricks.relative_cost(dear, TINY, steps=3, seeds=2) < 8


def test_every_trick_changes_the_baseline_and_trains():
    settings = [trick.change(replace(BASELINE, hidden=8)) for trick in TRICKS.values()]
    assert len(set(TRICKS)) == len(settings) > 30
    for setting in settings:
        assert setting != replace(BASELINE, hidden=8)
        system, records = start_training(setting, (0, 1), (1, 2))
        last = list(records)[-1]
        assert last.step == 2
        assert bool(last.metrics["d_loss"].isfinite().all())
        assert not bool(system.diverged().any())
    assert [f"R1, gamma {gamma:g}" in TRICKS for gamma in GAMMAS] == [True] * len(GAMMAS)


def test_clipped_weights_stay_in_their_box_and_sgd_is_sgd():
    system, records = start_training(replace(TINY, prepare=clip_d), (0, 1), (2,))
    assert len(list(records)) == 1
    assert max(float(w.detach().abs().max()) for w in system.d_parameters.values()) < 0.1001
    assert max(float(w.detach().abs().max()) for w in system.g_parameters.values()) > 0.1001
    system, _ = start_training(replace(TINY, prepare=sgd_for_d), (0,), (2,))
    assert isinstance(system.d_optimizer, torch.optim.SGD)
    before = [w.detach().clone() for w in system.d_parameters.values()]
    system.step(torch.randn(1, 16, 2, generator=rng()))
    for old, new in zip(before, system.d_parameters.values(), strict=True):
        assert torch.allclose(new, old - 0.1 * new.grad, atol=1e-6)


def test_spectral_layers_have_norm_one_up_to_the_estimate():
    for seed in range(5):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = SpectralDiscriminator(64)
        for layer in network.layers:
            if isinstance(layer, SpectralLinear):
                zero = layer(torch.zeros(1, layer.in_features))
                effective = (layer(torch.eye(layer.in_features)) - zero).T
                norm = float(torch.linalg.matrix_norm(effective.detach(), 2))
                assert 1 - 1e-5 < norm < 1.15  # the estimate is from below
    x = torch.randn(1, 16, 2, generator=rng())
    system, _ = start_training(replace(TINY, networks=spectral), (0, 1), (2,))
    alone = system.networks(1)[1]
    assert torch.allclose(system.discriminate(x.expand(2, 16, 2))[1], alone(x[0]), atol=1e-5)


def test_packing_puts_neighbours_into_one_row():
    inner = MLPDiscriminator(4, 8, rng=rng())
    x = torch.randn(6, 2, generator=rng(1))
    want = inner(torch.cat([x[::2], x[1::2]], dim=1))
    assert torch.equal(Packed(inner, 2)(x), want)
    system, _ = start_training(replace(TINY, networks=packed_by_2), (0, 1), (2,))
    assert system.discriminate(torch.zeros(2, 16, 2)).shape == (2, 8)


def test_the_batch_spread_is_what_d_sees():
    seen: list[torch.Tensor] = []

    class Spy(nn.Module):
        def forward(self, x):
            seen.append(x)
            return x[:, 0]

    x = torch.tensor([[0.0, 0.0], [2.0, 6.0]])
    WithBatchSpread(Spy())(x)
    assert seen[0][:, :2].equal(x)
    assert seen[0][:, 2].tolist() == pytest.approx([2.0, 2.0])  # mean of 1 and 3


def test_z_on_the_sphere_keeps_its_direction():
    z = torch.randn(10, 16, generator=rng())
    mapped = Sphere()(z)
    assert mapped.norm(dim=1).tolist() == pytest.approx([4.0] * 10)
    assert torch.cosine_similarity(mapped, z).tolist() == pytest.approx([1.0] * 10)


def test_smoothed_labels_are_cross_entropies_with_labels():
    real, fake = torch.linspace(-3, 2, 9), torch.linspace(-2, 3, 9)  # not even about 0
    cross = nn.functional.binary_cross_entropy_with_logits
    want = cross(real, torch.full((9,), 0.9)) + cross(fake, torch.zeros(9))
    loss = OneSidedLabelSmoothing()
    assert float(loss.discriminator_loss(real, fake)) == pytest.approx(float(want), abs=1e-6)
    assert float(loss.generator_loss(None, fake)) == pytest.approx(
        float(cross(fake, torch.ones(9)))
    )
