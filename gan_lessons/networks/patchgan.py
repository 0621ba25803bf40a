"""The PatchGAN: a discriminator that judges overlapping patches, each by itself."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_choice
from gan_lessons.networks.dcgan import DiscriminatorNorm
from gan_lessons.networks.initialisation import initialise
from gan_lessons.networks.translator import plain_norm


class PatchDiscriminator(nn.Module):
    r"""Map images (n, channels, h, w) to logits (n, h', w'), one for each patch.

    ``n_layers`` convolutions (4 by 4) of stride 2 and two of stride 1, with leaky ReLU (slope 0.2)
    between them. One logit sees a square of ``receptive_field`` pixels; a side s gives
    :math:`\lfloor s / 2^{n} \rfloor - 2` logits. With ``n_layers=0`` all convolutions are 1 by 1:
    each pixel is judged by its colour alone. A loss takes the logits of all patches as one batch,
    ``logits.flatten()``. Weights start at :math:`N(0, 0.02^2)`.

    Parameters
    ----------
    channels : int, default 3
        1 for grey, 3 for colour; both images' together where pairs are judged.
    width : int, default 64
        Maps after the first convolution; each further one doubles them, up to eight times that.
    n_layers : int, default 3
        3 gives the published patches of 70 by 70, 2 of 34, 1 of 16, 0 of 1.
        `patch_layers` says what fits small images.
    normalisation : {"instance", "batch", "spectral", "none"}, default "instance"
        The first and the last convolution have no instance or batch norm. An instance norm takes
        its mean over the whole image, so that a patch then sees a little of the others. A gradient
        penalty per image rules out "batch".
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    References
    ----------
    Isola et al. (2017), section 3.3 and appendix 6.1.2.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        n_layers: int = 3,
        normalisation: DiscriminatorNorm = "instance",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_choice(normalisation, "normalisation", ("instance", "batch", "spectral", "none"))
        self.channels = check_count(channels, "channels")
        self.n_layers = check_count(n_layers, "n_layers", minimum=0)
        check_count(width, "width")
        maps = [channels, *(width * min(2**k, 8) for k in range(max(n_layers, 1) + 1)), 1]
        strides = [2] * n_layers + [1, 1] if n_layers else [1, 1, 1]
        side, padding = (4, 1) if n_layers else (1, 0)
        parts: list[nn.Module] = []
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            for k, stride in enumerate(strides):
                inner = 0 < k < len(strides) - 1
                bias = not inner or normalisation in ("none", "spectral")
                layer = nn.Conv2d(maps[k], maps[k + 1], side, stride, padding, bias=bias)
                parts.append(spectral_norm(layer) if normalisation == "spectral" else layer)
                parts += plain_norm(normalisation, maps[k + 1]) if inner else []
                parts += [nn.LeakyReLU(0.2)] if k < len(strides) - 1 else []
            self.layers = nn.Sequential(*parts)
        initialise(self, rng)

    @property
    def receptive_field(self) -> int:
        """Side in pixels of the square that one logit sees (an instance norm's means apart)."""
        seen = 1
        for layer in reversed(self.layers):
            if isinstance(layer, nn.Conv2d):
                seen = (seen - 1) * layer.stride[0] + layer.kernel_size[0]
        return seen

    @property
    def smallest_side(self) -> int:
        """Smallest side in pixels that gives a logit."""
        return 3 * 2**self.n_layers if self.n_layers else 1

    def forward(self, images: Tensor) -> Tensor:
        """Map images (n, channels, h, w) to logits (n, h', w')."""
        if images.dim() != 4 or images.shape[1] != self.channels:
            raise ValueError(
                f"images must have shape (n, {self.channels}, h, w), got {tuple(images.shape)}."
            )
        if min(images.shape[2:]) < self.smallest_side:
            raise ValueError(
                f"images must have sides of at least {self.smallest_side} pixels for n_layers = "
                f"{self.n_layers}, got {tuple(images.shape)}; patch_layers(size) says what fits."
            )
        return self.layers(images).squeeze(1)


def patch_layers(image_size: int, most: int = 3) -> int:
    """Return the largest ``n_layers`` that leaves at least two by two patches.

    Parameters
    ----------
    image_size : int
        Shorter side of the images in pixels.
    most : int, default 3
        No more than this; 3 is the published 70 by 70.

    Returns
    -------
    int
        3 from 32 pixels on, 2 from 16, 1 from 8, else 0.

    Raises
    ------
    TypeError, ValueError
        If ``image_size`` is no positive whole number, or ``most`` is negative.
    """
    side = check_count(image_size, "image_size")
    fitting = [k for k in range(1, check_count(most, "most", minimum=0) + 1) if side >= 4 * 2**k]
    return max(fitting, default=0)
