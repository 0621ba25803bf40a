"""Whether features know the class: the accuracy of the nearest neighbour's label."""

import torch
from torch import Tensor

from gan_lessons._validation import check_samples
from gan_lessons.metrics.intervals import Share, binomial_interval
from gan_lessons.metrics.neighbours import nearest_neighbours


def nearest_class_accuracy(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
    level: float = 0.95,
) -> Share:
    r"""Return how often the nearest training sample has the test sample's label.

    .. math:: \frac1m \sum_{j=1}^m 1[y_{i(j)} = y'_j], \qquad
        i(j) = \arg\min_i \lVert \phi_i - \phi'_j \rVert_2

    Nothing is fitted to the labels, so that it is a test of the features alone. Scaling one
    feature changes it: it sees how the features spread, not what could be read out of them.

    Parameters
    ----------
    train_features : Tensor (n, d)
        Features of the samples whose labels are given away.
    train_labels : Tensor (n,)
        Their labels, int64.
    test_features : Tensor (m, d)
        Features of the samples that are asked for.
    test_labels : Tensor (m,)
        Their true labels, int64.
    level : float
        Confidence level in (0, 1) of the interval over test samples; it says nothing of what
        another training of the features would give.

    Returns
    -------
    Share
        (value, low, high), shares between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If features are not of one length, labels are not whole numbers, one for each sample, or
        ``level`` is not within (0, 1).

    References
    ----------
    Donahue et al. (2017), section 4.2 and table 1.
    """
    train = check_samples(train_features, "train_features", minimum=1)
    test = check_samples(test_features, "test_features", minimum=1)
    if train.shape[1] != test.shape[1]:
        raise ValueError(
            "train_features and test_features must have the same number of features, got "
            f"{train.shape[1]} and {test.shape[1]}."
        )
    _check_labels(train_labels, len(train), "train_labels")
    _check_labels(test_labels, len(test), "test_labels")
    found = train_labels[nearest_neighbours(test, train).indices[:, 0]]
    return binomial_interval(int((found == test_labels).sum()), len(test), level)


def _check_labels(labels: object, n: int, name: str) -> None:
    """Raise unless labels are n whole numbers."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        kind = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"{name} must be a tensor of int64, got {kind}; call {name}.long().")
    if labels.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), got {tuple(labels.shape)}.")
