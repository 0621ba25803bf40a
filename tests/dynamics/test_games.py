"""Games against autograd of their losses, the package's objectives, quadrature and closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import Tensor
from torch.nn.functional import softplus

from gan_lessons.dynamics import (
    SCALAR_OBJECTIVES,
    BilinearGame,
    ConsensusGame,
    DiracGAN,
    ScalarObjective,
    equilibrium_eigenvalues,
)
from gan_lessons.objectives import OBJECTIVES

Solvable = BilinearGame | DiracGAN
ORIGIN = torch.zeros(2, dtype=torch.float64)
SMOOTH = [name for name in SCALAR_OBJECTIVES if name != "hinge"]
GAMES: list[Solvable] = [
    BilinearGame(),
    *(DiracGAN(name) for name in SCALAR_OBJECTIVES),
    *(DiracGAN(name, r1_gamma=0.7) for name in SCALAR_OBJECTIVES),
    *(DiracGAN(name, r1_gamma=0.4, instance_noise=0.8) for name in SMOOTH),
]


def spread_points(n: int = 20) -> Tensor:
    """Points of [-2.5, 2.5]^2, so that logits reach from about -6 to 6."""
    rng = torch.Generator().manual_seed(0)
    return 5 * torch.rand(n, 2, generator=rng, dtype=torch.float64) - 2.5


def autograd_field(game: Solvable, point: Tensor) -> Tensor:
    """(-dL_G/dtheta, -dL_D/dpsi), each by autograd of its own loss."""
    return -torch.stack(
        [
            torch.func.grad(game.generator_loss)(point)[0],
            torch.func.grad(game.discriminator_loss)(point)[1],
        ]
    )


@pytest.mark.parametrize("game", GAMES, ids=str)
def test_vector_field_and_jacobian_are_the_autograd_of_the_losses(game: Solvable) -> None:
    points = spread_points()
    field = torch.stack([autograd_field(game, point) for point in points])
    torch.testing.assert_close(game.vector_field(points), field, rtol=0, atol=1e-12)

    rows = [torch.func.jacrev(lambda p: autograd_field(game, p))(point) for point in points]
    torch.testing.assert_close(game.jacobian(points), torch.stack(rows), rtol=0, atol=1e-12)


@pytest.mark.parametrize("key", sorted(OBJECTIVES))
def test_losses_are_those_of_the_objectives_folder(key: str) -> None:
    objective, game = OBJECTIVES[key], DiracGAN(key)
    # The least-squares discriminator has its bias at 1/2.
    offset = 0.5 if key == "least-squares" else 0.0
    for point in spread_points():
        real = torch.full((1,), offset, dtype=torch.float64)
        fake = point.prod().reshape(1) + offset
        expected_d = objective.discriminator_loss(real, fake)
        expected_g = objective.generator_loss(real, fake)
        torch.testing.assert_close(game.discriminator_loss(point), expected_d, rtol=0, atol=1e-12)
        torch.testing.assert_close(game.generator_loss(point), expected_g, rtol=0, atol=1e-12)


def test_every_objective_of_the_package_has_its_scalar_functions() -> None:
    assert set(SCALAR_OBJECTIVES) == set(OBJECTIVES)


def test_r1_adds_half_gamma_times_the_squared_slope_to_the_discriminator_only() -> None:
    points = spread_points()
    plain, penalised = DiracGAN(), DiracGAN(r1_gamma=3.0)
    added = penalised.discriminator_loss(points) - plain.discriminator_loss(points)
    torch.testing.assert_close(added, 1.5 * points[:, 1] ** 2)
    torch.testing.assert_close(penalised.generator_loss(points), plain.generator_loss(points))


@pytest.mark.parametrize("theta_psi", [(0.7, 1.1), (-1.5, 0.6), (1.2, -1.4)])
def test_noisy_loss_is_the_expectation_by_adaptive_quadrature(
    theta_psi: tuple[float, float],
) -> None:
    theta, psi, std = *theta_psi, 0.9

    def integrand(e: float) -> float:
        logits = torch.tensor([-psi * e, psi * (theta + e)], dtype=torch.float64)
        density = math.exp(-0.5 * (e / std) ** 2) / (std * math.sqrt(2 * math.pi))
        return float(softplus(logits).sum()) * density

    expected = quad(integrand, -12 * std, 12 * std, epsabs=1e-12, limit=200)[0]
    game = DiracGAN(instance_noise=std)
    loss = game.discriminator_loss(torch.tensor(theta_psi, dtype=torch.float64))
    assert float(loss) == pytest.approx(expected, abs=1e-9)


def test_relativistic_noise_is_that_of_a_difference() -> None:
    point = torch.tensor([0.8, 1.3], dtype=torch.float64)
    std, n = 0.7, 400_000
    rng = torch.Generator().manual_seed(3)
    real, fake = std * torch.randn(2, n, generator=rng, dtype=torch.float64)
    losses = softplus(-point[1] * (real - point[0] - fake))
    error = 5 * float(losses.std()) / math.sqrt(n)  # five standard errors
    game = DiracGAN("relativistic", instance_noise=std)
    assert float(game.discriminator_loss(point)) == pytest.approx(float(losses.mean()), abs=error)


def test_known_eigenvalues_at_the_equilibrium() -> None:
    for key in ("saturating", "non-saturating", "least-squares", "relativistic"):
        assert DiracGAN(key).eigenvalues(ORIGIN).tolist() == [0.5j, -0.5j]
    for game in (DiracGAN("wasserstein"), DiracGAN("hinge"), BilinearGame()):
        assert game.eigenvalues(ORIGIN).tolist() == [1j, -1j]


@pytest.mark.parametrize("key", ["saturating", "non-saturating", "wasserstein", "hinge"])
@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5, 0.99, 1.3, 2.5, 7.0])
def test_r1_eigenvalues_match_autograd(key: str, gamma: float) -> None:
    game = DiracGAN(key, r1_gamma=gamma)
    by_autograd = torch.func.jacrev(lambda p: autograd_field(game, p))(ORIGIN)
    expected = np.linalg.eigvals(by_autograd.numpy()).astype(complex)
    expected = expected[np.lexsort((-expected.imag, -expected.real.round(10)))]
    for eigenvalues in (game.eigenvalues(ORIGIN), equilibrium_eigenvalues(game)):
        np.testing.assert_allclose(eigenvalues.numpy(), expected, rtol=0, atol=1e-12)


def test_critical_damping_is_a_double_root() -> None:
    assert DiracGAN(r1_gamma=1.0).eigenvalues(ORIGIN).tolist() == [-0.5, -0.5]
    assert DiracGAN("wasserstein", 2.0).eigenvalues(ORIGIN).tolist() == [-1.0, -1.0]


@pytest.mark.parametrize("std", [0.1, 0.5, 1.0, 1.7])
def test_instance_noise_acts_as_r1_at_the_equilibrium(std: float) -> None:
    for key in ("saturating", "non-saturating", "relativistic"):
        noisy = DiracGAN(key, instance_noise=std)
        # The Jacobian of the noisy losses by autograd, against R1 with gamma = s^2 / 2.
        by_autograd = torch.func.jacrev(lambda p, game=noisy: autograd_field(game, p))(ORIGIN)
        r1 = DiracGAN(key, r1_gamma=std**2 / 2)
        torch.testing.assert_close(by_autograd, r1.jacobian(ORIGIN), rtol=0, atol=1e-12)
        assert noisy.damping == pytest.approx(r1.damping, abs=1e-15)
    eigenvalues = DiracGAN(instance_noise=std).eigenvalues(ORIGIN)
    expected = equilibrium_eigenvalues(DiracGAN(r1_gamma=std**2 / 2))
    torch.testing.assert_close(eigenvalues, expected, rtol=0, atol=1e-12)


def test_instance_noise_acts_only_at_the_equilibrium_as_r1() -> None:
    point = torch.tensor([1.0, 1.0], dtype=torch.float64)
    noisy, r1 = DiracGAN(instance_noise=1.0), DiracGAN(r1_gamma=0.5)
    assert float((noisy.vector_field(point) - r1.vector_field(point)).abs().max()) > 0.05


def test_instance_noise_does_nothing_to_the_wasserstein_game() -> None:
    points = spread_points()
    noisy, plain = DiracGAN("wasserstein", instance_noise=1.3), DiracGAN("wasserstein")
    field = plain.vector_field(points)
    torch.testing.assert_close(noisy.vector_field(points), field, rtol=0, atol=1e-12)


def test_grids_of_points_give_what_single_points_give() -> None:
    grid = torch.cartesian_prod(*[torch.linspace(-2, 2, 5, dtype=torch.float64)] * 2)
    for game in (*GAMES, ConsensusGame(DiracGAN(), 0.5)):
        for function in (game.vector_field, game.jacobian, game.eigenvalues):
            one_by_one = torch.stack([function(point) for point in grid])
            torch.testing.assert_close(function(grid), one_by_one)
            shaped = function(grid.reshape(5, 5, 2))
            torch.testing.assert_close(shaped.reshape(one_by_one.shape), one_by_one)


def test_single_precision_stays_single() -> None:
    point = torch.ones(2)
    for game in GAMES:
        assert game.vector_field(point).dtype == torch.float32
        assert game.jacobian(point).dtype == torch.float32
        assert game.eigenvalues(point).dtype == torch.complex64


@pytest.mark.parametrize(
    "game", [BilinearGame(), DiracGAN(), DiracGAN("wasserstein", 0.3)], ids=str
)
def test_consensus_walks_down_the_squared_field(game: Solvable) -> None:
    weight = 0.6
    calmed = ConsensusGame(game, weight)
    for point in spread_points(10):
        field = autograd_field(game, point)
        descent = torch.func.grad(lambda p: 0.5 * autograd_field(game, p).square().sum())(point)
        expected = field - weight * descent
        torch.testing.assert_close(calmed.vector_field(point), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("game", "slope"), [(DiracGAN(), 0.5), (DiracGAN("wasserstein"), 1.0)])
def test_consensus_eigenvalues(game: DiracGAN, slope: float) -> None:
    eigenvalues = ConsensusGame(game, 0.8).eigenvalues(ORIGIN).numpy()
    expected = [-0.8 * slope**2 + 1j * slope, -0.8 * slope**2 - 1j * slope]
    np.testing.assert_allclose(eigenvalues, expected, rtol=0, atol=1e-12)


def test_an_objective_of_your_own_is_taken() -> None:
    # The fake term of the Pearson f-GAN, -(t^2/4 + t); the real term is constant here.
    pearson = ScalarObjective(
        f=lambda t: -(t**2) / 4 - t,
        f_prime=lambda t: -t / 2 - 1,
        f_second=lambda t: torch.full_like(t, -0.5),
        g=lambda t: -(t**2) / 4 - t,
        g_prime=lambda t: -t / 2 - 1,
        g_second=lambda t: torch.full_like(t, -0.5),
    )
    game = DiracGAN(pearson, r1_gamma=0.3)
    assert game.slope == 1.0
    for point in spread_points(5):
        expected = autograd_field(game, point)
        torch.testing.assert_close(game.vector_field(point), expected, rtol=0, atol=1e-12)


def test_bad_games_are_refused() -> None:
    with pytest.raises(ValueError, match="one of saturating, .*got 'minimax'"):
        DiracGAN("minimax")
    with pytest.raises(ValueError, match="r1_gamma must be zero or positive"):
        DiracGAN(r1_gamma=-0.1)
    with pytest.raises(ValueError, match="instance_noise must be zero or positive"):
        DiracGAN(instance_noise=math.inf)
    with pytest.raises(ValueError, match="instance_noise must be 0 .*hinge.*use wasserstein"):
        DiracGAN("hinge", instance_noise=0.5)
    with pytest.raises(ValueError, match="weight must be zero or positive"):
        ConsensusGame(DiracGAN(), -1.0)


@pytest.mark.parametrize("game", [BilinearGame(), DiracGAN(), ConsensusGame(DiracGAN(), 1.0)])
def test_bad_params_are_refused(game: Solvable | ConsensusGame) -> None:
    with pytest.raises(TypeError, match="params must be a torch.Tensor, got tuple"):
        game.vector_field((1.0, 1.0))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"params must be floating point.*params\.double"):
        game.jacobian(torch.tensor([1, 1]))
    with pytest.raises(ValueError, match=r"params must have shape \(\.\.\., 2\).*got \(3,\)"):
        game.eigenvalues(torch.zeros(3))
