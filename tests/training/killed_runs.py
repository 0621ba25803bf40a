"""A run that is killed again and again; started by ``test_checkpoint_kill.py`` in a process apart.

    python killed_runs.py FOLDER KILLS SEED

It imports torch once and forks a process for each attempt: that spares importing torch anew, and
no backward pass is made before a fork, which torch's autograd would not survive.
"""

import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from gan_lessons.training import (
    CheckpointFolder,
    GANState,
    TrainConfig,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
    train,
)

CONFIG = TrainConfig(
    steps=120, batch_size=4, z_dim=3, log_every=2, d_steps=2, instance_noise=0.1, gp_weight=1.0,
    r1_gamma=0.1, ema_decay=0.9,
)  # fmt: skip
DATA = torch.randn(50, 2, generator=torch.Generator().manual_seed(9)) + 2
# Where a process is killed: anywhere, or in a write. "limit" ends it in the midst of the bytes,
# the others before the file is on the disk, before it has its name, before that name is on the
# disk, and before an older file is removed.
PLACES = ("fsync", "anywhere", "limit", "replace", "folder", "anywhere", "unlink")


def make() -> GANState:
    """Make the system; D's Dropout draws from torch's default generator."""
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))
    d = nn.Sequential(nn.Linear(2, 16), nn.SiLU(), nn.Dropout(0.2), nn.Linear(16, 1), nn.Flatten(0))
    return GANState(g, d, "non-saturating", CONFIG)


def run(
    system: GANState, folder: Path | None, step: Callable[[], None], save: Callable[[], None]
) -> dict[str, object]:
    """Train to the end and return all that can be compared."""

    def data(n: int, rng: torch.Generator) -> torch.Tensor:
        step()
        return DATA[torch.randint(len(DATA), (n,), generator=rng)]

    checkpoints = None if folder is None else CheckpointFolder(folder, keep=2, best="g_loss")
    if checkpoints is not None:
        checkpoints.resume(system)
    last: dict[str, float] = {}
    for record in train(system, data, CONFIG):
        last = dict(record.metrics)
        if checkpoints is not None:
            save()
            checkpoints.save(system, last)
    return {"state": system.state_dict(), "default rng": torch.get_rng_state(), "record": last}


def stop_in(place: str, announce: Callable[[], None], saves: int, share: float) -> None:
    """Change this process so that it stops and waits to be killed at a place of a write."""
    if place == "limit":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # past the limit the system kills it
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(share * 20_000), -1))
        return
    owner, name = (Path, "unlink") if place == "unlink" else (os, place)
    if place == "folder":
        name = "fsync"
    plain, calls = getattr(owner, name), 0

    def waiting(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        due = 2 * saves if place == "folder" else 2 * saves - 1 if place == "fsync" else saves
        if calls == due:
            announce()
            time.sleep(60)
        return plain(*arguments, **options)

    setattr(owner, name, waiting)


def warm_up(path: Path) -> None:
    """Let torch load what it loads late, so that not every forked process does it again."""
    system = make()
    for optimizer in (system.g_optimizer, system.d_optimizer):
        for parameter in optimizer.param_groups[0]["params"]:
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
    load_checkpoint(save_checkpoint(path, system), system)
    CheckpointFolder(path.parent).resume(system)


def fork(work: Callable[[Callable[[bytes], None]], None]) -> tuple[int, int]:
    """Run ``work(send)`` in a process of its own; return its id and where to hear it."""
    hear, speak = os.pipe()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            os.close(hear)
            work(lambda word: os.write(speak, word) and None)
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(speak)
    return process, hear


def finish(folder: Path | None, result: Path) -> None:
    """Run to the end in a process of its own."""

    def work(send: Callable[[bytes], None]) -> None:
        torch.save(run(make(), folder, lambda: None, lambda: None), result)

    process, hear = fork(work)
    os.close(hear)
    if os.waitpid(process, 0)[1] != 0:
        raise SystemExit("a run that nobody killed has failed")


def kill(folder: Path, place: str, chance: random.Random) -> int:
    """Start or go on, kill, and return the signal that ended the process."""
    saves, steps, share = chance.randint(1, 3), chance.randint(1, 9), chance.uniform(0.02, 0.98)
    delay = chance.uniform(0, 0.01)

    def work(send: Callable[[bytes], None]) -> None:
        count = 0

        def before_save() -> None:
            nonlocal count
            count += 1
            if place == "limit" and count == saves:
                stop_in(place, lambda: None, saves, share)

        if place not in ("limit", "anywhere"):
            stop_in(place, lambda: send(b"!"), saves, share)
        run(make(), folder, lambda: send(b"."), before_save)

    process, hear = fork(work)
    heard = b""
    while word := os.read(hear, 1):
        heard += word
        if word == b"!" or (place == "anywhere" and len(heard) == steps):
            time.sleep(delay if place == "anywhere" else 0.0)
            os.kill(process, signal.SIGKILL)
            break
    os.close(hear)
    status = os.waitpid(process, 0)[1]
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"{place}: ended by itself with status {status}")
    return os.WTERMSIG(status)


def main(folder: Path, kills: int, seed: int) -> None:
    """Make the undisturbed run and the other; print what was done as JSON."""
    chance, report, newest = random.Random(seed), [], 0
    warm_up(folder / "warm.pt")
    finish(None, folder / "whole.pt")
    run_folder = folder / "run"
    for k in range(kills):
        place = PLACES[k % len(PLACES)]
        ended_by = kill(run_folder, place, chance)
        there = CheckpointFolder(run_folder).paths()
        steps = [read_checkpoint(path).step for path in there]  # whole, each of them
        parts = len(list(run_folder.glob(".*.part")))
        report.append({"place": place, "signal": ended_by, "steps": steps, "parts": parts})
        if max(steps, default=0) < newest:
            raise SystemExit(f"the last checkpoint is gone: {report}")
        newest = max(steps, default=0)
    finish(run_folder, folder / "killed.pt")
    print(json.dumps(report))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
