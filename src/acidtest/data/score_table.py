"""Tables of scores that users have already -> `Scores`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acidtest.data.score_grid import Grid, grid_of
from acidtest.data.score_rows import Rows, read_rows
from acidtest.errors import DataError, did_you_mean
from acidtest.stats.jackknife import observed as observed_metric
from acidtest.stats.metric import METRICS, Metric, finish_mean
from acidtest.types import BenchmarkScores, Scores

_LONGEST_REASON = 200


def read_scores(  # noqa: PLR0913  # one argument per option of `acidtest audit`
    paths: Sequence[Path],
    *,
    real: str,
    synthetic: Sequence[str] = (),
    generators: Mapping[str, str] | None = None,
    metric: str = "",
    percent: bool | None = None,
    lower_is_better: Sequence[str] = (),
    benchmark: str | Sequence[str] = (),
) -> Scores:
    """Read files of scores, long or wide, as one comparison of a real benchmark with synthetic ones.

    Args:
        paths: CSV, TSV or JSON lines (each also .gz), or Parquet; read as one table.
        real: Name of the real benchmark.
        synthetic: Names of the synthetic ones; empty: all others, less those that a column `kind` calls real.
        generators: Benchmark -> the model that wrote it; goes before a column `generator`.
        metric: Which metric to read where the table holds several.
        percent: True: benchmarks with scores above 1 are percentages. False: they are not. None: not said; then scores
            above 1 in one benchmark and at most 1 in another are an error.
        lower_is_better: Metrics of which less is better.
        benchmark: Names for the files that name no benchmark themselves, in their order.

    Returns:
        Scores with benchmarks in the order asked for (or of their first row) and solvers in the order of their first
        row. A solver without any score in a benchmark stands in `not_compared`, with the reason.

    Raises:
        DataError: Anything that cannot be read as scores, with the file, the row and the way out.
    """
    names = (benchmark,) if isinstance(benchmark, str) and benchmark else tuple(benchmark)
    rows = read_rows(paths, benchmark=names, wanted=(real, *synthetic) if synthetic else ())
    rows, metric = _one_metric(rows, metric)
    chosen = _chosen(rows, real, tuple(synthetic))
    grids = {name: grid_of(rows, name) for name in chosen}
    scale = _scales(grids, percent)
    written_by = _generators(grids, dict(generators or {}), chosen)
    how = _metric(grids, metric or "score", frozenset(lower_is_better), scale)
    found = [_benchmark(grids[n], how, scale[n], real=n == real, generator=written_by.get(n)) for n in chosen]
    reasons = {n: _reasons(grids[n]) for n in chosen}
    return Scores(
        metric=how,
        real=found[0],
        synthetic=tuple(found[1:]),
        families=_families(rows),
        not_compared={n: r for n, r in reasons.items() if r},
    )


def _one_metric(rows: Rows, metric: str) -> tuple[Rows, str]:
    """Return the rows of one metric, and its name ("" where no column says)."""
    if "metric" not in rows.codes:
        return rows, metric
    known = rows.texts["metric"]
    if metric and metric not in known:
        raise DataError(f"no scores of metric '{metric}'", way_out=_nearest(metric, known, "--metric"))
    if not metric and len(known) > 1:
        raise DataError(
            f"the table holds {len(known)} metrics: {_listed(known)}", way_out="Name the one to compare by --metric."
        )
    metric = metric or (known[0] if known else "")
    codes = rows.codes["metric"]
    if len(known) > 1:
        rows = rows.keep(codes == known.index(metric))
    return rows, metric


def _chosen(rows: Rows, real: str, synthetic: tuple[str, ...]) -> tuple[str, ...]:
    codes = rows.codes["benchmark"]
    known = [rows.texts["benchmark"][code] for code in dict.fromkeys(codes.tolist())]
    for option, name in [("--real", real), *(("--synthetic", name) for name in synthetic)]:
        if name not in known:
            raise DataError(f"no benchmark is called '{name}'", way_out=_nearest(name, known, option))
    twice = [name for name in synthetic if name == real or synthetic.count(name) > 1]
    if twice:
        raise DataError(f"benchmark '{twice[0]}' is named twice", way_out="Name each benchmark once.")
    if _kind(rows, real) == "synthetic":
        raise DataError(
            f"benchmark '{real}' is called real, but the column kind says synthetic",
            way_out="Name the real benchmark after --real, or mend the column.",
        )
    others = synthetic or tuple(n for n in known if n != real and _kind(rows, n) != "real")
    if not others:
        raise DataError(
            "there is no synthetic benchmark to compare",
            where=f"benchmarks: {_listed(known)}",
            way_out="Give scores of at least one synthetic benchmark, and name it by --synthetic.",
        )
    return (real, *others)


def _kind(rows: Rows, name: str) -> str:
    if "kind" not in rows.codes:
        return ""
    here = np.flatnonzero(rows.codes["benchmark"] == rows.texts["benchmark"].index(name))
    kinds = {rows.text("kind", int(here[i])): int(here[i]) for i in _first_of_each(rows.codes["kind"][here])}
    for kind, row in kinds.items():
        if kind not in ("", "real", "synthetic"):
            raise DataError(
                f"kind is '{kind[:60]}'", where=rows.place(row), way_out="A benchmark is 'real' or 'synthetic'."
            )
    if len(kinds) > 1:
        raise DataError(
            f"benchmark '{name}' is real in one row and synthetic in another",
            where=rows.place(max(kinds.values())),
            way_out="Give all rows of a benchmark the same kind.",
        )
    return next(iter(kinds))


def _scales(grids: Mapping[str, Grid], percent: bool | None) -> dict[str, float]:  # noqa: FBT001  # passed on as it came
    tops = {name: grid.highest() for name, grid in grids.items()}
    above = [name for name, top in tops.items() if top > 1]
    below = [name for name, top in tops.items() if top <= 1]
    if percent is None and above and below:
        raise DataError(
            f"scores of '{above[0]}' go up to {tops[above[0]]:g}, those of '{below[0]}' stay at most 1",
            way_out="Say --percent if the higher ones are percentages; --no-percent if all are on one scale already.",
        )
    return {name: 0.01 if percent and top > 1 else 1.0 for name, top in tops.items()}


def _generators(grids: Mapping[str, Grid], given: Mapping[str, str], chosen: tuple[str, ...]) -> dict[str, str]:
    for name in given:
        if name not in chosen[1:]:
            raise DataError(
                f"no synthetic benchmark is called '{name}'", way_out=_nearest(name, chosen[1:], "--generator")
            )
    return {n: given.get(n) or grids[n].generator for n in chosen[1:] if given.get(n) or grids[n].generator}


def _metric(
    grids: Mapping[str, Grid], name: str, lower_is_better: frozenset[str], scale: Mapping[str, float]
) -> Metric:
    unknown = sorted(lower_is_better - {name})
    if unknown and name not in lower_is_better:
        raise DataError(
            f"no scores of metric '{unknown[0]}'",
            way_out=f"The metric is called '{name}': say --lower-is-better {name}, or name it by --metric.",
        )
    known = METRICS.get(name)
    lacking = [grid.name for grid in grids.values() if grid.items and grid.stats is None]
    if lacking and known is not None and not known.is_mean:
        raise DataError(
            f"metric '{name}' is no mean of its items' scores, and '{lacking[0]}' has no sufficient statistics",
            way_out="Add the column 'stats', or rename the metric to have the items' scores averaged.",
        )
    unit = all(g.lowest() * scale[n] >= 0 and g.highest() * scale[n] <= 1 for n, g in grids.items())
    metric = known or Metric(name=name, finish=finish_mean, is_mean=True)
    return replace(metric, unit=metric.unit and unit, higher_is_better=name not in lower_is_better)


def _benchmark(grid: Grid, metric: Metric, scale: float, *, real: bool, generator: str | None) -> BenchmarkScores:
    there: NDArray[np.bool_] = np.asarray(grid.scored.any(axis=1))
    models = tuple(model for model, kept in zip(grid.models, there.tolist(), strict=True) if kept)
    if not models:
        raise DataError(f"benchmark '{grid.name}' has no score at all", way_out="Leave it out, or fill its scores.")
    stats = None
    observed = grid.score[there, 0] * scale
    if grid.items:
        stats = grid.statistics(metric.is_mean)[there]
        stats = stats * scale if metric.is_mean else stats
        try:
            observed = observed_metric(stats, metric)
        except (IndexError, ValueError) as error:
            raise DataError(
                f"the stats of '{grid.name}' are not those of metric '{metric.name}': {stats.shape[-1]} per item",
                way_out="Write the metric's sufficient statistics, or rename the metric to have scores averaged.",
            ) from error
    return BenchmarkScores(
        name=grid.name,
        kind="real" if real else "synthetic",
        models=models,
        observed=observed,
        stats=stats,
        items=grid.items,
        bundles=grid.bundles,
        failures=None if grid.failure is None else grid.failure[there],
        generator=generator,
        strategy=grid.strategy or None,
    )


def _reasons(grid: Grid) -> dict[str, str]:
    reasons = {}
    scored = np.asarray(grid.scored.any(axis=1))
    for model, any_score, error in zip(grid.models, scored, grid.errors, strict=True):
        if not any_score:
            reasons[model] = f"every item failed: {error[:_LONGEST_REASON]}" if error else "no score"
    return reasons


def _families(rows: Rows) -> dict[str, str]:
    if "family" not in rows.codes:
        return {}
    pairs = np.unique(np.stack([rows.codes["model"], rows.codes["family"]]), axis=1).T
    return {rows.texts["model"][m]: rows.texts["family"][f] for m, f in pairs.tolist() if f >= 0}


def _first_of_each(codes: NDArray[np.int64]) -> list[int]:
    return sorted(np.unique(codes, return_index=True)[1].tolist())


def _nearest(name: str, known: Sequence[str], option: str) -> str:
    return f"{did_you_mean(name, known)}{option} takes one of: {_listed(known)}."


def _listed(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "(none)"
