"""CycleGANs on a reader's own folders: ``unpaired``, with trainA, trainB, testA and testB."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from gan_lessons._validation import check_count
from gan_lessons.data import UnpairedFolder
from gan_lessons.metrics import frechet_distance
from gan_lessons.models import CycleGAN, CycleGANConfig
from gan_lessons.models.cyclegan import Direction
from gan_lessons.networks import PatchDiscriminator, ResnetTranslator
from gan_lessons.objectives import get_objective
from gan_lessons.training import TrainConfig

N_MEASURED = 200  # images of each domain
_SHOWN = 8  # images of each domain in a picture
_COARSE = 16  # pixels a side of what the distance compares
_WAYS: tuple[tuple[Direction, Direction], ...] = (("ab", "ba"), ("ba", "ab"))


@dataclass(frozen=True)
class UnpairedConfig:
    """Settings of a CycleGAN on folders.

    Parameters
    ----------
    image_size
        Side of the training images in pixels, a multiple of 4; any size is translated.
    margin
        Training images are read with so many pixels more, and windows are cut out of them.
    flip
        Whether half of the training images are mirrored.
    channels
        1 for grey, 3 for colour.
    width
        Maps of both networks at full size.
    n_blocks
        Residual blocks of a generator.
    n_layers
        Halvings in a discriminator; what one of its logits sees grows with it.
    objective
        A key of ``OBJECTIVES``.
    training
        The numbers of the run.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    image_size: int = 32
    margin: int = 4
    flip: bool = True
    channels: int = 3
    width: int = 16
    n_blocks: int = 3
    n_layers: int = 2
    objective: str = "least-squares"
    training: TrainConfig = CycleGANConfig(
        steps=2000,
        batch_size=4,
        identity_weight=5.0,
        adversarial_weight=2.0,
        ema_decay=0.995,
        decay_from=1000,
        decay_steps=1000,
        log_every=20,
    )

    def __post_init__(self) -> None:
        if check_count(self.image_size, "image_size", minimum=8) % 4:
            raise ValueError(f"image_size must be a multiple of 4, got {self.image_size}.")
        for name, minimum in (("margin", 0), ("width", 1), ("n_blocks", 0), ("n_layers", 0)):
            check_count(getattr(self, name), name, minimum=minimum)
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 for grey or 3 for colour, got {self.channels!r}.")
        if not isinstance(self.flip, bool):
            raise TypeError(f"flip must be True or False, got {self.flip!r}.")
        if self.n_layers and 3 * 2**self.n_layers > self.image_size:
            raise ValueError(
                f"n_layers must leave a patch of {self.image_size} pixels (image_size at least "
                f"3 * 2^n_layers), got {self.n_layers}."
            )
        if not isinstance(self.training, CycleGANConfig):
            kind = type(self.training).__name__
            raise TypeError(f"training must be a CycleGANConfig, got {kind}.")
        get_objective(self.objective)


#: The published numbers, with an average of the generators besides.
_FULL = CycleGANConfig(
    steps=200_000,
    identity_weight=5.0,
    adversarial_weight=2.0,
    decay_from=100_000,
    decay_steps=100_000,
    log_every=100,
    precision="bfloat16",
    channels_last=True,
)

UNPAIRED_PRESETS: dict[str, UnpairedConfig] = {
    "laptop": UnpairedConfig(),
    "full": UnpairedConfig(
        image_size=256, margin=30, width=64, n_blocks=9, n_layers=3, training=_FULL
    ),
}


def make_unpaired(config: UnpairedConfig, device: torch.device | str = "cpu") -> CycleGAN:
    """Return new generators and discriminators, ready to train.

    Parameters
    ----------
    config
        Its ``training.seed`` also decides the first weights, the same on every device.
    device
        Where to train.

    Returns
    -------
    CycleGAN
    """
    training = config.training
    assert isinstance(training, CycleGANConfig)  # as the config has checked
    rng = torch.Generator().manual_seed(training.seed)
    channels, width = config.channels, config.width

    def generator() -> torch.nn.Module:
        return ResnetTranslator(channels, channels, width, config.n_blocks, rng=rng).to(device)

    def discriminator() -> torch.nn.Module:
        return PatchDiscriminator(channels, width, config.n_layers, rng=rng).to(device)

    there, back, judge_a, judge_b = generator(), generator(), discriminator(), discriminator()
    return CycleGAN(there, back, judge_a, judge_b, config.objective, training)


def load_unpaired(config: UnpairedConfig, path: str | Path) -> UnpairedFolder:
    """Return the images of a folder with trainA and trainB.

    Parameters
    ----------
    config
        Gives their size.
    path
        The folder.
    """
    load_size = config.image_size + config.margin
    folder = UnpairedFolder(path, config.image_size, load_size, config.channels, config.flip)
    folder.check_batch(config.training.batch_size * config.training.d_steps)
    return folder


def measure_unpaired(gan: CycleGAN, folder: UnpairedFolder) -> dict[str, float]:
    """Return how far translated test images are from the other domain's, and from their way back.

    No truth is known: ``frechet_pixels`` compares laws of coarse pixels (16 by 16), ``cycle_l1``
    an image with what comes back of it. Both can be small for a wrong translation (chapter 16).

    Parameters
    ----------
    gan
        Its averaged weights translate.
    folder
        Its test images are used.

    Returns
    -------
    dict
        Means over both directions; nothing if a domain has fewer than two test images.
    """
    domains = {"a": folder.test_a[:N_MEASURED], "b": folder.test_b[:N_MEASURED]}
    if min(map(len, domains.values())) < 2:
        return {}
    distances, differences = [], []
    for there, back in _WAYS:
        images, wanted = domains[there[0]], domains[there[1]].cpu()
        made = gan.translate(images, there)
        again = gan.translate(made, back)
        differences.append(float((again.cpu().float() - images.cpu()).abs().mean()))
        n = min(len(made), len(wanted))
        coarse = (
            adaptive_avg_pool2d(law[:n], _COARSE).flatten(1) for law in (wanted, made.cpu().float())
        )
        distances.append(frechet_distance(*coarse))
    return {"frechet_pixels": sum(distances) / 2, "cycle_l1": sum(differences) / 2}


def draw_unpaired(gan: CycleGAN, folder: UnpairedFolder) -> Tensor:
    """Return six rows of eight images: a, translated, back again, and the same from b.

    Parameters
    ----------
    gan
        Its averaged weights translate.
    folder
        Its first test images are shown, else its first training images.

    Returns
    -------
    Tensor (48, c, h, w)
    """
    rng = torch.Generator().manual_seed(0)
    n = min(_SHOWN, len(folder.paths["trainA"]), len(folder.paths["trainB"]))
    drawn = {"a": folder.test_a, "b": folder.test_b}
    if min(map(len, drawn.values())) == 0:
        drawn = dict(zip("ab", folder.sample(n, rng), strict=True))
    rows = []
    for there, back in _WAYS:
        images = drawn[there[0]]
        images = images[torch.arange(_SHOWN) % len(images)]  # a row is always full
        made = gan.translate(images, there)
        rows += [images.to(made), made, gan.translate(made, back)]
    return torch.cat(rows)
