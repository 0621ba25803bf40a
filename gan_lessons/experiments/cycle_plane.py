"""A map of the plane as a film: a net around the modes of a, carried by G (chapter 16).

``python -m gan_lessons.experiments.cycle_plane`` trains what is filmed and writes
``book/runs/cycle_plane.json``. The runs are those of ``cycle_points``, by way and seed.
"""

import base64
import math
import time
import zlib
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_kind
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_layouts import LAYOUTS, make_laws
from gan_lessons.experiments.cycle_points import (
    CyclePointsConfig,
    Found,
    judge,
    make_points_cyclegan,
    ways,
)
from gan_lessons.experiments.recorded import load_recorded, save_recorded
from gan_lessons.models import CycleGAN
from gan_lessons.training import train

LAYOUT = "line"


@dataclass(frozen=True)
class CyclePlaneConfig:
    """What is filmed.

    Parameters
    ----------
    films
        Way (a key of ``ways``) and seed of each run.
    times
        Moments in steps; 0 is before the first.
    per_line
        Points on each of the long lines of the net.
    per_mode
        Points drawn from each mode of a.
    points
        Settings of the runs.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    films: tuple[tuple[str, int], ...] = (
        ("cycle", 1),
        ("cycle", 2),
        ("cycle", 0),
    )
    times: tuple[int, ...] = (0, 10, 20, 40, 70, 120, 200, 300, 500)
    per_line: int = 49
    per_mode: int = 20
    points: CyclePointsConfig = CyclePointsConfig()

    def __post_init__(self) -> None:
        check_kind(self.points, CyclePointsConfig, "points")
        check_kind(self.films, tuple, "films")
        known = [*ways(self.points)]
        pairs = all(isinstance(film, tuple) and len(film) == 2 for film in self.films)
        if not self.films or not pairs or any(way not in known for way, _ in self.films):
            raise ValueError(f"films must be of pairs (way of {known}, seed), got {self.films!r}.")
        for i, (_, seed) in enumerate(self.films):
            check_count(seed, f"the seed of films[{i}]", minimum=0)
        check_counts(self.times, "times", minimum=0, rising=True)
        check_count(self.per_line, "per_line", minimum=2)
        check_count(self.per_mode, "per_mode")


class PlaneNet(NamedTuple):
    """Lines around the modes of a and points drawn from them, or where G takes them.

    Parameters
    ----------
    lines
        Tuple of Tensors (m, 2): long lines first, then the short ones across.
    points
        Shape (modes, per_mode, 2).
    again
        Where F takes ``points``, same shape; in the net itself the points.
    """

    lines: tuple[Tensor, ...]
    points: Tensor
    again: Tensor


class PlaneFilm(NamedTuple):
    """One run: nets at the moments, and what the run found in the end.

    Parameters
    ----------
    times
        In steps.
    nets
        What G made of ``plane_net`` at each moment.
    found
        As ``cycle_points`` judges each moment.
    """

    times: tuple[int, ...]
    nets: tuple[PlaneNet, ...]
    found: tuple[Found, ...]


def plane_net(config: CyclePlaneConfig) -> PlaneNet:
    """Return three long lines through and beside the modes of a, seven short ones, and points.

    Parameters
    ----------
    config
        Gives numbers and the modes' standard deviation, three of which reach from line to line.
    """
    centres, std = torch.tensor(LAYOUTS[LAYOUT].a), config.points.std
    (left, low), (right, high) = centres.amin(0) - 3 * std, centres.amax(0) + 3 * std
    long = torch.linspace(float(left), float(right), config.per_line)
    short = torch.linspace(float(low), float(high), 9)
    lines = [torch.stack([long, y.expand_as(long)], 1) for y in short[::4]]
    across = torch.cat([centres[:, 0] + shift * std for shift in (-3.0, 0.0, 3.0)]).sort().values
    lines += [torch.stack([x.expand_as(short), short], 1) for x in across]
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(len(centres), config.per_mode, 2, generator=rng)
    points = centres[:, None] + std * noise
    return PlaneNet(tuple(lines), points, points)


def carried(gan: CycleGAN, net: PlaneNet) -> PlaneNet:
    """Return where the averaged weights of G take a net, and F the points again.

    Parameters
    ----------
    gan
        A CycleGAN of points.
    net
        As ``plane_net`` returns it.
    """
    made = gan.translate(net.points.flatten(0, 1))
    again = gan.translate(made, "ba").reshape_as(net.points)
    lines = tuple(gan.translate(line) for line in net.lines)
    return PlaneNet(lines, made.reshape_as(net.points), again)


def film(config: CyclePlaneConfig, way: str, seed: int) -> PlaneFilm:
    """Train one run and keep its moments.

    Parameters
    ----------
    config, way, seed
        Settings, a key of ``ways`` and the run's number.
    """
    settings = ways(config.points)[way]
    training = replace(
        settings.training, steps=max(config.times), log_every=math.gcd(*config.times)
    )
    settings, layout = replace(settings, training=training), LAYOUTS[LAYOUT]
    gan, laws = make_points_cyclegan(settings, seed), make_laws(layout, settings.std)
    net, nets, found = plane_net(config), [], []

    def look() -> None:
        """Keep what there is now."""
        nets.append(carried(gan, net))
        found.append(judge(gan, layout, settings))

    if config.times[0] == 0:
        look()
    for record in train(gan, laws.draw, gan.config):
        if record.step in config.times:
            look()
    return PlaneFilm(config.times, tuple(nets), tuple(found))


def run(config: CyclePlaneConfig) -> dict[str, Any]:
    """Train all that is filmed and return plain data, by "way, seed".

    Parameters
    ----------
    config
        Settings.
    """
    results: dict[str, Any] = {}
    for way, seed in config.films:
        one = film(config, way, seed)
        results[f"{way}, {seed}"] = {
            "times": list(one.times),
            "nets": pack([torch.cat([*net.lines, *net.points, *net.again]) for net in one.nets]),
            "sent": [list(found.sent) for found in one.found],
            "share": [round(found.share, 3) for found in one.found],
            "cycle": [float(f"{found.cycle:.3g}") for found in one.found],
        }
    return results


def pack(points: list[Tensor]) -> str:
    """Write as many points (n, 2) for each moment as text, in thousandths, within 32."""
    steps = torch.stack(points).mul(1000).round().clamp(-32000, 32000).to(torch.int16)
    return base64.b64encode(zlib.compress(steps.numpy().tobytes(), 9)).decode("ascii")


def unpack(text: str, net: PlaneNet) -> list[PlaneNet]:
    """Return the nets of ``pack``, each shaped like ``net``."""
    content = bytearray(zlib.decompress(base64.b64decode(text)))
    long, short = [len(line) for line in net.lines], [net.points.shape[1]] * len(net.points)
    sizes = [*long, *short, *short]
    moments = torch.frombuffer(content, dtype=torch.int16).reshape(-1, sum(sizes), 2) / 1000
    nets = []
    for moment in moments:
        parts, k = moment.split(sizes), len(short)
        nets.append(
            PlaneNet(parts[: -2 * k], torch.stack(parts[-2 * k : -k]), torch.stack(parts[-k:]))
        )
    return nets


def recorded_films() -> dict[str, PlaneFilm]:
    """Return the stored films by "way, seed".

    Raises
    ------
    FileNotFoundError
        If nothing is stored.
    """
    net, films = plane_net(CyclePlaneConfig()), {}
    for name, one in load_recorded("cycle_plane")["results"].items():
        found = zip(map(tuple, one["sent"]), one["share"], one["cycle"], strict=True)
        nets = tuple(unpack(one["nets"], net))
        films[name] = PlaneFilm(tuple(one["times"]), nets, tuple(Found(*row) for row in found))
    return films


if __name__ == "__main__":
    torch.set_num_threads(1)
    started, chosen = time.perf_counter(), CyclePlaneConfig()
    results = run(chosen)
    for name, one in results.items():
        print(name, one["times"], one["sent"], one["share"], one["cycle"])
    print(save_recorded("cycle_plane", asdict(chosen), results, time.perf_counter() - started))
