"""A U-Net from image to image: down to the smallest map and up again, with bridges across."""

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_positive
from gan_lessons.networks._shapes import check_choice, check_sides
from gan_lessons.networks.initialisation import initialise
from gan_lessons.networks.translator import TranslatorNorm, plain_norm


class UNetTranslator(nn.Module):
    r"""Map images (n, channels_in, h, w) to images (n, channels_out, h, w) in [-1, 1].

    Going down, ``depth`` convolutions (4 by 4, stride 2) halve the sides; going up, as many
    transposed ones double them, and each gets, besides what comes from below, the maps of its own
    size from the way down. Edges that both images share need not pass through the smallest map.
    Leaky ReLU (slope 0.2) going down, ReLU going up, tanh at the end. The first and the last layer
    and the smallest map have no norm. Weights start at :math:`N(0, 0.02^2)`.

    Parameters
    ----------
    channels_in, channels_out : int, default 3
        1 for grey, 3 for colour.
    width : int, default 64
        Maps after the first convolution; each further one doubles them, up to eight times that.
    depth : int, default 8
        Halvings. Sides must be multiples of 2 to this power (``multiple``): 8 is for 256 pixels, 4
        for 16.
    normalisation : {"instance", "batch", "none"}, default "instance"
        "batch" is the published one; with it an image's translation depends on its batch.
    dropout : float, default 0.0
        Share of the maps' entries that are set to 0 in the first three layers of the way up;
        0.5 is the published one. It draws from torch's default generator.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    References
    ----------
    Ronneberger et al. (2015), figure 1; Isola et al. (2017), section 3.2 and appendix 6.1.1.
    """

    def __init__(
        self,
        channels_in: int = 3,
        channels_out: int = 3,
        width: int = 64,
        depth: int = 8,
        normalisation: TranslatorNorm = "instance",
        dropout: float = 0.0,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_choice(normalisation, "normalisation", ("instance", "batch", "none"))
        check_count(channels_out, "channels_out")
        self.channels_in = check_count(channels_in, "channels_in")
        self.multiple = 2 ** check_count(depth, "depth", minimum=2)
        if check_positive(dropout, "dropout", allow_zero=True) >= 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}.")
        maps = [check_count(width, "width") * min(2**k, 8) for k in range(depth)]
        bias = normalisation == "none"
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            down: list[nn.Module] = [nn.Conv2d(channels_in, maps[0], 4, 2, 1)]
            for k in range(1, depth):
                smallest = k == depth - 1  # a norm would leave nothing of a single pixel
                down.append(
                    nn.Sequential(
                        nn.LeakyReLU(0.2),
                        nn.Conv2d(maps[k - 1], maps[k], 4, 2, 1, bias=bias or smallest),
                        *plain_norm("none" if smallest else normalisation, maps[k]),
                    )
                )
            up: list[nn.Module] = []
            for k in range(depth - 1, 0, -1):
                maps_in = maps[k] if k == depth - 1 else 2 * maps[k]
                up.append(
                    nn.Sequential(
                        nn.ReLU(),
                        nn.ConvTranspose2d(maps_in, maps[k - 1], 4, 2, 1, bias=bias),
                        *plain_norm(normalisation, maps[k - 1]),
                        *([nn.Dropout(dropout)] if k >= depth - 3 and dropout else []),
                    )
                )
            last = nn.ConvTranspose2d(2 * maps[0], channels_out, 4, 2, 1)
            self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
            self.last = nn.Sequential(nn.ReLU(), last, nn.Tanh())
        initialise(self, rng)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (n, channels_in, h, w) to (n, channels_out, h, w)."""
        check_sides(images, "images", self.channels_in, self.multiple, self.multiple)
        maps, x = [], images
        for layer in self.down:
            x = layer(x)
            maps.append(x)
        for layer, bridge in zip(self.up, reversed(maps[:-1]), strict=True):
            x = torch.cat([bridge, layer(x)], dim=1)
        return self.last(x)
