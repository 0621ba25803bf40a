"""VAE-GAN: an autoencoder whose reconstruction error is measured by a discriminator's features."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_positive
from gan_lessons.models._batch import check_augmented
from gan_lessons.models.base import Player
from gan_lessons.models.elbo import gaussian_kl, gaussian_log_likelihood, reparameterise
from gan_lessons.models.encoder_decoder import EncoderDecoder
from gan_lessons.objectives import Objective, get_objective
from gan_lessons.regularizers import instance_noise
from gan_lessons.training import TrainConfig, discriminator_step
from gan_lessons.training.precision import in_precision
from gan_lessons.training.state import Augment


@dataclass(frozen=True)
class VAEGANConfig(TrainConfig):
    r"""The numbers of a VAE-GAN's run: those of ``TrainConfig`` and four more.

    Parameters
    ----------
    steps, batch_size, z_dim, d_steps, g_lr, d_lr, betas, ema_decay, log_every, seed
        As in ``TrainConfig``.
    precision, compile, channels_last, r1_gamma, r2_gamma, instance_noise
        As in ``TrainConfig``.
    gp_weight
        Must be 0: D's generated samples are twice as many as the real ones.
    e_lr : float
        Adam's learning rate for the encoder.
    beta : float
        Weight of the KL term in the encoder's loss.
    feature_std : float
        Standard deviation :math:`\sigma` of D's features of x given z.
    reconstruction_weight : float
        Weight of the reconstruction error in the generator's loss (gamma of the paper).

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of its range.
    """

    e_lr: float = 2e-4
    beta: float = 1.0
    feature_std: float = 1.0
    reconstruction_weight: float = 1e-2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gp_weight:
            raise ValueError(f"gp_weight must be 0, take r1_gamma, got {self.gp_weight}.")
        for name in ("e_lr", "feature_std"):
            object.__setattr__(self, name, check_positive(getattr(self, name), name))
        for name in ("beta", "reconstruction_weight"):
            object.__setattr__(self, name, check_positive(getattr(self, name), name, True))


class VAEGAN(EncoderDecoder):
    r"""Encoder, generator (the decoder) and discriminator in training, each by a loss of its own.

    With :math:`z \sim q(z \mid x)`, :math:`\tilde x = G(z)`, :math:`x_p = G(z_p)` for
    :math:`z_p \sim N(0, I)`, and :math:`D_l` the features that D's last layer weighs:

    .. math::
        L_\text{llike} = -\log N\big(D_l(x); D_l(\tilde x), \sigma^2 I\big)
        \qquad L_\text{prior} = KL\big(q(z \mid x) \,\|\, N(0, I)\big)

    .. math::
        \text{encoder: } \beta L_\text{prior} + L_\text{llike} \qquad
        \text{generator: } \gamma L_\text{llike} + L_G(\tilde x, x_p) \qquad
        \text{discriminator: } L_D(x; \tilde x, x_p)

    :math:`L_G` and :math:`L_D` are the objective's, averaged over reconstructions and samples (the
    paper adds them up). D gets no gradient from the reconstruction error, else it would make all
    features equal; the encoder gets none from :math:`L_G`.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples (n, ...) to means and log-variances, each (n, z_dim).
    generator : nn.Module
        Maps z (n, z_dim) to samples (n, ...).
    discriminator : nn.Module
        Maps samples to logits (n,), with ``features(x)`` of shape (n, n_features), as
        ``DCGANDiscriminator`` and ``MLPDiscriminator`` have.
    objective : str or Objective
        A key of ``OBJECTIVES`` or an objective.
    config : VAEGANConfig
        The numbers of the run.
    augment : callable, optional
        As for ``GANState``; the features are compared without it.

    Raises
    ------
    TypeError, ValueError
        If a network is no module or has nothing to train, they are on different devices or of
        different dtypes, D has no ``features``, or ``config`` is no VAEGANConfig.

    References
    ----------
    Larsen et al. (2016), eqs. 5 to 9 and algorithm 1.
    """

    discriminator: nn.Module
    config: VAEGANConfig
    e_optimizer: torch.optim.Adam
    g_optimizer: torch.optim.Adam
    d_optimizer: torch.optim.Adam

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | Objective,
        config: VAEGANConfig,
        augment: Augment | None = None,
    ) -> None:
        if not isinstance(config, VAEGANConfig):
            raise TypeError(f"config must be a VAEGANConfig, got {type(config).__name__}.")
        if augment is not None and not callable(augment):
            raise TypeError(f"augment must be a function (samples, rng), got {augment!r}.")
        players = {
            "e": Player(config.e_lr, ("encoder",)),
            "g": Player(config.g_lr, ("generator",)),
            "d": Player(config.d_lr, ("discriminator",)),
        }
        networks = {"encoder": encoder, "generator": generator, "discriminator": discriminator}
        super().__init__(networks, players, config)
        if not callable(getattr(discriminator, "features", None)):
            raise TypeError(
                "discriminator must have features (as DCGANDiscriminator has), got "
                f"{type(discriminator).__name__} without."
            )
        self.objective, self.augment = get_objective(objective), augment
        self._over_both = _OverBoth(self.objective)

    def step(self, batch: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Update D ``d_steps`` times, each on its part of the batch, then encoder and generator.

        Parameters
        ----------
        batch : Tensor (d_steps * n, ...)
            Real samples.
        rng : torch.Generator
            Draws z, and whatever noise the config and ``augment`` ask for.

        Returns
        -------
        dict of str to Tensor
            ``d_loss``, ``g_loss`` (without the reconstruction error), ``penalty``,
            ``reconstruction`` (of the features) and ``kl`` as scalars, ``real_logits`` (n,) and
            ``fake_logits`` (2 n,). All detached, none read.
        """
        config, parts = self.config, self.config.d_steps
        batch = self._place(batch, parts)
        self._begin()
        for k, x in enumerate(batch.chunk(parts), start=1):
            with torch.set_grad_enabled(k == parts):
                code = self._infer(x)
                z = torch.cat([reparameterise(*code, rng), self.latent(len(x), rng)])
                both = in_precision(self.generator, config)(z)  # reconstructions, then samples
                fake = self._view(both, rng)
            real = self._view(x, rng)
            d = discriminator_step(
                self.discriminator, self.d_optimizer, self._over_both, real, fake, config, rng
            )
        judge = in_precision(self.discriminator, config)
        features = in_precision(self.discriminator.features, config)  # type: ignore[arg-type]
        real_logits = judge(real) if self.objective.needs_real else None
        g_loss = self._over_both.generator_loss(real_logits, judge(fake))
        with torch.no_grad():
            wanted = features(x)
        reconstruction = -gaussian_log_likelihood(
            wanted, features(both[: len(x)]), config.feature_std
        ).mean()
        kl = gaussian_kl(*code).mean()
        # Each loss moves the weights of its own network alone; D's gradients stay as they were.
        e_weights, g_weights = _cleared(self.e_optimizer), _cleared(self.g_optimizer)
        (config.beta * kl + reconstruction).backward(inputs=e_weights, retain_graph=True)
        (config.reconstruction_weight * reconstruction + g_loss).backward(inputs=g_weights)
        self.e_optimizer.step()
        self.g_optimizer.step()
        self._end()
        return {
            "d_loss": d.loss,
            "g_loss": g_loss.detach(),
            "penalty": d.penalty,
            "reconstruction": reconstruction.detach(),
            "kl": kl.detach(),
            "real_logits": d.real_logits,
            "fake_logits": d.fake_logits,
        }

    def description(self) -> dict[str, Any]:
        """Return what a saved state must share with this system: config and objective."""
        return {**super().description(), "objective": self.objective.name}

    def _view(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """Return samples as D sees them: augmented, then with instance noise."""
        if self.augment is not None:
            samples = check_augmented(samples, self.augment(samples, rng))
        if self.config.instance_noise > 0:
            samples = instance_noise(samples, self.config.instance_noise, rng)
        return samples


@dataclass(frozen=True)
class _OverBoth:
    """An objective averaged over two halves of the generated samples, each beside all real ones."""

    objective: Objective

    @property
    def name(self) -> str:
        """The objective's."""
        return self.objective.name

    @property
    def needs_real(self) -> bool:
        """The objective's."""
        return self.objective.needs_real

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return D's loss, a scalar, from logits (n,) and (2 n,)."""
        first, second = fake_logits.chunk(2)
        loss = self.objective.discriminator_loss
        return (loss(real_logits, first) + loss(real_logits, second)) / 2

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return G's loss, a scalar, from logits (n,) and (2 n,)."""
        first, second = fake_logits.chunk(2)
        loss = self.objective.generator_loss
        return (loss(real_logits, first) + loss(real_logits, second)) / 2


def _cleared(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """Return the weights that an optimizer trains, without gradients."""
    optimizer.zero_grad()
    return [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
