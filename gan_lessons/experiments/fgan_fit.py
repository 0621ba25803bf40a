"""A normal law fitted to samples by an f-GAN in one dimension, many seeds at once (chapter 14)."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions import Mixture, Normal
from gan_lessons.divergences import FDivergence, exact_variational_bound, f_divergence
from gan_lessons.objectives import FGAN, fgan
from gan_lessons.training.device import check_seed
from gan_lessons.training.stacked import Stacked


@dataclass(frozen=True)
class FitConfig:
    """How mu, sigma and T are trained; chosen on seeds 0 to 7.

    Parameters
    ----------
    hidden
        Units in each of the two hidden layers of T, with tanh.
    batch_size
        Samples of the data, and of the model, per update.
    steps
        Updates of mu and log sigma.
    d_steps
        Updates of T before each of them.
    final_steps
        Updates of T alone at the end, with mu and sigma held at their averages.
    d_lr, g_lr
        Adam's learning rates of T and of (mu, log sigma); both fall as a cosine to 2%.
    betas
        Adam's, for both.
    averaged
        Share of the steps, the last ones, over which mu and log sigma are averaged.
    slope
        Standard deviation of the slopes of T's first layer at the start: how sharp its features
        are. Their centres are drawn from the data.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of its range.
    """

    hidden: int = 32
    batch_size: int = 512
    steps: int = 1500
    d_steps: int = 2
    final_steps: int = 300
    d_lr: float = 2e-2
    g_lr: float = 1e-2
    betas: tuple[float, float] = (0.9, 0.99)
    averaged: float = 0.25
    slope: float = 2.5

    def __post_init__(self) -> None:
        for name in ("hidden", "batch_size", "steps", "d_steps"):
            check_count(getattr(self, name), name)
        check_count(self.final_steps, "final_steps", minimum=0)
        for name in ("d_lr", "g_lr", "slope"):
            check_positive(getattr(self, name), name)
        if check_positive(self.averaged, "averaged") > 1:
            raise ValueError(f"averaged must be in (0, 1], got {self.averaged}.")


class Moment(NamedTuple):
    """One moment of a fit: steps made, and each seed's current model, (s,) each."""

    step: int
    mu: Tensor
    sigma: Tensor


class SampledFit(NamedTuple):
    """What s seeds found, shapes (s,), float64.

    Parameters
    ----------
    mu, sigma
        The fitted models, averaged over the last steps.
    bound
        F at the trained T, by quadrature: never above ``divergence``.
    divergence
        The divergence itself at the fitted model, by quadrature.
    """

    mu: Tensor
    sigma: Tensor
    bound: Tensor
    divergence: Tensor


class UnivariateFGAN:
    """The models N(mu, sigma^2) and the functions T = g_f(v) of many seeds; ``train`` fits them.

    Parameters
    ----------
    divergence
        A key of ``F_DIVERGENCES``, or an FDivergence.
    target
        The data law on the line, which is only sampled.
    seeds
        One fit each. mu starts within a standard deviation of the data's mean, sigma at 0.9 to 1.4
        of the data's.
    config
        Settings.
    """

    def __init__(
        self,
        divergence: str | FDivergence,
        target: Mixture,
        seeds: Iterable[int],
        config: FitConfig = FitConfig(),  # noqa: B008 (it is frozen)
    ) -> None:
        self.objective: FGAN = fgan(divergence)
        self.target, self.config = target, config
        self.seeds = tuple(check_seed(seed) for seed in seeds)
        self.rngs = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        networks = [_network(target, config, rng) for rng in self.rngs]
        self.network = Stacked(networks, "T")
        firsts = [(target.sample(1000, rng), torch.rand(2, generator=rng)) for rng in self.rngs]
        self.mu = torch.stack([x.mean() + x.std() * (2 * u[0] - 1) for x, u in firsts])
        self.log_sigma = torch.stack([(x.std() * (0.9 + u[1] / 2)).log() for x, u in firsts])
        for parameter in (self.mu, self.log_sigma):
            parameter.requires_grad_()

    def train(self, every: int | None = None) -> Iterator[Moment]:
        """Train all seeds, and yield the moments after 0 and each ``every`` steps, and the end."""
        config = self.config
        model = [self.mu, self.log_sigma]
        d = torch.optim.Adam(self.network.parameters(), config.d_lr, config.betas)
        g = torch.optim.Adam(model, config.g_lr, config.betas)
        first = config.steps - max(1, round(config.averaged * config.steps))
        sums = torch.zeros(2, len(self.seeds))
        for step in range(config.steps):
            if every is not None and step % every == 0:
                yield self.moment(step)
            share = max(0.02, (1 + math.cos(math.pi * step / config.steps)) / 2)
            d.param_groups[0]["lr"] = share * config.d_lr
            g.param_groups[0]["lr"] = share * config.g_lr
            for _ in range(config.d_steps):
                self._raise_bound(d)
            scores = self.network(self._model_samples(), frozen=True)
            loss = torch.vmap(lambda v: self.objective.generator_loss(None, v))(scores).sum()
            g.zero_grad()
            loss.backward()
            g.step()
            if step >= first:
                sums += torch.stack([part.detach() for part in model])
        with torch.no_grad():
            for parameter, total in zip(model, sums / (config.steps - first), strict=True):
                parameter.copy_(total)
        for step in range(config.final_steps):
            share = (1 + math.cos(math.pi * step / config.final_steps)) / 2
            d.param_groups[0]["lr"] = share * config.d_lr / 4
            self._raise_bound(d)
        yield self.moment(config.steps)

    def moment(self, step: int) -> Moment:
        """Return the current models."""
        return Moment(step, self.mu.detach().double(), self.log_sigma.detach().double().exp())

    def score(self, index: int) -> nn.Module:
        """Return the raw score v of one seed, in float64, x (n, 1) to (n,)."""
        return self.network.each(index).double().requires_grad_(False)

    def measure(self) -> SampledFit:
        """Return what was found, with F and the divergence by quadrature."""
        _, mu, sigma = self.moment(0)
        pairs = []
        for k in range(len(self.seeds)):
            law = Normal(float(mu[k]), float(sigma[k]))
            divergence = self.objective.divergence
            bound = exact_variational_bound(divergence, self.target, law, self.score(k), 1e-7)
            pairs.append((bound, f_divergence(divergence, self.target, law, 1e-9)))
        bounds, divergences = torch.tensor(pairs, dtype=torch.float64).T
        return SampledFit(mu, sigma, bounds, divergences)

    def _model_samples(self) -> Tensor:
        """Draw mu + sigma z for each seed, (s, n, 1), differentiable in mu and sigma."""
        n = self.config.batch_size
        z = torch.stack([torch.randn(n, 1, generator=rng) for rng in self.rngs])
        return self.mu[:, None, None] + self.log_sigma.exp()[:, None, None] * z

    def _raise_bound(self, optimizer: torch.optim.Optimizer) -> None:
        """Make one update of every T."""
        n = self.config.batch_size
        real = torch.stack([self.target.sample(n, rng) for rng in self.rngs])
        with torch.no_grad():
            fake = self._model_samples()
        scores = self.network(torch.cat([real, fake], dim=1))
        loss = torch.vmap(self.objective.discriminator_loss)(scores[:, :n], scores[:, n:]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def fit_from_samples(
    divergence: str | FDivergence,
    target: Mixture,
    seeds: Iterable[int] = range(8),
    config: FitConfig = FitConfig(),  # noqa: B008 (it is frozen)
) -> SampledFit:
    """Fit normal laws to samples of a target by an f-GAN, one for each seed, and measure them.

    Parameters
    ----------
    divergence, target, seeds, config
        As for ``UnivariateFGAN``.
    """
    system = UnivariateFGAN(divergence, target, seeds, config)
    for _ in system.train():
        pass
    return system.measure()


def _network(target: Mixture, config: FitConfig, rng: torch.Generator) -> nn.Module:
    """Return a new T: tanh features centred on the data, then another layer of tanh."""
    n = config.hidden
    with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
        first, second, last = nn.Linear(1, n), nn.Linear(n, n), nn.Linear(n, 1)
    with torch.no_grad():
        first.weight.normal_(0, config.slope, generator=rng)
        x = target.sample(n, rng)
        centres = x.mean() + 1.3 * (x - x.mean())
        first.bias.copy_(-(first.weight * centres)[:, 0])
        for layer in (second, last):
            layer.weight.uniform_(-(n**-0.5), n**-0.5, generator=rng)
            layer.bias.zero_()
    return nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), last, nn.Flatten(0))
