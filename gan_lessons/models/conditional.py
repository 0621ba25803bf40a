"""The conditional GAN: both players are told the class."""

from functools import partial

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.networks.conditional import check_labels
from gan_lessons.objectives import Objective
from gan_lessons.training import GANState, TrainConfig, discriminator_step, generator_step
from gan_lessons.training.precision import evaluating, in_precision, place, plain
from gan_lessons.training.state import Augment


class ConditionalGAN(GANState):
    r"""A generator G(z, y) and a discriminator D(x, y) in training; y is a class.

    .. math:: \min_G \max_D\; \mathbb{E}_{(x, y) \sim p}\, [\log D(x, y)]
        + \mathbb{E}_{y \sim p,\, z}\, [\log(1 - D(G(z, y), y))]

    and likewise for every other objective. Generated samples get the labels of the real batch, so
    that the law of y is the same on both sides; the optimal logits are then
    :math:`\log p(x \mid y) / q(x \mid y)`: for each class those of a GAN of its own.

    Parameters
    ----------
    generator : nn.Module
        Maps z (n, z_dim) and labels (n,) to samples (n, ...), as ``ConditionalGenerator`` does.
    discriminator : nn.Module
        Maps samples (n, ...) and labels (n,) to logits (n,), as ``ProjectionDiscriminator`` does.
    n_classes : int
        Number of classes.
    objective, config, augment
        As for ``GANState``.

    Raises
    ------
    TypeError, ValueError
        As for ``GANState``, or if ``n_classes`` is below 2.

    References
    ----------
    Mirza and Osindero (2014), eq. 2.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        n_classes: int,
        objective: str | Objective,
        config: TrainConfig,
        augment: Augment | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, config, augment)
        self.n_classes = check_count(n_classes, "n_classes", minimum=2)
        for name, network in (("generator", generator), ("discriminator", discriminator)):
            known = getattr(network, "n_classes", n_classes)
            if known != n_classes:
                raise ValueError(f"n_classes must be the {name}'s, {known}, got {n_classes}.")

    def step(  # type: ignore[override]  # its batch has labels, too
        self, batch: tuple[Tensor, Tensor], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Update D ``d_steps`` times, each on its part of the batch, then G once.

        Parameters
        ----------
        batch : tuple of Tensor (d_steps * n, ...) and Tensor (d_steps * n,)
            Real samples and their labels.
        rng : torch.Generator
            Draws z and whatever noise the config and ``augment`` ask for.

        Returns
        -------
        dict of str to Tensor
            As ``GANState.step``.
        """
        images, labels = _check_batch(batch, self.config.d_steps)
        for network in (self.generator, self.discriminator):
            if not network.training:
                network.train()
        images = place(images, self.device, self.dtype, self.config)
        parts = zip(
            images.chunk(self.config.d_steps),
            labels.to(self.device).chunk(self.config.d_steps),
            strict=True,
        )
        generate = in_precision(self.generator, self.config)
        for k, (real, y) in enumerate(parts, start=1):
            told = partial(self.discriminator, labels=y)  # D(., y), all that the two updates need
            with torch.set_grad_enabled(k == self.config.d_steps):
                fake = self._view(generate(self.latent(len(real), rng), y), rng)
            real = self._view(real, rng)
            d = discriminator_step(
                told, self.d_optimizer, self.objective, real, fake, self.config, rng
            )
        g_loss = generator_step(told, self.g_optimizer, self.objective, real, fake, self.config)
        return self._done(d, g_loss)

    @torch.no_grad()
    def sample(
        self,
        n: int,
        rng: torch.Generator | None = None,
        ema: bool = True,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Draw samples from the generator in evaluation mode.

        Parameters
        ----------
        n : int
            How many.
        rng : torch.Generator, optional
            Draws z and the labels; None draws from torch's default generator.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).
        labels : Tensor (n,), optional
            The classes asked for; None draws them with equal shares.

        Returns
        -------
        Tensor (n, ...)

        Raises
        ------
        TypeError, ValueError
            If ``labels`` are not n whole numbers of int64 below ``n_classes``.
        """
        z = self.latent(n, rng)
        if labels is None:
            device = self.device if rng is None else rng.device
            labels = torch.randint(self.n_classes, (n,), generator=rng, device=device)
        check_labels(labels, n, self.n_classes)
        labels = labels.to(self.device)
        network = self.ema.network if ema and self.ema is not None else self.generator
        with evaluating(network), plain(self.config):  # compiled code is for batches of one size
            parts = zip(z.split(1000), labels.split(1000), strict=True)
            return torch.cat([network(z, y) for z, y in parts])


def _check_batch(batch: object, d_steps: int) -> tuple[Tensor, Tensor]:
    """Return images and labels, or say what is wanted."""
    if not isinstance(batch, tuple) or len(batch) != 2:
        raise TypeError(
            f"batch must be a tuple (images, labels), got {type(batch).__name__}; train on the "
            "tuple that load returns."
        )
    images, labels = batch
    if not isinstance(images, Tensor) or not isinstance(labels, Tensor):
        kinds = f"{type(images).__name__} and {type(labels).__name__}"
        raise TypeError(f"batch must be two tensors, images and labels, got {kinds}.")
    if len(images) == 0 or len(images) % d_steps or labels.shape != images.shape[:1]:
        raise ValueError(
            f"batch must have a multiple of {d_steps} images and as many labels, got "
            f"{len(images)} images and labels of shape {tuple(labels.shape)}."
        )
    return images, labels
