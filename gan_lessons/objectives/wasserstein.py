"""The Wasserstein objective: the difference of a critic's mean scores."""

from dataclasses import dataclass, field

from torch import Tensor

from gan_lessons.objectives.base import check_logits


@dataclass(frozen=True)
class Wasserstein:
    r"""The critic raises real scores s and lowers fake ones; G raises its own.

    .. math:: L_D = \mathbb{E}\, s(G(z)) - \mathbb{E}\, s(x), \qquad L_G = -\mathbb{E}\, s(G(z))

    Minus L_D estimates a lower bound of W1 only while s is 1-Lipschitz, and nothing here keeps it
    so: with ``gp_weight`` (a gradient penalty) in the config this is WGAN-GP.

    References
    ----------
    Arjovsky et al. (2017), eqs. 2 and 3; Gulrajani et al. (2017), eq. 3
    """

    name: str = field(default="wasserstein", init=False)
    needs_real: bool = field(default=False, init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the mean fake score minus the mean real score, a scalar."""
        real_logits = check_logits(real_logits, "real_logits")
        fake_logits = check_logits(fake_logits, "fake_logits")
        return fake_logits.mean() - real_logits.mean()

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return minus the mean fake score, a scalar; ``real_logits`` is not used."""
        return -check_logits(fake_logits, "fake_logits").mean()
