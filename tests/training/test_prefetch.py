"""Rows of the host's memory: which rows a step sees, also in a run that is continued."""

from dataclasses import dataclass

import pytest
import torch

from gan_lessons.training.prefetch import HostRows, in_host_memory

CPU = torch.device("cpu")
DATA = torch.arange(1000.0)
RNG = torch.Generator()


@dataclass
class Steps:
    """All that is asked of a system."""

    steps_done: int = 0


def run(steps: range, seed: int = 3, data=DATA, size: int = 8) -> list:
    system = Steps(steps.start)
    rows, seen = HostRows(data, seed, system, CPU), []
    for step in steps:
        system.steps_done = step
        seen.append(rows(size, RNG))
    return seen


def test_a_continued_run_sees_the_rows_that_it_would_have_seen():
    whole = run(range(10))
    assert len({tuple(batch.flatten().tolist()) for batch in whole}) == 10
    for start in (1, 4, 9):
        assert torch.equal(torch.stack(whole[start:]), torch.stack(run(range(start, 10))))
    other = run(range(10), seed=4)
    assert not any(torch.equal(a, b) for a, b in zip(whole, other, strict=True))


def test_a_system_put_back_to_an_older_step_gets_that_steps_rows():
    system = Steps()
    rows, seen = HostRows(DATA, 3, system, CPU), []
    for step in (0, 1, 2, 1, 2, 3):
        system.steps_done = step
        seen.append(rows(8, RNG))
    assert torch.equal(seen[1], seen[3])
    assert torch.equal(seen[2], seen[4])
    assert torch.equal(torch.stack([*seen[:3], seen[5]]), torch.stack(run(range(4))))


def test_the_next_batch_is_gathered_while_this_one_is_used(monkeypatch):
    gathered = []
    gather = HostRows._gather

    def noted(self, step, n):
        gathered.append(step)
        return gather(self, step, n)

    monkeypatch.setattr(HostRows, "_gather", noted)
    run(range(5, 8))
    assert gathered == [5, 6, 7, 8]


def test_rows_are_drawn_uniformly_with_replacement():
    (batch,) = run(range(1), data=torch.arange(10.0), size=10_000)
    assert batch.shape == (10_000, 1)
    counts = torch.bincount(batch.flatten().long(), minlength=10)
    # chi-square with 9 degrees of freedom exceeds 45 with probability below 1e-6
    assert ((counts - 1000) ** 2 / 1000).sum().item() < 45


def test_images_keep_their_labels():
    images = torch.arange(100.0).view(100, 1, 1, 1).expand(-1, 1, 2, 2)
    for x, y in run(range(3), data=(images, torch.arange(100))):
        assert x.shape == (8, 1, 2, 2)
        assert torch.equal(x[:, 0, 0, 0].long(), y)


@pytest.mark.parametrize(
    ("data", "answer"),
    [(DATA, True), ((DATA, DATA), True), (DATA.to("meta"), False), (torch.randn, False)],
)
def test_what_is_in_host_memory(data, answer):
    assert in_host_memory(data) is answer


def test_each_rank_draws_rows_of_its_own():
    """Under torchrun every rank has the run's seed; the same rows on all would waste the ranks."""

    class Ranked:
        steps_done = 0

        def __init__(self, rank):
            self.rank = rank

    drawn = [HostRows(DATA, 3, Ranked(rank), CPU)(64, torch.Generator()) for rank in (0, 1, 0)]
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])
