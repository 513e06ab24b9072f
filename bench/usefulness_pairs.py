"""The pairs of `make usefulness`: which real benchmark is predicted by which alternative."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np

from usefulness_tables import STEM, Table, mmlu, published, simulated, zeroeval

MOST_SOLVERS = 60
"""Of larger tables this many solvers are drawn: a study seldom has more, and the work grows with their square."""

Draw = Callable[[Path, np.random.Generator], tuple[Table, Table]]


@dataclass(frozen=True, kw_only=True)
class RealPair:
    """A real benchmark and an alternative.

    Attributes:
        name: "real <- alternative".
        draw: Both tables, the same solvers in both; the generator draws halves or simulates items.
        splits: How many different draws are made; 1 where nothing is drawn.
        simulated: Items are simulated from published accuracies.
        shares_items: The alternative holds items of the real set, which no new stand-in does.
        replication: Both are random halves of one set: every true difference is 0.
    """

    name: str
    draw: Draw
    splits: int = 1
    simulated: bool = False
    shares_items: bool = False
    replication: bool = False


def all_pairs(splits: int) -> tuple[RealPair, ...]:
    """Return every pair; those that draw halves or simulate items do so `splits` times."""
    tasks = ("gsm", "math-l5", "crux")
    item_level = [
        *(RealPair(name=f"{r} <- {a}", draw=partial(_tasks, r, a)) for r, a in permutations(tasks, 2)),
        *(
            RealPair(name=f"{t} half <- other half", draw=partial(_half, t), splits=splits, replication=True)
            for t in tasks
        ),
        RealPair(name="mmlu half <- other half", draw=_mmlu_half, splits=splits, replication=True),
        RealPair(name="mmlu subjects <- other subjects", draw=_mmlu_subjects, splits=splits),
        RealPair(name="mmlu clean half <- uncleaned half", draw=_mmlu_clean, splits=splits),
        RealPair(name="mmlu STEM <- other subjects", draw=partial(_mmlu_stem, real_is_stem=True)),
        RealPair(name="mmlu other subjects <- STEM", draw=partial(_mmlu_stem, real_is_stem=False)),
        RealPair(
            name="mmlu all <- its clean items", draw=partial(_mmlu_shared, real_is_clean=False), shares_items=True
        ),
        RealPair(name="mmlu clean items <- all", draw=partial(_mmlu_shared, real_is_clean=True), shares_items=True),
    ]
    names = (
        *(("humaneval", "humaneval+"), ("mbpp", "mbpp+"), ("humaneval", "mbpp"), ("mbpp+", "humaneval+")),
        *(("gsm8k", "gsmplus"), ("new-wiki", "nyt"), ("new-wiki", "reddit"), ("new-wiki", "amazon")),
        *(("imagenet", "imagenetv2"), ("imagenetv2", "imagenet")),
    )
    return (
        *item_level,
        *(
            RealPair(
                name=f"{r} <- {a}",
                draw=partial(_published, r, a),
                splits=(splits + 1) // 2,  # the totals are always the published ones: less depends on the draw
                simulated=True,
                shares_items=r.removesuffix("+") == a.removesuffix("+"),
            )
            for r, a in names
        ),
    )


SOLVER_PAIRS = (
    *(("STSBenchmark", other) for other in ("STS12", "STS13", "STS14", "STS15", "STS16", "SICK-R")),
    ("Banking77Classification", "MassiveIntentClassification"),
    ("MassiveIntentClassification", "MTOPIntentClassification"),
    ("MTOPIntentClassification", "Banking77Classification"),
    *((f"TREC {year} human", f"TREC {year} syndl") for year in (2019, 2020, 2021, 2022)),
)
"""Real benchmark and alternative of tables without items."""


def _tasks(real: str, alternative: str, folder: Path, rng: np.random.Generator) -> tuple[Table, Table]:
    del rng  # nothing is drawn
    return _same_solvers(zeroeval(folder, real), zeroeval(folder, alternative))


def _half(task: str, folder: Path, rng: np.random.Generator) -> tuple[Table, Table]:
    return _halves(zeroeval(folder, task), rng)


def _mmlu_half(folder: Path, rng: np.random.Generator) -> tuple[Table, Table]:
    return _halves(mmlu(folder), rng)


def _mmlu_clean(folder: Path, rng: np.random.Generator) -> tuple[Table, Table]:
    one, other = _halves(mmlu(folder), rng)
    return one.at(np.flatnonzero(one.clean)), other


def _mmlu_subjects(folder: Path, rng: np.random.Generator) -> tuple[Table, Table]:
    table = mmlu(folder)
    names = sorted(set(table.subjects))
    chosen = rng.permutation(names)[: len(names) // 2]
    return _parted(table, np.isin(table.subjects, chosen))


def _mmlu_stem(folder: Path, rng: np.random.Generator, *, real_is_stem: bool) -> tuple[Table, Table]:
    del rng  # nothing is drawn
    table = mmlu(folder)
    return _parted(table, np.isin(table.subjects, STEM) == real_is_stem)


def _mmlu_shared(folder: Path, rng: np.random.Generator, *, real_is_clean: bool) -> tuple[Table, Table]:
    del rng  # nothing is drawn
    table = mmlu(folder)
    clean = table.at(np.flatnonzero(table.clean))
    return (clean, table) if real_is_clean else (table, clean)


def _published(real: str, alternative: str, folder: Path, rng: np.random.Generator) -> tuple[Table, Table]:
    scores = published(folder)
    models = [model for model in scores[real] if model in scores[alternative]]
    if len(models) > MOST_SOLVERS:
        models = [models[row] for row in sorted(rng.permutation(len(models))[:MOST_SOLVERS])]
    percents = [np.array([scores[name][model] for model in models]) for name in (real, alternative)]
    one, other = simulated(percents, (real, alternative), rng)
    return one, other


def _halves(table: Table, rng: np.random.Generator) -> tuple[Table, Table]:
    """Return both random halves of the items."""
    first = np.zeros(len(table.items), bool)
    first[rng.permutation(len(table.items))[: len(table.items) // 2]] = True
    return _parted(table, first)


def _parted(table: Table, first: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[Table, Table]:
    return table.at(np.flatnonzero(first)), table.at(np.flatnonzero(~first))


def _same_solvers(one: Table, other: Table) -> tuple[Table, Table]:
    models = [model for model in one.models if model in other.models]
    return one.of(models), other.of(models)
