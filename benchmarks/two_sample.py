"""The permutation engine against a plain permutation loop, on one thread, in CPU time.

``python -m benchmarks.two_sample`` prints a markdown table. ``same matrix``: engine and loop are
both handed the kernel matrix; this ratio is held against the gate. ``whole call``: the public test
from samples to p-value, median heuristic and kernel matrix included, while the loop still has its
matrix for nothing.
"""

import argparse
import resource
import statistics
import sys
import time

import numpy as np
import torch
from torch import Tensor

from gan_lessons.two_sample import (
    draw_labels,
    energy_test,
    median_heuristic,
    minus_distance,
    mmd_test,
    pair_sums,
    rbf_kernel,
)
from gan_lessons.two_sample.permutation import result_of, with_observed

N_PERMUTATIONS = 500
GATES = {500: 40, 2000: 100}


def plain_loop(matrix: np.ndarray, n: int, n_permutations: int, seed: int) -> np.ndarray:
    """Return the null of the unbiased squared MMD as most code computes it."""
    rng = np.random.default_rng(seed)
    size = matrix.shape[0]
    m = size - n
    null = np.empty(n_permutations)
    for b in range(n_permutations):
        order = rng.permutation(size)
        shuffled = matrix[order][:, order]
        xx, yy, xy = shuffled[:n, :n], shuffled[n:, n:], shuffled[:n, n:]
        null[b] = (
            (xx.sum() - np.trace(xx)) / (n * (n - 1))
            + (yy.sum() - np.trace(yy)) / (m * (m - 1))
            - 2 * xy.mean()
        )
    return null


def cpu_seconds(function: object, *arguments: object) -> float:
    start = time.process_time()
    function(*arguments)  # type: ignore[operator]
    return time.process_time() - start


def samples(n: int, d: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(n + d)
    return torch.randn(n, d, generator=rng), torch.randn(n, d, generator=rng)


def largest_difference(x: Tensor, y: Tensor, kernel: object, matrix: np.ndarray) -> float:
    """Return the largest difference between engine and indexing over ten common labellings."""
    n, m = x.shape[0], y.shape[0]
    labels = draw_labels(n, m, 10, torch.Generator().manual_seed(1))
    sums = pair_sums(kernel, torch.cat([x, y]), labels)  # type: ignore[arg-type]
    fast = sums.within_x / (n * (n - 1)) + sums.within_y / (m * (m - 1))
    fast = fast - 2 * sums.between / (n * m)
    worst = 0.0
    exact = matrix.astype(np.float64)
    np.fill_diagonal(exact, 0)
    for row, value in zip(labels.numpy().astype(bool), fast.tolist(), strict=True):
        slow = exact[row][:, row].sum() / (n * (n - 1)) + exact[~row][:, ~row].sum() / (m * (m - 1))
        worst = max(worst, abs(slow - 2 * exact[row][:, ~row].mean() - value))
    return worst


def engine_on(matrix: Tensor, n: int, seed: int) -> float:
    """Return the p-value from a given kernel matrix, by the engine."""
    size = matrix.shape[0]
    m = size - n

    def tile(a: Tensor, b: Tensor) -> Tensor:
        (i, j), (k, last) = ((int(t[0]), int(t[-1]) + 1) for t in (a, b))
        return matrix[i:j, k:last]

    labels = with_observed(n, m, N_PERMUTATIONS, torch.Generator().manual_seed(seed))
    sums = pair_sums(tile, torch.arange(size, dtype=torch.float32).unsqueeze(1), labels)
    values = sums.within_x / (n * (n - 1)) + sums.within_y / (m * (m - 1))
    return result_of(values - 2 * sums.between / (n * m), sums.rounding).p_value


def compare(name: str, n: int, d: int, rounds: int, loop_permutations: int) -> bool:
    x, y = samples(n, d)
    pooled = torch.cat([x, y])
    rng = torch.Generator().manual_seed(2)
    if name == "MMD":
        h = median_heuristic(x, y)
        kernel = lambda a, b: rbf_kernel(a, b, h)  # noqa: E731
        engine = lambda: mmd_test(x, y, n_permutations=N_PERMUTATIONS, rng=rng)  # noqa: E731
    else:
        kernel = minus_distance
        engine = lambda: energy_test(x, y, n_permutations=N_PERMUTATIONS, rng=rng)  # noqa: E731
    kept = kernel(pooled, pooled)
    matrix = kept.numpy()
    engine(), engine_on(kept, n, 0)
    whole, fast, slow = [], [], []
    for i in range(rounds):  # Interleaved, so that a busy machine treats both alike.
        whole.append(cpu_seconds(engine))
        fast.append(cpu_seconds(engine_on, kept, n, i))
        share = cpu_seconds(plain_loop, matrix, n, loop_permutations, i)
        slow.append(share * N_PERMUTATIONS / loop_permutations)
        fast.append(cpu_seconds(engine_on, kept, n, i))
        whole.append(cpu_seconds(engine))
    ours, theirs = statistics.median(fast), statistics.median(slow)
    call, ratio = statistics.median(whole), theirs / ours
    print(
        f"| {name} | {n:,} | {d} | {theirs:.2f} | {ours:.3f} | **{ratio:.0f}** | {GATES[n]} | "
        f"{call:.3f} | {theirs / call:.0f} | {largest_difference(x, y, kernel, matrix):.0e} |",
        flush=True,
    )
    return ratio >= GATES[n]


def peak_megabytes() -> float:
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def large(n: int = 20_000, d: int = 2) -> None:
    """Time one test of 2 x 20,000 points; run first, since peak memory only ever grows."""
    x, y = samples(200, d)
    mmd_test(x, y, n_permutations=N_PERMUTATIONS, rng=torch.Generator().manual_seed(0))
    x, y = samples(n, d)
    before, start = peak_megabytes(), time.process_time()
    mmd_test(x, y, n_permutations=N_PERMUTATIONS, rng=torch.Generator().manual_seed(0))
    seconds = time.process_time() - start
    whole = (2 * n) ** 2 * 4 / 1e6
    print(
        f"MMD test, n = m = {n:,}, d = {d}, {N_PERMUTATIONS} permutations: {seconds:.1f} CPU "
        f"seconds, peak memory + {peak_megabytes() - before:.0f} MB "
        f"(the whole matrix would be {whole:,.0f} MB).\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also time n = m = 20,000, once")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.large:
        large()
    print(
        "| kernel | n = m | d | loop, s | engine, same matrix, s | ratio | gate | "
        "whole call, s | ratio | difference |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    passed = [
        compare(name, n, d, rounds, few)
        for n, rounds, few in ((500, 7, 100), (2000, 5, 10))
        for name in ("MMD", "energy")
        for d in (2, 64, 784)
    ]
    print(f"\n{sum(passed)} of {len(passed)} rows pass their gate.")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
