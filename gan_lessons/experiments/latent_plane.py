"""Where GAN, VAE and BiGAN take the plane of codes, on one ring (chapters 13 and 15).

``python -m gan_lessons.experiments.latent_plane`` trains the three and writes
``book/runs/latent_plane.json``: the images of a square net of codes.
"""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.experiments.recorded import load_recorded, save_recorded
from gan_lessons.experiments.vae_points import LAW, PointsConfig, make_points_model
from gan_lessons.metrics import mode_coverage
from gan_lessons.models import BiGAN
from gan_lessons.networks import MLP, MLPGenerator, MLPPairDiscriminator
from gan_lessons.training import TrainConfig, train

#: The net's lines are codes with one of these coordinates; the marked codes have two of them.
CODES = (-2.0, -1.0, 0.0, 1.0, 2.0)


@dataclass(frozen=True)
class LatentPlaneConfig:
    """Settings of the experiment.

    Parameters
    ----------
    seed
        Of the three runs; the generator starts with the same weights in each.
    steps, bigan_steps
        Length of the runs. BiGAN has to learn two maps, and needs more; with half these learning
        rates and 8,000 steps it kept 5 of the 8 modes.
    per_line
        Points on each line of the net.
    points
        Settings of GAN and VAE.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    seed: int = 1000
    steps: int = 1000
    bigan_steps: int = 2500
    per_line: int = 81
    points: PointsConfig = PointsConfig()

    def __post_init__(self) -> None:
        check_count(self.seed, "seed", minimum=0)
        for name in ("steps", "bigan_steps", "per_line"):
            check_count(getattr(self, name), name)


class Net(NamedTuple):
    """Lines of codes, or their images, and the marked points, in the order of ``CODES`` squared.

    Parameters
    ----------
    lines : Tensor (10, per_line, 2)
        Five along the first coordinate, then five along the second.
    points : Tensor (25, 2)
        The second coordinate changes fastest.
    """

    lines: Tensor
    points: Tensor


def code_net(per_line: int) -> Net:
    """Return the square net of codes."""
    fine = torch.linspace(CODES[0], CODES[-1], check_count(per_line, "per_line", minimum=2))
    along = [torch.stack([fine, torch.full_like(fine, c)], 1) for c in CODES]
    lines = torch.stack([*along, *(line.flip(1) for line in along)])
    return Net(lines, torch.cartesian_prod(torch.tensor(CODES), torch.tensor(CODES)))


@torch.no_grad()
def mapped(generator: nn.Module, net: Net) -> Net:
    """Return where a generator takes a net."""
    lines = generator(net.lines.flatten(0, 1)).unflatten(0, net.lines.shape[:2])
    return Net(lines, generator(net.points))


def make_models(config: LatentPlaneConfig) -> dict[str, Any]:
    """Return the three systems, ready to train on the ring."""
    points = replace(config.points, steps=config.steps)
    rng, hidden = torch.Generator().manual_seed(config.seed), points.hidden
    numbers = TrainConfig(
        steps=config.bigan_steps,
        log_every=config.bigan_steps,
        batch_size=points.batch_size,
        z_dim=2,
        g_lr=1e-3,
        d_lr=2e-3,
        betas=(0.5, 0.99),
        r1_gamma=0.02,
        r2_gamma=0.02,
        ema_decay=0.99,
        seed=config.seed,
    )
    bigan = BiGAN(
        MLPGenerator(2, 2, hidden, rng=rng),
        MLP(2, 2, hidden, rng=rng),
        MLPPairDiscriminator(2, 2, 2 * hidden, rng=rng),
        "relativistic",
        numbers,
    )
    return {
        "GAN": make_points_model("GAN", points, config.seed),
        "VAE": make_points_model("VAE, std 0.1", points, config.seed),
        "BiGAN": bigan,
    }


def run(config: LatentPlaneConfig) -> dict[str, Any]:
    """Train the three models and return plain data.

    Parameters
    ----------
    config
        Settings.

    Returns
    -------
    dict of str to dict
        For each model ``lines`` and ``points`` of the net's image, and how good its samples are.
    """
    found: dict[str, Any] = {}
    for name, model in make_models(config).items():
        for _ in train(model, LAW, model.config):
            pass
        network = model.ema.network if name == "GAN" else model.network("generator")
        net = mapped(network, code_net(config.per_line))
        samples = model.sample(2500, torch.Generator().manual_seed(config.seed))
        modes = mode_coverage(samples, LAW)
        found[name] = {
            "lines": _plain(net.lines),
            "points": _plain(net.points),
            "modes": modes.modes,
            "high_quality": round(modes.high_quality, 4),
        }
    return found


def recorded_nets() -> dict[str, Net]:
    """Return the stored image of the net for each model.

    Returns
    -------
    dict of str to Net

    Raises
    ------
    FileNotFoundError
        If nothing is stored.
    """
    results = load_recorded("latent_plane")["results"]
    return {
        name: Net(torch.tensor(found["lines"]), torch.tensor(found["points"]))
        for name, found in results.items()
    }


def _plain(values: Tensor) -> Any:
    """Return numbers with three digits after the point."""
    nested = values.double().mul(1000).round().div(1000)
    return nested.tolist()


if __name__ == "__main__":
    torch.set_num_threads(1)
    started, chosen = time.perf_counter(), LatentPlaneConfig()
    results = run(chosen)
    print({name: (one["modes"], one["high_quality"]) for name, one in results.items()})
    print(save_recorded("latent_plane", asdict(chosen), results, time.perf_counter() - started))
