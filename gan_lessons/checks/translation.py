"""Checks for the exercises of chapter 16: the cycle's loss and the image pool."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons.checks.report import Report, examine, seeded

_Loss = Callable[[nn.Module, nn.Module, Tensor, Tensor, float, float], object]


class _Scale(nn.Module):
    """The map x -> factor x + shift, whose cycles can be worked out by hand."""

    def __init__(self, factor: float, shift: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor, dtype=torch.float64))
        self.shift = shift

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, ...) to as many."""
        return self.factor * x + self.shift


def check_cycle_loss(student_function: _Loss, seed: int | None = None) -> Report:
    r"""Mark a student's cycle consistency loss.

    .. math:: w_f\, \mathrm{mean}\,|F(G(a)) - a| + w_b\, \mathrm{mean}\,|G(F(b)) - b|

    Parameters
    ----------
    student_function
        A function of the generators G: a -> b and F: b -> a, of samples a (n, ...) and b (n, ...),
        and of the forward and the backward weight, that returns the loss, a scalar tensor.
    seed
        Seed of the random samples; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.

    References
    ----------
    Zhu et al. (2017), eq. 2.
    """
    rng = seeded(seed)
    a = torch.randn(6, 3, 4, 4, generator=rng, dtype=torch.float64)
    b = 2 + 0.5 * torch.randn(6, 3, 4, 4, generator=rng, dtype=torch.float64)
    there, back = _Scale(1.5, 0.7), _Scale(-0.4, 0.3)
    with torch.no_grad():
        # By hand: F(G(a)) = -0.4 (1.5 a + 0.7) + 0.3, G(F(b)) = 1.5 (-0.4 b + 0.3) + 0.7.
        off_a, off_b = -1.6 * a + 0.02, -1.6 * b + 1.15
        forward, backward = float(off_a.abs().mean()), float(off_b.abs().mean())
        one_way_a, one_way_b = (
            float((back(b) - a).abs().mean()),
            float((there(a) - b).abs().mean()),
        )

    def answer(w_f: float, w_b: float, g: nn.Module = there, f: nn.Module = back) -> Tensor:
        came = student_function(g, f, a, b, w_f, w_b)
        if not isinstance(came, Tensor) or came.dim() != 0:
            kind = f"shape {tuple(came.shape)}" if isinstance(came, Tensor) else repr(came)
            raise TypeError(f"the loss must be a scalar tensor, got {kind}")
        return came

    def close(came: float, wanted: float) -> bool:
        return abs(came - wanted) < 1e-9 * max(1.0, abs(wanted))

    def compare(
        w_f: float, w_b: float, right: tuple[float, float], off: tuple[Tensor, Tensor]
    ) -> bool | str:
        came = float(answer(w_f, w_b).detach())

        def weighed(x: float, y: float) -> float:
            return w_f * x + w_b * y

        squares = [float(part.square().mean()) for part in off]
        sums = [float(part.abs().sum()) for part in off]
        named = {
            weighed(*right): "",
            weighed(*squares): "it squares; take absolute differences",
            weighed(*sums): "it sums over the entries; take the mean",
            weighed(*(total / len(a) for total in sums)): "it sums over an image; take the mean",
            weighed(right[0], 0): "a -> b -> a alone: b -> a -> b is missing",
            weighed(0, right[1]): "b -> a -> b alone: a -> b -> a is missing",
            w_b * right[0] + w_f * right[1]: "the two weights are exchanged",
            right[0] + right[1]: "the weights are left out",
            weighed(one_way_a, one_way_b): "it compares F(b) with a and G(a) with b; they are "
            "no pairs: bring each image back to its own domain first",
            weighed(one_way_b, one_way_a): "it compares G(a) with b and F(b) with a; they are "
            "no pairs: bring each image back to its own domain first",
        }
        for number, words in named.items():
            if close(came, number):
                return words or True
        return f"it is {came:.4g}, by hand {weighed(*right):.4g}"

    def both() -> bool | str:
        return compare(10.0, 3.0, (forward, backward), (off_a, off_b))

    def forward_alone() -> bool | str:
        came = float(answer(2.0, 0.0).detach())
        if close(came, 2 * backward):
            return "the forward cycle starts in a: F(G(a)) - a"
        return close(came, 2 * forward) or f"it is {came:.4g}, by hand {2 * forward:.4g}"

    def undone() -> bool | str:
        came = float(answer(10.0, 3.0, _Scale(2.0, 1.0), _Scale(0.5, -0.5)).detach())
        return abs(came) < 1e-9 or f"it is {came:.4g} where F undoes G exactly; it must be 0"

    def gradients() -> bool | str:
        loss = answer(10.0, 3.0)
        weights = [there.factor, back.factor]
        if not loss.requires_grad:
            return "the loss is cut off from both generators; do not detach them"
        came = torch.autograd.grad(loss, weights, allow_unused=True)
        signs = torch.sign(off_a), torch.sign(off_b)
        with torch.no_grad():
            wanted = (
                10 * (signs[0] * back.factor * a).mean() + 3 * (signs[1] * back(b)).mean(),
                10 * (signs[0] * there(a)).mean() + 3 * (signs[1] * there.factor * b).mean(),
            )
        for name, gradient, right in zip("GF", came, wanted, strict=True):
            if gradient is None or not close(float(gradient), float(right)):
                return f"the gradient of {name} is not that of both cycles; detach nothing"
        return True

    return examine(
        ("both cycles, each with its weight", both),
        ("the forward cycle alone", forward_alone),
        ("0 where each generator undoes the other", undone),
        ("its gradient reaches both generators, through both cycles", gradients),
    )


def check_image_pool(student_pool: Callable[[int], Any], seed: int | None = None) -> Report:
    """Mark a student's image pool: what it keeps, what it gives back, and how often.

    Parameters
    ----------
    student_pool
        A class, or a function, that makes a pool of a size. Its ``query(images, rng)`` takes
        images (n, ...) and a ``torch.Generator`` and gives back as many.
    seed
        Seed of the generator; 0 where None. A pool that draws by itself is marked as well: a right
        one then fails with a probability below 1 in 10,000.

    Returns
    -------
    Report
        Passed, or what came instead.

    References
    ----------
    Zhu et al. (2017), section 4; Shrivastava et al. (2017), section 2.3.
    """
    rng = seeded(seed)

    def images(first: int, n: int) -> Tensor:
        """Return images whose only pixels are their numbers."""
        return torch.arange(first, first + n, dtype=torch.float32).reshape(n, 1, 1, 1)

    def query(pool: Any, batch: Tensor) -> list[int]:
        came = pool.query(batch, rng)
        if not isinstance(came, Tensor) or came.shape != batch.shape:
            kind = tuple(came.shape) if isinstance(came, Tensor) else type(came).__name__
            raise TypeError(f"query must give back images {tuple(batch.shape)}, got {kind}")
        return [round(value) for value in came.flatten().tolist()]

    def filling() -> bool | str:
        pool = student_pool(6)
        for first, n in ((0, 2), (2, 1), (3, 3)):
            came = query(pool, images(first, n))
            if came != [*range(first, first + n)]:
                return f"images {first} to {first + n - 1} came as {came} before it was full"
        return True

    def run(size: int, steps: int) -> list[int]:
        """Return what comes back of a full pool, one image at a time."""
        pool = student_pool(size)
        query(pool, images(0, size))
        return [query(pool, images(size + k, 1))[0] for k in range(steps)]

    def half() -> bool | str:
        came, size = run(5, 1000), 5
        new = sum(k == value - size for k, value in enumerate(came))
        # 500 with standard deviation 15.8; outside 4.4 of them: 1 in 90,000.
        if abs(new - 500) <= 70:
            return True
        return f"of 1,000 new images {new} came back at once; half should, by chance"

    def once() -> bool | str:
        came = run(5, 400)
        again = len(came) - len(set(came))
        if again == 0:
            return True
        return f"{again} of 400 had come back before: what is given back must leave the pool"

    def late() -> bool | str:
        came = run(4, 400)
        if any(value > k + 4 for k, value in enumerate(came)) or min(came) < 0:
            return "it gave back an image that it had not been given"
        lost = [value for value in range(4) if value not in came]
        # one of four places, half of the time: an image stays 400 steps with chance (7/8)^400.
        return not lost or f"images {lost} never came back: exchange a place drawn by chance"

    def copies() -> bool | str:
        pool, batch = student_pool(3), images(0, 3)
        query(pool, batch)
        batch.fill_(99.0)  # as a training loop may reuse its memory
        came = [query(pool, images(3 + k, 1))[0] for k in range(60)]
        return 99 not in came or "its images changed with the batch they came from: copy them"

    def no_graph() -> bool | str:
        pool = student_pool(2)
        batch = torch.zeros(2, 1, 1, 1, requires_grad=True)
        pool.query(2 * batch, rng)
        came = [pool.query(2 * batch[:1], rng) for _ in range(40)]
        return not any(one.requires_grad for one in came) or "detach what is kept and given back"

    def nothing() -> bool | str:
        pool = student_pool(0)
        came = query(pool, images(0, 3)) + query(pool, images(3, 2))
        return came == [*range(5)] or f"a pool of size 0 gave back {came}; it keeps nothing"

    return examine(
        ("the first images are kept, and given back as they are", filling),
        ("full: half of the new images come back at once", half),
        ("no image comes back twice", once),
        ("every place is exchanged at some time", late),
        ("what it keeps are copies", copies),
        ("what comes back has no graph", no_graph),
        ("a pool of size 0", nothing),
    )
