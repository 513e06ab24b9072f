"""How few items foretell the score on all? Solvers left out of real tables: `make psychometrics`, some minutes.

    ACIDTEST_DATA=folder python bench/small_tests.py [--repeats 3] [--folds 10]

writes a section of docs/psychometrics.md and docs/small_tests.json.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acidtest.compare.adapt.forms import forms_report, parallel
from acidtest.compare.adapt.held_out import HeldOut, held_out
from acidtest.compare.adapt.judged import judged, solver_errors
from acidtest.compare.adapt.methods import ADAPTIVE, AS_RUN, MEAN, calibrated, names_of
from acidtest.compare.plain_values import plain_value
from acidtest.data.run_folder import write_atomically
from acidtest.data.scores.matrix import ScoreMatrix, read_matrix
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import interval, rng_for
from acidtest.types.adapt import FormsReport
from benchmark_page import DOCS
from small_tests_page import write

TASKS = {"gsm": "GSM8K", "math-l5": "MATH level 5", "crux": "CRUXEval-O"}
SIZES = (16, 50, 100, 150)
GOAL = (50, 150)
ENOUGH = 0.9
ROUNDS = 4000
TOGETHER = (ADAPTIVE, AS_RUN, "information", "random")
ENGINES = (ADAPTIVE, AS_RUN)
MAKERS = {
    "anthropic": ("claude",),
    "openai": ("gpt", "chatgpt", "o1"),
    "google": ("gemini", "gemma"),
    "meta": ("meta-llama", "llama", "athene"),
    "alibaba": ("qwen",),
    "mistral": ("mistral", "mixtral"),
    "deepseek": ("deepseek",),
    "01": ("yi",),
    "microsoft": ("phi",),
    "cohere": ("command",),
    "reka": ("reka",),
    "xai": ("grok",),
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Scores of one task: solvers that answered nearly all items, and the others, which only calibrate."""

    task: str
    models: tuple[str, ...]
    scores: FloatArray
    others: FloatArray


def main() -> None:
    asked = _arguments()
    folder = Path(os.environ.get("ACIDTEST_DATA", "")) / "zeroeval_responses"
    if not folder.is_dir():
        sys.exit("no real data sets here: set ACIDTEST_DATA to a folder that holds them")
    started = time.process_time()
    found: dict[str, object] = {"folds": asked.folds, "repeats": asked.repeats, "tasks": {}}
    of_task: dict[str, tuple[Table, HeldOut]] = {}
    tasks: dict[str, object] = {}
    forms: dict[str, object] = {}
    for task in TASKS:
        matrix = read_matrix([folder / f"{task}_correct.parquet"])
        table = table_of(matrix, task)
        tasks[task], of_task[task] = measured(table, asked.folds, asked.repeats)
        forms[task] = plain_value(forms_of(matrix, table, asked.folds))
        print(f"{task}: done, {time.process_time() - started:.0f} s of CPU", file=sys.stderr)
    found["tasks"], found["forms"] = tasks, forms
    found["all"] = {name: plain_value(all_tasks(of_task, name)) for name in ENGINES}
    found["cpu_minutes"] = round((time.process_time() - started) / 60, 1)
    write_atomically(DOCS / "small_tests.json", json.dumps(found, indent=1).encode() + b"\n")
    write(found, TASKS)


def table_of(matrix: ScoreMatrix, task: str) -> Table:
    share = np.isfinite(matrix.scores).mean(axis=1)
    whole = np.flatnonzero(share >= ENOUGH)
    return Table(
        task=task,
        models=tuple(matrix.models[i] for i in whole),
        scores=matrix.scores[whole],
        others=matrix.scores[(share < ENOUGH) & (share >= ENOUGH / 2)],
    )


def measured(table: Table, folds: int, repeats: int) -> tuple[dict[str, object], tuple[Table, HeldOut]]:
    """Return one task's figures, with solvers left out by chance and with makers' solvers left out together."""
    names = names_of("all")
    alone = [str(i) for i in range(len(table.models))]
    n = table.scores.shape[1]
    found = held_out(
        table.scores, names=names, sizes=SIZES, groups=alone, folds=folds, repeats=repeats, others=table.others
    )
    makers = [maker(name) for name in table.models]
    together = held_out(
        table.scores,
        names=TOGETHER,
        sizes=GOAL[:1],
        groups=makers,
        folds=min(folds, len(set(makers))),
        others=table.others,
    )
    rows = [judged(found, name, k, items=n, level=0.95, seed=0) for name in (MEAN, *names) for k in SIZES]
    whole = [judged(together, name, GOAL[0], items=n, level=0.95, seed=0) for name in TOGETHER]
    return {
        "items": n,
        "solvers": len(table.models),
        "makers": len(set(makers)),
        "rows": [plain_value(row) for row in rows],
        "makers_left_out": [plain_value(row) for row in whole],
    }, (table, found)


def forms_of(matrix: ScoreMatrix, table: Table, folds: int) -> FormsReport:
    """Return two parallel forms, and how solvers that were left out score on them."""
    known = calibrated(np.concatenate([table.scores, table.others]))
    alone = [str(i) for i in range(len(table.models))]
    deal, by_chance = parallel(matrix, 2, GOAL[0])
    return forms_report(
        matrix,
        known,
        table.scores,
        deal=deal,
        by_chance=by_chance,
        groups=alone,
        folds=folds,
        seed=0,
        level=0.95,
    )


def all_tasks(of_task: dict[str, tuple[Table, HeldOut]], engine: str) -> Estimate:
    """Return an adaptive test's error less random error over all tasks; a solver of several tasks is drawn whole."""
    differences: dict[str, list[float]] = {}
    for table, found in of_task.values():
        less = solver_errors(found, engine, GOAL[0]) - solver_errors(found, MEAN, GOAL[1])
        for model, one in zip(table.models, less.tolist(), strict=True):
            differences.setdefault(model.partition("@")[0], []).append(one)
    sums = np.array([sum(one) for one in differences.values()])
    counts = np.array([len(one) for one in differences.values()])
    drawn = rng_for(0, "small tests", "all").integers(len(sums), size=(ROUNDS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = interval(means)
    value = float(sums.sum() / counts.sum())
    return Estimate(value=value, low=low, high=high, n=len(sums), method="bootstrap over solvers, their tasks whole")


def maker(model: str) -> str:
    """Return who made a model; a family of its own where the name does not say."""
    lower = model.lower()
    return next((name for name, starts in MAKERS.items() if lower.startswith(starts)), lower)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folds", type=int, default=10)
    return parser.parse_args()


if __name__ == "__main__":
    main()
