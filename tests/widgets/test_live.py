import html
import sys

import pytest

from gan_lessons.viz.figure import render_png
from gan_lessons.widgets import explore
from gan_lessons.widgets import explorer as explorer_module
from gan_lessons.widgets.explorer import WIDGET_VIEW
from gan_lessons.widgets.frames import draw_checked


def test_the_picture_follows_every_control(explorer, draw):
    live = explorer.live()
    assert live.settings() == {"shift": 0.5, "height": 1}
    for shift, height in [(0.0, 1), (1.0, 1), (1.0, 2), (0.5, 2)]:
        before = bytes(live.image.value)
        live.controls["shift"].value = shift
        live.controls["height"].value = height
        figure, alt = draw_checked(draw, {"shift": shift, "height": height})
        assert bytes(live.image.value) == render_png(figure) != before
        assert live.caption.value == html.escape(alt)
        assert live.error is None


def test_controls_show_the_same_labels_as_the_page(explorer):
    live = explorer.live()
    assert [label for label, _ in live.controls["shift"].options] == ["0.0", "0.5", "1.0"]
    assert live.controls["height"].description == "Height"
    assert live.image in live.view.children


def test_an_error_is_raised_shown_and_kept(controls, draw):
    def brittle(settings):
        if settings["shift"] == 1.0:
            raise ZeroDivisionError("no <slope>")
        return draw(settings)

    live = explore(brittle, controls, "Title", "Description.").live()
    before = bytes(live.image.value)
    with pytest.raises(ZeroDivisionError, match="no <slope>"):
        live.controls["shift"].value = 1.0
    assert isinstance(live.error, ZeroDivisionError)
    assert "ZeroDivisionError: no &lt;slope&gt;" in live.caption.value
    live.controls["shift"].value = 0.0
    assert live.error is None
    assert bytes(live.image.value) != before
    assert "slope" not in live.caption.value


def test_without_a_kernel_the_bundle_has_no_widget(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", "image/png"}
    assert metadata == {"image/png": {"width": 200, "height": 120}}
    assert data["text/html"] == explorer.html
    assert data["text/plain"].startswith('A "line" & more. Move <it>. A line of height 1')


def test_in_a_kernel_the_bundle_has_the_widget(explorer, monkeypatch):
    monkeypatch.setattr(explorer_module, "in_kernel", lambda: True)
    data, _ = explorer._repr_mimebundle_()
    assert data[WIDGET_VIEW]["version_major"] == 2
    assert len(data[WIDGET_VIEW]["model_id"]) == 32
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert WIDGET_VIEW not in explorer._repr_mimebundle_()[0]


def test_in_a_kernel_errors_fail_the_cell(controls, draw, monkeypatch):
    def brittle(settings):
        return draw(settings) if settings["height"] == 1 else 1 / 0

    explore(brittle, controls, "Title", "Description.")  # drawn later, when shown
    monkeypatch.setattr(explorer_module, "in_kernel", lambda: True)
    with pytest.raises(ZeroDivisionError):
        explore(brittle, controls, "Title", "Description.")


def test_missing_packages_are_named(explorer, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r'pip install "gan-lessons\[widgets\]"'):
        explorer.live()
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r'PIL is needed.*pip install "gan-lessons\[widgets\]"'):
        _ = explorer.frames
