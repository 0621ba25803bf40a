"""Objectives that a trick brings along: other labels for the discriminator (chapter 12)."""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gan_lessons.objectives import NonSaturating


@dataclass(frozen=True)
class OneSidedLabelSmoothing(NonSaturating):
    """The non-saturating objective with real samples labelled 0.9 (Salimans et al., 2016)."""

    name: str = field(default="non-saturating, real label 0.9", init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the cross-entropy, a scalar, from logits (n,) and (m,)."""
        real = 0.9 * softplus(-real_logits) + 0.1 * softplus(real_logits)
        return real.mean() + softplus(fake_logits).mean()


@dataclass(frozen=True)
class NoisyLabels(NonSaturating):
    """The non-saturating objective, D told the wrong label for a share of each batch.

    Rows of a batch are independent draws, so its first rows are as random a choice as any.
    """

    share: float = 0.05
    name: str = field(default="non-saturating, 5% wrong labels", init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the cross-entropy, a scalar, from logits (n,) and (m,)."""
        loss = torch.zeros_like(real_logits[0])
        for logits, sign in ((real_logits, -1), (fake_logits, 1)):
            wrong = round(self.share * len(logits))
            signs = torch.full_like(logits, sign)
            signs[:wrong] = -sign
            loss = loss + softplus(signs * logits).mean()
        return loss


@dataclass(frozen=True)
class SoftLabels(NonSaturating):
    """The non-saturating objective, D's labels spread evenly over 0.7 to 1.2 and 0 to 0.3.

    The ranges are those of the well-known list of tricks. Row i of n gets the middle of the i-th
    of n equal parts, which is a random label as rows are independent draws.
    """

    name: str = field(default="non-saturating, soft labels", init=False)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the cross-entropy, a scalar, from logits (n,) and (m,)."""
        loss = torch.zeros_like(real_logits[0])
        for logits, low, high in ((real_logits, 0.7, 1.2), (fake_logits, 0.0, 0.3)):
            n = len(logits)
            label = low + (high - low) * (torch.arange(n).to(logits) + 0.5) / n
            loss = loss + (label * softplus(-logits) + (1 - label) * softplus(logits)).mean()
        return loss
