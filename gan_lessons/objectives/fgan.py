"""The f-GAN objectives: any f-divergence as a game, by its variational bound."""

from dataclasses import dataclass, field

from torch import Tensor

from gan_lessons.divergences import F_DIVERGENCES, FDivergence, complete, get_divergence
from gan_lessons.objectives.base import check_logits


@dataclass(frozen=True)
class FGAN:
    r"""The variational bound of an f-divergence: D raises it, G lowers it.

    .. math:: F = \mathbb{E}\, g_f(v(x)) - \mathbb{E}\, f^*(g_f(v(G(z)))), \qquad L_D = -F, \qquad
        L_G = -\mathbb{E}\, f^*(g_f(v(G(z)))),

    where v are the raw scores and g_f maps them into the domain of f*. The alternative loss of the
    generator raises the scores of its samples instead,

    .. math:: L_G = -\mathbb{E}\, g_f(v(G(z))).

    Losses are finite for scores in [-50, 50]; those with an exponential overflow far outside.
    Make one by :func:`fgan`.

    Attributes
    ----------
    divergence : FDivergence
        With every part filled in.
    alternative : bool
        Which loss the generator has.
    name : str
        What the objective is called in records and checkpoints.

    References
    ----------
    Nowozin et al. (2016), eq. 6, and section 3.2 for the alternative loss.
    """

    divergence: FDivergence
    alternative: bool
    name: str
    needs_real: bool = field(default=False, init=False)

    def bound(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the bound F, a scalar, from raw scores (n,) and (m,)."""
        real_logits = check_logits(real_logits, "real_logits")
        fake_logits = check_logits(fake_logits, "fake_logits")
        return self._activation(real_logits).mean() - self._conjugate(fake_logits).mean()

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return -F, a scalar, from raw scores (n,) and (m,)."""
        return -self.bound(real_logits, fake_logits)

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return the loss that G minimises, a scalar; ``real_logits`` is not used."""
        fake_logits = check_logits(fake_logits, "fake_logits")
        score = self._activation if self.alternative else self._conjugate
        return -score(fake_logits).mean()

    def _activation(self, scores: Tensor) -> Tensor:
        """Return g_f of raw scores."""
        assert self.divergence.activation is not None
        return self.divergence.activation(scores)

    def _conjugate(self, scores: Tensor) -> Tensor:
        """Return f* after g_f of raw scores."""
        assert self.divergence.conjugate_of_activation is not None
        return self.divergence.conjugate_of_activation(scores)


def fgan(divergence: str | FDivergence, alternative: bool = False) -> FGAN:
    """Return the f-GAN objective of a divergence.

    What the divergence was not given (f', f*, g_f) is found numerically, see ``complete``.

    Parameters
    ----------
    divergence : str or FDivergence
        A key of ``F_DIVERGENCES``, or your own: f alone is enough.
    alternative : bool
        Whether G raises the mean of g_f(v(G(z))) in place of that of f*(g_f(v(G(z)))).

    Returns
    -------
    FGAN
        Named "fgan-" and the key, or "fgan of " and the name of a divergence of your own.

    Raises
    ------
    TypeError, ValueError
        If there is no such divergence, or ``alternative`` is not True or False.
    """
    if not isinstance(alternative, bool):
        raise TypeError(f"alternative must be True or False, got {alternative!r}.")
    chosen = get_divergence(divergence)
    keys = [key for key, entry in F_DIVERGENCES.items() if entry is chosen]
    name = f"fgan-{keys[0]}" if keys else f"fgan of {chosen.name}"
    return FGAN(complete(chosen), alternative, name + "-alternative" * alternative)
