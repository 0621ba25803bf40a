"""Hues that are hidden: what cannot be known without them, and how hiding is measured."""

import json
import math
from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.experiments.cycle_hidden import (
    HiddenConfig,
    blind_errors,
    hue_error,
    hue_of,
    in_hue,
    make_hidden_cyclegan,
    make_hidden_domains,
)
from gan_lessons.experiments.cycle_hidden_measures import (
    hidden_pictures,
    measure_hidden,
    rounded,
    translated_hues,
    unpack_hidden,
)
from gan_lessons.experiments.cycle_hidden_report import (
    HiddenReportConfig,
    all_runs,
    controls,
    hidden_rows,
)
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.training import train

TINY = HiddenConfig(width=2, n_blocks=1)
TINY = replace(TINY, training=replace(TINY.training, steps=2, batch_size=2, log_every=2))


class Messenger:
    """Translates rightly, but for one pixel: there it writes the hue, and there it reads it."""

    size = 0.02  # of what it writes

    def translate(self, images, direction="ab"):
        if direction == "ab":
            grey = 2 * (images.mean(1, keepdim=True) + 1) - 1
            grey[:, 0, 0, 0] = self.size * hue_of(images) / math.pi
            return grey
        hues = images[:, 0, 0, 0] / self.size * math.pi
        images = images.clone()
        images[:, 0, 0, 0] = -1.0
        return in_hue(images, hues)


def uniform(n, seed=0):
    return 2 * math.pi * torch.rand(n, generator=torch.Generator().manual_seed(seed))


def test_hues_are_primaries_at_their_angles_and_equally_bright():
    hues = 2 * math.pi / 3 * torch.arange(3)
    x = in_hue(torch.ones(3, 1, 2, 2), hues)[:, :, 0, 0]
    assert torch.allclose(x, 1.5 * torch.eye(3) - 0.5)
    grey = torch.rand(50, 1, 2, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    colour = in_hue(grey, uniform(50))
    assert torch.allclose(colour.mean(1, keepdim=True), (grey + 1) / 2 - 1, atol=1e-6)
    assert colour.min() >= -1
    assert colour.max() <= 1


def test_the_hue_of_an_image_is_the_one_it_was_given():
    hues = uniform(40)
    found = hue_of(in_hue(make_hidden_domains().test[:40], hues))
    assert torch.allclose(torch.exp(1j * found), torch.exp(1j * hues), atol=1e-4)


def test_hue_errors_are_angles_and_a_guess_is_off_by_ninety_degrees():
    grey, hues = make_hidden_domains().test[:1].expand(4000, 1, 16, 16), uniform(4000)
    x = in_hue(grey, hues)
    assert hue_error(x, x) == 0
    assert hue_error(x, in_hue(grey, hues + math.pi)) == pytest.approx(180, abs=0.1)
    assert hue_error(x, in_hue(grey, hues - math.radians(300))) == pytest.approx(60, abs=0.01)
    # The angle's standard deviation is 52 degrees: 4000 guesses give 0.8, and 4 is five of them.
    for guess in (torch.zeros(4000), uniform(4000, 1)):
        assert hue_error(x, in_hue(grey, guess)) == pytest.approx(90, abs=4)


def test_blind_errors_are_those_of_many_hues_and_no_grey_is_nearer():
    grey = make_hidden_domains().test[:8]
    bound = blind_errors(grey)
    many = grey.repeat(2000, 1, 1, 1)
    x = in_hue(many, uniform(len(many)))

    def error(answer):
        return float((answer - x).abs().mean())

    assert error((many + 1) / 2 - 1) == pytest.approx(bound.best, rel=0.02)
    assert error(in_hue(many, uniform(len(many), 1))) == pytest.approx(bound.drawn, rel=0.02)
    for brightness in (0.8, 0.9, 1.1, 1.2):
        assert error(brightness * (many + 1) / 2 - 1) > bound.best
    assert bound.best < bound.drawn


def test_domains_share_no_digit_and_only_a_has_hues():
    domains = make_hidden_domains()
    rows = {image.numpy().tobytes() for image in domains.a}
    assert not rows & {image.numpy().tobytes() for image in domains.b}
    assert len(domains.a) + len(domains.b) == 1442
    assert domains.test_a.shape == (355, 3, 16, 16)
    a, b = domains.draw(300, torch.Generator().manual_seed(0))
    assert (a.shape, b.shape) == ((300, 3, 16, 16), (300, 1, 16, 16))
    # The mean of 300 uniform directions is shorter than 0.2 but with probability exp(-12).
    assert torch.exp(1j * hue_of(a)).mean().abs() < 0.2
    red = make_hidden_domains(any_hue=False)
    assert hue_of(red.draw(5, torch.Generator().manual_seed(0))[0]).abs().max() < 1e-5
    assert hue_of(red.test_a).abs().max() < 1e-5


def test_what_is_hidden_is_measured_and_noise_destroys_it():
    domains, gan = make_hidden_domains(), Messenger()
    found = measure_hidden(gan, domains, (0.0, 1.0), (256, 4))
    assert found.degrees[0] < 1e-3
    assert found.cycle[0] < 1e-5
    assert found.degrees[1] == pytest.approx(90, abs=15)
    assert 0 < found.rounded_degrees[0] < 40
    # Of 4 levels -1/3 and 1/3 are left, which are read as -120 and 120 degrees: the sign is kept,
    # and a hue of 0 to 180 is (120^2 + 60^2) / (2 * 180) = 50 degrees from 120 in the mean.
    assert found.rounded_degrees[1] == pytest.approx(50, abs=6)
    # Six hues write 0, 1/3, 2/3, +-1, -2/3, -1/3 of ``size``; one of 256 pixels.
    written = torch.tensor([0, 1 / 3, 2 / 3, 1, -2 / 3, -1 / 3]) * gan.size
    sent = translated_hues(gan, domains.test[:2])[:, 0, 0, 0, 0]
    assert torch.allclose(sent.abs(), written.abs(), atol=1e-5)
    mean = (sent - sent.mean()).abs().mean() / 256
    assert found.hidden == pytest.approx(float(mean), rel=1e-3)
    white = (gan.translate(domains.test_a) - domains.test).abs().mean()
    assert found.truth == pytest.approx(float(white), rel=1e-4)


def test_noise_is_of_the_size_that_was_asked_for():
    class Red:
        """Keeps the red channel, of which the others of a red digit are known."""

        def translate(self, images, direction="ab"):
            if direction == "ab":
                return images[:, :1]
            return torch.cat([images, *2 * [(images + 1) / 4 - 1]], 1)

    found = measure_hidden(Red(), make_hidden_domains(any_hue=False), (0.0, 0.1, 0.4), (256,))
    # Of normal noise the mean size is std sqrt(2 / pi); green and blue get a quarter of it.
    sizes = [std * math.sqrt(2 / math.pi) * (1 + 0.25 + 0.25) / 3 for std in (0.0, 0.1, 0.4)]
    assert found.cycle == pytest.approx(sizes, rel=0.01, abs=1e-6)


def test_rounding_leaves_so_many_levels():
    x = torch.linspace(-1, 1, 1001)
    for levels in (2, 5):
        found = rounded(x, levels)
        assert torch.allclose(found.unique(), torch.linspace(-1, 1, levels))
        assert (found - x).abs().max() <= 1 / (levels - 1) + 1e-6


def test_pictures_come_back_and_the_hidden_part_is_enlarged():
    domains, gan = make_hidden_domains(), Messenger()
    found = unpack_hidden(hidden_pictures(gan, domains))
    assert {name: images.shape[1] for name, images in found.items()} == {
        "a": 3, "back": 3, "noisy": 3, "there": 1, "hues": 1, "hidden": 1,
    }  # fmt: skip
    assert (found["a"] - found["back"]).abs().max() <= 2 / 8
    assert (found["a"] - found["noisy"]).abs().max() > 0.5
    assert found["hidden"].abs().max() == 1
    written = translated_hues(gan, domains.test[:1])[:, 0, 0, 0, 0]
    written = written - written.mean()
    wanted = written / written.abs().max()
    assert torch.allclose(found["hidden"][:, 0, 0, 0], wanted, atol=1 / 16 + 1e-5)
    assert found["hidden"].flatten(1)[:, 1:].abs().max() == 0
    assert hue_error(found["a"], in_hue(domains.test[:6], torch.arange(6) * math.pi / 3)) < 5


def test_runs_repeat_and_controls_have_nothing_to_hide():
    config = HiddenReportConfig(TINY, (0,), (1000,), (1000,), (0.0, 0.1), (8,))
    runs = all_runs(config)
    assert list(runs) == ["recipe, 0", "recipe, 1000", "one hue, 1000", "backward cycle, 1000"]
    first = runs["recipe, 1000"]()
    assert first == all_runs(config)["recipe, 1000"]()
    domains = make_hidden_domains()
    gan = make_hidden_cyclegan(replace(TINY, training=replace(TINY.training, seed=1000)))
    list(train(gan, domains.draw, gan.config))
    again = gan.translate(gan.translate(domains.test_a), "ba")
    assert first["degrees"][0] == pytest.approx(hue_error(again, domains.test_a), rel=1e-3)
    assert first["cycle"][0] == pytest.approx(
        float((again - domains.test_a).abs().mean()), rel=1e-3
    )
    other = runs["recipe, 0"]()
    assert "pictures" not in other
    rows = hidden_rows({"recipe, 0": other, "recipe, 1000": first}, "recipe", (0, 1000))
    assert rows["truth"].tolist() == pytest.approx([other["truth"], first["truth"]])
    assert rows["degrees"].shape == (2, 2)
    assert rows["rounded_cycle"].shape == (2, 1)
    changed = controls(TINY)
    assert not changed["one hue"].any_hue
    assert changed["one hue"].training == TINY.training
    assert changed["backward cycle"].training.forward_weight == 0
    assert changed["backward cycle"].training.backward_weight == 10


def test_bad_settings_are_named():
    with pytest.raises(TypeError, match="any_hue must be True or False"):
        HiddenConfig(any_hue=1)
    with pytest.raises(ValueError, match="width must be at least 1"):
        HiddenConfig(width=0)
    with pytest.raises(TypeError, match="training must be a CycleGANConfig"):
        HiddenConfig(training=None)
    with pytest.raises(ValueError, match="noises must be finite"):
        HiddenReportConfig(noises=(-0.1,))
    with pytest.raises(ValueError, match="levels"):
        HiddenReportConfig(levels=(1,))
    with pytest.raises(ValueError, match="chosen_on must share no seed"):
        HiddenReportConfig(held_out=(3,))


def test_what_is_recorded_goes_below_what_is_possible_without_the_hue():
    record, config = load_recorded("cycle_hidden"), HiddenReportConfig()
    assert record["config"] == json.loads(json.dumps(asdict(config)))
    runs = record["results"]["runs"]
    assert list(runs) == list(all_runs(config))
    bound = blind_errors(make_hidden_domains().test)
    for seeds in (config.chosen_on, config.held_out):
        rows = hidden_rows(runs, "recipe", seeds)
        assert rows["cycle"][:, 0].max() < 0.7 * bound.best
        assert rows["degrees"][:, 0].max() < 30
    unasked = hidden_rows(runs, "backward cycle", config.controlled_on)
    assert unasked["cycle"][:, 0].min() > bound.best
    assert (unasked["degrees"][:, 0] - 90).abs().max() < 6
    assert hidden_rows(runs, "one hue", config.controlled_on)["cycle"][:, 0].max() < 0.06
    assert unpack_hidden(runs["recipe, 1000"]["pictures"])["noisy"].shape == (6, 3, 16, 16)
