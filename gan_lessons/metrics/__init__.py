"""Metrics: what is left to say about samples once a network has made them.

All are functions of samples or features (n, d), real ones first. `modes.py` where the data law is
known; `frechet.py` and `kernel.py` for one number with what it costs to estimate it;
`neighbours.py` for quality and variety apart, and for memorisation; `classes.py` for what a
classifier sees; `intervals.py` for shares that were counted; `parzen.py` for a density put on
samples, and a trap.
"""

from gan_lessons.metrics.classes import class_entropy, class_frequencies, mean_confidence
from gan_lessons.metrics.frechet import frechet_distance, frechet_distance_gaussians
from gan_lessons.metrics.frechet_statistics import FrechetStatistics
from gan_lessons.metrics.intervals import Share, binomial_interval
from gan_lessons.metrics.kernel import KernelDistance, KernelStatistics, kernel_distance
from gan_lessons.metrics.modes import ModeCoverage, mode_coverage
from gan_lessons.metrics.neighbours import (
    DensityCoverage,
    Neighbours,
    PrecisionRecall,
    density_coverage,
    expected_coverage,
    nearest_neighbours,
    precision_recall,
)
from gan_lessons.metrics.parzen import parzen_bandwidth, parzen_log_likelihood
from gan_lessons.metrics.sliced_wasserstein import sliced_wasserstein

__all__ = [
    "DensityCoverage",
    "FrechetStatistics",
    "KernelDistance",
    "KernelStatistics",
    "ModeCoverage",
    "Neighbours",
    "PrecisionRecall",
    "Share",
    "binomial_interval",
    "class_entropy",
    "class_frequencies",
    "density_coverage",
    "expected_coverage",
    "frechet_distance",
    "frechet_distance_gaussians",
    "kernel_distance",
    "mean_confidence",
    "mode_coverage",
    "nearest_neighbours",
    "parzen_bandwidth",
    "parzen_log_likelihood",
    "precision_recall",
    "sliced_wasserstein",
]
