"""The relativistic pairing objective: each fake sample is compared with one real sample."""

from dataclasses import dataclass, field

from torch import Tensor
from torch.nn.functional import softplus

from gan_lessons._validation import check_same_shape
from gan_lessons.objectives.base import check_logits


@dataclass(frozen=True)
class Relativistic:
    r"""D says by how much real beats fake within a pair; G turns that round (RpGAN).

    .. math:: L_D = \mathbb{E}\,\mathrm{softplus}(-(s(x) - s(G(z)))),
        \qquad L_G = \mathbb{E}\,\mathrm{softplus}(-(s(G(z)) - s(x)))

    This is the pairing variant, as R3GAN uses it (there with R1 and R2): the i-th real score is
    compared with the i-th fake one. It is not the relativistic *average* GAN, which compares each
    score with the other batch's mean. Adding a constant to all scores changes nothing.

    References
    ----------
    Jolicoeur-Martineau (2019), RSGAN; Huang et al. (2024), eq. 2
    """

    name: str = field(default="relativistic", init=False)
    needs_real: bool = field(default=True, init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the mean of softplus(-(real - fake)), a scalar, from logits (n,) and (n,)."""
        real_logits, fake_logits = _check_pairs(real_logits, fake_logits)
        return softplus(-(real_logits - fake_logits)).mean()

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return the mean of softplus(-(fake - real)), a scalar, from logits (n,) and (n,)."""
        real_logits, fake_logits = _check_pairs(real_logits, fake_logits)
        return softplus(-(fake_logits - real_logits)).mean()


def _check_pairs(real_logits: object, fake_logits: object) -> tuple[Tensor, Tensor]:
    """Return both logits, checked to be of the same length."""
    real, fake = check_logits(real_logits, "real_logits"), check_logits(fake_logits, "fake_logits")
    check_same_shape(real, fake, "real_logits", "fake_logits")
    return real, fake
