"""The CycleGAN's step against a loop written the usual way, on one thread, in CPU time.

``python -m benchmarks.translation`` prints a markdown table; ``--quick`` takes fewer rounds. Both
train the same networks (6 blocks, 32 maps, 70-pixel patches at 128) with batch size 1, identity
loss and pools of 50. The usual loop makes one pass for each part, freezes the discriminators while
the generators learn, and reads its losses every 50 steps. They take turns within each round; shown
is the median over rounds of the ratio within a round.
"""

import argparse
import itertools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.training import Row, compare, machine
from gan_lessons.models import CycleGAN, CycleGANConfig
from gan_lessons.networks import PatchDiscriminator, ResnetTranslator
from gan_lessons.training import train

CONFIG = CycleGANConfig(
    steps=10**9, batch_size=1, identity_weight=5.0, adversarial_weight=2.0, ema_decay=0.0,
    log_every=5,
)  # fmt: skip


def networks() -> list[nn.Module]:
    rng = torch.Generator().manual_seed(0)
    made: list[nn.Module] = [ResnetTranslator(width=32, n_blocks=6, rng=rng) for _ in range(2)]
    return made + [PatchDiscriminator(width=32, rng=rng) for _ in range(2)]


def domains(size: int, n: int = 60) -> tuple[Tensor, Tensor]:
    """Return noise: what pictures show costs no time."""
    rng = torch.Generator().manual_seed(0)
    a, b = (torch.rand(n, 3, size, size, generator=rng) * 2 - 1 for _ in range(2))
    return a, b


class UsualPool:
    """A list of images, looked at one by one."""

    def __init__(self, size: int) -> None:
        self.size, self.kept = size, list[Tensor]()

    def query(self, images: Tensor) -> Tensor:
        out = []
        for image in images.detach():
            if len(self.kept) < self.size:
                self.kept.append(image)
                out.append(image)
            elif torch.rand(()).item() > 0.5:
                place = int(torch.randint(self.size, ()))
                out.append(self.kept[place].clone())
                self.kept[place] = image
            else:
                out.append(image)
        return torch.stack(out)


def usual_loop(size: int) -> Iterator[None]:
    """Train as public CycleGAN code does, one step per ``next``."""
    a_to_b, b_to_a, judge_a, judge_b = networks()
    generators = [*a_to_b.parameters(), *b_to_a.parameters()]
    judges = [*judge_a.parameters(), *judge_b.parameters()]
    g_optimizer = torch.optim.Adam(generators, lr=2e-4, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(judges, lr=2e-4, betas=(0.5, 0.999))
    l1, squares = nn.L1Loss(), nn.MSELoss()
    pools = {"a": UsualPool(50), "b": UsualPool(50)}
    data_a, data_b = domains(size)

    def wanted(logits: Tensor, value: float) -> Tensor:
        return squares(logits, torch.full_like(logits, value))

    for step in itertools.count(1):
        a, b = (part[torch.randint(len(part), (1,))] for part in (data_a, data_b))
        fake_b, fake_a = a_to_b(a), b_to_a(b)
        again_a, again_b = b_to_a(fake_b), a_to_b(fake_a)
        for weight in judges:
            weight.requires_grad_(False)
        g_optimizer.zero_grad()
        identity = 5.0 * l1(a_to_b(b), b) + 5.0 * l1(b_to_a(a), a)
        adversarial = wanted(judge_b(fake_b), 1.0) + wanted(judge_a(fake_a), 1.0)
        g_loss = adversarial + 10.0 * l1(again_a, a) + 10.0 * l1(again_b, b) + identity
        g_loss.backward()
        g_optimizer.step()
        for weight in judges:
            weight.requires_grad_(True)
        d_optimizer.zero_grad()
        shown = [g_loss]
        for judge, real, fake, name in ((judge_a, a, fake_a, "a"), (judge_b, b, fake_b, "b")):
            old = pools[name].query(fake)
            d_loss = 0.5 * (wanted(judge(real), 1.0) + wanted(judge(old), 0.0))
            d_loss.backward()
            shown.append(d_loss)
        d_optimizer.step()
        if step % 50 == 0:
            _ = [loss.item() for loss in shown]
        yield


def ours(size: int) -> Iterator[Any]:
    """Return our loop as an iterator over single steps: a record comes every ``log_every``."""
    there, back, judge_a, judge_b = networks()
    system = CycleGAN(there, back, judge_a, judge_b, "least-squares", CONFIG)
    return train(system, domains(size), CONFIG)


def table(quick: bool) -> list[Row]:
    rows = []
    for size, gate, rounds in ((64, 1.1, 9), (128, 1.15, 7)):
        name = f"CycleGAN, {size} pixels, 6 blocks of width 32, batch 1; usual loop"
        rounds = 5 if quick else rounds
        rows.append(compare(name, usual_loop(size), ours(size), 5, 1, rounds, (gate, 1.3)))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"Measured on: {machine()}.\n")
    print("| work; measured against | theirs, ms | ours, ms | ratio | gate | aim | met |")
    print("|---|---|---|---|---|---|---|")
    rows = table(arguments.quick)
    passed = sum(row.passed for row in rows)
    print(f"\n{passed} of {len(rows)} rows meet their gate.")
    return 0 if passed == len(rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
