"""What a check answers: passed or not, and a finding in words for each thing it looked at."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from gan_lessons.training.device import check_seed


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Parameters
    ----------
    passed
        Whether the student's function did what was wanted.
    text
        What was wanted, and, where it failed, what came instead.
    """

    passed: bool
    text: str


@dataclass(frozen=True)
class Report:
    """The verdict on a student's function.

    Parameters
    ----------
    passed
        True if every finding passed.
    findings
        What was looked at, in order.
    """

    passed: bool
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        """One line per finding, marked ``ok`` or ``--``."""
        return "\n".join(f"{'ok' if f.passed else '--'}  {f.text}" for f in self.findings)

    __repr__ = __str__


def seeded(seed: object) -> torch.Generator:
    """Return a generator with that seed, a whole number; 0 where None."""
    return torch.Generator().manual_seed(0 if seed is None else check_seed(seed))


def examine(*questions: tuple[str, Callable[[], bool | str]]) -> Report:
    """Ask every question and collect the answers; an exception is a finding, not a crash.

    Parameters
    ----------
    questions
        Pairs of what is wanted and a function that answers True, or False, or a sentence that
        says what came instead.

    Returns
    -------
    Report
        Passed if every answer is True.
    """
    findings = []
    for wanted, question in questions:
        try:
            answer = question()
        except SystemExit:
            answer = "it called exit(), which would have ended the notebook"
        except Exception as error:
            answer = f"it raised {type(error).__name__}: {error}"
        if answer is True:
            findings.append(Finding(True, wanted))
        else:
            came = f"; {answer}" if isinstance(answer, str) else ""
            findings.append(Finding(False, wanted + came))
    return Report(all(f.passed for f in findings), tuple(findings))
