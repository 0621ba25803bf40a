r"""What a cycle hides: digits of any hue become white, and yet their hue comes back (chapter 16).

Domain a has digits whose hue :math:`\theta` is uniform, domain b the same law of digits in white,
as grey images of one channel: there is no place for a hue. Who goes back knows nothing of it, if
the translation is what it looks like. The cycle a -> b -> a demands the hue all the same.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data import load
from gan_lessons.experiments.cycle_digits import IMAGE_SIZE
from gan_lessons.models import CycleGAN, CycleGANConfig
from gan_lessons.networks import PatchDiscriminator, ResnetTranslator

#: Angles of red, green and blue on the circle of hues.
_PRIMARIES = 2 * math.pi / 3 * torch.arange(3)


@dataclass(frozen=True)
class HiddenConfig:
    """Settings of one run; change them by ``dataclasses.replace``.

    Parameters
    ----------
    any_hue
        Whether a's digits have all hues; else all are red, and nothing needs to be hidden.
    width, n_blocks, n_layers
        Size of the networks, as in ``ResnetTranslator`` and ``PatchDiscriminator``.
    training
        The numbers of the run.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    any_hue: bool = True
    width: int = 10
    n_blocks: int = 2
    n_layers: int = 1
    training: CycleGANConfig = CycleGANConfig(
        steps=400,
        batch_size=8,
        g_lr=2e-3,
        d_lr=2e-3,
        ema_decay=0.98,
        adversarial_weight=2.0,
        decay_from=200,
        decay_steps=200,
        log_every=50,
    )

    def __post_init__(self) -> None:
        if not isinstance(self.any_hue, bool):
            raise TypeError(f"any_hue must be True or False, got {self.any_hue!r}.")
        for name in ("width", "n_blocks", "n_layers"):
            check_count(getattr(self, name), name)
        if not isinstance(self.training, CycleGANConfig):
            kind = type(self.training).__name__
            raise TypeError(f"training must be a CycleGANConfig, got {kind}.")


def in_hue(grey: Tensor, hues: Tensor) -> Tensor:
    r"""Return grey images with their ink in a hue, all hues equally bright.

    .. math:: x_k = -1 + t \, (1 + \cos(\theta - 2 \pi k / 3)), \qquad t = (g + 1) / 2

    for red, green and blue, k = 0, 1, 2. The mean of the three is :math:`-1 + t`, whatever the
    hue: brightness does not give it away.

    Parameters
    ----------
    grey
        Images (n, 1, h, w) in [-1, 1].
    hues
        Angles (n,).

    Returns
    -------
    Tensor (n, 3, h, w)
        In [-1, 1].
    """
    ink = 1 + torch.cos(hues[:, None] - _PRIMARIES)
    return -1 + (grey + 1) / 2 * ink[:, :, None, None]


def hue_of(images: Tensor) -> Tensor:
    r"""Return the hue of each image as a whole, the argument of its mean on the circle of hues.

    .. math:: \theta = \arg \sum_k \bar x_k \, e^{2 \pi i k / 3}

    Parameters
    ----------
    images
        Shape (n, 3, h, w).

    Returns
    -------
    Tensor (n,)
        Angles from -pi to pi; of ``in_hue`` the hues, where there is any ink.
    """
    means = images.mean((2, 3))
    return torch.atan2(
        (means * torch.sin(_PRIMARIES)).sum(1), (means * torch.cos(_PRIMARIES)).sum(1)
    )


def hue_error(x: Tensor, y: Tensor) -> float:
    """Return the mean angle between the hues of two batches of images, in degrees.

    Any guess that does not depend on a uniform hue is off by 90 degrees in the mean: it is off by
    as much more for one hue as it is less for the opposite one.

    Parameters
    ----------
    x, y
        Images (n, 3, h, w).
    """
    apart = (hue_of(x) - hue_of(y)).remainder(2 * math.pi)
    return math.degrees(float(torch.minimum(apart, 2 * math.pi - apart).mean()))


class BlindErrors(NamedTuple):
    """Mean absolute difference that is left to who knows the digit but not its hue.

    Parameters
    ----------
    best
        Of the best answer, the digit in grey: the median of each channel.
    drawn
        Of a digit in a hue that is drawn anew.
    """

    best: float
    drawn: float


def blind_errors(grey: Tensor) -> BlindErrors:
    r"""Compute how near one can come to coloured digits without knowing their hue.

    With ink t and a uniform hue the median of a channel is :math:`-1 + t`, and

    .. math:: E |x - \mathrm{median}| = \bar t \, E|\cos\theta| = \frac{2}{\pi} \bar t, \qquad
        E |x - x'| = \bar t \, E|\cos\theta - \cos\theta'| = \frac{8}{\pi^2} \bar t.

    Parameters
    ----------
    grey
        The digits (n, 1, h, w) in [-1, 1].

    Returns
    -------
    BlindErrors
        No translation back from b that knows nothing of the hue has a smaller mean than ``best``.
    """
    ink = float((grey + 1).mean()) / 2
    return BlindErrors(2 / math.pi * ink, 8 / math.pi**2 * ink)


class HiddenDomains(NamedTuple):
    """Digits of both domains, which share none, and test digits with their hues.

    Parameters
    ----------
    a, b
        Grey digits for training, (n, 1, 16, 16) and (m, 1, 16, 16); those of a get their hue when
        they are drawn.
    test
        Grey test digits (k, 1, 16, 16): what translations of ``test_a`` should be.
    hues
        Of the test digits (k,).
    any_hue
        As in ``HiddenConfig``.
    """

    a: Tensor
    b: Tensor
    test: Tensor
    hues: Tensor
    any_hue: bool

    @property
    def test_a(self) -> Tensor:
        """Test digits in their hues, (k, 3, 16, 16)."""
        return in_hue(self.test, self.hues)

    def draw(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return n images of each domain, drawn independently: what the CycleGAN trains on."""
        rows = (torch.randint(len(images), (n,), generator=rng) for images in (self.a, self.b))
        grey, white = self.a[next(rows)], self.b[next(rows)]
        return in_hue(grey, _draw_hues(n, self.any_hue, rng)), white


def _draw_hues(n: int, any_hue: bool, rng: torch.Generator) -> Tensor:
    """Return n uniform hues, or n times red."""
    return 2 * math.pi * torch.rand(n, generator=rng) if any_hue else torch.zeros(n)


def make_hidden_domains(any_hue: bool = True) -> HiddenDomains:
    """Return the digits in both domains; every second one goes to each, test hues are fixed.

    Parameters
    ----------
    any_hue
        As in ``HiddenConfig``.
    """
    digits, test = (load("digits", split, size=IMAGE_SIZE).images for split in ("train", "test"))
    hues = _draw_hues(len(test), any_hue, torch.Generator().manual_seed(0))
    return HiddenDomains(digits[::2], digits[1::2], test, hues, any_hue)


def make_hidden_cyclegan(config: HiddenConfig) -> CycleGAN:
    """Return a new CycleGAN from colour to grey and back, ready to train on ``draw``.

    The generators have batch normalisation: an instance norm takes away how strong a channel is,
    and with it most of a hue.

    Parameters
    ----------
    config
        Settings; ``training.seed`` also decides the first weights.
    """
    rng, width = torch.Generator().manual_seed(config.training.seed), config.width
    there = ResnetTranslator(3, 1, width, config.n_blocks, normalisation="batch", rng=rng)
    back = ResnetTranslator(1, 3, width, config.n_blocks, normalisation="batch", rng=rng)
    judge_a, judge_b = (
        PatchDiscriminator(channels, 2 * width, config.n_layers, rng=rng) for channels in (3, 1)
    )
    return CycleGAN(there, back, judge_a, judge_b, "least-squares", config.training)
