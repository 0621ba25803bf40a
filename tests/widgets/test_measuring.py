import pytest
import torch

from gan_lessons.experiments.image_failures import SEVERITIES
from gan_lessons.experiments.metric_failures import METRICS
from gan_lessons.metrics import precision_recall
from gan_lessons.widgets.measuring import (
    MODES,
    NEIGHBOURS,
    UNITS,
    WIDTHS,
    _draw_failure,
    _draw_rings,
    compare_rings,
    radii,
    recorded_cells,
)


def test_only_the_model_changes():
    first, second = compare_rings(4, 1.0, 3), compare_rings(8, 2.5, 1)
    assert torch.equal(first.x, second.x)
    assert first.quality == precision_recall(first.x, first.y, 3)


def test_a_radius_is_the_distance_to_the_kth_other_point():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    assert radii(points, 1).tolist() == [1, 1, 2]
    assert radii(points, 2).tolist() == [3, 2, 3]


def test_the_lesson_of_the_balls_holds():
    """Modes that are missing cost recall, width costs precision, narrowness buys it."""
    for k in NEIGHBOURS:
        recalls = [compare_rings(modes, 1.0, k).quality.recall for modes in MODES]
        assert recalls == sorted(recalls)
        assert recalls[0] < 0.4 < 0.75 < recalls[-1]
        precisions = [compare_rings(8, width, k).quality.precision for width in WIDTHS.values()]
        assert precisions == sorted(precisions, reverse=True)


def test_what_is_said_is_what_was_computed():
    _, alt = _draw_rings({"modes": 4, "width": "wide", "k": 3})
    quality = compare_rings(4, WIDTHS["wide"], 3).quality
    assert f"{quality.precision:.0%} of its points" in alt
    assert f"{quality.recall:.0%} of the real points" in alt


@pytest.mark.parametrize("failure", list(SEVERITIES))
def test_every_recorded_cell_is_drawn(failure):
    figure, alt = _draw_failure({"failure": failure, "level": 4})
    left, right = figure.axes
    assert left.images
    names = [tick.get_text() for tick in right.get_yticklabels()]
    assert names == list(METRICS)
    low, high = right.get_xlim()
    for severity in SEVERITIES[failure]:
        cell = recorded_cells()[f"{failure} {severity:g}"]
        assert all(low < away < high for _, away in cell.values())
    blind = alt.split("Not seeing it: ")[1]
    cell = recorded_cells()[f"{failure} {SEVERITIES[failure][-1]:g}"]
    assert [name in blind for name in METRICS] == [cell[name][0] < 0.8 for name in METRICS]
    assert UNITS[failure].split("{}")[1].strip(" ,") in alt
