"""Independent GANs of many seeds, trained as one batched computation."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vmap

from gan_lessons._validation import check_count, check_rng
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.training.config import TrainConfig, check_config
from gan_lessons.training.device import check_seed, seeded_generator
from gan_lessons.training.ema import EMA
from gan_lessons.training.optimizers import adam, load_optimizer
from gan_lessons.training.per_seed import (
    MakeNetworks,
    check_state,
    filled,
    finite_seeds,
    seeded_networks,
    seen,
    weighted_penalties,
)
from gan_lessons.training.stacked import Stacked
from gan_lessons.training.state import Augment


class GANSeeds:
    r"""Independent GANs, one per seed, with a leading seed axis on every tensor.

    Each network's weights are stacked to (s, ...), and one batched forward pass serves all. The
    loss is the mean over samples and the *sum* over seeds, so that each GAN gets exactly the
    gradient that it would get alone. Every seed has a random generator of its own: seed k makes
    the same run as ``GANState`` with ``replace(config, seed=k)``, up to rounding.

    It is saved and resumed as a ``System`` is (``save_checkpoint``), and trained by
    ``train_seeds``. A seed that diverged is saved as such and does not keep the others from it.

    Parameters
    ----------
    make_networks : callable
        ``make_networks(seed)`` returns a new (generator, discriminator); all of one architecture,
        without buffers (no BatchNorm) and without random layers. It is called with torch's
        default generator set to ``seed`` and put back after.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective.
    config : TrainConfig
        The numbers of every run; ``seed`` is not used. ``compile``, ``channels_last`` and
        bfloat16 are for single runs.
    seeds : int or iterable of int
        The seeds, or their number s for 0 to s - 1.
    augment : callable, optional
        As for ``GANState``; called once for each seed, with that seed's generator.

    Raises
    ------
    TypeError, ValueError
        If there are no seeds, ``config`` is no TrainConfig or asks for what is for single runs,
        ``augment`` cannot be called, or the networks are no pairs, differ in architecture, have
        buffers or nothing to train.
    """

    def __init__(
        self,
        make_networks: MakeNetworks,
        objective: str | Objective,
        config: TrainConfig,
        seeds: int | Iterable[int] = 16,
        augment: Augment | None = None,
    ) -> None:
        if not isinstance(seeds, Iterable):
            seeds = range(check_count(seeds, "seeds"))
        self.seeds = [check_seed(seed) for seed in seeds]
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds must be different and at least one, got {self.seeds}.")
        if augment is not None and not callable(augment):
            raise TypeError(f"augment must be a function (samples, rng), got {augment!r}.")
        self.objective, self.config = get_objective(objective), check_config(config)
        if config.compile or config.channels_last or config.precision == "bfloat16":
            raise ValueError("config must be without compile, channels_last and bfloat16, got one.")
        self.augment = augment
        pairs = [seeded_networks(make_networks, seed) for seed in self.seeds]
        self._generator = Stacked([g for g, _ in pairs], "generator")
        self._discriminator = Stacked([d for _, d in pairs], "discriminator")
        self.g_parameters = dict(self._generator.network.named_parameters())
        self.d_parameters = dict(self._discriminator.network.named_parameters())
        weight = next(iter(self.g_parameters.values()))
        self.device, self.dtype = weight.device, weight.dtype
        other = next(iter(self.d_parameters.values()))
        if (other.device, other.dtype) != (self.device, self.dtype):
            raise ValueError("generator and discriminator must be on one device, of one dtype.")
        self.g_optimizer = adam(self._generator, config.g_lr, config.betas)
        self.d_optimizer = adam(self._discriminator, config.d_lr, config.betas)
        self.ema = EMA(self._generator, config.ema_decay) if config.ema_decay > 0 else None
        self.rngs = [seeded_generator(seed, self.device) for seed in self.seeds]
        self.steps_done = 0
        self.last_checkpoint: Path | None = None

    @property
    def rng(self) -> torch.Generator:
        """The first seed's generator; it says where all of them draw."""
        return self.rngs[0]

    def generate(self, z: Tensor) -> Tensor:
        """Map z (s, n, z_dim) to samples (s, n, ...), each seed by its own generator."""
        return self._generator(z)

    def discriminate(self, x: Tensor) -> Tensor:
        """Map samples (s, n, ...) to logits (s, n), each seed by its own discriminator."""
        return self._discriminator(x)

    def step(self, batch: Tensor, rng: torch.Generator | None = None) -> dict[str, Tensor]:
        """Update all D ``d_steps`` times, then all G once.

        Parameters
        ----------
        batch : Tensor (s, d_steps * n, ...)
            Real samples, those of each seed apart.
        rng : torch.Generator, optional
            Not used: each seed draws from its own.

        Returns
        -------
        dict of str to Tensor
            The metrics of ``GANState.step`` of shape (s,) or (s, n), detached.
        """
        s, config, rngs = len(self.seeds), self.config, self.rngs
        if batch.shape[0] != s or batch.shape[1] % config.d_steps:
            wanted = f"({s}, a multiple of {config.d_steps}, ...)"
            raise ValueError(f"batch must have shape {wanted}, got {tuple(batch.shape)}.")
        batch = batch.to(self.device, self.dtype)
        for k, real in enumerate(batch.chunk(config.d_steps, dim=1), start=1):
            z = torch.stack([self._latent(real.shape[1], rng) for rng in rngs])
            with torch.set_grad_enabled(k == config.d_steps):
                fake = seen(self.generate(z), self.augment, config.instance_noise, rngs)
            real = seen(real, self.augment, config.instance_noise, rngs)
            real_logits, fake_logits = self.discriminate(real), self.discriminate(fake.detach())
            d_loss = vmap(self.objective.discriminator_loss)(real_logits, fake_logits)
            penalty = weighted_penalties(self.discriminate, real, fake.detach(), config, rngs)
            self.d_optimizer.zero_grad()
            (d_loss.sum() if penalty is None else (d_loss + penalty).sum()).backward()
            self.d_optimizer.step()
        real_axis = 0 if self.objective.needs_real else None
        others = self._discriminator(real, frozen=True) if self.objective.needs_real else None
        logits = self._discriminator(fake, frozen=True)  # no gradients for D's weights
        g_loss = vmap(self.objective.generator_loss, (real_axis, 0))(others, logits)
        self.g_optimizer.zero_grad()
        g_loss.sum().backward(inputs=[p for p in self.g_parameters.values() if p.requires_grad])
        self.g_optimizer.step()
        if self.ema is not None:
            self.ema.update()
        self.steps_done += 1
        penalty = torch.zeros_like(g_loss) if penalty is None else penalty
        metrics = {
            "d_loss": d_loss,
            "g_loss": g_loss,
            "penalty": penalty,
            "real_logits": real_logits,
            "fake_logits": fake_logits,
        }
        return {name: metric.detach() for name, metric in metrics.items()}

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator | None = None, ema: bool = True) -> Tensor:
        """Draw n samples from each generator, (s, n, ...), all from the same z.

        Parameters
        ----------
        n : int
            Samples per seed.
        rng : torch.Generator, optional
            Draws z; None draws from torch's default generator.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (s, n, ...)
        """
        z = self._latent(check_count(n, "n"), check_rng(rng))
        network = self.ema.network if ema and self.ema is not None else self._generator
        return network(z.expand(len(self.seeds), *z.shape))

    def networks(self, index: int, ema: bool = False) -> tuple[nn.Module, nn.Module]:
        """Return copies of generator and discriminator number ``index``, as plain modules.

        Parameters
        ----------
        index : int
            Place in ``seeds``.
        ema : bool
            Whether the generator gets the averaged weights (where the config keeps an average).

        Returns
        -------
        tuple of nn.Module
        """
        generator = self._generator
        if ema and self.ema is not None:
            generator = self.ema.network  # type: ignore[assignment]
        return generator.each(index), self._discriminator.each(index)

    def diverged(self) -> Tensor:
        """Return for each seed whether a weight, or a number of its optimizers, is not finite."""
        return ~finite_seeds(self._numbers(), len(self.seeds))

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next step depends on; of seeds that diverged, zeros."""
        diverged = self.diverged()
        return {
            **filled(self._numbers(), diverged, 0.0),
            "diverged": diverged,
            "rng": torch.stack([rng.get_state() for rng in self.rngs]),
            "steps_done": self.steps_done,
            "objective": self.objective.name,
            "config": {**asdict(self.config), "seeds": self.seeds},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned; refuse the state of another configuration."""
        steps_done = check_count(state["steps_done"], "steps_done", minimum=0)
        check_state(state, {**asdict(self.config), "seeds": self.seeds}, self.objective.name)
        numbers = filled({key: state[key] for key in self._numbers()}, state["diverged"], torch.nan)
        self._generator.network.load_state_dict(numbers["generator"])
        self._discriminator.network.load_state_dict(numbers["discriminator"])
        load_optimizer(self.g_optimizer, numbers["g_optimizer"])
        load_optimizer(self.d_optimizer, numbers["d_optimizer"])
        if self.ema is not None:
            self.ema.load_state_dict(numbers["ema"])
        for rng, drawn in zip(self.rngs, state["rng"].cpu(), strict=True):
            rng.set_state(drawn.clone())  # torch 2.13 crashes on a row of a larger tensor
        self.steps_done = steps_done

    def _numbers(self) -> dict[str, Any]:
        """Return the part of the state that has a seed axis."""
        return {
            "generator": self._generator.network.state_dict(),
            "discriminator": self._discriminator.network.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(),
            "d_optimizer": self.d_optimizer.state_dict(),
            "ema": None if self.ema is None else self.ema.state_dict(),
        }

    def _latent(self, n: int, rng: torch.Generator | None) -> Tensor:
        """Draw z (n, z_dim) as ``GANState.latent`` does."""
        shape, device = (n, self.config.z_dim), self.device if rng is None else rng.device
        return torch.randn(shape, generator=rng, device=device, dtype=self.dtype).to(self.device)
