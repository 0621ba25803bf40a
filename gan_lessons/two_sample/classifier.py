"""Classifier two-sample test (C2ST): can a network tell x from y on points it has not seen?"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from gan_lessons._validation import check_count, check_pair, check_positive, check_result, check_rng
from gan_lessons.two_sample.permutation import TestResult, result_of, with_observed


def classifier_test(
    x: Tensor,
    y: Tensor,
    hidden: int = 20,
    n_steps: int = 200,
    lr: float = 0.02,
    n_permutations: int = 500,
    rng: torch.Generator | None = None,
) -> TestResult:
    r"""Test p = q by the accuracy, on held-out halves, of a classifier trained on the others.

    The statistic is the mean of the accuracies on held-out x and on held-out y, so that unequal
    sizes give no head start; with equal sizes it is the plain accuracy. The classifier minimises
    the discriminator's loss, mean softplus(-D(x)) + mean softplus(D(y)), by full-batch Adam.

    Under p = q the accuracy is asymptotically
    :math:`N(1/2, \, (1/n_{te} + 1/m_{te}) / 16)`, which is :math:`N(1/2, 1 / (4 N_{te}))` for
    equal sizes and :math:`N_{te} = n_{te} + m_{te}` held-out points. Permutations shuffle the
    held-out labels and leave the classifier alone; they are exact for every sample size.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,), at least two each.
    hidden
        ReLU units of the hidden layer; 0 is logistic regression.
    n_steps, lr
        Number and size of the training steps.
    n_permutations
        Number of random labellings of the held-out points; 0 takes the asymptotic law.
    rng
        Splits the samples, draws the initial weights and the labellings; None draws from torch's
        default generator.

    Returns
    -------
    TestResult
        statistic, p_value, n_permutations, null.

    Raises
    ------
    ValueError
        If the samples do not fit or are too large, an option is out of range, or ``lr`` is so
        large that the classifier's logits are not finite.

    References
    ----------
    Lopez-Paz and Oquab (2017), section 3.
    """
    hidden = check_count(hidden, "hidden", minimum=0)
    n_steps = check_count(n_steps, "n_steps")
    check_positive(lr, "lr")
    x, y, rng = *check_pair(x, y), check_rng(rng)
    x_train, x_test = _halves(x.detach(), rng)
    y_train, y_test = _halves(y.detach(), rng)
    weights = _train(x_train, y_train, hidden, n_steps, lr, rng)

    train = torch.cat([x_train, y_train])
    logits = _logits(_standardise(torch.cat([x_test, y_test]), train), weights)
    if not bool(torch.isfinite(logits).all()):
        raise ValueError(f"lr={lr} made the classifier's logits NaN or infinite; lower lr.")
    said_x = (logits > 0).long().cpu()
    n, m = x_test.shape[0], y_test.shape[0]
    labels = with_observed(n, m, n_permutations, rng).long().cpu()
    # Whole numbers until the last division, so that equal accuracies are equal exactly.
    right_x = labels @ said_x
    right_y = (1 - labels) @ (1 - said_x)
    values = (m * right_x + n * right_y).double() / (2 * n * m)
    result = result_of(values)
    if n_permutations > 0:
        return result
    z = (result.statistic - 0.5) / math.sqrt((1 / n + 1 / m) / 16)
    return TestResult(result.statistic, 0.5 * math.erfc(z / math.sqrt(2)), 0, result.null)


def classifier_test_power(accuracy: float, n_test: int, level: float = 0.05) -> float:
    r"""Return the probability that the asymptotic classifier test rejects p = q.

    .. math:: \Phi\left(\frac{\epsilon \sqrt{n_{te}} - z_{1-\alpha} / 2}
        {\sqrt{1/4 - \epsilon^2}}\right), \quad \epsilon = \text{accuracy} - 1/2

    Parameters
    ----------
    accuracy
        True accuracy of the classifier on new points, above 0 and below 1.
    n_test
        Number of held-out points, half of them x and half y.
    level
        Level of the test, between 0 and 1.

    References
    ----------
    Lopez-Paz and Oquab (2017), theorem 1.
    """
    for value, name in ((accuracy, "accuracy"), (level, "level")):
        if not 0 < check_positive(value, name) < 1:
            raise ValueError(f"{name} must be between 0 and 1, got {value}.")
    edge = accuracy - 0.5
    z = float(torch.special.ndtri(torch.tensor(1 - level, dtype=torch.float64)))
    ratio = (edge * math.sqrt(check_count(n_test, "n_test")) - z / 2) / math.sqrt(0.25 - edge**2)
    return 0.5 * math.erfc(-ratio / math.sqrt(2))


def _draw(shape: tuple[int, ...], like: Tensor, rng: torch.Generator | None) -> Tensor:
    """Standard normal numbers drawn where the generator is and moved to the data."""
    device = torch.device("cpu") if rng is None else rng.device
    return torch.randn(shape, generator=rng, device=device).to(like)


def _halves(points: Tensor, rng: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Split rows at random: training half (rounded down) and held-out half."""
    size = points.shape[0]
    device = torch.device("cpu") if rng is None else rng.device
    order = torch.randperm(size, generator=rng, device=device).to(points.device)
    return points[order[: size // 2]], points[order[size // 2 :]]


def _standardise(points: Tensor, train: Tensor) -> Tensor:
    """Scale every feature by the training points' mean and standard deviation."""
    std = train.std(0, correction=0)
    check_result(std.max(), "a standard deviation of x and y")
    return (points - train.mean(0)) / torch.where(std > 0, std, 1)


def _train(
    x: Tensor, y: Tensor, hidden: int, n_steps: int, lr: float, rng: torch.Generator | None
) -> list[Tensor]:
    """Return trained weights and biases, layer by layer."""
    sizes = [x.shape[1], hidden, 1] if hidden else [x.shape[1], 1]
    weights: list[Tensor] = []
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        weights += [_draw((fan_in, fan_out), x, rng) / math.sqrt(fan_in), x.new_zeros(fan_out)]
    for weight in weights:
        weight.requires_grad_()
    train = torch.cat([x, y])
    scaled = _standardise(train, train)
    optimizer = torch.optim.Adam(weights, lr=lr)
    for _ in range(n_steps):
        logits = _logits(scaled, weights)
        real, fake = logits[: x.shape[0]], logits[x.shape[0] :]
        loss = functional.softplus(-real).mean() + functional.softplus(fake).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [weight.detach() for weight in weights]


def _logits(points: Tensor, weights: list[Tensor]) -> Tensor:
    """Logits (n,) of the network with the given weights."""
    values = points
    for i in range(0, len(weights), 2):
        values = values @ weights[i] + weights[i + 1]
        if i + 2 < len(weights):
            values = values.relu()
    return values.squeeze(1)
