"""Networks that are told a class: a generator by a longer z, a discriminator by a projection."""

from typing import Protocol

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count, check_rng


class _Featured(Protocol):
    """A discriminator whose last layer weighs features."""

    n_features: int

    def features(self, images: Tensor) -> Tensor:
        """Map samples to features (n, n_features)."""
        ...


class ConditionalGenerator(nn.Module):
    r"""Map z (n, z_dim) and labels (n,) to samples: :math:`G(z, y) = G(z \oplus e_y)`.

    The table of vectors e (n_classes, label_dim) is learned; :math:`\oplus` puts one vector
    behind the other.

    Parameters
    ----------
    generator : nn.Module
        Any generator whose ``z_dim`` is larger than ``label_dim``: it gets both.
    n_classes : int
        Number of classes.
    label_dim : int, default 8
        Length of the vector that stands for a class.
    rng : torch.Generator, optional
        Draws the table from N(0, 1); None draws from torch's default generator.

    Raises
    ------
    TypeError, ValueError
        If ``generator`` has no ``z_dim`` above ``label_dim``, or a number is out of range.

    References
    ----------
    Mirza and Osindero (2014), section 3.2 (labels as a further input of both players).
    """

    def __init__(
        self,
        generator: nn.Module,
        n_classes: int,
        label_dim: int = 8,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_count(label_dim, "label_dim")
        both = getattr(generator, "z_dim", None)
        if not isinstance(both, int) or both <= label_dim:
            raise ValueError(
                f"generator must have a z_dim above label_dim = {label_dim}, got "
                f"{both!r}; make it with z_dim + label_dim."
            )
        self.generator = generator
        self.n_classes = check_count(n_classes, "n_classes", minimum=2)
        self.z_dim = both - label_dim
        self.table = _table(n_classes, label_dim, rng)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Map z (n, z_dim) and labels (n,) to samples (n, ...)."""
        check_labels(labels, len(z), self.n_classes)
        return self.generator(torch.cat([z, self.table(labels)], dim=1))


class ProjectionDiscriminator(nn.Module):
    r"""Map samples and labels (n,) to logits (n,):
    :math:`h(x, y) = w \cdot \phi(x) + b + v_y \cdot \phi(x)`.

    The features :math:`\phi` and the layer (w, b) are those of an ordinary discriminator; one
    vector v for each class is learned besides, from 0 on. The form follows from Bayes' rule:
    the optimal logit is
    :math:`\log p(x)/q(x) + \log p(y \mid x)/q(y \mid x)`, and if each log-probability of y given
    x is linear in :math:`\phi(x)`, so is the second term.

    Parameters
    ----------
    discriminator : nn.Module
        With ``features(x)``, ``n_features`` and a last layer ``head``, as `DCGANDiscriminator`,
        `ResNetDiscriminator` and `MLPDiscriminator` have.
    n_classes : int
        Number of classes.

    Raises
    ------
    TypeError, ValueError
        If ``discriminator`` has no features, or ``n_classes`` is below 2.

    References
    ----------
    Miyato and Koyama (2018), section 3.
    """

    def __init__(self, discriminator: nn.Module, n_classes: int) -> None:
        super().__init__()
        for name in ("features", "n_features", "head"):
            if not hasattr(discriminator, name):
                raise TypeError(
                    "discriminator must have features, n_features and head (as DCGANDiscriminator "
                    f"has), got {type(discriminator).__name__} without {name}."
                )
        self.discriminator = discriminator
        self.n_classes = check_count(n_classes, "n_classes", minimum=2)
        self.table = nn.Embedding(n_classes, discriminator.n_features)  # type: ignore[arg-type]
        nn.init.zeros_(self.table.weight)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Map samples (n, ...) and labels (n,) to logits (n,)."""
        check_labels(labels, len(x), self.n_classes)
        features = self.discriminator.features(x)  # type: ignore[operator]
        unconditional = self.discriminator.head(features).squeeze(1)  # type: ignore[operator]
        return unconditional + (self.table(labels) * features).sum(1)


class ConcatDiscriminator(nn.Module):
    r"""Map samples and labels (n,) to logits (n,): D sees the label as further maps or features.

    An image gets ``n_classes`` more channels, all -1 but that of its label, which is 1; a point
    (n, d) gets ``n_classes`` more coordinates in the same way.

    Parameters
    ----------
    discriminator : nn.Module
        Takes ``n_classes`` channels (or features) more than the samples have.
    n_classes : int
        Number of classes.

    References
    ----------
    Mirza and Osindero (2014), section 3.2.
    """

    def __init__(self, discriminator: nn.Module, n_classes: int) -> None:
        super().__init__()
        if not isinstance(discriminator, nn.Module):
            raise TypeError(
                f"discriminator must be a torch.nn.Module, got {type(discriminator).__name__}."
            )
        self.discriminator = discriminator
        self.n_classes = check_count(n_classes, "n_classes", minimum=2)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Map samples (n, c, ...) and labels (n,) to logits (n,)."""
        check_labels(labels, len(x), self.n_classes)
        flags = 2 * nn.functional.one_hot(labels, self.n_classes).to(x.dtype) - 1
        flags = flags.reshape(len(x), self.n_classes, *[1] * (x.dim() - 2))
        maps = flags.expand(len(x), self.n_classes, *x.shape[2:])
        return self.discriminator(torch.cat([x, maps], dim=1))


def check_labels(labels: Tensor, n: int, n_classes: int) -> None:
    """Raise unless labels are n whole numbers; on a CPU also unless they are below n_classes."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"labels must be a tensor of int64, got {kind}; call labels.long().")
    if labels.shape != (n,):
        raise ValueError(f"labels must have shape ({n},), got {tuple(labels.shape)}.")
    # On a GPU looking at the values would make the host wait.
    if n and labels.device.type == "cpu" and not 0 <= labels.min() <= labels.max() < n_classes:
        raise ValueError(
            f"labels must be from 0 to {n_classes - 1}, got {labels.min()} to {labels.max()}."
        )


def _table(n_classes: int, label_dim: int, rng: torch.Generator | None) -> nn.Embedding:
    """Return an embedding drawn from N(0, 1) on the generator's device."""
    check_rng(rng)
    weight = torch.randn(
        n_classes, label_dim, generator=rng, device="cpu" if rng is None else rng.device
    )
    return nn.Embedding.from_pretrained(weight.cpu(), freeze=False)
