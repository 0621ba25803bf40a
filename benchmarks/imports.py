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


def import_ratio() -> float:
    """Return the CPU time of importing torch and then the package over that of torch alone.

    Both are read in one new Python: two processes differ by more than what is measured.
    """
    now = "print(time.process_time())"
    lines = ["import time", "import torch", now, *(f"import {name}" for name in PACKAGES), now]
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    torch_alone, both = map(float, done.stdout.split())
    return both / torch_alone


def import_ratios(rounds: int) -> list[float]:
    """Return so many ratios, after one run for the disk's cache and compiled files."""
    import_ratio()
    return [import_ratio() for _ in range(rounds)]


if __name__ == "__main__":
    ratio = statistics.median(import_ratios(15))
    print(f"importing {', '.join(PACKAGES)} over `import torch`: {100 * (ratio - 1):.1f}% more CPU")
