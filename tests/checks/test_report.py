import inspect
import sys

import pytest

from gan_lessons import checks
from gan_lessons.checks import check_optimal_discriminator, examine


def test_a_function_that_ends_the_program_is_a_finding():
    report = check_optimal_discriminator(lambda p, q, share: sys.exit())
    assert not any(finding.passed for finding in report.findings)
    assert "it called exit()" in str(report)


def test_an_interrupt_is_let_through():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(("stopped by hand", stop))


SEEDED = [
    name
    for name in checks.__all__
    if name.startswith("check_") and "Not used" not in (getattr(checks, name).__doc__ or "")
]


@pytest.mark.parametrize("name", SEEDED)
@pytest.mark.parametrize(
    ("seed", "error", "message"),
    [
        ("a", TypeError, "seed must be a whole number, got str"),
        (-1, ValueError, "seed must be at least 0, got -1"),
        (2**70, ValueError, r"seed must be below 2\*\*64"),
    ],
)
def test_the_seed_must_be_a_whole_number(name, seed, error, message):
    check = getattr(checks, name)
    wanted = [one for one in inspect.signature(check).parameters if one != "seed"]
    inputs = ["kl" if one == "divergence" else lambda *inputs: None for one in wanted]
    with pytest.raises(error, match=message):
        check(*inputs, seed=seed)


def test_most_checks_have_a_seed():
    assert len(SEEDED) >= 10
