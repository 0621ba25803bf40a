"""Images of earlier steps, so that a discriminator does not forget what it has seen."""

from typing import Any

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_floating, check_rng


class ImagePool:
    """Up to ``size`` generated images; what comes in is, half of the time, exchanged for one.

    The first images are kept and given back as they are. Once the pool is full, each image is
    with probability 1/2 given back, and else takes the place of one in the pool, which is given
    back in its stead. The places of one batch differ from each other. Nothing waits for a GPU.

    Parameters
    ----------
    size : int, default 50
        Images kept; 0 gives all images back.

    Raises
    ------
    TypeError, ValueError
        If ``size`` is no whole number of at least 0.

    References
    ----------
    Shrivastava et al. (2017), section 2.3; Zhu et al. (2017), section 4 (size 50).
    """

    def __init__(self, size: int = 50) -> None:
        self.size = check_count(size, "size", minimum=0)
        #: What is kept (k, ...), or None before the first image.
        self.images: Tensor | None = None

    def query(self, images: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Take in images and give back as many, new ones and earlier ones.

        Parameters
        ----------
        images : Tensor (n, ...)
            New images; what is kept has no graph.
        rng : torch.Generator, optional
            Decides; None draws from torch's default generator.

        Returns
        -------
        Tensor (n, ...)
            Without a graph.

        Raises
        ------
        TypeError, ValueError
            If the images are no tensor of floating point, or not of the shape of those in the pool.
        """
        images, rng = check_floating(images, "images").detach(), check_rng(rng)
        if images.dim() == 0:
            raise ValueError("images must have shape (n, ...), got a single number.")
        if self.size == 0:
            return images
        if self.images is None:
            self.images = images[:0].clone()
        self.images = self.images.to(images)
        if self.images.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"images must be of the pool's shape (n, {str(tuple(self.images.shape[1:]))[1:]}, "
                f"got {tuple(images.shape)}; crop or resize them to one size."
            )
        new = images[: self.size - len(self.images)]
        self.images = torch.cat([self.images, new])
        rest = images[len(new) :].split(self.size)
        return torch.cat([new, *(self._exchange(part, rng) for part in rest if len(part))])

    def state_dict(self) -> dict[str, Any]:
        """Return the size and the images."""
        return {"size": self.size, "images": self.images}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned, of a pool of this size."""
        if not isinstance(state, dict) or not {"size", "images"} <= set(state):
            raise ValueError("state must be that of an ImagePool, with size and images.")
        if state["size"] != self.size:
            raise ValueError(f"state is of a pool of size {state['size']}, not {self.size}.")
        images = state["images"]
        self.images = None if images is None else images.clone()

    def _exchange(self, images: Tensor, rng: torch.Generator | None) -> Tensor:
        """Exchange about half of at most ``size`` images for some in the full pool."""
        device = images.device if rng is None else rng.device
        kept = self.images
        assert kept is not None  # full
        place = torch.randperm(self.size, generator=rng, device=device)[: len(images)]
        swap = torch.rand(len(images), generator=rng, device=device) < 0.5
        place, swap = place.to(images.device), swap.to(images.device)
        swap = swap.reshape(-1, *[1] * (images.dim() - 1))
        old = kept[place]
        kept[place] = torch.where(swap, images, old)
        return torch.where(swap, old, images)
