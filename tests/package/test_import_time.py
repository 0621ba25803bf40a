"""Training code starts fast: little more than torch itself is imported."""

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.imports import PACKAGES, import_ratio

ROOT = Path(__file__).resolve().parents[2]
SLOW = (
    *("scipy.stats", "scipy.integrate", "scipy.optimize", "sklearn", "pandas"),
    *("matplotlib", "IPython", "ipykernel", "ipywidgets", "tensorboard"),
    *("torch._dynamo", "torch._inductor", "torchvision"),
)


def in_a_new_python(lines: list[str]) -> str:
    """Return what a fresh interpreter prints: this one has loaded much already."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_slow_is_imported():
    loaded = in_a_new_python(
        ["import sys, torch", "before = set(sys.modules)", *(f"import {p}" for p in PACKAGES)]
        + ["print(*sorted(set(sys.modules) - before))"]
    ).split()
    assert set(PACKAGES) <= set(loaded)
    assert [name for name in loaded if name in SLOW or name.startswith("torch.distributed.")] == []


@pytest.mark.slow
def test_importing_costs_little_beside_torch():
    """Both times are read in one process. A clock on a shared machine is held to a wide bound, so
    that this finds a slow import and not a busy neighbour; ``benchmarks`` has the gate of a tenth.
    """
    import_ratio()  # compiled files, disk cache
    assert statistics.median(import_ratio() for _ in range(5)) <= 1.3
