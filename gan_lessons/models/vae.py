"""The variational autoencoder: encoder and generator maximise one bound on log p(x)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_positive, check_tensor
from gan_lessons.models.base import Player
from gan_lessons.models.bounds import importance_weighted_bound, log_importance_weights
from gan_lessons.models.elbo import gaussian_kl, gaussian_log_likelihood, reparameterise
from gan_lessons.models.encoder_decoder import EncoderDecoder
from gan_lessons.regularizers import instance_noise
from gan_lessons.training import TrainConfig
from gan_lessons.training.precision import in_precision


@dataclass(frozen=True)
class VAEConfig(TrainConfig):
    r"""The numbers of a VAE's run: those of ``TrainConfig`` that have a meaning, and three more.

    Parameters
    ----------
    steps, batch_size, z_dim, g_lr, betas, ema_decay, log_every, seed
        As in ``TrainConfig``.
    precision, compile, channels_last
        As in ``TrainConfig``.
    d_lr, d_steps, r1_gamma, r2_gamma, gp_weight, instance_noise
        Of a discriminator, which a VAE does not have: ``d_lr`` is not used, ``d_steps`` must be 1,
        the others 0.
    e_lr : float
        Adam's learning rate for the encoder.
    beta : float
        Weight of the KL term.
    observation_std : float
        Standard deviation :math:`\sigma` of x given z, in units of the data. Dividing the loss by
        a constant changes nothing for Adam, so that only :math:`\beta \sigma^2` decides between
        the two terms; :math:`\sigma` alone decides the likelihood.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind, out of its range or for a discriminator.
    """

    e_lr: float = 2e-4
    beta: float = 1.0
    observation_std: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.d_steps != 1:
            raise ValueError(f"d_steps must be 1, a VAE has no discriminator, got {self.d_steps}.")
        for name in ("r1_gamma", "r2_gamma", "gp_weight", "instance_noise"):
            if getattr(self, name):
                raise ValueError(
                    f"{name} must be 0, a VAE has no discriminator, got {getattr(self, name)}."
                )
        for name in ("e_lr", "observation_std"):
            object.__setattr__(self, name, check_positive(getattr(self, name), name))
        object.__setattr__(self, "beta", check_positive(self.beta, "beta", allow_zero=True))


class VAE(EncoderDecoder):
    r"""An encoder q(z | x) and a generator in training: the decoder's means are G(z).

    .. math:: \min_{q, G}\; \mathbb{E}_{x \sim p}\Big[
        -\mathbb{E}_{z \sim q(z \mid x)} \log N\big(x; G(z), \sigma^2 I\big)
        + \beta\, KL\big(q(z \mid x) \,\|\, N(0, I)\big)\Big]

    The model law is the mixture :math:`\int N(z; 0, I)\, N(x; G(z), \sigma^2 I)\, dz` of
    Gaussians of one variance. ``sample`` gives their centres G(z), as is usual for images;
    ``sample_observations`` draws from the law itself.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples (n, ...) to means and log-variances, each (n, z_dim), as ``MLPEncoder`` and
        ``ImageEncoder`` do.
    generator : nn.Module
        Maps z (n, z_dim) to samples (n, ...); any generator of a GAN.
    config : VAEConfig
        The numbers of the run.

    Raises
    ------
    TypeError, ValueError
        If a network is no module or has nothing to train, the two are on different devices or of
        different dtypes or ``z_dim``, or ``config`` is no VAEConfig.

    References
    ----------
    Kingma and Welling (2014), algorithm 1 and section 3.
    """

    config: VAEConfig
    e_optimizer: torch.optim.Adam
    g_optimizer: torch.optim.Adam

    def __init__(self, encoder: nn.Module, generator: nn.Module, config: VAEConfig) -> None:
        if not isinstance(config, VAEConfig):
            raise TypeError(f"config must be a VAEConfig, got {type(config).__name__}.")
        players = {
            "e": Player(config.e_lr, ("encoder",)),
            "g": Player(config.g_lr, ("generator",)),
        }
        super().__init__({"encoder": encoder, "generator": generator}, players, config)

    def step(self, batch: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Update encoder and generator once, by the gradient of one loss.

        Parameters
        ----------
        batch : Tensor (n, ...)
            Real samples.
        rng : torch.Generator
            Draws one z for each.

        Returns
        -------
        dict of str to Tensor
            Scalars in nats per sample, detached, none read: ``loss``, ``reconstruction`` (minus
            the mean of log p(x | z)) and ``kl`` (without beta).
        """
        self._begin()
        x = self._place(batch)
        code = self._infer(x)
        z = reparameterise(*code, rng)
        means = in_precision(self.generator, self.config)(z)
        reconstruction = -gaussian_log_likelihood(x, means, self.config.observation_std).mean()
        kl = gaussian_kl(*code).mean()
        loss = reconstruction + self.config.beta * kl
        for optimizer in (self.e_optimizer, self.g_optimizer):
            optimizer.zero_grad()
        loss.backward()
        for optimizer in (self.e_optimizer, self.g_optimizer):
            optimizer.step()
        self._end()
        return {
            "loss": loss.detach(),
            "reconstruction": reconstruction.detach(),
            "kl": kl.detach(),
        }

    def sample_observations(
        self, n: int, rng: torch.Generator | None = None, ema: bool = True
    ) -> Tensor:
        """Draw from the model law: G(z) and then noise of the observation's standard deviation.

        Parameters
        ----------
        n : int
            How many.
        rng : torch.Generator, optional
            Draws z and the noise; None draws from torch's default generator.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, ...)
        """
        return instance_noise(self.sample(n, rng, ema), self.config.observation_std, rng)

    @torch.no_grad()
    def log_likelihood_bound(
        self,
        x: Tensor,
        n_draws: int = 1,
        rng: torch.Generator | None = None,
        ema: bool = True,
    ) -> Tensor:
        """Estimate a lower bound on log p(x) of the model law, for each sample, in nats.

        With one draw its mean is the ELBO; more draws bring it nearer to log p(x).

        Parameters
        ----------
        x : Tensor (n, ...)
            Samples.
        n_draws : int
            Draws of z for each.
        rng : torch.Generator, optional
            Draws z; None draws from torch's default generator.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n,)

        Raises
        ------
        TypeError, ValueError
            If ``x`` is no finite tensor of samples or ``n_draws`` is below 1.
        """
        check_count(n_draws, "n_draws")
        x = check_tensor(x, "x").to(self.device, self.dtype)
        code, std = self.encode(x, ema), self.config.observation_std
        rows = []
        for _ in range(n_draws):
            z = reparameterise(*code, rng)
            rows.append(log_importance_weights(x, z, self.decode(z, ema), *code, std))
        return importance_weighted_bound(torch.stack(rows))
