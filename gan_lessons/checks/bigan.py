"""Checks for the exercises of chapter 15."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded


def _joint(p: Tensor, encoder: Tensor, prior: Tensor, generator: Tensor) -> tuple[Tensor, Tensor]:
    """Return the laws of (x, E(x)) and of (G(z), z) as tables (n, m), counted pair by pair."""
    real, fake = torch.zeros(2, len(p), len(prior), dtype=torch.float64)
    for x, z in enumerate(encoder.tolist()):
        real[x, z] += p[x]
    for z, x in enumerate(generator.tolist()):
        fake[x, z] += prior[z]
    return real, fake


def check_joint_discriminator(
    student_function: Callable[[Tensor, Tensor, Tensor, Tensor], object], seed: int | None = None
) -> Report:
    r"""Mark a student's optimal discriminator of pairs on finite sets.

    .. math:: D^*(x, z) = \frac{P(x = X, z = E(X))}{P(x = X, z = E(X)) + P(x = G(Z), z = Z)}

    Parameters
    ----------
    student_function
        A function of the data's law p (n,), of E as the number of each x's code (n,), of the
        prior (m,) and of G as the number of each z's x (m,), that returns :math:`D^*` as a table
        (n, m). What it says of pairs that never come is not marked.
    seed
        Seed of the random laws and maps; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)

    def table(*game: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the student's table, the right one, and which pairs come at all."""
        real, fake = _joint(*game)
        came = student_function(*game)
        if not isinstance(came, Tensor) or came.shape != real.shape:
            shape = tuple(came.shape) if isinstance(came, Tensor) else type(came).__name__
            raise TypeError(f"the answer must be a table {tuple(real.shape)}, x by z, got {shape}")
        return came.double(), real / (real + fake), real + fake > 0

    def agree(came: Tensor, wanted: Tensor, seen: Tensor) -> bool:
        return bool(torch.allclose(came[seen], wanted[seen], rtol=1e-6, atol=1e-9))

    def draw(n: int, m: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        p, prior = (torch.rand(k, generator=rng, dtype=torch.float64) + 0.1 for k in (n, m))
        encoder = torch.randint(m, (n,), generator=rng)
        generator = torch.randint(n, (m,), generator=rng)
        return p / p.sum(), encoder, prior / prior.sum(), generator

    def by_hand() -> bool | str:
        same, even = torch.tensor([0, 1]), torch.tensor([0.5, 0.5]).double()
        game = torch.tensor([0.25, 0.75]).double(), same, even, same
        came, wanted, seen = table(*game)
        if agree(came, wanted, seen):
            return True
        if agree(came, 1 - wanted, seen):
            return "it gave 1 - D*: the pairs (x, E(x)) belong in the numerator"
        return f"it gave {came[0, 0]:.4f} and {came[1, 1]:.4f}, by hand they are 1/3 and 3/5"

    def one_sided() -> bool | str:
        p, prior = torch.ones(2, 3, dtype=torch.float64) / 3
        came, wanted, seen = table(p, torch.tensor([1, 2, 0]), prior, torch.tensor([0, 1, 2]))
        if agree(came, wanted, seen):
            return True
        return "D* is 1 on pairs that only E makes, and 0 on those that only G makes"

    def optimum() -> bool | str:
        p, turn = draw(5, 5)[0], torch.randperm(5, generator=rng)
        game = p, turn, torch.empty_like(p), turn.argsort()
        game[2][turn] = p
        came, wanted, seen = table(*game)
        if agree(came, wanted, seen):
            return True
        return "where G inverts E and both laws fit, D* is 1/2 on every pair that comes"

    def many() -> bool | str:
        for n, m in ((4, 6), (6, 4), (3, 3), (7, 2), (2, 9)):
            came, wanted, seen = table(*draw(n, m))
            if not agree(came, wanted, seen):
                off = (came - wanted)[seen].abs().max()
                return f"with {n} x and {m} z it is off by up to {float(off):.3f}"
        return True

    return examine(
        ("two points, by hand", by_hand),
        ("pairs that only one of the two makes", one_sided),
        ("an optimal E and G", optimum),
        ("random laws and maps, as many x as z and not", many),
    )
