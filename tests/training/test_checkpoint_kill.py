"""A run that is killed again and again ends bit for bit as the one that nobody disturbed."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and SIGKILL")
SCRIPT = Path(__file__).with_name("killed_runs.py")


def leaves(value: object, place: str = "") -> dict[str, object]:
    """Return the leaves of nested dicts and lists by their place."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    else:
        return {place: value}
    return {k: v for key, part in parts for k, v in leaves(part, f"{place}/{key}").items()}


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(14, 0), pytest.param(30, 1, marks=pytest.mark.slow)],
)
def test_a_run_that_is_killed_ends_as_the_undisturbed_one(tmp_path, kills, seed):
    """Killed anywhere and at each place of a write; networks, optimizers, average, generators."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), str(kills), str(seed)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    places = Counter(entry["place"] for entry in report)
    assert sum(places.values()) == kills
    assert set(places) == {"fsync", "anywhere", "limit", "replace", "folder", "unlink"}
    # SIGKILL, or the signal for a file that is too large, which ends a process as surely
    assert {entry["signal"] for entry in report if entry["place"] != "limit"} == {9}
    for entry in report:  # a kill within the write leaves a part, one after it does not
        wanted = {"fsync": 1, "limit": 1, "replace": 1, "folder": 0, "unlink": 0}
        assert entry["parts"] == wanted.get(entry["place"], entry["parts"])

    whole, killed = (
        leaves(torch.load(tmp_path / name, weights_only=True)) for name in ("whole.pt", "killed.pt")
    )
    assert list(whole) == list(killed)
    for place, value in whole.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, killed[place]), place
        else:
            assert value == killed[place], place
    for part in ("generator/0.weight", "d_optimizer/state/0/exp_avg", "ema/network/0.weight"):
        assert torch.is_tensor(whole[f"/state/{part}"])
    assert {"/state/rng", "/default rng", "/record/g_gradient"} <= set(whole)
    assert killed["/state/steps_done"] == 120

    left = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert left[-2:] == ["step-00000118.pt", "step-00000120.pt"]
    assert len(left) <= 3  # the best, too; nothing of the writes that were killed
    assert all(name.startswith("step-") and name.endswith(".pt") for name in left)
