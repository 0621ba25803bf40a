import html
import sys
from types import SimpleNamespace

import ipywidgets
import pytest

from gan_lessons.viz.figure import render_png
from gan_lessons.widgets import explore
from gan_lessons.widgets import explorer as explorer_module
from gan_lessons.widgets.explorer import WIDGET_VIEW
from gan_lessons.widgets.frames import draw_checked
from gan_lessons.widgets.live import in_kernel


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


def test_controls_show_the_same_labels_as_the_page(explorer):
    live = explorer.live()
    assert [label for label, _ in live.controls["shift"].options] == ["0.0", "0.5", "1.0"]
    assert live.controls["height"].description == "Height"


def test_the_view_shows_title_controls_picture_and_caption_in_this_order(explorer):
    live = explorer.live()
    heading, *rest = live.view.children
    expected = [live.controls["shift"], live.controls["height"], live.image, live.caption]
    assert all(shown is part for shown, part in zip(rest, expected, strict=True))
    assert heading.value == "<b>A &quot;line&quot; &amp; more</b><br>Move &lt;it&gt;."


def test_a_slider_is_a_slider_and_a_choice_a_list(explorer):
    live = explorer.live()
    assert type(live.controls["shift"]) is ipywidgets.SelectionSlider
    assert type(live.controls["height"]) is ipywidgets.Dropdown


def test_the_default_setting_is_drawn_before_anything_moves(explorer):
    live = explorer.live()
    assert bytes(live.image.value) == explorer.still.png
    assert live.caption.value == html.escape(explorer.still.alt)
    assert live.image.width == "200"


class Shell:
    """A plain IPython terminal: no kernel."""


class KernelShell(Shell):
    kernel = object()


@pytest.mark.parametrize(
    ("shell", "found"), [(None, False), (Shell(), False), (KernelShell(), True)]
)
def test_a_kernel_is_more_than_a_shell(shell, found, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert in_kernel() is found


def test_without_ipython_there_is_no_kernel(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert in_kernel() is False


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
