"""What is measured of translated digits, and what is kept of them as pictures (chapter 16)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_same_shape
from gan_lessons.experiments.cycle_digits import IMAGE_SIZE, Domains
from gan_lessons.experiments.digits_gan import pack_images, unpack_images

#: Standard deviation of the noise that is put on a translation before it goes back.
NOISE = 0.1

Translate = Callable[[Tensor], Tensor]


class Outcome(NamedTuple):
    """What one run reaches on the test pairs: mean absolute differences, pixels in [-1, 1].

    Parameters
    ----------
    ab, ba
        From the true partner.
    cycle_a, cycle_b
        After there and back.
    noisy_a, noisy_b
        After there and back, with noise of standard deviation ``NOISE`` on the translation.
    kept_ab, kept_ba
        Share of test images whose translation most voters give the true class.
    """

    ab: float
    ba: float
    cycle_a: float
    cycle_b: float
    noisy_a: float
    noisy_b: float
    kept_ab: float
    kept_ba: float


def difference(x: Tensor, y: Tensor) -> float:
    """Return the mean absolute difference of two batches of images of one shape."""
    check_same_shape(x, y, "x", "y")
    return float((x - y).abs().mean())


@torch.no_grad()
def class_kept(images: Tensor, labels: Tensor, voters: list[nn.Module]) -> float:
    """Return the share of images to which the vote gives the true class.

    Parameters
    ----------
    images
        Translations (n, 3, h, w).
    labels
        Classes (n,) of what was translated.
    voters
        Classifiers of the domain of ``images``.
    """
    votes = torch.stack([voter(images).argmax(1) for voter in voters])
    return float((votes.mode(0).values == labels).float().mean())


def measure(
    there: Translate, back: Translate, domains: Domains, voters: list[nn.Module]
) -> tuple[Outcome, dict[str, Tensor]]:
    """Return the outcome of two translators on all test images, and what they made.

    Parameters
    ----------
    there, back
        From a to b and from b to a.
    domains
        Gives the test images, their true partners and the classes.
    voters
        Of ``train_voters``: as many of a as of b.

    Returns
    -------
    Outcome
    dict of str to Tensor (k, 3, h, w)
        ``ab`` and ``ba``, and what comes back of them, ``aba`` and ``bab``.
    """
    made_b, made_a = there(domains.test_a), back(domains.test_b)
    rng = torch.Generator().manual_seed(0)
    noise = NOISE * torch.randn(made_b.shape, generator=rng)
    again_a, again_b = back(made_b), there(made_a)
    half = len(voters) // 2
    outcome = Outcome(
        difference(made_b, domains.test_b),
        difference(made_a, domains.test_a),
        difference(again_a, domains.test_a),
        difference(again_b, domains.test_b),
        difference(back(made_b + noise), domains.test_a),
        difference(there(made_a + noise), domains.test_b),
        class_kept(made_b, domains.labels, voters[half:]),
        class_kept(made_a, domains.labels, voters[:half]),
    )
    return outcome, {"ab": made_b, "ba": made_a, "aba": again_a, "bab": again_b}


def one_of_each(labels: Tensor) -> Tensor:
    """Return the row of the first image of each class, in the order of the classes."""
    return torch.stack([(labels == digit).nonzero()[0, 0] for digit in labels.unique()])


def pack_pictures(made: dict[str, Tensor], labels: Tensor) -> dict[str, str]:
    """Return one image of each class as text, by the keys of ``made``.

    Parameters
    ----------
    made
        Images (k, 3, 16, 16) in [-1, 1].
    labels
        Their classes (k,).
    """
    rows = one_of_each(labels)
    return {name: pack_images(images[rows].clamp(-1, 1)) for name, images in made.items()}


def unpack_pictures(pictures: dict[str, str]) -> dict[str, Tensor]:
    """Return the images (10, 3, 16, 16) of ``pack_pictures``, in 17 levels of each colour."""
    return {name: unpack_images(text, IMAGE_SIZE, 3) for name, text in pictures.items()}
