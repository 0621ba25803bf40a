"""What a game is, and the simplest: theta is the generator, psi the discriminator."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Game(Protocol):
    """What the integrators need of a game: its vector field and that field's Jacobian."""

    def vector_field(self, params: Tensor) -> Tensor:
        """Return the direction (..., 2) in which both players move at (..., 2)."""

    def jacobian(self, params: Tensor) -> Tensor:
        """Return the Jacobian (..., 2, 2) of the vector field."""


class LocalGame(Game, Protocol):
    """A game whose Jacobian at the equilibrium (0, 0) is [[0, a], [-a, -damping]], |a| = slope."""

    @property
    def slope(self) -> float:
        """Strength of the rotation, abs(f'(0))."""

    @property
    def damping(self) -> float:
        """Strength of the pull of psi to 0, gamma."""


def check_params(params: object, name: str = "params") -> Tensor:
    """Return ``params`` if it is a floating-point tensor (..., 2); a diverged one may be inf."""
    if not isinstance(params, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(params).__name__}; "
            f"write torch.tensor([theta, psi])."
        )
    if not params.is_floating_point():
        raise TypeError(f"{name} must be floating point, got {params.dtype}; call {name}.double().")
    if params.dim() == 0 or params.shape[-1] != 2:
        raise ValueError(
            f"{name} must have shape (..., 2) for (theta, psi), got {tuple(params.shape)}."
        )
    return params


def check_game(game: object, methods: tuple[str, ...] = ("vector_field",)) -> None:
    """Raise ``TypeError`` unless ``game`` is an object with these methods."""
    if isinstance(game, type):
        raise TypeError(f"game must be an object, got the class {game.__name__}; add brackets.")
    if not all(callable(getattr(game, method, None)) for method in methods):
        raise TypeError(
            f"game must have {' and '.join(methods)}, such as BilinearGame(), "
            f"got {type(game).__name__}."
        )


def eigenvalues_2x2(matrix: Tensor) -> Tensor:
    r"""Compute the eigenvalues of 2 x 2 matrices by the quadratic formula, exact at double roots.

    .. math:: \lambda = \tfrac{a + d}{2} \pm \sqrt{\left(\tfrac{a - d}{2}\right)^2 + b c}

    Parameters
    ----------
    matrix
        Real matrices [[a, b], [c, d]], shape (..., 2, 2).

    Returns
    -------
    Tensor
        Complex eigenvalues, shape (..., 2), the one with the plus sign first.
    """
    a, b = matrix[..., 0, 0], matrix[..., 0, 1]
    c, d = matrix[..., 1, 0], matrix[..., 1, 1]
    discriminant = ((a - d) / 2) ** 2 + b * c
    root = torch.sqrt(torch.complex(discriminant, torch.zeros_like(discriminant)))
    centre = (a + d) / 2
    return torch.stack([centre + root, centre - root], dim=-1)


@dataclass(frozen=True)
class BilinearGame:
    r"""The game min over theta, max over psi of :math:`V(\theta, \psi) = \theta \psi`.

    Its only equilibrium is (0, 0); the vector field (-psi, theta) turns around it for ever.
    """

    @property
    def slope(self) -> float:
        """Strength of the rotation: 1."""
        return 1.0

    @property
    def damping(self) -> float:
        """Strength of the pull of psi to 0: none."""
        return 0.0

    def generator_loss(self, params: Tensor) -> Tensor:
        """Compute L_G = theta psi, shape (...,)."""
        return check_params(params).prod(dim=-1)

    def discriminator_loss(self, params: Tensor) -> Tensor:
        """Compute L_D = -theta psi, shape (...,)."""
        return -check_params(params).prod(dim=-1)

    def vector_field(self, params: Tensor) -> Tensor:
        r"""Compute :math:`(-\partial L_G/\partial\theta, -\partial L_D/\partial\psi)`.

        That is (-psi, theta). Shapes (..., 2) to (..., 2).
        """
        theta, psi = check_params(params).unbind(-1)
        return torch.stack([-psi, theta], dim=-1)

    def jacobian(self, params: Tensor) -> Tensor:
        """Compute the Jacobian of the vector field, [[0, -1], [1, 0]], shape (..., 2, 2)."""
        rotation = check_params(params).new_tensor([[0.0, -1.0], [1.0, 0.0]])
        return rotation.expand(*params.shape[:-1], 2, 2)

    def eigenvalues(self, params: Tensor) -> Tensor:
        """Compute the eigenvalues of the Jacobian, +i and -i, complex of shape (..., 2)."""
        return eigenvalues_2x2(self.jacobian(params))
