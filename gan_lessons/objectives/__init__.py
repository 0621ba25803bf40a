"""What the two players minimise, as functions of the discriminator's logits.

A tour, in the order of the book. Each file holds one objective and is read in a minute.

- ``saturating``: the minimax loss of 2014. D climbs the value V(G, D), G descends it; where D
  is sure that a sample is fake, G hears next to nothing. ``value`` is the estimate of V itself.
- ``non_saturating``: same D; G minimises -log D(G(z)) and hears most where D is sure.
- ``least_squares``: both regress the scores on targets 0 and 1.
- ``hinge``: D stops pushing once a sample is past the margin; G follows the scores.
- ``wasserstein``: the difference of mean scores; needs a critic kept (nearly) 1-Lipschitz.
- ``relativistic``: real and fake samples are compared in pairs.
- ``fgan``: the game of any f-divergence, made by ``fgan("kl")`` or from an f of your own.

``base`` says what an objective is. ``OBJECTIVES`` maps the fixed keys to the objects; a new
objective is one more file and one more row here, and the tests of this folder pick it up.
"""

from gan_lessons.objectives.base import Objective
from gan_lessons.objectives.fgan import FGAN, fgan
from gan_lessons.objectives.hinge import Hinge
from gan_lessons.objectives.least_squares import LeastSquares
from gan_lessons.objectives.non_saturating import NonSaturating
from gan_lessons.objectives.relativistic import Relativistic
from gan_lessons.objectives.saturating import Saturating, value
from gan_lessons.objectives.wasserstein import Wasserstein

OBJECTIVES: dict[str, Objective] = {
    "saturating": Saturating(),
    "non-saturating": NonSaturating(),
    "least-squares": LeastSquares(),
    "hinge": Hinge(),
    "wasserstein": Wasserstein(),
    "relativistic": Relativistic(),
}


def get_objective(objective: str | Objective) -> Objective:
    """Return the objective of that key, or the objective itself where one is given.

    Parameters
    ----------
    objective : str or Objective
        A key of ``OBJECTIVES``, or any object with the methods of ``Objective``.

    Returns
    -------
    Objective

    Raises
    ------
    ValueError
        If the key is unknown.
    TypeError
        If it is neither a key nor an objective.
    """
    if isinstance(objective, str):
        if objective not in OBJECTIVES:
            raise ValueError(f"objective must be one of {sorted(OBJECTIVES)}, got {objective!r}.")
        return OBJECTIVES[objective]
    if isinstance(objective, type) or not isinstance(objective, Objective):
        got = f"the class {objective.__name__}" if isinstance(objective, type) else repr(objective)
        raise TypeError(
            f"objective must be a key of OBJECTIVES or an Objective, got {got}; "
            "for example 'non-saturating' or NonSaturating()."
        )
    return objective


__all__ = [
    "FGAN",
    "OBJECTIVES",
    "Hinge",
    "LeastSquares",
    "NonSaturating",
    "Objective",
    "Relativistic",
    "Saturating",
    "Wasserstein",
    "fgan",
    "get_objective",
    "value",
]
