"""GAN, VAE and VAE-GAN on digits: samples, reconstructions, bounds, time (chapter 13).

``python -m gan_lessons.experiments.vae_digits [digits or fashion] [device]`` trains each model with
each seed and writes ``book/runs/vae_digits.json`` after every run; it goes on where it stopped.
"""

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons.data import Labelled, load
from gan_lessons.experiments.digit_attributes import attribute_direction, slant, thickness
from gan_lessons.experiments.digits_gan import pack_images
from gan_lessons.experiments.image_gan import Yardstick, train_classifier
from gan_lessons.experiments.recorded import recorded_folder, save_recorded
from gan_lessons.experiments.vae_models import COMPARISONS, MODELS, ComparisonConfig, make_model
from gan_lessons.metrics import density_coverage, precision_recall
from gan_lessons.models import VAE, VAEGAN, active_units
from gan_lessons.training import train

ATTRIBUTES = {"slant": slant, "thickness": thickness}


class Outcome(NamedTuple):
    """What is measured of a run after some steps, on as many samples as images are held out.

    ``squared_error`` is per pixel and of held-out images, ``frechet_rebuilt`` the distance of
    their reconstructions, ``bound`` the importance-weighted one on log p(x) in nats, ``active``
    the number of active units; None where a model has no such thing.
    """

    step: int
    cpu_seconds: float
    frechet: float
    precision: float
    recall: float
    coverage: float
    squared_error: float | None
    frechet_rebuilt: float | None
    bound: float | None
    active: int | None


class AttributeChange(NamedTuple):
    """What adding an attribute's direction to codes of held-out images did.

    ``asked`` is the difference between the groups that gave the direction, ``got`` the mean
    change of the attribute in the decoded images, ``kept`` the share whose class stayed.
    """

    asked: float
    got: float
    kept: float


class Bench(NamedTuple):
    """What all runs are trained on and measured with."""

    training: Labelled
    held_out: Labelled
    yardstick: Yardstick


def make_bench(config: ComparisonConfig, device: torch.device | str = "cpu") -> Bench:
    """Return data and yardstick of a comparison."""
    base = config.base
    training = load(base.dataset, "train", size=base.image_size)
    held_out = load(base.dataset, "test", size=base.image_size)
    classifier = train_classifier(training, base.classifier_epochs, device=device)
    return Bench(training, held_out, Yardstick(classifier.requires_grad_(False), held_out.images))


def measure(model: Any, bench: Bench, config: ComparisonConfig, cpu_seconds: float) -> Outcome:
    """Return what is recorded of a model as it is now; nothing of it changes."""
    seed, n = model.config.seed, bench.yardstick.n
    images, reference = bench.held_out.images, bench.yardstick.reference
    samples = model.sample(n, torch.Generator().manual_seed(seed))
    features = bench.yardstick.features(samples)
    near = precision_recall(reference, features, k=3)
    error = rebuilt = bound = active = None
    if isinstance(model, VAE | VAEGAN):
        again = model.reconstruct(images).to(images.device)
        error = (again - images).square().mean().item()
        rebuilt = bench.yardstick.distance(again)
        active = int(active_units(model.encode(images).mean).sum())
    if isinstance(model, VAE):
        rng = torch.Generator().manual_seed(seed)
        bound = model.log_likelihood_bound(images, config.n_draws, rng).mean().item()
    return Outcome(
        model.steps_done,
        cpu_seconds,
        bench.yardstick.distance(samples),
        near.precision,
        near.recall,
        density_coverage(reference, features, k=5).coverage,
        error,
        rebuilt,
        bound,
        active,
    )


def direction_of(model: VAE | VAEGAN, data: Labelled, name: str) -> tuple[Tensor, float]:
    """Return an attribute's direction in z within classes, and how far apart its groups lie.

    Parameters
    ----------
    model
        Encodes the images.
    data
        Training images and labels; means of each class are taken off, of codes and attribute.
    name
        A key of ``ATTRIBUTES``.
    """
    codes, value = model.encode(data.images).mean.cpu(), ATTRIBUTES[name](data.images)
    for label in data.labels.unique():
        members = data.labels == label
        codes[members] -= codes[members].mean(0)
        value[members] -= value[members].mean()
    groups = attribute_direction(value[:, None], value)
    return attribute_direction(codes, value), float(groups)


def change_attribute(model: VAE | VAEGAN, bench: Bench, name: str) -> AttributeChange:
    """Add an attribute's direction to the codes of held-out images; say what it did."""
    direction, asked = direction_of(model, bench.training, name)
    codes = model.encode(bench.held_out.images).mean
    before, after = (model.decode(z) for z in (codes, codes + direction.to(codes)))
    attribute, classify = ATTRIBUTES[name], bench.yardstick.classifier
    got = (attribute(after) - attribute(before)).mean().item()
    kept = (classify(after).argmax(1) == classify(before).argmax(1)).double().mean().item()
    return AttributeChange(asked, got, kept)


def run_model(name: str, config: ComparisonConfig, seed: int, bench: Bench, device: str) -> Any:
    """Train one model and return plain data: rows, changes of attributes, pictures."""
    model, rows, seconds = make_model(name, config, seed, device), [], 0.0
    images = bench.training.images.to(device)
    for step in config.measured_at:
        part = replace(model.config, steps=step, log_every=step)
        started = time.process_time()
        for _ in train(model, images, part):
            pass
        seconds += time.process_time() - started
        rows.append([_short(v) for v in measure(model, bench, config, seconds)])
    found: dict[str, Any] = {"seed": seed, "rows": rows}
    autoencoder = isinstance(model, VAE | VAEGAN)
    if autoencoder:
        changes = {key: change_attribute(model, bench, key) for key in ATTRIBUTES}
        found["attributes"] = {key: [_short(v) for v in change] for key, change in changes.items()}
    if seed == config.seeds[0]:
        rng, shown = torch.Generator().manual_seed(seed), bench.held_out.images[: config.n_shown]
        found["samples"] = pack_images(model.sample(config.n_shown, rng).cpu())
        if autoencoder:
            found["reconstructions"] = pack_images(model.reconstruct(shown).cpu())
    return found


def record(
    name: str = "digits",
    device: str = "cpu",
    config: ComparisonConfig | None = None,
    folder: Path | None = None,
) -> Path:
    """Train what is not stored yet, seed by seed, and store every run as it is done.

    Parameters
    ----------
    name
        A key of ``COMPARISONS``.
    device
        Where to train.
    config
        Other settings than those of ``COMPARISONS``.
    folder
        Where the file is; by default ``book/runs``.

    Returns
    -------
    Path
    """
    config, started = config or COMPARISONS[name], time.perf_counter()
    path = (folder or recorded_folder()) / f"vae_{name}.json"
    runs, before = _stored(path, config)
    bench = make_bench(config, device)
    shown = pack_images(bench.held_out.images[: config.n_shown])
    for seed in config.seeds:
        for model in MODELS:
            if any(run["seed"] == seed for run in runs[model]):
                continue
            runs[model].append(run_model(model, config, seed, bench, device))
            found = {
                "columns": list(Outcome._fields),
                "attribute_columns": list(AttributeChange._fields),
                "floor": [_short(d) for d in bench.yardstick.floor(bench.training.images)[0]],
                "n": bench.yardstick.n,
                "shown": shown,
                "runs": runs,
            }
            seconds = before + time.perf_counter() - started
            path = save_recorded(f"vae_{name}", asdict(config), found, seconds, device, folder)
    return path


def _stored(path: Path, config: ComparisonConfig) -> tuple[dict[str, list[Any]], float]:
    """Return the runs that a file has of this config, and the seconds that they took."""
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["config"] == json.loads(json.dumps(asdict(config))):
            return stored["results"]["runs"], stored["machine"]["seconds"]
    return {model: [] for model in MODELS}, 0.0


def _short(value: float | int | None) -> float | int | None:
    """Return a number in five digits."""
    return value if value is None or isinstance(value, int) else float(f"{value:.5g}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    words = [*sys.argv[1:], *("digits", "cpu")[len(sys.argv) - 1 :]]
    print(record(words[0], words[1]))
