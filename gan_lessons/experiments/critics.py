"""What a critic's loss says about W1, over training and seeds (chapter 11).

Figure "curve", tables "strength" and "digits"; again:
``python -m gan_lessons.experiments.critics [workers]``.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons.distributions import Mixture, Normal
from gan_lessons.experiments.critics_on_digits import DIGITS, digits_floor, run_digits
from gan_lessons.experiments.critics_settings import CriticsConfig, data_law, train_config
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.training import (
    GANSeeds,
    discriminator_step,
    train_seeds,
)

#: Who judges the ring: objective, and whether the gradient penalty is on.
JUDGES: dict[str, tuple[str, bool]] = {
    "WGAN-GP": ("wasserstein", True),
    "classifier": ("non-saturating", False),
}

#: Critics of two fixed laws: hidden units, hidden layers.
STRENGTHS: dict[str, tuple[int, int]] = {
    "linear": (1, 0),
    "2 units": (2, 1),
    "4 units": (4, 1),
    "16 units": (16, 1),
    "64 + 64 units": (64, 2),
}


def wasserstein_exact(x: Tensor, y: Tensor) -> float:
    """Return W1 of two samples (n, d) of one size: the cheapest way to pair them.

    Raises
    ------
    ValueError
        If the sizes differ.
    """
    from scipy.optimize import linear_sum_assignment

    if x.shape != y.shape:
        raise ValueError(f"x and y must have one shape, got {tuple(x.shape)}, {tuple(y.shape)}.")
    costs = torch.cdist(x.double(), y.double()).numpy()
    return float(costs[linear_sum_assignment(costs)].mean())


def run_judge(config: CriticsConfig, judge: str) -> dict[str, Any]:
    """Train all seeds against one kind of judge and measure what it says beside what is true.

    Parameters
    ----------
    config
        Settings.
    judge
        A key of ``JUDGES``.

    Returns
    -------
    dict
        ``step`` (t,); ``says`` (t, seeds): mean score of data minus that of samples, or for the
        classifier minus its loss (the value V); ``w1`` (t, seeds), exact between the same samples.
    """
    objective, penalised = JUDGES[judge]
    numbers = train_config(config, penalised)

    def networks(_: int) -> tuple[nn.Module, nn.Module]:
        return MLPGenerator(2, 2, config.hidden), MLPDiscriminator(2, config.hidden)

    system, law = GANSeeds(networks, objective, numbers, config.seeds), data_law(config)
    table: dict[str, Any] = {"step": [], "says": [], "w1": []}
    for record in train_seeds(system, law, numbers):
        rng = torch.Generator().manual_seed(record.step)
        real = law.sample(config.n_samples, rng)
        fake = system.sample(config.n_samples, rng)
        with torch.no_grad():
            real_scores = system.discriminate(real.expand_as(fake))
            fake_scores = system.discriminate(fake)
        losses = [
            float(system.objective.discriminator_loss(*pair))
            for pair in zip(real_scores, fake_scores, strict=True)
        ]
        table["step"].append(record.step)
        table["says"].append([float(f"{-loss:.4g}") for loss in losses])
        table["w1"].append([float(f"{wasserstein_exact(real, part):.4g}") for part in fake])
    return table


def blob_like(law: Mixture) -> Normal:
    """Return the round normal law with the mean and the variance of a ring."""
    variance = float((law.weights @ law.means.square()).mean() + law.weights @ law.stds.square())
    return Normal([0.0, 0.0], variance**0.5)


def run_strength(config: CriticsConfig, strength: str) -> list[list[float]]:
    """Train critics of one size between two fixed laws, the ring and a blob of equal moments.

    Parameters
    ----------
    config
        Settings.
    strength
        A key of ``STRENGTHS``.

    Returns
    -------
    list of list of float
        What each critic says at each of ``critic_steps``, (t, seeds).
    """
    law, numbers = data_law(config), train_config(config)
    blob, (hidden, layers) = blob_like(law), STRENGTHS[strength]
    judged = [law.sample(4000, torch.Generator().manual_seed(1))]
    judged += [blob.sample(4000, torch.Generator().manual_seed(2))]
    table: list[list[float]] = [[] for _ in config.critic_steps]
    for seed in range(config.critic_seeds):
        rng = torch.Generator().manual_seed(seed)
        critic = MLPDiscriminator(2, hidden, layers, rng=rng)
        optimizer = torch.optim.Adam(critic.parameters(), lr=config.d_lr, betas=numbers.betas)
        for step in range(1, config.critic_steps[-1] + 1):
            real, fake = law.sample(config.batch_size, rng), blob.sample(config.batch_size, rng)
            discriminator_step(critic, optimizer, "wasserstein", real, fake, numbers, rng)
            if step in config.critic_steps:
                with torch.no_grad():
                    says = critic(judged[0]).mean() - critic(judged[1]).mean()
                table[config.critic_steps.index(step)].append(float(f"{says:.4g}"))
    return table


def floor_of_w1(config: CriticsConfig, repetitions: int = 20) -> float:
    """Return the mean W1 between two samples of the data themselves: no model gets below."""
    law, rng = data_law(config), torch.Generator().manual_seed(0)
    n = config.n_samples
    found = [wasserstein_exact(law.sample(n, rng), law.sample(n, rng)) for _ in range(repetitions)]
    return sum(found) / repetitions


def truth_of_w1(config: CriticsConfig, n: int = 2000) -> float:
    """Return W1 of the ring and the blob, from n samples of each."""
    law, rng = data_law(config), torch.Generator().manual_seed(0)
    return wasserstein_exact(law.sample(n, rng), blob_like(law).sample(n, rng))


def run(config: CriticsConfig, workers: int = 1) -> dict[str, Any]:
    """Run all judges on the ring, critics of all strengths, and the digits.

    Parameters
    ----------
    config
        Settings.
    workers
        Processes; the numbers do not depend on it.

    Returns
    -------
    dict
        ``judges``: a table for each; ``floor``: W1 between two samples of the data; ``strengths``
        and ``truth``: what critics of two fixed laws say, and W1; ``digits``.
    """
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        ways = DIGITS if config.digits_steps else {}
        digits = {
            way: pool.submit(run_digits, way, config.digits_steps, config.digits_seeds)
            for way in ways
        }
        judges = {judge: pool.submit(run_judge, config, judge) for judge in JUDGES}
        strengths = {size: pool.submit(run_strength, config, size) for size in STRENGTHS}
        results: dict[str, Any] = {
            "judges": {judge: future.result() for judge, future in judges.items()},
            "floor": float(f"{floor_of_w1(config):.4g}"),
            "strengths": {size: future.result() for size, future in strengths.items()},
            "truth": float(f"{truth_of_w1(config):.4g}"),
        }
        if ways:
            frechet = {way: future.result() for way, future in digits.items()}
            results["digits"] = {"frechet": frechet, "floor": digits_floor()}
    return results


if __name__ == "__main__":
    torch.set_num_threads(1)
    started = time.perf_counter()
    chosen = CriticsConfig()
    found = run(chosen, workers=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(save_recorded("critics", asdict(chosen), found, time.perf_counter() - started))
