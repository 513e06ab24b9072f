"""The real tables behind `make usefulness`: who got which item right, and published scores without items.

Read from the folder ACIDTEST_DATA. No text of any benchmark is read into the results, only scores.
"""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from acidtest.stats.estimate import FloatArray

LEAST_ANSWERED = 0.95
"""A solver that answered a smaller share of a benchmark's items is left out: who skips items skips hard ones."""

STEM = (
    *("abstract_algebra", "anatomy", "astronomy", "college_biology", "college_chemistry", "college_computer_science"),
    *("college_mathematics", "college_physics", "computer_security", "conceptual_physics", "electrical_engineering"),
    *("elementary_mathematics", "high_school_biology", "high_school_chemistry", "high_school_computer_science"),
    *("high_school_mathematics", "high_school_physics", "high_school_statistics", "machine_learning"),
)
"""The subjects of MMLU that its authors count as STEM."""

PUBLISHED_ITEMS: Mapping[str, int] = {
    "humaneval": 164,
    "humaneval+": 164,
    "mbpp": 378,
    "mbpp+": 378,
    "gsm8k": 1319,
    "gsmplus": 10552,
    "new-wiki": 7938,
    "nyt": 10065,
    "reddit": 9803,
    "amazon": 9885,
    "imagenet": 50000,
    "imagenetv2": 10000,
}
"""Published numbers of items. EvalPlus 0.2 scores both MBPP columns on 378 tasks."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Who got which item right.

    Attributes:
        models: The solvers.
        right: [M, n] 1 right, 0 wrong, NaN not answered.
        items: [n] ids.
        subjects: [n] subject of each item, or empty.
        clean: [n] whether the item was found to be free of errors, or empty.
    """

    models: tuple[str, ...]
    right: FloatArray
    items: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    clean: tuple[bool, ...] = ()

    def of(self, models: Sequence[str]) -> "Table":
        """Return the table of these solvers alone, in this order."""
        rows = [self.models.index(model) for model in models]
        return Table(
            models=tuple(models), right=self.right[rows], items=self.items, subjects=self.subjects, clean=self.clean
        )

    def at(self, columns: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.intp]]) -> "Table":
        """Return the table of these items alone."""
        picked = [int(column) for column in columns]
        return Table(
            models=self.models,
            right=self.right[:, picked],
            items=tuple(self.items[column] for column in picked),
            subjects=tuple(self.subjects[column] for column in picked) if self.subjects else (),
            clean=tuple(self.clean[column] for column in picked) if self.clean else (),
        )


@cache
def zeroeval(folder: Path, task: str) -> Table:
    """Return one task of ZeroEval ("gsm", "math-l5", "crux"); solvers that left out many items are dropped."""
    import pyarrow.parquet as pq

    read = pq.read_table(folder / "zeroeval_responses" / f"{task}_correct.parquet")
    models, rows = [], []
    for model in read.column_names:
        if model == "item":
            continue
        right = read[model].to_numpy().astype(np.float64)
        if np.isfinite(right).mean() >= LEAST_ANSWERED:
            models.append(model)
            rows.append(right)
    items = tuple(f"{task}:{item}" for item in read["item"].to_pylist())
    return Table(models=tuple(models), right=np.stack(rows), items=items)


@cache
def mmlu(folder: Path) -> Table:
    """Return MMLU as HELM's solvers answered it, scored by the original key, with what MMLU-Redux found."""
    import pyarrow.parquet as pq

    read = pq.read_table(folder / "mmlu_redux_helm" / "predictions.parquet")
    with gzip.open(folder / "mmlu_redux_helm" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        known = {row["item"]: row for row in map(json.loads, lines)}
    items = tuple(str(item) for item in read["item"].to_pylist())
    key = np.array([known[item]["answer"] for item in items])
    models = tuple(name for name in read.column_names if name != "item")
    right = np.stack([(np.array(read[model].to_pylist()) == key).astype(np.float64) for model in models])
    return Table(
        models=models,
        right=right,
        items=items,
        subjects=tuple(known[item]["subject"] for item in items),
        clean=tuple(known[item]["error_type"] == "ok" for item in items),
    )


@cache
def published(folder: Path) -> Mapping[str, Mapping[str, float]]:
    """Return benchmark -> solver -> published accuracy in percent, of the benchmarks in PUBLISHED_ITEMS."""
    found = _columns(
        folder / "evalplus" / "pass_at_1.csv", {c: c for c in ("humaneval", "humaneval+", "mbpp", "mbpp+")}
    )
    found |= _columns(folder / "gsm8k_vs_gsmplus_scores" / "scores.csv", {"gsm8k": "gsm8k", "gsmplus": "gsmplus"})
    shifts = {name: f"{name}_em" for name in ("new-wiki", "nyt", "reddit", "amazon")}
    found |= _columns(folder / "squadshifts_scores" / "scores.csv", shifts)
    sets = {"imagenet": "val", "imagenetv2": "imagenetv2-matched-frequency-format-val"}
    return found | _columns(folder / "imagenet_testbed" / "top1_by_model_and_testset.csv.gz", sets)


@cache
def without_items(folder: Path) -> Mapping[str, Mapping[str, float]]:
    """Return benchmark -> solver -> score, of tables whose items nobody can count: MTEB tasks and TREC runs."""
    import pyarrow.parquet as pq

    found: dict[str, dict[str, float]] = {}
    wide = pq.read_table(folder / "mteb_scores" / "scores_wide.parquet").to_pydict()
    models = wide.pop("model")
    for task, scores in wide.items():
        found[task] = {m: float(x) for m, x in zip(models, scores, strict=True) if x is not None and np.isfinite(x)}
    runs = pq.read_table(folder / "syndl_trec_dl_2019_2022" / "run_scores.parquet").to_pylist()
    for row in runs:
        if row["metric"] == "ndcg@10":
            for judged in ("human", "syndl"):
                found.setdefault(f"TREC {row['year']} {judged}", {})[row["run"]] = float(row[f"{judged}_qrels"])
    return found


def whole_numbers(folder: Path) -> Mapping[str, float]:
    """Return benchmark -> share of its published figures that are a whole number of items, rounded as printed.

    A wrong number of items would show here: by chance few figures would fit.
    """
    digits = {
        "new-wiki": 3,
        "nyt": 3,
        "reddit": 3,
        "amazon": 3,
        "gsm8k": 2,
        "gsmplus": 2,
        "imagenet": 3,
        "imagenetv2": 3,
    }
    found = {}
    for name, scores in published(folder).items():
        n, size = PUBLISHED_ITEMS[name], 10.0 ** -digits.get(name, 1)
        percent = np.array(list(scores.values()))
        found[name] = float((np.abs(np.round(percent * n / 100) * 100 / n - percent) <= 0.5001 * size).mean())
    return found


def simulated(percents: Sequence[FloatArray], names: Sequence[str], rng: np.random.Generator) -> list[Table]:
    """Return tables of simulated answers whose totals are the published ones: [M] percent per benchmark.

    Items have normal difficulty of standard deviation 1 on the logit scale; each solver gets the right number of items
    right, those that are easiest for it (common difficulty and logistic luck of its own). Both benchmarks share their
    items where their names differ by a "+" alone: what is right in the harder one is right in the other.
    """
    tables: list[Table] = []
    for name, percent in zip(names, percents, strict=True):
        n = PUBLISHED_ITEMS[name]
        base = name.removesuffix("+")
        if not (tables and base == names[0].removesuffix("+")):
            ease = rng.normal(0, 1, n) + rng.logistic(0, 1, (len(percent), n))
            place = np.argsort(np.argsort(-ease, axis=1), axis=1)
        right = (place < np.round(percent * n / 100)[:, None]).astype(np.float64)
        models = tuple(f"m{row}" for row in range(len(percent)))
        tables.append(Table(models=models, right=right, items=tuple(f"{base}:{item}" for item in range(n))))
    return tables


def _columns(path: Path, columns: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return name -> solver -> number of the named columns of a CSV file with a column `model`."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {name: {row["model"]: float(row[column]) for row in rows if row[column]} for name, column in columns.items()}
