"""`acidtest export`: the accepted items as a task of another tool, asked and scored as here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.addresses import in_addresses
from acidtest.cli.json_out import echo_json
from acidtest.errors import AcidtestError

if TYPE_CHECKING:
    from acidtest.export.contract import ExportSet, Written
    from acidtest.types import Style

_RUN = typer.Argument(metavar="RUN|ITEMS", help="A run's folder, or a file of items with --task.", show_default=False)
_TO = typer.Option("--to", metavar="TOOL", help="lm-eval, inspect, lighteval, hf, promptfoo or jsonl.")
_FOLDER = typer.Option("-o", "--out", metavar="FOLDER", help="Where to write; RUN.TOOL unless named.")
_BENCHMARK = typer.Option(
    "--benchmark", metavar="NAME", help="Export this one; may be repeated. All synthetic ones unless named."
)
_SOLVER = typer.Option("--solver", metavar="NAME", help="Ask as this solver of the study is asked.")
_STYLE = typer.Option("--style", metavar="STYLE", help="chat or completion; as the solver unless named.")
_SHOTS = typer.Option("--shots", min=0, max=100, help="Examples with each item; as the solver unless named.")
_METRIC = typer.Option("--metric", metavar="NAME", help="What is measured; the study's metric unless named.")
_LICENCE = typer.Option("--licence", "--license", metavar="NAME", help="Of the items, as SPDX names it.")
_TASK = typer.Option("--task", metavar="NAME", help="Of a file of items: intent, reading, math ...")
_LABELS = typer.Option("--label", metavar="LABEL", help="Of a file: one of all labels, in order; may be repeated.")
_POOL = typer.Option("--pool", metavar="FILE", help="Of a file: items that may be shown as examples.")
_DESCRIPTION = typer.Option("--description", help="Of a file: one sentence on what the task asks for.")
_GENERATOR = typer.Option("--generator", metavar="MODEL", help="Of a file: the model that wrote the items.")
_SEED = typer.Option("--seed", help="Of a file: which items of the pool are shown.")
_JSON = typer.Option("--json", metavar="FILE", help="Write what was written as JSON, - for the terminal.")


def export(  # noqa: PLR0913 - one argument per option of the command line
    run: Annotated[Path, _RUN],
    *,
    to: Annotated[str, _TO],
    folder: Annotated[Path | None, _FOLDER] = None,
    benchmark: Annotated[list[str] | None, _BENCHMARK] = None,
    solver: Annotated[str, _SOLVER] = "",
    style: Annotated[str, _STYLE] = "",
    shots: Annotated[int | None, _SHOTS] = None,
    metric: Annotated[str, _METRIC] = "",
    licence: Annotated[str, _LICENCE] = "",
    task: Annotated[str, _TASK] = "",
    label: Annotated[list[str] | None, _LABELS] = None,
    pool: Annotated[Path | None, _POOL] = None,
    description: Annotated[str, _DESCRIPTION] = "",
    generator: Annotated[str, _GENERATOR] = "",
    seed: Annotated[int, _SEED] = 0,
    json_file: Annotated[str | None, _JSON] = None,
) -> None:
    """Write benchmarks of a run as tasks of another tool: the same prompts, the same scores."""
    from acidtest.export.write import export_benchmarks
    from acidtest.study.exporting import ExportOptions, FileOptions, set_of_file, sets_of_run

    options = ExportOptions(
        target=to,
        benchmarks=tuple(benchmark or ()),
        solver=solver,
        style=_style(style),
        shots=shots,
        metric=metric,
        licence=licence,
    )
    if task:
        about = FileOptions(
            task=task,
            labels=tuple(label or ()),
            description=description,
            pool=pool,
            seed=seed,
            generator=generator,
        )
        found = set_of_file(run, options, about)
    elif label or pool or description or generator or seed:
        raise AcidtestError("this goes with a file of items", where="options", way_out="Add --task NAME.")
    else:
        found = sets_of_run(run, options)
    place = folder or Path(f"{run.name.partition('.')[0] if run.is_file() else run.resolve().name}.{to}")
    _tell(found, export_benchmarks(found, to, place), to, place, json_file)


def _style(name: str) -> "Style | None":
    if name in ("", "chat", "completion"):
        return {"chat": "chat", "completion": "completion"}.get(name)  # type: ignore[return-value]  # just these two
    raise AcidtestError(f"no style is called '{name[:40]}'", where="--style", way_out="Name chat or completion.")


def _tell(
    exported: "list[ExportSet]", written: "dict[str, Written]", to: str, folder: Path, json_file: str | None
) -> None:
    import shlex

    from acidtest.data.clean_text import clean
    from acidtest.errors import counted

    place = shlex.quote(in_addresses(str(folder)))
    if json_file is not None:
        import orjson

        from acidtest.data.run_folder import write_atomically

        told = {
            "schema": 1,
            "to": to,
            "folder": in_addresses(str(folder)),
            "benchmarks": {e.name: _plain(e, written[e.name], place) for e in exported},
        }
        content = orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        if json_file == "-":
            echo_json(content)
            return
        write_atomically(Path(json_file), content)
    for one in exported:
        note = written[one.name]
        about = f"{one.name}: {counted(len(one.items), 'item')} as {note.task} in {in_addresses(str(folder))}"
        typer.echo(clean(about))
        if note.scoring == "acidtest":
            typer.echo(clean(f"  asked by {one.style} with {counted(len(one.examples), 'example')}{_like(one)}"))
            typer.echo("  scored there by acidtest: install it beside the tool")
        typer.echo(clean(f"  {note.run.replace('FOLDER', place)}"))


def _like(exported: "ExportSet") -> str:
    like = f", as '{exported.asked_as}' was" if exported.asked_as else ""
    return (
        f"{like}; acidtest holds local models to a grammar, the tool does not" if _held_to_grammar(exported) else like
    )


def _held_to_grammar(exported: "ExportSet") -> bool:
    return any(exported.prompt(item).grammar for item in exported.items[:1])


def _plain(exported: "ExportSet", written: "Written", place: str) -> dict[str, object]:
    return {
        "task": written.task,
        "files": list(written.files),
        "run": written.run.replace("FOLDER", place),
        "scoring": written.scoring,
        "kind": exported.kind,
        "items": len(exported.items),
        "metric": exported.metric.name,
        "style": exported.style,
        "examples": len(exported.examples),
        "asked_as": exported.asked_as or None,
        "grammar": _held_to_grammar(exported),
        "generator": exported.generator,
        "licence": exported.licence,
    }
