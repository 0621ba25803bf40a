import math

import numpy as np
import pytest
import torch

from gan_lessons.metrics import (
    class_entropy,
    class_frequencies,
    inception_score,
    mean_confidence,
)

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


def test_inception_score_of_one_answer_for_all_is_one():
    assert inception_score(torch.full((40, 10), 0.1)) == (pytest.approx(1.0), 0)
    one_class = torch.eye(10)[torch.full((40,), 3)]
    assert inception_score(one_class).mean == pytest.approx(1.0)
    vague = torch.tensor([0.7, 0.2, 0.1]).expand(40, 3)  # the same answer, neither sure nor even
    assert inception_score(vague).mean == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("k", [2, 10, 1000])
def test_inception_score_of_sure_and_even_answers_is_the_number_of_classes(k):
    sure = torch.eye(k).repeat(3, 1)
    assert inception_score(sure).mean == pytest.approx(k, rel=1e-6)
    # repeating samples changes nothing, nor does a lack of variety within the classes
    assert inception_score(sure.repeat(2, 1)).mean == pytest.approx(k, rel=1e-6)
    uneven = torch.eye(3)[[0, 0, 0, 1]]  # exp of the entropy of (3/4, 1/4, 0)
    assert inception_score(uneven).mean == pytest.approx(4 / 3**0.75, rel=1e-6)


def test_inception_score_is_the_mutual_information():
    from sklearn.metrics import mutual_info_score

    # Counts of a joint law of sample and class: scikit-learn's information about the pair.
    counts = np.random.default_rng(0).multinomial(60, [0.5, 0.3, 0.15, 0.05], size=8)
    information = mutual_info_score(None, None, contingency=counts)
    score = inception_score(torch.from_numpy(counts / 60)).mean
    assert score == pytest.approx(math.exp(information), rel=1e-9)


def test_inception_score_by_parts():
    p = torch.rand(23, 5, generator=torch.Generator().manual_seed(0)).softmax(1)
    parts = [inception_score(part).mean for part in (p[:7], p[7:15], p[15:])]
    assert inception_score(p, 3).mean == pytest.approx(np.mean(parts))
    assert inception_score(p, 3).std == pytest.approx(np.std(parts))
    assert inception_score(p, 23) == (pytest.approx(1), pytest.approx(0, abs=1e-9))


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
        (lambda: inception_score(LOGITS), ValueError, r"smallest -9 and sums .* logits.softmax\(1"),
        (lambda: inception_score(LOGITS.abs()), ValueError, "with row sums 1, got"),
        (lambda: inception_score(torch.ones(3)), ValueError, r"shape \(n, n_classes\), got \(3,\)"),
        (lambda: inception_score(LOGITS.softmax(1), 5), ValueError, "n_splits must be at most 4"),
        (lambda: inception_score(LOGITS.softmax(1), 0), ValueError, "n_splits must be at least 1"),
        (lambda: mean_confidence(torch.zeros(0, 3)), ValueError, r"got \(0, 3\)"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
