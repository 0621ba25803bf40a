import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_lessons.models import VAE, VAEConfig, active_units
from gan_lessons.networks import DCGANGenerator, ImageEncoder, MLPEncoder, MLPGenerator
from gan_lessons.training import TrainConfig, load_checkpoint, save_checkpoint, train

CONFIG = VAEConfig(
    steps=6, batch_size=8, z_dim=2, log_every=2, g_lr=1e-3, e_lr=2e-3, seed=3, observation_std=0.4
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def make(config=CONFIG, dtype=torch.float64, layers=1):
    encoder = MLPEncoder(3, config.z_dim, hidden=16, layers=layers, rng=rng())
    generator = MLPGenerator(config.z_dim, 3, hidden=16, layers=layers, rng=rng(1))
    return VAE(encoder.to(dtype), generator.to(dtype), config)


DATA = torch.randn(64, 3, generator=rng(5))


def weights(vae):
    return [*vae.encoder.parameters(), *vae.generator.parameters()]


def test_steps_equal_a_loop_written_by_hand():
    config = replace(CONFIG, beta=0.7)
    vae = make(config)
    E, G = copy.deepcopy(vae.encoder), copy.deepcopy(vae.generator)
    optimizer = torch.optim.Adam(
        [
            {"params": E.parameters(), "lr": 2e-3},
            {"params": G.parameters(), "lr": 1e-3},
        ],
        betas=(0.5, 0.999),
    )
    draws, mine = rng(9), rng(9)
    for x in DATA.double().split(8):
        mean, log_variance = E(x)
        q = torch.distributions.Normal(mean, (log_variance / 2).exp())
        z = mean + q.stddev * torch.randn(mean.shape, generator=draws, dtype=torch.float64)
        reconstruction = -torch.distributions.Normal(G(z), 0.4).log_prob(x).sum(1).mean()
        prior = torch.distributions.Normal(0.0, 1.0)
        kl = torch.distributions.kl_divergence(q, prior).sum(1).mean()
        optimizer.zero_grad()
        (reconstruction + 0.7 * kl).backward()
        optimizer.step()
        metrics = vae.step(x, mine)
        assert metrics["reconstruction"].item() == pytest.approx(reconstruction.item(), rel=1e-10)
        assert metrics["kl"].item() == pytest.approx(kl.item(), rel=1e-10)
        assert metrics["loss"].item() == pytest.approx((reconstruction + 0.7 * kl).item())
    for a, b in zip([*E.parameters(), *G.parameters()], weights(vae), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-11)


def linear_law():
    """Data whose best linear model is known: Gaussian with standard deviations 2, 1 and 0.4."""
    scales = torch.tensor([2.0, 1.0, 0.4], dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=rng(2), dtype=torch.float64))[0]
    return (torch.randn(4000, 3, generator=rng(8), dtype=torch.float64) * scales) @ turn


def best_linear(x, std):
    """Log-density of the best W z + b + std noise with two latents: Tipping and Bishop (1999).

    Its covariance keeps the two largest eigenvalues of the data's, the others become std^2.
    """
    values, vectors = torch.linalg.eigh((x - x.mean(0)).T @ (x - x.mean(0)) / len(x))
    values = torch.cat([torch.full((1,), std**2, dtype=x.dtype), values[1:]])
    return torch.distributions.MultivariateNormal(x.mean(0), vectors * values @ vectors.T)


def test_a_linear_vae_finds_probabilistic_pca():
    """Training must end at the maximum of the likelihood, which no bound may pass."""
    x = linear_law()
    config = replace(
        CONFIG,
        log_every=100,
        steps=1200,
        batch_size=200,
        g_lr=1e-2,
        e_lr=1e-2,
        betas=(0.9, 0.99),
        ema_decay=0.99,
    )
    vae = make(config, layers=0)
    records = list(train(vae, x, config))
    assert records[-1].loss < records[0].loss
    exact = best_linear(x, 0.4).log_prob(x).mean().item()
    elbo, bound = (vae.log_likelihood_bound(x, k, rng(1)).mean().item() for k in (1, 64))
    weight, bias = vae.network("generator").layers[-1].parameters()
    covariance = weight @ weight.T + 0.4**2 * torch.eye(3, dtype=torch.float64)
    own = torch.distributions.MultivariateNormal(bias, covariance).log_prob(x).mean().item()
    assert elbo <= bound <= exact + 1e-3
    assert bound == pytest.approx(own, abs=2e-3)
    assert own == pytest.approx(exact, abs=0.02)
    assert elbo == pytest.approx(exact, abs=0.06)
    # The model law itself, noise and all, has the covariance of that optimum.
    seen = torch.cov(vae.sample_observations(40_000, rng(2)).T)
    assert torch.allclose(seen, best_linear(x, 0.4).covariance_matrix, atol=0.15)


def test_the_posterior_collapses_under_a_heavy_kl_and_not_under_a_light_one():
    x = linear_law()
    active = {}
    for beta in (0.5, 100.0):
        config = replace(
            CONFIG,
            log_every=50,
            steps=400,
            batch_size=100,
            g_lr=1e-2,
            e_lr=1e-2,
            beta=beta,
            ema_decay=0.9,
        )
        vae = make(config)
        (*_, last) = train(vae, x, config)
        active[beta] = int(active_units(vae.encode(x).mean).sum())
        if beta == 100.0:
            assert last.kl < 0.05
            centre = vae.reconstruct(x)
            assert torch.allclose(centre, centre.mean(0).expand_as(centre), atol=0.2)
    assert active == {0.5: 2, 100.0: 0}


def test_resume_from_a_checkpoint_is_exact(tmp_path):
    whole, first = make(), make()
    list(train(whole, DATA, CONFIG))
    list(train(first, DATA, replace(CONFIG, steps=3)))
    save_checkpoint(tmp_path / "run.pt", first)
    second = make()
    load_checkpoint(tmp_path / "run.pt", second)
    list(train(second, DATA, CONFIG))
    assert second.steps_done == 6
    for a, b in zip(weights(whole), weights(second), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(whole.sample(5, rng()), second.sample(5, rng()))
    assert torch.equal(whole.encode(DATA).mean, second.encode(DATA).mean)
    other = make(replace(CONFIG, beta=2.0))
    with pytest.raises(ValueError, match="another configuration: beta differ"):
        load_checkpoint(tmp_path / "run.pt", other)


def test_averaged_weights_serve_unless_the_last_ones_are_asked_for():
    vae = make()
    list(train(vae, DATA, CONFIG))
    z = vae.latent(4, rng(1))
    assert torch.equal(vae.sample(4, rng(1), ema=False), vae.generator(z).detach())
    assert torch.equal(vae.sample(4, rng(1)), vae.averages["generator"].network(z))
    assert not torch.equal(vae.sample(4, rng(1)), vae.sample(4, rng(1), ema=False))
    code = vae.encode(DATA, ema=False)
    assert torch.equal(code.mean, vae.encoder(DATA.double()).mean)
    assert torch.equal(vae.reconstruct(DATA, ema=False), vae.generator(code.mean).detach())
    assert not torch.equal(vae.encode(DATA).mean, code.mean)
    none = make(replace(CONFIG, ema_decay=0.0))
    assert torch.equal(none.sample(4, rng(1)), none.sample(4, rng(1), ema=False))


def test_images_pass_in_evaluation_mode_and_leave_no_trace():
    config = replace(CONFIG, z_dim=3, precision="bfloat16", channels_last=True)
    encoder = ImageEncoder(16, 1, 3, 4, "batch", rng())
    vae = VAE(encoder, DCGANGenerator(16, 1, 3, 4, rng=rng(1)), config)
    images = torch.rand(20, 1, 16, 16, generator=rng(2)) * 2 - 1
    records = list(train(vae, images, config))
    assert {"loss", "reconstruction", "kl", "e_gradient", "g_gradient"} <= set(records[-1].metrics)
    before = copy.deepcopy(vae.state_dict())
    assert vae.reconstruct(images).shape == images.shape
    assert vae.reconstruct(images).dtype == torch.float32
    for ema in (True, False):  # the running statistics, not those of the batch
        whole, part = vae.reconstruct(images, ema), vae.reconstruct(images[:7], ema)
        assert torch.allclose(whole[:7], part, atol=1e-5)
    assert vae.log_likelihood_bound(images, 3, rng()).shape == (20,)
    assert vae.encoder.training
    for name, part in before["networks"].items():
        for key, tensor in part.items():
            assert torch.equal(tensor, vae.state_dict()["networks"][name][key])


class Wrong(nn.Linear):
    """An encoder that forgets the variances."""


def test_bad_input_is_named():
    vae = make()
    with pytest.raises(TypeError, match="config must be a VAEConfig, got TrainConfig"):
        VAE(vae.encoder, vae.generator, TrainConfig())
    with pytest.raises(ValueError, match=r"config.z_dim must be the encoder's, 2, got 5"):
        VAE(vae.encoder, vae.generator, replace(CONFIG, z_dim=5))
    with pytest.raises(TypeError, match=r"generator must be a torch.nn.Module, got NoneType"):
        VAE(vae.encoder, None, CONFIG)
    with pytest.raises(ValueError, match="encoder and generator must be of one dtype"):
        VAE(vae.encoder, MLPGenerator(2, 3), CONFIG)
    for name, number, match in (
        ("d_steps", 2, "d_steps must be 1, a VAE has no discriminator, got 2"),
        ("r1_gamma", 0.1, r"r1_gamma must be 0, a VAE has no discriminator, got 0\.1"),
        ("instance_noise", 0.1, "instance_noise must be 0"),
        ("beta", -1.0, "beta must be zero or positive"),
        ("observation_std", 0.0, "observation_std must be positive"),
        ("e_lr", "fast", "e_lr must be a positive number, got str"),
    ):
        with pytest.raises((TypeError, ValueError), match=match):
            replace(CONFIG, **{name: number})
    with pytest.raises(TypeError, match="batch must be a tensor, got tuple; pass the images alone"):
        vae.step((DATA, DATA), rng())
    with pytest.raises(ValueError, match="batch must have a multiple of 1 samples, got 0"):
        vae.step(DATA[:0], rng())
    with pytest.raises(ValueError, match="x must be finite"):
        vae.encode(DATA / 0)
    with pytest.raises(TypeError, match=r"z must be a torch.Tensor, got list"):
        vae.decode([1.0])
    with pytest.raises(ValueError, match="n_draws must be at least 1, got 0"):
        vae.log_likelihood_bound(DATA, 0)
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        vae.sample(0)
    forgetful = VAE(Wrong(3, 2).double(), vae.generator, CONFIG)
    with pytest.raises(TypeError, match=r"encoder must return means and log-variances .* Tensor"):
        forgetful.step(DATA, rng())
