"""The convergence theorem at work: gradient descent on the density itself, on a grid.

The theorem of 2014 speaks of densities, not of parameters: with the optimal discriminator the
value is convex in p_g, so small enough steps reach p_data. Mirror descent with the entropy (also
called exponentiated gradient) is used because it moves p_g itself and stays in the simplex. In
softmax parameters the same value is no longer convex, and the theorem would not speak of it.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from gan_lessons._validation import check_count, check_positive, check_same_shape, check_tensor


class FunctionSpaceRun(NamedTuple):
    """The path of a run: ``p_g`` and ``discriminator`` (steps + 1, m), ``value`` (steps + 1,)."""

    p_g: Tensor
    discriminator: Tensor
    value: Tensor


def _check_masses(value: object, name: str) -> Tensor:
    """Return probabilities (m,), all positive and summing to 1, as float64."""
    masses = check_tensor(value, name).double()
    if masses.dim() != 1:
        raise ValueError(f"{name} must have shape (m,), got {tuple(masses.shape)}.")
    if bool((masses <= 0).any()):
        raise ValueError(
            f"{name} must be positive in every cell, got {float(masses.min()):.3g}: "
            f"a cell without mass stays so for ever; add a little mass and normalise."
        )
    if abs(float(masses.sum()) - 1) > 1e-6:
        raise ValueError(
            f"{name} must sum to 1 (probability per cell), got {float(masses.sum()):.6g}; "
            f"divide by {name}.sum()."
        )
    return masses / masses.sum()


def grid_value(p_data: Tensor, p_g: Tensor, logits: Tensor) -> Tensor:
    r"""Compute the value of the game on a grid, in nats.

    .. math:: V(p_g, D) = \sum_i p_{data,i} \log D_i + p_{g,i} \log(1 - D_i)

    Parameters
    ----------
    p_data, p_g
        Probability per cell, shape (..., m).
    logits
        Logits of the discriminator per cell, D = sigmoid(logits), shape (..., m).

    Returns
    -------
    Tensor
        The value, shape (...,).

    References
    ----------
    Goodfellow et al. (2014), eq. 1.
    """
    return (p_data * logsigmoid(logits) - p_g * softplus(logits)).sum(-1)


def function_space_descent(
    p_data: Tensor,
    p_start: Tensor,
    steps: int,
    lr: float = 0.5,
    d_steps: int | None = None,
    d_lr: float = 1.0,
) -> FunctionSpaceRun:
    r"""Run gradient descent of p_g on a grid against the optimal or a learning discriminator.

    Each iteration first moves D, then p_g by one step of mirror descent on V with D held fixed:

    .. math::
        \ell_i \leftarrow \log \frac{p_{data,i}}{p_{g,i}} \quad\text{(optimal)}, \qquad
        \ell_i \leftarrow \ell_i + \eta_D \Big(\frac{p_{data,i}}{p_{data,i} + p_{g,i}} - D_i\Big)
        \quad\text{(each of } k \text{ steps)}, \qquad
        p_{g,i} \leftarrow \frac{p_{g,i} (1 - D_i)^{-\eta}}{\sum_j p_{g,j} (1 - D_j)^{-\eta}}

    The step of D is gradient ascent on V in the logits, in the geometry weighted by the mixture
    p_data + p_g (in the unweighted one, cells of little mass would hardly move).

    Parameters
    ----------
    p_data, p_start
        The data law and the first model law as positive probabilities per cell, shape (m,).
    steps
        How many iterations, at least 0.
    lr
        Step size eta of p_g in (0, 1]. See the notes.
    d_steps
        ``None`` for the optimal discriminator at every step, as the theorem assumes; else the
        number k of ascent steps from D = 1/2, D being kept from one iteration to the next.
    d_lr
        Step size of D in (0, 4]; unused with ``d_steps=None``.

    Returns
    -------
    FunctionSpaceRun
        p_g (steps + 1, m), D (steps + 1, m) and V(p_g, D) (steps + 1,), in float64. Row t holds the
        p_g of iteration t and the D that was made against it, before p_g moves.

    Raises
    ------
    TypeError, ValueError
        If a law is not positive or does not sum to 1, the shapes differ, or a number is out of
        range.

    Notes
    -----
    The Hessian of :math:`C(p_g) = \max_D V`, diag(1/p_g - 1/(p_data + p_g)), is below that of the
    negative entropy, diag(1/p_g). Hence for lr <= 1 the value never rises, and
    :math:`C(p_t) + \log 4 \le KL(p_{data} \| p_0) / (\eta\, t)` (Lu, Freund and Nesterov, 2018,
    theorem 3.1).

    References
    ----------
    Goodfellow et al. (2014), proposition 2.
    """
    p, q = _check_masses(p_data, "p_data"), _check_masses(p_start, "p_start")
    check_same_shape(p, q, "p_data", "p_start")
    check_count(steps, "steps", minimum=0)
    for size, name, highest in ((lr, "lr", 1), (d_lr, "d_lr", 4)):
        if check_positive(size, name) > highest:
            raise ValueError(
                f"{name} must be at most {highest}, got {size}: larger steps overshoot."
            )
    if d_steps is not None:
        check_count(d_steps, "d_steps")
    logits, log_q = torch.zeros_like(p), q.log()
    laws, discriminators, values = [], [], []
    for _ in range(steps + 1):
        best_logits = p.log() - log_q
        if d_steps is None:
            logits = best_logits
        else:
            for _ in range(d_steps):
                logits = logits + d_lr * (best_logits.sigmoid() - logits.sigmoid())
        laws.append(log_q.exp())
        discriminators.append(logits.sigmoid())
        values.append(grid_value(p, log_q.exp(), logits))
        # dV/dp_g = log(1 - D) = -softplus(logits)
        log_q = torch.log_softmax(log_q + lr * softplus(logits), dim=0)
    return FunctionSpaceRun(torch.stack(laws), torch.stack(discriminators), torch.stack(values))
