"""The answers themselves, where a table of scores holds them: who said what to which item, and what the key says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.arrow import CodeArray
from acidtest.data.scores.files import MISSING, coded_column, read_table
from acidtest.errors import DataError

LONGEST_ANSWER = 200
"""Answers that differ only behind so many characters count as one."""

_NEEDED = ("model", "score", "item", "prediction")
_COLUMNS = ("benchmark", "model", "item", "prediction", "target")


@dataclass(frozen=True, kw_only=True)
class ItemAnswers:
    """Answers of M solvers to n items.

    Attributes:
        models: [M] names of the solvers.
        items: [n] ids; unique within a benchmark only.
        benchmark: [n] the benchmark of each item.
        codes: [M, n] which of `texts` a solver answered; -1: no answer is known.
        target: [n] which of `texts` the key says; -1: not known.
        texts: The different answers, each as it was first written, cut after LONGEST_ANSWER characters; what differs
            in white space or case alone is one.
    """

    models: tuple[str, ...]
    items: tuple[str, ...]
    benchmark: tuple[str, ...]
    codes: NDArray[np.int32]
    target: NDArray[np.int32]
    texts: tuple[str, ...]


def read_answers(
    paths: Sequence[Path], *, benchmark: Sequence[str] = (), only: Sequence[str] = ()
) -> ItemAnswers | None:
    """Read the columns `prediction` and `target` of long tables of scores; None where no file has them with items.

    Of repeats (`epoch`) the first that has an answer counts. An answer may be any text: nothing in it is obeyed.

    Args:
        paths: As for `read_matrix`; files without answers are passed over.
        benchmark: Names for the files that name no benchmark themselves, in their order; the file's own name unless
            given.
        only: Benchmarks to keep; all unless named.

    Raises:
        DataError: A file that cannot be read.
    """
    names, words = list(benchmark), _Words()
    rows: list[NDArray[np.int64]] = []
    for path in paths:
        table = read_table(path)
        columns = set(table.column_names)
        solvers_in_rows = "model" in columns and not columns & {"benchmark", "score", "item"}
        own = "" if "benchmark" in columns or solvers_in_rows else (names.pop(0) if names else _stem(path))
        if columns.issuperset(_NEEDED):
            rows.append(_rows(table, path, own, words))
    found = np.concatenate(rows, axis=1) if rows else np.zeros((len(_COLUMNS), 0), np.int64)
    if only:
        kept = [words.place["benchmark"].get(name, -1) for name in only]
        found = found[:, np.isin(found[0], kept)]
    return _filled(found, words) if (found[3] >= 0).any() else None


class _Words:
    """The different texts of each column over all files; answers and keys share one list."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.place: dict[str, dict[str, int]] = {name: {} for name in ("benchmark", "model", "item", "answer")}

    def renamed(self, column: str, codes: CodeArray, texts: Sequence[str]) -> NDArray[np.int64]:
        of = self.place[column]
        own = []
        for text in texts:
            key = evened(text) if column == "answer" else text
            if column == "answer" and key and key not in of:
                self.shown.append(" ".join(text[: 4 * LONGEST_ANSWER].split())[:LONGEST_ANSWER])
            own.append(of.setdefault(key, len(of)) if key else -1)
        return np.array([*own, -1], np.int64)[codes]


def _rows(table: Any, path: Path, benchmark: str, words: _Words) -> NDArray[np.int64]:
    """Return [columns, rows] of codes, -1 where a cell is empty."""
    found = []
    for name in _COLUMNS:
        if name == "benchmark" and benchmark:
            found.append(words.renamed(name, np.zeros(table.num_rows, np.int32), [benchmark]))
        elif name not in table.column_names:
            found.append(np.full(table.num_rows, -1, np.int64))
        else:
            codes, texts = _column(table[name], name, path)
            found.append(words.renamed("answer" if name in ("prediction", "target") else name, codes, texts))
    return np.stack(found)


def _column(column: Any, name: str, path: Path) -> tuple[CodeArray, list[str]]:
    """Return a column's texts; one of lists or objects (spans, several answers) tells no single answer."""
    try:
        return coded_column(column, name, path)
    except DataError:
        if name not in ("prediction", "target"):
            raise
        return np.full(len(column), -1, np.int32), []


def evened(text: str) -> str:
    r"""Return an answer as it is compared: white space and case evened out, cut; "" where it says nothing.

    Example:
        >>> evened("  New\n York "), evened("NaN")
        ('new york', '')
    """
    short = " ".join(text[: 4 * LONGEST_ANSWER].split()).casefold()[:LONGEST_ANSWER]
    return "" if short in MISSING else short


def _filled(rows: NDArray[np.int64], words: _Words) -> ItemAnswers:
    rows = rows[:, (rows[:3] >= 0).all(0)]
    pairs, item = np.unique(rows[[0, 2]], axis=1, return_inverse=True)
    models, model = np.unique(rows[1], return_inverse=True)
    codes = np.full((len(models), pairs.shape[1]), -1, np.int32)
    target = np.full(pairs.shape[1], -1, np.int32)
    back = np.arange(rows.shape[1])[::-1]  # the first row is written last, and stays
    said = back[rows[3, back] >= 0]
    codes[model[said], item[said]] = rows[3, said]
    keyed = back[rows[4, back] >= 0]
    target[item[keyed]] = rows[4, keyed]
    benchmarks, items, names = (list(words.place[name]) for name in ("benchmark", "item", "model"))
    return ItemAnswers(
        models=tuple(names[code] for code in models.tolist()),
        items=tuple(items[code] for code in pairs[1].tolist()),
        benchmark=tuple(benchmarks[code] for code in pairs[0].tolist()),
        codes=codes,
        target=target,
        texts=tuple(words.shown),
    )


def answer_options(codes: NDArray[np.int32], target: NDArray[np.int32]) -> NDArray[np.int32] | None:
    """Return the few answers that all items of a benchmark share (letters, labels); None where answers are open.

    They are those that some key says, if hardly any solver says anything else. What else is said then is no answer.

    Args:
        codes: [M, n] answers of one benchmark, -1: none.
        target: [n] its keys.
    """
    keys = np.unique(target[target >= 0])
    said = codes[codes >= 0]
    if not len(said) or not _FEWEST <= len(keys) <= min(_MOST_OPTIONS, max(len(target) // _ITEMS_EACH, _FEWEST)):
        return None
    return keys if float(np.isin(said, keys).mean()) >= _NEARLY_ALL else None


_FEWEST, _MOST_OPTIONS = 2, 200
_ITEMS_EACH = 3
"""A key that hardly any two items share is no label."""

_NEARLY_ALL = 0.9


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[0] or path.name
