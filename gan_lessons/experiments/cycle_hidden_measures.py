"""How much of a hue a translation hides, and what noise makes of it (chapter 16)."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.experiments.cycle_digits import IMAGE_SIZE
from gan_lessons.experiments.cycle_hidden import HiddenDomains, hue_error, in_hue
from gan_lessons.experiments.digits_gan import pack_images, unpack_images
from gan_lessons.models import CycleGAN

_HUES = 6  # that each test digit is shown in, to see what of its translation is the hue's
_SHOWN = 6  # test digits of which pictures are kept
_SHOWN_NOISE = 0.2


class Hidden(NamedTuple):
    """What one run hides; differences are mean absolute ones, pixels in [-1, 1].

    Parameters
    ----------
    truth
        Translations from the white digits.
    hidden
        Translations of one digit in several hues from their mean.
    cycle, degrees
        After there and back: difference and hue error, for each noise.
    rounded_cycle, rounded_degrees
        The same for each number of grey levels.
    """

    truth: float
    hidden: float
    cycle: list[float]
    degrees: list[float]
    rounded_cycle: list[float]
    rounded_degrees: list[float]


def rounded(images: Tensor, levels: int) -> Tensor:
    """Return images in [-1, 1] with their values rounded to so many equal steps.

    Parameters
    ----------
    images
        Of any shape.
    levels
        At least 2: the ends are levels.
    """
    check_count(levels, "levels", minimum=2)
    return ((images + 1) / 2 * (levels - 1)).round() / (levels - 1) * 2 - 1


def translated_hues(gan: CycleGAN, grey: Tensor, n_hues: int = _HUES) -> Tensor:
    """Return what becomes of each digit in several hues, (n_hues, n, 1, h, w).

    Parameters
    ----------
    gan
        Its averaged weights translate.
    grey
        The digits (n, 1, h, w).
    n_hues
        At equal distances, red first.
    """
    hues = [torch.full((len(grey),), 2 * math.pi * k / n_hues) for k in range(n_hues)]
    return torch.stack([gan.translate(in_hue(grey, hue)) for hue in hues])


def measure_hidden(
    gan: CycleGAN, domains: HiddenDomains, noises: Iterable[float], levels: Iterable[int]
) -> Hidden:
    """Return what a trained CycleGAN hides of the test digits' hues.

    Parameters
    ----------
    gan
        From colour to grey and back.
    domains
        Gives the test digits and their hues.
    noises
        Standard deviations of what is put on a translation before it goes back.
    levels
        Numbers of grey levels to which it is rounded before it goes back.
    """
    test_a, made = domains.test_a, gan.translate(domains.test_a)

    def after(changed: Iterable[Tensor]) -> tuple[list[float], list[float]]:
        again = [gan.translate(images, "ba") for images in changed]
        cycles = [float((images - test_a).abs().mean()) for images in again]
        return cycles, [hue_error(images, test_a) for images in again]

    rng = torch.Generator().manual_seed(0)
    noisy = (made + std * torch.randn(made.shape, generator=rng) for std in noises)
    in_hues = translated_hues(gan, domains.test)
    return Hidden(
        float((made - domains.test).abs().mean()),
        float((in_hues - in_hues.mean(0)).abs().mean()),
        *after(noisy),
        *after(rounded(made, number) for number in levels),
    )


def hidden_pictures(gan: CycleGAN, domains: HiddenDomains) -> dict[str, str]:
    """Return some test digits as text: as they are, there, back, and what is hidden.

    Parameters
    ----------
    gan
        Its averaged weights translate.
    domains
        The first test digits are shown, each in a hue of its own.

    Returns
    -------
    dict of str to str
        ``a`` and, of three channels too, ``back`` and ``noisy`` (back after noise of 0.2);
        ``there``, grey; ``hues``, the translations of the first digit in six hues, grey, and
        ``hidden``, these minus their mean, enlarged to reach -1 or 1.
    """
    grey = domains.test[:_SHOWN]
    hues = 2 * math.pi / _SHOWN * torch.arange(len(grey)) * domains.any_hue
    a = in_hue(grey, hues)
    there = gan.translate(a)
    noise = torch.randn(there.shape, generator=torch.Generator().manual_seed(0))
    in_hues = translated_hues(gan, grey[:1])[:, 0]
    hidden = in_hues - in_hues.mean(0)
    parts = {"a": a, "there": there, "back": gan.translate(there, "ba"), "hues": in_hues}
    parts["noisy"] = gan.translate(there + _SHOWN_NOISE * noise, "ba")
    parts["hidden"] = hidden / hidden.abs().max().clamp_min(1e-6)
    return {name: pack_images(images.clamp(-1, 1)) for name, images in parts.items()}


def unpack_hidden(pictures: dict[str, str]) -> dict[str, Tensor]:
    """Return the images of ``hidden_pictures``, in 17 levels of each colour.

    Parameters
    ----------
    pictures
        ``load_recorded("cycle_hidden")["results"]["runs"]["recipe, 1000"]["pictures"]``.

    Returns
    -------
    dict of str to Tensor
        ``a``, ``back`` and ``noisy`` (6, 3, 16, 16); ``there``, ``hues`` and ``hidden``
        (6, 1, 16, 16).
    """
    colour = ("a", "back", "noisy")
    return {
        name: unpack_images(text, IMAGE_SIZE, 3 if name in colour else 1)
        for name, text in pictures.items()
    }
