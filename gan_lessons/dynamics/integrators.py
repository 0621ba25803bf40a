"""How the players move: the discrete methods that training a GAN uses, and averages of iterates."""

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive, check_tensor
from gan_lessons.dynamics.games import Game, check_game, check_params

METHODS = ("simultaneous", "alternating", "extragradient")


def check_method(method: str) -> str:
    """Return ``method`` if it is one of ``METHODS``."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}.")
    return method


def step(game: Game, method: str, lr: float, params: Tensor) -> Tensor:
    r"""Take one step of a method; it is differentiable in ``params``.

    With the vector field v = (v_theta, v_psi) and the step size h = ``lr``:

    - simultaneous: :math:`p + h\, v(p)`;
    - alternating: :math:`\theta' = \theta + h\, v_\theta(\theta, \psi)`, then
      :math:`\psi' = \psi + h\, v_\psi(\theta', \psi)`;
    - extragradient: :math:`p + h\, v(p + h\, v(p))`.

    Parameters
    ----------
    game
        Anything with a ``vector_field``.
    method
        One of ``METHODS``.
    lr
        Step size h, the same for both players.
    params
        Points (theta, psi), shape (..., 2).

    Returns
    -------
    Tensor
        The next points, shape (..., 2).

    Raises
    ------
    TypeError, ValueError
        If the game has no vector field, the method is not one of ``METHODS``, or ``lr`` or
        ``params`` has the wrong type, sign or shape.

    References
    ----------
    Korpelevich (1976) for extragradient.
    """
    check_game(game)
    check_method(method)
    check_positive(lr, "lr")
    check_params(params)
    ahead = params + lr * game.vector_field(params)
    if method == "simultaneous":
        return ahead
    if method == "extragradient":
        return params + lr * game.vector_field(ahead)
    seen_by_psi = torch.stack([ahead[..., 0], params[..., 1]], dim=-1)
    psi = params[..., 1] + lr * game.vector_field(seen_by_psi)[..., 1]
    return torch.stack([ahead[..., 0], psi], dim=-1)


def simulate(
    game: Game,
    method: str,
    lr: float,
    steps: int,
    start: tuple[float, float] | Tensor = (1.0, 1.0),
) -> Tensor:
    """Compute the path of the players under a method, the start included.

    Parameters
    ----------
    game
        ``BilinearGame``, ``DiracGAN``, ``ConsensusGame`` or your own.
    method
        "simultaneous", "alternating" (theta first) or "extragradient".
    lr
        Step size h > 0, the same for both players.
    steps
        How many steps to take, at least 0.
    start
        (theta, psi) as two numbers, or a tensor (2,) or (..., 2) of many starts at once.

    Returns
    -------
    Tensor
        Shape (steps + 1, 2), or (steps + 1, ..., 2) for many starts; float64 unless ``start`` is
        a tensor of another type. A path that diverges ends in inf or nan, as it would in training.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, sign or shape, or the method is not known.
    """
    check_game(game)
    check_method(method)
    check_positive(lr, "lr")
    check_count(steps, "steps", minimum=0)
    if not isinstance(start, Tensor):
        try:
            start = torch.tensor(start, dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise TypeError(f"start must be two numbers or a tensor, got {start!r}.") from error
    params = check_params(check_tensor(start, "start"), "start").detach()
    path = params.new_empty((steps + 1, *params.shape))
    path[0] = params
    with torch.no_grad():
        for index in range(steps):
            params = step(game, method, lr, params)
            path[index + 1] = params
    return path


def average_iterates(path: Tensor) -> Tensor:
    r"""Compute the running mean of a path, :math:`\bar p_t = \frac{1}{t+1} \sum_{s \le t} p_s`.

    Where alternating steps cycle around the equilibrium, their mean tends to it as 1/t. The mean
    of simultaneous steps on the bilinear game is of size :math:`|p_{t+1} - p_0| / ((t+1) h)`: at a
    fixed h it diverges with the path; with h = 1/sqrt(t), chosen for the length of the run, it
    shrinks as 1/sqrt(t).

    Parameters
    ----------
    path
        Output of ``simulate``, shape (steps + 1, ..., 2).

    Returns
    -------
    Tensor
        The means, of the same shape.

    Raises
    ------
    TypeError, ValueError
        If ``path`` is not a floating-point tensor (steps + 1, ..., 2).
    """
    check_params(path, "path")
    if path.dim() < 2:
        raise ValueError(f"path must have shape (steps + 1, ..., 2), got {tuple(path.shape)}.")
    counts = torch.arange(1, path.shape[0] + 1, dtype=path.dtype, device=path.device)
    return path.cumsum(0) / counts.reshape(-1, *[1] * (path.dim() - 1))
