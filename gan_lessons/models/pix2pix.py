"""Translation learned from pairs: a conditional GAN and the distance from the true partner."""

from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_same_shape
from gan_lessons.models.base import NetworkSystem, Player
from gan_lessons.models.translation import (
    check_pair_of_batches,
    judge,
    mean_difference,
    seen,
    translated,
)
from gan_lessons.models.translation_config import Pix2PixConfig, set_learning_rates
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.training.precision import in_precision, place


class Pix2Pix(NetworkSystem):
    r"""A generator G: a -> b and a discriminator of pairs D(a, b), in training on true pairs.

    .. math:: L_G = w_{adv} \, L_G(D, (a, G(a))) + w_1\, |G(a) - b|

    with the mean over batch and pixels. D is told a, so that G(a) has to look like b and to belong
    to a. G draws nothing by itself (dropout in a ``UNetTranslator`` is the published noise): it
    is a map. Each step updates D ``d_steps`` times, each on its part of the batch, then G once.

    Parameters
    ----------
    generator : nn.Module
        Maps samples of domain a to domain b, as ``UNetTranslator`` does.
    discriminator : nn.Module
        Maps pairs, one behind the other along axis 1, to logits (n,) or, of patches, (n, h, w):
        a ``PatchDiscriminator`` with the channels of both.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective; "non-saturating" is the published one.
    config : Pix2PixConfig
        The numbers of the run. An average of the generator is kept where ``ema_decay`` is not 0.

    Raises
    ------
    TypeError, ValueError
        As for ``GANState``, or if ``config`` is no Pix2PixConfig.

    References
    ----------
    Isola et al. (2017), eqs. 1, 3 and 4.
    """

    config: Pix2PixConfig
    generator: nn.Module
    discriminator: nn.Module
    g_optimizer: torch.optim.Adam
    d_optimizer: torch.optim.Adam

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | Objective,
        config: Pix2PixConfig,
    ) -> None:
        if not isinstance(config, Pix2PixConfig):
            raise TypeError(f"config must be a Pix2PixConfig, got {type(config).__name__}.")
        networks = {"generator": generator, "discriminator": discriminator}
        players = {
            "g": Player(config.g_lr, ("generator",)),
            "d": Player(config.d_lr, ("discriminator",)),
        }
        super().__init__(networks, players, config, averaged=("generator",))
        self.objective = get_objective(objective)

    def step(self, batch: tuple[Tensor, Tensor], rng: torch.Generator) -> dict[str, Tensor]:
        """Update D ``d_steps`` times, then G once.

        Parameters
        ----------
        batch : tuple of two Tensors (d_steps * n, ...)
            Samples of domain a and their partners in b, row by row.
        rng : torch.Generator
            Draws what the noise and the gradient penalty need.

        Returns
        -------
        dict of str to Tensor
            ``d_loss``, ``g_loss`` with all its terms, ``l1`` (unweighted), ``penalty`` and the
            logits. All detached, none read.
        """
        a, b = (
            place(part, self.device, self.dtype, self.config)
            for part in check_pair_of_batches(batch, self.config.d_steps)
        )
        if a.shape[2:] != b.shape[2:]:
            raise ValueError(
                f"batch must have pairs of one size, got {tuple(a.shape)} and {tuple(b.shape)}."
            )
        self._begin()
        set_learning_rates(self.g_optimizer, self.d_optimizer, self.config, self.steps_done)
        generate, k = in_precision(self.generator, self.config), self.config.d_steps
        for left, x, y in zip(reversed(range(k)), a.chunk(k), b.chunk(k), strict=True):
            with torch.set_grad_enabled(left == 0):  # the last one is used for G, too
                made = generate(x)
            check_same_shape(made, y, "what the generator made", "its partner b")
            real, fake = (seen(torch.cat([x, to], 1), self.config, rng) for to in (y, made))
            d = judge(self.discriminator, self.objective, real, fake, self.config, rng)
            self.d_optimizer.zero_grad()
            (d.loss + d.penalty).backward()
            self.d_optimizer.step()
        l1 = mean_difference(made, y)
        loss = self.config.l1_weight * l1
        if self.config.adversarial_weight > 0:
            judge_pair = in_precision(self.discriminator, self.config)
            real_logits = judge_pair(real).flatten() if self.objective.needs_real else None
            fooled = self.objective.generator_loss(real_logits, judge_pair(fake).flatten())
            loss = loss + self.config.adversarial_weight * fooled
        self.g_optimizer.zero_grad()
        weights = [w for group in self.g_optimizer.param_groups for w in group["params"]]
        loss.backward(inputs=weights)  # no gradients for D's weights
        self.g_optimizer.step()
        self._end()
        return {
            "d_loss": d.loss.detach(),
            "g_loss": loss.detach(),
            "l1": l1.detach(),
            "penalty": d.penalty.detach(),
            "real_logits": d.real_logits,
            "fake_logits": d.fake_logits,
        }

    @torch.no_grad()
    def translate(self, images: Tensor, ema: bool = True) -> Tensor:
        """Translate whole images of any size, in evaluation mode.

        Parameters
        ----------
        images : Tensor (n, ...)
            Of domain a, in [-1, 1]; sides that the generator cannot halve are padded by
            reflection and cropped again.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, ...)
            On the system's device.
        """
        return translated(self.network("generator", ema), images, self)

    def description(self) -> dict[str, Any]:
        """Return what a saved state must share with this system, as plain data."""
        return {**super().description(), "objective": self.objective.name}
