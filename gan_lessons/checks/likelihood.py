"""Checks for the exercises of chapter 1."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.metrics import parzen_log_likelihood


def check_parzen_log_likelihood(
    student_function: Callable[[Tensor, Tensor, float], object], seed: int | None = None
) -> Report:
    r"""Mark a student's log-density of equal Gaussian windows on all centres.

    Parameters
    ----------
    student_function
        A function of points (n, d), centres (m, d) and the bandwidth that returns log-densities
        (n,) in nats.
    seed
        Seed of the random points; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    points = 2 * torch.randn(6, 3, generator=rng, dtype=torch.float64)
    centres = torch.randn(5, 3, generator=rng, dtype=torch.float64)

    def values(x: Tensor, c: Tensor, bandwidth: float) -> Tensor:
        return torch.as_tensor(student_function(x, c, bandwidth), dtype=torch.float64)

    def shape() -> bool | str:
        came = tuple(values(points, centres, 0.5).shape)
        return came == (6,) or f"for 6 points it gave shape {came} instead of (6,)"

    def one_window() -> bool | str:
        # one centre, bandwidth 1, in the middle: the log-density of N(0, I) at 0
        zero = torch.zeros(1, 2, dtype=torch.float64)
        came, wanted = values(zero, zero, 1.0).sum().item(), -math.log(2 * math.pi)
        return (
            abs(came - wanted) < 1e-9 or f"in two dimensions it gave {came:.4f}, not {wanted:.4f}"
        )

    def average() -> bool | str:
        once, twice = values(points, centres, 0.5), values(points, centres.repeat(2, 1), 0.5)
        if bool(torch.isclose(once, twice, atol=1e-9).all()):
            return True
        gain = (twice - once).mean().item()
        return f"it rose by {gain:.4f}: divide the sum of the windows by their number"

    def integrates() -> bool | str:
        places = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]
        density = values(places, centres[:, :1], 0.3).exp()
        area = torch.trapezoid(density, places[:, 0]).item()
        return abs(area - 1) < 1e-6 or f"at bandwidth 0.3 the area is {area:.4f}"

    def spread() -> bool | str:
        for bandwidth in (0.2, 1.0, 3.0):
            wanted = parzen_log_likelihood(points, centres, bandwidth)
            came = values(points, centres, bandwidth)
            if not torch.allclose(came, wanted, rtol=1e-6):
                gap = (came - wanted).abs().max().item()
                return f"at bandwidth {bandwidth} it is off by up to {gap:.4g}"
        return True

    def far_away() -> bool | str:
        far = torch.full((1, 784), 10.0, dtype=torch.float64)
        window = torch.zeros(2, 784, dtype=torch.float64)
        came = values(far, window, 0.2).sum().item()
        if math.isinf(came):
            return "it gave -inf: the density underflows, add up in log space (torch.logsumexp)"
        wanted = parzen_log_likelihood(far, window, 0.2).item()
        return abs(came / wanted - 1) < 1e-6 or f"it gave {came:.1f} instead of {wanted:.1f}"

    return examine(
        ("one log-density for each point", shape),
        ("one window, at its middle", one_window),
        ("the same when every centre is there twice", average),
        ("an area of one in one dimension", integrates),
        ("many points, several bandwidths, three dimensions", spread),
        ("a picture of 784 pixels far from every window", far_away),
    )
