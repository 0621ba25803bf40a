from dataclasses import replace

import pytest
import torch
from torch.func import functional_call

from gan_lessons.experiments.mode_runs import LAWS, Setting, start_training
from gan_lessons.experiments.trick_list import dropout, noise_that_fades
from gan_lessons.experiments.trick_networks import (
    Bounded,
    DropoutGenerator,
    UniformLatent,
    batch_norm_in_d,
    falling_rates,
    packed_by_4,
)
from gan_lessons.experiments.trick_objectives import NoisyLabels, SoftLabels
from gan_lessons.experiments.trick_systems import (
    FadingNoise,
    MixedBatches,
    OwnStep,
    Replay,
    Unrolled,
)
from gan_lessons.experiments.tricks import with_training
from gan_lessons.training import GANSeeds

TINY = with_training(Setting(hidden=8), {"batch_size": 16})
cross = torch.nn.functional.binary_cross_entropy_with_logits


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def system(setting: Setting, kind: type[GANSeeds] | None = None, steps: int = 4) -> GANSeeds:
    """Return a new system of two seeds, not yet trained."""
    setting = setting if kind is None else replace(setting, system=kind)
    return start_training(setting, (0, 1), (steps,))[0]


def trained(setting: Setting, steps: int = 3) -> list[torch.Tensor]:
    """Return all weights after a few steps of two seeds."""
    made, records = start_training(setting, (0, 1), (steps,))
    list(records)
    return [*made.g_parameters.values(), *made.d_parameters.values()]


@pytest.mark.parametrize(
    "changes",
    [{}, {"d_steps": 2, "instance_noise": 0.1}, {"r1_gamma": 0.1, "gp_weight": 0.1}],
)
@pytest.mark.parametrize("objective", ["non-saturating", "relativistic"])
def test_the_own_step_is_the_step_where_no_trick_changes_it(changes, objective):
    setting = with_training(replace(TINY, objective=objective), changes)
    want = trained(setting)
    for a, b in zip(want, trained(replace(setting, system=OwnStep)), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_mixed_batches_change_nothing_without_batch_norm_and_something_with_it():
    for networks, same in ((TINY.networks, True), (batch_norm_in_d, False)):
        setting = replace(TINY, networks=networks)
        pairs = zip(trained(setting), trained(replace(setting, system=MixedBatches)), strict=True)
        assert all(torch.allclose(a, b, atol=1e-5) for a, b in pairs) is same


def test_batch_norm_sees_each_seeds_own_batch():
    made = system(replace(TINY, networks=batch_norm_in_d))
    x = torch.randn(2, 16, 2, generator=rng())
    alone = made.networks(1)[1]
    assert torch.allclose(made.discriminate(x)[1], alone(x[1]), atol=1e-5)
    assert torch.allclose(made.discriminate(5 * x + 3)[1], alone(x[1]), atol=1e-3)  # normalised


def test_noise_fades_to_nothing():
    made = system(noise_that_fades(TINY), steps=4)
    assert isinstance(made, FadingNoise)
    stds = []
    for _ in range(5):
        stds.append(made.noise())
        made.steps_done += 1
    assert stds == pytest.approx([0.2, 0.15, 0.1, 0.05, 0.0])
    made.steps_done = 0
    zero = made._noisy(torch.zeros(2, 20_000, 2))
    assert float(zero.std()) == pytest.approx(0.2, rel=0.02)  # five standard errors
    assert not torch.equal(zero[0], zero[1])
    made.steps_done = 4
    assert torch.equal(made._noisy(torch.zeros(2, 5, 2)), torch.zeros(2, 5, 2))


def test_replay_shows_half_old_samples_of_the_same_seed():
    """Sample i of step t of seed k is the point (t, k): its age and seed can be read."""
    made = system(TINY, Replay)
    made.batches, n = 3, 8
    seed = torch.arange(2.0).view(2, 1, 1).expand(2, n, 1)
    for step in range(60):
        new = torch.cat([torch.full_like(seed, step), seed], dim=2)
        shown = made.fakes_for_d(new)
        assert torch.equal(shown[:, :, 1:], seed)  # each seed its own
        assert bool((shown[:, n // 2 :, 0] == step).all())  # the newer half
        ages = step - shown[:, : n // 2, 0]
        assert bool((ages >= (1 if step else 0)).all())
        if step in (1, 2):
            assert int(ages.max()) <= step  # nothing that has not been
        if step > 30:
            assert float(ages.max()) < 30  # places are written again
    assert made.pool is not None
    assert made.pool.shape == (2, 3 * n, 2)


def test_replay_of_the_pool_has_the_age_it_should():
    """A place is written again with probability n / size in a step: mean age size / n."""
    made = system(TINY, Replay)
    made.batches, found = 5, []
    for step in range(1500):
        shown = made.fakes_for_d(torch.full((2, 8, 1), float(step)))
        if step > 100:
            found.append(step - shown[:, :4].mean())
    assert float(torch.stack(found).mean()) == pytest.approx(5, rel=0.1)


def unrolled_by_hand(k: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return G's gradients by ``Unrolled`` and by plain Adam on a copy of D, both in float64."""

    def networks(setting):
        return tuple(network.double() for network in TINY.networks(setting))

    setting = replace(TINY, networks=networks, system=Unrolled)
    made, records = start_training(setting, (3,), (2, 4))
    made.k = k
    next(records)  # Adam has averages now
    generator, discriminator = made.networks(0)
    z = torch.randn(1, 16, 2, generator=rng(), dtype=torch.float64)
    real = LAWS["ring"].sample(16, rng(1)).double().unsqueeze(0)
    weights = {name: w.detach()[0].clone() for name, w in made.d_parameters.items()}
    state = [made.d_optimizer.state[w] for w in made.d_parameters.values()]

    _, logits = made.for_g(real, made.generate(z))
    loss = made.objective.generator_loss(None, logits[0])
    found = torch.autograd.grad(loss, list(made.g_parameters.values()))

    copy = {name: w.requires_grad_() for name, w in weights.items()}
    beta, beta2 = setting.training.betas
    means = [s["exp_avg"][0] for s in state]
    squares = [s["exp_avg_sq"][0] for s in state]
    fake, t = generator(z[0]), 2
    for _ in range(k):
        t += 1
        d_loss = cross(
            torch.cat([functional_call(discriminator, copy, (x,)) for x in (real[0], fake)]),
            torch.cat([torch.ones(16), torch.zeros(16)]).double(),
        )
        slopes = torch.autograd.grad(2 * d_loss, list(copy.values()), create_graph=True)
        for i, (name, slope) in enumerate(zip(copy, slopes, strict=True)):
            means[i] = beta * means[i] + (1 - beta) * slope
            squares[i] = beta2 * squares[i] + (1 - beta2) * slope**2
            root = (squares[i] / (1 - beta2**t)).sqrt() + 1e-8
            copy[name] = copy[name] - 1e-3 * means[i] / (1 - beta**t) / root
    judged = functional_call(discriminator, copy, (fake,))
    by_hand = torch.autograd.grad(cross(judged, torch.ones(16).double()), generator.parameters())
    return [g[0] for g in found], list(by_hand)


def test_unrolling_is_adam_on_a_copy_of_d_and_back():
    for k in (1, 3):
        for a, b in zip(*unrolled_by_hand(k), strict=True):
            assert torch.allclose(a, b, rtol=1e-6, atol=1e-12)


def test_unrolling_moves_d_as_its_optimizer_will():
    """D's own next step on the same batch is the first unrolled one."""
    made, records = start_training(replace(TINY, system=Unrolled), (0,), (2, 4))
    made.k = 1
    next(records)
    real, z = LAWS["ring"].sample(16, rng()).unsqueeze(0), torch.randn(1, 16, 2, generator=rng())
    fake = made.generate(z).detach()
    _, ahead = made.for_g(real, fake)
    loss = made.objective.discriminator_loss(made.discriminate(real)[0], made.discriminate(fake)[0])
    made.d_optimizer.zero_grad()
    loss.backward()
    made.d_optimizer.step()
    assert torch.allclose(ahead, made.discriminate(fake), atol=1e-5)
    with pytest.raises(ValueError, match="config must be without penalties for unrolling"):
        trained(with_training(replace(TINY, system=Unrolled), {"r1_gamma": 0.1}))


def test_dropout_leaves_out_half_of_each_layer_and_doubles_the_rest():
    generator = DropoutGenerator(2, 8)
    x = torch.randn(500, 2, generator=rng())
    keep = torch.ones(500, 16)
    full = generator.layers[4:](2 * generator.layers[2:4](2 * generator.layers[:2](x)))
    assert torch.allclose(generator(torch.cat([x, keep], dim=1)), full)
    hidden = generator.layers[:2](x)
    hidden[:, 3] = 0
    keep[:, 3] = -1
    want = generator.layers[4:](2 * generator.layers[2:4](2 * hidden))
    assert torch.allclose(generator(torch.cat([x, keep], dim=1)), want)
    made = system(dropout(TINY))
    assert made.config.z_dim == 2 + 16
    assert made.sample(5, rng()).shape == (2, 5, 2)


def test_uniform_z_and_the_bounded_end():
    from scipy import stats

    z = UniformLatent()(torch.randn(4000, 2, generator=rng()))
    assert float(z.var()) == pytest.approx(1, rel=0.05)
    assert stats.kstest(z[:, 0].numpy(), stats.uniform(-(3**0.5), 2 * 3**0.5).cdf).pvalue > 1e-4
    x = torch.linspace(-50, 50, 9).view(-1, 1)
    assert float(Bounded()(x).abs().max()) == pytest.approx(1.5)


def test_packing_by_four_makes_one_logit_of_four():
    made = system(replace(TINY, networks=packed_by_4))
    assert made.discriminate(torch.zeros(2, 16, 2)).shape == (2, 4)


def test_wrong_and_soft_labels_are_cross_entropies_with_labels():
    real, fake = torch.linspace(-3, 2, 40), torch.linspace(-2, 3, 40)  # not even about 0
    is_real, is_fake = torch.ones(40), torch.zeros(40)
    is_real[:4], is_fake[:4] = 0, 1
    want = cross(real, is_real) + cross(fake, is_fake)
    found = NoisyLabels(share=0.1).discriminator_loss(real, fake)
    assert float(found) == pytest.approx(float(want), abs=1e-6)
    labels = torch.arange(0.5, 40) / 40
    want = cross(real, 0.7 + 0.5 * labels) + cross(fake, 0.3 * labels)
    assert float(SoftLabels().discriminator_loss(real, fake)) == pytest.approx(float(want))
    for loss in (NoisyLabels(), SoftLabels()):
        plain = cross(fake, torch.ones(40))
        assert float(loss.generator_loss(None, fake)) == pytest.approx(float(plain), abs=1e-6)


def test_learning_rates_fall_to_nothing_at_the_end():
    made, records = start_training(replace(TINY, prepare=falling_rates), (0, 1), (1, 5))
    rates = []
    for _ in records:
        groups = made.g_optimizer.param_groups + made.d_optimizer.param_groups
        rates.append([group["lr"] for group in groups])
    assert rates == [pytest.approx([1e-3 * left] * 2) for left in (1, 0.8, 0.6, 0.4, 0.2)]
