import math

import numpy as np
import pytest
import torch

from gan_lessons.metrics import class_entropy, class_frequencies, mean_confidence

LOGITS = torch.tensor([[0.0, 5.0, 1.0], [-1.0, -3.0, -2.0], [2.0, 3.0, -9.0], [0.0, 0.5, 0.0]])


def test_frequencies_by_hand():
    assert class_frequencies(LOGITS).tolist() == [0.25, 0.75, 0.0]
    assert class_frequencies(LOGITS, 3).tolist() == [0.25, 0.75, 0.0]
    assert class_frequencies(torch.tensor([2, 0, 2, 2]), 4).tolist() == [0.25, 0, 0.75, 0]


def test_entropy_agrees_with_scipy():
    from scipy.stats import entropy

    for row in np.random.default_rng(0).dirichlet([0.5] * 7, size=5):
        assert class_entropy(torch.from_numpy(row)) == pytest.approx(entropy(row), rel=1e-9)
    assert class_entropy(torch.full((10,), 0.1)) == pytest.approx(math.log(10), rel=1e-6)
    assert class_entropy(torch.tensor([0.0, 1.0, 0.0])) == 0


def test_confidence_agrees_with_scipy():
    from scipy.special import softmax

    wanted = softmax(LOGITS.double().numpy(), axis=1).max(1).mean()
    assert mean_confidence(LOGITS) == pytest.approx(wanted, rel=1e-6)
    assert mean_confidence(torch.zeros(5, 4)) == pytest.approx(0.25)
    assert mean_confidence(1e4 * LOGITS.requires_grad_()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: class_frequencies(LOGITS, 4), ValueError, "n_classes must be 3, the width"),
        (lambda: class_frequencies(torch.tensor([0, 1])), ValueError, "n_classes is needed"),
        (lambda: class_frequencies(torch.tensor([0, 3]), 3), ValueError, "labels from 0 to 2, got"),
        (lambda: class_frequencies(torch.tensor([-1, 2]), 3), ValueError, "from 0 to 2, got -1"),
        (lambda: class_frequencies(torch.zeros(3)), ValueError, r"got \(3,\) of torch.float32"),
        (lambda: class_frequencies(torch.zeros(0, 3)), ValueError, "at least 1 sample, got 0"),
        (lambda: class_frequencies([1, 2], 3), TypeError, "must be a torch.Tensor, got list"),
        (lambda: class_frequencies(torch.full((2, 2), math.nan)), ValueError, "must be finite"),
        (lambda: class_entropy(torch.tensor([0.5, 0.6])), ValueError, "a sum of 1.1"),
        (lambda: class_entropy(torch.tensor([1.5, -0.5])), ValueError, "a smallest -0.5"),
        (lambda: class_entropy(torch.full((2, 2), 0.25)), ValueError, r"must have shape \(n_cl"),
        (lambda: mean_confidence(torch.zeros(3)), ValueError, r"must have shape \(n, n_classes\)"),
        (lambda: mean_confidence(torch.zeros(0, 3)), ValueError, r"got \(0, 3\)"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
