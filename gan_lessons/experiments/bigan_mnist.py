"""BiGAN on MNIST or Fashion-MNIST with perceptrons, as in the paper (chapter 15, recorded).

``python -m gan_lessons.experiments.bigan_mnist [preset] [folder]`` trains one BiGAN, then what it
is compared with, and writes ``book/runs/bigan_mnist.json`` (of the preset ``laptop``; others get
their own file) after each measurement. With a folder for checkpoints it goes on where it stopped.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data import Labelled, load
from gan_lessons.experiments.bigan_measures import (
    Draw,
    judged,
    measure,
    moved,
    pair_features,
    rivals,
)
from gan_lessons.experiments.digits_gan import pack_images
from gan_lessons.experiments.recorded import save_recorded, write_json
from gan_lessons.models.bigan import BiGAN
from gan_lessons.networks import ImageMLPEncoder, ImageMLPGenerator, MLPPairDiscriminator
from gan_lessons.training import TrainConfig, choose_device, load_checkpoint, save_checkpoint, train

SIDE = 28

# While training, recipes are judged by images that neither the game nor the neighbours have seen.
_FEW = 5000


@dataclass(frozen=True)
class BiGANMnistConfig:
    """Settings of the recorded run.

    Parameters
    ----------
    dataset
        "mnist" or "fashion-mnist".
    hidden
        Units in both hidden layers of each network.
    training
        The numbers of the run; both learning rates fall on a line to 0 in its second half.
    baseline_steps
        Steps of the latent regressor and of each autoencoder.
    n_shown
        Test images kept with their reconstructions, and samples kept.
    standardised
        Whether the codes are brought to mean 0 and variance 1, as z has them.
    max_shift
        Pixels by which the BiGAN's training images are moved, at most, in each direction.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    dataset: Literal["mnist", "fashion-mnist"] = "mnist"
    hidden: int = 1024
    training: TrainConfig = TrainConfig(
        steps=3000,
        batch_size=128,
        z_dim=50,
        g_lr=5e-4,
        d_lr=5e-4,
        r1_gamma=0.2,
        instance_noise=0.3,
        ema_decay=0.99,
        log_every=250,
        precision="bfloat16",
    )
    baseline_steps: int = 2000
    n_shown: int = 40
    standardised: bool = True
    max_shift: int = 2

    def __post_init__(self) -> None:
        if self.dataset not in ("mnist", "fashion-mnist"):
            raise ValueError(f"dataset must be 'mnist' or 'fashion-mnist', got {self.dataset!r}.")
        for name in ("hidden", "baseline_steps", "n_shown"):
            check_count(getattr(self, name), name)
        check_count(self.max_shift, "max_shift", minimum=0)
        if not isinstance(self.training, TrainConfig):
            raise TypeError(f"training must be a TrainConfig, got {self.training!r}.")


#: The paper's width and number of steps (400 epochs), for a GPU.
_FULL = replace(
    BiGANMnistConfig.training,
    steps=187_500,
    g_lr=2e-4,
    d_lr=2e-4,
    ema_decay=0.999,
    log_every=2500,
)

BIGAN_PRESETS: dict[str, BiGANMnistConfig] = {
    "laptop": BiGANMnistConfig(),
    "full": BiGANMnistConfig("mnist", 1024, _FULL, 187_500),
    "full-fashion": BiGANMnistConfig("fashion-mnist", 1024, _FULL, 187_500),
}


def make_bigan(config: BiGANMnistConfig, device: torch.device | str = "cpu") -> BiGAN:
    """Return a new BiGAN of perceptrons, its weights drawn from the seed.

    Parameters
    ----------
    config
        Settings.
    device
        Where to train.

    Returns
    -------
    BiGAN
    """
    z_dim, hidden = config.training.z_dim, config.hidden
    rng = torch.Generator().manual_seed(config.training.seed)
    generator = ImageMLPGenerator(SIDE, 1, z_dim, hidden, rng=rng)
    encoder = ImageMLPEncoder(SIDE, 1, z_dim, hidden, rng=rng, standardised=config.standardised)
    discriminator = MLPPairDiscriminator(SIDE * SIDE, z_dim, hidden, rng=rng)
    return BiGAN(
        generator.to(device),
        encoder.to(device),
        discriminator.to(device),
        "non-saturating",
        config.training,
    )


def train_bigan(gan: BiGAN, data: Tensor | Draw) -> Iterator[int]:
    """Train with learning rates that stay for half of the run and then fall on a line to 0.

    Parameters
    ----------
    gan
        Trained in place, from the step that it is at.
    data
        Training images (n, 1, 28, 28), or a function (n, rng) that draws some.

    Yields
    ------
    int
        Steps made, each ``log_every`` steps.
    """
    config = gan.config
    while gan.steps_done < config.steps:
        factor = min(1.0, 2 * (1 - gan.steps_done / config.steps))
        for optimizer, lr in (
            (gan.g_optimizer, config.g_lr),
            (gan.e_optimizer, config.g_lr),
            (gan.d_optimizer, config.d_lr),
        ):
            for group in optimizer.param_groups:
                group["lr"] = lr * factor
        for record in train(gan, data, replace(config, steps=gan.steps_done + config.log_every)):
            yield record.step


def run(
    config: BiGANMnistConfig, folder: Path | None = None, device: torch.device | str = "cpu"
) -> Iterator[dict[str, Any]]:
    """Train and measure, yielding all results so far as plain data after each measurement.

    Parameters
    ----------
    config
        Settings.
    folder
        Where the run is saved at each measurement, and found again; None saves nothing.
    device
        Where to train.

    Yields
    ------
    dict
        For ``save_recorded``.
    """
    training, test = (
        Labelled(*(part.to(device) for part in load(config.dataset, split)))
        for split in ("train", "test")
    )
    gan, course = make_bigan(config, device), []
    if folder is not None and (folder / "bigan.pt").is_file():
        load_checkpoint(folder / "bigan.pt", gan)
        course = json.loads((folder / "course.json").read_text("utf-8"))["course"]
    results: dict[str, Any] = {"n_test": len(test.labels), "course": course, "accuracy": {}}
    cut = len(training.labels) - min(_FEW, len(training.labels) // 2)
    rest, few = (
        Labelled(*(part[rows] for part in training)) for rows in (slice(cut), slice(cut, None))
    )
    if gan.steps_done == 0:
        course.append(measure(gan, rest, few))
    for step in train_bigan(gan, partial(moved, rest.images, config.max_shift)):
        if step % (4 * config.training.log_every) and step < config.training.steps:
            continue
        course.append(measure(gan, rest, few))
        if folder is not None:
            write_json(folder / "course.json", {"course": course})
            save_checkpoint(folder / "bigan.pt", gan)
        yield results
    results["end"] = measure(gan, training, test)
    shown = test.images[: config.n_shown]
    results["images"] = {
        name: pack_images(images.cpu().float())
        for name, images in (
            ("test", shown),
            ("reconstructed", gan.reconstruct(shown)),
            ("samples", gan.sample(config.n_shown, torch.Generator(device).manual_seed(0))),
        )
    }
    short = replace(config.training, steps=config.baseline_steps, log_every=config.baseline_steps)
    again = partial(make_bigan, config, device)
    results["accuracy"]["discriminator"] = judged(pair_features(gan), training, test)
    fitted = rivals(gan, gan.network("generator"), again, short, rest.images)
    for name, codes in fitted:
        results["accuracy"][name] = judged(codes, training, test)
        yield results


if __name__ == "__main__":
    torch.set_num_threads(1)
    preset = sys.argv[1] if len(sys.argv) > 1 else "laptop"
    checkpoints = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    name = "bigan_mnist" if preset == "laptop" else f"bigan_mnist_{preset}"
    chosen, where = BIGAN_PRESETS[preset], choose_device() if preset != "laptop" else "cpu"
    started = time.process_time()
    for found in run(chosen, checkpoints, where):
        seconds = time.process_time() - started
        print(found["course"][-1], found["accuracy"], f"{seconds:.0f} s", flush=True)
        save_recorded(name, asdict(chosen), found, seconds, str(where))
