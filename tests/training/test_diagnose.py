import math
import re

import pytest
import torch

from gan_lessons.distributions import ring
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.objectives import OBJECTIVES
from gan_lessons.training import (
    FINDINGS,
    GANSeeds,
    GANState,
    SeedsRecord,
    TrainConfig,
    diagnose,
    history,
    sample_spread,
    seed_history,
    train,
    train_seeds,
)
from gan_lessons.training._measures import indifferent_loss

TWO_LOG_TWO = 2 * math.log(2)


def made(n=40, seed=0, **columns):
    """Return a history of n records: a healthy run but for the given columns (functions of t)."""
    noise = torch.Generator().manual_seed(seed)
    t = torch.linspace(0, 1, n, dtype=torch.float64)
    early = torch.exp(-8 * t)

    def noisy(values, size):
        return (values + size * torch.randn(n, generator=noise, dtype=torch.float64)).tolist()

    lists = {
        "step": list(range(25, 25 * n + 1, 25)),
        "d_loss": noisy(1.3 - 0.6 * early, 0.02),
        "g_loss": noisy(0.75 + 1.5 * early, 0.02),
        "real_logits": noisy(0.1 + early, 0.02),
        "fake_logits": noisy(-0.1 - early, 0.02),
        "g_gradient": noisy(2 + 3 * early, 0.1),
        "sample_variance": noisy(1 - 0.7 * early, 0.03),
        "pairwise_distance": noisy(1 - 0.4 * early, 0.02),
    }
    for name, column in columns.items():
        if column is None:
            del lists[name]
        else:
            values = column(t) if callable(column) else column + 0 * t
            lists[name] = noisy(values, 0.0)
    return lists


def names(*args):
    return [finding.name for finding in diagnose(*args)]


def d_has_won(t):
    return 0.4 * torch.exp(-20 * t) + 0.02


def test_healthy():
    assert names(made()) == ["healthy"]
    assert all(names(made(seed=seed)) == ["healthy"] for seed in range(1, 20))


def test_discriminator_won():
    (found,) = diagnose(made(d_loss=d_has_won, real_logits=8.0, fake_logits=-8.0))
    assert found.name == "discriminator won"
    assert found.numbers["d_loss"] == pytest.approx(0.02, abs=0.002)
    assert found.numbers["advantage"] == pytest.approx(1 - 0.02 / TWO_LOG_TWO, abs=0.002)
    assert "0.020" in found.evidence
    assert "99%" in found.evidence


def test_generator_starved_by_its_gradient():
    found = names(made(d_loss=d_has_won, g_gradient=lambda t: 5 * torch.exp(-20 * t) + 0.01))
    assert found == ["generator starved", "discriminator won"]


def test_generator_starved_from_the_first_record_is_seen_in_the_slope_of_the_saturating_loss():
    sure = {"d_loss": d_has_won, "real_logits": 9.0, "fake_logits": -9.0, "g_gradient": None}
    (found, _) = diagnose(made(**sure), "saturating")
    assert found.name == "generator starved"
    # |dL_G / d logit| is D(G(z)): at logit 0 it is 1/2.
    assert found.numbers["slope"] == pytest.approx(2 / (1 + math.exp(9)), rel=1e-3)
    assert names(made(**sure), "non-saturating") == ["discriminator won"]


def test_small_gradients_alone_do_not_starve_a_generator():
    assert names(made(g_gradient=lambda t: 5 * torch.exp(-20 * t) + 0.01)) == ["healthy"]


def test_oscillation_of_samples_and_of_logits():
    swinging = made(sample_variance=lambda t: torch.exp(0.6 * torch.sin(40 * t)))
    assert names(swinging) == ["oscillation without trend"]
    logits = made(
        real_logits=lambda t: 0.1 + 0.5 * torch.sin(40 * t),
        fake_logits=lambda t: -0.1 - 0.5 * torch.sin(40 * t),
        sample_variance=None,
        pairwise_distance=None,
    )
    assert names(logits) == ["oscillation without trend"]


def test_a_trend_is_no_oscillation():
    rising = made(sample_variance=lambda t: torch.exp(3 * t - 3))
    assert "oscillation without trend" not in names(rising)


def test_collapse():
    (found,) = diagnose(made(sample_variance=0.1, pairwise_distance=0.2))
    assert found.name == "collapse"
    assert found.numbers == pytest.approx({"sample_variance": 0.1, "pairwise_distance": 0.2})
    assert "10%" in found.evidence
    assert "20%" in found.evidence


def test_collapse_is_not_to_be_seen_in_the_losses():
    (found,) = diagnose(made(sample_variance=None, pairwise_distance=None))
    assert found.name == "nothing seen"
    assert "sample_spread" in found.evidence


@pytest.mark.parametrize("spread", [True, False])
def test_two_log_two_from_the_first_record_on_is_not_told_from_an_untrained_pair(spread):
    """A ratio of two thirds' scatter passes its limit by chance in about 1 of 20 histories."""
    flat = {
        "d_loss": TWO_LOG_TWO,
        "g_loss": math.log(2),
        "real_logits": 0.0,
        "fake_logits": 0.0,
        "g_gradient": 1.0,
        "sample_variance": 1.0 if spread else None,
        "pairwise_distance": 1.0 if spread else None,
    }
    right = 0
    for seed in range(40):
        rng = torch.Generator().manual_seed(seed)
        noisy = {
            name: None if value is None else value + 0.02 * torch.randn(40, generator=rng)
            for name, value in flat.items()
        }
        found = diagnose(made(**noisy))[0]
        right += found.name == "cannot be told from an untrained pair"
    assert right >= 35
    assert "1.386" in diagnose(made(**flat))[0].evidence


def test_unfinished():
    assert names(made(sample_variance=0.7)) == ["unfinished"]
    assert names(made(sample_variance=1.5)) == ["unfinished"]
    assert names(made(d_loss=lambda t: 0.75 + torch.exp(-20 * t))) == ["unfinished"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["d_loss", "fake_logits", "g_gradient", "sample_variance"])
def test_a_number_that_is_not_finite_is_diverged(name, bad):
    lists = made()
    lists[name][7] = bad
    (found,) = diagnose(lists)
    assert found.name == "diverged"
    assert f"{name} is {bad} at step 200" in found.evidence


def test_huge_losses_are_diverged():
    assert names(made(g_loss=lambda t: 1e9 * t)) == ["diverged"]


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("saturating", TWO_LOG_TWO),
        ("non-saturating", TWO_LOG_TWO),
        ("relativistic", math.log(2)),
        ("hinge", 2.0),
        ("least-squares", 0.25),
        ("wasserstein", 0.0),
    ],
)
def test_loss_of_a_d_that_cannot_tell(name, loss):
    assert indifferent_loss(OBJECTIVES[name]) == pytest.approx(loss, abs=1e-6)
    lost = made(d_loss=lambda t: loss * (0.9 - 0.3 * torch.exp(-20 * t)))
    assert names(lost, OBJECTIVES[name]) == ["healthy"]
    won = names(made(d_loss=lambda t: loss * (0.1 + 0.8 * torch.exp(-20 * t))), name)
    assert won == (["healthy"] if name == "wasserstein" else ["discriminator won"])


def test_findings_come_in_order_and_are_all_reachable():
    both = made(
        d_loss=d_has_won, sample_variance=lambda t: 0.1 * torch.exp(0.6 * torch.sin(40 * t))
    )
    found = names(both)
    assert found == ["oscillation without trend", "collapse", "discriminator won"]
    assert sorted(found, key=FINDINGS.index) == found


def test_what_train_reports_can_be_diagnosed():
    config = TrainConfig(steps=24, batch_size=16, z_dim=2, log_every=2)
    system = GANState(MLPGenerator(2, 2, 8), MLPDiscriminator(2, 8), "non-saturating", config)
    assert diagnose(history(train(system, ring(), config)))[0].name in FINDINGS


def test_one_seed_of_many():
    config = TrainConfig(steps=24, batch_size=16, z_dim=2, log_every=2, ema_decay=0.0)
    system = GANSeeds(
        lambda _: (MLPGenerator(2, 2, 8), MLPDiscriminator(2, 8)), "hinge", config, [3, 5]
    )
    records = list(train_seeds(system, ring(), config))
    lists = seed_history(records, 1)
    assert lists["step"] == list(range(2, 25, 2))
    assert lists["d_loss"] == [float(record.metrics["d_loss"][1]) for record in records]
    assert diagnose(lists, "hinge")[0].name in FINDINGS
    with pytest.raises(ValueError, match=r"index must be below 2 \(seeds\), got 2"):
        seed_history(records, 2)
    with pytest.raises(ValueError, match="index must be at least 0"):
        seed_history(records, -1)


def test_a_seed_that_diverged_is_named():
    metrics = {name: torch.ones(2, dtype=torch.float64) for name in made()}
    records = [
        SeedsRecord(step, {**metrics, "d_loss": torch.tensor([1.0, math.nan])})
        for step in range(1, 16)
    ]
    for record in records:
        record.metrics.pop("step")
    assert names(seed_history(records, 1)) == ["diverged"]
    assert names(seed_history(records, 0)) != ["diverged"]


def test_spread_of_scaled_and_single_samples():
    rng = torch.Generator().manual_seed(0)
    real = torch.randn(300, 3, generator=rng)
    assert tuple(sample_spread(real, real)) == pytest.approx((1, 1))
    assert tuple(sample_spread(0.5 * real + 7, real)) == pytest.approx((0.25, 0.5), rel=1e-4)
    assert tuple(sample_spread(torch.ones(10, 3), real)) == (0, 0)
    assert all(math.isnan(x) for x in sample_spread(torch.full((4, 3), math.nan), real))


def test_spread_of_two_points_by_hand():
    spread = sample_spread(
        torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[0.0, 0.0], [2.0, 2.0]])
    )
    # Variances: 4.5 + 8 over 2 + 2; distances: 5 over sqrt(8).
    assert tuple(spread) == pytest.approx((12.5 / 4, 5 / math.sqrt(8)))


def test_spread_of_images_is_that_of_their_pixels():
    rng = torch.Generator().manual_seed(0)
    x, y = torch.randn(20, 1, 4, 4, generator=rng), torch.randn(30, 1, 4, 4, generator=rng)
    assert sample_spread(y, x) == sample_spread(y.flatten(1), x.flatten(1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: diagnose([1, 2]), TypeError, "history must be a dict of lists, got list"),
        (
            lambda: diagnose({}),
            ValueError,
            "step, d_loss, g_loss, real_logits, fake_logits missing",
        ),
        (lambda: diagnose(made(d_loss=None)), ValueError, "; d_loss missing"),
        (lambda: diagnose(made(n=11)), ValueError, "at least 12 records, got 11; train longer"),
        (lambda: diagnose({**made(), "d_loss": [1.0]}), ValueError, "one number per step"),
        (lambda: diagnose({**made(), "d_loss": ["a"] * 40}), TypeError, "a list of numbers"),
        (lambda: diagnose({**made(), "d_loss": [[1.0]] * 40}), ValueError, r"got shape \(40, 1\)"),
        (lambda: diagnose(made(), "gan"), ValueError, "objective must be one of"),
        (lambda: sample_spread(torch.ones(3, 2), torch.ones(3, 2)), ValueError, "some spread"),
        (lambda: sample_spread(torch.ones(3, 2), torch.eye(3)), ValueError, "same number"),
        (lambda: sample_spread([1.0], torch.eye(3)), TypeError, "samples must be a torch.Tensor"),
        (lambda: sample_spread(torch.eye(3), torch.eye(3)[:1]), ValueError, "at least 2 samples"),
    ],
)
def test_bad_input_is_answered(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_docstring_names_every_finding():
    named = re.findall(r"\*([^*`]+)\*", diagnose.__doc__ or "")
    assert sorted(set(named)) == sorted(FINDINGS)
