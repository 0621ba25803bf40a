"""What BiGAN is compared with: an encoder that is fitted to G after G was trained."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_floating
from gan_lessons.models._batch import single_code
from gan_lessons.models.base import NetworkSystem, Player
from gan_lessons.training import TrainConfig
from gan_lessons.training.config import check_config
from gan_lessons.training.precision import evaluating, in_precision, place


class LatentRegressor(NetworkSystem):
    r"""An encoder that guesses z from G(z), trained with its squared error; G stays as it is.

    .. math:: \min_E\; \tfrac12\, \mathbb{E}_z \lVert z - E(G(z)) \rVert_2^2

    E sees generated samples alone: what it says of real ones is what it makes of samples that it
    was not trained on. It learns at the rate ``g_lr``; the config's numbers for D are not used.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples (n, ...) to codes (n, z_dim); trained in place.
    config : TrainConfig
        The numbers of the run.

    Raises
    ------
    TypeError, ValueError
        If ``encoder`` is no module, has nothing to train, or another ``z_dim`` than the config.

    References
    ----------
    Donahue et al. (2017), section 4.1 (baselines, "latent regressor").
    """

    encoder: nn.Module
    e_optimizer: torch.optim.Adam

    def __init__(self, encoder: nn.Module, config: TrainConfig) -> None:
        check_config(config)
        players = {"e": Player(config.g_lr, ("encoder",))}
        super().__init__({"encoder": encoder}, players, config, averaged=("encoder",))
        known = getattr(encoder, "z_dim", config.z_dim)
        if known != config.z_dim:
            raise ValueError(f"config.z_dim must be the encoder's, {known}, got {config.z_dim}.")

    def step(self, batch: tuple[Tensor, Tensor], rng: torch.Generator) -> dict[str, Tensor]:
        """Update E once.

        Parameters
        ----------
        batch : tuple of Tensor (n, ...) and Tensor (n, z_dim)
            Samples G(z) and their z, as ``generated_pairs`` draws them.
        rng : torch.Generator
            Not used: nothing is drawn.

        Returns
        -------
        dict of str to Tensor
            ``e_loss``, half the mean squared distance of codes, a detached scalar.
        """
        if not isinstance(batch, tuple) or len(batch) != 2:
            raise TypeError(
                f"batch must be a tuple (samples, z), got {type(batch).__name__}; train on "
                "generated_pairs(gan)."
            )
        x, z = (
            place(check_floating(part, name), self.device, self.dtype, self.config)
            for part, name in zip(batch, ("batch[0]", "batch[1]"), strict=True)
        )
        self._begin()
        codes = in_precision(single_code(self.encoder), self.config)(x)
        if codes.shape != z.shape or len(z) == 0:
            raise ValueError(
                f"batch must have z of the codes' shape {tuple(codes.shape)}, got {tuple(z.shape)}."
            )
        loss = (codes - z).square().sum(1).mean() / 2
        self.e_optimizer.zero_grad()
        loss.backward()
        self.e_optimizer.step()
        self._end()
        return {"e_loss": loss.detach()}

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


def generated_pairs(
    generator: nn.Module, z_dim: int
) -> Callable[[int, torch.Generator], tuple[Tensor, Tensor]]:
    """Return a source of pairs for ``train``: a function (n, rng) -> (G(z), z).

    Parameters
    ----------
    generator : nn.Module
        Maps z (n, z_dim) to samples (n, ...); used in evaluation mode and not trained. The
        averaged one of a trained GAN is ``gan.ema.network``.
    z_dim : int
        Dimension of z ~ N(0, I).

    Returns
    -------
    callable

    Raises
    ------
    TypeError, ValueError
        If ``generator`` is no module with weights, or ``z_dim`` no whole number or not its own.
    """
    if not isinstance(generator, nn.Module):
        raise TypeError(f"generator must be a torch.nn.Module, got {type(generator).__name__}.")
    weight = next(generator.parameters(), None)
    if weight is None:
        raise ValueError("generator must have weights, got none.")
    known = getattr(generator, "z_dim", check_count(z_dim, "z_dim"))
    if known != z_dim:
        raise ValueError(f"z_dim must be the generator's, {known}, got {z_dim}.")
    device, dtype = weight.device, weight.dtype

    @torch.no_grad()
    def draw(n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        z = torch.randn(n, z_dim, generator=rng, device=rng.device, dtype=dtype).to(device)
        with evaluating(generator):
            return generator(z), z

    return draw
