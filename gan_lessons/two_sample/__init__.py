"""Two-sample tests: are these two sets of points draws of one law?

Every test takes (x, y), returns a ``TestResult`` and shares one permutation engine: kernel values
are computed once and all labellings come from matrix products. Beside the tests stand the
statistics alone: ``mmd2_unbiased``, ``energy_distance``, ``wasserstein_1d`` and their
kin. ``transport_plan`` solves the transport problem of small samples, with its best critic.
"""

from gan_lessons.two_sample.classifier import classifier_test, classifier_test_power
from gan_lessons.two_sample.energy import energy_distance, energy_distance_unbiased, energy_test
from gan_lessons.two_sample.kernels import (
    median_heuristic,
    minus_distance,
    polynomial_kernel,
    rbf_kernel,
    squared_distances,
)
from gan_lessons.two_sample.ks import ks_statistic, ks_test
from gan_lessons.two_sample.mmd import mmd2_biased, mmd2_unbiased, mmd_test, mmd_witness
from gan_lessons.two_sample.nearest_neighbour import (
    nearest_neighbour_accuracy,
    nearest_neighbour_test,
)
from gan_lessons.two_sample.permutation import PairSums, TestResult, draw_labels, pair_sums
from gan_lessons.two_sample.transport import Transport, kantorovich_potential, transport_plan
from gan_lessons.two_sample.wasserstein import wasserstein_1d

__all__ = [
    "PairSums",
    "TestResult",
    "Transport",
    "classifier_test",
    "classifier_test_power",
    "draw_labels",
    "energy_distance",
    "energy_distance_unbiased",
    "energy_test",
    "kantorovich_potential",
    "ks_statistic",
    "ks_test",
    "median_heuristic",
    "minus_distance",
    "mmd2_biased",
    "mmd2_unbiased",
    "mmd_test",
    "mmd_witness",
    "nearest_neighbour_accuracy",
    "nearest_neighbour_test",
    "pair_sums",
    "polynomial_kernel",
    "rbf_kernel",
    "squared_distances",
    "transport_plan",
    "wasserstein_1d",
]
