"""Two styles of emoji: real pictures, trained without pairs, measured on hidden ones (chapter 16).

They are read from ``emoji/emoji32.npz`` in the folder of ``GAN_LESSONS_DATA``: arrays ``noto`` and
``twemoji`` (n, 32, 32, 3) of the same n emoji in bytes on white, and ``split`` with "a", "b" or
"test" for each. Whoever shows them names both sources, Noto Emoji (Apache 2.0) and Twemoji
(CC BY 4.0, (c) 2020 Twitter, Inc and other contributors; reduced in size).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from gan_lessons._validation import check_count, check_positive
from gan_lessons.data import DataNotFound, data_folder, random_crop
from gan_lessons.experiments.cycle_measures import Translate, difference
from gan_lessons.experiments.digits_gan import pack_images, unpack_images
from gan_lessons.experiments.trainable_translation import UnpairedConfig
from gan_lessons.models import CycleGANConfig, Pix2Pix, Pix2PixConfig
from gan_lessons.models.translation_config import TranslationConfig
from gan_lessons.networks import PatchDiscriminator, ResnetTranslator

SIDE = 32
_SHOWN = 10  # test pairs of which pictures are kept


@dataclass(frozen=True)
class EmojiConfig:
    """Settings of the recorded runs.

    Parameters
    ----------
    recipe
        Networks and numbers of the unpaired run; the paired one has the same steps and rates. Of
        the images' sizes ``margin`` is used: windows are cut from emoji with so much white more.
    l1_weight
        Of the paired run that bounds the unpaired one.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    recipe: UnpairedConfig = UnpairedConfig(
        width=12,
        n_blocks=2,
        flip=False,
        training=CycleGANConfig(
            steps=2000,
            batch_size=4,
            g_lr=1e-3,
            d_lr=1e-3,
            identity_weight=5.0,
            adversarial_weight=2.0,
            ema_decay=0.99,
            decay_from=1000,
            decay_steps=1000,
            log_every=100,
        ),
    )
    l1_weight: float = 100.0

    def __post_init__(self) -> None:
        if not isinstance(self.recipe, UnpairedConfig):
            raise TypeError(f"recipe must be an UnpairedConfig, got {type(self.recipe).__name__}.")
        if self.recipe.image_size != SIDE or self.recipe.channels != 3 or self.recipe.flip:
            raise ValueError(
                f"recipe must have image_size={SIDE}, channels=3 and flip=False (letters have no "
                f"mirror images), got {self.recipe}."
            )
        check_positive(self.l1_weight, "l1_weight")


#: For a GPU: the published width and number of blocks for small images.
_FULL = CycleGANConfig(
    steps=20_000,
    batch_size=16,
    identity_weight=5.0,
    adversarial_weight=2.0,
    ema_decay=0.999,
    decay_from=10_000,
    decay_steps=10_000,
    log_every=500,
    precision="bfloat16",
    channels_last=True,
)

EMOJI_PRESETS: dict[str, EmojiConfig] = {
    "laptop": EmojiConfig(),
    "full": EmojiConfig(UnpairedConfig(width=64, n_blocks=6, flip=False, training=_FULL)),
}


class Emoji(NamedTuple):
    """Training images of both styles, of different emoji, and test pairs; all (n, 3, 32, 32).

    Parameters
    ----------
    a, b
        Noto and Twemoji, for training.
    partners_of_a
        The emoji of a in the style of b: for the paired bound alone.
    test_a, test_b
        Pairs, row by row.
    margin
        White pixels that are added on each side before a window is cut.
    """

    a: Tensor
    b: Tensor
    partners_of_a: Tensor
    test_a: Tensor
    test_b: Tensor
    margin: int = 4

    def draw(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return n images of each style, drawn and shifted independently."""
        rows_a, rows_b = (_rows(part, n, rng) for part in (self.a, self.b))
        return self._cut(self.a[rows_a], rng), self._cut(self.b[rows_b], rng)

    def draw_pairs(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return n images of a and their partners, both of a pair shifted alike."""
        rows = _rows(self.a, n, rng)
        both = self._cut(torch.cat([self.a[rows], self.partners_of_a[rows]], 1), rng)
        return both[:, :3], both[:, 3:]

    def _cut(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Shift each image by a few pixels; white comes in."""
        return random_crop(pad(images, [self.margin] * 4, value=1.0), SIDE, rng)


def _rows(images: Tensor, n: int, rng: torch.Generator) -> Tensor:
    """Draw n rows of images, which may be on another device than ``rng``."""
    rows = torch.randint(len(images), (n,), generator=rng, device=rng.device)
    return rows.to(images.device)


def load_emoji(root: str | Path | None = None, margin: int = 4) -> Emoji:
    """Read both styles; no emoji of a is in b, and none of the test pairs in either.

    Parameters
    ----------
    root
        The data folder; None takes that of ``GAN_LESSONS_DATA`` or the cache.
    margin
        As in ``Emoji``; shifts go up to so many pixels.

    Raises
    ------
    DataNotFound
        If the file is not there.
    """
    path = data_folder(root) / "emoji" / "emoji32.npz"
    check_count(margin, "margin", minimum=0)
    if not path.is_file():
        raise DataNotFound(
            f"{path} is not there; set GAN_LESSONS_DATA to the folder that has it, or train on "
            "folders of your own: python -m gan_lessons train unpaired --data FOLDER."
        )
    with np.load(path, allow_pickle=False) as stored:
        split = stored["split"]
        noto, twemoji = (
            torch.from_numpy(stored[name]).movedim(3, 1).float() / 127.5 - 1
            for name in ("noto", "twemoji")
        )
    in_a, in_b, tested = (torch.from_numpy(split == name) for name in ("a", "b", "test"))
    parts = (noto[in_a], twemoji[in_b], twemoji[in_a], noto[tested], twemoji[tested])
    return Emoji(*parts, margin=margin)


def make_paired(config: EmojiConfig, device: torch.device | str = "cpu") -> Pix2Pix:
    """Return a new Pix2Pix with one of the same translators, ready to train on pairs.

    Parameters
    ----------
    config
        Settings.
    device
        Where to train.
    """
    recipe, training = config.recipe, config.recipe.training
    rng = torch.Generator().manual_seed(training.seed)
    generator: nn.Module = ResnetTranslator(3, 3, recipe.width, recipe.n_blocks, rng=rng)
    discriminator: nn.Module = PatchDiscriminator(6, recipe.width, recipe.n_layers, rng=rng)
    shared = {name: getattr(training, name) for name in TranslationConfig.__dataclass_fields__}
    paired = Pix2PixConfig(l1_weight=config.l1_weight, **shared)
    return Pix2Pix(generator.to(device), discriminator.to(device), recipe.objective, paired)


def blurred(images: Tensor) -> Tensor:
    """Return the mean of each pixel's 5 by 5 neighbours; beyond the edge they are white."""
    return avg_pool2d(pad(images, [2] * 4, value=1.0), 5, stride=1)


def measure_emoji(there: Translate, back: Translate, emoji: Emoji) -> dict[str, Any]:
    """Return the mean absolute differences on the test pairs, and pictures of the first ten.

    Parameters
    ----------
    there, back
        From a to b and from b to a.
    emoji
        Gives the pairs.

    Returns
    -------
    dict
        ``ab`` and ``ba`` from the partner, ``cycle_a`` and ``cycle_b`` after there and back,
        ``identity`` of the pairs themselves, ``blurred_ab`` and ``blurred_ba`` of the pictures
        that are only blurred (means over 5 by 5 pixels), and ``pictures`` by ``a``, ``b``, ``ab``,
        ``ba``, ``aba``, ``bab``.
    """
    a, b = emoji.test_a, emoji.test_b
    made_b, made_a = there(a).cpu().float(), back(b).cpu().float()
    again_a, again_b = back(made_b).cpu().float(), there(made_a).cpu().float()
    pairs = {"ab": (made_b, b), "ba": (made_a, a), "cycle_a": (again_a, a), "cycle_b": (again_b, b)}
    pairs |= {"identity": (a, b), "blurred_ab": (blurred(a), b), "blurred_ba": (blurred(b), a)}
    found: dict[str, Any] = {name: float(f"{difference(*two):.4g}") for name, two in pairs.items()}
    kept = {"a": a, "b": b, "ab": made_b, "ba": made_a, "aba": again_a, "bab": again_b}
    found["pictures"] = {name: pack_images(part[:_SHOWN]) for name, part in kept.items()}
    return found


def unpack_emoji(pictures: dict[str, str]) -> dict[str, Tensor]:
    """Return the images (10, 3, 32, 32) of ``measure_emoji``, in 17 levels of each colour."""
    return {name: unpack_images(text, SIDE, 3) for name, text in pictures.items()}
