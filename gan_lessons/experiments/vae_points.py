"""GAN and VAE on a ring of eight Gaussians, where every law is known (chapter 13).

``python -m gan_lessons.experiments.vae_points`` trains each model with each seed and writes
``book/runs/vae_points.json``.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.distributions import ring
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.metrics import (
    density_coverage,
    frechet_distance,
    mode_coverage,
    parzen_bandwidth,
    parzen_log_likelihood,
    precision_recall,
)
from gan_lessons.models import VAE, VAEConfig
from gan_lessons.networks import MLPDiscriminator, MLPEncoder, MLPGenerator
from gan_lessons.training import GANState, TrainConfig, train

LAW = ring(8, 1.0, 0.05)

#: Observation noise of each VAE, by its name in tables, and None for the GAN.
MODELS: dict[str, float | None] = {"GAN": None, "VAE, std 0.1": 0.1, "VAE, std 0.2": 0.2}


@dataclass(frozen=True)
class PointsConfig:
    """Settings of the comparison in the plane.

    Parameters
    ----------
    seeds
        Of the runs. Recipes were chosen on seeds 0 and 1.
    steps, batch_size, hidden
        Length of each run, samples per step, units of each of two hidden layers of each network.
    n
        Samples on each side of a measurement.
    side
        Codes along each axis of z in ``likelihood_centres``.
    widths
        Standard deviations of the noise that G(z) is given a density by; the best is taken.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    seeds: tuple[int, ...] = tuple(range(1000, 1008))
    steps: int = 1000
    batch_size: int = 128
    hidden: int = 64
    n: int = 1000
    side: int = 100
    widths: tuple[float, ...] = (0.03, 0.05, 0.07, 0.1)

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        for name in ("steps", "batch_size", "hidden", "side"):
            check_count(getattr(self, name), name)
        check_count(self.n, "n", minimum=10)


class PointsOutcome(NamedTuple):
    """What is measured of one run.

    ``high_quality`` and ``modes`` are of G(z), ``high_quality_law`` of the model law, noise and
    all (for a GAN the same); ``log_likelihood`` is the mean of log p(x) of held-out data under
    G(z) with noise of ``best_width``; ``own`` that with the VAE's own noise and ``bound`` what its
    encoder says of it.
    """

    cpu_seconds: float
    modes: int
    high_quality: float
    high_quality_law: float
    mass_kl: float
    frechet: float
    precision: float
    recall: float
    coverage: float
    best_width: float
    log_likelihood: float
    own: float | None
    bound: float | None


def make_points_model(
    name: str, config: PointsConfig | None = None, seed: int = 0
) -> GANState | VAE:
    """Return a model of ``MODELS``, ready to train on ``LAW``.

    Parameters
    ----------
    name
        Its key.
    config
        Settings; None takes those of the recording.
    seed
        Of weights and training; the generator starts with the same weights in each model.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in MODELS:
        raise ValueError(f"name must be one of {', '.join(MODELS)}, got {name!r}.")
    config = config or PointsConfig()
    rng, std = torch.Generator().manual_seed(seed), MODELS[name]
    generator = MLPGenerator(2, 2, config.hidden, rng=rng)
    if std is not None:
        numbers = VAEConfig(
            **_numbers(config, seed), betas=(0.9, 0.999), e_lr=2e-3, observation_std=std
        )
        return VAE(MLPEncoder(2, 2, config.hidden, rng=rng), generator, numbers)
    numbers_gan = TrainConfig(**_numbers(config, seed), d_lr=4e-3, r1_gamma=0.02, r2_gamma=0.02)
    discriminator = MLPDiscriminator(2, config.hidden, rng=rng)
    return GANState(generator, discriminator, "relativistic", numbers_gan)


def likelihood_centres(model: GANState | VAE, side: int = 100) -> Tensor:
    r"""Return G(z) on a grid of codes that the prior gives equal mass.

    Gaussians on them have a mean that tends to the density
    :math:`\int N(z; 0, I)\, N(x; G(z), \sigma^2 I)\, dz` as the grid gets finer: with two latents
    this is quadrature, not a Parzen window on a few samples.

    Parameters
    ----------
    model
        With two latents.
    side
        Codes along each axis.

    Returns
    -------
    Tensor (side^2, 2)
    """
    shares = (torch.arange(check_count(side, "side"), dtype=torch.float64) + 0.5) / side
    line = torch.special.ndtri(shares).to(model.dtype)
    z = torch.cartesian_prod(line, line)
    if isinstance(model, VAE):
        return model.decode(z)
    network = model.generator if model.ema is None else model.ema.network
    with torch.no_grad():
        return network(z)


def measure_points(model: GANState | VAE, config: PointsConfig, cpu_seconds: float) -> Any:
    """Return what is recorded of a model as it is now; nothing of it changes."""
    rng = torch.Generator().manual_seed(model.config.seed)
    samples = model.sample(config.n, rng)
    law = model.sample_observations(config.n, rng) if isinstance(model, VAE) else samples
    real, spare = (LAW.sample(config.n, rng).float() for _ in range(2))
    modes, near = mode_coverage(samples, LAW), precision_recall(real, law, k=3)
    centres = likelihood_centres(model, config.side)
    width = parzen_bandwidth(spare[:500], centres, config.widths)
    own = bound = None
    if isinstance(model, VAE):
        std = model.config.observation_std
        own = parzen_log_likelihood(real, centres, std).mean().item()
        bound = model.log_likelihood_bound(real, 64, rng).mean().item()
    return PointsOutcome(
        cpu_seconds,
        modes.modes,
        modes.high_quality,
        mode_coverage(law, LAW).high_quality,
        modes.kl,
        frechet_distance(real, law),
        near.precision,
        near.recall,
        density_coverage(real, law, k=5).coverage,
        width,
        parzen_log_likelihood(real, centres, width).mean().item(),
        own,
        bound,
    )


def run_points(name: str, config: PointsConfig, seed: int) -> PointsOutcome:
    """Train one model and measure it."""
    model: Any = make_points_model(name, config, seed)
    started = time.process_time()
    for _ in train(model, LAW, model.config):
        pass
    return measure_points(model, config, time.process_time() - started)


def _numbers(config: PointsConfig, seed: int) -> dict[str, Any]:
    """Return the numbers that all models have in common."""
    return {
        "steps": config.steps,
        "log_every": config.steps,
        "batch_size": config.batch_size,
        "z_dim": 2,
        "g_lr": 2e-3,
        "ema_decay": 0.99,
        "seed": seed,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen, begun = PointsConfig(), time.perf_counter()
    runs: dict[str, list[Any]] = {name: [] for name in MODELS}
    for one in chosen.seeds:
        for key in MODELS:
            row = run_points(key, chosen, one)
            runs[key].append([v if v is None else float(f"{v:.5g}") for v in row])
        truth = LAW.log_prob(LAW.sample(100_000, torch.Generator().manual_seed(0))).mean().item()
        found = {"columns": list(PointsOutcome._fields), "true_log_likelihood": truth, "runs": runs}
        print(save_recorded("vae_points", asdict(chosen), found, time.perf_counter() - begun))
