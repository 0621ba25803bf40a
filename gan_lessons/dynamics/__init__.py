"""Dynamics: does the game converge? Games in closed form, small enough to be solved.

``BilinearGame`` and ``DiracGAN`` give vector fields, Jacobians and eigenvalues; ``simulate`` runs
the methods that training uses (``step`` takes one step), ``average_iterates`` averages a path and
``ConsensusGame`` calms a game. ``step_size_limit``, ``predicted_verdict`` and
``measured_growth_rate`` say, three ways, what happens near the equilibrium.
``function_space_descent`` runs the setting of the convergence theorem itself: densities on a grid.
"""

from gan_lessons.dynamics.consensus import ConsensusGame
from gan_lessons.dynamics.dirac_gan import DiracGAN
from gan_lessons.dynamics.function_space import (
    FunctionSpaceRun,
    function_space_descent,
    grid_value,
)
from gan_lessons.dynamics.games import BilinearGame, Game
from gan_lessons.dynamics.integrators import METHODS, average_iterates, simulate, step
from gan_lessons.dynamics.scalar_objectives import SCALAR_OBJECTIVES, ScalarObjective
from gan_lessons.dynamics.stability import (
    Verdict,
    equilibrium_eigenvalues,
    measured_growth_rate,
    predicted_verdict,
    step_jacobian,
    step_size_limit,
)

__all__ = [
    "METHODS",
    "SCALAR_OBJECTIVES",
    "BilinearGame",
    "ConsensusGame",
    "DiracGAN",
    "FunctionSpaceRun",
    "Game",
    "ScalarObjective",
    "Verdict",
    "average_iterates",
    "equilibrium_eigenvalues",
    "function_space_descent",
    "grid_value",
    "measured_growth_rate",
    "predicted_verdict",
    "simulate",
    "step",
    "step_jacobian",
    "step_size_limit",
]
