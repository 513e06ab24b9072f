"""Tables of scores that users have already -> `Scores`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from acidtest.data.scores.arrow import CodeArray
from acidtest.data.scores.files import refuse_too_large
from acidtest.data.scores.grid import Grid, grid_of
from acidtest.data.scores.judged import judged_sets
from acidtest.data.scores.rows import Rows, read_rows
from acidtest.data.scores.scale import in_unit, scales, within_unit
from acidtest.errors import DataError, did_you_mean
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import observed as observed_metric
from acidtest.stats.metric import METRICS, Metric, finish_mean, weighted
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
    fractions: Sequence[str] = (),
    lower_is_better: Sequence[str] = (),
    benchmark: str | Sequence[str] = (),
    judged: Sequence[str] = (),
) -> Scores:
    """Read files of scores, long or wide, as one comparison of a real benchmark with synthetic ones.

    Args:
        paths: CSV, TSV or JSON lines (each also .gz), or Parquet; read as one table.
        real: Name of the real benchmark.
        synthetic: Names of the synthetic ones; empty: all others, less those that a column `kind` calls real.
        generators: Benchmark -> the model that wrote it; goes before a column `generator`.
        metric: Which metric to read where the table holds several.
        percent: True: all benchmarks are percentages, unless no score of any is above 1. False: none is. None: not
            said; then scores above 1 in one benchmark and at most 1 in another are an error.
        fractions: Benchmarks that hold fractions, 0 to 1, where all others are percentages.
        lower_is_better: Metrics of which less is better.
        benchmark: Names for the files that name no benchmark themselves, in their order.
        judged: Benchmarks that hold a judge's scores of the real one's items and of others; see `judged_sets`.

    Returns:
        Scores with benchmarks in the order asked for (or of their first row) and solvers in the order of their first
        row. A solver without any score in a benchmark stands in `not_compared`, with the reason. `notes` say what was
        decided about the table that it does not say itself.

    Raises:
        DataError: Anything that cannot be read as scores, with the file, the row and the way out.
    """
    names = (benchmark,) if isinstance(benchmark, str) and benchmark else tuple(benchmark)
    rows = read_rows(paths, benchmark=names, real=real, wanted=(real, *synthetic) if synthetic else ())
    rows, metric = one_metric(rows, metric)
    chosen = _chosen(rows, real, tuple(synthetic))
    grids = {name: grid_of(rows, name) for name in chosen}
    scale, doubts = scales(grids, percent=percent, fractions=fractions, guessed=rows.guessed)
    written_by = _generators(grids, dict(generators or {}), chosen)
    how = _metric(grids, metric or "score", frozenset(lower_is_better), scale)
    found = [_benchmark(grids[n], how, scale[n], real=n == real, generator=written_by.get(n)) for n in chosen]
    how, found = _weighted(how, found, grids)
    found = judged_sets(found, how, judged)
    reasons = {n: _reasons(grids[n]) for n in chosen}
    return Scores(
        metric=how,
        real=found[0],
        synthetic=tuple(found[1:]),
        families=families_of(rows),
        not_compared={n: r for n, r in reasons.items() if r},
        notes=(*rows.notes, *doubts),
    )


def one_metric(rows: Rows, metric: str) -> tuple[Rows, str]:
    """Return the rows of one metric, and its name ("" where no column says); what stands in the others may be huge."""
    if "metric" not in rows.codes:
        return rows, metric
    known = rows.texts["metric"]
    if metric and metric not in known:
        raise DataError(f"no scores of metric '{metric}'", way_out=nearest_of(metric, known, "--metric"))
    if not metric and len(known) > 1:
        raise DataError(
            f"the table holds {len(known)} metrics: {_listed(known)}", way_out="Name the one to compare by --metric."
        )
    metric = metric or (known[0] if known else "")
    codes = rows.codes["metric"]
    if len(known) > 1:
        rows = rows.keep(codes == known.index(metric))
    refuse_too_large(rows.numbers["score"], "score", rows.place)
    return rows, metric


def _chosen(rows: Rows, real: str, synthetic: tuple[str, ...]) -> tuple[str, ...]:
    codes = rows.codes["benchmark"]
    known = [rows.texts["benchmark"][code] for code in dict.fromkeys(codes.tolist())]
    return chosen_of(known, lambda name: kind_of(rows, name), real, synthetic)


def chosen_of(
    known: Sequence[str], kind: Callable[[str], str], real: str, synthetic: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the benchmarks to compare, the real one first.

    Args:
        known: All benchmarks of the table, in their order.
        kind: Benchmark -> "real", "synthetic" or "", as the table says.
        real: Name of the real one.
        synthetic: Names of the synthetic ones; empty: all others that are not called real.

    Raises:
        DataError: A name that is not known, or twice the same; or there is nothing to compare.
    """
    for option, name in [("--real", real), *(("--synthetic", name) for name in synthetic)]:
        if name not in known:
            raise DataError(f"no benchmark is called '{name}'", way_out=nearest_of(name, known, option))
    twice = [name for name in synthetic if name == real or synthetic.count(name) > 1]
    if twice:
        raise DataError(f"benchmark '{twice[0]}' is named twice", way_out="Name each benchmark once.")
    if kind(real) == "synthetic":
        raise DataError(
            f"benchmark '{real}' is called real, but the column kind says synthetic",
            way_out="Name the real benchmark after --real, or mend the column.",
        )
    others = synthetic or tuple(n for n in known if n != real and kind(n) != "real")
    if not others:
        raise DataError(
            "there is no synthetic benchmark to compare",
            where=f"benchmarks: {_listed(known)}",
            way_out="Give scores of at least one synthetic benchmark, and name it by --synthetic.",
        )
    return (real, *others)


def kind_of(rows: Rows, name: str) -> str:
    """Return "real", "synthetic" or "" for a benchmark, as its column `kind` says.

    Raises:
        DataError: Another word, or both.
    """
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


def _generators(grids: Mapping[str, Grid], given: Mapping[str, str], chosen: tuple[str, ...]) -> dict[str, str]:
    return generators_of({name: grid.generator for name, grid in grids.items()}, given, chosen)


def generators_of(said: Mapping[str, str], given: Mapping[str, str], chosen: tuple[str, ...]) -> dict[str, str]:
    """Return synthetic benchmark -> the model that wrote it: `given` goes before what the table says."""
    for name in given:
        if name not in chosen[1:]:
            raise DataError(
                f"no synthetic benchmark is called '{name}'", way_out=nearest_of(name, chosen[1:], "--generator")
            )
    return {n: given.get(n) or said[n] for n in chosen[1:] if given.get(n) or said[n]}


def _metric(
    grids: Mapping[str, Grid], name: str, lower_is_better: frozenset[str], scale: Mapping[str, float]
) -> Metric:
    known = METRICS.get(name)
    lacking = [grid.name for grid in grids.values() if grid.items and grid.stats is None]
    if lacking and known is not None and not known.is_mean:
        raise DataError(
            f"metric '{name}' is no mean of its items' scores, and '{lacking[0]}' has no sufficient statistics",
            way_out="Add the column 'stats', or rename the metric to have the items' scores averaged.",
        )
    unit = all(in_unit(g.lowest() * scale[n]) and in_unit(g.highest() * scale[n]) for n, g in grids.items())
    return metric_of(name, lower_is_better, unit=unit)


def metric_of(name: str, lower_is_better: frozenset[str], *, unit: bool) -> Metric:
    """Return the metric of a name; an unknown one is the mean of its items' scores.

    Raises:
        DataError: `lower_is_better` names another metric.
    """
    unknown = sorted(lower_is_better - {name})
    if unknown and name not in lower_is_better:
        raise DataError(
            f"no scores of metric '{unknown[0]}'",
            way_out=f"The metric is called '{name}': say --lower-is-better {name}, or name it by --metric.",
        )
    known = METRICS.get(name)
    metric = known or Metric(name=name, finish=finish_mean, is_mean=True)
    better = metric.higher_is_better and name not in lower_is_better
    return replace(metric, unit=metric.unit and unit, higher_is_better=better)


def _benchmark(grid: Grid, metric: Metric, scale: float, *, real: bool, generator: str | None) -> BenchmarkScores:
    there = np.asarray(grid.scored.any(axis=1))
    models = tuple(model for model, kept in zip(grid.models, there.tolist(), strict=True) if kept)
    if not models:
        raise DataError(f"benchmark '{grid.name}' has no score at all", way_out="Leave it out, or fill its scores.")
    stats = None
    observed = _scaled(grid.score[there, 0], scale, metric)
    if grid.items:
        stats = grid.statistics(metric.is_mean)[there]
        stats = _scaled(stats, scale, metric) if metric.is_mean else stats
        observed = _observed(stats, metric, grid.name)
    return BenchmarkScores(
        name=grid.name,
        kind="real" if real else "synthetic",
        models=models,
        observed=observed,
        stats=stats,
        items=grid.items,
        bundles=grid.bundles,
        edits=grid.edits,
        topics=grid.topics,
        item_scores=_scaled(grid.score[there], scale, metric) if grid.bundles or grid.topics else None,
        failures=None if grid.failure is None else grid.failure[there],
        generator=generator,
        strategy=grid.strategy or None,
    )


def _weighted(
    metric: Metric, found: list[BenchmarkScores], grids: Mapping[str, Grid]
) -> tuple[Metric, list[BenchmarkScores]]:
    """Return the metric and the benchmarks with what each item counts; as they were where all items count alike."""
    weights = {one.name: grids[one.name].weights() for one in found}
    if all(weight is None for weight in weights.values()):
        return metric, found
    if metric.finish is None:
        raise DataError(
            f"metric '{metric.name}' is no function of sums: it knows no weights", way_out="Drop the column 'weight'."
        )
    joint = weighted(metric)
    with_weights = []
    for one in found:
        if one.stats is not None:
            weight = weights[one.name]
            known = [grids[one.name].models.index(model) for model in one.models]
            counts = (np.ones(one.stats.shape[:2]) if weight is None else weight[known])[..., None]
            stats = np.concatenate([one.stats * counts, np.where(np.isfinite(one.stats[..., :1]), counts, np.nan)], -1)
            one = replace(one, stats=stats, observed=_observed(stats, joint, one.name))  # noqa: PLW2901  # the same one
        with_weights.append(one)
    return joint, with_weights


def _observed(stats: FloatArray, metric: Metric, name: str) -> FloatArray:
    try:
        return observed_metric(stats, metric)
    except (IndexError, ValueError) as error:
        raise DataError(
            f"the stats of '{name}' are not those of metric '{metric.name}': {stats.shape[-1]} per item",
            way_out="Write the metric's sufficient statistics, or rename the metric to have scores averaged.",
        ) from error


def _scaled(scores: FloatArray, scale: float, metric: Metric) -> FloatArray:
    return within_unit(scores * scale) if metric.unit else scores * scale


def _reasons(grid: Grid) -> dict[str, str]:
    reasons = {}
    scored = np.asarray(grid.scored.any(axis=1))
    for model, any_score, error in zip(grid.models, scored, grid.errors, strict=True):
        if not any_score:
            reasons[model] = f"every item failed: {error[:_LONGEST_REASON]}" if error else "no score"
    return reasons


def families_of(rows: Rows) -> dict[str, str]:
    """Return solver -> family, for the solvers that a column `family` names one of."""
    if "family" not in rows.codes:
        return {}
    pairs = np.unique(np.stack([rows.codes["model"], rows.codes["family"]]), axis=1).T
    return {rows.texts["model"][m]: rows.texts["family"][f] for m, f in pairs.tolist() if f >= 0}


def _first_of_each(codes: CodeArray) -> list[int]:
    return sorted(np.unique(codes, return_index=True)[1].tolist())


def nearest_of(name: str, known: Sequence[str], option: str) -> str:
    """Return what an option takes, the nearest name first."""
    return f"{did_you_mean(name, known)}{option} takes one of: {_listed(known)}."


def _listed(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "(none)"
