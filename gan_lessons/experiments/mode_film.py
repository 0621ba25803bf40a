"""Training as a film: the samples of eight seeds side by side, at a few moments (chapters 10, 12).

``python -m gan_lessons.experiments.mode_film`` trains what ``book/runs/mode_film.json`` lacks. The
runs are those of ``modes_laptop`` (the first eight held-out seeds, none picked), and so are the
numbers of modes; of the samples a few are kept, in steps of a hundredth.
"""

import base64
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.mode_runs import LAWS, Setting, describe, measure, start_training
from gan_lessons.experiments.modes_laptop import setting_of
from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded
from gan_lessons.experiments.trick_list import GAMMAS

#: The file in ``book/runs`` without its ending.
FILM = "mode_film"


@dataclass(frozen=True)
class FilmConfig:
    """What is filmed.

    Parameters
    ----------
    seeds
        Trained at once, as ``modes_laptop`` does; the first ``shown`` of them are kept.
    shown
        Seeds that are kept.
    films
        ``"baseline"`` or tricks that are shown from start to end.
    times
        Their moments, in steps; 0 is before the first, all others are multiples of the second.
    gamma_times
        The moments of R1 with each of ``GAMMAS``, for a slider.
    n
        Samples per measurement.
    kept
        Samples per moment and seed that are kept.
    limit
        Coordinates are kept from -limit to limit; what lies beyond is put on the edge.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    seeds: tuple[int, ...] = tuple(range(1000, 1016))
    shown: int = 8
    films: tuple[str, ...] = ("baseline", "saturating", "the recipe")
    times: tuple[int, ...] = (0, 50, 100, 150, 200, 300, 400, 600, 800, 1000)
    gamma_times: tuple[int, ...] = (200, 600, 1000)
    n: int = 2500
    kept: int = 80
    limit: float = 1.6

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        for name in ("times", "gamma_times"):
            check_counts(getattr(self, name), name, minimum=0, rising=True)
        for name in ("shown", "n", "kept"):
            check_count(getattr(self, name), name)
        check_positive(self.limit, "limit")


class Film(NamedTuple):
    """Samples of one setting on the ring.

    Parameters
    ----------
    name
        ``"baseline"`` or a trick's.
    seeds, times
        Of the s runs and the t moments.
    samples
        Shape (t, s, n, 2), float32, rounded to about a hundredth.
    modes
        Modes that all samples of the measurement reach, (t, s), whole numbers.
    """

    name: str
    seeds: tuple[int, ...]
    times: tuple[int, ...]
    samples: Tensor
    modes: Tensor


def film(name: str, setting: Setting, config: FilmConfig, times: tuple[int, ...]) -> Film:
    """Train one setting and keep its samples at the given moments."""
    first = next(step for step in times if step > 0)
    trained = tuple(step for step in times if step > 0)
    system, records = start_training(setting, config.seeds, (first, trained[-1]))
    samples, modes = [], []

    def look(step: int) -> None:
        """Keep what there is now; the latent vectors are those of ``train_setting``."""
        drawn = system.sample(config.n, torch.Generator().manual_seed(step))[: config.shown]
        modes.append(measure(drawn, LAWS[setting.law]).modes.int())
        samples.append(drawn[:, : config.kept])

    if times[0] == 0:
        look(0)
    for record in records:
        if record.step in trained:
            look(record.step)
    seeds = config.seeds[: config.shown]
    return Film(name, seeds, times, torch.stack(samples), torch.stack(modes))


def pack(samples: Tensor, limit: float) -> str:
    """Write samples of any shape as text, a byte per coordinate; a NaN becomes 0."""
    steps = ((samples.clamp(-limit, limit) / limit + 1) * 127.5).nan_to_num(127.5).round()
    packed = zlib.compress(steps.to(torch.uint8).contiguous().numpy().tobytes(), 9)
    return base64.b64encode(packed).decode("ascii")


def unpack(text: str, shape: tuple[int, ...], limit: float) -> Tensor:
    """Return the samples of ``pack``, to within limit / 255."""
    content = bytearray(zlib.decompress(base64.b64decode(text)))
    return ((torch.frombuffer(content, dtype=torch.uint8).float() / 127.5 - 1) * limit).view(shape)


def encode_film(one: Film, setting: Setting, limit: float) -> dict[str, Any]:
    """Return a film as plain data."""
    return {
        "name": one.name,
        "seeds": list(one.seeds),
        "times": list(one.times),
        "setting": describe(setting),
        "modes": [" ".join(str(m) for m in row) for row in one.modes.tolist()],
        "samples": pack(one.samples, limit),
    }


def load_films() -> dict[str, Film]:
    """Return all stored films by name: ``config.films``, and R1 with each gamma of the slider
    (its key ends with "(slider)", at fewer moments).
    """
    stored = load_recorded(FILM)
    kept, limit = stored["config"]["kept"], stored["config"]["limit"]
    films = {}
    for one in stored["results"]["films"]:
        modes = torch.tensor([[int(m) for m in row.split()] for row in one["modes"]])
        samples = unpack(one["samples"], (*modes.shape, kept, 2), limit)
        seeds, times = tuple(one["seeds"]), tuple(one["times"])
        films[one["name"]] = Film(one["name"], seeds, times, samples, modes)
    return films


def wanted(config: FilmConfig) -> dict[str, tuple[Setting, tuple[int, ...]]]:
    """Return setting and moments of each film, by its key in the store."""
    return {
        **{name: (setting_of(name), config.times) for name in config.films},
        "baseline (slider)": (setting_of("baseline"), config.gamma_times),
        **{
            f"{name} (slider)": (setting_of(name), config.gamma_times)
            for name in (f"R1, gamma {gamma:g}" for gamma in GAMMAS)
        },
    }


def run(config: FilmConfig, folder: Path | None = None) -> Iterator[str]:
    """Film what the store does not have, storing each film as it is done; yields its name."""
    folder = folder or recorded_folder()
    path, stored, seconds = folder / f"{FILM}.json", [], 0.0
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        if as_plain(asdict(config)) == old["config"]:
            stored, seconds = old["results"]["films"], old["machine"]["seconds"]
    for name, (setting, times) in wanted(config).items():
        made_so = as_plain(describe(setting))
        stored = [one for one in stored if one["name"] != name or one["setting"] == made_so]
        if any(one["name"] == name for one in stored):
            continue
        started = time.process_time()
        new = encode_film(film(name, setting, config, times), setting, config.limit)
        seconds += time.process_time() - started
        stored.append(new)
        save_recorded(FILM, asdict(config), {"films": stored}, seconds, folder=folder)
        yield name


def as_plain(data: dict[str, Any]) -> Any:
    """Return what JSON gives back for plain data: lists in place of tuples."""
    return json.loads(json.dumps(data))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for done in run(FilmConfig()):
        print(done, flush=True)
