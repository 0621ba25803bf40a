"""What a classifier sees in samples: which classes, how evenly, and how surely."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_tensor
from gan_lessons.metrics._distances import to_float64


class InceptionScore(NamedTuple):
    """Mean score of the parts and its standard deviation over them (0 for one part)."""

    mean: float
    std: float


def class_frequencies(predictions: Tensor, n_classes: int | None = None) -> Tensor:
    r"""Compute the share of samples in each class.

    .. math:: f_c = \frac{1}{n} \sum_i 1[c_i = c], \quad c_i = \arg\max_c \text{logits}_{i,c}

    Parameters
    ----------
    predictions : Tensor
        Logits (n, n_classes), or labels (n,) of whole numbers from 0.
    n_classes : int, optional
        Number of classes; needed for labels, read from the shape for logits.

    Returns
    -------
    Tensor
        Shape (n_classes,), float32, with sum 1.

    Raises
    ------
    ValueError
        If there are no samples, the shape is another, or a label is out of range.
    """
    if not isinstance(predictions, Tensor):
        raise TypeError(f"predictions must be a torch.Tensor, got {type(predictions).__name__}.")
    if predictions.dim() == 2 and predictions.is_floating_point():
        check_tensor(predictions, "predictions")
        if predictions.shape[1] == 0:
            raise ValueError(
                f"predictions needs at least one class, got shape {tuple(predictions.shape)}."
            )
        if n_classes is not None and n_classes != predictions.shape[1]:
            raise ValueError(
                f"n_classes must be {predictions.shape[1]}, the width of predictions, "
                f"got {n_classes}."
            )
        labels, k = predictions.argmax(1), predictions.shape[1]
    elif predictions.dim() == 1 and not predictions.is_floating_point():
        if n_classes is None:
            raise ValueError("n_classes is needed where predictions are labels (n,).")
        labels, k = predictions.long(), check_count(n_classes, "n_classes")
    else:
        raise ValueError(
            "predictions must be floating-point logits (n, n_classes) or whole-number labels "
            f"(n,), got {tuple(predictions.shape)} of {predictions.dtype}."
        )
    if len(labels) == 0:
        raise ValueError("predictions needs at least 1 sample, got 0.")
    if int(labels.min()) < 0 or int(labels.max()) >= k:
        raise ValueError(
            f"predictions must be labels from 0 to {k - 1}, got {int(labels.min())} to "
            f"{int(labels.max())}."
        )
    return torch.bincount(labels, minlength=k).float() / len(labels)


def class_entropy(frequencies: Tensor) -> float:
    r"""Compute the entropy of class frequencies in nats.

    .. math:: H(f) = -\sum_c f_c \log f_c, \quad 0 \log 0 = 0

    Parameters
    ----------
    frequencies : Tensor
        Shape (n_classes,), zero or positive, with sum 1.

    Returns
    -------
    float
        0 (one class only) to log n_classes (all classes alike).

    Raises
    ------
    ValueError
        If ``frequencies`` is not of shape (n_classes,) or empty, or negative, or of another
        sum.
    """
    f = check_tensor(frequencies, "frequencies").detach().cpu().double()
    if f.dim() != 1 or f.numel() == 0:
        raise ValueError(f"frequencies must have shape (n_classes,), got {tuple(f.shape)}.")
    if float(f.min()) < 0 or not math.isclose(float(f.sum()), 1.0, abs_tol=1e-4):
        raise ValueError(
            f"frequencies must be zero or positive with sum 1, got a smallest {float(f.min()):.4g} "
            f"and a sum of {float(f.sum()):.4g}."
        )
    return max(0.0, float(-torch.xlogy(f, f).sum()))


def mean_confidence(logits: Tensor) -> float:
    r"""Compute the mean of the largest class probability.

    .. math:: \frac{1}{n} \sum_i \max_c \mathrm{softmax}(\text{logits}_i)_c

    Parameters
    ----------
    logits : Tensor
        Shape (n, n_classes).

    Returns
    -------
    float
        1 / n_classes to 1.

    Raises
    ------
    ValueError
        If ``logits`` is not of shape (n, n_classes) or has no rows.
    """
    check_tensor(logits, "logits")
    if logits.dim() != 2 or logits.numel() == 0:
        raise ValueError(f"logits must have shape (n, n_classes), got {tuple(logits.shape)}.")
    return float(logits.detach().softmax(1).amax(1).mean())


def inception_score(probabilities: Tensor, n_splits: int = 1) -> InceptionScore:
    r"""Compute how sure a classifier is of each sample and how many classes it sees.

    .. math:: \exp \Big( \frac{1}{n} \sum_i \mathrm{KL}(p_i \| \bar p) \Big), \qquad
        \bar p = \frac{1}{n} \sum_i p_i, \quad p_i = p(\text{class} \mid y_i)

    No real sample enters: one sure sample of each class gives the highest score, n_classes, and so
    does a copy of the training data. It is published for the 1,000 classes of the Inception
    network; with another classifier it is that classifier's score.

    Parameters
    ----------
    probabilities : Tensor
        Class probabilities of generated samples, shape (n, n_classes): ``logits.softmax(1)``.
    n_splits : int, default 1
        Number of parts, cut in the order given and scored apart (published: 10). A part knows fewer
        samples for its own mean, which makes its score smaller.

    Returns
    -------
    InceptionScore
        ``mean``, 1 to n_classes, and ``std`` over the parts with n_splits below the sum, as
        published: how far parts differ, not how far the mean is from what more samples would give.

    Raises
    ------
    ValueError
        If rows are not probabilities, or there are fewer samples than parts.

    References
    ----------
    Salimans et al. (2016), section 4; Barratt and Sharma (2018), on what it cannot see.
    """
    check_tensor(probabilities, "probabilities")
    if probabilities.dim() != 2 or probabilities.numel() == 0:
        raise ValueError(
            f"probabilities must have shape (n, n_classes), got {tuple(probabilities.shape)}."
        )
    p = to_float64(probabilities)
    sums = p.sum(1)
    if float(p.min()) < 0 or not bool(torch.allclose(sums, torch.ones_like(sums), atol=1e-3)):
        raise ValueError(
            f"probabilities must be zero or positive with row sums 1, got a smallest "
            f"{float(p.min()):.4g} and sums from {float(sums.min()):.4g} to "
            f"{float(sums.max()):.4g}; pass logits.softmax(1)."
        )
    n_splits = check_count(n_splits, "n_splits")
    if n_splits > len(p):
        raise ValueError(f"n_splits must be at most {len(p)}, the samples, got {n_splits}.")
    edges = [i * len(p) // n_splits for i in range(n_splits + 1)]
    scores = []
    for start, stop in zip(edges, edges[1:], strict=False):
        part = p[start:stop] / sums[start:stop, None]
        mean = part.mean(0)
        # sum_c p log(p / mean), averaged over rows, is the mean's entropy less the rows' entropies.
        kl = float(torch.xlogy(part, part).sum(1).mean() - torch.xlogy(mean, mean).sum())
        scores.append(math.exp(max(0.0, kl)))
    values = torch.tensor(scores, dtype=torch.float64)
    return InceptionScore(float(values.mean()), float(values.std(correction=0)))
