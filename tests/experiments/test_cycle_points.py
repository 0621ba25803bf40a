"""Maps between modes in the plane: how they are read, and that runs repeat."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import nn

from gan_lessons.experiments.cycle_layouts import LAYOUTS, make_laws
from gan_lessons.experiments.cycle_points import (
    CyclePointsConfig,
    NearIdentity,
    all_runs,
    judge,
    make_points_cyclegan,
    run_once,
    ways,
)
from gan_lessons.experiments.recorded import load_recorded

CONFIG = CyclePointsConfig()
TINY = replace(CONFIG, training=replace(CONFIG.training, steps=2, log_every=2, batch_size=8))


class Shift(nn.Module):
    """Move each point by a vector; with ``mirror``, first mirror it left to right."""

    def __init__(self, by, mirror=False):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(by))
        self.mirror = torch.tensor([-1.0, 1.0]) if mirror else torch.ones(2)

    def forward(self, x):
        return x * self.mirror + self.by


def gan_of(there, back):
    gan = make_points_cyclegan(replace(CONFIG, training=replace(CONFIG.training, ema_decay=0.0)), 0)
    gan.generator_ab, gan.generator_ba = there, back
    return gan


@pytest.mark.parametrize(("mirror", "sent"), [(False, (0, 1, 2)), (True, (2, 1, 0))])
def test_two_exact_translations_of_the_line_are_read_as_what_they_are(mirror, sent):
    """Both have zero loss: the law of b comes out, and all points come back."""
    gan = gan_of(Shift((0.0, 1.4), mirror), Shift((0.0, -1.4), mirror))
    found = judge(gan, LAYOUTS["line"], CONFIG)
    assert found.sent == sent
    assert found.share > 0.95  # within 3 standard deviations: 0.989 of 100 points, thrice
    assert found.cycle < 1e-5
    assert found.bijection


def test_what_sends_two_modes_to_one_or_does_not_come_back_is_no_bijection():
    class Middle(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(()))

        def forward(self, x):
            return torch.stack([x[:, 0] * 0 + self.weight, x[:, 1] + 1.4], 1)

    one = judge(gan_of(Middle(), Shift((0.0, -1.4))), LAYOUTS["line"], CONFIG)
    assert one.sent == (1, 1, 1)
    assert not one.bijection
    lost = judge(gan_of(Shift((0.0, 1.4)), Shift((1.0, -1.4))), LAYOUTS["line"], CONFIG)
    assert lost.sent == (0, 1, 2)
    assert lost.cycle == pytest.approx(0.5 / CONFIG.std, rel=1e-3)
    assert not lost.bijection


def test_laws_have_their_modes():
    laws = make_laws(LAYOUTS["turned"], 0.1)
    a, b = laws.draw(4000, torch.Generator().manual_seed(0))
    for points, centres in ((a, LAYOUTS["turned"].a), (b, LAYOUTS["turned"].b)):
        near = torch.cdist(points, torch.tensor(centres))
        assert near.min(1).values.max() < 0.6
        assert near.argmin(1).bincount().min() > 850
    assert not torch.equal(a, b)


def test_ways_differ_in_what_they_say():
    found = ways(CONFIG)
    assert found["no cycle"].training.forward_weight == 0
    assert found["no cycle"].training.backward_weight == 0
    assert found["near identity"].near_identity
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    change = nn.Linear(2, 2)
    assert torch.allclose(NearIdentity(change)(x), x + 0.1 * change(x))
    start = make_points_cyclegan(found["near identity"], 0).generator_ab(x)
    assert (start - x).abs().max() < 0.3


def test_runs_repeat_and_have_their_names():
    runs = all_runs(replace(TINY, seeds=(0, 5)))
    assert [*runs][:4] == [
        "cycle, line, 0",
        "cycle, line, 5",
        "cycle, turned, 0",
        "cycle, turned, 5",
    ]
    assert len(runs) == 8
    sent, share, cycle = runs["cycle, line, 5"]()
    found = run_once(TINY, "line", 5)
    assert (tuple(sent), share) == (found.sent, round(found.share, 3))
    assert cycle == pytest.approx(found.cycle, rel=1e-2)


def test_what_is_recorded_is_of_these_settings():
    record = load_recorded("cycle_points")
    assert record["config"] == json.loads(json.dumps(asdict(CONFIG)))
    assert list(record["results"]["runs"]) == list(all_runs(CONFIG))


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="layouts must be of"):
        CyclePointsConfig(layouts=("circle",))
    with pytest.raises(ValueError, match="hidden must be at least 1"):
        CyclePointsConfig(hidden=0)
