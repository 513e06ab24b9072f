"""Put the outcome of the example studies into docs/studies: `make examples` calls this after the runs.

    python bench/example_studies.py runs docs/studies

copies each RUN/fidelity.json, and writes tables.md from the copies: verdicts, statistics with intervals, bias
factors, and scores. No text of any benchmark is in them.
"""

import sys
from pathlib import Path

from acidtest.compare.contract import read
from acidtest.data.run_folder import write_atomically
from acidtest.report.number import count, count_span, interval, number
from acidtest.report.words import words_of
from acidtest.stats.estimate import Estimate
from acidtest.types import FidelityReport

STUDIES = ("snips", "politics", "similarity")
SHOWN = ("gap", "mspd_excess", "srcc", "srcc_ceiling", "pairwise_agreement", "regret_at_1", "worth_score", "worth_rank")


def tables(name: str, report: FidelityReport) -> str:
    """Return one study's tables in Markdown."""
    sets = list(report.fidelity)
    parts = [
        f"## {name}: {report.metric}, {report.items[report.real]} real items, {len(report.models)} solvers",
        _table(["set", "items", "score", "rank", "choose"], [_verdict_row(report, one) for one in sets]),
        _table(
            ["set", *(words_of(s).name for s in SHOWN)],
            [[one, *(_cell(report.fidelity[one][s], s) for s in SHOWN)] for one in sets],
        ),
    ]
    if report.bias_factor:
        rows = [
            [g, _cell(b.estimate, "gap"), f"[{number(b.band_low, 3)}, {number(b.band_high, 3)}]", number(b.p, 3)]
            for g, b in report.bias_factor.items()
        ]
        parts.append(_table(["generator", "bias factor", "band over all", "p"], rows))
    benchmarks = [report.real, *sets]
    scores = [[m, *(_score(report, b, m) for b in benchmarks)] for m in report.models]
    parts.append(_table(["solver", *benchmarks], scores))
    return "\n\n".join(parts)


def _verdict_row(report: FidelityReport, one: str) -> list[str]:
    uses = report.verdict[one]
    return [one, str(report.items[one]), *(uses[use].decision for use in ("score", "rank", "choose"))]


def _cell(estimate: Estimate, statistic: str) -> str:
    digits = words_of(statistic).digits
    if digits is None:
        return f"{count(estimate.value)} {count_span(estimate.low, estimate.high)}"
    return f"{number(estimate.value, digits)} {interval(estimate, digits)}"


def _score(report: FidelityReport, benchmark: str, solver: str) -> str:
    found = report.scores[benchmark].get(solver)
    failed = report.failure_rate[benchmark].get(solver, 0.0)
    unread = f" ({failed:.0%} unread)" if failed > 0 else ""
    return "-" if found is None else f"{number(found.value, 3)}{unread}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Copy and write."""
    runs, docs = Path(sys.argv[1]), Path(sys.argv[2])
    parts = ["# Tables of the example studies", "Written by `make examples`; read [studies.md](../studies.md) first."]
    for name in STUDIES:
        source = runs / name / "fidelity.json"
        if source.exists():
            write_atomically(docs / f"{name}.json", source.read_bytes())
        if (docs / f"{name}.json").exists():
            parts.append(tables(name, read(docs / f"{name}.json")))
    write_atomically(docs / "tables.md", ("\n\n".join(parts) + "\n").encode())


if __name__ == "__main__":
    main()
