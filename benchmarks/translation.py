"""The CycleGAN's step against a loop written the usual way, on one thread, in CPU time.

``python -m benchmarks.translation`` prints a markdown table; ``--quick`` takes fewer rounds. Both
train networks of one architecture (6 blocks, 32 maps, 70-pixel patches) with identity loss and
pools of 50. The usual loop has torch's own layers, with the biases that published networks have
before an instance norm; it makes one pass for each part, freezes the discriminators while the
generators learn, and reads its losses every 50 steps. Step by step they take turns, and change
who is first; shown is the median of the ratio within a turn, with its quartiles.
"""

import argparse
import itertools
import statistics
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.training import machine, milliseconds
from gan_lessons.models import CycleGAN, CycleGANConfig
from gan_lessons.networks import PatchDiscriminator, ResnetTranslator
from gan_lessons.training import train

# Pixels a side, batch size, gate, turns.
WORK = [(64, 1, 1.1, 24), (128, 1, 1.15, 14), (64, 4, None, 6), (128, 2, None, 6)]
WIDTH, BLOCKS = 32, 6


def config(batch_size: int) -> CycleGANConfig:
    """Return the published numbers; a record comes after every step."""
    return CycleGANConfig(
        steps=10**9, batch_size=batch_size, identity_weight=5.0, adversarial_weight=2.0,
        ema_decay=0.0, log_every=1,
    )  # fmt: skip


class UsualBlock(nn.Module):
    """Two convolutions beside a way past them."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for k in range(2):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(maps, maps, 3), nn.InstanceNorm2d(maps)]
            layers += [nn.ReLU(True)] if k == 0 else []
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def usual_generator() -> nn.Module:
    """Return the published residual network of torch's layers."""
    w = WIDTH
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, w, 7), nn.InstanceNorm2d(w), nn.ReLU(True)]
    for a, b in pairwise((w, 2 * w, 4 * w)):
        layers += [nn.Conv2d(a, b, 3, 2, 1), nn.InstanceNorm2d(b), nn.ReLU(True)]
    layers += [UsualBlock(4 * w) for _ in range(BLOCKS)]
    for a, b in pairwise((4 * w, 2 * w, w)):
        up = nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1)
        layers += [up, nn.InstanceNorm2d(b), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(w, 3, 7), nn.Tanh())


def usual_discriminator() -> nn.Module:
    """Return the published discriminator of patches of torch's layers."""
    w = WIDTH
    layers = [nn.Conv2d(3, w, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for a, b, stride in ((w, 2 * w, 2), (2 * w, 4 * w, 2), (4 * w, 8 * w, 1)):
        layers += [nn.Conv2d(a, b, 4, stride, 1), nn.InstanceNorm2d(b), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * w, 1, 4, 1, 1))


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


def usual_loop(size: int, batch_size: int = 1) -> Iterator[None]:
    """Train as public CycleGAN code does, one step per ``next``."""
    a_to_b, b_to_a = usual_generator(), usual_generator()
    judge_a, judge_b = usual_discriminator(), usual_discriminator()
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
        a, b = (part[torch.randint(len(part), (batch_size,))] for part in (data_a, data_b))
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


def our_loop(size: int, batch_size: int = 1) -> Iterator[object]:
    """Train as the package does."""
    there, back = (ResnetTranslator(width=WIDTH, n_blocks=BLOCKS) for _ in range(2))
    judge_a, judge_b = (PatchDiscriminator(width=WIDTH) for _ in range(2))
    system = CycleGAN(there, back, judge_a, judge_b, "least-squares", config(batch_size))
    return train(system, domains(size), system.config)


def compared(size: int, batch_size: int, gate: float | None, turns: int) -> bool:
    """Print one row; return whether it meets its gate."""
    loops = [usual_loop(size, batch_size), our_loop(size, batch_size)]
    times: list[list[float]] = [[], []]
    for turn in range(turns + 2):
        for k in (0, 1) if turn % 2 else (1, 0):
            took = milliseconds(loops[k], 1, 1)
            if turn > 1:  # the first two are for warming up
                times[k].append(took)
    low, ratio, high = statistics.quantiles([a / b for a, b in zip(*times, strict=True)], n=4)
    passed = gate is None or ratio >= gate
    theirs, ours = (statistics.median(one) for one in times)
    verdict = "" if gate is None else "yes" if passed else "**no**"
    print(
        f"| {size} pixels, batch {batch_size} | {theirs:.0f} | {ours:.0f} | **{ratio:.2f}** | "
        f"{low:.2f} to {high:.2f} | {turns} | {gate or ''} | {verdict} |",
        flush=True,
    )
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"Measured on: {machine()}.\n")
    print("| work | usual, ms | ours, ms | ratio | quartiles | turns | gate | met |")
    print("|---|---|---|---|---|---|---|---|")
    part = 2 if arguments.quick else 1
    met = [compared(size, n, gate, turns // part) for size, n, gate, turns in WORK]
    print("\nEvery gate is met." if all(met) else "\nA gate is missed.")
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
