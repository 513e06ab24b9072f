"""How much of items' difficulty do their texts tell, on tables of real answers?

    ACIDTEST_DATA=folder python bench/difficulty_from_text.py

writes a section into docs/psychometrics.md. Some minutes.
"""

import gzip
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import spearmanr

from acidtest.data.item_texts import read_item_texts
from acidtest.models.difficulty.from_text import (
    TextDifficulty,
    TextItems,
    fit_text_difficulty,
    fit_text_discrimination,
)
from acidtest.models.difficulty.groups import groups_of
from acidtest.report.number import interval, number, percent
from acidtest.stats.estimate import Estimate
from acidtest.stats.irt.fit import fit_irt
from benchmark_page import write_section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "psychometrics.md"
DRAWS = 200
MOST_SOLVERS = 12
TASKS = {"gsm": "GSM8K", "math-l5": "MATH level 5", "crux": "CRUXEval-O"}
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Real answers [M, n], 1 right, and what the n items ask."""

    name: str
    scores: FloatArray
    texts: Sequence[str]
    choices: Sequence[int]


def zeroeval(folder: Path, task: str) -> Table:
    """Return one table of ZeroEval."""
    asked = read_item_texts(folder / f"{task}_items.jsonl.gz")
    answers = pq.read_table(folder / f"{task}_correct.parquet").to_pydict()
    place = {str(item): at for at, item in enumerate(answers["item"])}
    rows = [place[one.item] for one in asked]
    scores = [[_score(column[at]) for at in rows] for name, column in answers.items() if name != "item"]
    return Table(name=TASKS[task], scores=np.array(scores), texts=[one.text for one in asked], choices=[0] * len(asked))


def mmlu(folder: Path) -> Table:
    """Return MMLU-Redux with the answers that HELM recorded."""
    with gzip.open(folder / "items.jsonl.gz") as file:
        items: list[dict[str, Any]] = [orjson.loads(line) for line in file]
    answers = pq.read_table(folder / "predictions.parquet").to_pydict()
    place = {item: at for at, item in enumerate(answers["item"])}
    keys = [(place[one["item"]], one["answer"]) for one in items]
    scores = [
        [np.nan if column[at] is None else float(column[at] == key) for at, key in keys]
        for name, column in answers.items()
        if name != "item"
    ]
    return Table(
        name="MMLU-Redux",
        scores=np.array(scores),
        texts=["\n".join([one["question"], *one["choices"]]) for one in items],
        choices=[len(one["choices"]) for one in items],
    )


def section(folder: Path) -> str:
    """Return the section."""
    tables = [zeroeval(folder / "zeroeval_responses", task) for task in TASKS]
    tables.append(mmlu(folder / "mmlu_redux_helm"))
    rows, blocks, seconds = [], [], []
    for table in tables:
        fit = fit_irt(table.scores)
        items = TextItems(texts=table.texts, choices=table.choices, groups=groups_of(table.texts))
        start = time.process_time()
        told = fit_text_difficulty(items, fit, seed=0)
        seconds.append(f"{table.name} {time.process_time() - start:.0f}")
        sharp = fit_text_discrimination(items, fit, seed=0)
        rows += _rows(table, told, sharp)
        shares = ", ".join(f"{name} {percent(share)}" for name, share in told.shares.items())
        blocks.append(f"- {table.name}: {shares}. {_worth(table, told)}")
        print(*rows[-3:], blocks[-1], seconds[-1], sep="\n", file=sys.stderr)
    return "\n".join([*HEAD, *rows, "", *_after(blocks, seconds)])


ABOUT = (
    "Five parts of each table's items are predicted from the other four by their texts alone; near copies stay in one "
    "part. *Explained*: 1 - squared error / that of the mean of the other items. *At most*: what a perfect prediction "
    "of the true parameters could show, since the estimates have errors: share and correlation. Intervals of 95 % are "
    "over items. *Held*: share of items whose estimate lies in its 90 % interval, before and after the intervals' "
    "width is set by the other parts."
)
TRIED = (
    "What was tried: one set of columns (counts; words and pairs of words; runs of three to five letters; each of the "
    "latter two summed up in at most 64 directions), the widths of their weights by the likelihood of the learning "
    "part. One thing was decided while looking at these figures: estimates that lie far out are taken for no more than "
    "3 standard deviations from the mean. One split into five parts, seed 0."
)
HEAD = [
    "# Difficulty from text",
    "",
    ABOUT,
    "",
    "| items, solvers | predicted | by | explained | correlation | rank correlation | at most | held |",
    "|---|---|---|---|---|---|---|---|",
]


def _rows(table: Table, told: TextDifficulty, sharp: TextDifficulty) -> list[str]:
    size = f"{table.name} ({table.scores.shape[1]:,}, {table.scores.shape[0]})"
    rows = []
    for first, what, found in ((size, "difficulty", told), ("", "log discrimination", sharp)):
        check = found.check
        rows.append(
            f"| {first} | {what} | text | {_shown(check.text.r2)} | {_shown(check.text.pearson)} "
            f"| {_shown(check.text.spearman)} | {number(found.known.ceiling**2)}, {number(found.known.ceiling)} "
            f"| {percent(check.coverage)}, {percent(check.adjusted)} |"
        )
        if what == "difficulty":
            rows.append(
                f"| | | length | {_shown(check.length.r2)} | {_shown(check.length.pearson)} "
                f"| {_shown(check.length.spearman)} | | |"
            )
    return rows


def _worth(table: Table, told: TextDifficulty) -> str:
    """Say how many solvers' answers rank items as well as the text does."""
    share = _share(table.scores)
    text = -float(spearmanr(told.check.predicted, share).statistic)
    rng = np.random.default_rng(0)
    found = []
    for k in range(1, MOST_SOLVERS + 1):
        each = []
        for _ in range(DRAWS):
            order = rng.permutation(len(table.scores))
            few, rest = (_share(table.scores[part]) for part in (order[:k], order[k:]))
            known = np.isfinite(few) & np.isfinite(rest)
            each.append(spearmanr(few[known], rest[known]).statistic)
        found.append(float(np.mean(each)))
        if found[-1] > text:
            break
    few = ", ".join(f"{number(value)} with {k}" for k, value in enumerate(found, 1))
    return (
        f"Rank correlation with the share of solvers that were right: {number(text)} by text; by the answers of a few "
        f"solvers drawn by lot, with the share of the others: {few}."
    )


def _share(scores: FloatArray) -> FloatArray:
    """Return [n] the share of solvers that were right; NaN where none answered."""
    seen = np.isfinite(scores)
    count = np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
    share: FloatArray = np.where(seen, scores, 0.0).sum(axis=0) / count
    return share


def _after(blocks: Sequence[str], seconds: Sequence[str]) -> list[str]:
    return [
        "Which columns account for how much of the spread of difficulty, and what the text is worth in answers:",
        "",
        *blocks,
        "",
        TRIED,
        "",
        f"CPU seconds, one thread, six fits each: {', '.join(seconds)}.",
    ]


def _shown(estimate: Estimate) -> str:
    return f"{number(estimate.value)} {interval(estimate)}"


def _score(value: object) -> float:
    return float("nan") if value is None else float(str(value))


if __name__ == "__main__":
    data = os.environ.get("ACIDTEST_DATA")
    if not data:
        sys.exit("set ACIDTEST_DATA to the folder of real data sets")
    text = section(Path(data))
    print(text)
    write_section(text, PAGE)
