"""Images per second of a DCGAN on a GPU, bfloat16 against the common loop in float32.

``python -m benchmarks.training --device cuda`` prints a markdown table. Clock time: a GPU works
beside the process.
"""

import statistics
import time
from dataclasses import replace
from itertools import islice

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.training import common, ours, pictures


def main(device: str = "cuda") -> int:
    """Print images per second of a DCGAN of 64 pixels, and the share of the matrix peak."""
    if not torch.cuda.is_available():
        print("there is no CUDA device here; see `python -m benchmarks.training` for the CPU.")
        return 2
    work = pictures(64, 64, batch_size=128, n=8192)
    work = work._replace(config=replace(work.config, log_every=100))
    options = {"bfloat16": {"precision": "bfloat16", "channels_last": True}}
    options["bfloat16, compiled"] = {**options["bfloat16"], "compile": True}
    loops = {"common loop, float32": (common(work, device), 100)}
    on_gpu = work._replace(
        pair=lambda: tuple(network.to(device) for network in work.pair()),  # type: ignore[arg-type]
        data=work.data.to(device),
    )
    for name, changes in options.items():
        loops[name] = (ours(on_gpu, **changes), 1)
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for k in range(6):
        for name, (loop, turns) in loops.items():
            torch.cuda.synchronize()
            start = time.perf_counter()
            next(islice(loop, turns - 1, None))
            torch.cuda.synchronize()
            if k > 0:  # the first turn warms up
                speeds[name].append(100 * work.config.batch_size / (time.perf_counter() - start))
    with FlopCounterMode(display=False) as counter:
        next(ours(on_gpu._replace(config=replace(work.config, log_every=1))))
    flops = counter.get_total_flops() / work.config.batch_size
    peak = matrix_peak(device)
    theirs = statistics.median(speeds["common loop, float32"])
    print(f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}: DCGAN, 64 pixels,")
    print(
        f"width 64, batch {work.config.batch_size}; {flops / 1e9:.2f} GFLOP an image; matrix peak"
    )
    print(f"(bfloat16, 8,192 x 8,192) measured as {peak / 1e12:.0f} TFLOP/s.\n")
    print("| loop | images/s | ratio | share of the peak |\n|---|---|---|---|")
    for name, found in speeds.items():
        speed = statistics.median(found)
        print(f"| {name} | {speed:,.0f} | {speed / theirs:.2f} | {speed * flops / peak:.1%} |")
    return 0


def matrix_peak(device: str, n: int = 8192) -> float:
    """Return the FLOP/s of a large bfloat16 matrix product, the best of ten."""
    a, b = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        torch.cuda.synchronize()
        start = time.perf_counter()
        a @ b
        torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best
