"""Cover or seek: one normal law fitted to two unequal modes by f-GANs (chapter 14).

``python -m gan_lessons.experiments.fgan_covering`` does what ``book/runs/fgan_covering.json``
lacks: the model cannot fit the data, so that the divergence has to choose.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gan_lessons.distributions import Mixture
from gan_lessons.divergences import GaussianFit, fit_gaussian
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.fgan_fit import FitConfig, SampledFit, fit_from_samples
from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded

#: Seven tenths of the data on the left, three on the right, with little between them.
TWO_MODES = Mixture([0.7, 0.3], [-2.0, 2.0], [0.6, 0.6])

_STORE = "fgan_covering"


@dataclass(frozen=True)
class CoveringConfig:
    """The recorded fits.

    Parameters
    ----------
    divergences
        Keys of ``F_DIVERGENCES``.
    seeds
        One fit each; mu starts within a standard deviation of the data's mean, sigma at 0.9 to 1.4
        of the data's: wide, in the middle.
    fit
        That of the univariate study with smaller batches and a higher rate for mu and sigma: with
        800 steps at the rate of the study ten of these seeds were still on their way by reverse KL.
    """

    divergences: tuple[str, ...] = (
        *("kl", "reverse-kl", "jensen-shannon", "pearson"),
        *("squared-hellinger", "jeffrey"),
    )
    seeds: tuple[int, ...] = tuple(range(1000, 1016))
    fit: FitConfig = FitConfig(batch_size=256, g_lr=3e-2)

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)


class Choice(NamedTuple):
    """What a divergence chose: every local minimum by quadrature, and the fits from samples.

    Parameters
    ----------
    exact
        As ``fit_gaussian`` gives it.
    fits
        One for each seed.
    nearest
        For each seed the index in ``exact.minima`` of the nearest one, in mu and sigma.
    """

    exact: GaussianFit
    fits: SampledFit
    nearest: tuple[int, ...]


def run(config: CoveringConfig, folder: Path | None = None) -> Iterator[str]:
    """Do what is not stored yet, store each divergence as it is done, and yield its key.

    Parameters
    ----------
    config
        Settings; what is stored under others is done again.
    folder
        Where the store is; by default ``book/runs``.
    """
    path = (folder or recorded_folder()) / f"{_STORE}.json"
    settings = {k: v for k, v in asdict(config).items() if k != "divergences"}
    done: dict[str, Any] = {}
    seconds = 0.0
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        same = {k: v for k, v in old["config"].items() if k != "divergences"}
        if same == json.loads(json.dumps(settings)):
            done, seconds = old["results"], old["machine"]["seconds"]
    for key in config.divergences:
        if key not in done:
            started = time.process_time()
            fit = fit_from_samples(key, TWO_MODES, config.seeds, config.fit)
            seconds += time.process_time() - started
            done[key] = {
                name: " ".join(f"{v:.5g}" for v in part.tolist())
                for name, part in fit._asdict().items()
            }
            save_recorded(_STORE, asdict(config), done, seconds, folder=path.parent)
            yield key


def choose(key: str, fits: SampledFit) -> Choice:
    """Return fits of one divergence beside all minima that quadrature finds."""
    exact = fit_gaussian(key, TWO_MODES)
    found = torch.stack([fits.mu, fits.sigma], 1)
    wanted = torch.tensor([minimum[:2] for minimum in exact.minima], dtype=torch.float64)
    return Choice(exact, fits, tuple(torch.cdist(found, wanted).argmin(1).tolist()))


def stored_choices() -> dict[str, Choice]:
    """Return what was recorded, for each divergence."""
    choices = {}
    for key, one in load_recorded(_STORE)["results"].items():
        parts = [[float(v) for v in one[name].split()] for name in SampledFit._fields]
        choices[key] = choose(key, SampledFit(*torch.tensor(parts, dtype=torch.float64)))
    return choices


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in run(CoveringConfig()):
        print(name, flush=True)
