"""How many discriminator steps, and in which order: many seeds of a ring GAN (chapter 6).

Figures "k" and "order"; again: ``python -m gan_lessons.experiments.discriminator_steps``.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.utils.flop_counter import FlopCounterMode

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions import Mixture, ring
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.metrics import mode_coverage
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.training import GANSeeds, GANState, TrainConfig, train_seeds

#: Who moves first, and whether both players look at the same generated batch.
ORDERS = ("D first, same fakes", "D first, fresh fakes", "G first, fresh fakes", "G first, stale")


@dataclass(frozen=True)
class DiscriminatorStepsConfig:
    """Settings of the experiment.

    Parameters
    ----------
    n_modes, radius, std
        The ring that the GAN learns.
    hidden
        Units in each of the two hidden layers of both networks.
    d_steps
        Values of k that are compared.
    generator_steps
        Generator steps of the largest k; the others get as many as cost the same.
    order_steps
        Steps of the comparison of orders.
    every
        Steps between two measurements.
    batch_size, lr
        Of both players.
    seeds
        Runs for each setting.
    n_samples
        Samples per run and measurement.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    n_modes: int = 8
    radius: float = 1.0
    std: float = 0.05
    hidden: int = 64
    d_steps: tuple[int, ...] = (1, 2, 5)
    generator_steps: int = 600
    order_steps: int = 800
    every: int = 100
    batch_size: int = 128
    lr: float = 1e-3
    seeds: int = 16
    n_samples: int = 2000

    def __post_init__(self) -> None:
        check_counts(self.d_steps, "d_steps")
        for name in ("n_modes", "hidden", "generator_steps", "order_steps", "every"):
            check_count(getattr(self, name), name)
        for name in ("batch_size", "seeds", "n_samples"):
            check_count(getattr(self, name), name)
        for name in ("radius", "std", "lr"):
            check_positive(getattr(self, name), name)


def data_law(config: DiscriminatorStepsConfig) -> Mixture:
    """Return the ring."""
    return ring(config.n_modes, config.radius, config.std)


def train_config(config: DiscriminatorStepsConfig, d_steps: int, steps: int) -> TrainConfig:
    """Return the numbers of one kind of run."""
    return TrainConfig(
        steps=steps,
        batch_size=config.batch_size,
        z_dim=2,
        d_steps=d_steps,
        g_lr=config.lr,
        d_lr=config.lr,
        ema_decay=0.0,
        log_every=config.every,
    )


def make_networks(config: DiscriminatorStepsConfig) -> tuple[nn.Module, nn.Module]:
    """Return a generator and a discriminator, drawn from torch's default generator."""
    return MLPGenerator(2, 2, config.hidden), MLPDiscriminator(2, config.hidden)


def flops_per_step(config: DiscriminatorStepsConfig, d_steps: int) -> int:
    """Count the additions and multiplications of the matrix products in one step.

    Parameters
    ----------
    config
        Settings.
    d_steps
        Discriminator updates in the step, k.

    Returns
    -------
    int
        The same on every machine. It is a straight line in k.
    """
    state = GANState(*make_networks(config), "non-saturating", train_config(config, d_steps, 1))
    batch = torch.zeros(d_steps * config.batch_size, 2)
    with FlopCounterMode(display=False) as counter:
        state.step(batch, torch.Generator().manual_seed(0))
    return counter.get_total_flops()


def high_quality_shares(system: GANSeeds, config: DiscriminatorStepsConfig) -> tuple[list, list]:
    """Return, per seed, the share of samples within three std of a mode, and the modes reached."""
    law = data_law(config)
    samples = system.sample(config.n_samples, torch.Generator().manual_seed(1))
    found = [mode_coverage(points, law) for points in samples]
    return [round(one.high_quality, 4) for one in found], [one.modes for one in found]


def run_d_steps(config: DiscriminatorStepsConfig, d_steps: int, steps: int) -> dict[str, Any]:
    """Train all seeds with k = ``d_steps`` and measure them on the way."""
    numbers = train_config(config, d_steps, steps)
    system = GANSeeds(lambda _: make_networks(config), "non-saturating", numbers, config.seeds)
    table: dict[str, Any] = {k: [] for k in ("step", "quality", "modes", "d_loss", "g_loss")}
    for record in train_seeds(system, data_law(config), numbers):
        quality, modes = high_quality_shares(system, config)
        table["step"].append(record.step)
        table["quality"].append(quality)
        table["modes"].append(modes)
        for name in ("d_loss", "g_loss"):
            table[name].append([round(value, 4) for value in record.metrics[name].tolist()])
    return table


def run_order(config: DiscriminatorStepsConfig, order: str, steps: int) -> dict[str, Any]:
    """Train all seeds, one update of each player per step, in one of ``ORDERS``.

    Raises
    ------
    ValueError
        If ``order`` is not one of ``ORDERS``.
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(map(repr, ORDERS))}, got {order!r}.")
    check_count(steps, "steps")
    numbers = train_config(config, 1, steps)
    system = GANSeeds(lambda _: make_networks(config), "non-saturating", numbers, config.seeds)
    law, n = data_law(config), config.batch_size

    def fakes() -> Tensor:
        z = [torch.randn(n, 2, generator=rng) for rng in system.rngs]
        return system.generate(torch.stack(z))

    def update_d(real: Tensor, fake: Tensor) -> None:
        real_logits, fake_logits = system.discriminate(real), system.discriminate(fake.detach())
        loss = -(logsigmoid(real_logits).mean(1) + logsigmoid(-fake_logits).mean(1)).sum()
        system.d_optimizer.zero_grad()
        loss.backward()
        system.d_optimizer.step()

    def update_g(fake: Tensor) -> None:
        loss = -logsigmoid(system.discriminate(fake)).mean(1).sum()
        system.g_optimizer.zero_grad()
        loss.backward(inputs=list(system.g_parameters.values()))
        system.g_optimizer.step()

    table: dict[str, Any] = {"step": [], "quality": [], "modes": []}
    for step in range(1, steps + 1):
        real, fake = torch.stack([law.sample(n, rng) for rng in system.rngs]), fakes()
        if order.startswith("D first"):
            update_d(real, fake)
            update_g(fake if order == "D first, same fakes" else fakes())
        else:
            update_g(fake)
            update_d(real, fake if order == "G first, stale" else fakes())
        if step % config.every == 0:
            quality, modes = high_quality_shares(system, config)
            table["step"].append(step)
            table["quality"].append(quality)
            table["modes"].append(modes)
    return table


def run(config: DiscriminatorStepsConfig) -> dict[str, Any]:
    """Compare the values of k at equal cost, and the orders at equal steps.

    Parameters
    ----------
    config
        Settings.

    Returns
    -------
    dict
        ``flops`` per step for each k; ``d_steps`` and ``order`` with a table for each kind of
        run: ``step`` (t,), ``quality`` and ``modes`` (t, seeds).
    """
    flops = {k: flops_per_step(config, k) for k in config.d_steps}
    budget = config.generator_steps * flops[max(config.d_steps)]
    rounded = {k: round(budget / flops[k] / config.every) * config.every for k in config.d_steps}
    return {
        "flops": {str(k): count for k, count in flops.items()},
        "d_steps": {str(k): run_d_steps(config, k, rounded[k]) for k in config.d_steps},
        "order": {order: run_order(config, order, config.order_steps) for order in ORDERS},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    started = time.perf_counter()
    chosen = DiscriminatorStepsConfig()
    found = run(chosen)
    seconds = time.perf_counter() - started
    print(save_recorded("discriminator_steps", asdict(chosen), found, seconds))
