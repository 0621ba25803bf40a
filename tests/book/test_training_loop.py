"""The loop that chapter 6 shows is the loop that runs: its cells against the package."""

from pathlib import Path

import nbformat
import pytest
import torch

from gan_lessons.distributions import Mixture, ring
from gan_lessons.training import GANState, TrainConfig, train

CHAPTER = Path(__file__).resolve().parents[2] / "book" / "06_training_algorithm.ipynb"
LAWS = {1: Mixture([0.4, 0.6], [-1.5, 1.0], [0.4, 0.6]), 2: ring(std=0.05)}


@pytest.fixture(scope="module")
def chapter():
    """Run the two cells that define networks and loop, and nothing else of the chapter."""
    cells = nbformat.read(CHAPTER, as_version=4).cells
    scope = {"torch": torch, "nn": torch.nn, "logsigmoid": torch.nn.functional.logsigmoid}
    for name in ("def new_networks", "def train_gan"):
        (source,) = [c.source for c in cells if c.cell_type == "code" and name in c.source]
        exec(source, scope)
    return scope


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("k", [1, 3])
def test_the_chapters_loop_is_the_packages_loop_to_the_last_digit(chapter, d, k):
    generator, discriminator = chapter["new_networks"](d, seed=5)
    losses = chapter["train_gan"](generator, discriminator, LAWS[d], steps=40, k=k, n=16, seed=7)

    config = TrainConfig(
        steps=40,
        batch_size=16,
        z_dim=d,
        d_steps=k,
        g_lr=1e-3,
        d_lr=1e-3,
        ema_decay=0.0,
        log_every=1,
        seed=7,
    )
    gan = GANState(*chapter["new_networks"](d, seed=5), "non-saturating", config)
    records = list(train(gan, LAWS[d], config))
    for mine, theirs in ((generator, gan.generator), (discriminator, gan.discriminator)):
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)
    assert [[record.d_loss, record.g_loss] for record in records] == losses.tolist()
    assert len({tuple(pair) for pair in losses.tolist()}) == 40  # it moved at every step


def test_the_loop_fits_on_a_screen(chapter):
    cells = nbformat.read(CHAPTER, as_version=4).cells
    (source,) = [c.source for c in cells if c.cell_type == "code" and "def train_gan" in c.source]
    assert len(source.strip().splitlines()) <= 22
