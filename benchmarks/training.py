"""The training engine against loops as most people write them, on one thread, in CPU time.

``python -m benchmarks.training`` prints a markdown table; ``--quick`` takes fewer rounds, leaves
out what is compiled, and is to be trusted less. Contestants take turns within each round, on the
same networks and batch sizes; shown is the median over rounds of the ratio within a round.
``--device cuda`` measures images per second of a DCGAN on a GPU instead (``benchmarks.gpu``).
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.common_loops import bare_loop, common_loop
from benchmarks.imports import import_ratios
from gan_lessons.distributions import ring
from gan_lessons.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    MLPDiscriminator,
    MLPGenerator,
)
from gan_lessons.training import GANSeeds, GANState, TrainConfig, train, train_seeds

Pair = tuple[nn.Module, nn.Module]


class Work(NamedTuple):
    """One setting: networks, data and config."""

    pair: Callable[[], Pair]
    data: Tensor
    config: TrainConfig


class Row(NamedTuple):
    """One line of the table; ``speed_up`` says whether the ratio is to be large or small."""

    name: str
    theirs: float
    ours: float
    ratio: float
    gate: float
    aim: float
    speed_up: bool

    @property
    def passed(self) -> bool:
        return self.ratio >= self.gate if self.speed_up else self.ratio <= self.gate

    def __str__(self) -> str:
        verdict = "yes" if self.passed else "**no**"
        sign = "at least" if self.speed_up else "at most"
        return (
            f"| {self.name} | {self.theirs:.2f} | {self.ours:.2f} | **{self.ratio:.3g}** | "
            f"{sign} {self.gate:g} | {self.aim:g} | {verdict} |"
        )


def points(hidden: int, batch_size: int) -> Work:
    """Return a ring of eight Gaussians and perceptrons."""
    config = TrainConfig(
        steps=10**9, batch_size=batch_size, z_dim=2, g_lr=1e-3, d_lr=1e-3, log_every=50
    )
    data = ring().sample(10_000, torch.Generator().manual_seed(0))
    return Work(lambda: (MLPGenerator(2, 2, hidden), MLPDiscriminator(2, hidden)), data, config)


def pictures(size: Any, width: int, batch_size: int = 64, n: int = 512) -> Work:
    """Return a DCGAN with batch normalisation in both networks; what the pictures show is noise."""
    config = TrainConfig(steps=10**9, batch_size=batch_size, z_dim=100, log_every=50)
    data = torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def pair() -> Pair:
        discriminator = DCGANDiscriminator(size, 3, width, normalisation="batch")
        return DCGANGenerator(size, 3, 100, width), discriminator

    return Work(pair, data, config)


def common(work: Work, device: str = "cpu") -> Iterator[Any]:
    c = work.config
    return common_loop(*work.pair(), work.data, c.batch_size, c.z_dim, c.g_lr, device)


def bare(work: Work) -> Iterator[Any]:
    c = work.config
    return bare_loop(*work.pair(), work.data, c.batch_size, c.z_dim, c.g_lr, c.log_every)


def ours(work: Work, **options: Any) -> Iterator[Any]:
    """Return our loop as an iterator over single steps: a record comes every ``log_every``."""
    config = replace(work.config, **options)
    system = GANState(*work.pair(), "non-saturating", config)
    return train(system, work.data, config)


def many(work: Work, seeds: int) -> Iterator[Any]:
    system = GANSeeds(lambda _: work.pair(), "non-saturating", work.config, seeds)
    return train_seeds(system, work.data, work.config)


def milliseconds(loop: Iterator[Any], turns: int, steps: int) -> float:
    """Return CPU milliseconds per step of ``turns`` calls of ``next``, ``steps`` in all."""
    start = time.process_time()
    next(islice(loop, turns - 1, None))
    return (time.process_time() - start) / steps * 1e3


def compare(
    name: str,
    theirs: Iterator[Any],
    mine: Iterator[Any],
    steps: int,
    turns: int,
    rounds: int,
    target: tuple[float, float],
    speed_up: bool = True,
) -> Row:
    """Measure both in turns: ``steps`` steps of theirs, ``turns`` records of ours.

    A record of ours stands for ``log_every`` steps; a first turn warms both up.
    """
    pairs = []
    for k in range(rounds + 1):
        order = [0, 1] if k % 2 else [1, 0]
        took = [0.0, 0.0]
        for who in order:
            took[who] = milliseconds(
                *((theirs, steps, steps) if who == 0 else (mine, turns, steps))
            )
        pairs.append(took)
    pairs = pairs[1:]
    ratio = statistics.median(a / b if speed_up else b / a for a, b in pairs)
    a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
    row = Row(name, a, b, ratio, *target, speed_up)
    print(row, flush=True)
    return row


def table(quick: bool) -> list[Row]:
    """Measure everything on the CPU."""
    rounds = 5 if quick else 9
    small, large = points(64, 128), points(128, 256)
    rows = []
    name = "2-D ring, MLP 128, batch 256, one run; common loop"
    rows.append(compare(name, common(large), ours(large), 100, 2, rounds, (1.7, 2)))
    if not quick:
        name = "the same with `compile=True`"
        compiled = ours(large, compile=True)
        rows.append(compare(name, common(large), compiled, 100, 2, rounds, (1.7, 3)))
    for work, seeds, target, name in (
        (small, 64, (7.0, 5.5), "64 seeds, MLP 64, batch 128; one run of the common loop"),
        (large, 16, (5.0, 3.0), "16 seeds, MLP 128, batch 256; one run of the common loop"),
    ):
        logged = work._replace(config=replace(work.config, log_every=25))
        rows.append(compare(name, common(work), many(logged, seeds), 25, 1, rounds, target, False))
    for size, width in ((32, 64), (64, 32)):
        work = pictures(size, width)
        logged = work._replace(config=replace(work.config, log_every=2))
        mine = ours(logged, channels_last=True)
        name = f"DCGAN, {size} pixels, width {width}, batch 64; common loop"
        rows.append(compare(name, common(work), mine, 2, 1, max(3, rounds // 2), (1.1, 1.3)))
    for work, name in ((large, "MLP 128, batch 256"), (small, "MLP 64, batch 128")):
        name = f"cost of the package, {name}; bare loop"
        rows.append(compare(name, bare(work), ours(work), 100, 2, 3 * rounds, (1.03, 1), False))
    return rows


def machine() -> str:
    """Return the processor and the versions in words."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            lines = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        name = lines[0] if lines else name
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{name}, {os.cpu_count()} cores (others were at work: load {load:.0f}), torch "
        f"{torch.__version__}, Python {platform.python_version()}, one thread"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, nothing compiled")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    arguments = parser.parse_args()
    if arguments.device != "cpu":
        from benchmarks.gpu import main as on_gpu

        return on_gpu(arguments.device)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"Measured on: {machine()}.\n")
    print("| work; measured against | theirs, ms | ours, ms | ratio | gate | aim | met |")
    print("|---|---|---|---|---|---|---|")
    rows = table(arguments.quick)
    ratio = statistics.median(import_ratios(7 if arguments.quick else 15))
    print(
        f"| importing objectives, training, models and metrics; `import torch` | | | "
        f"**{ratio:.3f}** | at most 1.1 | 1.03 | {'yes' if ratio <= 1.1 else '**no**'} |"
    )
    passed = sum(row.passed for row in rows) + (ratio <= 1.1)
    print(f"\n{passed} of {len(rows) + 1} rows meet their gate.")
    return 0 if passed == len(rows) + 1 else 1


if __name__ == "__main__":
    raise SystemExit(main())
