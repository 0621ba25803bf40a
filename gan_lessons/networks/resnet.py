"""Residual networks for images: each block adds a correction to what it was given."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate
from torch.nn.utils.parametrizations import spectral_norm

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_choice, check_images, check_rows
from gan_lessons.networks.dcgan import DiscriminatorNorm, GeneratorNorm, ImageSize, norm, plan
from gan_lessons.networks.initialisation import initialise, raw_weight


class UpBlock(nn.Module):
    r"""Double the side of a stack of maps: :math:`y = S(U x) + F(x)`.

    U repeats each pixel in a 2 by 2 square, S is a 1 by 1 convolution, and F is norm, ReLU, U,
    convolution, norm, ReLU, convolution (3 by 3 both).

    Parameters
    ----------
    maps_in, maps_out : int
        Maps of x and y.
    normalisation : {"batch", "instance", "none"}
        What stands before each ReLU.
    """

    def __init__(self, maps_in: int, maps_out: int, normalisation: GeneratorNorm) -> None:
        super().__init__()
        self.before = nn.Sequential(*norm(normalisation, maps_in), nn.ReLU())
        self.after = nn.Sequential(
            nn.Conv2d(maps_in, maps_out, 3, 1, 1),
            *norm(normalisation, maps_out),
            nn.ReLU(),
            nn.Conv2d(maps_out, maps_out, 3, 1, 1),
        )
        self.skip = nn.Conv2d(maps_in, maps_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, maps_in, h, w) to (n, maps_out, 2 h, 2 w)."""
        doubled = interpolate(self.before(x), scale_factor=2, mode="nearest")
        return interpolate(self.skip(x), scale_factor=2, mode="nearest") + self.after(doubled)


class DownBlock(nn.Module):
    r"""Halve the side of a stack of maps: :math:`y = A(S(x) + F(x))`.

    A is the mean of each 2 by 2 square, S a 1 by 1 convolution, and F is leaky ReLU, convolution,
    norm, leaky ReLU, convolution (3 by 3 both), without the first ReLU where x is an image.

    Parameters
    ----------
    maps_in, maps_out : int
        Maps of x and y.
    normalisation : {"none", "batch", "instance", "spectral"}
        Between the two convolutions ("spectral": on all three).
    image : bool
        Whether x is an image, so that no ReLU may cut off its negative half.
    """

    def __init__(
        self, maps_in: int, maps_out: int, normalisation: DiscriminatorNorm, image: bool = False
    ) -> None:
        super().__init__()
        first: list[nn.Module] = [] if image else [nn.LeakyReLU(0.2)]
        self.change = nn.Sequential(
            *first,
            nn.Conv2d(maps_in, maps_out, 3, 1, 1),
            *norm(normalisation, maps_out),
            nn.LeakyReLU(0.2),
            nn.Conv2d(maps_out, maps_out, 3, 1, 1),
        )
        self.skip = nn.Conv2d(maps_in, maps_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, maps_in, h, w) to (n, maps_out, h / 2, w / 2)."""
        return avg_pool2d(self.skip(x) + self.change(x), 2)


class ResNetGenerator(nn.Module):
    r"""Map z (n, z_dim) to images (n, channels, image_size, image_size) in [-1, 1].

    A linear layer makes the smallest map, `UpBlock` after `UpBlock` doubles its side (as many as
    `DCGANGenerator` has stride-2 layers), all with ``width`` maps; norm, ReLU, a 3 by 3
    convolution and tanh end it. Weights start so that each block keeps the variance of its input.

    Parameters
    ----------
    image_size : {8, 16, 28, 32, 64}, default 32
        Side of the images in pixels.
    channels : int, default 1
        1 for grey, 3 for colour.
    z_dim : int, default 64
        Dimension of the latent z.
    width : int, default 64
        Maps in every block.
    normalisation : {"batch", "instance", "none"}, default "batch"
        What stands before each ReLU.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    References
    ----------
    He et al. (2016), section 3; Miyato et al. (2018), appendix B (the blocks).
    """

    def __init__(
        self,
        image_size: ImageSize = 32,
        channels: int = 1,
        z_dim: int = 64,
        width: int = 64,
        normalisation: GeneratorNorm = "batch",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        side, depth = plan(image_size)
        check_choice(normalisation, "normalisation", ("batch", "instance", "none"))
        check_count(width, "width")
        self.image_size, self.channels = image_size, check_count(channels, "channels")
        self.z_dim = check_count(z_dim, "z_dim")
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            self.layers = nn.Sequential(
                nn.Linear(z_dim, width * side * side),
                nn.Unflatten(1, (width, side, side)),
                *[UpBlock(width, width, normalisation) for _ in range(depth)],
                *norm(normalisation, width),
                nn.ReLU(),
                nn.Conv2d(width, channels, 3, 1, 1),
                nn.Tanh(),
            )
        _start(self, rng)

    def forward(self, z: Tensor) -> Tensor:
        """Map z (n, z_dim) to images (n, channels, image_size, image_size)."""
        check_rows(z, "z", self.z_dim)
        return self.layers(z)


class ResNetDiscriminator(nn.Module):
    r"""Map images (n, channels, image_size, image_size) to logits (n,).

    `DownBlock` after `DownBlock` halves the side, all with ``width`` maps; a leaky ReLU, the sum
    over the pixels and a linear layer end it. Weights start so that each block keeps the variance
    it is given, but for what the means of pixels take from it.

    Parameters
    ----------
    image_size : {8, 16, 28, 32, 64}, default 32
        Side of the images in pixels.
    channels : int, default 1
        1 for grey, 3 for colour.
    width : int, default 64
        Maps in every block.
    normalisation : {"none", "batch", "instance", "spectral"}, default "none"
        "spectral" is the published one. Gradient penalties per sample rule out "batch".
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    References
    ----------
    Miyato et al. (2018), appendix B.
    """

    def __init__(
        self,
        image_size: ImageSize = 32,
        channels: int = 1,
        width: int = 64,
        normalisation: DiscriminatorNorm = "none",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _, depth = plan(image_size)
        check_choice(normalisation, "normalisation", ("none", "batch", "instance", "spectral"))
        check_count(width, "width")
        self.image_size, self.channels = image_size, check_count(channels, "channels")
        self.n_features = width
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            self.blocks = nn.Sequential(
                DownBlock(channels, width, normalisation, image=True),
                *[DownBlock(width, width, normalisation) for _ in range(depth - 1)],
                nn.LeakyReLU(0.2),
            )
            self.head = nn.Linear(width, 1)
            if normalisation == "spectral":
                for layer in self.modules():
                    if isinstance(layer, nn.Conv2d | nn.Linear):
                        spectral_norm(layer)
        _start(self, rng)

    def features(self, images: Tensor) -> Tensor:
        """Map images to the features (n, n_features) that the last layer weighs."""
        check_images(images, "images", self.channels, self.image_size)
        return self.blocks(images).sum((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Map images (n, channels, image_size, image_size) to logits (n,)."""
        return self.head(self.features(images)).squeeze(1)


def _start(network: nn.Module, rng: torch.Generator | None) -> None:
    """Draw weights of variance 2 / fan-in; then let skip and correction carry half each."""
    initialise(network, rng, std=None)
    for block in network.modules():
        if isinstance(block, UpBlock | DownBlock):
            branch = block.after if isinstance(block, UpBlock) else block.change
            # The skip sees no ReLU, which would have halved its input's second moment.
            for layer, factor in ((block.skip, 0.5), (branch[-1], 0.5**0.5)):
                with torch.no_grad():
                    raw_weight(layer).mul_(factor)
