"""What BiGAN is compared with: an autoencoder, which is asked for nothing but reconstruction."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_same_shape
from gan_lessons.models._batch import check_batch, single_code
from gan_lessons.models.base import NetworkSystem, Player
from gan_lessons.training import TrainConfig
from gan_lessons.training.config import check_config
from gan_lessons.training.precision import in_precision, place

Distance = Literal["l1", "l2"]


class Autoencoder(NetworkSystem):
    r"""An encoder and a decoder that reconstruct, by the l1 or the squared l2 distance.

    .. math:: \min_{G, E}\; \mathbb{E}_x \lVert x - G(E(x)) \rVert_1 \quad\text{or}\quad
        \min_{G, E}\; \mathbb{E}_x \lVert x - G(E(x)) \rVert_2^2

    Nothing asks the codes to follow any law. Both networks learn at the rate ``g_lr``; the
    config's numbers for D are not used.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples (n, ...) to codes (n, z_dim).
    generator : nn.Module
        The decoder: maps codes (n, z_dim) to samples (n, ...).
    config : TrainConfig
        The numbers of the run.
    distance : {"l1", "l2"}, default "l2"
        Which distance.

    Raises
    ------
    TypeError, ValueError
        If a network is no module or has nothing to train, or ``distance`` is unknown.

    References
    ----------
    Donahue et al. (2017), section 4.1 (baselines).
    """

    encoder: nn.Module
    generator: nn.Module
    e_optimizer: torch.optim.Adam
    g_optimizer: torch.optim.Adam

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        config: TrainConfig,
        distance: Distance = "l2",
    ) -> None:
        check_config(config)
        networks = {"encoder": encoder, "generator": generator}
        players = {
            "e": Player(config.g_lr, ("encoder",)),
            "g": Player(config.g_lr, ("generator",)),
        }
        super().__init__(networks, players, config, averaged=("encoder", "generator"))
        if distance not in get_args(Distance):
            raise ValueError(f"distance must be 'l1' or 'l2', got {distance!r}.")
        self.distance: Distance = distance

    def step(self, batch: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Update E and G once.

        Parameters
        ----------
        batch : Tensor (n, ...)
            Samples.
        rng : torch.Generator
            Not used: nothing is drawn.

        Returns
        -------
        dict of str to Tensor
            ``g_loss``, the mean distance, a detached scalar.
        """
        x = place(check_batch(batch), self.device, self.dtype, self.config)
        self._begin()
        networks = single_code(self.encoder), self.generator
        encode, decode = (in_precision(network, self.config) for network in networks)
        made = decode(encode(x))
        check_same_shape(x, made, "batch", "what the generator makes of its codes")
        difference = (made - x).flatten(1)
        each = difference.abs() if self.distance == "l1" else difference.square()
        loss = each.sum(1).mean()
        for optimizer in (self.e_optimizer, self.g_optimizer):
            optimizer.zero_grad()
        loss.backward()
        for optimizer in (self.e_optimizer, self.g_optimizer):
            optimizer.step()
        self._end()
        return {"g_loss": loss.detach()}

    def encode(self, x: Tensor, ema: bool = True) -> Tensor:
        """Return E(x) in evaluation mode, without a graph.

        Parameters
        ----------
        x : Tensor (n, ...)
            Samples.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, z_dim)
        """
        return self._evaluate("encoder", x, ema)

    def reconstruct(self, x: Tensor, ema: bool = True) -> Tensor:
        """Return G(E(x)) in evaluation mode, without a graph.

        Parameters
        ----------
        x : Tensor (n, ...)
            Samples.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, ...)
        """
        return self._evaluate("generator", self.encode(x, ema), ema)

    def description(self) -> dict[str, object]:
        """Return what a saved state must share with this system: the config and the distance."""
        return {**super().description(), "distance": self.distance}
