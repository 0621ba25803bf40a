"""The checks of chapter 16 with right functions and with the typical wrong ones."""

import random

import pytest
import torch
from torch.nn.functional import l1_loss, mse_loss

from gan_lessons.checks import check_cycle_loss, check_image_pool
from gan_lessons.models import ImagePool


def right(there, back, a, b, forward, backward):
    """By torch's own loss."""
    return forward * l1_loss(back(there(a)), a) + backward * l1_loss(there(back(b)), b)


def test_a_right_loss_passes():
    for seed in range(3):
        report = check_cycle_loss(right, seed)
        assert report.passed, report


def detached(there, back, a, b, w, v):
    return right(lambda x: there(x).detach(), back, a, b, w, v)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (
            lambda g, f, a, b, w, v: w * mse_loss(f(g(a)), a) + v * mse_loss(g(f(b)), b),
            "it squares",
        ),
        (lambda g, f, a, b, w, v: w * l1_loss(f(g(a)), a), "b -> a -> b is missing"),
        (lambda g, f, a, b, w, v: v * l1_loss(g(f(b)), b), "a -> b -> a is missing"),
        (lambda g, f, a, b, w, v: right(g, f, a, b, v, w), "weights are exchanged"),
        (lambda g, f, a, b, w, v: right(g, f, a, b, 1, 1), "weights are left out"),
        (lambda g, f, a, b, w, v: right(f, g, b, a, w, v), "the forward cycle starts in a"),
        (lambda g, f, a, b, w, v: 48 * right(g, f, a, b, w, v), "it sums over an image"),
        (lambda g, f, a, b, w, v: 288 * right(g, f, a, b, w, v), "it sums over the entries"),
        (lambda g, f, a, b, w, v: w * l1_loss(f(b), a) + v * l1_loss(g(a), b), "they are no pairs"),
        (lambda g, f, a, b, w, v: w * l1_loss(g(a), b) + v * l1_loss(f(b), a), "they are no pairs"),
        (lambda g, f, a, b, w, v: right(g, f, a, b, w, v).detach(), "cut off from both"),
        (detached, "the gradient of G"),
        (lambda g, f, a, b, w, v: right(g, f, a, b, w, v).item(), "must be a scalar tensor"),
        (lambda g, f, a, b, w, v: right(g, f, a, b, w, v) + 1, "it must be 0"),
    ],
)
def test_wrong_losses_are_told(loss, words):
    report = check_cycle_loss(loss)
    assert not report.passed
    assert words in str(report)


class Pool:
    """A right pool, image by image; the wrong ones change one thing."""

    def __init__(self, size):
        self.size, self.images, self.drawn = size, [], random.Random(3)

    def query(self, images, rng):
        return torch.stack([self.one(image.detach().clone()) for image in images])

    def one(self, image):
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        if not self.size or self.drawn.random() < 0.5:
            return image
        return self.exchange(self.drawn.randrange(self.size), image)

    def exchange(self, k, image):
        old, self.images[k] = self.images[k], image
        return old


@pytest.mark.parametrize("pool", [ImagePool, Pool])
def test_right_pools_pass(pool):
    for seed in range(5):
        report = check_image_pool(pool, seed)
        assert report.passed, report


class NeverNew(Pool):
    def one(self, image):
        if len(self.images) < self.size:
            return super().one(image)
        return self.exchange(self.drawn.randrange(self.size), image) if self.size else image


class Keeps(Pool):
    def exchange(self, k, image):
        return self.images[k]


class Oldest(Pool):
    def exchange(self, k, image):
        return super().exchange(0, image)


class Nothing(Pool):
    def one(self, image):
        return image


class DrawsWhileFilling(Pool):
    def one(self, image):
        if self.images and len(self.images) < self.size:
            self.images.append(image)
            return self.images[0]
        return super().one(image)


class Aliases(Pool):
    def query(self, images, rng):
        return torch.stack([self.one(image.detach()) for image in images])


class KeepsGraph(Pool):
    def query(self, images, rng):
        return torch.stack([self.one(image.clone()) for image in images])


class NoZero(Pool):
    def __init__(self, size):
        super().__init__(max(size, 1))


class Flat(Pool):
    def query(self, images, rng):
        return super().query(images, rng).flatten()


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        (NeverNew, "of 1,000 new images 0 came back at once"),
        (Nothing, "of 1,000 new images 1000 came back at once"),
        (Keeps, "had come back before"),
        (Oldest, "exchange a place drawn by chance"),
        (DrawsWhileFilling, "before it was full"),
        (Aliases, "copy them"),
        (KeepsGraph, "detach"),
        (NoZero, "a pool of size 0 gave back"),
        (Flat, "query must give back images"),
    ],
)
def test_wrong_pools_are_told(pool, words):
    report = check_image_pool(pool)
    assert not report.passed
    assert words in str(report)
