import numpy as np
import pytest

from gan_lessons.widgets import Choice, Slider


def test_values_labels_and_start():
    slider = Slider("shift", "Shift", [0, 0.5], "{:.2f} m", default=0.5)
    assert slider.values == (0, 0.5)
    assert slider.labels == ("0.00 m", "0.50 m")
    assert slider.start == 1
    choice = Choice("test", "Test", ["MMD", "energy"])
    assert (choice.values, choice.labels, choice.start) == (("MMD", "energy"),) * 2 + (0,)
    assert choice.default == "MMD"


@pytest.mark.parametrize("kind", [Slider, Choice])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a b", "Label", [1, 2]), "name must be a Python name, got 'a b'"),
        (("a", " ", [1, 2]), "label of control 'a' must not be empty"),
        (("a", "Label", [1]), "at least two different values"),
        (("a", "Label", [1, 1]), "at least two different values"),
        (("a", "Label", [1, 2], "{}", 3), r"default of control 'a' must be one of \(1, 2\), got 3"),
        (("a", "Label", [0.01, 0.02], "{:.1f}"), "must tell all values apart.*write more digits"),
        (("a", "Label", [1, 2], "steps"), "must tell all values apart, got 'steps'"),
        (("a", "Label", [1, 2], "{:.2f"), "format of control 'a' must suit str.format"),
        (("a", "Label", [1, 2], "{value}"), "must suit str.format, such as '{:.2f}'"),
        (("a", "Label", [1, 2], "{} {}"), "must suit str.format"),
        (("a", "Label", ["x", "y"], "{:.1f}"), "must suit str.format"),
    ],
)
def test_bad_controls_are_named(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        kind(*arguments)


def test_values_may_come_from_numpy():
    slider = Slider("a", "A", np.arange(3), "{} steps")
    assert slider.labels == ("0 steps", "1 steps", "2 steps")


def test_a_string_is_no_list_of_values():
    with pytest.raises(TypeError, match="options of control 'a' must be a sequence"):
        Choice("a", "Label", "xyz")


@pytest.mark.parametrize("kind", [Slider, Choice])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "Label", [1, 2]), "name of a control must be a str, got NoneType"),
        (("a", 3, [1, 2]), "label of a control must be a str, got int"),
        (("a", "Label", 5), "of control 'a' must be a sequence of values, got a int"),
        (("a", "Label", [[1], [2]]), "of control 'a' must be numbers or strings"),
        (("a", "Label", [1, 2], None), "format of control 'a' must be a str, got NoneType"),
    ],
)
def test_wrong_types_are_named(kind, arguments, message):
    with pytest.raises(TypeError, match=message):
        kind(*arguments)
