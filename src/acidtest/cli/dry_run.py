"""`acidtest run --dry-run`: calls, tokens and price; nothing is sent."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from acidtest.models.base import LanguageModel
from acidtest.report.safe_text import clean
from acidtest.study.expected_calls import Expected, expected_calls
from acidtest.study.prepare import prepare
from acidtest.study.schema import StudyFile


def print_dry_run(study: StudyFile, study_folder: Path, json_file: str | None) -> None:
    """Check everything that can be checked without a call, then print what would be sent."""
    with tempfile.TemporaryDirectory() as scratch:
        prepared = prepare(study, study_folder, Path(scratch))
        rows = expected_calls(prepared)
    print_expected(rows, json_file)
    if json_file != "-":
        for name, model in prepared.models.items():
            if isinstance(model, LanguageModel) and model.gathers:
                typer.echo(f"The calls to '{clean(name)}' go out in batches: their answers may take a day.")


def print_expected(rows: Sequence[Expected], json_file: str | None) -> None:
    """Print what would be sent."""
    if json_file is not None:
        import orjson

        text = orjson.dumps([asdict(row) for row in rows], option=orjson.OPT_INDENT_2).decode()
        if json_file == "-":
            typer.echo(text)
            return
        Path(json_file).write_text(text + "\n", "utf-8")
    for row in rows:
        typer.echo(
            f"{clean(row.model):<24} {clean(row.work):<32} {row.calls:>8,} calls {row.tokens_in:>12,} tokens in "
            f"{row.tokens_out:>10,} out at most  {_money(row)}"
        )
    known = sum(row.cost or 0.0 for row in rows)
    typer.echo(f"All: {sum(row.calls for row in rows):,} calls, about ${known:.4f}. Nothing was sent.")
    if any(row.cost is None for row in rows):
        typer.echo("Some prices are not known: give those models 'price_in' and 'price_out'.")


def _money(row: Expected) -> str:
    return "price not known" if row.cost is None else f"${row.cost:.4f}"
