"""The metrics against what most code does, on one thread, in CPU time.

``python -m benchmarks.metrics`` prints markdown tables. Rounds are interleaved, so that a busy
machine treats all alike; medians are taken. ``--large`` also measures time and peak memory at
n = 50,000.
"""

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from scipy.linalg import sqrtm
from torch import Tensor

from gan_lessons.metrics import (
    density_coverage,
    frechet,
    frechet_distance,
    kernel_distance,
    precision_recall,
)
from gan_lessons.metrics._moments import moments

GATES = {"eigenvalues of the product": 2.5, "scipy's sqrtm": 6.0}


def cpu_seconds(function: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def median_seconds(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            times[name].append(cpu_seconds(function)[0])
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def samples(n: int, d: int) -> tuple[Tensor, Tensor]:
    """Draw correlated features like those of a network's last hidden layer, two laws."""
    rng = torch.Generator().manual_seed(n + d)
    mix = torch.randn(d, d, generator=rng) / d**0.5
    x = (torch.randn(n, d, generator=rng) @ mix).relu()
    return x, (1.1 * torch.randn(n, d, generator=rng) @ mix + 0.1).relu()


def numpy_moments(x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    array = x.numpy()
    return np.mean(array, axis=0), np.cov(array, rowvar=False)


def by_eigenvalues(c_x: np.ndarray, c_y: np.ndarray) -> float:
    """Return the trace as torch-fidelity computes it."""
    values = np.linalg.eigvals(c_x.dot(c_y)).astype("complex128")
    return float(np.sum(np.sqrt(values).real))


def by_sqrtm(c_x: np.ndarray, c_y: np.ndarray) -> float:
    """Return the trace as pytorch-fid and most others compute it."""
    return float(np.trace(np.real(sqrtm(c_x.dot(c_y)))))


def frechet_table(n: int, d: int, rounds: int) -> bool:
    x, y = samples(n, d)
    ours, theirs = (moments(x), moments(y)), (numpy_moments(x), numpy_moments(y))
    (_, c_x), (_, c_y) = theirs
    gap = (ours[0].mean - ours[1].mean).numpy()  # numpy's means of float32 have its digits only
    own = float(gap @ gap + np.trace(c_x) + np.trace(c_y))
    value = frechet_distance(x, y)
    traces = {
        "ours": lambda: frechet._by_covariances(*ours),
        "eigenvalues of the product": lambda: by_eigenvalues(c_x, c_y),
        "scipy's sqrtm": lambda: by_sqrtm(c_x, c_y),
    }
    step = median_seconds(traces, rounds)
    whole = median_seconds({"ours": lambda: frechet_distance(x, y)}, rounds)["ours"]
    numpy_seconds = median_seconds({"numpy": lambda: (numpy_moments(x), numpy_moments(y))}, rounds)[
        "numpy"
    ]
    print(
        f"\nFréchet distance, n = m = {n:,}, d = {d:,}, {rounds} rounds\n\n"
        "| | from covariances, s | ratio | gate | from samples, s | ratio | relative difference |\n"
        "|---|---|---|---|---|---|---|\n"
        f"| ours | {step['ours']:.2f} | | | {whole:.2f} | | |"
    )
    passed = True
    for name, gate in GATES.items():
        trace = traces[name]()
        difference = abs(own - 2 * float(trace) - value) / value  # type: ignore[arg-type]
        ratio, total = step[name] / step["ours"], step[name] + numpy_seconds
        passed &= ratio >= gate and difference < 1e-9
        print(
            f"| {name} | {step[name]:.2f} | **{ratio:.1f}** | {gate} | {total:.2f} | "
            f"{total / whole:.1f} | {difference:.0e} |",
            flush=True,
        )
    return passed


def routes_table(d: int, rounds: int) -> None:
    """Time the distance where the first route does not serve."""
    scale = torch.logspace(0, -3.5, d)
    tilted = [part * scale for part in samples(5 * d, d)]
    rotation = torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(0))).Q
    tilted = [part @ rotation for part in tilted]
    good, few = samples(5 * d, d), samples(d // 4, d)
    calls: dict[str, Callable[[], object]] = {
        "well conditioned, n = 5 d": lambda: frechet_distance(*good),
        "variances over 7 decades": lambda: frechet_distance(*tilted),
        "fewer samples than features, n = d / 4": lambda: frechet_distance(*few),
        "x against x": lambda: frechet_distance(tilted[0], tilted[0].clone()),
    }
    seconds = median_seconds(calls, rounds)
    print(
        f"\nWhere features are nearly dependent, d = {d:,}\n\n| case | s | value |\n|---|---|---|"
    )
    for name, call in calls.items():
        print(f"| {name} | {seconds[name]:.2f} | {call():.4g} |", flush=True)


def plain_precision_recall(x: Tensor, y: Tensor, k: int) -> tuple[float, float]:
    """Return what code with whole distance matrices computes."""
    radii = [torch.cdist(t, t).kthvalue(k + 1, dim=1).values for t in (x, y)]
    between = torch.cdist(x, y)
    precision = (between <= radii[0][:, None]).any(0).float().mean()
    return float(precision), float((between <= radii[1]).any(1).float().mean())


def plain_kernel_distance(x: Tensor, y: Tensor) -> float:
    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / a.shape[1] + 1) ** 3

    n, m = len(x), len(y)
    own = [(k.sum() - k.trace()) / (len(k) * (len(k) - 1)) for k in (kernel(x, x), kernel(y, y))]
    return float(own[0] + own[1] - 2 * kernel(x, y).sum() / (n * m))


def pairs_table(n: int, d: int, rounds: int) -> None:
    x, y = (t.double() for t in samples(n, d))
    calls: dict[str, Callable[[], object]] = {
        "precision_recall": lambda: precision_recall(x, y),
        "whole matrices": lambda: plain_precision_recall(x, y, 3),
        "density_coverage": lambda: density_coverage(x, y),
        "kernel_distance, all pairs": lambda: kernel_distance(x, y),
        "whole kernel matrices": lambda: plain_kernel_distance(x, y),
        "kernel_distance, blocks of 1,000": lambda: kernel_distance(x, y, block_size=1000),
    }
    seconds = median_seconds(calls, rounds)
    print(f"\nAll pairs, n = m = {n:,}, d = {d}, float64, {rounds} rounds\n\n| | s |\n|---|---|")
    for name, value in seconds.items():
        print(f"| {name} | {value:.2f} |", flush=True)


def peak_megabytes() -> float:
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def large(n: int = 50_000, d: int = 64) -> None:
    """Run first, since peak memory only ever grows."""
    for warm in (precision_recall, density_coverage, kernel_distance, frechet_distance):
        warm(*samples(1000, d))
    x, y = samples(n, d)
    print(
        f"n = m = {n:,}, d = {d}, float32 features; one matrix of distances would be "
        f"{n * n * 8 / 1e6:,.0f} MB\n\n"
        "| | s | peak memory so far, MB above the start |\n|---|---|---|"
    )
    before = peak_megabytes()
    calls: dict[str, Callable[[], object]] = {
        "frechet_distance": lambda: frechet_distance(x, y),
        "kernel_distance, blocks of 1,000": lambda: kernel_distance(x, y, block_size=1000),
        "density_coverage": lambda: density_coverage(x, y),
        "precision_recall": lambda: precision_recall(x, y),
        "kernel_distance, all pairs": lambda: kernel_distance(x, y),
    }
    for name, call in calls.items():
        seconds, _ = cpu_seconds(call)
        print(f"| {name} | {seconds:.1f} | {peak_megabytes() - before:.0f} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also n = 50,000, once")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.large:
        large()
    pairs_table(10_000, 64, arguments.rounds)
    routes_table(1024, arguments.rounds)
    passed = frechet_table(10_000, 2048, arguments.rounds)
    print(f"\nThe Fréchet distance {'passes its gates' if passed else 'FAILS a gate'}.")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
