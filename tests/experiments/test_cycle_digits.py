"""Digits in two styles: the partner is the truth, and what is recorded of it holds."""

import json
import math
from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.experiments import cycle_measures, cycle_report
from gan_lessons.experiments._one_by_one import record_one_by_one, stored
from gan_lessons.experiments.cycle_digits import (
    FIRST_RECIPE,
    CycleDigitsConfig,
    in_style,
    make_cyclegan,
    make_domains,
    make_pix2pix,
    train_voters,
)
from gan_lessons.experiments.cycle_report import (
    CycleReportConfig,
    ablations,
    all_runs,
    cycle_weights,
    outcomes,
)
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.networks import ImageClassifier
from gan_lessons.training import train

TINY = CycleDigitsConfig(width=2, n_blocks=1)
TINY = replace(TINY, training=replace(TINY.training, steps=2, batch_size=2, log_every=2))


def test_the_style_is_that_of_its_formula():
    images = torch.tensor([-1.0, 0.0, 1.0]).reshape(3, 1, 1, 1).expand(3, 1, 4, 4)
    night = in_style(images, "night")
    up, down = night[0, :, 0, 0], night[0, :, 0, 2]
    assert torch.allclose(up - down, torch.full((3,), 0.4))
    assert torch.allclose((up + down) / 2, torch.tensor([-0.7, -0.6, 0.0]))
    assert torch.allclose(night[2, :, 1, 3], torch.tensor([1.0, 0.6, -0.5]))
    assert torch.allclose(night[1], (night[0] + night[2]) / 2)
    assert torch.equal(night[0, :, 0, 0], night[0, :, 1, 3])
    assert in_style(images, "paper")[0].mean() > in_style(images, "paper")[2].mean()


@pytest.mark.parametrize("style", ["night", "paper"])
def test_domains_share_no_digit_and_test_pairs_are_partners(style):
    domains = make_domains(style)
    assert len(domains.a) + len(domains.b) == 1442
    assert abs(len(domains.a) - len(domains.b)) <= 10
    grey = {image[0].numpy().tobytes() for image in domains.a}
    partners = {in_style(image[None], style).numpy().tobytes() for image in domains.a}
    others = {image[None].numpy().tobytes() for image in domains.b}
    assert len(grey) > 700
    assert not partners & others
    assert torch.equal(in_style(domains.test_a, style), domains.test_b)
    assert torch.equal(in_style(domains.a, style), domains.partners_of_a)
    assert len(domains.labels) == len(domains.test_a) == 355


def test_batches_are_no_pairs():
    domains = make_domains("night")
    a, b = domains.draw(64, torch.Generator().manual_seed(0))
    assert a.shape == b.shape == (64, 3, 16, 16)
    assert (in_style(a, "night") - b).abs().flatten(1).mean(1).min() > 0.01


def test_first_weights_are_of_the_seed_and_both_models_have_the_same_translator():
    one, two = make_cyclegan(TINY), make_cyclegan(TINY)
    other = make_cyclegan(replace(TINY, training=replace(TINY.training, seed=1)))
    weight = next(one.generator_ab.parameters())
    assert torch.equal(weight, next(two.generator_ab.parameters()))
    assert not torch.equal(weight, next(other.generator_ab.parameters()))
    paired = make_pix2pix(TINY)
    assert torch.equal(weight, next(paired.generator.parameters()))
    for name in ("steps", "batch_size", "g_lr", "decay_from", "decay_steps", "ema_decay", "seed"):
        assert getattr(paired.config, name) == getattr(TINY.training, name)


def changes(way, recipe):
    """What is set otherwise than in the recipe; no name is both a setting and one of training."""
    one, other = ({**asdict(config), **asdict(config.training)} for config in (way, recipe))
    return {key: one[key] for key in one if one[key] != other[key] and key != "training"}


def test_ablations_change_one_thing_each():
    recipe = CycleDigitsConfig()
    plain = {"identity_weight": 0}
    wanted = {
        "without identity loss": plain,
        "cycle alone": plain | {"adversarial_weight": 0},
        "GAN alone": plain | {"forward_weight": 0, "backward_weight": 0},
        "GAN and forward cycle": plain | {"backward_weight": 0},
        "GAN and backward cycle": plain | {"forward_weight": 0},
        "without pool": {"pool_size": 0},
        "ink on paper": {"style": "paper"},
        "ink on paper, no identity": plain | {"style": "paper"},
    }
    assert {name: changes(way, recipe) for name, way in ablations(recipe).items()} == wanted
    assert changes(FIRST_RECIPE, recipe) == plain | {"adversarial_weight": 1}
    weights = {"identity_weight": 5, "forward_weight": 10, "backward_weight": 10}
    assert weights.items() <= asdict(recipe.training).items()


@pytest.fixture
def quick(monkeypatch):
    """Settings of two seeds and two steps, and voters that have learned nothing."""
    voters = [ImageClassifier(16, 3, width=2, rng=torch.Generator().manual_seed(k)) for k in (0, 1)]
    monkeypatch.setattr(cycle_report, "train_voters", lambda style: voters)
    monkeypatch.setattr(cycle_report, "FIRST_RECIPE", TINY)
    return CycleReportConfig(TINY, (0,), (1000,), (2000,), (1000,), (3.0,))


def test_runs_repeat_and_are_measured_against_the_truth(quick):
    runs = all_runs(quick)
    assert list(runs)[:3] == ["first recipe, 0", "first recipe, 1000", "recipe, 0"]
    assert list(runs)[3:6] == ["recipe, 1000", "recipe, 2000", "paired, 1000"]
    assert len(runs) == 6 + len(ablations(TINY)) + 1
    late = all_runs(replace(quick, held_out=(1000, 1001)))
    assert [*late][-1] == "without identity loss, 1001"
    assert [*runs][-1] == "cycle weight 3, 1000"
    first, again = runs["recipe, 1000"](), all_runs(quick)["recipe, 1000"]()
    assert first == again
    assert first != runs["recipe, 0"]()
    domains = make_domains("night")
    baseline = (domains.test_a - domains.test_b).abs().mean().item()
    assert first["identity"] == pytest.approx(baseline, rel=1e-3)
    gan = make_cyclegan(replace(TINY, training=replace(TINY.training, seed=1000)))
    list(train(gan, domains.draw, gan.config))
    found = (gan.translate(domains.test_b, "ba") - domains.test_a).abs().mean()
    assert first["ba"] == pytest.approx(found.item(), rel=1e-3)
    paired = runs["paired, 1000"]()
    assert set(paired) == set(first)
    pictures = cycle_measures.unpack_pictures(first["pictures"])
    made = gan.translate(domains.test_a[cycle_measures.one_of_each(domains.labels)])
    assert (pictures["ab"] - made).abs().max() <= 1 / 16 + 1e-5
    assert pictures["bab"].shape == (10, 3, 16, 16)
    assert "pictures" not in runs["recipe, 0"]()
    table = outcomes({"recipe, 0": first, "recipe, 3": paired}, "recipe", (0, 3))
    assert table["ab"].tolist() == pytest.approx([first["ab"], paired["ab"]])


def test_noise_is_put_on_what_goes_back_and_nowhere_else():
    """Translators that change nothing: there and back is free, and noise costs its mean size."""
    domains = make_domains("night")
    voters = [ImageClassifier(16, 3, width=2, rng=torch.Generator().manual_seed(k)) for k in (0, 1)]
    found, made = cycle_measures.measure(lambda x: x, lambda x: x, domains, voters)
    assert found.cycle_a == found.cycle_b == 0
    assert found.ab == found.ba == pytest.approx((domains.test_a - domains.test_b).abs().mean())
    size = cycle_measures.NOISE * math.sqrt(2 / math.pi)
    assert found.noisy_a == pytest.approx(size, rel=0.01)
    assert found.noisy_b == pytest.approx(size, rel=0.01)
    assert torch.equal(made["ab"], domains.test_a)


def test_one_picture_of_each_class_is_kept():
    labels = torch.tensor([2, 0, 2, 1, 0])
    assert cycle_measures.one_of_each(labels).tolist() == [1, 3, 0]


def test_cycle_weights_change_both_weights():
    (found,) = cycle_weights(CycleReportConfig(weights=(0.5,))).items()
    halves = {"forward_weight": 0.5, "backward_weight": 0.5, "identity_weight": 0}
    assert (found[0], changes(found[1], CycleDigitsConfig())) == ("cycle weight 0.5", halves)
    with pytest.raises(ValueError, match=r"weights\[0\] must be positive and finite, got 0.0"):
        CycleReportConfig(weights=(0.0,))


def test_what_is_recorded_is_of_these_settings():
    record, config = load_recorded("cycle_digits"), CycleReportConfig()
    assert record["config"] == json.loads(json.dumps(asdict(config)))
    runs = record["results"]["runs"]
    assert list(runs) == list(all_runs(config))
    assert [name for name, run in runs.items() if "pictures" in run] == [
        name for name in runs if name.endswith(f", {config.ablated_on[0]}")
    ]


def test_voters_know_both_styles():
    domains = make_domains("night")
    voters = train_voters("night", 1, 2)
    assert cycle_measures.class_kept(domains.test_a, domains.labels, voters[:1]) > 0.8
    assert cycle_measures.class_kept(domains.test_b, domains.labels, voters[1:]) > 0.8
    assert cycle_measures.class_kept(domains.test_a, (domains.labels + 1) % 10, voters[:1]) < 0.1


def test_a_recording_goes_on_where_it_was_stopped(tmp_path, capsys):
    calls = []

    def run(number):
        calls.append(number)
        return number

    runs = {name: lambda number=number: run(number) for number, name in enumerate("abc")}
    assert record_one_by_one("x", {"seeds": (1, 2)}, runs, minutes=0.0, folder=tmp_path) == 3
    assert (
        record_one_by_one("x", {"seeds": (1, 2)}, dict([*runs.items()][:2]), folder=tmp_path) == 0
    )
    assert record_one_by_one("x", {"seeds": (1, 2)}, runs, folder=tmp_path) == 0
    assert calls == [0, 1, 2]
    kept = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert kept["results"]["runs"] == {"a": 0, "b": 1, "c": 2}
    assert stored("x", {"seeds": (1, 3)}, tmp_path)["results"]["runs"] == {}
    assert "x: c 2" in capsys.readouterr().out


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="style must be one of"):
        replace(TINY, style="day")
    with pytest.raises(ValueError, match="width must be at least 1"):
        replace(TINY, width=0)
    with pytest.raises(TypeError, match="training must be a CycleGANConfig"):
        replace(TINY, training=3)
    with pytest.raises(ValueError, match="chosen_on must share no seed"):
        CycleReportConfig(held_out=(3,))
