"""Tricks that change the step itself, for many seeds at once (chapter 12)."""

from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from gan_lessons.regularizers import instance_noise
from gan_lessons.training import GANSeeds
from gan_lessons.training.per_seed import weighted_penalties


class OwnStep(GANSeeds):
    """``GANSeeds`` with its step written out again, so that a trick can change one part of it.

    As it stands it makes the step of ``GANSeeds``. What a trick keeps from step to step is not
    part of ``state_dict``.
    """

    def noise(self) -> float:
        """Return the standard deviation of the instance noise in this step."""
        return self.config.instance_noise

    def fakes_for_d(self, fake: Tensor) -> Tensor:
        """Return the generated samples (s, n, ...) that D is trained on, from the new ones."""
        return fake

    def both(self, real: Tensor, fake: Tensor, frozen: bool = False) -> tuple[Tensor, Tensor]:
        """Return D's logits (s, n) for real and generated samples."""
        return self._discriminator(real, frozen=frozen), self._discriminator(fake, frozen=frozen)

    def for_g(self, real: Tensor, fake: Tensor) -> tuple[Tensor | None, Tensor]:
        """Return the logits that G's loss is made of; the first None where it needs none."""
        if self.objective.needs_real:
            return self.both(real, fake, frozen=True)
        return None, self._discriminator(fake, frozen=True)

    def step(self, batch: Tensor, rng: torch.Generator | None = None) -> dict[str, Tensor]:
        """Update all D ``d_steps`` times, then all G once; see ``GANSeeds.step``."""
        config, rngs = self.config, self.rngs
        for real in batch.to(self.device, self.dtype).chunk(config.d_steps, dim=1):
            fake = self._noisy(self.generate(self._all_latent(real.shape[1])))
            real = self._noisy(real)
            shown = self.fakes_for_d(fake.detach())
            real_logits, fake_logits = self.both(real, shown)
            d_loss = vmap(self.objective.discriminator_loss)(real_logits, fake_logits)
            found = weighted_penalties(self.discriminate, real, shown, config, rngs)
            penalty = torch.zeros_like(d_loss) if found is None else found
            self.d_optimizer.zero_grad()
            (d_loss + penalty).sum().backward()
            self.d_optimizer.step()
        others, logits = self.for_g(real, fake)
        axis = None if others is None else 0
        g_loss = vmap(self.objective.generator_loss, (axis, 0))(others, logits)
        self.g_optimizer.zero_grad()
        g_loss.sum().backward(inputs=[p for p in self.g_parameters.values() if p.requires_grad])
        self.g_optimizer.step()
        if self.ema is not None:
            self.ema.update()
        self.steps_done += 1
        metrics = {
            "d_loss": d_loss,
            "g_loss": g_loss,
            "penalty": penalty,
            "real_logits": real_logits,
            "fake_logits": fake_logits,
        }
        return {name: metric.detach() for name, metric in metrics.items()}

    def _all_latent(self, n: int) -> Tensor:
        """Draw z (s, n, z_dim), each seed from its own generator."""
        return torch.stack([self._latent(n, rng) for rng in self.rngs])

    def _noisy(self, samples: Tensor) -> Tensor:
        """Return samples (s, n, ...) with instance noise, each seed from its own generator."""
        std = self.noise()
        if std == 0:
            return samples
        return torch.stack(
            [instance_noise(part, std, rng) for part, rng in zip(samples, self.rngs, strict=True)]
        )


class FadingNoise(OwnStep):
    """Instance noise that falls linearly to 0 at ``config.steps`` (Sonderby et al., 2017)."""

    def noise(self) -> float:
        """Return the standard deviation in this step."""
        return self.config.instance_noise * max(0.0, 1 - self.steps_done / self.config.steps)


class MixedBatches(OwnStep):
    """D sees real and generated samples in one batch: it matters where D has BatchNorm."""

    def both(self, real: Tensor, fake: Tensor, frozen: bool = False) -> tuple[Tensor, Tensor]:
        """Return D's logits (s, n) for both halves of the batch."""
        logits = self._discriminator(torch.cat([real, fake], dim=1), frozen=frozen)
        return logits[:, : real.shape[1]], logits[:, real.shape[1] :]

    def for_g(self, real: Tensor, fake: Tensor) -> tuple[Tensor | None, Tensor]:
        """Return the logits that G's loss is made of."""
        others, logits = self.both(real, fake, frozen=True)
        return (others if self.objective.needs_real else None), logits


class Replay(OwnStep):
    """Half of the generated samples that D is trained on are old ones (Chintala et al., 2016).

    They are drawn from a pool of ``batches`` batches, and each step writes its new samples into
    places of the pool that are drawn, too: so long is a sample's mean stay, in steps.
    """

    batches = 50
    pool: Tensor | None = None
    filled = 0

    def fakes_for_d(self, fake: Tensor) -> Tensor:
        """Return half new and half old samples (s, n, ...), and remember the new ones."""
        s, n = fake.shape[:2]
        if self.pool is None:
            self.pool = fake.repeat_interleave(self.batches, dim=1)
        size = self.batches * n
        old, free = max(self.filled, n), size - self.filled
        shown = fake.clone()
        for k, rng in enumerate(self.rngs):
            drawn = torch.randint(old, (n // 2,), generator=rng, device=rng.device)
            if self.filled:
                shown[k, : n // 2] = self.pool[k, drawn.to(fake.device)]
            if free:
                self.pool[k, self.filled : self.filled + n] = fake[k]
            else:
                place = torch.randperm(size, generator=rng, device=rng.device)[:n]
                self.pool[k, place.to(fake.device)] = fake[k]
        self.filled = min(size, self.filled + n)
        return shown


class Unrolled(OwnStep):
    r"""G's loss is taken at the discriminator that k more of D's steps would make.

    .. math:: \phi_{i+1} = \phi_i - \mathrm{Adam}(\nabla_\phi L_D(\theta, \phi_i)), \quad
        \theta \leftarrow \theta - \mathrm{Adam}(\nabla_\theta L_G(\theta, \phi_k(\theta)))

    The k steps are taken on the batch in hand and are forgotten after G's update; G's gradient
    goes through them.

    References
    ----------
    Metz et al. (2017), "Unrolled generative adversarial networks", section 2.2.
    """

    k = 3

    def for_g(self, real: Tensor, fake: Tensor) -> tuple[Tensor | None, Tensor]:
        """Return the logits of the unrolled discriminator."""
        if self.config.r1_gamma or self.config.r2_gamma or self.config.gp_weight:
            raise ValueError("config must be without penalties for unrolling, got one.")
        judge = vmap(self._discriminator._one)
        weights = {k: w.detach().requires_grad_() for k, w in self.d_parameters.items()}
        averages = [self._averages(w) for w in self.d_parameters.values()]
        for _ in range(self.k):
            logits = judge(weights, real), judge(weights, fake)
            loss = vmap(self.objective.discriminator_loss)(*logits).sum()
            slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
            for i, (key, slope) in enumerate(zip(weights, slopes, strict=True)):
                move, averages[i] = self._adam(slope, *averages[i])
                weights[key] = weights[key] - move
        others = judge(weights, real) if self.objective.needs_real else None
        return others, judge(weights, fake)

    def _averages(self, weight: Tensor) -> tuple[Tensor, Tensor, int]:
        """Return Adam's two averages and its number of steps for one weight."""
        state: Any = self.d_optimizer.state[weight]
        return state["exp_avg"].clone(), state["exp_avg_sq"].clone(), int(state["step"])

    def _adam(
        self, slope: Tensor, mean: Tensor, square: Tensor, steps: int
    ) -> tuple[Tensor, tuple[Tensor, Tensor, int]]:
        """Return Adam's move, differentiable, and its new averages."""
        (beta, beta2), t = self.config.betas, steps + 1
        mean = beta * mean + (1 - beta) * slope
        square = beta2 * square + (1 - beta2) * slope.square()
        # the tiny number keeps the root's slope finite where a gradient has always been 0
        root = (square / (1 - beta2**t) + 1e-24).sqrt()
        return self.config.d_lr * mean / (1 - beta**t) / (root + 1e-8), (mean, square, t)
