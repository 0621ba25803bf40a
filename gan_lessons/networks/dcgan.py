"""The deep convolutional GAN: stride-2 convolutions between z and images of 8 to 64 pixels."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_choice, check_images, check_rows
from gan_lessons.networks.initialisation import initialise

ImageSize = Literal[8, 16, 28, 32, 64]
GeneratorNorm = Literal["batch", "instance", "none"]
DiscriminatorNorm = Literal["none", "batch", "instance", "spectral"]

# image_size -> (side of the smallest map, number of stride-2 layers)
_PLANS = {8: (4, 1), 16: (4, 2), 28: (7, 2), 32: (4, 3), 64: (4, 4)}


class DCGANGenerator(nn.Module):
    r"""Map z (n, z_dim) to images (n, channels, image_size, image_size) in [-1, 1].

    A linear layer makes the smallest map; each transposed convolution (kernel 4, stride 2,
    padding 1) doubles its side; the last one is followed by tanh.

    ========== ==================================== ==============================
    image_size sides                                maps, in units of ``width``
    ========== ==================================== ==============================
    8          4, 8                                 1, then ``channels``
    16         4, 8, 16                             2, 1, then ``channels``
    28         7, 14, 28                            2, 1, then ``channels``
    32         4, 8, 16, 32                         4, 2, 1, then ``channels``
    64         4, 8, 16, 32, 64                     8, 4, 2, 1, then ``channels``
    ========== ==================================== ==============================

    Weights start at :math:`N(0, 0.02^2)`.

    Parameters
    ----------
    image_size : {8, 16, 28, 32, 64}, default 32
        Side of the images in pixels.
    channels : int, default 1
        1 for grey, 3 for colour.
    z_dim : int, default 64
        Dimension of the latent z.
    width : int, default 64
        Maps before the last layer.
    normalisation : {"batch", "instance", "none"}, default "batch"
        What stands between a layer and its ReLU.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    References
    ----------
    Radford et al. (2016), section 3 and figure 1.
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
        channels, width = _check_sizes(image_size, channels, width)
        check_choice(normalisation, "normalisation", ("batch", "instance", "none"))
        self.image_size, self.channels = image_size, channels
        self.z_dim = check_count(z_dim, "z_dim")
        side, depth = _PLANS[image_size]
        maps = width * 2 ** (depth - 1)
        bias = normalisation == "none"  # a normalisation has a shift of its own
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            parts: list[nn.Module] = [
                nn.Linear(z_dim, maps * side * side, bias=bias),
                nn.Unflatten(1, (maps, side, side)),
                *norm(normalisation, maps),
                nn.ReLU(),
            ]
            for _ in range(depth - 1):
                parts += [
                    nn.ConvTranspose2d(maps, maps // 2, 4, 2, 1, bias=bias),
                    *norm(normalisation, maps // 2),
                    nn.ReLU(),
                ]
                maps //= 2
            parts += [nn.ConvTranspose2d(maps, channels, 4, 2, 1), nn.Tanh()]
            self.layers = nn.Sequential(*parts)
        initialise(self, rng)

    def forward(self, z: Tensor) -> Tensor:
        """Map z (n, z_dim) to images (n, channels, image_size, image_size)."""
        check_rows(z, "z", self.z_dim)
        return self.layers(z)


class DCGANDiscriminator(nn.Module):
    r"""Map images (n, channels, image_size, image_size) to logits (n,).

    The generator's table read backwards: each convolution (kernel 4, stride 2, padding 1) halves
    the side, leaky ReLU of slope 0.2 follows, and a linear layer ends it. The first layer has no
    batch or instance normalisation, as published; spectral normalisation is on every layer.
    Weights start at :math:`N(0, 0.02^2)`.

    Parameters
    ----------
    image_size : {8, 16, 28, 32, 64}, default 32
        Side of the images in pixels.
    channels : int, default 1
        1 for grey, 3 for colour.
    width : int, default 64
        Maps after the first layer.
    normalisation : {"none", "batch", "instance", "spectral"}, default "none"
        "batch" is the published one. Gradient penalties per sample need another choice, because
        batch normalisation makes one sample's logit depend on the others.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.

    References
    ----------
    Radford et al. (2016), section 3; Miyato et al. (2018), algorithm 1 (spectral normalisation).
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
        channels, width = _check_sizes(image_size, channels, width)
        check_choice(normalisation, "normalisation", ("none", "batch", "instance", "spectral"))
        self.image_size, self.channels = image_size, channels
        side, depth = _PLANS[image_size]
        bias = normalisation in ("none", "spectral")
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            parts: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
            maps = width
            for _ in range(depth - 1):
                parts += [
                    nn.Conv2d(maps, 2 * maps, 4, 2, 1, bias=bias),
                    *norm(normalisation, 2 * maps),
                    nn.LeakyReLU(0.2),
                ]
                maps *= 2
            self.n_features = maps * side * side
            parts += [nn.Flatten(), nn.Linear(self.n_features, 1)]
            if normalisation == "spectral":
                parts = [
                    spectral_norm(part) if isinstance(part, nn.Conv2d | nn.Linear) else part
                    for part in parts
                ]
            self.layers = nn.Sequential(*parts)
        initialise(self, rng)

    @property
    def head(self) -> nn.Module:
        """The last layer, which weighs the features."""
        return self.layers[-1]

    def features(self, images: Tensor) -> Tensor:
        """Map images to the features (n, n_features) that the last layer weighs."""
        check_images(images, "images", self.channels, self.image_size)
        return self.layers[:-1](images)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (n, channels, image_size, image_size) to logits (n,)."""
        check_images(images, "images", self.channels, self.image_size)
        return self.layers(images).squeeze(1)


def _check_sizes(image_size: int, channels: int, width: int) -> tuple[int, int]:
    """Check what generator and discriminator have in common; return channels and width."""
    plan(image_size)
    return check_count(channels, "channels"), check_count(width, "width")


def plan(image_size: int) -> tuple[int, int]:
    """Return the side of the smallest map and the number of layers that double it."""
    check_choice(image_size, "image_size", tuple(_PLANS))
    return _PLANS[image_size]


def norm(normalisation: str, maps: int) -> list[nn.Module]:
    """Return the normalisation layer as a list of one, or an empty list."""
    if normalisation == "batch":
        return [nn.BatchNorm2d(maps)]
    if normalisation == "instance":
        return [nn.InstanceNorm2d(maps, affine=True)]
    return []
