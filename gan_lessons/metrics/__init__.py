"""Metrics: what is left to say about samples once a network has made them.

All are functions of samples or features (n, d), real ones first. `modes.py` where the data law is
known; `frechet.py` and `kernel.py` for one number with what it costs to estimate it;
`neighbours.py` for quality and variety apart, and for memorisation; `classes.py` for what a
classifier sees; `nearest_class.py` for what features know of the class; `support.py` for how many
different samples there are; `intervals.py` for shares that were counted; `parzen.py` for a density
put on samples, and a trap. `features.py` makes features of images; only those of `inception.py`
give a FID.
"""

from gan_lessons.metrics.classes import (
    InceptionScore,
    class_entropy,
    class_frequencies,
    inception_score,
    mean_confidence,
)
from gan_lessons.metrics.features import ClassifierFeatures, classifier_features, pixel_features
from gan_lessons.metrics.frechet import frechet_distance, frechet_distance_gaussians
from gan_lessons.metrics.frechet_statistics import FrechetStatistics
from gan_lessons.metrics.inception import fid, inception_features
from gan_lessons.metrics.intervals import Share, binomial_interval
from gan_lessons.metrics.kernel import KernelDistance, KernelStatistics, kernel_distance
from gan_lessons.metrics.modes import (
    HighQualityExcess,
    ModeCoverage,
    high_quality_excess,
    mode_coverage,
)
from gan_lessons.metrics.nearest_class import nearest_class_accuracy
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
from gan_lessons.metrics.support import (
    BirthdayTest,
    ClosestPairs,
    birthday_test,
    closest_pairs,
    collision_probability,
    support_size,
)

__all__ = [
    "BirthdayTest",
    "ClassifierFeatures",
    "ClosestPairs",
    "DensityCoverage",
    "FrechetStatistics",
    "HighQualityExcess",
    "InceptionScore",
    "KernelDistance",
    "KernelStatistics",
    "ModeCoverage",
    "Neighbours",
    "PrecisionRecall",
    "Share",
    "binomial_interval",
    "birthday_test",
    "class_entropy",
    "class_frequencies",
    "classifier_features",
    "closest_pairs",
    "collision_probability",
    "density_coverage",
    "expected_coverage",
    "fid",
    "frechet_distance",
    "frechet_distance_gaussians",
    "high_quality_excess",
    "inception_features",
    "inception_score",
    "kernel_distance",
    "mean_confidence",
    "mode_coverage",
    "nearest_class_accuracy",
    "nearest_neighbours",
    "parzen_bandwidth",
    "parzen_log_likelihood",
    "pixel_features",
    "precision_recall",
    "sliced_wasserstein",
    "support_size",
]
