"""The least-squares objective (LSGAN) with targets 0 and 1."""

from dataclasses import dataclass, field

from torch import Tensor

from gan_lessons.objectives.base import check_logits


@dataclass(frozen=True)
class LeastSquares:
    r"""Both players regress the scores s on targets: real 1, fake 0, and 1 for G.

    .. math:: L_D = \tfrac12 \mathbb{E}(s(x) - 1)^2 + \tfrac12 \mathbb{E}\, s(G(z))^2,
        \qquad L_G = \tfrac12 \mathbb{E}(s(G(z)) - 1)^2

    The factor 1/2 stands in both losses, as in the paper. The scores are the raw outputs: no
    sigmoid. These are the targets (a, b, c) = (0, 1, 1) of the paper's section 3.2.3.

    References
    ----------
    Mao et al. (2017), eq. 9
    """

    name: str = field(default="least-squares", init=False)
    needs_real: bool = field(default=False, init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return half the squared distances to 1 (real) and 0 (fake), a scalar."""
        real_logits = check_logits(real_logits, "real_logits")
        fake_logits = check_logits(fake_logits, "fake_logits")
        return 0.5 * (real_logits - 1).square().mean() + 0.5 * fake_logits.square().mean()

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return half the squared distance of fake scores to 1; ``real_logits`` is not used."""
        return 0.5 * (check_logits(fake_logits, "fake_logits") - 1).square().mean()
