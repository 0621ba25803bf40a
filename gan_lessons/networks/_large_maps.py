"""Two layers for large maps, in the order of operations that a CPU is fastest at.

They have the weights, the names and, up to rounding, the numbers of the layers of torch that they
extend, and are those layers on a GPU, in bfloat16 and for small maps, where nothing is gained.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, layer_norm, pad

_LARGE = 2**13  # numbers that one image of a batch has in such a layer


class NarrowConvolution(nn.Conv2d):
    r"""A convolution to few maps (colours), square and padded by reflection.

    A CPU computes 16 maps at a time, and for 3 colours throws 13 away. Here each of the k rows of
    the kernel makes maps of its own, k times as many, and what belongs together is added:

    .. math:: y_{o, i} = \beta_o + \sum_{j=0}^{k-1} z_{o, j, i + j}, \qquad
        z_{o, j, i} = \sum_c w_{o, c, j} * x_{c, i}

    where i counts rows of the image and * is the convolution along a row.
    """

    def __init__(self, maps_in: int, maps_out: int, side: int) -> None:
        super().__init__(maps_in, maps_out, side, padding=side // 2, padding_mode="reflect")

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, maps_in, h, w) to (n, maps_out, h, w)."""
        if not large_on_cpu(x):
            return super().forward(x)
        o, c, k, _ = self.weight.shape
        height, edge = x.shape[2], k // 2
        rows = self.weight.permute(2, 0, 1, 3).reshape(k * o, c, 1, k)
        z = conv2d(pad(x, (edge, edge, edge, edge), mode="reflect"), rows)
        assert self.bias is not None
        y = self.bias[:, None, None]
        for j, part in enumerate(z.split(o, dim=1)):
            y = y + part[:, :, j : j + height]
        return y


class PlainInstanceNorm(nn.InstanceNorm2d):
    """An instance norm without weights, which is a layer norm over each map by itself."""

    def __init__(self, maps: int) -> None:
        super().__init__(maps)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, maps, h, w) to the same shape."""
        if not large_on_cpu(x):
            return super().forward(x)
        return layer_norm(x, x.shape[2:], eps=self.eps)


def large_on_cpu(maps: Tensor) -> bool:
    """Return whether the maps (n, c, h, w) are on the CPU, in full precision, and large."""
    full = maps.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    return full and maps.shape[1:].numel() >= _LARGE
