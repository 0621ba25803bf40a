"""The minimax objective of 2014, and the value of the game."""

from dataclasses import dataclass, field

from torch import Tensor
from torch.nn.functional import logsigmoid

from gan_lessons.objectives.base import check_logits


def value(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    r"""Estimate the value V(G, D) of the game from a batch of logits, in nats.

    .. math:: \hat V = \frac1n \sum_i \log D(x_i) + \frac1m \sum_j \log(1 - D(G(z_j))),
        \qquad D = \sigma(\text{logit})

    D maximises it, G minimises it. It is at most 0, and -2 log 2 where every logit is 0.

    Parameters
    ----------
    real_logits : Tensor (n,)
        Logits of real samples.
    fake_logits : Tensor (m,)
        Logits of generated samples.

    Returns
    -------
    Tensor
        A scalar.

    Raises
    ------
    TypeError, ValueError
        If either is not a floating-point tensor of shape (n,) with n >= 1.

    References
    ----------
    Goodfellow et al. (2014), eq. 1
    """
    real_logits = check_logits(real_logits, "real_logits")
    fake_logits = check_logits(fake_logits, "fake_logits")
    # log(1 - sigmoid(a)) = log sigmoid(-a), which stays finite where 1 - sigmoid(a) rounds to 0.
    return logsigmoid(real_logits).mean() + logsigmoid(-fake_logits).mean()


@dataclass(frozen=True)
class Saturating:
    r"""The minimax loss of 2014: G minimises what D maximises.

    .. math:: L_D = -V(G, D), \qquad L_G = \mathbb{E}_z \log(1 - D(G(z)))

    The gradient of L_G in a fake logit is -D(G(z)) / n: where D rejects a sample with certainty
    the loss is flat (it saturates).

    References
    ----------
    Goodfellow et al. (2014), eq. 1 and algorithm 1
    """

    name: str = field(default="saturating", init=False)
    needs_real: bool = field(default=False, init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return -V(G, D), a scalar, from logits (n,) and (m,)."""
        return -value(real_logits, fake_logits)

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return the mean of log(1 - D(G(z))), a scalar; ``real_logits`` is not used."""
        return logsigmoid(-check_logits(fake_logits, "fake_logits")).mean()
