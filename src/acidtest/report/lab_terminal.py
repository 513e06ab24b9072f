"""A lab in a terminal: the answers first, then prompt versions side by side."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acidtest.compare.lab import Difficulty, LabReport, Version
from acidtest.report.number import NOT_KNOWN, interval, number
from acidtest.report.rich_parts import print_line, print_table
from acidtest.stats.estimate import Estimate
from acidtest.types import BenchmarkValidity

if TYPE_CHECKING:
    from rich.console import Console

_NAME = 24


def print_lab(report: LabReport, *, console: "Console | None" = None) -> None:
    """Print what a lab found. Names are shown as they are: nothing in them is read as markup or escape sequence."""
    from rich.console import Console

    out = console or Console()
    for generator, versions in report.versions.items():
        print_line(out, f"{generator}: prompt versions side by side, {report.level:.0%} intervals", "bold")
        for finding in report.findings[generator]:
            print_line(out, f"- {finding.sentence}")
        rows = [_version_row(version) for version in versions]
        rows.append(_real_row(report))
        print_table(out, ("prompt", "items", "calls each", "rejected", "valid", "mean score"), rows, _NAME)
        _validity(out, [(v.version, v.validity) for v in versions] + [(report.real, report.real_validity)])
        _solvers(out, [(v.version, v.difficulty) for v in versions] + [(report.real, report.real_difficulty)])
        out.print()
    print_line(
        out, "The lower the mean score, the harder the items. Scores are means over: " + ", ".join(report.solvers)
    )
    for warning in report.warnings:
        print_line(out, f"- {warning}")


def _version_row(version: Version) -> list[str]:
    each = version.calls / version.items if version.items else math.nan
    valid = version.validity.valid if version.validity else None
    return [
        version.version,
        str(version.items),
        number(each, 1),
        str(version.rejected),
        _shown(valid),
        _shown(version.difficulty.score),
    ]


def _real_row(report: LabReport) -> list[str]:
    valid = report.real_validity.valid if report.real_validity and report.real_validity.source else None
    return [
        f"real: {report.real}",
        str(report.real_items),
        "",
        "",
        _shown(valid),
        _shown(report.real_difficulty.score),
    ]


def _validity(out: "Console", rows: Sequence[tuple[str, BenchmarkValidity | None]]) -> None:
    """Print who found what: people, each judge alone, and each corrected by people."""
    rated = [(name, found) for name, found in rows if found is not None]
    judges = list(dict.fromkeys(judge for _, found in rated for judge in found.judges))
    if not rated or not (judges or any(found.people.n for _, found in rated)):
        return
    table = []
    for name, found in rated:
        cells = [name, _shown(found.people)]
        for judge in judges:
            one = found.judges.get(judge)
            cells += [_shown(one.alone if one else None), _shown(one.rogan_gladen if one else None)]
        table.append(cells)
    print_table(
        out,
        ("valid", "people", *(f"{judge} {what}" for judge in judges for what in ("alone", "corrected"))),
        table,
        _NAME,
    )


def _solvers(out: "Console", rows: Sequence[tuple[str, Difficulty]]) -> None:
    names = list(dict.fromkeys(solver for _, found in rows for solver in found.solvers))
    columns = [name for name, _ in rows]
    bundles = any(found.consistency for _, found in rows)
    table = [[solver, *(_shown(found.solvers.get(solver)) for _, found in rows)] for solver in names]
    if bundles:
        table.append(["whole bundles right", *(_shown(found.consistency) for _, found in rows)])
    print_table(out, ("mean score of", *columns), table, _NAME)


def _shown(estimate: Estimate | None) -> str:
    if estimate is None or math.isnan(estimate.value):
        return NOT_KNOWN
    return f"{number(estimate.value)} {interval(estimate)}"
