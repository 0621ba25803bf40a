import pytest
import torch

from gan_lessons.two_sample import mmd2_biased
from gan_lessons.widgets.witness import BANDWIDTHS, PLACES, _draw, compute_witness


def test_witness_integrates_to_nothing_against_a_constant_and_names_the_gap():
    """E_x w - E_y w is the biased squared MMD: the witness is what the statistic averages."""
    found = compute_witness("wider", 0.5)

    def w(t):
        step = PLACES[1] - PLACES[0]
        index = ((t - PLACES[0]) / step).clamp(0, len(PLACES) - 1.001)
        left = index.floor().long()
        share = index - left
        return (1 - share) * found.values[left] + share * found.values[left + 1]

    inside = (found.x.abs() < 4).all() and (found.y.abs() < 4).all()
    gap = w(found.x).mean() - w(found.y).mean()
    expected = mmd2_biased(found.x, found.y, 0.5)
    assert float(gap) == pytest.approx(float(expected), abs=1e-3 if inside else 5e-3)


def test_the_lesson_holds():
    """Too narrow and too wide a kernel miss the two humps; a middle one sees them."""
    p_values = {b: compute_witness("two humps", b).result.p_value for b in BANDWIDTHS}
    assert p_values[BANDWIDTHS[0]] > 0.05 < p_values[BANDWIDTHS[-1]]
    assert p_values[0.1] < 0.01 > p_values[0.5]
    assert all(compute_witness("the same law", b).result.p_value > 0.05 for b in (0.1, 0.5, 2.0))


def test_what_is_said_is_what_was_computed():
    found = compute_witness("two humps", 0.5)
    _, alt = _draw({"bandwidth": 0.5, "pair": "two humps"})
    assert f"{found.result.statistic:.2g}" in alt
    assert "the test rejects" in alt
    assert 0.8 < found.median < 1.3
    assert torch.equal(found.values, compute_witness("two humps", 0.5).values)
