"""Bad arguments are named in the error."""

import pytest
import torch

from gan_lessons import two_sample as ts

GOOD = torch.linspace(0, 1, 6)
PLANE = torch.rand(6, 2, generator=torch.Generator().manual_seed(0))
FUNCTIONS = {
    "mmd2_unbiased": ts.mmd2_unbiased,
    "mmd2_biased": ts.mmd2_biased,
    "mmd_test": ts.mmd_test,
    "energy_distance": ts.energy_distance,
    "energy_test": ts.energy_test,
    "ks_test": ts.ks_test,
    "nearest_neighbour_test": ts.nearest_neighbour_test,
    "classifier_test": ts.classifier_test,
    "wasserstein_1d": ts.wasserstein_1d,
    "median_heuristic": ts.median_heuristic,
}
MEANS_ONE = {"mmd2_biased", "energy_distance", "median_heuristic"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_checks_its_samples(name):
    function = FUNCTIONS[name]
    with pytest.raises(TypeError, match="x must be a torch.Tensor, got list"):
        function([0.0, 1.0], GOOD)
    with pytest.raises(TypeError, match=r"y must be floating point.*call y.float"):
        function(GOOD, torch.arange(5))
    with pytest.raises(ValueError, match=r"x must have shape.*call x.flatten"):
        function(torch.rand(4, 1, 2, 2), GOOD)
    with pytest.raises(ValueError, match="x and y must have the same number of features"):
        function(GOOD, PLANE)
    with pytest.raises(ValueError, match="y must be finite, got 1 NaN"):
        function(GOOD, torch.tensor([0.0, float("nan"), 1.0]))
    with pytest.raises(ValueError, match="x needs at least"):
        function(torch.zeros(0), GOOD)
    if name not in MEANS_ONE:
        with pytest.raises(ValueError, match="y needs at least 2 samples, got 1"):
            function(GOOD, torch.zeros(1))


VALUE_ERRORS = [
    (lambda: ts.mmd_test(GOOD, GOOD, -1.0), "bandwidth must be positive"),
    (lambda: ts.mmd2_biased(GOOD, GOOD, 0.0), "bandwidth must be positive"),
    (lambda: ts.rbf_kernel(GOOD, GOOD, [1.0, -2.0]), "bandwidth must be positive"),
    (lambda: ts.rbf_kernel(GOOD, GOOD, []), "bandwidth must have at least one"),
    (lambda: ts.mmd_test(torch.ones(5), torch.ones(4)), "all points of x and y are equal; pass"),
    (lambda: ts.mmd2_unbiased(GOOD, GOOD, 1.0, ts.minus_distance), "both given"),
    (
        lambda: ts.mmd_test(GOOD, GOOD, n_permutations=0),
        "n_permutations must be at least 1 for mmd",
    ),
    (lambda: ts.energy_test(GOOD, GOOD, 0), "n_permutations must be at least 1 for energy"),
    (lambda: ts.nearest_neighbour_test(GOOD, GOOD, n_permutations=0), "at least 1 for nearest"),
    (lambda: ts.ks_test(GOOD, GOOD, -1), "n_permutations must be at least 0"),
    (lambda: ts.ks_test(PLANE, PLANE), "one feature for ks_test, got 2"),
    (lambda: ts.wasserstein_1d(PLANE, PLANE), "one feature for wasserstein_1d, got 2"),
    (
        lambda: ts.nearest_neighbour_test(GOOD, GOOD, k=12),
        "k must be below the number of points, 12",
    ),
    (lambda: ts.nearest_neighbour_test(GOOD, GOOD, k=0), "k must be at least 1"),
    (lambda: ts.energy_test(GOOD, GOOD, block_size=0), "block_size must be at least 1"),
    (lambda: ts.classifier_test(GOOD, GOOD, hidden=-1), "hidden must be at least 0"),
    (lambda: ts.classifier_test(GOOD, GOOD, n_steps=0), "n_steps must be at least 1"),
    (lambda: ts.classifier_test(GOOD, GOOD, lr=-0.1), "lr must be positive"),
    (lambda: ts.classifier_test_power(1.5, 10), "accuracy must be between 0 and 1"),
    (lambda: ts.classifier_test_power(0.6, 10, 1.0), "level must be between 0 and 1"),
    (lambda: ts.mmd_witness(GOOD, GOOD, PLANE, 1.0), "t must have 1 features"),
    (lambda: ts.polynomial_kernel(GOOD, GOOD, degree=0), "degree must be at least 1"),
    (lambda: ts.polynomial_kernel(GOOD, GOOD, gamma=-1.0), "gamma must be positive"),
]


@pytest.mark.parametrize(("call", "message"), VALUE_ERRORS)
def test_value_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_type_errors_name_the_argument():
    with pytest.raises(TypeError, match="bandwidth must be a positive number"):
        ts.mmd_test(GOOD, GOOD, "wide")
    with pytest.raises(TypeError, match="n_permutations must be a whole number"):
        ts.mmd_test(GOOD, GOOD, n_permutations=10.5)


def test_images_flattened_and_mixed_dtypes_work():
    x, y = torch.rand(5, 1, 2, 2).flatten(1), torch.rand(4, 4, dtype=torch.float64)
    assert ts.mmd2_unbiased(x, y).dtype == torch.float64
