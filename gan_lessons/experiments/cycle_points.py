"""Translation in the plane: several maps have zero loss, and which one is found (chapter 16).

``python -m gan_lessons.experiments.cycle_points [minutes]`` trains a CycleGAN on every layout and
seed that ``book/runs/cycle_points.json`` lacks. Domain a and domain b are mixtures of as many equal
Gaussians. Any of the k! ways to send modes to modes, each mode rigidly onto its own, gives the law
of b from that of a and can be undone: all losses are at their lowest, whatever the truth was.
"""

import sys
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_flag, check_kind, check_positive
from gan_lessons.experiments._one_by_one import Run, finish, record_one_by_one
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_layouts import LAYOUTS, Layout, make_laws
from gan_lessons.models import CycleGAN, CycleGANConfig
from gan_lessons.networks import MLP, MLPDiscriminator


@dataclass(frozen=True)
class CyclePointsConfig:
    """Settings of the recorded runs.

    Parameters
    ----------
    layouts
        Keys of ``LAYOUTS``.
    seeds
        One run for each layout, way and seed.
    std
        Standard deviation of every mode.
    hidden
        Units in each of the two hidden layers.
    near_identity
        Whether the generators start as x plus a tenth of what their first weights give.
    training
        The numbers of a run.
    n_test
        Points of each mode by which a map is judged.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    layouts: tuple[str, ...] = ("line", "turned")
    seeds: tuple[int, ...] = tuple(range(32))
    std: float = 0.12
    hidden: int = 48
    near_identity: bool = False
    training: CycleGANConfig = CycleGANConfig(
        steps=500,
        batch_size=128,
        g_lr=3e-3,
        d_lr=3e-3,
        r1_gamma=0.1,
        ema_decay=0.98,
        decay_from=250,
        decay_steps=250,
        pool_size=0,
        log_every=500,
    )
    n_test: int = 100

    def __post_init__(self) -> None:
        check_kind(self.layouts, tuple, "layouts")
        unknown = [name for name in self.layouts if name not in LAYOUTS]
        if unknown or not self.layouts:
            raise ValueError(f"layouts must be of {[*LAYOUTS]}, got {self.layouts!r}.")
        check_counts(self.seeds, "seeds", minimum=0)
        for name in ("hidden", "n_test"):
            check_count(getattr(self, name), name)
        check_positive(self.std, "std")
        check_flag(self.near_identity, "near_identity")
        check_kind(self.training, CycleGANConfig, "training")


def ways(config: CyclePointsConfig) -> dict[str, CyclePointsConfig]:
    """Return what is compared: with the cycles, without, and from a start near the identity.

    Parameters
    ----------
    config
        What the first one is.
    """
    alone = replace(config.training, forward_weight=0.0, backward_weight=0.0)
    return {
        "cycle": config,
        "no cycle": replace(config, training=alone),
        "near identity": replace(config, near_identity=True),
    }


class NearIdentity(torch.nn.Module):
    """The map x + f(x) of a small f: where training starts says which bijection is near.

    Parameters
    ----------
    change
        The network f.
    """

    def __init__(self, change: torch.nn.Module) -> None:
        super().__init__()
        self.change = change

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, 2) to x + f(x) / 10."""
        return x + self.change(x) / 10


def make_points_cyclegan(config: CyclePointsConfig, seed: int) -> CycleGAN:
    """Return perceptrons that translate points, ready to train.

    Parameters
    ----------
    config
        Settings.
    seed
        Of the first weights and of all that is drawn.
    """
    rng = torch.Generator().manual_seed(seed)

    def generator() -> torch.nn.Module:
        network = MLP(2, 2, config.hidden, rng=rng)
        return NearIdentity(network) if config.near_identity else network

    there, back = generator(), generator()
    judge_a, judge_b = (MLPDiscriminator(2, config.hidden, rng=rng) for _ in range(2))
    training = replace(config.training, seed=seed)
    return CycleGAN(there, back, judge_a, judge_b, "non-saturating", training)


class Found(NamedTuple):
    """What one run has learned.

    Parameters
    ----------
    sent
        Where most of each mode of a goes: a mode of b for each.
    share
        Smallest share, over the modes of a, of points that go there, within 3 standard deviations.
    cycle
        Mean absolute difference after a -> b -> a, in units of the modes' standard deviation.
    """

    sent: tuple[int, ...]
    share: float
    cycle: float

    @property
    def bijection(self) -> bool:
        """Whether every mode goes to one of its own, nearly whole, and comes back."""
        return len(set(self.sent)) == len(self.sent) and self.share > 0.8 and self.cycle < 1


def judge(gan: CycleGAN, layout: Layout, config: CyclePointsConfig) -> Found:
    """Return where a trained map sends the modes.

    Parameters
    ----------
    gan
        Its averaged weights translate.
    layout
        The modes.
    config
        Gives ``std`` and ``n_test``.
    """
    rng, centres = torch.Generator().manual_seed(0), torch.tensor(layout.a)
    noise = torch.randn(len(centres), config.n_test, 2, generator=rng)
    points = centres[:, None] + config.std * noise
    made = gan.translate(points.flatten(0, 1))
    distances = torch.cdist(made, torch.tensor(layout.b)).reshape(len(centres), config.n_test, -1)
    sent = distances.argmin(2).mode(1).values
    inside = distances[torch.arange(len(centres)), :, sent] < 3 * config.std
    again = gan.translate(made, "ba").reshape_as(points)
    cycle = float((again - points).abs().mean()) / config.std
    return Found(tuple(sent.tolist()), float(inside.float().mean(1).min()), cycle)


def run_once(config: CyclePointsConfig, layout: str, seed: int) -> Found:
    """Train one CycleGAN and return what it has learned.

    Parameters
    ----------
    config, layout, seed
        Settings, a key of ``LAYOUTS``, and the run's number.
    """
    gan, laws = make_points_cyclegan(config, seed), make_laws(LAYOUTS[layout], config.std)
    finish(gan, laws.draw)
    return judge(gan, LAYOUTS[layout], config)


def all_runs(config: CyclePointsConfig) -> dict[str, Run]:
    """Return every run by the name "way layout seed", to be made in this order.

    Parameters
    ----------
    config
        Settings.
    """

    def one(settings: CyclePointsConfig, layout: str, seed: int) -> list[Any]:
        found = run_once(settings, layout, seed)
        return [list(found.sent), round(found.share, 3), float(f"{found.cycle:.3g}")]

    return {
        f"{way}, {layout}, {seed}": partial(one, settings, layout, seed)
        for way, settings in ways(config).items()
        for layout in (config.layouts if way == "cycle" else config.layouts[:1])
        for seed in config.seeds
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen = CyclePointsConfig()
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else None
    left = record_one_by_one("cycle_points", asdict(chosen), all_runs(chosen), minutes)
    print(f"{left} runs are missing")
