"""Bad arguments are named in the error."""

import numpy as np
import pytest
import torch

from gan_lessons.distributions import (
    Checkerboard,
    Mixture,
    Normal,
    Uniform,
    grid,
    moons,
    ring,
    spiral,
)

NAN = float("nan")
VALUE_ERRORS = [
    (lambda: Normal(0.0, 0.0), "std must be positive"),
    (lambda: Normal(0.0, -1.0), "std must be positive"),
    (lambda: Normal(NAN, 1.0), r"mean must be finite, got nan\.$"),
    (lambda: Normal(0.0, 1e-50).log_prob(torch.zeros(2)), "std = 1e-50 does not fit into torch.fl"),
    (lambda: Normal(0.0, 1e50).log_prob(torch.zeros(2)), r"std = 1e\+50 does not fit .*float64"),
    (lambda: Normal(0.0, 1e-50).cdf(torch.zeros(2)), "std = 1e-50 does not fit"),
    (lambda: Normal(0.0, 1e50).sample(2), "does not fit into torch.float32; take torch.float64"),
    (
        lambda: Mixture([0.5, 0.5], [0.0, 1.0], [1e-50, 1.0]).log_prob(torch.zeros(2)),
        "stds = 1e-50 to 1 does not fit into torch.float32",
    ),
    (
        lambda: Mixture([0.5, 0.5], [0.0, 1.0], [1.0, 1e50]).cdf(torch.zeros(2)),
        r"stds = 1 to 1e\+50 does not fit",
    ),
    (lambda: Uniform(-1e308, 1e308), "high - low must be finite"),
    (lambda: Uniform(0.0, 1e39).sample(2), r"high - low = 1e\+39 does not fit into torch.float32"),
    (lambda: Normal(torch.zeros(2, 2), 1.0), "mean must be a number or a vector"),
    (lambda: Normal([], 1.0), "mean must be a number or a vector"),
    (lambda: Uniform(1.0, 1.0), "low must be below high"),
    (lambda: Uniform(2.0, 1.0), "low must be below high"),
    (lambda: Uniform([0.0, 0.0], 1.0), "same length"),
    (lambda: Uniform(0.0, float("inf")), "high must be finite"),
    (lambda: Mixture([0.5, 0.6], [0.0, 1.0], [1.0, 1.0]), "divide them by their sum"),
    (lambda: Mixture([-0.5, 1.5], [0.0, 1.0], [1.0, 1.0]), "weights must be zero or positive"),
    (lambda: Mixture([], [], []), "weights must have shape"),
    (lambda: Mixture([0.5, 0.5], [0.0], [1.0, 1.0]), "means must have shape"),
    (lambda: Mixture([0.5, 0.5], [0.0, 1.0], [1.0]), "stds must have shape"),
    (lambda: Mixture([0.5, 0.5], [0.0, 1.0], [1.0, 0.0]), "stds must be positive"),
    (lambda: ring(0), "n_modes must be at least 1"),
    (lambda: ring(8, -1.0), "radius must be positive"),
    (lambda: grid(5, 0.0), "spacing must be positive"),
    (lambda: grid(5, 1.0, -0.1), "std must be positive"),
    (lambda: moons(n_components=7), "n_components must be even"),
    (lambda: spiral(n_turns=0.0), "n_turns must be positive"),
    (lambda: Checkerboard(0), "side must be at least 1"),
    (lambda: Checkerboard(2, 0.0), "cell must be positive"),
    (lambda: Normal().sample(0), "n must be at least 1"),
    (lambda: Normal().log_prob(torch.zeros(3, 2)), "x must have 1 features"),
    (lambda: ring().log_prob(torch.zeros(3)), "x must have 2 features"),
    (lambda: Normal().log_prob(torch.zeros(2, 2, 2)), "x must have shape"),
    (lambda: Normal().log_prob(torch.zeros(0)), "x needs at least 1 samples"),
    (lambda: Normal().log_prob(torch.tensor([NAN])), "x must be finite"),
    (lambda: Normal([0.0, 1.0], 1.0).cdf(torch.zeros(3)), "cdf is defined for one-dimensional"),
    (lambda: ring().support(), "support is defined for one-dimensional"),
    (lambda: ring().breakpoints(), "breakpoints is defined for one-dimensional"),
    (lambda: ring().quantile(torch.tensor([0.5])), "quantile is defined for one-dimensional"),
    (lambda: Normal().quantile(torch.tensor([1.5])), r"p must lie in \[0, 1\]"),
]


@pytest.mark.parametrize(("call", "message"), VALUE_ERRORS)
def test_value_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Normal("zero", 1.0), "mean must be numbers"),
        (lambda: Normal().sample(2, 0), r"rng must be .*got int; write torch.Generator"),
        (lambda: Uniform().sample(2, 0), "rng must be"),
        (lambda: ring().sample(2, np.random.default_rng(0)), "rng must be .* got numpy.random"),
        (lambda: Checkerboard().sample(2, 0), "rng must be"),
        (lambda: Normal(0.0, "one"), "std must be a positive number"),
        (lambda: Normal().sample(2.5), "n must be a whole number"),
        (lambda: Normal().log_prob([0.0]), "x must be a torch.Tensor"),
        (lambda: Normal().log_prob(torch.tensor([1])), "call x.float"),
    ],
)
def test_type_errors_name_the_argument(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_scales_that_fit_are_taken():
    zeros = torch.zeros(2, dtype=torch.float64)
    for law in (Normal(0.0, 1e-50), Mixture([1.0], [0.0], [1e-50])):
        assert law.log_prob(zeros).tolist() == pytest.approx([114.2103157566] * 2)
        assert law.cdf(zeros).tolist() == [0.5, 0.5]
    assert Uniform(0.0, 1e39).sample(3, dtype=torch.float64).shape == (3, 1)
    assert Normal().log_prob(torch.zeros(2, dtype=torch.float16)).dtype == torch.float32


def test_numbers_of_numpy_are_counts():
    for law in (Normal(), Uniform(), ring(np.int64(3)), grid(np.int64(2)), Checkerboard()):
        assert law.sample(np.int64(5)).shape == (5, law.dim)
    for law in (moons(n_components=np.int64(4)), spiral(n_arms=np.int64(2))):
        assert law.sample(np.int64(5)).shape == (5, 2)


def test_laws_do_not_change():
    with pytest.raises(AttributeError):
        Normal().std = 2.0
    with pytest.raises(AttributeError):
        ring().stds = torch.ones(8)
