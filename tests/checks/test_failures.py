import math

import pytest
import torch

from gan_lessons.checks import check_mode_report


def right(samples, means, std, radius=3.0, only_good=False, by_nearest=False, base=1.0):
    distances, nearest = torch.cdist(samples, means.to(samples)).min(1)
    good = distances <= radius * std
    counted = nearest[good] if only_good else nearest
    q = torch.bincount(counted, minlength=len(means)).double() / max(len(counted), 1)
    kl = torch.xlogy(q, len(means) * q).sum() / base
    modes = len((nearest if by_nearest else nearest[good]).unique())
    return modes, good.double().mean(), kl


def naive_logarithm(samples, means, std):
    modes, quality, _ = right(samples, means, std)
    q = torch.bincount(torch.cdist(samples, means.to(samples)).argmin(1), minlength=len(means))
    q = q.double() / len(samples)
    return modes, quality, (q * (len(means) * q).log()).sum()


def reversed_kl(samples, means, std):
    modes, quality, _ = right(samples, means, std)
    q = torch.bincount(torch.cdist(samples, means.to(samples)).argmin(1), minlength=len(means))
    q = q.double() / len(samples)
    return modes, quality, -(len(means) * q).log().mean()


@pytest.mark.parametrize("seed", range(5))
def test_the_right_function_passes(seed):
    report = check_mode_report(right, seed)
    assert report.passed, report


def usual_mistakes():
    return {
        "0 log 0": naive_logarithm,
        "KL(uniform || shares)": reversed_kl,
        "in bits": lambda *a: right(*a, base=math.log(2)),
        "a mode counts when": lambda *a: right(*a, by_nearest=True),
        "shares are of all samples": lambda *a: right(*a, only_good=True),
        "instead of": lambda *a: right(*a, radius=2.0),
        "it raised": lambda s, m, std: (m[0], 1),
    }


@pytest.mark.parametrize("words", list(usual_mistakes()))
def test_usual_mistakes_are_named(words):
    report = check_mode_report(usual_mistakes()[words])
    assert not report.passed
    assert words in str(report)


def test_the_arguments_are_copies():
    def greedy(samples, means, std):
        answer = right(samples, means, std)
        samples.zero_()
        means.zero_()
        return answer

    assert check_mode_report(greedy).passed
