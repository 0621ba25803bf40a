"""Two ranks against one process with the whole batch, written by hand; lost ranks; other numbers.

This file is also what the ranks run: ``torchrun ... test_distributed.py WHAT FOLDER``.
"""

import copy
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_lessons.training import (
    GANState,
    TrainConfig,
    TrainingDiverged,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
    train,
)
from gan_lessons.training.distributed import (
    Distributed,
    WholeMetrics,
    broadcast_state,
    share_gradients,
    step_seed,
)
from gan_lessons.training.ranks import Ranks, process_group

ROWS = 40
BASE = TrainConfig(
    steps=20, batch_size=12, z_dim=3, log_every=5, seed=3, g_lr=1e-2, d_lr=2e-2, ema_decay=0.9
)
CONFIGS = {
    "plain": BASE,
    "gradient penalty": replace(BASE, gp_weight=10.0),
    "R1": replace(BASE, r1_gamma=0.5),
    "twice": replace(BASE, d_steps=2, r1_gamma=0.5, gp_weight=1.0, instance_noise=0.1),
}


def data() -> Tensor:
    rng = torch.Generator().manual_seed(9)
    return torch.randn(ROWS, 2, generator=rng, dtype=torch.float64) + 2


def networks(seed: int = 0) -> tuple[nn.Module, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
        d = nn.Sequential(nn.Linear(2, 16), nn.Softplus(), nn.Linear(16, 1), nn.Flatten(0))
    return g.double(), d.double()


def state(config: TrainConfig, seed: int = 0) -> GANState:
    return GANState(*networks(seed), "non-saturating", config)


def weights(system: Any) -> dict[str, list[Tensor]]:
    """Return copies of all weights, the averaged ones too."""
    parts = {"g": system.generator, "d": system.discriminator, "ema": system.ema.network}
    return {name: [p.detach().clone() for p in part.parameters()] for name, part in parts.items()}


def furthest(a: dict[str, list[Tensor]], b: dict[str, list[Tensor]]) -> float:
    pairs = ((x, y) for name in a for x, y in zip(a[name], b[name], strict=True))
    return max(float((x - y).abs().max()) for x, y in pairs)


# What the ranks run -----------------------------------------------------------------------------


def run_equality(folder: Path, ranks: Ranks) -> dict[str, Any]:
    """Train each configuration; start rank 1 from other weights, which rank 0's must replace."""
    found: dict[str, Any] = {}
    for name, config in CONFIGS.items():
        system = Distributed(state(config, seed=dist.get_rank()))
        records = list(train(system, data(), system.config))
        found[name] = {
            "weights": weights(system.system),
            "metrics": [dict(record.metrics) for record in records],
            "steps": [record.step for record in records],
        }
    return found


def run_resume(folder: Path, ranks: Ranks) -> dict[str, Any]:
    """Stop at step 10, save on rank 0, go on in new objects; go on from one process's file."""
    config = CONFIGS["twice"]
    system = Distributed(state(config))
    list(train(system, data(), replace(system.config, steps=10)))
    if system.rank == 0:
        save_checkpoint(folder / "two.pt", system)
    dist.barrier()
    fresh = state(config, seed=5)
    if dist.get_rank() == 0:
        load_checkpoint(folder / "two.pt", fresh)
    on_rank_0 = Distributed(fresh)
    list(train(on_rank_0, data(), on_rank_0.config))
    everywhere = Distributed(state(config, seed=5))
    load_checkpoint(folder / "two.pt", everywhere)
    list(train(everywhere, data(), everywhere.config))
    one = state(config, seed=5)
    if dist.get_rank() == 0:
        load_checkpoint(folder / "one.pt", one)
    from_one = Distributed(one)
    start, step = weights(one), from_one.steps_done
    list(train(from_one, data(), from_one.config))
    return {
        "read on rank 0": weights(fresh),
        "read on all": weights(everywhere.system),
        "start": start,
        "start step": step,
        "from one": weights(one),
        "from one step": from_one.steps_done,
    }


def run_library(folder: Path, ranks: Ranks) -> dict[str, Any]:
    """The plain configuration by hand with DistributedDataParallel, same draws."""
    config, rank = CONFIGS["plain"], dist.get_rank()
    g, d = networks()
    g_opt = torch.optim.Adam(g.parameters(), lr=config.g_lr, betas=config.betas)
    d_opt = torch.optim.Adam(d.parameters(), lr=config.d_lr, betas=config.betas)
    parallel = nn.parallel.DistributedDataParallel
    g_all, d_all, n = parallel(g), parallel(d), config.batch_size // 2
    for t in range(config.steps):
        rng = torch.Generator().manual_seed(step_seed(config.seed, t, rank))
        real = data()[torch.randint(ROWS, (n,), generator=rng)]
        z = torch.randn(n, config.z_dim, generator=rng, dtype=torch.float64)
        fake = g_all(z)
        logits = d_all(torch.cat([real, fake.detach()]))
        loss = softplus(-logits[:n]).mean() + softplus(logits[n:]).mean()
        d_opt.zero_grad()
        loss.backward()
        d_opt.step()
        g_opt.zero_grad()
        softplus(-d(fake)).mean().backward(inputs=list(g.parameters()))
        g_opt.step()
    return {"g": [p.detach() for p in g.parameters()], "d": [p.detach() for p in d.parameters()]}


def run_rest(folder: Path, ranks: Ranks) -> dict[str, Any]:
    """Flags; metrics; a number that is not finite on one rank only; other settings on one rank."""
    rank = dist.get_rank()
    whole = WholeMetrics(
        {"loss": torch.tensor(1.0 + rank), "logits": torch.arange(2) + 10.0 * rank}
    )
    found: dict[str, Any] = {"metrics": dict(whole)}
    found["any"] = [ranks.any(rank == 1), ranks.any(False), ranks.any(True)]

    def poisoned(n: int, rng: torch.Generator) -> Tensor:
        batch = data()[:n].clone()
        return batch * torch.nan if rank == 1 else batch

    system = Distributed(state(BASE))
    with pytest.raises(TrainingDiverged) as error:
        list(train(system, poisoned, system.config))
    found["diverged"] = error.value.step
    other = state(replace(BASE, g_lr=5e-2) if rank == 1 else BASE)
    if rank == 0:
        broadcast_state(other)
    else:
        with pytest.raises(ValueError, match="another configuration: g_lr differ"):
            broadcast_state(other)
    with pytest.raises(ValueError, match="a multiple of the 2 ranks, got 13; 14 is one"):
        Distributed(state(replace(BASE, batch_size=13)))
    return found


def run_death(folder: Path, ranks: Ranks) -> dict[str, Any]:
    """Rank 1 ends without a word after step 5."""
    system = Distributed(state(replace(BASE, steps=10**6, log_every=1)))
    for record in train(system, data(), system.config):
        if record.step == 5:
            (folder / f"reached-{system.rank}").touch()
            if system.rank == 1:
                os._exit(3)
    return {}


RUNS = {
    f.__name__.removeprefix("run_"): f for f in (run_equality, run_resume, run_library, run_rest)
}


def main(what: str, folder: Path) -> None:
    torch.set_num_threads(1)
    with process_group("cpu", timeout=60.0) as ranks:
        chosen = RUNS if what == "all" else {what: run_death}
        found = {name: run(folder, ranks) for name, run in chosen.items()}
        torch.save(found, folder / f"rank-{ranks.rank}.pt")


# The tests --------------------------------------------------------------------------------------


def environment(**more: str) -> dict[str, str]:
    """Return an environment for ranks that talk over loopback only."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
    return {**kept, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", **more}


def torchrun(what: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    return subprocess.run(
        [*command, "--standalone", __file__, what, str(folder)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return what both ranks found, in one run of all parts."""
    folder = tmp_path_factory.mktemp("ranks")
    one = state(CONFIGS["twice"])
    list(train(one, data(), replace(one.config, steps=10)))
    save_checkpoint(folder / "one.pt", one)
    done = torchrun("all", folder)
    assert done.returncode == 0, done.stderr[-3000:]
    found = [torch.load(folder / f"rank-{rank}.pt") for rank in (0, 1)]
    found[0]["folder"], found[0]["one"] = folder, weights(one)
    return found


def penalties(d: nn.Module, x: Tensor, y: Tensor, c: TrainConfig, u: list[Tensor]) -> Tensor:
    """Return the weighted penalties on the whole batch, by hand."""
    total = torch.zeros((), dtype=torch.float64)
    if c.r1_gamma:
        at = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(d(at).sum(), at, create_graph=True)
        total = total + c.r1_gamma / 2 * (slope**2).sum(1).mean()
    if c.gp_weight:
        share = torch.cat(u)
        at = (share * x + (1 - share) * y.detach()).requires_grad_()
        (slope,) = torch.autograd.grad(d(at).sum(), at, create_graph=True)
        total = total + c.gp_weight * ((slope.norm(dim=1) - 1) ** 2).mean()
    return total


def by_hand(
    c: TrainConfig, ranks: int = 2
) -> tuple[dict[str, list[Tensor]], list[dict[str, float]]]:
    """Train in one process on the whole batch: all ranks' draws, laid end to end."""
    g, d = networks()
    average = copy.deepcopy(g)
    g_opt = torch.optim.Adam(g.parameters(), lr=c.g_lr, betas=c.betas)
    d_opt = torch.optim.Adam(d.parameters(), lr=c.d_lr, betas=c.betas)
    n, seen = c.batch_size // ranks, []

    def normal(*shape: int, rng: torch.Generator) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    for t in range(c.steps):
        rngs = [torch.Generator().manual_seed(step_seed(c.seed, t, r)) for r in range(ranks)]
        rows = [data()[torch.randint(ROWS, (c.d_steps * n,), generator=rng)] for rng in rngs]
        for k in range(c.d_steps):
            z = torch.cat([normal(n, c.z_dim, rng=rng) for rng in rngs])
            real, fake = torch.cat([row[k * n : (k + 1) * n] for row in rows]), g(z)
            if c.instance_noise:
                fake = fake + c.instance_noise * torch.cat([normal(n, 2, rng=r) for r in rngs])
                real = real + c.instance_noise * torch.cat([normal(n, 2, rng=r) for r in rngs])
            u = []
            if c.gp_weight:
                u = [torch.rand(n, 1, generator=rng, dtype=torch.float64) for rng in rngs]
            real_logits, fake_logits = d(real), d(fake.detach())
            d_loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
            penalty = penalties(d, real, fake, c, u)
            d_opt.zero_grad()
            (d_loss + penalty).backward()
            d_opt.step()
        g_loss = softplus(-d(fake)).mean()
        g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()
        decay = min(c.ema_decay, (2 + t) / (11 + t))
        with torch.no_grad():
            for mine, theirs in zip(average.parameters(), g.parameters(), strict=True):
                mine.copy_(decay * mine + (1 - decay) * theirs)
        if (t + 1) % c.log_every == 0:
            norm = torch.cat([p.grad.flatten() for p in g.parameters()]).norm()
            numbers = {"d_loss": d_loss, "g_loss": g_loss, "penalty": penalty, "g_gradient": norm}
            numbers["real_logits"] = real_logits.mean()
            numbers["d_fake"] = fake_logits.sigmoid().mean()
            seen.append({name: float(number.detach()) for name, number in numbers.items()})
    parts = {"g": g, "d": d, "ema": average}
    return {name: [p.detach() for p in part.parameters()] for name, part in parts.items()}, seen


@pytest.mark.parametrize("name", CONFIGS)
def test_two_ranks_equal_one_process_with_the_whole_batch(name, ran):
    wanted, seen = by_hand(CONFIGS[name])
    assert furthest(wanted, weights(state(CONFIGS[name]))) > 0.1  # it went somewhere
    for found in (ran[0]["equality"][name], ran[1]["equality"][name]):
        assert furthest(wanted, found["weights"]) < 1e-10  # asked for: 1e-6
        assert found["steps"] == [5, 10, 15, 20]
        for record, numbers in zip(found["metrics"], seen, strict=True):
            for key, number in numbers.items():
                assert record[key] == pytest.approx(number, rel=1e-9, abs=1e-12), key


@pytest.mark.parametrize("name", CONFIGS)
def test_ranks_stay_equal_bit_for_bit_and_so_do_their_averages(name, ran):
    first, second = (found["equality"][name]["weights"] for found in ran)
    assert furthest(first, second) == 0


def test_distributed_data_parallel_trains_to_the_same_weights(ran):
    ours = ran[0]["equality"]["plain"]["weights"]
    theirs = ran[0]["library"]
    assert furthest(theirs, ours) < 1e-10


def test_a_run_goes_on_exactly_on_as_many_ranks(ran):
    for found in ran:
        unbroken = found["equality"]["twice"]["weights"]
        assert furthest(unbroken, found["resume"]["read on rank 0"]) == 0
        assert furthest(unbroken, found["resume"]["read on all"]) == 0


def test_from_one_rank_to_two(ran):
    for found in ran:
        assert found["resume"]["start step"] == 10
        assert furthest(found["resume"]["start"], ran[0]["one"]) == 0
        assert found["resume"]["from one step"] == 20
    ends = [found["resume"]["from one"] for found in ran]
    assert furthest(*ends) == 0
    assert 0.01 < furthest(ends[0], ran[0]["one"]) < 3


@pytest.mark.parametrize("wrap", [Distributed, lambda system: system])
def test_from_two_ranks_to_one(wrap, ran):
    """By the plain system, which goes on from rank 0's generator, or by Distributed alone."""
    system = wrap(state(CONFIGS["twice"], seed=7))
    path = ran[0]["folder"] / "two.pt"
    load_checkpoint(path, system)
    assert system.steps_done == 10
    saved = read_checkpoint(path).system
    for name in ("generator", "discriminator"):
        for key, weight in getattr(system, name).state_dict().items():
            assert torch.equal(weight, saved[name][key])
    records = list(train(system, data(), system.config))
    assert [record.step for record in records] == [15, 20]
    inner = system.system if isinstance(system, Distributed) else system
    assert furthest(weights(inner), ran[0]["equality"]["twice"]["weights"]) < 3


def test_one_rank_alone_is_the_run_by_hand():
    config = CONFIGS["R1"]
    system = Distributed(state(config))
    list(train(system, data(), system.config))
    assert furthest(weights(system.system), by_hand(config, ranks=1)[0]) < 1e-10


def test_metrics_are_the_whole_batch_s(ran):
    for found in ran:
        metrics = found["rest"]["metrics"]
        assert metrics["loss"] == 1.5
        assert metrics["logits"].tolist() == [0, 1, 10, 11]


def test_what_is_not_finite_on_one_rank_stops_all_at_the_same_step(ran):
    assert [found["rest"]["diverged"] for found in ran] == [5, 5]


def test_all_hear_of_a_flag_that_one_rank_raises(ran):
    assert [found["rest"]["any"] for found in ran] == [[True, False, True]] * 2


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_a_rank_that_ends_ends_the_others_with_an_error(tmp_path):
    """Without torchrun, which would end them: the others notice by themselves."""
    port = str(free_port())
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    ranks = [
        subprocess.Popen(
            [sys.executable, __file__, "death", str(tmp_path)],
            env=environment(RANK=str(rank), LOCAL_RANK=str(rank), **common),
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        assert ranks[1].wait(timeout=300) == 3
        left = time.monotonic()
        _, errors = ranks[0].communicate(timeout=120)
        assert time.monotonic() - left < 60  # at once, but for a crowded machine
    finally:
        for process in ranks:
            process.kill()
            process.communicate()
    assert (tmp_path / "reached-0").exists()
    assert ranks[0].returncode not in (0, 3)
    assert "Error" in errors


@pytest.mark.slow
def test_torchrun_ends_all_when_one_ends(tmp_path):
    start = time.monotonic()
    done = torchrun("death", tmp_path)
    assert done.returncode != 0
    assert "exitcode  : 3" in done.stderr
    assert time.monotonic() - start < 300


def test_no_two_steps_of_a_run_start_from_the_same_numbers():
    """Torch's CPU generator keeps 32 bits of a seed: these differ there."""
    low = {step_seed(0, step, rank) % 2**32 for step in range(20_000) for rank in range(8)}
    assert len(low) == 160_000
    assert step_seed(0, 0, 1) != step_seed(1, 0, 0) != step_seed(0, 1, 0)
    firsts = torch.stack(
        [
            torch.randn(2, generator=torch.Generator().manual_seed(step_seed(0, step, rank)))
            for step in range(2000)
            for rank in (0, 1)
        ]
    )
    # 4,000 first draws: mean within 5 standard errors, and rank 0's do not go with rank 1's.
    assert float(firsts.mean()) == pytest.approx(0, abs=5 / 8000**0.5)
    assert float(firsts.std()) == pytest.approx(1, abs=5 / 16000**0.5)
    correlation = torch.corrcoef(torch.stack([firsts[0::2].flatten(), firsts[1::2].flatten()]))
    assert float(correlation[0, 1]) == pytest.approx(0, abs=5 / 4000**0.5)


def test_alone_nothing_is_joined(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    with process_group("cpu") as ranks:
        assert ranks == (0, 1, torch.device("cpu"))
        assert not dist.is_initialized()
        assert ranks.any(True)
        assert not ranks.any(False)
        system = state(BASE)
        share_gradients(system)
        broadcast_state(system)
        batch = torch.ones(12, 2, dtype=torch.float64)
        system.step(batch, system.rng)
        assert isinstance(Distributed(system).step(batch, system.rng), dict)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE must be a whole number, .* got 'two'"),
        ({"WORLD_SIZE": "2", "RANK": "2"}, "RANK must be below WORLD_SIZE = 2, got 2"),
        ({"WORLD_SIZE": "2", "RANK": "-1"}, "RANK must be a whole number"),
    ],
)
def test_wrong_variables_are_named(variables, message, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message), process_group("cpu"):
        pass


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="timeout must be positive"), process_group(timeout=0):
        pass
    with pytest.raises(TypeError, match="system must be a System"):
        Distributed(object())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))


def test_many_seeds_are_refused():
    class Many:
        steps_done = 0
        rng = rngs = step = state_dict = load_state_dict = None

    with pytest.raises(TypeError, match="system must be one run, got Many"):
        Distributed(Many())
