"""Scores of a run with adaptive tests: a raw mean over the items that a test chose would pretend, so none is written.

Of a benchmark that somebody was tested on, scores.parquet holds what each solver would score on the whole of it, and no
items; adaptive.json holds how that is known, and adaptive_items.parquet each answer's score.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from acidtest.compare.adaptive import AdaptiveBenchmark, AdaptiveReport, Answered, adaptive_benchmark, bank_warnings
from acidtest.compare.adaptive_json import dumps
from acidtest.data.item_bank import ItemBank, read_bank
from acidtest.data.run_folder import write_atomically
from acidtest.data.scores.write import write_score_table
from acidtest.evaluate.score import COLUMNS
from acidtest.models.base import ClassicSolver
from acidtest.stats.estimate import FloatArray
from acidtest.study.adaptive import calibrating, is_tested
from acidtest.study.bank import LEAST_ITEMS, as_known, bank_items
from acidtest.study.plan import BANK, responses_key
from acidtest.study.under_way import Run
from acidtest.types import Benchmark

Columns = dict[str, list[object]]
_SUMMED = ("tokens_in", "tokens_out", "cost")


class PredictedScores:
    """Takes the rows of each benchmark, and gives back those that may stand in scores.parquet."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._bank = _bank(run)
        self._found: dict[str, AdaptiveBenchmark] = {}
        self._rows: Columns = {name: [] for name in COLUMNS}

    def instead_of(self, parts: Iterable[Columns], benchmark: Benchmark, solvers: Sequence[str]) -> Iterator[Columns]:
        """Yield the rows of a benchmark: those given, or one per solver where somebody was tested on it.

        Args:
            parts: Rows, solver by solver, item by item.
            benchmark: What they are about.
            solvers: In the order of the rows.
        """
        tested = tuple(self._is_tested(benchmark, solver) for solver in solvers)
        if self._bank is None or not any(tested):
            yield from parts
            return
        items, bank = bank_items(self._bank, benchmark)
        if len(items) < LEAST_ITEMS:
            yield from parts
            return
        rows: Columns = {name: [] for name in COLUMNS}
        for part in parts:
            for name, values in part.items():
                rows[name] += values
        ids = {item.id for item in items}
        at = [place for place, item in enumerate(benchmark.items) if item.id in ids]
        answered = Answered(
            models=tuple(solvers),
            items=tuple(item.id for item in items),
            scores=_grid(rows["score"], len(solvers))[:, at],
            failures=_grid(rows["failure"], len(solvers))[:, at],
            tested=tested,
            uncalibrated=len(benchmark.items) - len(items),
        )
        study = self._run.prepared.study
        metric = self._run.prepared.task.metric(study.metric).name
        found = adaptive_benchmark(
            answered, as_known(bank), metric=metric, level=study.level, calibrated_on=bank.solvers
        )
        self._found[benchmark.name] = found
        for name, values in rows.items():
            self._rows[name] += values
        yield _totals(rows, found, solvers)

    def write(self) -> None:
        """Write what was predicted, where something was."""
        prepared, bank = self._run.prepared, self._bank
        if bank is None or not self._found:
            return
        classic = None
        if prepared.adaptive is not None and prepared.adaptive.bank is None:
            full = calibrating(prepared.study, prepared.models)
            classic = sum(isinstance(prepared.models[name], ClassicSolver) for name in full)
        unknown = [(name, one.uncalibrated) for name, one in self._found.items()]
        report = AdaptiveReport(
            metric=prepared.task.metric(prepared.study.metric).name,
            level=prepared.study.level,
            bank_model=bank.model,
            bank_solvers=bank.solvers,
            benchmarks=self._found,
            warnings=bank_warnings(bank.solvers, classic, unknown),
        )
        write_score_table(prepared.folder.adaptive_items, self._rows)
        write_atomically(prepared.folder.adaptive, dumps(report))

    def _is_tested(self, benchmark: Benchmark, solver: str) -> bool:
        prepared = self._run.prepared
        asked = next(one for one in prepared.study.solvers if one.model == solver)
        if not is_tested(prepared.study, asked, prepared.models):
            return False
        return not self._run.is_done(responses_key(benchmark.name, solver))


def _bank(run: Run) -> ItemBank | None:
    """Return the bank that the tests used; None where there were none."""
    adaptive = run.prepared.adaptive
    if adaptive is None or adaptive.bank is not None:
        return None if adaptive is None else adaptive.bank
    return read_bank(run.prepared.folder.bank) if run.is_done(BANK) else None


def _grid(column: list[object], solvers: int) -> FloatArray:
    """Return [M, n]: a column of rows that stand solver by solver; None becomes NaN."""
    values = np.array([np.nan if value is None else value for value in column], np.float64)
    return values.reshape(solvers, -1)


def _totals(rows: Columns, found: AdaptiveBenchmark, solvers: Sequence[str]) -> Columns:
    """Return one row per solver that answered anything: its score on the whole benchmark, and what it took."""
    each = len(rows["model"]) // len(solvers)
    totals: Columns = {name: [] for name in COLUMNS}
    for place, solver in enumerate(solvers):
        if solver not in found.solvers:
            continue
        first, own = place * each, slice(place * each, (place + 1) * each)
        row = {name: rows[name][first] for name in ("benchmark", "kind", "generator", "model", "metric")}
        row["score"] = found.solvers[solver].score.value
        for name in _SUMMED:
            known = np.array([np.nan if value is None else value for value in rows[name][own]], np.float64)
            total = float(np.nansum(known))
            row[name] = total if name == "cost" else int(total)
        for name in COLUMNS:
            totals[name].append(row.get(name))
    return totals
