import math
from dataclasses import replace

import pytest
import torch

from gan_lessons.training import train
from gan_lessons.two_sample import wasserstein_1d
from gan_lessons.viz import CRITIC
from gan_lessons.widgets.training import (
    CONFIG,
    FAR,
    NEAR,
    PLACES,
    STEPS,
    WAYS,
    _draw,
    compute_run,
    data_law,
    new_gan,
    words,
)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_captions_words_do_not_hang_by_a_thread(way):
    """Another machine's last digits must not change what the caption says."""
    for moment in compute_run(way).values():
        for border in (FAR, NEAR):
            assert abs(math.log(moment.distance / border)) > 0.05


def test_the_run_is_the_packages_run():
    """A new GAN trained alone for 50 steps is where the recorded moment says."""
    moment = compute_run("k = 5")[50]
    config = replace(CONFIG, steps=50, d_steps=5)
    gan, law = new_gan("non-saturating", config), data_law()
    *_, record = train(gan, law, config)
    assert record.d_loss == moment.d_loss
    with torch.no_grad():
        assert torch.equal(gan.discriminator(PLACES[:, None]).sigmoid(), moment.discriminator)


def test_distance_is_measured_against_the_law():
    moment = compute_run("k = 1")[50]
    real = data_law().sample(200_000, torch.Generator().manual_seed(0), dtype=torch.float64)
    distance = float(wasserstein_1d(moment.samples, real))
    assert distance == pytest.approx(moment.distance, abs=0.02)


def test_the_lesson_holds():
    """All three arrive; the saturating loss leaves the start late; no loss shows it."""
    runs = {way: compute_run(way) for way in WAYS}
    for run in runs.values():
        assert run[0].distance > 3.5
        assert run[STEPS[-1]].distance < NEAR
        assert run[STEPS[-1]].d_loss == pytest.approx(2 * math.log(2), abs=0.15)
    late = runs["k = 1, saturating loss"][100].distance
    assert late > 3 * runs["k = 1"][100].distance
    assert runs["k = 5"][50].d_loss < runs["k = 1"][50].d_loss - 0.1


def test_what_is_drawn_is_what_was_computed():
    figure, alt = _draw({"way": "k = 5", "step": 100})
    moment = compute_run("k = 5")[100]
    assert alt == f"k = 5, after 100 steps: the generated law is {words(moment.distance)}."
    top, bottom = figure.axes
    (curve,) = [line for line in top.lines if line.get_linestyle() == CRITIC.linestyle]
    assert abs(curve.get_ydata() - moment.discriminator.numpy()).max() < 1e-12
    assert bottom.lines[-1].get_ydata()[0] == moment.distance
