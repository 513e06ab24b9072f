"""Real scores, item by item, as matrices: ZeroEval's three tasks, and MMLU-Redux scored by its original keys."""

import gzip
import json
from pathlib import Path

import numpy as np

from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.stats.estimate import FloatArray


def zero_eval(folder: Path) -> ScoreMatrix:
    """Solvers that answered all of GSM8K, CRUXEval and MATH level 5."""
    import pyarrow.parquet as pq

    tables = {}
    for task in ("gsm", "crux", "math-l5"):
        table = pq.read_table(folder / "zeroeval_responses" / f"{task}_correct.parquet")
        tables[task] = {name: table[name].to_pylist() for name in table.column_names}
    models = sorted(set.intersection(*(set(table) for table in tables.values())) - {"item"})
    scores = [np.array([table[model] for model in models], np.float64) for table in tables.values()]
    return _matrix(
        models,
        [str(item) for table in tables.values() for item in table["item"]],
        [task for task, table in tables.items() for _ in table["item"]],
        np.concatenate(scores, axis=1),
        [],
    )


def mmlu_redux(folder: Path) -> ScoreMatrix:
    """All 5,700 items; subjects are topics."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "mmlu_redux_helm" / "predictions.parquet")
    with gzip.open(folder / "mmlu_redux_helm" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        known = {row["item"]: row for row in map(json.loads, lines)}
    items = table["item"].to_pylist()
    models = [name for name in table.column_names if name != "item"]
    key = [_letter(known[item]["answer"]) for item in items]
    scores = np.array(
        [
            [
                np.nan if said is None else float(said == right)
                for said, right in zip(table[m].to_pylist(), key, strict=True)
            ]
            for m in models
        ]
    )
    return _matrix(models, items, ["mmlu"] * len(items), scores, [known[item]["subject"] for item in items])


def _letter(answer: str | int) -> str:
    return answer if isinstance(answer, str) else "ABCD"[answer]


def _matrix(
    models: list[str], items: list[str], benchmark: list[str], scores: FloatArray, topics: list[str]
) -> ScoreMatrix:
    return ScoreMatrix(
        models=tuple(models),
        items=tuple(items),
        benchmark=tuple(benchmark),
        scores=scores,
        kinds={},
        generators={},
        families={},
        topics=tuple(topics) or ("",) * len(items),
        bundles=("",) * len(items),
    )
