"""f-GANs on digits: which classes they reach, and how well, by divergence (chapter 14).

``python -m gan_lessons.experiments.fgan_digits`` does what ``book/runs/fgan_digits.json`` lacks.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data import load
from gan_lessons.experiments._image_networks import image_networks, shift_augmentation
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.critics_on_digits import make_yardstick
from gan_lessons.experiments.image_gan import PRESETS, ImageGANConfig, Yardstick
from gan_lessons.experiments.recorded import load_recorded, recorded_folder, save_recorded
from gan_lessons.metrics import class_frequencies, precision_recall
from gan_lessons.objectives import fgan
from gan_lessons.training import GANState, train

_STORE = "fgan_digits"


@dataclass(frozen=True)
class FGANDigitsConfig:
    """The recorded runs: chapter 8's recipe with another objective, and fewer steps.

    Parameters
    ----------
    base
        Chapter 8's recipe; nothing was tuned anew.
    divergences
        Keys of ``F_DIVERGENCES``. G raises the mean of g_f(v(G(z))), the paper's alternative: with
        "gan" this is chapter 8's own objective.
    seeds
        One run each.
    steps
        Length of each run.
    """

    base: ImageGANConfig = PRESETS["laptop"]
    divergences: tuple[str, ...] = ("gan", "kl", "reverse-kl", "squared-hellinger")
    seeds: tuple[int, ...] = (1000, 1001, 1002)
    steps: int = 500

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        check_count(self.steps, "steps")


class Digits(NamedTuple):
    """What one run made, judged on as many samples as images are held out.

    Parameters
    ----------
    classes
        Classes that get at least a fifth of their even share, of 10.
    rarest
        Smallest share of a class.
    precision, recall
        On the classifier's features, with k = 3.
    frechet
        Distance to the held-out images; NaN, as all the rest is 0, if samples are not finite.
    """

    classes: float
    rarest: float
    precision: float
    recall: float
    frechet: float


def make_fgan(key: str, base: ImageGANConfig, seed: int, steps: int) -> GANState:
    """Return an f-GAN for digits, ready to be trained."""
    numbers = replace(base.training(), steps=steps, log_every=steps, seed=seed)
    g, d = image_networks(base.image_size, 1, base.z_dim, base.width, base.fan_in_start, seed)
    shift = shift_augmentation(base.max_shift)
    return GANState(g, d, fgan(key, alternative=True), numbers, shift)


def judge(samples: Tensor, yardstick: Yardstick) -> Digits:
    """Return what samples (n, 1, h, w) are worth, n being as many as are held out."""
    if not bool(samples.isfinite().all()):
        return Digits(0.0, 0.0, 0.0, 0.0, float("nan"))
    with torch.no_grad():
        shares = class_frequencies(yardstick.classifier(samples))
    precision, recall = precision_recall(yardstick.reference, yardstick.features(samples))
    return Digits(
        float((shares >= 0.2 / len(shares)).sum()),
        float(shares.min()),
        precision,
        recall,
        yardstick.distance(samples),
    )


def run(config: FGANDigitsConfig, folder: Path | None = None) -> Iterator[tuple[str, int, Digits]]:
    """Do what is not stored yet, and store each run as it is done.

    Parameters
    ----------
    config
        Settings.
    folder
        Where the store is; by default ``book/runs``.

    Yields
    ------
    tuple of str, int and Digits
        Divergence, seed and outcome of each run that was done now.
    """
    path = (folder or recorded_folder()) / f"{_STORE}.json"
    settings = asdict(config)
    stored: list[dict[str, Any]] = []
    seconds = 0.0
    if path.is_file():
        old = json.loads(path.read_text(encoding="utf-8"))
        if old["config"]["steps"] == config.steps and old["config"]["base"] == _plain(config.base):
            stored, seconds = old["results"], old["machine"]["seconds"]
    have = {(one["divergence"], one["seed"]) for one in stored}
    wanted = [(key, seed) for seed in config.seeds for key in config.divergences]
    missing = [pair for pair in wanted if pair not in have]
    if not missing:
        return
    training = load(config.base.dataset, "train", size=config.base.image_size).images
    yardstick = make_yardstick(config.base)
    for key, seed in missing:
        started = time.process_time()
        system = make_fgan(key, config.base, seed, config.steps)
        for _ in train(system, training, system.config):
            pass
        samples = system.sample(yardstick.n, torch.Generator().manual_seed(seed))
        outcome = judge(samples, yardstick)
        seconds += time.process_time() - started
        numbers = " ".join(f"{v:.4g}" for v in outcome)
        stored.append({"divergence": key, "seed": seed, "outcome": numbers})
        save_recorded(_STORE, settings, stored, seconds, folder=path.parent)
        yield key, seed, outcome


def stored_digits() -> dict[str, list[Digits]]:
    """Return the recorded outcomes of each divergence, one for each seed."""
    found: dict[str, list[Digits]] = {}
    for one in load_recorded(_STORE)["results"]:
        outcome = Digits(*(float(v) for v in one["outcome"].split()))
        found.setdefault(one["divergence"], []).append(outcome)
    return found


def _plain(config: ImageGANConfig) -> dict[str, Any]:
    """Return settings as JSON gives them back."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return plain


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, number, result in run(FGANDigitsConfig()):
        print(name, number, result, flush=True)
