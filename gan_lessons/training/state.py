"""The system of this book: a generator and a discriminator."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_rng, check_same_shape
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.regularizers import instance_noise
from gan_lessons.training.compiled import can_compile_step, can_trace, compiled_updates
from gan_lessons.training.config import MAY_CHANGE, TrainConfig, check_config
from gan_lessons.training.device import seeded_generator
from gan_lessons.training.ema import EMA
from gan_lessons.training.optimizers import adam, first_weight, load_optimizer
from gan_lessons.training.precision import evaluating, in_precision, place, plain, prepare
from gan_lessons.training.steps import DiscriminatorUpdate, discriminator_step, generator_step

Augment = Callable[[Tensor, torch.Generator], Tensor]


class GANState:
    """A generator and a discriminator in training: networks, optimizers, average, generator of
    random numbers.

    On a GPU a step launches its work and reads nothing back, so that the host runs ahead. By
    torch's rules it can be captured in a ``torch.cuda.CUDAGraph`` where the groups of both
    optimizers have ``capturable=True``, ``rng`` is registered with the graph and no average is
    kept (its decay is a number of the host, which a graph would keep as it was). The host's
    counter ``steps_done`` does not see replays.

    Parameters
    ----------
    generator : nn.Module
        Maps z (n, z_dim) to samples (n, ...).
    discriminator : nn.Module
        Maps samples (n, ...) to logits (n,). Both are trained in place, on the device and in the
        dtype that they have.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective.
    config : TrainConfig
        The numbers of the run.
    augment : callable, optional
        ``augment(samples, rng)`` returns samples of the same shape by differentiable steps. It
        is applied to real and generated samples alike before D sees them, in D's and in G's
        update, so that G is not taught to make augmented samples.

    Raises
    ------
    TypeError, ValueError
        If a network is no module or has nothing to train, the two are on different devices or of
        different dtypes, the objective is unknown, or ``augment`` cannot be called.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | Objective,
        config: TrainConfig,
        augment: Augment | None = None,
    ) -> None:
        g_weight = first_weight(generator, "generator")
        d_weight = first_weight(discriminator, "discriminator")
        if g_weight.device != d_weight.device:
            raise ValueError(
                "generator and discriminator must be on one device, got "
                f"{g_weight.device} and {d_weight.device}; call .to(device) on both."
            )
        if g_weight.dtype != d_weight.dtype:
            raise ValueError(
                "generator and discriminator must have one dtype, got "
                f"{g_weight.dtype} and {d_weight.dtype}; call .float() on both."
            )
        if augment is not None and not callable(augment):
            raise TypeError(f"augment must be a function (samples, rng), got {augment!r}.")
        self.generator, self.discriminator = generator, discriminator
        self.objective = get_objective(objective)
        self.config = check_config(config)
        self.augment = augment
        self.device, self.dtype = g_weight.device, g_weight.dtype
        # A model with a step of its own has its networks compiled.
        own_step = type(self).step is GANState.step
        self._whole = own_step and can_compile_step(config, augment is not None)
        for network in (generator, discriminator):
            prepare(network, config, config.compile and not self._whole)
        self.g_optimizer = adam(generator, config.g_lr, config.betas)
        self.d_optimizer = adam(discriminator, config.d_lr, config.betas)
        self.ema = EMA(generator, config.ema_decay) if config.ema_decay > 0 else None
        self.rng = seeded_generator(config.seed, self.device)
        self.steps_done = 0
        self.last_checkpoint: Path | None = None

    def step(self, batch: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Update D ``d_steps`` times, each on its part of the batch, then G once.

        Parameters
        ----------
        batch : Tensor (d_steps * n, ...)
            Real samples.
        rng : torch.Generator
            Draws z and whatever noise the config and ``augment`` ask for.

        Returns
        -------
        dict of str to Tensor
            ``d_loss``, ``g_loss``, ``penalty`` as scalars; ``real_logits`` and ``fake_logits`` of
            shape (n,). All detached, none read.
        """
        if not isinstance(batch, Tensor):
            raise TypeError(
                f"batch must be a tensor, got {type(batch).__name__}; pass the images alone "
                "(data.images), labels are for a ConditionalGAN."
            )
        n, d_steps = len(batch), self.config.d_steps
        if n == 0 or n % d_steps:
            raise ValueError(f"batch must have a multiple of {d_steps} samples, got {n}.")
        for network in (self.generator, self.discriminator):
            if not network.training:
                network.train()
        batch = place(batch, self.device, self.dtype, self.config)
        d, g_loss = self._compiled(batch, rng) if self._whole else self._updates(batch, rng)
        return self._done(d, g_loss)

    def _done(self, d: DiscriminatorUpdate, g_loss: Tensor) -> dict[str, Tensor]:
        """Average, count the step, and return its metrics."""
        if self.ema is not None:
            self.ema.update()
        self.steps_done += 1
        return {
            "d_loss": d.loss,
            "g_loss": g_loss,
            "penalty": d.penalty,
            "real_logits": d.real_logits,
            "fake_logits": d.fake_logits,
        }

    def latent(self, n: int, rng: torch.Generator | None = None) -> Tensor:
        """Draw z ~ N(0, I) of shape (n, z_dim); rng=None draws from torch's default generator."""
        shape, rng = (check_count(n, "n"), self.config.z_dim), check_rng(rng)
        device = self.device if rng is None else rng.device
        z = torch.randn(shape, generator=rng, device=device, dtype=self.dtype)
        return z.to(self.device)

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator | None = None, ema: bool = True) -> Tensor:
        """Draw samples from the generator in evaluation mode.

        Parameters
        ----------
        n : int
            How many.
        rng : torch.Generator, optional
            Draws z; None draws from torch's default generator.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, ...)
        """
        z = self.latent(n, rng)
        network = self.ema.network if ema and self.ema is not None else self.generator
        with evaluating(network), plain(self.config):  # compiled code is for batches of one size
            return torch.cat([network(part) for part in z.split(1000)])  # in parts: memory

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on, as tensors and plain data."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(),
            "d_optimizer": self.d_optimizer.state_dict(),
            "ema": None if self.ema is None else self.ema.state_dict(),
            "rng": self.rng.get_state(),
            "steps_done": self.steps_done,
            "objective": self.objective.name,
            "config": asdict(self.config),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned; refuse the state of another configuration."""
        steps_done = check_count(state["steps_done"], "steps_done", minimum=0)
        mine = {**asdict(self.config), "objective": self.objective.name}
        theirs = {**state["config"], "objective": state["objective"]}
        differ = [k for k in mine if mine[k] != theirs.get(k) and k not in MAY_CHANGE]
        if differ:
            raise ValueError(
                f"state is of another configuration: {', '.join(differ)} differ (state has "
                f"{[theirs.get(k) for k in differ]}, the system {[mine[k] for k in differ]})."
            )
        self.generator.load_state_dict(state["generator"])
        self.discriminator.load_state_dict(state["discriminator"])
        load_optimizer(self.g_optimizer, state["g_optimizer"])
        load_optimizer(self.d_optimizer, state["d_optimizer"])
        if self.ema is not None:
            self.ema.load_state_dict(state["ema"])
        self.rng.set_state(state["rng"].cpu())
        self.steps_done = steps_done

    def _updates(self, batch: Tensor, rng: torch.Generator) -> tuple[DiscriminatorUpdate, Tensor]:
        """Update D on each part of the batch, then G."""
        d_steps = self.config.d_steps
        generate = in_precision(self.generator, self.config)
        parts = batch.chunk(d_steps) if d_steps > 1 else (batch,)
        for k, real in enumerate(parts, start=1):
            # The last fake batch is used twice: cut off for D, then with its graph for G.
            with torch.set_grad_enabled(k == d_steps):
                fake = self._view(generate(self.latent(len(real), rng)), rng)
            real = self._view(real, rng)
            d = discriminator_step(
                self.discriminator, self.d_optimizer, self.objective, real, fake, self.config, rng
            )
        return d, generator_step(
            self.discriminator, self.g_optimizer, self.objective, real, fake, self.config
        )

    def _compiled(self, batch: Tensor, rng: torch.Generator) -> tuple[DiscriminatorUpdate, Tensor]:
        """Make the same updates by compiled code, where the optimizers let the compiler in."""
        optimizers = self.g_optimizer, self.d_optimizer
        if not all(can_trace(optimizer) for optimizer in optimizers):  # as under torchrun
            self._whole = False
            for network in (self.generator, self.discriminator):
                network.compile()
            return self._updates(batch, rng)
        z = self.latent(len(batch), rng)
        return compiled_updates(
            self.generator, self.discriminator, optimizers, self.objective, self.config, batch, z
        )

    def _view(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """Return samples as D sees them: augmented, then with instance noise."""
        if self.augment is not None:
            given, samples = samples, self.augment(samples, rng)
            check_same_shape(given, samples, "augment: samples", "what it returns")
        if self.config.instance_noise > 0:
            samples = instance_noise(samples, self.config.instance_noise, rng)
        return samples
