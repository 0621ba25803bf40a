import itertools
import math

import pytest
import torch

from gan_lessons.models import generator_encoder_loss
from gan_lessons.models.pair_game import judge_rows
from gan_lessons.objectives import OBJECTIVES, fgan, get_objective, value

FGANS = [
    fgan(key, alternative)
    for key in ("kl", "jensen-shannon", "pearson", "gan")
    for alternative in (False, True)
]
EVERY = [*OBJECTIVES.values(), *FGANS]


def logits(n=31):
    """Spread logits, real and fake ones apart."""
    g = torch.Generator().manual_seed(0)
    spread = torch.linspace(-3, 3, n, dtype=torch.float64)
    return spread, spread[torch.randperm(n, generator=g)] / 2 + 0.3


def slopes(loss, real, fake):
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    return torch.autograd.grad(loss(real, fake), (real, fake))


@pytest.mark.parametrize("objective", EVERY, ids=lambda o: o.name)
def test_generator_has_the_loss_that_it_has_in_an_ordinary_gan(objective):
    real, fake = logits()
    _, mine = slopes(lambda r, f: generator_encoder_loss(objective, r, f), real, fake)

    def ordinary(r, f):
        return objective.generator_loss(r if objective.needs_real else None, f) + 0 * r.sum()

    _, theirs = slopes(ordinary, real, fake)
    assert torch.allclose(mine, theirs, rtol=1e-12, atol=0)


@pytest.mark.parametrize("objective", EVERY, ids=lambda o: o.name)
def test_whoever_deceives_pushes_against_the_discriminator(objective):
    """Of each side: a step of G and E moves logits the other way than a step of D does."""
    real, fake = logits()
    d_real, d_fake = slopes(objective.discriminator_loss, real, fake)
    real_slope, fake_slope = slopes(
        lambda r, f: generator_encoder_loss(objective, r, f), real, fake
    )
    if objective.name == "least-squares":  # its targets lie within: beyond them all turn round
        inside_r, inside_f = ((x > 0) & (x < 1) for x in (real, fake))
        assert inside_r.sum() > 3
        assert inside_f.sum() > 3
    else:
        inside_r, inside_f = torch.ones(2, len(real), dtype=torch.bool)
    assert (d_real * real_slope)[inside_r].max() <= 0
    assert (d_fake * fake_slope)[inside_f].max() <= 0
    assert real_slope.abs().max() > 0


@pytest.mark.parametrize(
    "key", ["non-saturating", "saturating", "hinge", "wasserstein", "relativistic"]
)
def test_both_sides_are_treated_alike(key):
    """To call real fake, and fake real, is to turn round every logit; the loss must not notice."""
    real, fake = logits()
    assert torch.allclose(
        generator_encoder_loss(key, real, fake), generator_encoder_loss(key, -fake, -real)
    )


def test_least_squares_treats_both_sides_alike_about_one_half():
    real, fake = logits()
    there = generator_encoder_loss("least-squares", real, fake)
    back = generator_encoder_loss("least-squares", 1 - fake, 1 - real)
    assert torch.allclose(there, back)


def test_saturating_loss_is_the_value_of_the_game():
    real, fake = logits()
    assert torch.allclose(generator_encoder_loss("saturating", real, fake), value(real, fake))


def best_value(real_law, fake_law):
    """The value at the best logits on finitely many pairs, found by Newton's method from 0.

    Cells that only one law reaches have their best logit at infinity: there V takes its limit.
    """
    both = (real_law > 0) & (fake_law > 0)
    p, q = real_law[both], fake_law[both]
    logit = torch.zeros_like(p)
    for _ in range(30):
        s = logit.sigmoid()
        logit = logit + (p * (1 - s) - q * s) / ((p + q) * s * (1 - s))
    v = (p * torch.nn.functional.logsigmoid(logit)).sum()
    return v + (q * torch.nn.functional.logsigmoid(-logit)).sum(), logit, both


def joint_laws(encoder, generator, n):
    """Laws of (x, E(x)) and of (G(z), z), x and z uniform on n points."""
    real, fake = torch.zeros(2, n, n, dtype=torch.float64)
    for x, z in enumerate(encoder):
        real[x, z] += 1 / n
    for z, x in enumerate(generator):
        fake[x, z] += 1 / n
    return real, fake


def test_on_finite_sets_the_optimum_is_where_e_inverts_g_and_nowhere_else():
    """Every pair of maps on three points, by brute force: 27 x 27 games (theorem 2).

    V at the best D is -log 4 for the 6 bijections with their inverses, and larger elsewhere.
    """
    n, optimal = 3, []
    maps = list(itertools.product(range(n), repeat=n))
    for encoder, generator in itertools.product(maps, maps):
        v, _, _ = best_value(*joint_laws(encoder, generator, n))
        assert v > -math.log(4) - 1e-12
        if v < -math.log(4) + 1e-9:
            optimal.append((encoder, generator))
    assert len(optimal) == math.factorial(n)
    for encoder, generator in optimal:
        assert [encoder[x] for x in generator] == list(range(n))
        assert [generator[z] for z in encoder] == list(range(n))


def test_the_best_logit_of_a_pair_is_the_log_ratio_of_the_joint_laws():
    """And V there is -log 4 + 2 JSD of the joint laws (scipy's distance is the JSD's root)."""
    from scipy.spatial.distance import jensenshannon

    g = torch.Generator().manual_seed(2)
    real, fake = torch.rand(2, 4, 4, generator=g, dtype=torch.float64)
    real, fake = real / real.sum(), fake / fake.sum()
    v, logit, both = best_value(real, fake)
    assert torch.allclose(logit, (real / fake).log()[both], rtol=1e-9)
    jsd = jensenshannon(real.flatten(), fake.flatten()) ** 2
    assert v.item() == pytest.approx(-math.log(4) + 2 * jsd, rel=1e-9)


def test_a_turn_of_z_changes_neither_joint_law():
    """Linear maps: G(z) = A R z with its inverse is an optimum for every rotation R."""
    g = torch.Generator().manual_seed(4)
    A = torch.randn(2, 2, generator=g, dtype=torch.float64) + 2 * torch.eye(2)
    codes = []
    for angle in (0.0, 1.0, 2.5):
        c, s = math.cos(angle), math.sin(angle)
        G = A @ torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
        E = torch.linalg.inv(G)
        pair_of_g = torch.cat([G, torch.eye(2)])  # (G z, z)
        pair_of_e = torch.cat([A, E @ A])  # (x, E x) with x = A z'
        assert torch.allclose(pair_of_g @ pair_of_g.T, pair_of_e @ pair_of_e.T, atol=1e-12)
        codes.append(E @ A)  # what E makes of the z that the data were made of
    assert torch.allclose(codes[0], torch.eye(2, dtype=torch.float64), atol=1e-12)
    assert (codes[1] - codes[0]).norm() > 1
    wrong = torch.cat([A, torch.linalg.inv(A) @ A @ torch.diag(torch.tensor([1.0, 2.0]).double())])
    assert not torch.allclose(wrong @ wrong.T, pair_of_g @ pair_of_g.T, atol=1e-2)


def test_rows_are_taken_apart_as_they_were_put_together():
    x, z = torch.randn(5, 1, 3, 3), torch.randn(5, 2)
    seen = []

    def discriminator(images, codes):
        seen.extend([images, codes])
        return codes[:, 0]

    rows = torch.cat([x.flatten(1), z], dim=1)
    assert torch.equal(judge_rows(discriminator, x.shape[1:], rows), z[:, 0])
    assert torch.equal(seen[0], x)
    assert torch.equal(seen[1], z)


def test_unknown_objective_and_wrong_logits():
    real, fake = logits()
    with pytest.raises(ValueError, match="objective must be one of"):
        generator_encoder_loss("gan", real, fake)
    with pytest.raises(ValueError, match="real_logits must have shape"):
        generator_encoder_loss(get_objective("hinge"), real[:, None], fake)
