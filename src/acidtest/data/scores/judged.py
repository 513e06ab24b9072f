"""Which benchmarks of a table are a judge's scores of the real one's items."""

from collections.abc import Sequence
from dataclasses import replace

from acidtest.errors import DataError, did_you_mean
from acidtest.stats.metric import Metric
from acidtest.types import BenchmarkScores

_MOST_NAMED = 20
_LEAVE_IT = "leave --judge out: the benchmark is then compared like any other."


def judged_sets(found: list[BenchmarkScores], metric: Metric, judged: Sequence[str]) -> list[BenchmarkScores]:
    """Return the benchmarks, the judged ones marked: `BenchmarkScores.judged`.

    Args:
        found: The real benchmark first.
        metric: A mean over items; nothing else can be corrected item by item.
        judged: Names of benchmarks that hold a judge's scores of all the real benchmark's items and of more. That the
            real ones are a random part of them cannot be checked: who names a benchmark here says so.

    Raises:
        DataError: A name is not a synthetic benchmark of the table, the benchmark lacks real items or has no others, or
            the metric is no mean.
    """
    if not judged:
        return found
    real, *others = found
    sets = {one.name: one for one in others}
    for name in judged:
        if name == real.name:
            raise DataError(
                f"--judge '{name}' is the real benchmark itself",
                way_out="Name the benchmark of the judge's scores, or leave --judge out.",
            )
        if name not in sets:
            names = ", ".join(list(sets)[:_MOST_NAMED])
            raise DataError(
                f"no synthetic benchmark is called '{name}'",
                way_out=f"{did_you_mean(name, list(sets))}--judge takes one of: {names}.",
            )
        _check(real, sets[name], metric)
    return [replace(one, judged=one.name in judged) for one in found]


def _check(real: BenchmarkScores, judge: BenchmarkScores, metric: Metric) -> None:
    if not metric.is_mean:
        raise DataError(
            f"--judge '{judge.name}': metric '{metric.name}' is no mean over items, so no judge can be corrected item "
            "by item",
            way_out=f"Compare a metric that is a mean, or {_LEAVE_IT}",
        )
    if not real.items or not judge.items:
        bare = judge.name if real.items else real.name
        raise DataError(
            f"--judge '{judge.name}': '{bare}' has no items",
            way_out=f"Give one score per item, with a column 'item' that names it alike in both, or {_LEAVE_IT}",
        )
    scored = set(judge.items)
    missing = [item for item in real.items if item not in scored]
    if missing:
        raise DataError(
            f"--judge '{judge.name}': it lacks {len(missing)} of the {len(real.items)} items of '{real.name}', "
            f"'{missing[0][:60]}' for one",
            way_out=f"Have the judge score all real items, and name items alike in both; or {_LEAVE_IT}",
        )
    if len(scored) == len(real.items):
        raise DataError(
            f"--judge '{judge.name}': it holds no item beyond the {len(real.items)} of '{real.name}'",
            way_out=f"Have the judge score unlabelled items too; or {_LEAVE_IT}",
        )
