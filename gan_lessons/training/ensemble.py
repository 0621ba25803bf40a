"""Networks of many seeds, stacked: one batched forward pass serves all."""

import copy
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from gan_lessons._validation import check_count, check_rng
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.regularizers import input_gradient, instance_noise, interpolate
from gan_lessons.training.config import TrainConfig, check_config
from gan_lessons.training.device import check_seed, seeded_generator

MakeNetworks = Callable[[int], tuple[nn.Module, nn.Module]]


class GANSeeds:
    r"""Independent GANs, one per seed, with a leading seed axis on every tensor.

    Each network's weights are stacked to (s, ...), and one batched forward pass serves all. The
    loss is the mean over samples and the *sum* over seeds, so that each GAN gets exactly the
    gradient that it would get alone. Every seed has a random generator of its own: seed k makes
    the same run as ``GANState`` with ``replace(config, seed=k)``, up to rounding.

    Parameters
    ----------
    make_networks : callable
        ``make_networks(seed)`` returns a new (generator, discriminator); all of one architecture,
        without buffers (no BatchNorm) and without random layers. It is called with torch's
        default generator set to ``seed`` and put back after.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective.
    config : TrainConfig
        The numbers of every run; ``seed`` and ``ema_decay`` are not used (no average is kept).
    seeds : int or iterable of int
        The seeds, or their number s for 0 to s - 1.

    Raises
    ------
    TypeError, ValueError
        If there are no seeds, ``config`` is no TrainConfig, or the networks are no pairs, differ
        in architecture, have buffers or nothing to train.
    """

    def __init__(
        self,
        make_networks: MakeNetworks,
        objective: str | Objective,
        config: TrainConfig,
        seeds: int | Iterable[int] = 16,
    ) -> None:
        if not isinstance(seeds, Iterable):
            seeds = range(check_count(seeds, "seeds"))
        self.seeds = list(seeds)
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds must be different and at least one, got {self.seeds}.")
        self.objective, self.config = get_objective(objective), check_config(config)
        pairs = [seeded_networks(make_networks, seed) for seed in self.seeds]
        self._generator, self.g_parameters = _stack([g for g, _ in pairs], "generator")
        self._discriminator, self.d_parameters = _stack([d for _, d in pairs], "discriminator")
        weight = next(iter(self.g_parameters.values()))
        self.device, self.dtype = weight.device, weight.dtype
        fused = self.device.type in ("cpu", "cuda")
        g_weights, d_weights = list(self.g_parameters.values()), list(self.d_parameters.values())
        betas = config.betas
        self.g_optimizer = torch.optim.Adam(g_weights, lr=config.g_lr, betas=betas, fused=fused)
        self.d_optimizer = torch.optim.Adam(d_weights, lr=config.d_lr, betas=betas, fused=fused)
        self.rngs = [seeded_generator(seed, self.device) for seed in self.seeds]
        self.steps_done = 0

    def generate(self, z: Tensor) -> Tensor:
        """Map z (s, n, z_dim) to samples (s, n, ...), each seed by its own generator."""
        return _batched(self._generator, self.g_parameters, z)

    def discriminate(self, x: Tensor) -> Tensor:
        """Map samples (s, n, ...) to logits (s, n), each seed by its own discriminator."""
        return _batched(self._discriminator, self.d_parameters, x)

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update all D ``d_steps`` times, then all G once.

        Parameters
        ----------
        batch : Tensor (s, d_steps * n, ...)
            Real samples, those of each seed apart.

        Returns
        -------
        dict of str to Tensor
            The metrics of ``GANState.step`` of shape (s,) or (s, n), detached.
        """
        if batch.shape[0] != len(self.seeds) or batch.shape[1] % self.config.d_steps:
            raise ValueError(
                f"batch must have shape ({len(self.seeds)}, a multiple of {self.config.d_steps}, "
                f"...), got {tuple(batch.shape)}."
            )
        batch = batch.to(self.device, self.dtype)
        for k, real in enumerate(batch.chunk(self.config.d_steps, dim=1), start=1):
            z = torch.stack([self._latent(real.shape[1], rng) for rng in self.rngs])
            with torch.set_grad_enabled(k == self.config.d_steps):
                fake = self._noisy(self.generate(z))
            real = self._noisy(real)
            real_logits, fake_logits = self.discriminate(real), self.discriminate(fake.detach())
            d_loss = vmap(self.objective.discriminator_loss)(real_logits, fake_logits)
            penalty = self._penalty(real, fake.detach())
            self.d_optimizer.zero_grad()
            (d_loss.sum() + penalty.sum()).backward()
            self.d_optimizer.step()
        logits = self.discriminate(fake)
        if self.objective.needs_real:
            g_loss = vmap(self.objective.generator_loss)(self.discriminate(real), logits)
        else:
            g_loss = vmap(lambda fakes: self.objective.generator_loss(None, fakes))(logits)
        self.g_optimizer.zero_grad()
        g_loss.sum().backward(inputs=list(self.g_parameters.values()))
        self.g_optimizer.step()
        self.steps_done += 1
        real_logits, fake_logits = real_logits.detach(), fake_logits.detach()
        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            "penalty": penalty.detach(),
            "d_real": real_logits.sigmoid(),
            "d_fake": fake_logits.sigmoid(),
            "real_logits": real_logits,
            "fake_logits": fake_logits,
        }

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator | None = None) -> Tensor:
        """Draw n samples from each generator, (s, n, ...), all from the same z.

        Parameters
        ----------
        n : int
            Samples per seed.
        rng : torch.Generator, optional
            Draws z; None draws from torch's default generator.

        Returns
        -------
        Tensor (s, n, ...)
        """
        z = self._latent(check_count(n, "n"), rng)
        return self.generate(z.expand(len(self.seeds), *z.shape))

    def networks(self, index: int) -> tuple[nn.Module, nn.Module]:
        """Return copies of generator and discriminator number ``index``, as plain modules."""
        pair = []
        for template, parameters in (
            (self._generator, self.g_parameters),
            (self._discriminator, self.d_parameters),
        ):
            network = copy.deepcopy(template).to_empty(device=self.device)
            network.load_state_dict({k: p.detach()[index].clone() for k, p in parameters.items()})
            pair.append(network)
        return pair[0], pair[1]

    def _latent(self, n: int, rng: torch.Generator | None) -> Tensor:
        """Draw z (n, z_dim) as ``GANState.latent`` does."""
        rng = check_rng(rng)
        device = self.device if rng is None else rng.device
        z = torch.randn(n, self.config.z_dim, generator=rng, device=device, dtype=self.dtype)
        return z.to(self.device)

    def _noisy(self, x: Tensor) -> Tensor:
        """Add each seed's own instance noise to samples (s, n, ...)."""
        std = self.config.instance_noise
        if std == 0:
            return x
        return torch.stack(
            [instance_noise(part, std, rng) for part, rng in zip(x, self.rngs, strict=True)]
        )

    def _penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the weighted penalties of each seed, (s,)."""
        config = self.config
        total = torch.zeros(len(self.seeds), device=self.device, dtype=self.dtype)
        if config.r1_gamma > 0:
            total = total + config.r1_gamma / 2 * self._slopes(real).square().mean(1)
        if config.r2_gamma > 0:
            total = total + config.r2_gamma / 2 * self._slopes(fake).square().mean(1)
        if config.gp_weight > 0:
            points = [interpolate(*pair) for pair in zip(real, fake, self.rngs, strict=True)]
            total = total + config.gp_weight * (
                self._slopes(torch.stack(points)) - 1
            ).square().mean(1)
        return total

    def _slopes(self, x: Tensor) -> Tensor:
        """Return the norm of each discriminator's gradient at its samples, (s, n)."""
        seeds = len(self.seeds)

        def flat(rows: Tensor) -> Tensor:
            return self.discriminate(rows.unflatten(0, (seeds, -1))).flatten()

        return input_gradient(flat, x.flatten(0, 1)).norm(dim=1).unflatten(0, (seeds, -1))


def seeded_networks(make_networks: MakeNetworks, seed: int) -> tuple[nn.Module, nn.Module]:
    """Return ``make_networks(seed)``, with torch's default generator set to the seed meanwhile.

    Parameters
    ----------
    make_networks : callable
        ``make_networks(seed)`` returns (generator, discriminator).
    seed : int
        At least 0.

    Returns
    -------
    tuple of nn.Module

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is out of range, or two networks are not what comes.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(check_seed(seed))
        pair = make_networks(seed)
    networks = pair if isinstance(pair, (tuple, list)) else ()
    if [isinstance(network, nn.Module) for network in networks] != [True, True]:
        raise TypeError(f"make_networks must return two networks, got {pair!r}.")
    return pair


def _stack(networks: list[nn.Module], name: str) -> tuple[nn.Module, dict[str, Tensor]]:
    """Return one network without weights, and the weights of all with a leading seed axis."""
    if any(True for _ in networks[0].buffers()):
        raise ValueError(
            f"{name} must have no buffers (BatchNorm, spectral norm) to be stacked over seeds; "
            "use another network, or train the seeds one by one."
        )
    shapes = [[(k, p.shape) for k, p in network.named_parameters()] for network in networks]
    if not shapes[0] or any(other != shapes[0] for other in shapes):
        raise ValueError(f"{name} must have weights, of the same shapes for every seed.")
    parameters, _ = stack_module_state(networks)
    return copy.deepcopy(networks[0]).to("meta"), parameters


def _batched(template: nn.Module, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
    """Run each seed's network on its own batch x (s, n, ...)."""

    def one(weights: dict[str, Tensor], rows: Tensor) -> Tensor:
        return functional_call(template, weights, (rows,))

    return vmap(one)(parameters, x)
