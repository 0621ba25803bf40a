"""Runs that go wrong on purpose, labelled by a rule, and what ``diagnose`` calls them (chapter 10).

The rule came first: it was written down, and committed, before ``diagnose`` was tuned. It looks at
what ``diagnose`` never sees: the true modes of the data law, fresh samples, how well D orders
fresh pairs. Again: ``python -m gan_lessons.experiments.diagnosed_runs``.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.provoked_runs import LAWS, SETTINGS, Run, Truth, provoke
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.training import SampleSpread, diagnose

#: Every label that the rule gives; the first that holds, in this order, is the label.
LABELS = (
    "diverged",
    "untrained",
    "generator starved",
    "discriminator won",
    "oscillating",
    "collapsed",
    "healthy",
    "unfinished",
)


def effective_modes(shares: Tensor) -> Tensor:
    r"""Return :math:`k \exp(-\mathrm{KL}(q \| u)) = \exp H(q)` of shares (..., k), shape (...)."""
    return torch.special.entr(shares.double()).sum(-1).exp()


def label(truth: Truth) -> str:
    r"""Name a run by what is known of it and ``diagnose`` does not see.

    "Late" is the last third of the moments, and a number is its mean over them. The first line
    that holds gives the label; k is the number of modes.

    - diverged: a sample is not finite, or late samples are more than 100 spreads away.
    - untrained: late samples are within 0.05 spreads of where they were before training.
    - generator starved: as the next, and G's loss has less than 1/20 of the slope in the logits
      that it has at logit 0.
    - discriminator won: D orders at least 95% of fresh pairs rightly, and less than a quarter of
      the samples is of high quality (a collapsed G on true modes is no loss of the game).
    - oscillating: from one moment to the next at least a quarter of the samples changes modes
      (total variation of the shares of nearest modes).
    - collapsed: at most k / 2 effective modes, exp(entropy of the shares).
    - healthy: at least 0.9 k effective modes, 0.9 k modes reached, and a quarter of the samples
      of high quality (a uniform disc as large as the ring has 0.14).
    - unfinished: the rest, between healthy and collapsed, or blurred.

    Parameters
    ----------
    truth : Truth
        Measurements at three moments or more.

    Returns
    -------
    str
        One of ``LABELS``.
    """
    late = slice(-max(2, len(truth.size) // 3), None)
    size = truth.size[late]
    if not bool(torch.isfinite(truth.size).all()) or float(size.mean()) > 100:
        return "diverged"
    if float(truth.moved[late].mean()) < 0.05:
        return "untrained"
    shares, k = truth.shares[late], truth.shares.shape[1]
    quality = float(truth.high_quality[late].mean())
    if float(truth.separation[late].mean()) >= 0.95 and quality < 0.25:
        starved = float(truth.push[late].mean()) < 0.05
        return "generator starved" if starved else "discriminator won"
    if float((shares[1:] - shares[:-1]).abs().sum(1).mean() / 2) >= 0.25:
        return "oscillating"
    effective = float(effective_modes(shares).mean())
    if effective <= k / 2:
        return "collapsed"
    reached = float(truth.modes[late].double().mean())
    if effective >= 0.9 * k and reached >= 0.9 * k and quality >= 0.25:
        return "healthy"
    return "unfinished"


#: The label that each finding of ``diagnose`` amounts to; the last one is no label of the rule.
CALLED = {
    "diverged": "diverged",
    "cannot be told from an untrained pair": "untrained",
    "generator starved": "generator starved",
    "discriminator won": "discriminator won",
    "oscillation without trend": "oscillating",
    "collapse": "collapsed",
    "healthy": "healthy",
    "unfinished": "unfinished",
    "nothing seen": "nothing seen",
}


@dataclass(frozen=True)
class DiagnosedRunsConfig:
    """Settings of the experiment: which runs the thresholds were chosen on, and which judge them.

    Parameters
    ----------
    tuned, held_out
        Seeds of the runs on the ring that ``diagnose`` was tuned on, and of those that judge it.
    elsewhere
        Seeds of runs on the grid, which it was never tuned on.
    steps, every
        Length of a run, and steps between two records.
    n
        Samples per measurement.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, or a seed is both tuned on and held out.
    """

    tuned: tuple[int, ...] = tuple(range(8))
    held_out: tuple[int, ...] = tuple(range(1000, 1008))
    elsewhere: tuple[int, ...] = tuple(range(2000, 2004))
    steps: int = 1200
    every: int = 30
    n: int = 512

    def __post_init__(self) -> None:
        for name in ("tuned", "held_out", "elsewhere"):
            check_counts(getattr(self, name), name, minimum=0)
        for name in ("steps", "every", "n"):
            check_count(getattr(self, name), name)
        both = sorted(set(self.tuned) & set(self.held_out))
        if both:
            raise ValueError(f"held_out must be other seeds than tuned, got {both} in both.")


def judge(run: Run) -> dict[str, Any]:
    """Return the label of a run, and what ``diagnose`` finds with and without sample spread."""
    objective = SETTINGS[run.setting].objective
    losses = {k: v for k, v in run.history.items() if k not in SampleSpread._fields}
    return {
        "setting": run.setting,
        "seed": run.seed,
        "label": label(run.truth),
        "found": [finding.name for finding in diagnose(run.history, objective)],
        "by losses": [finding.name for finding in diagnose(losses, objective)],
    }


def confusion(judged: Iterable[dict[str, Any]], by: str = "found") -> dict[str, dict[str, int]]:
    """Count how runs of each label are called by the main finding.

    Parameters
    ----------
    judged
        What ``judge`` returns, one per run.
    by
        ``"found"``, or ``"by losses"`` for ``diagnose`` without sample spread.

    Returns
    -------
    dict
        ``{label: {called: runs}}`` with a row for each of ``LABELS`` and a column for each value
        of ``CALLED``.
    """
    table = {row: dict.fromkeys(CALLED.values(), 0) for row in LABELS}
    for one in judged:
        table[one["label"]][CALLED[one[by][0]]] += 1
    return table


def train_all(seeds: tuple[int, ...], law: str, config: DiagnosedRunsConfig) -> list[Run]:
    """Train every setting with every seed."""
    return [
        run
        for name in SETTINGS
        for run in provoke(name, seeds, law, config.steps, config.every, config.n)
    ]


def example(run: Run) -> dict[str, Any]:
    """Return one run's history in four digits, the words about it, and its samples' modes."""
    finite = {k: [float(f"{x:.4g}") for x in v] for k, v in run.history.items()}
    words = [f.evidence for f in diagnose(run.history, SETTINGS[run.setting].objective)]
    shares = [[round(float(q), 3) for q in row] for row in run.truth.shares]
    quality = [round(float(q), 3) for q in run.truth.high_quality]
    truth = {"shares": shares, "high_quality": quality}
    return {**judge(run), "evidence": words, "history": finite, "truth": truth}


def run(config: DiagnosedRunsConfig) -> dict[str, Any]:
    """Train and judge all runs.

    Parameters
    ----------
    config
        Settings.

    Returns
    -------
    dict
        For ``tuned``, ``held_out`` and ``elsewhere``: ``runs`` (one row each), ``confusion`` and
        ``confusion by losses``. Under ``examples`` one held-out run of each label but "diverged",
        the first that ``diagnose`` names rightly.
    """
    results: dict[str, Any] = {}
    groups = {"tuned": "ring", "held_out": "ring", "elsewhere": "grid"}
    examples: dict[str, Any] = {}
    for group, law in groups.items():
        trained = train_all(getattr(config, group), law, config)
        judged = [judge(one) for one in trained]
        results[group] = {
            "law": law,
            "modes": len(LAWS[law].means),
            "runs": judged,
            "confusion": confusion(judged),
            "confusion by losses": confusion(judged, "by losses"),
        }
        if group == "held_out":
            for one, verdict in zip(trained, judged, strict=True):
                name = verdict["label"]
                right = CALLED[verdict["found"][0]] == name
                if right and name not in examples and name != "diverged":
                    examples[name] = example(one)
    return {**results, "examples": examples}


def config_hash(config: DiagnosedRunsConfig) -> str:
    """Return 12 digits that change with any setting of the experiment or of its runs."""
    everything = [asdict(config), {name: asdict(one) for name, one in SETTINGS.items()}]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:12]


if __name__ == "__main__":
    torch.set_num_threads(1)
    started = time.perf_counter()
    chosen = DiagnosedRunsConfig()
    found = {"hash": config_hash(chosen), **run(chosen)}
    seconds = time.perf_counter() - started
    print(save_recorded("diagnosed_runs", asdict(chosen), found, seconds))
