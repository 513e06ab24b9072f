"""The runs of `make usefulness` as numbers with standard errors: what docs/usefulness.json holds."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from acidtest.types import Use
from usefulness_pairs import RealPair
from usefulness_runs import USES, Full, Run

Numbers = Mapping[str, float]
Cell = list[float | None]
"""[value, standard error]; None where it is not known."""

WORTH_LIMIT = 2.0
"""The goal is asked for where worth_rank, by all real items, is above this many times the labels that are used."""

GOAL = 3.0
"""Real items alone should need at least this many times the labels for the same error."""

LARGEST = 100.0
"""Savings above this are not told apart: the error is within the luck of the held-out items."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """All runs of one pair at one fraction."""

    pair: RealPair
    fraction: float
    sizes: tuple[int, int, int]
    fulls: tuple[Full, ...]
    runs: tuple[Run, ...]


def summary_of(done: Done) -> dict[str, object]:
    """Return one pair's numbers at one fraction."""
    solvers, items, alternative = done.sizes
    worth = [full.report.fidelity["alternative"]["worth_rank"] for full in done.fulls]
    k = done.runs[0].k
    value, low, high = (float(np.median([getattr(w, end) for w in worth])) for end in ("value", "low", "high"))
    savings = {name: _cell(done.runs, f, least=0.0) for name, f in _savings(k / items).items()}
    applies = value > WORTH_LIMIT * k
    return {
        "pair": done.pair.name,
        "simulated": done.pair.simulated,
        "shares_items": done.pair.shares_items,
        "replication": done.pair.replication,
        "solvers": solvers,
        "real_items": items,
        "alternative_items": alternative,
        "fraction": done.fraction,
        "k": k,
        "runs": len(done.runs),
        "draws_of_the_tables": len({run.block for run in done.runs}),
        "worth_rank": {"value": _finite(value), "low": _finite(low), "high": _finite(high)},
        "saving": savings,
        "most_for_level": _cell(done.runs, _most_for_level),
        "goal": {
            "applies": applies,
            **{name: bool(applies and (savings[name][0] or 0) >= GOAL) for name in ("level", "differences")},
        },
        "shares": {name: _cell(done.runs, _mean(name)) for name in _shares(done.runs[0].numbers)},
        "errors": {name: _cell(done.runs, f) for name, f in _errors(k).items()},
        "means": {name: _cell(done.runs, _mean(name)) for name in _means(done.runs[0].numbers)},
        "verdicts": {use: _verdicts(done.runs, use) for use in USES},
    }


def _savings(used: float) -> dict[str, Callable[[Sequence[Numbers]], float]]:
    """Return how many times the labels real items alone would need for combine's mean squared error.

    Of true scores: the errors of k real items alone and of combine, the held-out items' own luck taken off both, in
    proportion: alone, the error goes with 1 / k. Of all the real items' scores (a finite set, of which the share
    `used` is known): alone v (1/k - 1/N), so with r the ratio of errors at the held-out items, 1 / ((1 - used) r +
    used).
    """

    def true_scores(runs: Sequence[Numbers], word: str) -> float:
        alone, both = (_error(runs, word, name) for name in ("alone", "combined"))
        return min(alone / both, LARGEST) if both > 0 else LARGEST

    def all_items(runs: Sequence[Numbers], word: str) -> float:
        ratio = _average(runs, f"{word}_combined") / _average(runs, f"{word}_alone")
        return 1 / ((1 - used) * ratio + used)

    found: dict[str, Callable[[Sequence[Numbers]], float]] = {}
    for word in ("level", "differences"):
        found[word] = partial(true_scores, word=word)
        found[f"{word}_all_items"] = partial(all_items, word=word)
    return found


def _most_for_level(runs: Sequence[Numbers]) -> float:
    """Return the saving in level of one who knows all differences, but not how hard the labelled items are."""
    level, differences = (_error(runs, word, "alone") for word in ("level", "differences"))
    return min(level / (level - differences), LARGEST) if level > differences else LARGEST


def _errors(k: int) -> dict[str, Callable[[Sequence[Numbers]], float]]:
    """Return mean squared errors of true scores, and of real items alone also times k: constant if it goes with 1/k."""
    found: dict[str, Callable[[Sequence[Numbers]], float]] = {}
    for word in ("level", "differences"):
        for name in ("alone", "combined", "alternative"):
            found[f"{word}_{name}"] = partial(_error, word=word, name=name)
        found[f"{word}_alone_times_k"] = partial(_error, word=word, name="alone", times=k)
    return found


def _error(runs: Sequence[Numbers], word: str, name: str, times: int = 1) -> float:
    """Return the mean squared error of true scores: the luck of the held-out items is taken off."""
    return times * (_average(runs, f"{word}_{name}") - _average(runs, f"{word}_noise"))


def _verdicts(runs: Sequence[Run], use: Use) -> dict[str, int]:
    """Return "said | right | known or guessed" -> number of runs."""
    counted = Counter(
        f"{run.decisions[use]} | {run.right[use]} | {'known' if run.known[use] else 'guessed'}" for run in runs
    )
    return dict(sorted(counted.items()))


def _shares(numbers: Numbers) -> list[str]:
    return [name for name in numbers if name.startswith(("holds_", "predicts_", "drawn_"))]


def _means(numbers: Numbers) -> list[str]:
    return [
        name
        for name in numbers
        if name.startswith(("agreement_", "regret_", "length_", "width_", "missed_", "claimed_"))
    ]


def _average(runs: Sequence[Numbers], name: str) -> float:
    return float(np.mean([run[name] for run in runs]))


def _mean(name: str) -> Callable[[Sequence[Numbers]], float]:
    return lambda runs: _average(runs, name)


def _cell(runs: Sequence[Run], f: Callable[[Sequence[Numbers]], float], least: float | None = None) -> Cell:
    """Return f of all runs and its jackknife error: one run left out, or one draw of the tables with all its runs."""
    value = f([run.numbers for run in runs])
    blocks = sorted({run.block for run in runs})
    groups = [[i for i, run in enumerate(runs) if run.block == b] for b in blocks]
    if len(blocks) == 1:
        groups = [[i] for i in range(len(runs))]
    if len(groups) < 2:  # noqa: PLR2004 - one group has no spread
        return [_finite(value), None]
    without = np.array([f([run.numbers for i, run in enumerate(runs) if i not in group]) for group in groups])
    error = float(np.sqrt((len(groups) - 1) * without.var()))
    return [_finite(value if least is None else max(value, least)), _finite(error)]


def _finite(x: float) -> float | None:
    return float(f"{x:.5g}") if np.isfinite(x) else None
