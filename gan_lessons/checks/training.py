"""Checks for the exercises of chapter 6."""

from collections.abc import Callable
from copy import deepcopy
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.optim import SGD, Optimizer

from gan_lessons.checks.report import Report, examine, seeded

Step: TypeAlias = Callable[[nn.Module, nn.Module, Optimizer, Optimizer, Tensor, Tensor], object]

_DOUBLE = torch.float64
_LR = 0.3
#: What a wrong loop does, and what to say to whoever wrote it.
_MISTAKES = {
    "no zero_grad": "gradients from before were added: call zero_grad before each backward",
    "simultaneous": "G's loss was computed with D as it was before D's update",
    "saturating": "G minimised log(1 - D(G(z))); the non-saturating loss is -log D(G(z))",
    "sum": "the losses were summed over the batch, not averaged",
    "labels": "D was trained with the labels exchanged: it calls real samples fake",
    "leak": "gradients of D's loss reached G's update: detach the fakes and clear G's gradients",
}


def check_discriminator_sgd_step(
    student_function: Callable[[float, float, Tensor, Tensor, float], object],
    seed: int | None = None,
) -> Report:
    """Mark a student's gradient step of a logistic discriminator.

    Parameters
    ----------
    student_function
        A function of w, b, real samples x (n,), generated samples y (m,) and the step size that
        returns (w, b) after one step of gradient ascent on the estimate of V from these samples,
        with D(t) = sigmoid(w t + b).
    seed
        Seed of the random samples; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)

    def exact(w: float, b: float, x: Tensor, y: Tensor) -> Tensor:
        phi = torch.tensor([w, b], dtype=_DOUBLE, requires_grad=True)
        value = logsigmoid(phi[0] * x + phi[1]).mean() + logsigmoid(-phi[0] * y - phi[1]).mean()
        return torch.autograd.grad(value, phi)[0]

    def agrees(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> bool | str:
        phi, slope = torch.tensor([w, b], dtype=_DOUBLE), exact(w, b, x, y)
        came = torch.stack(
            [torch.as_tensor(v, dtype=_DOUBLE) for v in student_function(w, b, x, y, lr)]  # type: ignore[attr-defined]
        )
        if torch.allclose(came, phi + lr * slope, atol=1e-6):
            return True
        if torch.allclose(came, phi - lr * slope, atol=1e-6):
            return "it stepped downhill: D maximises V"
        if torch.allclose(came, phi + lr * len(x) * slope, atol=1e-6):
            return "it summed over the samples: V is estimated by averages"
        wanted, given = ((f"({v[0]:.4f}, {v[1]:.4f})") for v in (phi + lr * slope, came))
        return f"it gave (w, b) = {given}, wanted {wanted}"

    def random(size: int, size_fake: int) -> bool | str:
        x = 1 + torch.randn(size, generator=rng, dtype=_DOUBLE)
        y = -1 + 2 * torch.randn(size_fake, generator=rng, dtype=_DOUBLE)
        return agrees(0.7, -0.4, x, y, 0.02)

    def by_hand() -> bool | str:
        x, y = torch.tensor([2.0], dtype=_DOUBLE), torch.tensor([-2.0], dtype=_DOUBLE)
        # at w = b = 0 every D is 1/2: dV/dw = 2/2 + 2/2 = 2 and dV/db = 1/2 - 1/2 = 0
        return agrees(0.0, 0.0, x, y, 0.1)

    def certain() -> bool | str:
        x = torch.tensor([400.0, -300.0], dtype=_DOUBLE)
        return agrees(3.0, 1.0, x, -x.flip(0), 0.1)

    return examine(
        ("one sample each, worked by hand: w = 0.2, b = 0", by_hand),
        ("five real and five generated samples", lambda: random(5, 5)),
        ("samples of unequal number", lambda: random(3, 8)),
        ("logits of +-1000 do no harm", certain),
    )


def check_gan_step(student_step: Step, seed: int | None = None) -> Report:
    """Mark a student's training step: one update of D, then one of G.

    Parameters
    ----------
    student_step
        A function of (generator, discriminator, g_opt, d_opt, real, z) that updates both networks
        in place by the non-saturating losses (means over the batch), D first; both players use
        the generated samples ``generator(z)``. The discriminator returns logits (n,).
    seed
        Seed of networks and samples; 0 where None.

    Returns
    -------
    Report
        Passed, or which mistake the step made.
    """
    rng = seeded(seed)
    g = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)).double()
    d = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)).double()
    for weight in [*g.parameters(), *d.parameters()]:
        weight.data = torch.randn(weight.shape, generator=rng, dtype=_DOUBLE)
    real = 1 + torch.randn(6, 2, generator=rng, dtype=_DOUBLE)
    z = torch.randn(6, 2, generator=rng, dtype=_DOUBLE)

    def after(step: Step, dirty: bool) -> tuple[Tensor, Tensor]:
        """Return all weights of G and of D after a step; ``dirty`` leaves old gradients behind."""
        networks = deepcopy((g, d))
        for weight in (p for network in networks for p in network.parameters()):
            weight.grad = torch.full_like(weight, 0.5) if dirty else None
        g_opt, d_opt = (SGD(network.parameters(), lr=_LR) for network in networks)
        step(*networks, g_opt, d_opt, real, z)
        first, second = (nn.utils.parameters_to_vector(n.parameters()) for n in networks)
        return first.detach(), second.detach()

    def same(a: Tensor, b: Tensor) -> bool:
        return torch.allclose(a, b, atol=1e-9, rtol=1e-7)

    def player(index: int, dirty: bool) -> bool | str:
        came, wanted = after(student_step, dirty)[index], after(_step(""), dirty)[index]
        if same(came, wanted):
            return True
        if same(came, nn.utils.parameters_to_vector((g, d)[index].parameters())):
            where = " (was the fake batch detached in G's loss, too?)" if index == 0 else ""
            return f"its weights did not move{where}"
        for mistake, said in _MISTAKES.items():
            if same(came, after(_step(mistake), dirty)[index]):
                return said
        return "its weights went elsewhere"

    return examine(
        ("D makes its step", lambda: player(1, False)),
        ("G makes its step, against the new D", lambda: player(0, False)),
        ("D is not disturbed by gradients left behind", lambda: player(1, True)),
        ("G is not disturbed by gradients left behind", lambda: player(0, True)),
    )


def _step(mistake: str) -> Step:
    """Return the right step, or one with a mistake."""

    def step(
        g: nn.Module, d: nn.Module, g_opt: Optimizer, d_opt: Optimizer, real: Tensor, z: Tensor
    ) -> None:
        mean = torch.sum if mistake == "sum" else torch.mean
        fake, old = g(z), deepcopy(d)
        if mistake != "no zero_grad":
            g_opt.zero_grad()
            d_opt.zero_grad()
        sign = -1 if mistake == "labels" else 1
        seen = fake if mistake == "leak" else fake.detach()
        d_loss = -mean(logsigmoid(sign * d(real))) - mean(logsigmoid(-sign * d(seen)))
        d_loss.backward(retain_graph=True)
        d_opt.step()
        logits = (old if mistake == "simultaneous" else d)(fake)
        g_loss = mean(logsigmoid(-logits)) if mistake == "saturating" else -mean(logsigmoid(logits))
        g_loss.backward()
        g_opt.step()

    return step
