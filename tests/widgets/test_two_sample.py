import numpy as np
import pytest
import torch

from gan_lessons.two_sample import mmd2_unbiased
from gan_lessons.widgets.two_sample import (
    LIMITS,
    SHIFTS,
    SIZES,
    _draw,
    compare_shifted_gaussians,
)


def test_only_what_the_reader_moves_changes():
    small, large = compare_shifted_gaussians(0.0, 10), compare_shifted_gaussians(1.5, 100)
    assert torch.equal(small.x, large.x[:10])
    torch.testing.assert_close(small.y + 1.5, large.y[:10])
    again = compare_shifted_gaussians(1.5, 100)
    assert torch.equal(large.result.null, again.result.null)


def test_what_is_said_is_what_was_computed():
    x, y, result = compare_shifted_gaussians(0.75, 50)
    assert result.statistic == pytest.approx(float(mmd2_unbiased(x, y)), abs=1e-5)
    _, alt = _draw({"shift": 0.75, "size": 50})
    assert f"{result.statistic:.3f}" in alt
    assert "rejects equality" in alt
    assert "does not reject equality" in _draw({"shift": 0.0, "size": 50})[1]


def test_the_picture_has_room_for_every_setting():
    for size in SIZES:
        for shift in SHIFTS:
            result = compare_shifted_gaussians(shift, size).result
            values = np.append(result.null.numpy(), result.statistic)
            assert LIMITS[0] < values.min()
            assert values.max() < LIMITS[1]


def test_the_lesson_holds():
    """Equal laws pass, a large shift fails, and more samples find a smaller shift."""
    for size in SIZES:
        p_values = [compare_shifted_gaussians(shift, size).result.p_value for shift in SHIFTS]
        assert p_values[0] > 0.05
        assert p_values[-1] <= 0.05
    first_found = [
        min(shift for shift in SHIFTS if compare_shifted_gaussians(shift, n).result.p_value <= 0.05)
        for n in SIZES
    ]
    assert first_found == sorted(first_found, reverse=True)
    assert first_found[-1] < first_found[0]
