"""`acidtest import`: other tools' logs -> one table of scores. Nothing is called."""

from pathlib import Path
from typing import Annotated

import typer

from acidtest.cli.addresses import in_addresses
from acidtest.cli.json_out import echo_json
from acidtest.errors import AcidtestError

_LOGS = typer.Argument(
    metavar="LOGS...",
    help="Files and folders that other tools wrote; which tool is recognised. Tables of scores, too.",
    show_default=False,
)
_OUT = typer.Option("-o", "--output", metavar="FILE", help="The table: .parquet, .csv, .tsv or .jsonl.")
_FORMAT = typer.Option("--format", metavar="NAME", help="Read only this tool's logs; see docs/import.md.")
_MODEL = typer.Option("--model", metavar="NAME", help="The model, for logs that name none.")
_BENCHMARK = typer.Option("--benchmark", metavar="NAME", help="The benchmark, for logs that name none.")
_QRELS = typer.Option("--qrels", metavar="FILE", help="Which documents are relevant, for runs of retrieval.")
_METRIC = typer.Option("--metric", metavar="NAME", help="Keep only this metric; may be repeated.", show_default=False)
_RENAME = typer.Option(
    "--rename",
    metavar="WHAT:OLD=NEW",
    help="Give a benchmark, model or metric another name: model:hf/qwen=qwen; where two tools name one thing "
    "differently. May be repeated.",
    show_default=False,
)
_GROUPS = typer.Option("--groups", help="A tool's group of tasks is one benchmark, its tasks are topics.")
_REPEATS = typer.Option("--repeats", help="Several logs of one model on one benchmark are repeats, to be averaged.")
_JSON = typer.Option("--json", metavar="FILE", help="Write what was found as JSON, - for the terminal.")


def import_logs(  # noqa: PLR0913  # one argument per option
    logs: Annotated[list[Path], _LOGS],
    *,
    output: Annotated[Path, _OUT] = Path("scores.parquet"),
    format_name: Annotated[str, _FORMAT] = "",
    model: Annotated[str, _MODEL] = "",
    benchmark: Annotated[str, _BENCHMARK] = "",
    qrels: Annotated[list[Path] | None, _QRELS] = None,
    metric: Annotated[list[str] | None, _METRIC] = None,
    rename: Annotated[list[str] | None, _RENAME] = None,
    groups: Annotated[bool, _GROUPS] = False,
    repeats: Annotated[bool, _REPEATS] = False,
    json_file: Annotated[str | None, _JSON] = None,
) -> None:
    """Read other tools' logs into one table of scores, for `acidtest audit`."""
    from acidtest.data.logs.import_logs import import_logs as read_logs
    from acidtest.data.logs.import_summary import dumps
    from acidtest.data.logs.log_format import LogOptions

    found = read_logs(
        logs,
        output,
        LogOptions(model=model, benchmark=benchmark, qrels=tuple(qrels or ()), groups=groups),
        format_name=format_name,
        metrics=metric or (),
        rename=_renamed(rename or ()),
        repeats=repeats,
    )
    found = found.model_copy(update={key: in_addresses(getattr(found, key)) for key in ("output", "command")})
    if json_file == "-":
        echo_json(dumps(found))
        return
    from acidtest.report.import_terminal import print_import

    print_import(found)
    if json_file:
        from acidtest.data.run_folder import write_atomically

        write_atomically(Path(json_file), dumps(found))


def _renamed(pairs: list[str] | tuple[()]) -> dict[tuple[str, str], str]:
    """Return ("model", old name) -> new name; the old name may hold any sign, the new one no "="."""
    found = {}
    for pair in pairs:
        kind, _, names = pair.partition(":")
        old, _, new = names.rpartition("=")
        if kind not in ("benchmark", "model", "metric") or not old or not new:
            raise AcidtestError(
                f"--rename '{pair}' is no WHAT:OLD=NEW",
                way_out="Say --rename benchmark:OLD=NEW, model:OLD=NEW or metric:OLD=NEW.",
            )
        found[kind, old] = new
    return found
