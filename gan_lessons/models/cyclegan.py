"""The CycleGAN: two translators that undo each other, learned from unpaired images."""

from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from gan_lessons.models.base import NetworkSystem, Player
from gan_lessons.models.image_pool import ImagePool
from gan_lessons.models.translation import (
    Judged,
    check_pair_of_batches,
    judge,
    mean_difference,
    seen,
    together,
    translated,
)
from gan_lessons.models.translation_config import CycleGANConfig, set_learning_rates
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.training.precision import in_precision, place

Direction = Literal["ab", "ba"]


class CycleGAN(NetworkSystem):
    r"""Two generators G: a -> b and F: b -> a, and a discriminator of each domain, in training.

    .. math:: L(G, F) = w_{adv} [L_G(D_B, G(a)) + L_G(D_A, F(b))]
        + w_f\, |F(G(a)) - a| + w_b\, |G(F(b)) - b| + w_{id} [|G(b) - b| + |F(a) - a|]

    with means over batch and pixels. Each step updates the generators once, then the
    discriminators ``d_steps`` times, on real images and on generated ones that have passed
    through an image pool. What one network has to do on images of one size it does in one pass,
    which is exact as long as no batch normalisation ties them.

    Under torchrun each rank has pools of its own, of its own images, and a checkpoint those of
    rank 0, with which all ranks go on: as valid a run, but not the one without the stop.

    Parameters
    ----------
    generator_ab, generator_ba : nn.Module
        Map samples of one domain to the other, as ``ResnetTranslator`` does.
    discriminator_a, discriminator_b : nn.Module
        Map samples (n, ...) to logits (n,) or, of patches, (n, h, w), as ``PatchDiscriminator``.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective; "least-squares" is the published one.
    config : CycleGANConfig
        The numbers of the run. Averages of both generators are kept where ``ema_decay`` is not 0.

    Raises
    ------
    TypeError, ValueError
        As for ``GANState``, or if ``config`` is no CycleGANConfig.

    References
    ----------
    Zhu et al. (2017), eqs. 1 to 4, section 4 and, for the identity loss, section 5.2.
    """

    config: CycleGANConfig
    g_optimizer: torch.optim.Adam
    d_optimizer: torch.optim.Adam

    def __init__(
        self,
        generator_ab: nn.Module,
        generator_ba: nn.Module,
        discriminator_a: nn.Module,
        discriminator_b: nn.Module,
        objective: str | Objective,
        config: CycleGANConfig,
    ) -> None:
        if not isinstance(config, CycleGANConfig):
            raise TypeError(f"config must be a CycleGANConfig, got {type(config).__name__}.")
        networks = {
            "generator_ab": generator_ab,
            "generator_ba": generator_ba,
            "discriminator_a": discriminator_a,
            "discriminator_b": discriminator_b,
        }
        generators, discriminators = tuple(networks)[:2], tuple(networks)[2:]
        players = {
            "g": Player(config.g_lr, generators),
            "d": Player(config.d_lr, discriminators),
        }
        super().__init__(networks, players, config, averaged=generators)
        self.objective = get_objective(objective)
        #: Generated images of earlier steps, by domain.
        self.pools = {domain: ImagePool(config.pool_size) for domain in "ab"}

    def step(self, batch: tuple[Tensor, Tensor], rng: torch.Generator) -> dict[str, Tensor]:
        """Update both generators once, then both discriminators ``d_steps`` times.

        Parameters
        ----------
        batch : tuple of two Tensors (d_steps * n, ...)
            Samples of domain a and of domain b; they are no pairs.
        rng : torch.Generator
            Draws what the pools, the noise and the gradient penalty need.

        Returns
        -------
        dict of str to Tensor
            ``d_loss`` and ``penalty`` of both discriminators, ``g_loss`` of both generators with
            all its terms, the unweighted means ``cycle_a`` (a -> b -> a) and ``cycle_b``,
            ``identity`` (of both) and the logits of both. All detached, none read.
        """
        a, b = self._check_batch(batch)
        self._begin()
        set_learning_rates(self.g_optimizer, self.d_optimizer, self.config, self.steps_done)
        parts = list(zip(a.chunk(self.config.d_steps), b.chunk(self.config.d_steps), strict=True))
        fake_a, fake_b, losses = self._update_generators(*parts[0], rng)
        for k, (real_a, real_b) in enumerate(parts):
            if k > 0:
                with torch.no_grad():
                    (fake_b,), (fake_a,) = self._run("ab", real_a), self._run("ba", real_b)
            judged = self._update_discriminators(real_a, real_b, fake_a, fake_b, rng)
        self._end()
        return {
            "d_loss": judged[0].loss.detach() + judged[1].loss.detach(),
            **losses,
            "penalty": judged[0].penalty.detach() + judged[1].penalty.detach(),
            "real_logits": torch.cat([one.real_logits for one in judged]),
            "fake_logits": torch.cat([one.fake_logits for one in judged]),
        }

    @torch.no_grad()
    def translate(self, images: Tensor, direction: Direction = "ab", ema: bool = True) -> Tensor:
        """Translate whole images of any size, in evaluation mode.

        Parameters
        ----------
        images : Tensor (n, ...)
            Of the first domain of ``direction``, in [-1, 1]; sides that the generator cannot
            halve are padded by reflection and cropped again.
        direction : {"ab", "ba"}, default "ab"
            From a to b, or from b to a.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, ...)
            On the system's device.

        Raises
        ------
        ValueError
            If ``direction`` is another, or there are no images.
        """
        if direction not in get_args(Direction):
            raise ValueError(f"direction must be 'ab' or 'ba', got {direction!r}.")
        return translated(self.network(f"generator_{direction}", ema), images, self)

    def description(self) -> dict[str, Any]:
        """Return what a saved state must share with this system, as plain data."""
        return {**super().description(), "objective": self.objective.name}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on, the pools among it."""
        pools = {domain: pool.state_dict() for domain, pool in self.pools.items()}
        return {**super().state_dict(), "pools": pools}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned; refuse the state of another configuration."""
        super().load_state_dict(state)
        if not isinstance(state["pools"], dict) or set(state["pools"]) != set(self.pools):
            raise ValueError("state must be that of a CycleGAN, with pools of a and of b.")
        for domain, pool in self.pools.items():
            pool.load_state_dict(state["pools"][domain])

    def _run(self, direction: str, *parts: Tensor) -> tuple[Tensor, ...]:
        """Return what a generator makes of each part, by one pass where that is the same."""
        network = getattr(self, f"generator_{direction}")
        return together(in_precision(network, self.config), network, parts)

    def _update_generators(
        self, a: Tensor, b: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Update both generators; return both translations and the losses."""
        config, same = self.config, self.config.identity_weight > 0
        # G(a) and G(b) in one pass, F(b) and F(a) in another.
        fake_b, *same_b = self._run("ab", a, b) if same else self._run("ab", a)
        fake_a, *same_a = self._run("ba", b, a) if same else self._run("ba", b)
        # Only these two need what the two before have made.
        (again_a,), (again_b,) = self._run("ba", fake_b), self._run("ab", fake_a)
        cycle_a, cycle_b = mean_difference(again_a, a), mean_difference(again_b, b)
        loss = config.forward_weight * cycle_a + config.backward_weight * cycle_b
        losses = {"cycle_a": cycle_a.detach(), "cycle_b": cycle_b.detach()}
        if same:
            identity = mean_difference(same_b[0], b) + mean_difference(same_a[0], a)
            loss = loss + config.identity_weight * identity
            losses["identity"] = identity.detach()
        if config.adversarial_weight > 0:
            fooled = self._fooled("b", b, fake_b, rng) + self._fooled("a", a, fake_a, rng)
            loss = loss + config.adversarial_weight * fooled
        self.g_optimizer.zero_grad()
        weights = [w for group in self.g_optimizer.param_groups for w in group["params"]]
        loss.backward(inputs=weights)  # no gradients for the discriminators' weights
        self.g_optimizer.step()
        return fake_a.detach(), fake_b.detach(), {"g_loss": loss.detach(), **losses}

    def _fooled(self, domain: str, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
        """Return the generator's loss against the discriminator of one domain."""
        network = getattr(self, f"discriminator_{domain}")
        views = [seen(part, self.config, rng) for part in (real, fake)]
        if not self.objective.needs_real:
            views = views[1:]
        *of_real, logits = together(in_precision(network, self.config), network, views)
        real_logits = of_real[0].flatten() if of_real else None
        return self.objective.generator_loss(real_logits, logits.flatten())

    def _update_discriminators(
        self, a: Tensor, b: Tensor, fake_a: Tensor, fake_b: Tensor, rng: torch.Generator
    ) -> tuple[Judged, Judged]:
        """Update both discriminators, on generated images that have passed through the pools."""

        def judged(domain: str, real: Tensor, fake: Tensor) -> Judged:
            fake = self.pools[domain].query(fake, rng)
            real, fake = (seen(part, self.config, rng) for part in (real, fake))
            network = getattr(self, f"discriminator_{domain}")
            return judge(network, self.objective, real, fake, self.config, rng)

        both = judged("a", a, fake_a), judged("b", b, fake_b)
        self.d_optimizer.zero_grad()
        (both[0].loss + both[0].penalty + both[1].loss + both[1].penalty).backward()
        self.d_optimizer.step()
        return both

    def _check_batch(self, batch: object) -> tuple[Tensor, Tensor]:
        """Return both domains' samples where the networks are, or say what is wanted."""
        a, b = check_pair_of_batches(batch, self.config.d_steps)
        if self.config.identity_weight > 0 and a.shape[1:] != b.shape[1:]:
            raise ValueError(
                "identity_weight must be 0 where the domains differ in shape, got "
                f"{self.config.identity_weight} with {tuple(a.shape)} and {tuple(b.shape)}."
            )
        return (
            place(a, self.device, self.dtype, self.config),
            place(b, self.device, self.dtype, self.config),
        )
