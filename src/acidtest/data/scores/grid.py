"""Rows of one benchmark as a grid of solvers by items: repeats averaged, duplicates refused."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.rows import Rows
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray

IndexArray = NDArray[np.int64]

_PLACES_PER_ROW = 4
"""Rows are counted place by place while there are at most so many places for each; else they are sorted."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One benchmark's scores, M solvers by n items; n is 1 and `items` empty where the table knows no items.

    Attributes:
        score: [M, n], NaN where not scored.
        stats: [M, n, k] or None.
        weight: [M, n] or None.
        failure: [M, n] share of repeats whose answer was unreadable; NaN where not scored. None: not known.
        errors: The first error of each solver, "" where it has none.
    """

    name: str
    models: tuple[str, ...]
    items: tuple[str, ...]
    score: FloatArray
    stats: FloatArray | None
    weight: FloatArray | None
    failure: FloatArray | None
    bundles: tuple[str, ...]
    edits: tuple[str, ...]
    topics: tuple[str, ...]
    errors: tuple[str, ...]
    generator: str
    strategy: str

    @property
    def scored(self) -> NDArray[np.bool_]:
        """[M, n]: where there is a score."""
        there: NDArray[np.bool_] = np.isfinite(self.score)
        return there

    def highest(self) -> float:
        """Return the highest score, or 0 where there is none."""
        return float(np.max(self.score, where=self.scored, initial=0.0))

    def lowest(self) -> float:
        """Return the lowest score, or 0 where none is below."""
        return float(np.min(self.score, where=self.scored, initial=0.0))

    def statistics(self, mean: bool) -> FloatArray:  # noqa: FBT001  # the one question there is
        """Return [M, n, k] sufficient statistics: the scores themselves where the metric is their mean."""
        stats = self.score[..., None] if mean or self.stats is None else self.stats
        return np.where(self.scored[..., None], stats, np.nan)

    def weights(self) -> FloatArray | None:
        """Return [M, n] what each item counts, 1 on average and NaN where not scored; None where all count alike.

        Raises:
            DataError: No item counts anything.
        """
        if self.weight is None or not self.items:
            return None
        known = self.weight[self.scored]
        if not known.size or known.min() == known.max() > 0:
            return None
        if known.max() <= 0:
            raise DataError(f"the weights of '{self.name}' are all 0", way_out="Give some items a weight above 0.")
        return np.where(self.scored, self.weight / known.mean(), np.nan)


def grid_of(rows: Rows, name: str) -> Grid:
    """Return the grid of one benchmark.

    Raises:
        DataError: A row stands twice and no epoch tells them apart; some rows have items and some have none; an
            item's bundle, edit or topic, or the benchmark's generator, differs between rows.
    """
    here = np.flatnonzero(rows.codes["benchmark"] == rows.texts["benchmark"].index(name))
    model, models = _compact(rows.codes["model"][here], rows.texts["model"])
    item, items = _items(rows, here, name)
    cell = model * max(len(items), 1) + item
    _refuse_duplicates(rows, here, cell, name)
    score, error = rows.numbers["score"][here], np.full(len(here), -1)
    if "error" in rows.codes:
        error = _real_errors(rows, here)
        score = np.where(error >= 0, np.nan, score)
    shape = (len(models), max(len(items), 1))
    scored = np.isfinite(score)
    return Grid(
        name=name,
        models=models,
        items=items,
        score=_averaged(score, cell, scored, shape),
        stats=_averaged_stats(rows, here, cell, scored, shape),
        weight=_numbers(rows, "weight", here, cell, scored, shape),
        failure=_numbers(rows, "failure", here, cell, scored, shape),
        bundles=_of_items(rows, "bundle", here, item, items),
        edits=_of_items(rows, "edit", here, item, items),
        topics=_of_items(rows, "topic", here, item, items),
        errors=_first_errors(rows, error, model, len(models)),
        generator=_one_word(rows, "generator", here, name),
        strategy=_one_word(rows, "strategy", here, name),
    )


def _compact(codes: NDArray[np.signedinteger[Any]], texts: list[str]) -> tuple[IndexArray, tuple[str, ...]]:
    present = np.zeros(len(texts), np.bool_)
    present[codes] = True
    compact = (np.cumsum(present) - 1)[codes]
    return compact, tuple(texts[code] for code in np.flatnonzero(present).tolist())


def _items(rows: Rows, here: IndexArray, name: str) -> tuple[IndexArray, tuple[str, ...]]:
    codes = rows.codes["item"][here] if "item" in rows.codes else np.full(len(here), -1)
    known = codes >= 0
    if not known.any():
        return np.zeros(len(here), np.int64), ()
    if not known.all():
        raise DataError(
            f"benchmark '{name}' has rows with an item and rows without one",
            where=rows.place(int(here[np.flatnonzero(~known)[0]])),
            way_out="Name the item in every row, or in none.",
        )
    return _compact(codes, rows.texts["item"])


def _refuse_duplicates(rows: Rows, here: IndexArray, cell: IndexArray, name: str) -> None:
    key = cell
    has_epochs = "epoch" in rows.codes and bool((rows.codes["epoch"][here] >= 0).any())
    if has_epochs:
        key = cell * (len(rows.texts["epoch"]) + 1) + rows.codes["epoch"][here] + 1
    most = int(key.max(initial=0)) + 1
    if most <= _PLACES_PER_ROW * len(key) and int(np.bincount(key, minlength=most).max(initial=0)) <= 1:
        return
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    if not (count > 1).any():
        return
    earliest = int(first[count > 1].min())
    again = int(np.flatnonzero(key == key[earliest])[1])
    row = int(here[again])
    item = rows.text("item", row)
    what = f"benchmark '{name}', model '{rows.text('model', row)}'" + (f", item '{item[:80]}'" if item else "")
    epoch = f" with epoch {rows.text('epoch', row)[:20]}" if has_epochs and rows.text("epoch", row) else ""
    raise DataError(
        f"{what} stands twice{epoch}",
        where=f"{rows.place(row)} (first: {rows.place(int(here[earliest]))})",
        way_out="Drop one row; or number repeats of one item in a column 'epoch': they are averaged.",
    )


def _real_errors(rows: Rows, here: IndexArray) -> IndexArray:
    nothing = [code for code, text in enumerate(rows.texts["error"]) if text.strip().lower() in ("", "false", "none")]
    codes = rows.codes["error"][here]
    return np.where(np.isin(codes, nothing), -1, codes)


def _first_errors(rows: Rows, codes: IndexArray, model: IndexArray, models: int) -> tuple[str, ...]:
    """Return the first error of each solver, "" where it has none, on one line and without control characters."""
    found = [""] * models
    there = np.flatnonzero(codes >= 0)
    for m, first in zip(*np.unique(model[there], return_index=True), strict=True):
        text = rows.texts["error"][int(codes[there[first]])]
        found[int(m)] = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return tuple(found)


def _averaged(values: FloatArray, cell: IndexArray, scored: NDArray[np.bool_], shape: tuple[int, int]) -> FloatArray:
    size = shape[0] * shape[1]
    count = np.bincount(cell[scored], minlength=size)
    total = np.bincount(cell[scored], weights=values[scored], minlength=size)
    mean: FloatArray = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    return mean.reshape(shape)


def _averaged_stats(
    rows: Rows, here: IndexArray, cell: IndexArray, scored: NDArray[np.bool_], shape: tuple[int, int]
) -> FloatArray | None:
    if rows.stats is None:
        return None
    there = np.isfinite(rows.stats[here])
    columns = np.flatnonzero(there[scored].any(axis=0))
    if len(columns) == 0:
        return None
    k = int(columns[-1]) + 1
    lacks = np.flatnonzero(scored & ~there[:, :k].all(axis=1))
    if len(lacks):
        raise DataError(
            f"stats has fewer than the {k} numbers that other rows have",
            where=rows.place(int(here[lacks[0]])),
            way_out="Write the same sufficient statistics for every scored row.",
        )
    return np.stack([_averaged(rows.stats[here, j], cell, scored, shape) for j in range(k)], axis=-1)


def _numbers(
    rows: Rows, column: str, here: IndexArray, cell: IndexArray, scored: NDArray[np.bool_], shape: tuple[int, int]
) -> FloatArray | None:
    if column not in rows.numbers:
        return None
    values = rows.numbers[column][here]
    there = scored & np.isfinite(values)
    if not there.any():
        return None
    if column == "weight" and (bool((values[there] < 0).any()) or not there[scored].all()):
        bad = int(np.flatnonzero(scored & ~(values >= 0))[0])
        raise DataError(
            "weight is missing or below 0", where=rows.place(int(here[bad])), way_out="Give each row a weight, or none."
        )
    return _averaged(values, cell, there, shape)


def _of_items(rows: Rows, column: str, here: IndexArray, item: IndexArray, items: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a column says of each item, "" where it says nothing; () where it says nothing of any."""
    if column not in rows.codes or not items:
        return ()
    codes = rows.codes[column][here]
    if not (codes >= 0).any():
        return ()
    of_item = codes[np.unique(item, return_index=True)[1]]
    differs = np.flatnonzero(of_item[item] != codes)
    if len(differs):
        row = int(here[differs[0]])
        raise DataError(
            f"item '{rows.text('item', row)[:80]}' is in two bundles"
            if column == "bundle"
            else f"item '{rows.text('item', row)[:80]}' has two different cells in the column '{column}'",
            where=rows.place(row),
            way_out=f"Give an item the same {column} in every row.",
        )
    return tuple(rows.texts[column][code] if code >= 0 else "" for code in of_item.tolist())


def _one_word(rows: Rows, column: str, here: IndexArray, name: str) -> str:
    if column not in rows.codes:
        return ""
    found, first = np.unique(rows.codes[column][here], return_index=True)
    if len(found) > 1:
        raise DataError(
            f"benchmark '{name}' has more than one {column}",
            where=rows.place(int(here[first.max()])),
            way_out=f"Give all rows of a benchmark the same {column}, or name the parts as benchmarks of their own.",
        )
    return rows.texts[column][int(found[0])] if found[0] >= 0 else ""
