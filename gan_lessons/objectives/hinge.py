"""The hinge objective: a margin for D, the plain score for G."""

from dataclasses import dataclass, field

from torch import Tensor
from torch.nn.functional import relu

from gan_lessons.objectives.base import check_logits


@dataclass(frozen=True)
class Hinge:
    r"""D stops pushing where a sample is past the margin; G raises its scores s.

    .. math:: L_D = \mathbb{E}\max(0, 1 - s(x)) + \mathbb{E}\max(0, 1 + s(G(z))),
        \qquad L_G = -\mathbb{E}\, s(G(z))

    References
    ----------
    Lim and Ye (2017); Miyato et al. (2018), eqs. 16 and 17
    """

    name: str = field(default="hinge", init=False)
    needs_real: bool = field(default=False, init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the mean violation of the margins s(x) >= 1 and s(G(z)) <= -1, a scalar."""
        real_logits = check_logits(real_logits, "real_logits")
        fake_logits = check_logits(fake_logits, "fake_logits")
        return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return minus the mean fake score, a scalar; ``real_logits`` is not used."""
        return -check_logits(fake_logits, "fake_logits").mean()
