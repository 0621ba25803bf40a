import pytest
import torch

from gan_lessons.checks import check_inception_score, check_precision_recall
from gan_lessons.metrics import inception_score, precision_recall


def by_rows(p):
    mean = p.mean(0)
    return torch.exp(torch.stack([torch.xlogy(row, row / mean).sum() for row in p]).mean())


def by_loops(x, y, k):
    def share(centres, points):
        hits = 0
        radii = [sorted((c - other).norm() for other in centres)[k] for c in centres]
        for point in points:
            pairs = zip(centres, radii, strict=True)
            hits += any((point - c).norm() <= r + 1e-12 for c, r in pairs)
        return hits / len(points)

    return share(x, y), share(y, x)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_right_functions_pass(seed):
    assert check_inception_score(by_rows, seed).passed
    assert check_inception_score(lambda p: inception_score(p).mean, seed).passed
    assert check_precision_recall(by_loops, seed).passed
    assert check_precision_recall(precision_recall, seed).passed


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda p: by_rows(p).log(), "the exponential is missing"),
        (lambda p: (p * (p / p.mean(0)).log()).sum(1).mean().exp(), "use torch.xlogy"),
        (
            lambda p: torch.xlogy(p.mean(0), p.mean(0) / p).sum(1).mean().exp(),
            "the wrong way round",
        ),
        (lambda p: 2 ** by_rows(p).log(), "instead of 4"),
        (lambda p: by_rows(p[: len(p) // 2]), "random probabilities"),
        (lambda p: p.max(1).values.mean() * p.shape[1], "instead of 1"),
        (lambda p: None, "TypeError"),
    ],
)
def test_wrong_scores_fail(wrong, says):
    report = check_inception_score(wrong)
    assert not report.passed
    assert says in str(report)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda x, y, k: precision_recall(y, x, k), "they are swapped"),
        (lambda x, y, k: precision_recall(x, y, max(1, k - 1)), "not its own neighbour"),
        (lambda x, y, k: precision_recall(x, y, k + 1), "instead of"),
        (lambda x, y, k: precision_recall(x, y, 3), "instead of"),
        (lambda x, y, k: (1.0, 1.0), "instead of"),
        (lambda x, y, k: precision_recall(x, y, k).precision, "raised"),
    ],
)
def test_wrong_precision_and_recall_fail(wrong, says):
    report = check_precision_recall(wrong)
    assert not report.passed
    assert says in str(report)
