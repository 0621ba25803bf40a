"""The models on two ranks against one process with the whole batch.

This file is also what a rank runs: ``python test_two_ranks.py FOLDER``. Nothing is drawn: rows and
z are given, and the variances of the codes are e^-60.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from gan_lessons.models import (
    VAE,
    VAEGAN,
    BiGAN,
    CycleGAN,
    CycleGANConfig,
    Pix2Pix,
    Pix2PixConfig,
    VAEConfig,
    VAEGANConfig,
)
from gan_lessons.networks import (
    MLP,
    MLPDiscriminator,
    MLPEncoder,
    MLPGenerator,
    MLPPairDiscriminator,
)
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train
from gan_lessons.training.distributed import Distributed
from gan_lessons.training.ranks import process_group
from gan_lessons.training.system import networks_of

STEPS, BATCH = 4, 6
SIZES = {"steps": STEPS, "batch_size": BATCH, "z_dim": 2, "log_every": STEPS, "ema_decay": 0.9}
RATES = {"g_lr": 1e-2, "d_lr": 2e-2}
KINDS = ("vae", "vae-gan", "bigan", "cyclegan", "pix2pix", "pool")


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


ROWS, CODES = (torch.randn(STEPS, BATCH, k, generator=rng(k), dtype=torch.float64) for k in (3, 2))


def make(kind, seed=0):
    def mlp(a, b, k):
        return MLP(a, b, hidden=6, rng=rng(seed + k)).double()

    def critic(features, k):
        return MLPDiscriminator(features, hidden=6, rng=rng(seed + k)).double()

    generator = MLPGenerator(2, 3, hidden=6, rng=rng(seed)).double()
    encoder = MLPEncoder(3, 2, hidden=6, rng=rng(seed + 1)).double()
    with torch.no_grad():
        last = encoder.body.layers[-1]
        last.weight[2:] = 0
        last.bias[2:] = -60
    if kind == "vae":
        return VAE(encoder, generator, VAEConfig(**SIZES, **RATES))
    if kind == "vae-gan":
        config = VAEGANConfig(**SIZES, **RATES, r1_gamma=0.5)
        return VAEGAN(encoder, generator, critic(3, 2), "non-saturating", config)
    if kind == "bigan":
        pairs = MLPPairDiscriminator(3, 2, hidden=6, rng=rng(seed + 2)).double()
        config = TrainConfig(**SIZES, **RATES, r1_gamma=0.5)
        return BiGAN(generator, mlp(3, 2, 1), pairs, "non-saturating", config)
    if kind == "pix2pix":
        config = Pix2PixConfig(**SIZES, **RATES, r1_gamma=0.5)
        return Pix2Pix(mlp(3, 3, 1), critic(6, 2), "least-squares", config)
    more = {"r1_gamma": 0.5, "identity_weight": 2.0, "decay_from": 1, "decay_steps": 3}
    config = CycleGANConfig(**SIZES, **RATES, **more, pool_size=4 if kind == "pool" else 0)
    networks = mlp(3, 3, 1), mlp(3, 3, 2), critic(3, 3), critic(3, 4)
    return CycleGAN(*networks, "least-squares", config)


def run(kind, rank=0, ranks=1, seed=0):
    """Train on one rank's share; return the system."""
    model, n = make(kind, seed), BATCH // ranks
    mine = slice(rank * n, (rank + 1) * n)
    model.latent = lambda _, __=None: CODES[model.steps_done, mine]

    def data(size, _):
        rows = ROWS[model.steps_done, mine]
        assert len(rows) == size
        paired = isinstance(model, CycleGAN | Pix2Pix)
        return (rows, rows.flip(1) / 2 + 1) if paired else rows

    system = Distributed(model) if ranks > 1 else model
    (record,) = train(system, data, system.config)
    return model, system, dict(record.metrics)


def weights(model):
    nets = [*networks_of(model).values(), *(ema.network for ema in model.averages.values())]
    return [weight.detach().clone() for net in nets for weight in net.parameters()]


def furthest(a, b):
    return max(float((x - y).abs().max()) for x, y in zip(a, b, strict=True))


def be_a_rank(folder):
    """Train each model, and go on with one that has pools."""
    found = {}
    with process_group("cpu") as ranks:
        for kind in KINDS:  # rank 1 starts from other weights, which rank 0's must replace
            model, system, metrics = run(kind, ranks.rank, 2, seed=10 * ranks.rank)
            found[kind] = {"weights": weights(model), "metrics": metrics}
        found["own pool"] = model.pools["a"].images
        if ranks.rank == 0:
            save_checkpoint(folder / "pool.pt", system)
        dist.barrier()
        again = Distributed(make("pool"))
        load_checkpoint(folder / "pool.pt", again)
        found["pool after"] = again.system.pools["a"].images
    torch.save(found, folder / f"{ranks.rank}.pt")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = str(s.getsockname()[1])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    common |= {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    ranks = [
        subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            env={**kept, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        errors = [process.communicate(timeout=600)[1] for process in ranks]
        assert [process.returncode for process in ranks] == [0, 0], errors
    finally:
        for process in ranks:
            process.kill()
    return [torch.load(folder / f"{rank}.pt") for rank in (0, 1)]


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_two_ranks_equal_one_process_with_the_whole_batch(kind, ran):
    model, _, metrics = run(kind)
    wanted = weights(model)
    assert furthest(wanted, weights(make(kind))) > 0.01  # it went somewhere
    for found in ran:
        assert furthest(wanted, found[kind]["weights"]) < 1e-9
        for name, number in metrics.items():
            assert found[kind]["metrics"][name] == pytest.approx(number, rel=1e-7), name


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_stay_equal_bit_for_bit(kind, ran):
    first, second = (found[kind]["weights"] for found in ran)
    assert furthest(first, second) == 0


def test_each_rank_has_pools_of_its_own_and_a_file_has_those_of_rank_0(ran):
    own = [found["own pool"] for found in ran]
    assert len(own[0]) == len(own[1]) == 4
    assert not torch.equal(*own)
    for found in ran:
        assert torch.equal(found["pool after"], own[0])


if __name__ == "__main__":
    be_a_rank(Path(sys.argv[1]))
