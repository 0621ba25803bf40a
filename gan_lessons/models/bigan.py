"""BiGAN: a generator and an encoder against a discriminator of pairs."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons.models._batch import check_augmented, check_batch, single_code
from gan_lessons.models.base import LatentSystem, Player
from gan_lessons.models.pair_game import generator_encoder_loss, judge_rows
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.regularizers import instance_noise
from gan_lessons.training import TrainConfig, discriminator_step
from gan_lessons.training.config import check_config
from gan_lessons.training.precision import Network, in_precision, place
from gan_lessons.training.state import Augment


class BiGAN(LatentSystem):
    r"""A generator G(z) and an encoder E(x) against a discriminator D(x, z) of pairs.

    .. math:: \min_{G, E} \max_D\; \mathbb{E}_{x \sim p}\, [\log D(x, E(x))]
        + \mathbb{E}_{z}\, [\log(1 - D(G(z), z))]

    and likewise for every other objective. D compares two joint laws: that of data with codes, and
    that of samples with the z they were made of. Where both are equal, G makes the data's law, and
    E inverts G. No reconstruction error is computed anywhere. Penalties, noise and augmentation
    work as for ``GANState``: penalties and ``instance_noise`` on whole pairs, ``augment`` on x
    alone (E sees what is not augmented). E learns at the generator's rate ``g_lr``.

    Parameters
    ----------
    generator : nn.Module
        Maps z (n, z_dim) to samples (n, ...).
    encoder : nn.Module
        Maps samples (n, ...) to codes (n, z_dim).
    discriminator : nn.Module
        Maps samples (n, ...) and codes (n, z_dim) to logits (n,), as ``MLPPairDiscriminator``.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective; see ``generator_encoder_loss``.
    config : TrainConfig
        The numbers of the run. Averages of G and E are kept where ``ema_decay`` is above 0.
    augment : callable, optional
        As for ``GANState``.

    Raises
    ------
    TypeError, ValueError
        As for ``GANState``, or if a network's ``z_dim`` is not that of the config.

    References
    ----------
    Donahue et al. (2017), eq. 2 and theorem 2; Dumoulin et al. (2017), eq. 2.
    """

    generator: nn.Module
    encoder: nn.Module
    discriminator: nn.Module
    g_optimizer: torch.optim.Adam
    e_optimizer: torch.optim.Adam
    d_optimizer: torch.optim.Adam

    def __init__(
        self,
        generator: nn.Module,
        encoder: nn.Module,
        discriminator: nn.Module,
        objective: str | Objective,
        config: TrainConfig,
        augment: Augment | None = None,
    ) -> None:
        check_config(config)
        networks = {"generator": generator, "encoder": encoder, "discriminator": discriminator}
        players = {
            "g": Player(config.g_lr, ("generator",)),
            "e": Player(config.g_lr, ("encoder",)),
            "d": Player(config.d_lr, ("discriminator",)),
        }
        super().__init__(networks, players, config, averaged=("generator", "encoder"))
        for name, network in networks.items():
            known = getattr(network, "z_dim", config.z_dim)
            if known != config.z_dim:
                raise ValueError(f"config.z_dim must be the {name}'s, {known}, got {config.z_dim}.")
        if augment is not None and not callable(augment):
            raise TypeError(f"augment must be a function (samples, rng), got {augment!r}.")
        self.objective = get_objective(objective)
        self.augment = augment

    def step(self, batch: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Update D ``d_steps`` times, each on its part of the batch, then G and E once.

        Parameters
        ----------
        batch : Tensor (d_steps * n, ...)
            Real samples.
        rng : torch.Generator
            Draws z and whatever noise the config and ``augment`` ask for.

        Returns
        -------
        dict of str to Tensor
            ``d_loss``, ``g_loss`` (that of G and E together), ``penalty`` as scalars;
            ``real_logits`` and ``fake_logits`` of shape (n,). All detached, none read.
        """
        parts = check_batch(batch, self.config.d_steps).chunk(self.config.d_steps)
        self._begin()
        networks = self.generator, single_code(self.encoder)
        generate, encode = (in_precision(network, self.config) for network in networks)
        for k, real in enumerate(parts, start=1):
            real = place(real, self.device, self.dtype, self.config)
            judge = self._judge(real.shape[1:])
            with torch.set_grad_enabled(k == self.config.d_steps):
                z = self.latent(len(real), rng)
                real_pairs = self._pairs(real, encode(real), rng)
                fake_pairs = self._pairs(generate(z), z, rng)
            if real_pairs.shape != fake_pairs.shape:
                raise ValueError(
                    "generator and encoder must make pairs of the data's size, got rows "
                    f"{tuple(real_pairs.shape)} of (x, E(x)) and {tuple(fake_pairs.shape)} of "
                    "(G(z), z)."
                )
            d = discriminator_step(
                judge,
                self.d_optimizer,
                self.objective,
                real_pairs.detach(),  # E is not D's to train
                fake_pairs,
                self.config,
                rng,
            )
        g_loss = self._deceive(judge, real_pairs, fake_pairs)
        self._end()
        return {
            "d_loss": d.loss,
            "g_loss": g_loss,
            "penalty": d.penalty,
            "real_logits": d.real_logits,
            "fake_logits": d.fake_logits,
        }

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
        """Return G(E(x)), which nothing in training asks to be x.

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
        return self.decode(self.encode(x, ema), ema)

    def description(self) -> dict[str, Any]:
        """Return what a saved state must share with this system: the config and the objective."""
        return {**super().description(), "objective": self.objective.name}

    def _pairs(self, x: Tensor, z: Tensor, rng: torch.Generator) -> Tensor:
        """Return pairs as D sees them, one row for each: what steps and penalties work on."""
        if self.augment is not None:
            x = check_augmented(x, self.augment(x, rng))
        rows = torch.cat([x.flatten(1), z], dim=1)
        std = self.config.instance_noise
        return instance_noise(rows, std, rng) if std > 0 else rows

    def _judge(self, shape: torch.Size) -> Network:
        """Return D as a function of rows."""
        return partial(judge_rows, self.discriminator, shape)

    def _deceive(self, judge: Network, real_pairs: Tensor, fake_pairs: Tensor) -> Tensor:
        """Make one update of G and E; D's weights and gradients are not touched."""
        judge = in_precision(judge, self.config)
        loss = generator_encoder_loss(self.objective, judge(real_pairs), judge(fake_pairs))
        optimizers = self.g_optimizer, self.e_optimizer
        weights = [p for o in optimizers for group in o.param_groups for p in group["params"]]
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward(inputs=weights)  # no gradients for D's weights
        for optimizer in optimizers:
            optimizer.step()
        return loss.detach()
