import copy
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from gan_lessons.data import random_shift
from gan_lessons.models import VAEGAN, VAEGANConfig
from gan_lessons.networks import (
    MLP,
    DCGANDiscriminator,
    DCGANGenerator,
    ImageEncoder,
    MLPDiscriminator,
    MLPEncoder,
    MLPGenerator,
)
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train

CONFIG = VAEGANConfig(
    **{"steps": 6, "batch_size": 8, "z_dim": 2, "log_every": 2, "seed": 3},
    **{"g_lr": 1e-3, "e_lr": 2e-3, "d_lr": 3e-3, "beta": 0.6},
    **{"reconstruction_weight": 0.3, "feature_std": 0.5},
)
DATA = torch.randn(64, 3, generator=torch.Generator().manual_seed(5))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def make(config=CONFIG, objective="non-saturating", dtype=torch.float64):
    networks = (
        MLPEncoder(3, 2, hidden=16, rng=rng()),
        MLPGenerator(2, 3, hidden=16, rng=rng(1)),
        MLPDiscriminator(3, hidden=16, rng=rng(2)),
    )
    return VAEGAN(*(network.to(dtype) for network in networks), objective, config)


def parts(model):
    return {name: getattr(model, name) for name in ("encoder", "generator", "discriminator")}


@pytest.mark.parametrize("objective", ["non-saturating", "relativistic"])
@pytest.mark.parametrize("d_steps", [1, 2])
def test_steps_equal_a_loop_written_by_hand(objective, d_steps):
    model = make(replace(CONFIG, d_steps=d_steps, r1_gamma=0.4), objective)
    E, G, D = (copy.deepcopy(network) for network in parts(model).values())
    e_opt, g_opt, d_opt = (
        torch.optim.Adam(network.parameters(), lr=lr, betas=(0.5, 0.999))
        for network, lr in ((E, 2e-3), (G, 1e-3), (D, 3e-3))
    )
    draws, mine = rng(9), rng(9)

    def against(a, b):
        if objective == "relativistic":
            return softplus(b - a).mean()
        return softplus(-a).mean() + softplus(b).mean()

    for batch in DATA.double().split(8 * d_steps)[:3]:
        for x in batch.split(8):
            mean, log_variance = E(x)
            noise = [torch.randn(8, 2, generator=draws, dtype=torch.float64) for _ in range(2)]
            recon, sample = G(mean + (log_variance / 2).exp() * noise[0]), G(noise[1])
            points = x.clone().requires_grad_()
            (slope,) = torch.autograd.grad(D(points).sum(), points, create_graph=True)
            d_loss = sum(against(D(x), D(fake.detach())) for fake in (recon, sample)) / 2
            d_opt.zero_grad()
            (d_loss + 0.2 * slope.square().sum(1).mean()).backward()
            d_opt.step()
        if objective == "relativistic":
            g_loss = (softplus(D(x) - D(recon)).mean() + softplus(D(x) - D(sample)).mean()) / 2
        else:
            g_loss = (softplus(-D(recon)).mean() + softplus(-D(sample)).mean()) / 2
        around = torch.distributions.Normal(D.features(recon), 0.5)
        error = -around.log_prob(D.features(x).detach()).sum(1).mean()
        q = torch.distributions.Normal(mean, (log_variance / 2).exp())
        prior = torch.distributions.Normal(0.0, 1.0)
        kl = torch.distributions.kl_divergence(q, prior).sum(1).mean()
        e_grads = torch.autograd.grad(0.6 * kl + error, [*E.parameters()], retain_graph=True)
        g_grads = torch.autograd.grad(0.3 * error + g_loss, [*G.parameters()])
        for network, grads in ((E, e_grads), (G, g_grads)):
            for weight, gradient in zip(network.parameters(), grads, strict=True):
                weight.grad = gradient
        e_opt.step()
        g_opt.step()
        metrics = model.step(batch, mine)
        for name, number in (
            *(("d_loss", d_loss), ("g_loss", g_loss), ("kl", kl), ("reconstruction", error)),
        ):
            assert metrics[name].item() == pytest.approx(number.item(), rel=1e-9), name
    for one, two in zip((E, G, D), parts(model).values(), strict=True):
        for a, b in zip(one.parameters(), two.parameters(), strict=True):
            assert torch.allclose(a, b, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"reconstruction_weight": 3.0}, {"generator"}),  # neither D nor the encoder
        ({"feature_std": 0.1}, {"encoder", "generator"}),  # D is not taught by the error
        ({"beta": 5.0}, {"encoder"}),
        ({"objective": "saturating"}, {"generator"}),  # same D loss: the encoder hears no G loss
        ({"r1_gamma": 1.0}, {"discriminator", "encoder", "generator"}),  # D comes first
    ],
)
def test_each_term_moves_the_networks_that_it_trains_and_no_other(change, moved):
    """Seen by the gradients that Adam used: its first step keeps little more than their signs."""
    before, after = first_gradients(), first_gradients(**change)
    assert {name for name in before if not torch.equal(before[name], after[name])} == moved


def first_gradients(**changes):
    """Return the gradient of each network in the first step from the same start."""
    objective = changes.pop("objective", "non-saturating")
    model = make(replace(CONFIG, **changes), objective)
    model.step(DATA[:8], rng(9))
    return {
        name: torch.cat([weight.grad.flatten() for weight in network.parameters()])
        for name, network in parts(model).items()
    }


def test_the_discriminator_s_gradient_is_that_of_its_own_loss():
    model = make()
    D, G = copy.deepcopy(model.discriminator), copy.deepcopy(model.generator)
    code, draws = model.encoder(DATA[:8].double()), rng(9)
    noise = [torch.randn(8, 2, generator=draws, dtype=torch.float64) for _ in range(2)]
    z = torch.cat([code.mean + (code.log_variance / 2).exp() * noise[0], noise[1]])
    loss = softplus(-D(DATA[:8].double())).mean() + softplus(D(G(z).detach())).mean()
    wanted = torch.autograd.grad(loss, [*D.parameters()])
    model.step(DATA[:8], rng(9))
    for gradient, weight in zip(wanted, model.discriminator.parameters(), strict=True):
        assert torch.allclose(gradient, weight.grad, rtol=0, atol=1e-12)


def test_resume_from_a_checkpoint_is_exact(tmp_path):
    whole, first = make(), make()
    list(train(whole, DATA, CONFIG))
    list(train(first, DATA, replace(CONFIG, steps=3)))
    save_checkpoint(tmp_path / "run.pt", first)
    second = make()
    load_checkpoint(tmp_path / "run.pt", second)
    (*_, last) = train(second, DATA, CONFIG)
    assert {"e_gradient", "g_gradient", "d_gradient", "d_real"} <= set(last.metrics)
    for name, network in parts(whole).items():
        for a, b in zip(network.parameters(), parts(second)[name].parameters(), strict=True):
            assert torch.equal(a, b)
    assert torch.equal(whole.sample(4, rng()), second.sample(4, rng()))
    with pytest.raises(ValueError, match="another configuration: objective differ"):
        load_checkpoint(tmp_path / "run.pt", make(objective="hinge"))


def test_the_discriminator_sees_real_and_generated_samples_augmented_and_features_do_not():
    def moved(samples, rng):
        return 1.5 * samples + 1

    made = make()
    model = VAEGAN(*parts(made).values(), "non-saturating", CONFIG, augment=moved)
    E, G, D = (copy.deepcopy(network) for network in parts(model).values())
    x, draws = DATA[:8].double(), rng(9)
    code = E(x)
    noise = [torch.randn(8, 2, generator=draws, dtype=torch.float64) for _ in range(2)]
    z = torch.cat([code.mean + (code.log_variance / 2).exp() * noise[0], noise[1]])
    metrics = model.step(x, rng(9))
    assert torch.allclose(metrics["real_logits"], D(1.5 * x + 1))
    assert torch.allclose(metrics["fake_logits"], D(1.5 * G(z) + 1))
    after = model.discriminator
    assert metrics["g_loss"].item() == pytest.approx(softplus(-after(1.5 * G(z) + 1)).mean().item())
    around = torch.distributions.Normal(after.features(G(z)[:8]), 0.5)
    error = -around.log_prob(after.features(x)).sum(1).mean()
    assert metrics["reconstruction"].item() == pytest.approx(error.item())


def test_images_with_shifts_and_noise_in_bfloat16():
    config = replace(CONFIG, z_dim=3, precision="bfloat16", instance_noise=0.1, d_steps=2)
    model = VAEGAN(
        ImageEncoder(8, 1, 3, 4, rng=rng()),
        DCGANGenerator(8, 1, 3, 4, rng=rng(1)),
        DCGANDiscriminator(8, 1, 4, rng=rng(2)),
        "hinge",
        config,
        augment=lambda images, rng: random_shift(images, 1, rng),
    )
    images = torch.rand(20, 1, 8, 8, generator=rng(2)) * 2 - 1
    list(train(model, images, config))
    assert model.sample(5, rng()).shape == (5, 1, 8, 8)
    assert model.reconstruct(images).dtype == torch.float32
    assert model.encode(images).log_variance.shape == (20, 3)


def test_learns_to_reconstruct_by_features():
    """Points on a curve: after training the reconstruction is far nearer than another point."""
    angle = 6.28 * torch.rand(2000, 1, generator=rng(1))
    x = torch.cat([angle.cos(), angle.sin(), 0 * angle], dim=1)
    config = replace(
        CONFIG,
        **{"steps": 300, "batch_size": 64, "r1_gamma": 0.1, "g_lr": 2e-3, "ema_decay": 0.98},
    )
    model = make(config, dtype=torch.float32)
    list(train(model, x, model.config))
    error = (model.reconstruct(x) - x).square().sum(1).mean().item()
    assert error < 0.1 * (x.roll(1, 0) - x).square().sum(1).mean().item()
    assert model.sample(1000, rng()).norm(dim=1).mean().item() == pytest.approx(1, abs=0.25)


def test_bad_input_is_named():
    model = make()
    E, G, D = parts(model).values()
    with pytest.raises(TypeError, match="config must be a VAEGANConfig, got TrainConfig"):
        VAEGAN(E, G, D, "hinge", TrainConfig())
    with pytest.raises(TypeError, match="discriminator must have features .* got MLP without"):
        VAEGAN(E, G, MLP(3, 1).double(), "hinge", CONFIG)
    with pytest.raises(TypeError, match=r"augment must be a function \(samples, rng\), got 3"):
        VAEGAN(E, G, D, "hinge", CONFIG, 3)
    with pytest.raises(ValueError, match="objective must be one of"):
        VAEGAN(E, G, D, "best", CONFIG)
    with pytest.raises(ValueError, match=r"config.z_dim must be the encoder's, 2, got 4"):
        VAEGAN(E, G, D, "hinge", replace(CONFIG, z_dim=4))
    with pytest.raises(ValueError, match=r"gp_weight must be 0, take r1_gamma, got 10"):
        replace(CONFIG, gp_weight=10.0)
    with pytest.raises(ValueError, match="feature_std must be positive"):
        replace(CONFIG, feature_std=-1.0)
    with pytest.raises(ValueError, match="reconstruction_weight must be zero or positive"):
        replace(CONFIG, reconstruction_weight=-1.0)
    with pytest.raises(ValueError, match="batch must have a multiple of 2 samples, got 3"):
        make(replace(CONFIG, d_steps=2)).step(DATA[:3], rng())
