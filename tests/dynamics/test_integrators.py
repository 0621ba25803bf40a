"""Steps and paths against torch.optim, exact laws, invariants and measured facts."""

import math

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from gan_lessons.dynamics import (
    METHODS,
    BilinearGame,
    ConsensusGame,
    DiracGAN,
    average_iterates,
    simulate,
    step,
)


def sgd_path(non_saturating: bool, alternating: bool, lr: float, steps: int) -> Tensor:
    """Train the two scalars as any GAN is trained: torch.optim.SGD on cross-entropies."""
    theta = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)
    psi = torch.tensor(-0.6, dtype=torch.float64, requires_grad=True)
    optimiser_g, optimiser_d = torch.optim.SGD([theta], lr), torch.optim.SGD([psi], lr)
    one, zero = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)

    def update_d(fake: Tensor) -> None:
        real_loss = binary_cross_entropy_with_logits(psi * 0.0, one)
        loss = real_loss + binary_cross_entropy_with_logits(psi * fake.detach(), zero)
        optimiser_d.zero_grad()
        loss.backward()
        optimiser_d.step()

    path = [torch.stack([theta, psi]).detach()]
    for _ in range(steps):
        old_theta = theta.detach().clone()
        logit = psi.detach() * theta
        if non_saturating:
            loss = binary_cross_entropy_with_logits(logit, one)
        else:
            loss = -binary_cross_entropy_with_logits(logit, zero)
        optimiser_g.zero_grad()
        loss.backward()
        optimiser_g.step()
        update_d(theta if alternating else old_theta)
        path.append(torch.stack([theta, psi]).detach())
    return torch.stack(path)


@pytest.mark.parametrize("non_saturating", [False, True])
@pytest.mark.parametrize("method", ["simultaneous", "alternating"])
def test_paths_are_those_of_sgd_on_cross_entropies(non_saturating: bool, method: str) -> None:
    game = DiracGAN("non-saturating" if non_saturating else "saturating")
    path = simulate(game, method, 0.3, 30, start=(0.9, -0.6))
    expected = sgd_path(non_saturating, method == "alternating", 0.3, 30)
    torch.testing.assert_close(path, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("lr", [0.05, 0.4, 1.5])
@pytest.mark.parametrize("key", ["saturating", "wasserstein"])
def test_simultaneous_growth_follows_the_exact_law(key: str, lr: float) -> None:
    rng = torch.Generator().manual_seed(1)
    starts = 4 * torch.rand(30, 2, generator=rng, dtype=torch.float64) - 2
    path = simulate(DiracGAN(key), "simultaneous", lr, 8, starts).numpy()
    squared = (path**2).sum(-1)
    f_prime = expit(path.prod(-1)) if key == "saturating" else np.ones_like(squared)
    predicted = squared[:-1] * (1 + lr**2 * f_prime[:-1] ** 2)
    np.testing.assert_allclose(squared[1:], predicted, rtol=1e-12)


def test_the_law_does_not_hold_for_the_non_saturating_game() -> None:
    path = simulate(DiracGAN("non-saturating"), "simultaneous", 0.2, 1)
    law = 2 * (1 + 0.2**2 * expit(1.0) ** 2)
    assert abs(float(path[1].square().sum()) - law) > 0.05


@pytest.mark.parametrize("lr", [0.1, 0.5, 0.9])
def test_extragradient_on_the_bilinear_game_shrinks_at_its_closed_form_rate(lr: float) -> None:
    radius = simulate(BilinearGame(), "extragradient", lr, 50).norm(dim=-1).numpy()
    np.testing.assert_allclose(radius[1:] / radius[:-1], math.sqrt(1 - lr**2 + lr**4), rtol=1e-12)
    assert radius[-1] < radius[0]


def test_extragradient_beyond_one_diverges_on_the_bilinear_game() -> None:
    radius = simulate(BilinearGame(), "extragradient", 1.01, 50).norm(dim=-1)
    assert float(radius[-1]) > float(radius[0])


@pytest.mark.parametrize("lr", [0.1, 0.7, 1.9])
def test_alternating_stays_on_an_ellipse_of_the_bilinear_game(lr: float) -> None:
    theta, psi = simulate(BilinearGame(), "alternating", lr, 500).unbind(-1)
    energy = theta**2 + psi**2 - lr * theta * psi
    torch.testing.assert_close(energy, energy[:1].expand_as(energy), rtol=1e-10, atol=0)


@pytest.mark.parametrize(("key", "limit"), [("saturating", 4.0), ("wasserstein", 2.0)])
def test_alternating_cycles_below_its_limit_and_diverges_above(key: str, limit: float) -> None:
    start = (1e-3, 0.0)
    below = simulate(DiracGAN(key), "alternating", 0.97 * limit, 3000, start).norm(dim=-1)
    assert 0.9e-3 < float(below[-500:].max()) < 1e-2  # neither shrinks nor grows
    above = simulate(DiracGAN(key), "alternating", 1.03 * limit, 100, start).norm(dim=-1)
    assert float(above.max()) > 1


def test_averages_of_alternating_iterates_converge() -> None:
    path = simulate(BilinearGame(), "alternating", 0.2, 4000)
    mean = average_iterates(path)
    assert float(path[-200:].norm(dim=-1).min()) > 1.0
    assert float(mean[-1].norm()) < 0.01
    # 1/t: ten times as long, about a tenth
    assert float(mean[-40:].norm(dim=-1).max()) < 0.15 * float(mean[380:420].norm(dim=-1).max())


def test_averages_of_simultaneous_iterates_need_a_step_size_for_the_length() -> None:
    for steps in (100, 900, 3600):
        lr = 1 / math.sqrt(steps)
        path = simulate(BilinearGame(), "simultaneous", lr, steps)
        mean = average_iterates(path[:-1])[-1]
        # p_T - p_0 = h T A mean with A a rotation, so the size of the mean is known exactly.
        exact = float((path[-1] - path[0]).norm()) / (steps * lr)
        assert float(mean.norm()) == pytest.approx(exact, rel=1e-9)
        # (1 + h^2)^(T/2) <= e^(1/2) at h^2 = 1/T: the size is O(1/sqrt(T)).
        assert float(mean.norm()) <= (1 + math.exp(0.5)) * math.sqrt(2) / math.sqrt(steps)
    fixed = average_iterates(simulate(BilinearGame(), "simultaneous", 0.2, 1600))
    assert float(fixed[-1].norm()) > 1e6


def test_average_is_the_mean_of_what_came_so_far() -> None:
    path = simulate(DiracGAN(), "alternating", 0.3, 20, torch.randn(3, 2, dtype=torch.float64))
    means = average_iterates(path)
    assert means.shape == path.shape
    for t in (0, 7, 20):
        torch.testing.assert_close(means[t], path[: t + 1].mean(0))


def test_non_saturating_game_creeps_inwards() -> None:
    game = DiracGAN("non-saturating")
    # Along the flow, d(r^2)/dt / 2 = -t tanh(t / 2) with t = theta psi: nowhere outwards.
    grid = torch.cartesian_prod(*[torch.linspace(-3, 3, 25, dtype=torch.float64)] * 2)
    inwards = (grid * game.vector_field(grid)).sum(-1)
    t = grid.prod(-1).numpy()
    np.testing.assert_allclose(inwards.numpy(), -t * np.tanh(t / 2), rtol=0, atol=1e-12)
    # Signs of psi as in Mescheder et al. (fakes positive): our start is (1, -1).
    radius = simulate(game, "alternating", 0.2, 5000, (1.0, -1.0)).norm(dim=-1)
    assert float(radius[500]) == pytest.approx(0.28, abs=0.005)
    assert float(radius[5000]) == pytest.approx(0.088, abs=0.002)
    # Sub-linear: r falls about as 1/sqrt(t), ten times the steps for a third of the radius.
    assert 2.5 < float(radius[500] / radius[5000]) < 4


def test_non_saturating_game_stalls_under_simultaneous_steps() -> None:
    radius = simulate(DiracGAN("non-saturating"), "simultaneous", 0.2, 6000).norm(dim=-1)
    assert 0.60 < float(radius[-1000:].min()) <= float(radius[-1000:].max()) < 0.65


def test_radii_after_many_steps_from_one_minus_one() -> None:
    start, lr = (1.0, -1.0), 0.2
    simultaneous = simulate(DiracGAN(), "simultaneous", lr, 5000, start).norm(dim=-1)
    assert float(simultaneous[500]) == pytest.approx(3.10, abs=0.01)
    assert float(simultaneous[5000]) == pytest.approx(4.24, abs=0.01)
    wasserstein = simulate(DiracGAN("wasserstein"), "simultaneous", lr, 500, start).norm(dim=-1)
    assert float(wasserstein[-1]) == pytest.approx(math.sqrt(2) * 1.04**250, rel=1e-10)


def test_r1_and_consensus_converge() -> None:
    for game in (DiracGAN(r1_gamma=0.3), ConsensusGame(DiracGAN(), 1.0)):
        for method in METHODS:
            assert float(simulate(game, method, 0.2, 300)[-1].norm()) < 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_many_starts_at_once(method: str) -> None:
    game = DiracGAN(r1_gamma=0.2)
    starts = torch.tensor([[1.0, 1.0], [-0.5, 2.0], [0.1, 0.0]], dtype=torch.float64)
    paths = simulate(game, method, 0.3, 12, starts)
    assert paths.shape == (13, 3, 2)
    for index, start in enumerate(starts):
        torch.testing.assert_close(paths[:, index], simulate(game, method, 0.3, 12, start))


def test_path_starts_at_the_start_and_leaves_it_alone() -> None:
    start = torch.tensor([0.5, -0.5], requires_grad=True)
    path = simulate(BilinearGame(), "simultaneous", 0.1, 3, start)
    assert path.dtype == torch.float32
    assert not path.requires_grad
    assert path[0].tolist() == start.tolist() == [0.5, -0.5]
    assert simulate(BilinearGame(), "alternating", 0.1, 0).tolist() == [[1.0, 1.0]]


def test_bad_arguments_are_refused() -> None:
    game = BilinearGame()
    with pytest.raises(ValueError, match="method must be one of simultaneous.*got 'adam'"):
        simulate(game, "adam", 0.1, 5)
    with pytest.raises(ValueError, match="method must be one of"):
        step(game, "Simultaneous", 0.1, torch.ones(2))
    with pytest.raises(ValueError, match="lr must be positive"):
        simulate(game, "simultaneous", 0.0, 5)
    with pytest.raises(ValueError, match="steps must be at least 0"):
        simulate(game, "simultaneous", 0.1, -1)
    with pytest.raises(ValueError, match=r"start must have shape \(\.\.\., 2\)"):
        simulate(game, "simultaneous", 0.1, 5, start=(1.0, 1.0, 1.0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="start must be finite"):
        simulate(game, "simultaneous", 0.1, 5, start=(math.nan, 1.0))
    with pytest.raises(ValueError, match=r"path must have shape \(steps \+ 1"):
        average_iterates(torch.zeros(2))
    with pytest.raises(TypeError, match="path must be a torch.Tensor"):
        average_iterates([[1.0, 2.0]])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: simulate(None, "simultaneous", 0.1, 3), TypeError, "game must have vector_field"),
        (lambda: simulate(BilinearGame, "simultaneous", 0.1, 3), TypeError, "add brackets"),
        (
            lambda: simulate(BilinearGame(), "simultaneous", 0.1, 3, start="ab"),
            TypeError,
            "start must be two numbers or a tensor, got 'ab'",
        ),
        (
            lambda: simulate(BilinearGame(), "simultaneous", 0.1, 3, start=(None, 1.0)),
            TypeError,
            "start must be two numbers",
        ),
        (
            lambda: step(BilinearGame(), "simultaneous", "a", torch.ones(2)),
            TypeError,
            "lr must be a positive number, got str",
        ),
        (
            lambda: step(BilinearGame(), "simultaneous", 0.1, [1.0, 1.0]),
            TypeError,
            "params must be a torch.Tensor, got list",
        ),
        (lambda: ConsensusGame(None, 0.1), TypeError, "game must have vector_field and jacobian"),
        (lambda: DiracGAN(["hinge"]), TypeError, "objective must be a name .* got list"),
    ],
)
def test_wrong_kinds_of_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
