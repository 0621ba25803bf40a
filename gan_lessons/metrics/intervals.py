"""Intervals for a share that was counted: "41 of 64 runs" with its uncertainty."""

from typing import NamedTuple

from gan_lessons._validation import check_count, check_positive


class Share(NamedTuple):
    """A counted share with its exact interval.

    Parameters
    ----------
    value
        ``successes / trials``.
    low, high
        The interval's ends.
    """

    value: float
    low: float
    high: float


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> Share:
    r"""Exact (Clopper-Pearson) interval for the probability behind a counted share.

    .. math:: low = B_{\alpha/2}(k, n - k + 1), \quad high = B_{1-\alpha/2}(k + 1, n - k),

    with :math:`B_a` the a-quantile of the Beta law and :math:`\alpha = 1 - level`. It covers the
    true probability in at least ``level`` of all repetitions, whatever that probability is.

    Parameters
    ----------
    successes
        How often it happened, k.
    trials
        How often it could have happened, n.
    level
        Confidence level in (0, 1).

    Returns
    -------
    Share
        (value, low, high).

    Raises
    ------
    ValueError
        If ``successes`` is not within 0 and ``trials``, or ``level`` not within (0, 1).
    TypeError
        If an argument is no number.

    References
    ----------
    Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in the case
    of the binomial", Biometrika 26.
    """
    from scipy.stats import beta

    trials = check_count(trials, "trials")
    successes = check_count(successes, "successes", minimum=0)
    if successes > trials:
        raise ValueError(f"successes must be at most trials = {trials}, got {successes}.")
    if not 0 < check_positive(level, "level", allow_zero=True) < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}.")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = (
        1.0 if successes == trials else float(beta.ppf(1 - tail, successes + 1, trials - successes))
    )
    return Share(successes / trials, low, high)
