"""A wrong setting fails when it is made, and is named."""

import pytest

from gan_lessons.experiments.digits_gan import RemediesConfig
from gan_lessons.experiments.discriminator_steps import (
    ORDERS,
    DiscriminatorStepsConfig,
    run_order,
)
from gan_lessons.experiments.image_gan import ImageGANConfig, preset_for
from gan_lessons.experiments.parzen_trap import N_DIGITS, TrapConfig, digit_pixels
from gan_lessons.experiments.two_sample_power import PowerConfig, shifted_gaussians


@pytest.mark.parametrize(
    ("make", "setting", "message"),
    [
        (PowerConfig, {"repetitions": 0}, "repetitions must be at least 1, got 0"),
        (PowerConfig, {"level": 5.0}, "level must lie strictly between 0 and 1, got 5.0"),
        (PowerConfig, {"n_permutations": 0}, "n_permutations must be at least 1"),
        (PowerConfig, {"sample_sizes": ()}, "sample_sizes must hold at least one number"),
        (PowerConfig, {"sample_sizes": (10, 1)}, r"sample_sizes\[1\] must be at least 2, got 1"),
        (PowerConfig, {"dimensions": (1, 1)}, "dimensions must be different"),
        (PowerConfig, {"dimension_sample_size": 1}, "dimension_sample_size must be at least 2"),
        (PowerConfig, {"shift": -1.0}, "shift must be zero or positive"),
        (PowerConfig, {"seed": -1}, "seed must be at least 0"),
        (TrapConfig, {"n_train": 5000}, "n_train . n_validation must be below 1797"),
        (TrapConfig, {"n_train": 300}, "sizes must be at most n_train = 300"),
        (TrapConfig, {"n_validation": 0}, "n_validation must be at least 1"),
        (TrapConfig, {"bandwidths": (0.1, 0.0)}, r"bandwidths\[1\] must be positive"),
        (TrapConfig, {"splits": 0}, "splits must be at least 1"),
        (ImageGANConfig, {"max_shift": -3}, "max_shift must be at least 0, got -3"),
        (ImageGANConfig, {"max_shift": 16}, "max_shift must be below image_size = 16, got 16"),
        (ImageGANConfig, {"dataset": "nope"}, "dataset must be one of digits.*got 'nope'"),
        (ImageGANConfig, {"width": -1}, "width must be at least 1, got -1"),
        (ImageGANConfig, {"classifier_epochs": 0}, "classifier_epochs must be at least 1"),
        (ImageGANConfig, {"g_lr": 0.0}, "g_lr must be positive"),
        (ImageGANConfig, {"z_dim": 0}, "z_dim must be at least 1"),
        (RemediesConfig, {"seeds": (0, 0)}, "seeds must be different"),
        (RemediesConfig, {"measured_at": (100, 50)}, r"measured_at must rise, got \(100, 50\)"),
        (RemediesConfig, {"n_shown": 0}, "n_shown must be at least 1"),
        (DiscriminatorStepsConfig, {"d_steps": (0,)}, r"d_steps\[0\] must be at least 1"),
        (DiscriminatorStepsConfig, {"every": 0}, "every must be at least 1"),
        (DiscriminatorStepsConfig, {"seeds": 0}, "seeds must be at least 1"),
        (DiscriminatorStepsConfig, {"std": -0.1}, "std must be positive"),
    ],
)
def test_a_setting_of_the_wrong_size(make, setting, message):
    with pytest.raises(ValueError, match=message):
        make(**setting)


@pytest.mark.parametrize(
    ("make", "setting", "message"),
    [
        (PowerConfig, {"dimensions": 3}, "dimensions must be a tuple of whole numbers, got int"),
        (TrapConfig, {"sizes": (50.0,)}, r"sizes\[0\] must be a whole number, got float"),
        (RemediesConfig, {"base": "laptop"}, "base must be an ImageGANConfig, got str"),
    ],
)
def test_a_setting_of_the_wrong_type(make, setting, message):
    with pytest.raises(TypeError, match=message):
        make(**setting)


def test_arguments_of_the_parts():
    with pytest.raises(ValueError, match="order must be one of 'D first, same fakes'.*got 'nope'"):
        run_order(DiscriminatorStepsConfig(), "nope", 1)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        run_order(DiscriminatorStepsConfig(), ORDERS[0], 0)
    with pytest.raises(ValueError, match="d must be at least 1, got 0"):
        shifted_gaussians(0, 1.0)
    for device in ("nope", None):
        with pytest.raises(ValueError, match="device must be such as 'cpu' or 'cuda', got"):
            preset_for(device)


def test_there_are_so_many_digits():
    assert len(digit_pixels()) == N_DIGITS
