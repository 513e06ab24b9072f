"""Tables of scores as one matrix: solvers by the items of one or several benchmarks, holes left open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.grid import Grid, grid_of
from acidtest.data.scores.rows import read_rows
from acidtest.data.scores.table import families_of, kind_of, one_metric
from acidtest.errors import DataError, did_you_mean
from acidtest.stats.estimate import FloatArray
from acidtest.types import Kind

_HUNDRED = 100.0


@dataclass(frozen=True, kw_only=True)
class ScoreMatrix:
    """Scores of M solvers on n items.

    Attributes:
        models: [M] names of the solvers, in the order of their first row.
        items: [n] ids; unique within a benchmark only.
        benchmark: [n] the benchmark of each item.
        scores: [M, n], 0 to 1, NaN where not scored. An answer that was unreadable scores what the table says.
        kinds: benchmark -> real or synthetic, where the table or the caller says.
        generators: benchmark -> the model that wrote it, where one is known.
        families: solver -> its family, where one is known.
        topics: [n], "" where an item has none.
        bundles: [n], "" where an item is in none.
        metric: Name of the metric, "" where the table names none.
        notes: What was decided in reading.
    """

    models: tuple[str, ...]
    items: tuple[str, ...]
    benchmark: tuple[str, ...]
    scores: FloatArray
    kinds: Mapping[str, Kind]
    generators: Mapping[str, str]
    families: Mapping[str, str]
    topics: tuple[str, ...]
    bundles: tuple[str, ...]
    metric: str = ""
    notes: tuple[str, ...] = ()

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Names of the benchmarks, in their order."""
        return tuple(dict.fromkeys(self.benchmark))

    def of(self, name: str) -> NDArray[np.int64]:
        """Return the positions of one benchmark's items."""
        return np.flatnonzero(np.array(self.benchmark, object) == name)


def read_matrix(
    paths: Sequence[Path],
    *,
    benchmark: Sequence[str] = (),
    only: Sequence[str] = (),
    metric: str = "",
    percent: bool = False,
) -> ScoreMatrix:
    """Read files of scores, long or wide, item by item.

    Args:
        paths: CSV, TSV or JSON lines (each also .gz), or Parquet; read as one table.
        benchmark: Names for the files that name no benchmark themselves, in their order; the file's own name unless
            given.
        only: Benchmarks to keep; all unless named.
        metric: Which metric to read where the table holds several.
        percent: Scores are percentages.

    Raises:
        DataError: A table without items, scores outside 0 to 1, or anything else that is no table of scores.
    """
    rows = read_rows(paths, benchmark=tuple(benchmark), named_by_file=True)
    rows, metric = one_metric(rows, metric)
    codes = rows.codes["benchmark"]
    known = [rows.texts["benchmark"][code] for code in dict.fromkeys(codes.tolist())]
    for name in only:
        if name not in known:
            raise DataError(
                f"no benchmark is called '{name[:80]}'",
                way_out=f"{did_you_mean(name, known)}It holds: {', '.join(known)}.",
            )
    grids = [grid_of(rows, name) for name in (only or known)]
    for grid in grids:
        _check(grid, percent=percent)
    models = tuple(dict.fromkeys(model for grid in grids for model in grid.models))
    said = {grid.name: kind_of(rows, grid.name) for grid in grids}
    kinds: dict[str, Kind] = {n: "real" if kind == "real" else "synthetic" for n, kind in said.items() if kind}
    return ScoreMatrix(
        models=models,
        items=tuple(item for grid in grids for item in grid.items),
        benchmark=tuple(grid.name for grid in grids for _ in grid.items),
        scores=np.concatenate([_spread(grid, models) for grid in grids], axis=1) / (_HUNDRED if percent else 1.0),
        kinds=kinds,
        generators={grid.name: grid.generator for grid in grids if grid.generator},
        families=families_of(rows),
        topics=tuple(topic for grid in grids for topic in (grid.topics or ("",) * len(grid.items))),
        bundles=tuple(bundle for grid in grids for bundle in (grid.bundles or ("",) * len(grid.items))),
        metric=metric,
        notes=rows.notes,
    )


def _check(grid: Grid, *, percent: bool) -> None:
    if not grid.items:
        raise DataError(
            f"benchmark '{grid.name}' has no items, only totals",
            way_out="Give a score for each item: a column 'item', or items in rows and solvers in columns.",
        )
    top = _HUNDRED if percent else 1.0
    if grid.lowest() < 0 or grid.highest() > top:
        worst = grid.lowest() if grid.lowest() < 0 else grid.highest()
        raise DataError(
            f"benchmark '{grid.name}' holds a score of {worst:g}; items' scores lie between 0 and {top:g} here",
            way_out="Add --percent if scores are percentages." if not percent else "Mend the scores.",
        )


def _spread(grid: Grid, models: tuple[str, ...]) -> FloatArray:
    scores = np.full((len(models), len(grid.items)), np.nan)
    scores[[models.index(model) for model in grid.models]] = np.where(grid.scored, grid.score, np.nan)
    return scores
