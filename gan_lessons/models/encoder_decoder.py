"""What VAE and VAE-GAN share: an encoder beside the generator, and what both are asked for."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_tensor
from gan_lessons.models._batch import check_batch
from gan_lessons.models.base import PART, LatentSystem, Player
from gan_lessons.networks import GaussianCode
from gan_lessons.training.config import TrainConfig
from gan_lessons.training.precision import evaluating, in_precision, place, plain


class EncoderDecoder(LatentSystem):
    """A system with an ``encoder`` and a ``generator`` (the decoder); a subclass adds ``step``.

    Parameters
    ----------
    networks : dict of str to nn.Module
        Among them ``encoder``, which maps samples (n, ...) to means and log-variances (n, z_dim),
        and ``generator``, which maps z (n, z_dim) to samples (n, ...). Averages of both are kept
        where ``ema_decay`` is above 0.
    players, config
        As for ``NetworkSystem``.

    Raises
    ------
    TypeError, ValueError
        As for ``NetworkSystem``, or if ``z_dim`` of a network is not the config's.
    """

    encoder: nn.Module

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        players: Mapping[str, Player],
        config: TrainConfig,
    ) -> None:
        super().__init__(networks, players, config, averaged=("encoder", "generator"))
        for name in ("encoder", "generator"):
            z_dim = getattr(networks[name], "z_dim", config.z_dim)
            if z_dim != config.z_dim:
                raise ValueError(f"config.z_dim must be the {name}'s, {z_dim}, got {config.z_dim}.")

    @torch.no_grad()
    def encode(self, x: Tensor, ema: bool = True) -> GaussianCode:
        """Map samples to the Gaussians q(z | x), in evaluation mode.

        Parameters
        ----------
        x : Tensor (n, ...)
            Samples.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        GaussianCode
            ``mean`` and ``log_variance``, each (n, z_dim).
        """
        x = place(check_tensor(x, "x"), self.device, self.dtype, self.config)
        network = self.network("encoder", ema)
        with evaluating(network), plain(self.config):
            parts = [_gaussian(network(part), len(part)) for part in x.split(PART)]
        return GaussianCode(*(torch.cat(column) for column in zip(*parts, strict=True)))

    def reconstruct(self, x: Tensor, ema: bool = True) -> Tensor:
        """Map samples to their codes' means and back: nothing is drawn.

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
        return self.decode(self.encode(x, ema).mean, ema)

    def _place(self, batch: object, parts: int = 1) -> Tensor:
        """Return a batch where the networks are; it must be a multiple of ``parts`` samples."""
        return place(check_batch(batch, parts), self.device, self.dtype, self.config)

    def _infer(self, x: Tensor) -> GaussianCode:
        """Return q(z | x) of the encoder in training, in the precision of the run."""
        joined = in_precision(_Joined(self.encoder), self.config)
        mean, log_variance = joined(x).chunk(2, dim=1)
        return GaussianCode(mean, log_variance)


class _Joined:
    """An encoder whose two outputs come as one tensor, as ``in_precision`` wants it."""

    def __init__(self, encoder: nn.Module) -> None:
        self.encoder = encoder

    def __call__(self, x: Tensor) -> Tensor:
        return torch.cat(_gaussian(self.encoder(x), len(x)), dim=1)


def _gaussian(code: object, n: int) -> GaussianCode:
    """Return what an encoder gave for n samples, or say what it should give."""
    if not isinstance(code, tuple) or len(code) != 2:
        raise TypeError(
            "encoder must return means and log-variances (as MLPEncoder does), got "
            f"{type(code).__name__}."
        )
    mean, log_variance = code
    if mean.dim() != 2 or len(mean) != n or mean.shape != log_variance.shape:
        raise ValueError(
            f"encoder must return two tensors ({n}, z_dim), got {tuple(mean.shape)} and "
            f"{tuple(log_variance.shape)}."
        )
    return GaussianCode(mean, log_variance)
