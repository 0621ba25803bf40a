"""A residual network from image to image: halve twice, add corrections, double twice."""

from typing import Literal

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.networks._large_maps import NarrowConvolution, PlainInstanceNorm
from gan_lessons.networks._shapes import check_choice, check_sides
from gan_lessons.networks.initialisation import initialise

TranslatorNorm = Literal["instance", "batch", "none"]


class ReflectedBlock(nn.Module):
    r"""Add a correction to a stack of maps: :math:`y = x + F(x)`.

    F is convolution, norm, ReLU, convolution, norm (3 by 3 both, padded by reflection), without a
    ReLU at its end.

    Parameters
    ----------
    maps : int
        Maps of x and y.
    normalisation : {"instance", "batch", "none"}
        What follows each convolution.
    """

    def __init__(self, maps: int, normalisation: TranslatorNorm) -> None:
        super().__init__()
        self.change = nn.Sequential(
            *convolution(maps, maps, 3, 1, normalisation),
            nn.ReLU(),
            *convolution(maps, maps, 3, 1, normalisation),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, maps, h, w) to the same shape."""
        return x + self.change(x)


class ResnetTranslator(nn.Module):
    r"""Map images (n, channels_in, h, w) to images (n, channels_out, h, w) in [-1, 1].

    A 7 by 7 convolution makes ``width`` maps; each halving (3 by 3, stride 2) doubles their number;
    ``n_blocks`` blocks :math:`y = x + F(x)` work at the small size; transposed convolutions undo
    the halvings; a 7 by 7 convolution and tanh end it. Padding is by reflection, so that borders
    are no darker than the rest. A convolution before a norm has no bias, which the norm would take
    away again; the norms have no scale and shift. Weights start at :math:`N(0, 0.02^2)`.

    Parameters
    ----------
    channels_in, channels_out : int, default 3
        1 for grey, 3 for colour.
    width : int, default 64
        Maps at full size.
    n_blocks : int, default 9
        As published: 6 at 128 pixels, 9 at 256 and above.
    n_halvings : int, default 2
        Images may have any sides that are multiples of 2 to this power (``multiple``).
    normalisation : {"instance", "batch", "none"}, default "instance"
        With "batch" an image's translation depends on the others in its batch.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    References
    ----------
    Johnson et al. (2016), section 3.1 (the network); Zhu et al. (2017), appendix 7.2.
    """

    def __init__(
        self,
        channels_in: int = 3,
        channels_out: int = 3,
        width: int = 64,
        n_blocks: int = 9,
        n_halvings: int = 2,
        normalisation: TranslatorNorm = "instance",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_choice(normalisation, "normalisation", ("instance", "batch", "none"))
        check_count(channels_out, "channels_out")
        check_count(n_blocks, "n_blocks", minimum=0)
        self.channels_in = check_count(channels_in, "channels_in")
        self.multiple = 2 ** check_count(n_halvings, "n_halvings", minimum=0)
        maps = check_count(width, "width")
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            parts = [*convolution(channels_in, maps, 7, 1, normalisation), nn.ReLU()]
            for _ in range(n_halvings):
                parts += [*convolution(maps, 2 * maps, 3, 2, normalisation), nn.ReLU()]
                maps *= 2
            parts += [ReflectedBlock(maps, normalisation) for _ in range(n_blocks)]
            for _ in range(n_halvings):
                bias = normalisation == "none"
                up = nn.ConvTranspose2d(maps, maps // 2, 3, 2, 1, output_padding=1, bias=bias)
                parts += [up, *plain_norm(normalisation, maps // 2), nn.ReLU()]
                maps //= 2
            parts += [NarrowConvolution(maps, channels_out, 7), nn.Tanh()]
            self.layers = nn.Sequential(*parts)
        initialise(self, rng)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (n, channels_in, h, w) to (n, channels_out, h, w)."""
        # The smallest maps and the images are padded by 1 and by 3 pixels of their own.
        smallest = max(2 * self.multiple, 4)
        check_sides(images, "images", self.channels_in, self.multiple, smallest)
        return self.layers(images)


def convolution(
    maps_in: int, maps_out: int, side: int, stride: int, normalisation: TranslatorNorm
) -> list[nn.Module]:
    """Return a convolution and its norm; one without a stride is padded by reflection.

    Parameters
    ----------
    maps_in, maps_out : int
        Numbers of maps.
    side, stride : int
        Of the kernel, which is odd.
    normalisation : {"instance", "batch", "none"}
        What follows.

    Returns
    -------
    list of nn.Module
    """
    mode: Literal["reflect", "zeros"] = "reflect" if stride == 1 else "zeros"
    bias = normalisation == "none"
    layer = nn.Conv2d(maps_in, maps_out, side, stride, side // 2, bias=bias, padding_mode=mode)
    return [layer, *plain_norm(normalisation, maps_out)]


def plain_norm(normalisation: str, maps: int) -> list[nn.Module]:
    """Return a norm as a list of one, or an empty list; an instance norm trains nothing.

    Parameters
    ----------
    normalisation : str
        "instance", "batch", or another name for none.
    maps : int
        How many maps it is for.

    Returns
    -------
    list of nn.Module
    """
    if normalisation == "instance":
        return [PlainInstanceNorm(maps)]
    if normalisation == "batch":
        return [nn.BatchNorm2d(maps)]
    return []
