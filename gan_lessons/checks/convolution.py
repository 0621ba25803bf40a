"""Checks for the exercises of chapter 8."""

from collections.abc import Callable

import torch
from torch.nn.functional import conv1d, conv_transpose1d

from gan_lessons.checks.report import Report, examine

# (side, kernel, stride, padding): even and odd sides, remainders, windows as wide as the input.
_CASES = (
    (16, 4, 2, 1),
    (28, 3, 1, 1),
    (28, 5, 2, 0),
    (7, 4, 2, 1),
    (9, 3, 3, 0),
    (10, 3, 3, 1),
    (5, 5, 1, 0),
    (8, 1, 4, 0),
)


def _compare(
    function: Callable[[int, int, int, int], object], true: Callable[..., int]
) -> bool | str:
    """Compare a student's function with what torch makes of an input of that size."""
    for case in _CASES:
        wanted, came = true(*case), function(*case)
        if isinstance(came, bool) or not isinstance(came, int):
            return f"for (n, k, s, p) = {case} it gave {came!r}; a size is an int (use //)"
        if came != wanted:
            return f"for (n, k, s, p) = {case} it gave {came}, torch makes {wanted}"
    return True


def check_output_sizes(
    convolution_size: Callable[[int, int, int, int], object],
    transposed_size: Callable[[int, int, int, int], object],
    seed: int | None = None,
) -> Report:
    """Mark the output sizes of a convolution and of a transposed convolution.

    Parameters
    ----------
    convolution_size, transposed_size
        Functions of the input's side n, the kernel size k, the stride s and the padding p that
        return the output's side.
    seed
        Not used: the cases are fixed.

    Returns
    -------
    Report
        Passed, or the first case in which torch makes another size.
    """

    def by_convolution(n: int, k: int, s: int, p: int) -> int:
        return conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k), stride=s, padding=p).shape[2]

    def by_transposed(n: int, k: int, s: int, p: int) -> int:
        images, kernel = torch.zeros(1, 1, n), torch.zeros(1, 1, k)
        return conv_transpose1d(images, kernel, stride=s, padding=p).shape[2]

    return examine(
        ("sizes of convolutions are torch's", lambda: _compare(convolution_size, by_convolution)),
        (
            "sizes of transposed convolutions are torch's",
            lambda: _compare(transposed_size, by_transposed),
        ),
    )
