"""What `run` shows at the end: the verdict, where the page is, and the exit code where one was asked for."""

from pathlib import Path

import typer

from acidtest.cli.addresses import place
from acidtest.cli.json_out import echo_json
from acidtest.errors import AcidtestError
from acidtest.types import FidelityReport, Use

EXIT_CODES = {"GO": 0, "INCONCLUSIVE": 11, "NO-GO": 10}
USES: tuple[Use, ...] = ("score", "rank", "choose")


def show_outcome(report: FidelityReport, *, page: Path | None, json_file: str | None, gate: str | None) -> None:
    """Print the report and the page's path, write JSON where it was asked for, and exit as the gate says."""
    if json_file == "-":
        from acidtest.compare.contract import dumps

        echo_json(dumps(report))
    else:
        from acidtest.report.terminal import print_report

        print_report(report)
        if json_file:
            from acidtest.compare.contract import dumps
            from acidtest.data.run_folder import write_atomically

            write_atomically(Path(json_file), dumps(report))
        if page is not None:
            typer.echo(f"Report: {place(page)}")
    code = gate_code(report, gate)
    if code:
        raise typer.Exit(code)


def check_gate(gate: str | None) -> None:
    """Refuse a gate that is no use of a benchmark, before any work is done."""
    if gate is not None and gate not in USES:
        raise AcidtestError(f"--gate knows no '{gate[:40]}'", way_out=f"Name one of {', '.join(USES)}.")


def gate_code(report: FidelityReport, gate: str | None) -> int:
    """Return 0 without a gate, else the code of the worst decision over all synthetic benchmarks: NO-GO comes first."""
    if gate is None:
        return 0
    decisions = {uses[use].decision for uses in report.verdict.values() for use in uses if use == gate}
    worst = next((d for d in ("NO-GO", "INCONCLUSIVE", "GO") if d in decisions), "INCONCLUSIVE")
    return EXIT_CODES[worst]
