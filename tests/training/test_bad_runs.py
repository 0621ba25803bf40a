"""Runs that cannot be meant, and runs that end in numbers that are not finite."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gan_lessons.distributions import Normal
from gan_lessons.training import (
    EMA,
    GANSeeds,
    GANState,
    TrainConfig,
    TrainingDiverged,
    choose_device,
    discriminator_step,
    generator_step,
    repeatability,
    seeded_generator,
    seeded_networks,
    train,
    train_seeds,
)
from gan_lessons.training.sampling import batches

DATA = torch.randn(200, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(steps=2, batch_size=8, z_dim=3, log_every=10)


def networks(seed: int = 0) -> tuple[nn.Module, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
        d = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0))
    return g, d


def state(config: TrainConfig = CONFIG) -> GANState:
    return GANState(*networks(), "non-saturating", config)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 9},
        {"z_dim": 4},
        {"d_steps": 2},
        {"g_lr": 1.0},
        {"d_lr": 1.0},
        {"betas": (0.0, 0.9)},
        {"r1_gamma": 1.0},
        {"r2_gamma": 1.0},
        {"gp_weight": 1.0},
        {"instance_noise": 1.0},
        {"ema_decay": 0.5},
        {"seed": 1},
    ],
)
def test_a_run_has_one_configuration(changes):
    (name,) = changes
    other = replace(CONFIG, **changes)
    with pytest.raises(ValueError, match=rf"config must be the system's .* got other {name} \("):
        train(state(), DATA, other)
    with pytest.raises(ValueError, match=rf"config must be the system's .* got other {name} \("):
        train_seeds(GANSeeds(networks, "hinge", CONFIG, 2), DATA, other)


def test_length_and_records_may_change():
    other = replace(CONFIG, steps=4, log_every=2)
    assert [r.step for r in train(state(), DATA, other)] == [2, 4]
    seeds = GANSeeds(networks, "hinge", CONFIG, 2)
    assert [r.step for r in train_seeds(seeds, DATA, other)] == [2, 4]


def test_a_system_without_a_config_is_trained_by_the_one_given():
    class Counter:
        steps_done, rng = 0, torch.Generator()

        def step(self, batch, rng):
            self.steps_done += 1
            return {"size": torch.tensor(float(len(batch)))}

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    assert [r.size for r in train(Counter(), DATA, replace(CONFIG, log_every=1))] == [8, 8]


def test_a_last_update_that_spoils_the_samples_is_seen():
    system = state(replace(CONFIG, steps=1, g_lr=1e38))
    with pytest.raises(TrainingDiverged, match="a sample is .* at step 1: training diverged"):
        list(train(system, DATA, system.config))
    assert all(bool(torch.isfinite(p).all()) for p in system.generator.parameters())


def test_samples_without_the_average_are_looked_at_too(monkeypatch):
    system = state(replace(CONFIG, steps=1))
    step = system.step

    def spoiled(batch, rng):
        metrics = step(batch, rng)
        system.generator[2].weight.data.fill_(3e38)  # the average is still as it was
        system.generator[2].bias.data.fill_(3e38)
        return metrics

    monkeypatch.setattr(system, "step", spoiled)
    with pytest.raises(TrainingDiverged, match="a sample is"):
        list(train(system, DATA, system.config))
    assert bool(torch.isfinite(system.sample(16, seeded_generator(0))).all())


@pytest.mark.parametrize("which", ["generator", "discriminator"])
def test_weights_spoiled_by_the_last_update_are_named(which, monkeypatch):
    system = state()
    step = system.step

    def spoiled(batch, rng):
        metrics = step(batch, rng)
        if system.steps_done == 2:
            next(getattr(system, which).parameters()).data[0, 0] = math.inf
        return metrics

    monkeypatch.setattr(system, "step", spoiled)
    with pytest.raises(TrainingDiverged, match="is inf at step 2") as caught:
        list(train(system, DATA, CONFIG))
    assert (caught.value.step, caught.value.which) == (2, f"{which}.0.weight")


def test_the_look_at_the_end_changes_nothing():
    system = state()
    list(train(system, DATA, CONFIG))
    alone = state()
    rng = alone.rng
    for _ in range(2):
        alone.step(DATA[torch.randint(200, (8,), generator=rng)], rng)
    assert torch.equal(system.rng.get_state(), rng.get_state())
    assert system.generator.training
    mine, theirs = (
        torch.nn.utils.parameters_to_vector(s.generator.parameters()) for s in (system, alone)
    )
    assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (lambda n, rng: [0.0] * n, TypeError, "data must give a torch.Tensor .* got list"),
        (lambda n, rng: None, TypeError, "data must give a torch.Tensor .* got NoneType"),
        (lambda n, rng: DATA[: n - 1], ValueError, r"\(8, ...\), got shape \(7, 2\)"),
        (lambda n, rng: DATA, ValueError, r"\(8, ...\), got shape \(200, 2\)"),
        (lambda n, rng: DATA[0, 0], ValueError, r"\(8, ...\), got shape \(\)"),
    ],
)
def test_what_data_give_is_checked(data, error, message):
    with pytest.raises(error, match=message):
        list(train(state(), data, CONFIG))
    with pytest.raises(error, match=message):
        list(train_seeds(GANSeeds(networks, "hinge", CONFIG, 2), data, CONFIG))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Normal, r"got the class Normal; make one: Normal\(\.\.\.\)"),
        (nn.Linear(2, 2), "got Linear"),
        (random, "got module"),
        (np.zeros((4, 2)), "got ndarray; see torch.as_tensor"),
    ],
)
def test_what_is_no_data_is_refused_at_once(data, message):
    with pytest.raises(TypeError, match=message):
        batches(data)


def test_single_runs_and_many_are_not_confused(tmp_path):
    seeds = GANSeeds(networks, "hinge", CONFIG, 2)
    with pytest.raises(TypeError, match="system must be one run, got GANSeeds; see train_seeds"):
        train(seeds, DATA, CONFIG)
    with pytest.raises(TypeError, match="must be a GANSeeds, got GANState; .* goes to train"):
        train_seeds(state(), DATA, CONFIG)


def test_bad_numbers_and_networks_of_many_seeds():
    with pytest.raises(TypeError, match="config must be a TrainConfig, got NoneType"):
        GANSeeds(networks, "hinge", None)
    with pytest.raises(TypeError, match="seeds must be a whole number, got float"):
        GANSeeds(networks, "hinge", CONFIG, 2.0)
    with pytest.raises(TypeError, match="seeds must be a whole number, got bool"):
        GANSeeds(networks, "hinge", CONFIG, True)
    with pytest.raises(ValueError, match=r"seed must be below 2\*\*64"):
        GANSeeds(networks, "hinge", CONFIG, [2**64])
    for wrong in (None, networks()[0], (networks()[0], None), networks() * 2):
        with pytest.raises(TypeError, match="make_networks must return two networks, got"):
            seeded_networks(lambda seed, wrong=wrong: wrong, 0)

    def growing(seed):
        return networks()[0], nn.Sequential(nn.Linear(2, 1 + seed), nn.Flatten(0))

    with pytest.raises(
        ValueError, match="discriminator must have the same layers, and weights of the same"
    ):
        GANSeeds(growing, "hinge", CONFIG, 2)
    with pytest.raises(ValueError, match="discriminator must have weights"):
        GANSeeds(lambda seed: (networks()[0], nn.Flatten(0)), "hinge", CONFIG, 2)


def test_steps_take_keys_and_objects_alike():
    results = []
    for objective in ("hinge", state().objective.__class__()):
        g, d = networks()
        g_opt, d_opt = (torch.optim.SGD(n.parameters(), lr=0.1) for n in (g, d))
        fake = g(torch.ones(8, 3))
        update = discriminator_step(d, d_opt, objective, DATA[:8], fake, CONFIG)
        results.append((update.loss.item(), generator_step(d, g_opt, objective, None, fake).item()))
    assert results[0] != results[1]
    real, fake = (
        n(x)
        for n, x in ((networks()[1], DATA[:8]), (networks()[1], networks()[0](torch.ones(8, 3))))
    )
    assert results[0][0] == pytest.approx(
        (1 - real).relu().mean().item() + (1 + fake).relu().mean().item()
    )
    with pytest.raises(ValueError, match="objective must be one of"):
        discriminator_step(d, d_opt, "gan", DATA[:8], fake, CONFIG)
    with pytest.raises(ValueError, match="objective must be one of"):
        generator_step(d, g_opt, "gan", None, fake)


def test_seeds_and_devices():
    assert seeded_generator(2**64 - 1).initial_seed() == 2**64 - 1
    assert seeded_generator(np.int64(3)).initial_seed() == 3
    for make in (seeded_generator, lambda seed: TrainConfig(seed=seed)):
        for seed in (2**64, 2**70):
            with pytest.raises(ValueError, match=r"seed must be below 2\*\*64, got"):
                make(seed)
    for device in ("gpu", "meta", "cpu:nine"):
        with pytest.raises(ValueError, match=f"device must be one that is there, got '{device}'"):
            seeded_generator(0, device)
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="device must be one that is there, got 'cuda'"):
            seeded_generator(0, "cuda")
    with pytest.raises(ValueError, match="device must be 'cpu', 'cuda' or 'mps', got 'gpu'"):
        repeatability("gpu")
    with pytest.raises(ValueError, match="preference 'cpu:5' is not there"):
        choose_device("cpu:5")
    assert choose_device("cpu:0").type == "cpu"


def test_numbers_of_numpy_become_plain_ones():
    config = TrainConfig(
        steps=np.int64(5), seed=np.int32(3), g_lr=np.float64(0.1), betas=(np.float64(0.5), 0)
    )
    assert {type(config.steps), type(config.seed)} == {int}
    assert {type(config.g_lr), *map(type, config.betas)} == {float}


def test_bad_parts_of_a_system():
    g, d = networks()
    with pytest.raises(TypeError, match=r"augment must be a function \(samples, rng\), got 3"):
        GANState(g, d, "hinge", CONFIG, augment=3)
    lost = GANState(g, d, "hinge", CONFIG, augment=lambda samples, rng: samples[1:])
    with pytest.raises(ValueError, match="augment: samples and what it returns must have the same"):
        lost.step(torch.zeros(CONFIG.batch_size, 2), torch.Generator().manual_seed(0))
    with pytest.raises(
        ValueError, match=r"must have one dtype, got torch.float32 and torch.float64"
    ):
        GANState(g, d.double(), "hinge", CONFIG)
    with pytest.raises(ValueError, match="n must be at least 1, got -1"):
        state().latent(-1)
    for system in (state(), GANSeeds(networks, "hinge", CONFIG, 2)):
        with pytest.raises(TypeError, match="rng must be a torch.Generator or None, got int"):
            system.sample(3, 0)
    with pytest.raises(TypeError, match="network must be a torch.nn.Module, got int"):
        EMA(3, 0.5)
    with pytest.raises(TypeError, match="decay must be a zero or positive number, got str"):
        EMA(g, "0.5")
    for decay in (1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="decay must be"):
            EMA(g, decay)


def test_samples_of_the_average_are_looked_at_too():
    system = state(replace(CONFIG, steps=1))
    system.ema.network[2].bias.data.fill_(math.nan)
    with pytest.raises(TrainingDiverged, match="a sample is nan"):
        list(train(system, DATA, system.config))
