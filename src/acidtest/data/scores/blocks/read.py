"""Parquet files of scores that do not fit into memory -> `Scores` of blocks of items."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from acidtest.data.scores.blocks.item_blocks import make_blocks, shared_items
from acidtest.data.scores.blocks.profile import metrics_of, profile_of, with_texts
from acidtest.data.scores.blocks.session import Session, open_session
from acidtest.data.scores.blocks.source import Source, read_source
from acidtest.data.scores.blocks.sums import Asked, Sums, add_long, add_wide
from acidtest.data.scores.blocks.table import BlockTable, ScoreRange
from acidtest.data.scores.scale import in_unit, scales
from acidtest.data.scores.table import chosen_of, generators_of, metric_of, nearest_of
from acidtest.errors import DataError
from acidtest.stats.blocks import in_blocks
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import finish_quietly, observed
from acidtest.stats.metric import Metric, weighted
from acidtest.types import BenchmarkScores, Blocks, Scores

BLOCKS = 2000
"""Blocks unless told otherwise: the noise is then known to 3 % of its variance."""

FEWEST_BLOCKS = 30
"""With fewer, noise is told too badly for any interval."""

MOST_NUMBERS = 2**26
"""Sums of one benchmark that are kept: half a gigabyte. More statistics per item leave fewer blocks."""

_BY_BUNDLE = "whether whole bundles are right"
_BY = {"topic": "gaps by topic", "edit": "gaps by edit kind"}


def read_blocks(  # noqa: PLR0913  # one argument per option of `acidtest audit`
    paths: Sequence[Path],
    *,
    real: str,
    blocks: int = 0,
    synthetic: Sequence[str] = (),
    generators: Mapping[str, str] | None = None,
    metric: str = "",
    percent: bool | None = None,
    fractions: Sequence[str] = (),
    lower_is_better: Sequence[str] = (),
    benchmark: Sequence[str] = (),
    judged: Sequence[str] = (),
) -> Scores:
    """Read Parquet files of scores of any size, the items of each benchmark summed up in blocks.

    Args:
        paths: The files.
        real: As all that follow, see `read_scores`.
        blocks: Number of blocks; 0: BLOCKS, or fewer where an item has many statistics.
        synthetic: Names of the synthetic benchmarks.
        generators: Benchmark -> the model that wrote it.
        metric: Which metric to read.
        percent: Whether scores are percentages.
        fractions: Benchmarks that hold fractions.
        lower_is_better: Metrics of which less is better.
        benchmark: Names for the files that name no benchmark themselves.
        judged: None may be: that needs single items.

    Returns:
        Scores whose benchmarks have `blocks`; solvers by name. Metrics are those of the items, to the last digits.
        `notes` say that items were summed up, and what was left out for it.

    Raises:
        DataError: Anything that cannot be read as scores of items, or needs single items.
    """
    if judged:
        raise DataError(
            f"--judge '{judged[0]}' needs single items, and this table is summed up in blocks of items",
            way_out="Leave --judge out, or audit a part of the items.",
        )
    if blocks and blocks < FEWEST_BLOCKS:
        raise DataError(f"--blocks is {blocks}", way_out=f"Take {FEWEST_BLOCKS} or more; {BLOCKS:,} is usual.")
    left = list(benchmark)
    sources = [read_source(path, place, left) for place, path in enumerate(paths)]
    if left:
        raise DataError(
            f"no file needs the benchmark name '{left[0]}'",
            way_out="Give --benchmark once for each file without a column 'benchmark'.",
        )
    with open_session(paths) as session:
        metric, several = _one_metric(session, sources, metric)
        sources = [replace(with_texts(session, one), metric=metric if several else "") for one in sources]
        table = BlockTable(session, tuple(sources), [profile_of(session, one) for one in sources])
        chosen = chosen_of(table.benchmarks, lambda name: table.word(name, "kind"), real, tuple(synthetic))
        written_by = generators_of({n: table.word(n, "generator") for n in chosen}, generators or {}, chosen)
        grids = {name: ScoreRange(table.told(name)) for name in chosen}
        scale, doubts = scales(grids, percent=percent, fractions=fractions)
        unit = all(in_unit(g.lowest() * scale[n]) and in_unit(g.highest() * scale[n]) for n, g in grids.items())
        how = metric_of(metric or "score", frozenset(lower_is_better), unit=unit)
        numbers = table.numbers(chosen, how)
        size = blocks or min(BLOCKS, max(FEWEST_BLOCKS, MOST_NUMBERS // numbers))
        weights = bool(sum(table.weights(name) for name in chosen))  # all are checked
        items = {name: make_blocks(session, table.of(name), name, f"items{k}", size) for k, name in enumerate(chosen)}
        joint = in_blocks(weighted(how) if weights else how)
        found = []
        for k, name in enumerate(chosen):
            within = (0.0, 1 / scale[name]) if how.unit and how.is_mean else None
            sums = _sums(table, name, how, (f"items{k}", items[name], size), within)
            shared = {
                other: shared_items(session, f"items{k}", f"items{j}") for j, other in enumerate(chosen) if j != k
            }
            times = scale[name] if how.is_mean else 1.0
            one = _benchmark(sums, table, name, joint, (times, weights), (items[name], shared))
            found.append(replace(one, kind="synthetic" if k else "real", generator=written_by.get(name)))
    return Scores(
        metric=joint,
        real=found[0],
        synthetic=tuple(found[1:]),
        families=table.families(),
        not_compared={n: r for n in chosen if (r := table.reasons(n))},
        notes=(*doubts, *_notes(table, found, size)),
    )


def _one_metric(session: Session, sources: Sequence[Source], metric: str) -> tuple[str, bool]:
    """Return the metric, "" where the table names none, and whether the table holds others, too."""
    known = list(dict.fromkeys(name for source in sources for name in metrics_of(session, source)))
    if known and metric and metric not in known:
        raise DataError(f"no scores of metric '{metric}'", way_out=nearest_of(metric, known, "--metric"))
    if not metric and len(known) > 1:
        raise DataError(
            f"the table holds {len(known)} metrics: {', '.join(known[:20])}",
            way_out="Name the one to compare by --metric.",
        )
    return metric or (known[0] if known else ""), len(known) > 1


def _sums(
    table: BlockTable, name: str, metric: Metric, items: tuple[str, int, int], within: tuple[float, float] | None
) -> tuple[list[str], Sums]:
    """Return the solvers of a benchmark that have any score, and their sums."""
    told = table.told(name)
    models = sorted(model for model, one in told.items() if one.scored)
    if not models:
        raise DataError(f"benchmark '{name[:80]}' has no score at all", way_out="Leave it out, or fill its scores.")
    k, weighs = table.statistics(name, metric), table.weights(name)
    sums = Sums.empty(len(models), items[2], max(k, 1))
    own = ScoreRange(told)
    leaves = within is not None and not within[0] <= own.lowest() <= own.highest() <= within[1]
    asked = Asked(
        benchmark=name,
        models={model: row for row, model in enumerate(models)},
        items=items[0],
        n_items=items[1],
        blocks=items[2],
        statistics=k,
        weighted=weighs,
        largest=max(one.stats[1] for one in told.values()) if k else max(own.highest(), -own.lowest()),
        heaviest=max([1.0, *(one.weights[2] for one in told.values() if one.weights[0])]) if weighs else 1.0,
        within=within if leaves else None,
    )
    wide, long = table.of(name, long=False), table.of(name, long=True)
    table.refuse_overlap(name, items[0])
    epochs = any(one.epochs for one in told.values())
    for source in wide:
        add_wide(table.session, source, asked, epochs=epochs, into=sums)
    if long:
        in_long = {model: told[model] for model in models if table.is_in(long, name, model)}
        add_long(table.session, long, asked, in_long, sums)
    return models, sums


def _benchmark(
    found: tuple[list[str], Sums],
    table: BlockTable,
    name: str,
    metric: Metric,
    how: tuple[float, bool],
    items: tuple[int, Mapping[str, int]],
) -> BenchmarkScores:
    models, sums = found
    (scale, weights), (n_items, shared) = how, items
    mean = sums.weight.sum() / sums.count.sum() if weights else 1.0  # an item weighs 1 on average
    parts = [sums.values * (scale / mean), *([sums.weight[..., None] / mean] if weights else []), sums.count[..., None]]
    stats = np.concatenate(parts, axis=-1)
    stats[sums.count == 0] = np.nan
    try:
        seen = observed(stats, metric)
    except (IndexError, ValueError) as error:
        raise DataError(
            f"the stats of '{name}' are not those of metric '{metric.name}': {sums.values.shape[-1]} per item",
            way_out="Write the metric's sufficient statistics, or rename the metric to have scores averaged.",
        ) from error
    rate = np.divide(
        sums.failures[:, 0], sums.failures[:, 1], out=np.full(len(models), np.nan), where=sums.failures[:, 1] > 0
    )
    return BenchmarkScores(
        name=name,
        kind="real",
        models=tuple(models),
        observed=seen,
        stats=stats,
        strategy=table.word(name, "strategy") or None,
        blocks=Blocks(
            n_items=n_items,
            scored=sums.count.sum(axis=1),
            shared=shared,
            failure_rate=rate,
            readable=_readable(sums, metric, (scale, mean, weights)),
        ),
    )


def _readable(sums: Sums, metric: Metric, how: tuple[float, float, bool]) -> FloatArray:
    """Return [M] the metric over the items whose answer could be read; NaN where that is not known."""
    scale, mean, weights = how
    left = sums.values.sum(axis=1) - sums.unread[:, :-2]
    heavy = [(sums.weight.sum(axis=1) - sums.unread[:, -2])[:, None] / mean] if weights else []
    count = sums.count.sum(axis=1) - sums.unread[:, -1]
    totals = np.concatenate([left * (scale / mean), *heavy, count[:, None]], axis=-1)
    value = finish_quietly(metric, totals, count)
    return np.where(sums.failures[:, 1] > 0, value, np.nan)


def _notes(table: BlockTable, found: Sequence[BenchmarkScores], size: int) -> tuple[str, ...]:
    """Say what was summed up, and what could not be told for it."""
    told = [one for item in found for one in table.told(item.name).values()]
    out = [what for which, what in _BY.items() if any(which in one.left_out for one in told)]
    out += [_BY_BUNDLE] if any(one.bundled for one in told) else []
    notes = [
        (
            f"Items are summed up in {size:,} blocks: scores are those of all items, and noise is told by blocks, to "
            f"about {100 * (2 / size) ** 0.5:.0f} % of its variance. Solvers are compared by a paired t test over "
            "blocks, also where scores are 0 or 1."
        )
    ]
    if out:
        notes.append(f"Left out, as it needs single items: {', '.join(out)}.")
    gaps = [one.name for one in found if one.blocks is not None and (one.blocks.scored < one.blocks.n_items).any()]
    if gaps:
        notes.append(
            f"Where solvers lack items ({', '.join(repr(name[:60]) for name in gaps[:3])}), two solvers are compared "
            "by their scores on all items that each answered, not on those alone that both did."
        )
    return tuple(notes)
