from dataclasses import replace

import pytest
import torch

from gan_lessons.models import Autoencoder, LatentRegressor, generated_pairs
from gan_lessons.networks import MLP, ImageMLPGenerator, MLPGenerator
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train

CONFIG = TrainConfig(steps=800, batch_size=64, z_dim=2, g_lr=2e-2, log_every=400, ema_decay=0.9)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def linear(inputs, outputs, seed=0):
    return MLP(inputs, outputs, layers=0, rng=rng(seed))


def test_regressor_finds_the_inverse_of_a_linear_generator():
    """The least-squares guess of z from A z is A^-1 A z = z; its error goes to 0."""
    generator = linear(2, 2).requires_grad_(False)
    generator.layers[0].weight.copy_(torch.tensor([[2.0, 1.0], [0.0, 1.0]]))
    before = {name: p.clone() for name, p in generator.state_dict().items()}
    regressor = LatentRegressor(linear(2, 2, 1), CONFIG)
    *_, last = train(regressor, generated_pairs(generator, 2), CONFIG)
    z = torch.randn(100, 2, generator=rng(5))
    assert last.e_loss < 1e-3
    assert (regressor.encode(generator(z)) - z).abs().max() < 0.1
    assert all(torch.equal(p, before[name]) for name, p in generator.state_dict().items())


def test_regressor_of_a_generator_that_forgets_guesses_the_mean():
    """G sees only z_1: the best guess of z_2 is 0, and the loss stays at half its variance."""
    generator = linear(2, 1)
    with torch.no_grad():
        generator.layers[0].weight.copy_(torch.tensor([[1.0, 0.0]]))
    config = replace(CONFIG, batch_size=512)
    regressor = LatentRegressor(linear(1, 2, 1), config)
    *_, last = train(regressor, generated_pairs(generator, 2), config)
    assert last.e_loss == pytest.approx(0.5, abs=0.12)
    codes = regressor.encode(torch.tensor([[-1.0], [2.0]]))
    assert codes[:, 0].tolist() == pytest.approx([-1, 2], abs=0.2)
    assert codes[:, 1].tolist() == pytest.approx([0, 0], abs=0.35)


def test_linear_autoencoder_ends_at_the_principal_axes():
    """The smallest squared error of a linear code of two numbers is the last eigenvalue's."""
    x = torch.randn(400, 3, generator=rng()) * torch.tensor([2.0, 1.0, 0.3])
    x = x - x.mean(0)
    model = Autoencoder(linear(3, 2), linear(2, 3, 1), CONFIG)
    list(train(model, x, CONFIG))
    eigenvalues = torch.linalg.eigvalsh(x.T @ x / len(x))
    error = (model.reconstruct(x) - x).square().sum(1).mean()
    assert error.item() == pytest.approx(eigenvalues[0].item(), rel=0.05)


def test_the_two_distances_are_those_of_torch():
    x = torch.randn(64, 3, generator=rng(4))
    for distance, function in (("l1", torch.nn.L1Loss()), ("l2", torch.nn.MSELoss())):
        model = Autoencoder(linear(3, 2), linear(2, 3, 1), CONFIG, distance)
        expected = 3 * function(model.generator(model.encoder(x)), x)  # torch divides by pixels
        assert model.step(x, rng())["g_loss"].item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("which", ["regressor", "autoencoder"])
def test_a_saved_run_goes_on_as_if_it_had_not_stopped(which, tmp_path):
    x = torch.randn(50, 3, generator=rng(2))

    def make():
        if which == "regressor":
            return LatentRegressor(linear(3, 2), CONFIG), (x, x[:, :2])
        return Autoencoder(linear(3, 2), linear(2, 3, 1), CONFIG, "l1"), x

    (whole, data), (first, _), (second, _) = make(), make(), make()
    short = replace(CONFIG, steps=6)
    list(train(whole, data, short))
    list(train(first, data, replace(CONFIG, steps=3)))
    save_checkpoint(tmp_path / "at_3.pt", first)
    load_checkpoint(tmp_path / "at_3.pt", second)
    list(train(second, data, short))
    assert torch.equal(whole.encode(x), second.encode(x))
    if which == "autoencoder":
        with pytest.raises(ValueError, match="distance differ"):
            load_checkpoint(
                tmp_path / "at_3.pt", Autoencoder(linear(3, 2), linear(2, 3, 1), CONFIG)
            )


def test_pairs_are_drawn_in_evaluation_mode_and_by_the_given_numbers():
    generator = ImageMLPGenerator(4, z_dim=3, hidden=8, rng=rng())
    draw = generated_pairs(generator, 3)
    (x, z), (again, _) = draw(6, rng(1)), draw(6, rng(1))
    assert torch.equal(x, again)
    assert not x.requires_grad
    assert torch.equal(z, torch.randn(6, 3, generator=rng(1)))
    assert generator.training
    assert torch.allclose(x[:2], generator.eval()(z[:2]), atol=1e-6)  # no statistics of the batch


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (
            lambda: LatentRegressor(linear(3, 2), CONFIG).step(torch.ones(4, 3), rng()),
            TypeError,
            r"batch must be a tuple \(samples, z\), got Tensor; train on generated_pairs",
        ),
        (
            lambda: LatentRegressor(linear(3, 2), CONFIG).step(
                (torch.ones(4, 3), torch.ones(4, 1)), rng()
            ),
            ValueError,
            r"shape \(4, 2\), got \(4, 1\)",
        ),
        (lambda: LatentRegressor("E", CONFIG), TypeError, "encoder must be a torch.nn.Module"),
        (
            lambda: LatentRegressor(MLPGenerator(3, 2), CONFIG),
            ValueError,
            "config.z_dim must be the encoder's, 3, got 2",
        ),
        (
            lambda: Autoencoder(linear(3, 2), linear(2, 3), CONFIG, "l3"),
            ValueError,
            "distance must be 'l1' or 'l2', got 'l3'",
        ),
        (
            lambda: Autoencoder(linear(3, 2), linear(2, 3), CONFIG).step(
                (torch.ones(4, 3),), rng()
            ),
            TypeError,
            "batch must be a tensor, got tuple",
        ),
    ],
)
def test_bad_input(call, error, match):
    with pytest.raises(error, match=match):
        call()
