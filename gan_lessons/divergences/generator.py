r"""What the generator minimises while the discriminator is optimal and held fixed.

With D = D* of the current model and q the model's density, which alone the generator moves,

- the saturating loss E_q log(1 - D*) has the gradient of 2 JSD(p, q),
- the non-saturating loss -E_q log D* has the gradient of KL(q || p) - 2 JSD(p, q),
- their sum, E_q log(q/p), equals KL(q || p) and has its gradient: reverse KL.

:func:`losses_at_optimum` gives the left-hand sides on a grid, ``divergence_on_grid`` the right-hand
sides; autograd compares them.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import logsigmoid

from gan_lessons._validation import check_same_shape, check_tensor

__all__ = ["GeneratorLosses", "losses_at_optimum"]


class GeneratorLosses(NamedTuple):
    """The generator's two losses at one discriminator, scalars."""

    saturating: Tensor
    non_saturating: Tensor


def losses_at_optimum(log_p: Tensor, log_q: Tensor, weights: Tensor) -> GeneratorLosses:
    r"""Both generator losses at the optimal discriminator of the current model, on a grid.

    .. math:: \sum_i w_i q(x_i) \log(1 - D^*(x_i)), \qquad -\sum_i w_i q(x_i) \log D^*(x_i)

    D* is a constant: no gradient flows through it, only through the density q in front of it.

    Parameters
    ----------
    log_p, log_q : Tensor, (n,)
        Finite log-densities of data and model at the grid points; log_q carries the gradient.
    weights : Tensor, (n,)
        Weights of the rule: the spacing, for equally spaced points. The grid must cover both laws.

    Returns
    -------
    GeneratorLosses
        (saturating, non_saturating).

    References
    ----------
    Goodfellow et al. (2014), section 3; Arjovsky and Bottou (2017), theorem 2.5.
    """
    for value, name in ((log_p, "log_p"), (log_q, "log_q"), (weights, "weights")):
        check_tensor(value, name)
        check_same_shape(value, log_p, name, "log_p")
    logits = (log_p - log_q).detach()
    mass = weights * log_q.exp()
    return GeneratorLosses(
        saturating=(mass * logsigmoid(-logits)).sum(),
        non_saturating=-(mass * logsigmoid(logits)).sum(),
    )
