"""Consensus optimisation: both players also walk towards smaller gradients."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lessons._validation import check_positive
from gan_lessons.dynamics.dirac_gan import DiracGAN
from gan_lessons.dynamics.games import BilinearGame, check_game, check_params, eigenvalues_2x2


@dataclass(frozen=True)
class ConsensusGame:
    r"""Another game's vector field with a step towards agreement added.

    .. math::
        w(p) = v(p) - \gamma\, \nabla_p \tfrac12 |v(p)|^2 = v(p) - \gamma\, J(p)^\top v(p)

    At the equilibrium of an undamped game the eigenvalues move from :math:`\pm i f'` to
    :math:`-\gamma f'^2 \pm i f'`, so small steps converge. It is a transform of the game, so every
    method of ``simulate`` runs on it.

    Parameters
    ----------
    game
        The game to be calmed.
    weight
        gamma >= 0, the weight of the added term.

    Raises
    ------
    TypeError, ValueError
        If ``game`` has no vector field and Jacobian, or ``weight`` is negative or not a finite
        number.

    References
    ----------
    Mescheder, Nowozin and Geiger (2017), section 4.
    """

    game: BilinearGame | DiracGAN
    weight: float

    def __post_init__(self) -> None:
        check_game(self.game, ("vector_field", "jacobian"))
        check_positive(self.weight, "weight", allow_zero=True)

    def vector_field(self, params: Tensor) -> Tensor:
        """Compute v - weight J^T v, shapes (..., 2) to (..., 2)."""
        v = self.game.vector_field(params)
        towards_agreement = self.game.jacobian(params).mT @ v.unsqueeze(-1)
        return v - self.weight * towards_agreement.squeeze(-1)

    def jacobian(self, params: Tensor) -> Tensor:
        """Compute the Jacobian of the vector field by autograd, shape (..., 2, 2)."""
        points = check_params(params).reshape(-1, 2)
        jacobians = torch.func.vmap(torch.func.jacrev(self.vector_field))(points)
        return jacobians.reshape(*params.shape[:-1], 2, 2)

    def eigenvalues(self, params: Tensor) -> Tensor:
        """Compute the eigenvalues of the Jacobian, complex of shape (..., 2)."""
        return eigenvalues_2x2(self.jacobian(params))
