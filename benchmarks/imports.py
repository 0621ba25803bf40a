"""What importing the package costs over importing torch, in CPU time of whole processes."""

import importlib.util
import statistics
import subprocess
import sys

PACKAGES = tuple(
    f"gan_lessons.{name}"
    for name in ("objectives", "training", "models", "metrics")
    if importlib.util.find_spec(f"gan_lessons.{name}")
)


def import_seconds(modules: tuple[str, ...]) -> float:
    """Return the CPU seconds of a new Python that imports torch and then ``modules``."""
    lines = ["import time", "import torch", *(f"import {name}" for name in modules)]
    code = "\n".join([*lines, "print(time.process_time())"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def import_ratios(rounds: int) -> list[float]:
    """Return torch's and the package's import over torch's, for interleaved pairs of processes."""
    import_seconds(PACKAGES)  # once for the disk's cache and compiled files
    ratios = []
    for k in range(rounds):
        pair = [((), PACKAGES), (PACKAGES, ())][k % 2]  # each goes first as often
        seconds = {len(modules): import_seconds(modules) for modules in pair}
        ratios.append(seconds[len(PACKAGES)] / seconds[0])
    return ratios


if __name__ == "__main__":
    ratio = statistics.median(import_ratios(15))
    print(f"importing {', '.join(PACKAGES)} over `import torch`: {100 * (ratio - 1):.1f}% more CPU")
