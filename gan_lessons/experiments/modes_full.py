"""The published protocol on ring and grid, many seeds: modes of std 0.01 and 0.05 (chapter 12).

``python -m gan_lessons.experiments.modes_full PRESET [minutes]``, with PRESET ``full`` (a GPU or a
night: 64 seeds, 100,000 steps) or ``cpu`` (what a busy two-core machine does in minutes), trains
what ``book/runs/modes_full.json`` lacks. A run that was stopped goes on from its last moment:
checkpoints stand in ``out/modes_full`` until it ends.

Modes are narrow, 2,500 samples are drawn, and those within three standard deviations of a mode are
of high quality, as in Lin et al. (2018). Different here: networks, optimizers and lengths; a grid
at unit variance (all three numbers stay the same when samples are scaled); 64 seeds, not 10.
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gan_lessons._validation import check_count
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.mode_runs import (
    LAWS,
    TIMES,
    Outcomes,
    Runs,
    Setting,
    describe,
    measure,
    setting_hash,
)
from gan_lessons.experiments.mode_store import decode, encode, select
from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded
from gan_lessons.experiments.trick_networks import falling_rates
from gan_lessons.training import (
    TrainConfig,
    choose_device,
    load_checkpoint,
    save_checkpoint,
    train_seeds,
)

#: The file in ``book/runs`` without its ending.
STORE = "modes_full"


@dataclass(frozen=True)
class ModesFullConfig:
    """Settings of the experiment.

    Parameters
    ----------
    settings
        How to train, one setting for each law.
    seeds
        Held-out seeds.
    together
        Seeds trained at once, and stored at once.
    times, n
        As in ``train_setting``.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    settings: tuple[Setting, ...]
    seeds: tuple[int, ...] = tuple(range(1000, 1064))
    together: int = 64
    times: tuple[int, ...] = TIMES["narrow ring"]
    n: int = 2500

    def __post_init__(self) -> None:
        if not all(isinstance(one, Setting) for one in self.settings):
            raise TypeError(f"settings must be Settings, got {self.settings!r}.")
        check_counts(self.seeds, "seeds", minimum=0)
        check_counts(self.times, "times", rising=True)
        if any(step % self.times[0] for step in self.times):
            raise ValueError(f"times must be multiples of the first, got {self.times}.")
        check_count(self.together, "together")
        check_count(self.n, "n", minimum=2)


def full_recipe(law: str, changes: dict[str, Any], hidden: int = 128) -> Setting:
    """Return R3GAN's core with learning rates that fall to 0 and averaged weights, on a law."""
    numbers = {"batch_size": 128, "z_dim": 2, "g_lr": 2e-3, "d_lr": 4e-3, "ema_decay": 0.999}
    numbers |= {"r1_gamma": 0.02, "r2_gamma": 0.02, **changes}
    training = TrainConfig(**numbers)  # type: ignore[arg-type]
    return Setting(law, "relativistic", training, hidden, prepare=falling_rates)


#: ``full`` has not been run: there was no GPU. The gamma of ``cpu`` and its constant rates are the
#: best of three trials on two to four of the seeds 0 to 3: rates that fall are for long runs.
_QUICK = {"ema_decay": 0.99, "r1_gamma": 0.002, "r2_gamma": 0.002}
PRESETS: dict[str, ModesFullConfig] = {
    "full": ModesFullConfig(
        settings=(full_recipe("narrow ring", {}), full_recipe("narrow grid", {})),
    ),
    "cpu": ModesFullConfig(
        settings=tuple(
            replace(full_recipe(law, _QUICK, 64), prepare=None)
            for law in ("narrow ring", "narrow grid")
        ),
        seeds=tuple(range(1000, 1008)),
        together=8,
        times=(2000, 4000, 6000, 8000),
    ),
}


class Part(NamedTuple):
    """Runs that are trained and stored together."""

    setting: Setting
    seeds: tuple[int, ...]


def parts(config: ModesFullConfig) -> list[Part]:
    """Return all parts, law by law."""
    size = config.together
    groups = [config.seeds[i : i + size] for i in range(0, len(config.seeds), size)]
    return [Part(setting, group) for setting in config.settings for group in groups]


def train_part(
    part: Part,
    config: ModesFullConfig,
    device: torch.device | str = "cpu",
    keep: Path | None = None,
) -> Runs:
    """Train one part and measure it at ``config.times``, from its checkpoint on if it has one.

    Parameters
    ----------
    part, config
        What to train, for how long.
    device
        Where.
    keep
        Folder of checkpoints; None keeps none. Its two files are removed at the end.

    Returns
    -------
    Runs
        ``cost`` is time in training: of the CPU there, of the clock on a GPU.
    """
    setting, law, times = part.setting, LAWS[part.setting.law], config.times
    numbers = replace(setting.training, steps=times[-1], log_every=times[0])

    def networks(_: int) -> tuple[torch.nn.Module, torch.nn.Module]:
        generator, discriminator = setting.networks(setting)
        return generator.to(device), discriminator.to(device)

    system: Any = setting.system(networks, setting.objective, numbers, part.seeds)
    if setting.prepare is not None:
        setting.prepare(system)
    name = f"{setting_hash(setting, times, config.n)}-{part.seeds[0]}"
    files = None if keep is None else (keep / f"{name}.pt", keep / f"{name}.json")
    rows, seconds = _resume(system, files)
    clock = time.process_time if torch.device(device).type == "cpu" else time.perf_counter
    started = clock()
    for record in train_seeds(system, law, numbers):
        seconds += clock() - started
        if record.step in times:
            z_rng = torch.Generator().manual_seed(record.step)
            found = measure(system.sample(config.n, z_rng), law)
            rows.append([values.tolist() for values in found])
            if files is not None:  # rows first: those of later steps are dropped on the way back
                files[1].write_text(json.dumps({"rows": rows, "seconds": seconds}))
                save_checkpoint(files[0], system)
        started = clock()
    for file in files or ():
        file.unlink(missing_ok=True)
    outcomes = Outcomes(*torch.tensor(rows, dtype=torch.float64).unbind(1))
    return Runs(part.seeds, times, outcomes, seconds / times[-1] / len(part.seeds))


def _resume(system: Any, files: tuple[Path, Path] | None) -> tuple[list[Any], float]:
    """Put a system back to its checkpoint; return the rows measured until then, and seconds."""
    if files is None or not all(file.is_file() for file in files):
        return [], 0.0
    load_checkpoint(files[0], system)
    kept = json.loads(files[1].read_text())
    done = system.steps_done // system.config.log_every
    return kept["rows"][:done], float(kept["seconds"])


def run(
    config: ModesFullConfig,
    folder: Path | None = None,
    device: torch.device | str = "cpu",
    keep: Path | None = None,
) -> Iterator[tuple[Part, bool]]:
    """Do what is not stored yet, and store each part as it is done.

    Parameters
    ----------
    config, device, keep
        As in ``train_part``.
    folder
        Where the store is; by default ``book/runs``.

    Yields
    ------
    tuple of Part and bool
        Each part, and whether it was done now (or had been before).
    """
    folder = folder or recorded_folder()
    path, stored, seconds = folder / f"{STORE}.json", [], 0.0
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        stored, seconds = old["results"]["runs"], old["machine"]["seconds"]
    for part in parts(config):
        hashed = setting_hash(part.setting, config.times, config.n)
        new = select(stored, hashed, part.seeds) is None
        if new:
            runs = train_part(part, config, device, keep)
            seconds += runs.cost * len(runs.seeds) * runs.times[-1]
            stored.append({"setting": describe(part.setting), **encode(runs, hashed)})
            about = asdict(replace(config, settings=()))
            save_recorded(STORE, about, {"runs": stored}, seconds, str(device), folder)
        yield part, new


def stored_full(law: str) -> Runs:
    """Return the longest stored runs of a law."""
    every = load_recorded(STORE)["results"]["runs"]
    stored = [decode(one) for one in every if one["setting"]["law"] == law]
    if not stored:
        raise ValueError(f"law must be one that {STORE}.json has runs of, got {law!r}.")
    return max(stored, key=lambda runs: (runs.times[-1], len(runs.seeds)))


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen = PRESETS[sys.argv[1]]
    stop = time.perf_counter() + 60 * (float(sys.argv[2]) if len(sys.argv) > 2 else math.inf)
    checkpoints = Path("out") / STORE
    checkpoints.mkdir(parents=True, exist_ok=True)
    where = choose_device() if sys.argv[1] == "full" else torch.device("cpu")
    for done, fresh in run(chosen, device=where, keep=checkpoints):
        if fresh:
            print(done.setting.law, done.seeds[0], "to", done.seeds[-1], flush=True)
        if time.perf_counter() > stop:
            break
