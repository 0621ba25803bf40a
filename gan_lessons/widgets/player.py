"""The player of the static page: plain HTML with one small script, no network, no theme needed."""

import base64
import hashlib
import html
import json
from functools import cache
from importlib.resources import files

from gan_lessons.widgets.controls import Control, Slider
from gan_lessons.widgets.frames import Frames


@cache
def read_asset(name: str) -> str:
    """Read a file that comes with the package."""
    return (files("gan_lessons.widgets") / name).read_text(encoding="utf-8").strip()


def player_id(title: str, controls: tuple[Control, ...]) -> str:
    """Return an id that depends on the title and the controls only."""
    content = repr((title, [(c.name, c.label, c.labels) for c in controls]))
    return "gan-player-" + hashlib.sha256(content.encode()).hexdigest()[:10]


def _control_html(control: Control, identity: str) -> str:
    """Return a labelled range or select."""
    element = f"{identity}-{control.name}"
    label = html.escape(control.label)
    texts = [html.escape(text) for text in control.labels]
    start = control.start
    if isinstance(control, Slider):
        inner = (
            f'<input type="range" id="{element}" data-control="{control.name}" min="0" '
            f'max="{len(texts) - 1}" step="1" value="{start}" aria-valuetext="{texts[start]}" '
            f'autocomplete="off"><output for="{element}" aria-live="off">{texts[start]}</output>'
        )
    else:
        options = "".join(
            f'<option value="{i}"{" selected" if i == start else ""}>{text}</option>'
            for i, text in enumerate(texts)
        )
        inner = (
            f'<select id="{element}" data-control="{control.name}" autocomplete="off">'
            f"{options}</select>"
        )
    return f'<div class="gan-player-control"><label for="{element}">{label}</label>{inner}</div>'


PLAY_BUTTON = (
    '<button type="button" data-play aria-pressed="false">'
    '<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">'
    '<path class="gan-player-icon-play" d="M3.5 1.5v13l10-6.5z"/>'
    '<path class="gan-player-icon-pause" d="M3 2h3.5v12H3zM9.5 2H13v12H9.5z"/></svg>'
    "<span data-play-text>Play</span></button>"
)


def player_html(frames: Frames, controls: tuple[Control, ...], title: str, description: str) -> str:
    """Return the player as one block of HTML.

    Its parts: ``figure.gan-player[data-player]`` holds ``[data-control]`` elements,
    ``img[data-frame]`` and ``[data-caption]``. Without JavaScript the default frame, its caption
    and the description remain, and the controls stay hidden.
    """
    identity = player_id(title, controls)
    start = 0
    for control in controls:
        start = start * len(control.values) + control.start
    sources = [
        f"data:{picture.mime};base64,{base64.b64encode(picture.content).decode()}"
        for picture in frames.pictures
    ]
    first = frames.order[start]
    alt = html.escape(frames.alts[start])
    data = {
        # the picture that is in the page already is not carried twice
        "pictures": [None if i == first else source for i, source in enumerate(sources)],
        "order": frames.order,
        "alts": frames.alts,
        "labels": [control.labels for control in controls],
    }
    payload = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    play = PLAY_BUTTON if any(isinstance(control, Slider) for control in controls) else ""
    return "\n".join(
        [
            f'<figure class="gan-player" data-player id="{identity}" '
            f'aria-labelledby="{identity}-title">',
            f"<style>\n{read_asset('player.css')}\n</style>",
            f'<figcaption><p class="gan-player-title" id="{identity}-title">'
            f"{html.escape(title)}</p>",
            f'<p class="gan-player-description">{html.escape(description)}</p></figcaption>',
            f'<div class="gan-player-controls" data-controls hidden>{play}',
            *[_control_html(control, identity) for control in controls],
            "</div>",
            f'<div class="gan-player-card"><img data-frame src="{sources[first]}" alt="{alt}" '
            f'width="{frames.width}" height="{frames.height}"></div>',
            f'<p class="gan-player-caption" data-caption aria-live="polite">{alt}</p>',
            "<noscript><p>The picture shows the first setting; the controls need JavaScript."
            "</p></noscript>",
            f'<script type="application/json" data-frames>{payload}</script>',
            f"<script>\n{read_asset('player.js')}\n</script>",
            "</figure>",
        ]
    )
