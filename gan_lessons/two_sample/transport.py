"""Optimal transport between two small samples: the plan, its cost, and the best critic."""

from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_pair, check_result, check_tensor
from gan_lessons.two_sample.kernels import _minus_distance

#: Beyond so many pairs the linear programme takes half a minute and more.
MAXIMUM_PAIRS = 250_000


class Transport(NamedTuple):
    """How mass travels from x to y, and what proves that no plan is cheaper.

    Parameters
    ----------
    plan : Tensor (n, m)
        Mass sent from x_i to y_j; its rows sum to the weights of x, its columns to those of y.
    cost : float
        W1 of the two empirical laws, the primal value.
    dual_value : float
        The mean of ``potential_x`` minus that of ``potential_y``; equal to ``cost``.
    potential_x, potential_y : Tensor (n,), (m,)
        Values of one 1-Lipschitz function at the points of x and of y.
    """

    plan: Tensor
    cost: float
    dual_value: float
    potential_x: Tensor
    potential_y: Tensor


def transport_plan(
    x: Tensor, y: Tensor, x_weights: Tensor | None = None, y_weights: Tensor | None = None
) -> Transport:
    r"""Solve the transport problem of two samples and its dual, exactly.

    .. math:: W_1 = \min_{\pi \ge 0} \sum_{ij} \pi_{ij} \lVert x_i - y_j\rVert
        \text{ with } \sum_j \pi_{ij} = a_i, \; \sum_i \pi_{ij} = b_j, \qquad
        W_1 = \max_{\lVert f\rVert_L \le 1} \sum_i a_i f(x_i) - \sum_j b_j f(y_j)

    A linear programme (HiGHS, in float64 on the CPU). From its multipliers v of the columns the
    potential is f(t) = min_j (|t - y_j| - v_j), which is 1-Lipschitz and optimal.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,), with n m at most 250,000.
    x_weights, y_weights
        Masses (n,) and (m,), zero or positive with sum one; None gives 1/n and 1/m.

    Returns
    -------
    Transport
        (plan, cost, dual_value, potential_x, potential_y); tensors in the dtype of the samples.

    Raises
    ------
    ValueError
        If the samples do not fit, are too many, or the weights are no masses.
    RuntimeError
        If the solver fails.

    References
    ----------
    Villani (2009), theorem 5.10, for the duality.
    """
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    x, y = check_pair(x, y, minimum=1)
    n, m = x.shape[0], y.shape[0]
    if n * m > MAXIMUM_PAIRS:
        raise ValueError(
            f"x and y must have at most {MAXIMUM_PAIRS} pairs, got {n} x {m} = {n * m}; take "
            f"fewer samples, or two_sample.wasserstein_1d, or metrics.sliced_wasserstein."
        )
    a, b = _masses(x_weights, x, "x_weights"), _masses(y_weights, y, "y_weights")
    distances = -_minus_distance(x.detach().cpu().double(), y.detach().cpu().double())
    scale = float(distances.max())
    check_result(scale, "the largest distance from x to y")
    rows = kron(eye_array(n), np.ones((1, m)))
    columns = kron(np.ones((1, n)), eye_array(m))
    solved = linprog(
        (distances / (scale or 1.0)).flatten().numpy(),
        A_eq=vstack([rows, columns]).tocsr(),
        b_eq=torch.cat([a, b]).numpy(),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if not solved.success:
        raise RuntimeError(f"the transport problem was not solved: {solved.message}")
    plan = torch.from_numpy(solved.x).reshape(n, m).clamp(min=0)
    multipliers = torch.from_numpy(solved.eqlin.marginals[n:].copy()) * (scale or 1.0)
    f_x = (distances - multipliers).min(1).values
    between = -_minus_distance(y.detach().cpu().double(), y.detach().cpu().double())
    f_y = (between - multipliers).min(1).values
    return Transport(
        plan.to(x),
        float((plan * distances).sum()),
        float(a @ f_x - b @ f_y),
        f_x.to(x),
        f_y.to(x),
    )


def kantorovich_potential(transport: Transport, y: Tensor, t: Tensor) -> Tensor:
    r"""Return the optimal critic of a solved transport problem, anywhere.

    .. math:: f(t) = \min_j \left( \lVert t - y_j\rVert + f(y_j) \right)

    the largest 1-Lipschitz function with these values at the y_j.

    Parameters
    ----------
    transport
        Of ``transport_plan(x, y)``.
    y
        The same y, (m, d) or (m,).
    t
        Where to evaluate, (l, d) or (l,).

    Returns
    -------
    Tensor
        Shape (l,). High where x is, low where y is; only differences of values mean anything.

    References
    ----------
    Villani (2009), definition 5.2, for the c-transform.
    """
    t, y = check_pair(t, y, minimum=1)
    values = transport.potential_y.to(y)
    if values.shape[0] != y.shape[0]:
        raise ValueError(
            f"y must be the samples that transport_plan was given, {values.shape[0]} of them, "
            f"got {y.shape[0]}."
        )
    return (values - _minus_distance(t, y)).min(1).values


def _masses(weights: Tensor | None, samples: Tensor, name: str) -> Tensor:
    """Return weights (n,) in float64 on the CPU, with sum one."""
    n = samples.shape[0]
    if weights is None:
        return torch.full((n,), 1 / n, dtype=torch.float64)
    masses = check_tensor(weights, name).detach().cpu().double()
    if masses.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), got {tuple(masses.shape)}.")
    total = float(masses.sum())
    if bool((masses < 0).any()) or abs(total - 1) > 1e-5:
        raise ValueError(
            f"{name} must be zero or positive with sum one, got the sum {total:.6g}; divide them "
            f"by their sum."
        )
    return masses / total
