"""The page "GPUs and clusters": its commands run, its figures are counted, its code is executed."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributed.run import get_args_parser
from torch.profiler import ProfilerActivity, profile
from torch.utils.checkpoint import checkpoint

from gan_lessons.command.errors import UsageError
from gan_lessons.command.parser import make_parser, with_settings
from gan_lessons.command.train import _save_every
from gan_lessons.experiments.trainable import EXPERIMENTS
from gan_lessons.regularizers import r1_penalty
from gan_lessons.training import GANState, read_checkpoint
from gan_lessons.training.config import MAY_CHANGE

PAGE = (Path(__file__).resolve().parents[2] / "book/gpus_and_clusters.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


COMMANDS = [b.replace("\\\n", " ") for b in blocks("bash") if not b.startswith("#!")]
(SCRIPT,) = (b for b in blocks("bash") if b.startswith("#!"))
PYTHON = blocks("python")
VALUES = {"SLURM_NNODES": "2", "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "node[1-2]"}


def table(heading: str) -> list[list[str]]:
    """Return the rows of the first table after a heading."""
    rest = PAGE.split(f"## {heading}\n")[1].split("\n|---")[1]
    rows = rest.split("\n\n")[0].splitlines()[1:]
    return [[cell.replace("`", "").strip() for cell in row.strip("|").split("|")] for row in rows]


def number(text: str) -> float:
    return float(text.replace(",", ""))


def split(command: str) -> tuple[list[str], list[str]]:
    """Return torchrun's arguments (none without it) and the package's."""
    words = shlex.split(command)
    if words[:3] == ["python", "-m", "gan_lessons"]:
        return [], words[3:]
    assert words[0] == "torchrun"
    place = words.index("gan_lessons")
    return words[1 : place + 1], words[place + 1 :]


# Commands ---------------------------------------------------------------------------------------


def test_the_page_has_what_the_tests_look_at():
    assert len(COMMANDS) == 3
    assert len(PYTHON) == 2
    assert sum(command.startswith("torchrun") for command in COMMANDS) == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_understood_by_torchrun_and_by_the_package(command):
    launch, own = split(command)
    if launch:
        told = get_args_parser().parse_args(launch)
        assert told.module
        assert told.training_script == "gan_lessons"
    typed = make_parser().parse_args(own)
    assert (typed.command, typed.experiment) == ("train", "fashion-mnist")
    assert (typed.preset, typed.device, typed.resume) == ("full", "cuda", True)


def script_commands(folder: Path) -> list[str]:
    """Run the Slurm script with stand-ins for Slurm and torchrun; return what torchrun is given."""
    stubs = {"srun": 'exec "$@"', "scontrol": "printf 'node1\\nnode2\\n'"}
    stubs["torchrun"] = f"printf '%s\\n' \"$@\" > {shlex.quote(str(folder / 'given'))}"
    for name, text in stubs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    environment = {**os.environ, **VALUES, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-euc", SCRIPT], env=environment, check=True, timeout=60)
    return (folder / "given").read_text().splitlines()


@pytest.mark.skipif(os.name == "nt", reason="a Slurm script is for bash")
def test_the_slurm_script_starts_one_torchrun_that_is_understood(tmp_path):
    launch, own = split(shlex.join(["torchrun", *script_commands(tmp_path)]))
    told = get_args_parser().parse_args(launch)
    assert (told.nnodes, told.rdzv_endpoint, told.rdzv_id) == ("2", "node1:29500", "7")
    assert make_parser().parse_args(own).resume
    asked = dict(re.findall(r"#SBATCH --([a-z-]+)=(\S+)", SCRIPT))
    assert (asked["nodes"], asked["ntasks-per-node"]) == ("2", "1")
    assert asked["gpus-per-node"] == told.nproc_per_node
    threads = int(re.search(r"OMP_NUM_THREADS=(\d+)", SCRIPT).group(1))  # type: ignore[union-attr]
    assert threads * int(asked["gpus-per-node"]) == int(asked["cpus-per-task"])


def test_each_flag_of_the_page_is_one_of_the_command(capsys):
    """Flags in inline code; torchrun's own stand in its commands."""
    with pytest.raises(SystemExit):
        make_parser().parse_args(["train", "fashion-mnist", "--help"])
    known = set(re.findall(r"--[a-z][a-z0-9-]*", capsys.readouterr().out))
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", prose)
    flags = {flag for span in spans for flag in re.findall(r"--[a-z][a-z0-9-]*", span)}
    assert len(flags) >= 12
    assert flags - {"--nnodes"} <= known


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
    return {**kept, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def small(command: str, out: Path, *more: str, ranks: int = 2) -> list[str]:
    """Return a command of the page for two ranks on a CPU, and a run of a few steps."""
    words = shlex.split(command)
    changes = {"fashion-mnist": "ring", "cuda": "cpu", "full": "laptop", "4": str(ranks)}
    words = [changes.get(word, word) for word in words]
    words[words.index("--out") + 1] = str(out)
    start = [sys.executable] if words[0] == "python" else [sys.executable, "-m"]
    first = words[1:] if words[0] == "python" else ["torch.distributed.run", *words[1:]]
    return [*start, *first, "--no-tensorboard", *more]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )


STEPS = ("--steps", "20", "--log-every", "5", "--save-every", "10", "--batch-size", "16")


@pytest.mark.slow
def test_one_line_starts_a_run_on_ranks_and_goes_on_with_it_on_others(tmp_path):
    """Two ranks to step 10, the same two to 20, one process to 30; exact where it is promised."""
    one, ranks, _ = COMMANDS
    ten = ("--steps", "10", *STEPS[2:])
    for steps, out in ((ten, "a"), (STEPS, "a"), (STEPS, "b")):
        done = run(small(ranks, tmp_path / out, *steps))
        assert done.returncode == 0, done.stderr[-3000:]
    name = "checkpoints/step-00000020.pt"
    broken, whole = (read_checkpoint(tmp_path / out / name).system for out in ("a", "b"))
    for network in ("generator", "discriminator"):
        for key, weight in whole[network].items():
            assert torch.equal(weight, broken[network][key])
    done = run(small(one, tmp_path / "a", "--steps", "30", *STEPS[2:]))
    assert done.returncode == 0, done.stderr[-3000:]
    rows = (tmp_path / "a/history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["5", "10", "15", "20", "25", "30"]


@pytest.mark.slow
def test_two_machines_meet(tmp_path):
    """The command for two machines, both played by this one, with a rank each."""
    command = small(COMMANDS[2], tmp_path / "a", *STEPS, ranks=1)
    command = [word.replace("node1:29500", "127.0.0.1:29517") for word in command]
    machines = [
        subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        errors = [machine.communicate(timeout=600)[1] for machine in machines]
    finally:
        for machine in machines:
            machine.kill()
    assert [machine.returncode for machine in machines] == [0, 0], errors
    assert '"processes": 2' in (tmp_path / "a/run.json").read_text()


@pytest.mark.slow
def test_ranks_that_are_asked_to_stop_save_and_stop_together(tmp_path):
    command = small(COMMANDS[1], tmp_path / "a", *STEPS[2:], "--steps", "1000000")
    started = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
    history = tmp_path / "a/history.csv"
    try:
        until = time.monotonic() + 300
        while not (history.exists() and len(history.read_text().splitlines()) > 3):
            assert time.monotonic() < until
            time.sleep(0.2)
        started.send_signal(signal.SIGTERM)
        errors = started.communicate(timeout=120)[1]
    finally:
        started.kill()
    assert started.returncode != 0
    last = history.read_text().splitlines()[-1].split(",")[0]
    assert (tmp_path / f"a/checkpoints/step-{int(last):08d}.pt").exists(), errors
    assert "stopped by a signal" in (tmp_path / "a/run.json").read_text()


# Code -------------------------------------------------------------------------------------------


def test_the_python_of_the_page_runs(tmp_path, monkeypatch):
    """With fewer steps; in one process, where the same file works too."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    line = 'config = experiment.presets["laptop"]\n'
    assert line in PYTHON[0]
    shorter = PYTHON[0].replace(
        line, line + "config = with_settings(config, {'steps': 4, 'log_every': 2})\n"
    )
    exec(compile(shorter, "page", "exec"), {"with_settings": with_settings})
    assert read_checkpoint("ring.pt").step == 4
    exec(compile(PYTHON[1], "page", "exec"), {})


def test_settings_that_trade_digits_may_change_in_a_run():
    assert {"precision", "channels_last", "compile"} <= set(MAY_CHANGE)


def test_where_compile_makes_one_piece_of_a_step_as_the_page_says():
    flags = {"d_steps": 1, "r1_gamma": 0.0, "max_shift": 0}
    (text,) = re.findall(r"`--compile`\n: (.*?)\n\n", PAGE, flags=re.DOTALL)
    named = dict(re.findall(r"`--([a-z0-9-]+) (\d+)`", text))
    assert {name.replace("-", "_"): float(n) for name, n in named.items()} == flags
    for name, experiment in EXPERIMENTS.items():
        if name == "unpaired":  # has a step of its own, whose networks are compiled
            continue
        for preset in experiment.presets.values():
            config = with_settings(preset, {"compile": True})
            assert not experiment.make(config, "cpu")._whole
            known = {k: v for k, v in flags.items() if k != "max_shift" or hasattr(config, k)}
            if hasattr(torch._dynamo.config, "trace_autograd_ops"):
                assert experiment.make(with_settings(config, known), "cpu")._whole, name


def test_the_page_s_number_of_steps_between_checkpoints_is_a_multiple_as_it_says():
    every = int(re.search(r"`--save-every (\d+)` saves", PAGE).group(1))  # type: ignore[union-attr]
    full = EXPERIMENTS["fashion-mnist"].presets["full"].training  # what the page trains
    assert _save_every(every, full.steps, full.log_every) == every
    with pytest.raises(UsageError, match="must be a multiple of --log-every 100, got 50"):
        _save_every(50, full.steps, full.log_every)


# Figures ----------------------------------------------------------------------------------------


def make(name: str, config: Any) -> tuple[GANState, Tensor]:
    gan = EXPERIMENTS[name].make(config, "cpu")
    n = gan.config.batch_size * gan.config.d_steps
    points = not hasattr(config, "image_size")
    shape = (2,) if points else (config.channels, config.image_size, config.image_size)
    return gan, torch.zeros(n, *shape)


def held(gan: GANState) -> int:
    """Return the bytes that weights, gradients, Adam's means and the average take."""
    total = 0
    for network, optimizer in (
        (gan.generator, gan.g_optimizer),
        (gan.discriminator, gan.d_optimizer),
    ):
        for weight in network.parameters():
            moments = (optimizer.state[weight][name] for name in ("exp_avg", "exp_avg_sq"))
            assert weight.grad is not None
            total += sum(t.nbytes for t in (weight, weight.grad, *moments))
    assert gan.ema is not None
    return total + sum(weight.nbytes for weight in gan.ema.network.parameters())


def peak(gan: GANState, batch: Tensor) -> float:
    """Return the most that one step has allocated at any time, in millions of bytes."""
    gan.step(batch, gan.rng)  # the first one makes Adam's means
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        gan.step(batch, gan.rng)
    events = [e for e in profiled.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most / 1e6


MEMORY = table("How much memory")


def named(cell: str) -> tuple[list[str], str]:
    """Return the experiments and the preset that a row is about."""
    names, preset = cell.rsplit(" ", 1)
    return names.split(", "), preset


@pytest.mark.parametrize("row", MEMORY, ids=[row[0] for row in MEMORY])
def test_memory_of_the_presets(row):
    cell, batch_size, g_weights, d_weights, state, data, _ = row
    names, preset = named(cell)
    for name in names:
        gan, _ = make(name, config := EXPERIMENTS[name].presets[preset])
        g, d = (
            sum(weight.numel() for weight in network.parameters())
            for network in (gan.generator, gan.discriminator)
        )
        assert (g, d) == (number(g_weights), number(d_weights))
        assert gan.config.batch_size == number(batch_size)
        assert (20 * g + 16 * d) / 1e6 == pytest.approx(number(state), rel=0.05)
        images = {"digits": 1442, "fashion-mnist": 60_000}.get(name)
        if images:
            kept = images * 4 * config.channels * config.image_size**2 / 1e6
            assert kept == pytest.approx(number(data), rel=0.05)
        else:
            assert data in ("none", "yours")


def test_twenty_bytes_for_a_weight_of_g_and_sixteen_for_one_of_d():
    gan, _ = make("ring", EXPERIMENTS["ring"].presets["laptop"])
    gan.step(torch.randn(256, 2), gan.rng)
    assert held(gan) == 20 * 17_154 + 16 * 17_025


@pytest.mark.slow
@pytest.mark.parametrize("row", MEMORY, ids=[row[0] for row in MEMORY])
def test_memory_of_one_step(row):
    (name, *_), preset = named(row[0])
    found = peak(*make(name, EXPERIMENTS[name].presets[preset]))
    assert found == pytest.approx(number(row[-1]), rel=0.08)


LOWER = table("When memory runs out")


def changed(flags: str) -> Any:
    """Return the preset with what the flags say, read as the command reads them."""
    typed = make_parser().parse_args(["train", "fashion-mnist", *shlex.split(flags)])
    config = EXPERIMENTS["fashion-mnist"].presets["full"]
    names = {**asdict(config), **asdict(config.training)}
    return with_settings(config, {n: v for n, v in vars(typed).items() if n in names})


@pytest.mark.slow
@pytest.mark.parametrize("row", LOWER, ids=[row[0] for row in LOWER])
def test_what_lowering_a_setting_saves(row):
    assert peak(*make("fashion-mnist", changed(row[1]))) == pytest.approx(number(row[2]), rel=0.08)


def test_what_the_page_says_of_the_lowered_figures():
    found = {row[1]: number(row[2]) for row in LOWER}
    full, bf16 = found["--precision float32"], found["--precision bfloat16"]
    assert found["--precision float32 --batch-size 64"] == pytest.approx(full / 2, rel=0.05)
    no_r1 = found["--precision float32 --r1-gamma 0"]
    assert 1 - bf16 / full == pytest.approx(0.25, abs=0.03)
    assert 0.4 < 1 - found["--precision bfloat16 --r1-gamma 0"] / no_r1 < 0.5
    half = make("fashion-mnist", changed("--width 32"))[0]
    weights = sum(
        w.numel() for network in (half.generator, half.discriminator) for w in network.parameters()
    )
    whole = next(row for row in MEMORY if row[0] == "fashion-mnist full")
    assert 0.25 < weights / (number(whole[2]) + number(whole[3])) < 1 / 3


def test_time_of_a_run_is_that_of_its_steps():
    rows = table("How long it takes")
    assert {row[0] for row in rows} == {
        f"{name} {preset}"
        for name in EXPERIMENTS
        if name not in ("grid", "unpaired")
        for preset in ("laptop", "full")
    }
    units = {"s": 1, "min": 60, "h": 3600}
    for cell, steps, seconds, all_of_it in rows:
        (name,), preset = named(cell)
        assert number(steps) == EXPERIMENTS[name].presets[preset].training.steps
        count, unit = all_of_it.split()
        assert number(seconds) * number(steps) / 100 == pytest.approx(
            number(count) * units[unit], rel=0.03
        )


class Forgetful(nn.Module):
    """A discriminator that keeps no maps of its first block."""

    def __init__(self, block: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.block, self.head = block, head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(checkpoint(self.block, x, use_reentrant=False)).flatten()


def test_penalties_come_out_right_with_gradient_checkpointing():
    torch.manual_seed(0)
    block = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh()).double()
    head = nn.Linear(16, 1).double()
    x = torch.randn(8, 2, dtype=torch.float64)
    found = []
    for network in (nn.Sequential(block, head, nn.Flatten(0)), Forgetful(block, head)):
        network.zero_grad()
        penalty = r1_penalty(network, x)
        penalty.backward()
        slopes = [w.grad.clone() for w in network.parameters() if w.grad is not None]
        found.append((penalty.detach(), *slopes))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)
