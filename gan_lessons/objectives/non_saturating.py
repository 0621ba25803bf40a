"""The non-saturating objective: the generator's loss that is used in place of minimax."""

from dataclasses import dataclass, field

from torch import Tensor
from torch.nn.functional import logsigmoid

from gan_lessons.objectives.base import check_logits
from gan_lessons.objectives.saturating import value


@dataclass(frozen=True)
class NonSaturating:
    r"""D as in the minimax game; G maximises log D(G(z)).

    .. math:: L_D = -V(G, D), \qquad L_G = -\mathbb{E}_z \log D(G(z))

    The gradient of L_G in a fake logit is -(1 - D(G(z))) / n: greatest where D rejects the
    sample. The two losses no longer sum to zero.

    References
    ----------
    Goodfellow et al. (2014), section 3
    """

    name: str = field(default="non-saturating", init=False)
    needs_real: bool = field(default=False, init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return -V(G, D), a scalar, from logits (n,) and (m,)."""
        return -value(real_logits, fake_logits)

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return the mean of -log D(G(z)), a scalar; ``real_logits`` is not used."""
        return -logsigmoid(check_logits(fake_logits, "fake_logits")).mean()
