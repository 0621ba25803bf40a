"""Every setting of an explorer, drawn and compressed for the static page."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gan_lessons.viz._optional import require
from gan_lessons.viz.figure import DOTS_PER_INCH, check_alt, size_of
from gan_lessons.viz.style import style
from gan_lessons.widgets.controls import Control, Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Settings: TypeAlias = Mapping[str, Value]
Draw: TypeAlias = Callable[[Settings], "tuple[Figure, str]"]

MAXIMUM_FRAMES = 120
MAXIMUM_BYTES = 400_000  # of a player's HTML, all included
SCALES = (2.0, 1.5, 1.25, 1.0)  # pixels of the picture per pixel of the page, best first
COLORS = 32
PICTURE_COLORS = 64  # where the figure shows coloured images
PROBES = 4  # frames tried before a scale is taken up


class Encoded(NamedTuple):
    """One compressed picture."""

    mime: str
    content: bytes


class Frames(NamedTuple):
    """All settings' pictures; ``order[i]`` and ``alts[i]`` belong to the i-th setting.

    Settings are counted with the last control fastest; equal pictures are kept once.
    """

    pictures: tuple[Encoded, ...]
    order: tuple[int, ...]
    alts: tuple[str, ...]
    width: int
    height: int
    scale: float


def default_settings(controls: tuple[Control, ...]) -> dict[str, Value]:
    """Return the setting in which an explorer starts."""
    return {control.name: control.values[control.start] for control in controls}


def all_settings(controls: tuple[Control, ...]) -> list[dict[str, Value]]:
    """Return every combination of the controls' values, the last control fastest."""
    names = [control.name for control in controls]
    count = 1
    for control in controls:
        count *= len(control.values)
    if count > MAXIMUM_FRAMES:
        sizes = " x ".join(f"{len(control.values)} ({control.name})" for control in controls)
        raise ValueError(
            f"controls must give at most {MAXIMUM_FRAMES} frames, got {count} = {sizes}; "
            "take fewer values."
        )
    return [
        dict(zip(names, values, strict=True))
        for values in product(*(control.values for control in controls))
    ]


def draw_checked(draw: Draw, settings: Settings) -> tuple[Figure, str]:
    """Call the drawing function in the book's style and check what it returns."""
    require("matplotlib.figure", "widgets")
    from matplotlib.figure import Figure

    with style():
        result = draw(settings)
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], Figure)):
        raise TypeError(
            f"draw must return (Figure, str), got {type(result).__name__} for {dict(settings)}."
        )
    return result[0], check_alt(result[1])


def encode(figure: Figure, scale: float) -> Encoded:
    """Compress a figure to few colours, as WebP, or as PNG where Pillow has no WebP."""
    require("PIL.Image", "widgets")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image, features

    with style():
        canvas = FigureCanvasAgg(figure)
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.execute(figure)  # lay out once; every scale then has the same layout
            figure.set_layout_engine("none")
        before = figure.dpi
        figure.set_dpi(DOTS_PER_INCH * scale)
        canvas.draw()
        pixels = Image.frombytes(
            "RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())
        ).convert("RGB")
        figure.set_dpi(before)
    colors = PICTURE_COLORS if _shows_colored_images(figure) else COLORS
    few = pixels.quantize(colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    channels = few.getpalette() or []
    palette = [channels[i : i + 3] for i in range(0, len(channels), 3)]
    white = [[255] * 3 if min(color) >= 250 else color for color in palette]
    few.putpalette([channel for color in white for channel in color])  # else the paper is greyish
    buffer = io.BytesIO()
    if features.check("webp"):  # a quarter to a third smaller than PNG on every figure tried
        few.convert("RGB").save(buffer, format="WEBP", lossless=True, quality=70, method=2)
        return Encoded("image/webp", buffer.getvalue())
    few.save(buffer, format="PNG", optimize=True)
    return Encoded("image/png", buffer.getvalue())


def _shows_colored_images(figure: Figure) -> bool:
    """Return whether an image of the figure has a pixel that is not grey."""
    arrays = [image.get_array() for ax in figure.axes for image in ax.images]
    return any(
        array is not None and array.ndim == 3 and bool((array != array[..., :1]).any())
        for array in arrays
    )


def _describe_heaviest(sizes: list[int], settings: list[dict[str, Value]]) -> str:
    """Say which frames weigh most."""
    ranked = sorted(range(len(sizes)), key=lambda i: -sizes[i])[:3]
    return "; ".join(f"{settings[i]}: {sizes[i] / 1000:.1f} kB" for i in ranked)


def make_frames(draw: Draw, controls: tuple[Control, ...], budget: int) -> Frames:
    """Draw and compress every setting, as sharp as the budget of bytes allows.

    Raises
    ------
    ValueError
        If there are too many settings, their pictures differ in size, or they are too heavy even
        at one pixel per pixel; the message names the heaviest.
    """
    settings = all_settings(controls)
    drawn = [draw_checked(draw, setting) for setting in settings]
    alts = tuple(alt for _, alt in drawn)
    width, height = size_of(drawn[0][0])
    for (figure, _), setting in zip(drawn, settings, strict=True):
        if size_of(figure) != (width, height):
            raise ValueError(
                f"draw must give figures of one size, got {size_of(figure)} for {setting} "
                f"and {(width, height)} for {settings[0]}."
            )
    sizes: list[int] = []
    probes = drawn[:: -(-len(drawn) // PROBES)]
    for scale in SCALES:
        tried = sum(len(encode(figure, scale).content) for figure, _ in probes)
        if tried / len(probes) * len(drawn) * 4 / 3 > 1.2 * budget and scale != SCALES[-1]:
            continue  # clearly too heavy
        pictures: dict[Encoded, int] = {}
        order, sizes, total = [], [], 0
        for figure, _ in drawn:
            picture = encode(figure, scale)
            sizes.append(len(picture.content))
            if picture not in pictures:
                pictures[picture] = len(pictures)
                total += 4 * -(-len(picture.content) // 3)  # as base64
            order.append(pictures[picture])
            if total > budget and scale != SCALES[-1]:
                break  # too heavy: try again with fewer pixels
        if total <= budget:
            return Frames(tuple(pictures), tuple(order), alts, width, height, scale)
    raise ValueError(
        f"the frames weigh {total / 1000:.0f} kB, at most {budget / 1000:.0f} kB are allowed; take "
        f"fewer values or a simpler figure. Heaviest: {_describe_heaviest(sizes, settings)}."
    )
