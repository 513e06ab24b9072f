"""`acidtest list`: what there is to name in a study file."""

from enum import StrEnum
from typing import Annotated

import typer

from acidtest.cli.json_out import echo_json


class What(StrEnum):
    """What can be listed."""

    tasks = "tasks"
    models = "models"
    strategies = "strategies"
    statistics = "statistics"
    datasets = "datasets"


def list_names(
    what: Annotated[What, typer.Argument(help="What to list.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List tasks, models, strategies, statistics or datasets that a study file can name."""
    rows = ROWS[what]()
    if as_json:
        import orjson

        echo_json(orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    columns = list(rows[0]) if rows else []
    widths = {c: max(len(c), *(len(row[c]) for row in rows)) for c in columns}
    typer.echo("  ".join(c.ljust(widths[c]) for c in columns).rstrip())
    for row in rows:
        typer.echo("  ".join(row[c].ljust(widths[c]) for c in columns).rstrip())


def _first_line(thing: object) -> str:
    return (getattr(thing, "__doc__", None) or "").strip().partition("\n")[0]


def _registered(kind: str) -> list[dict[str, str]]:
    from acidtest import registry

    return [{"name": name, "about": _first_line(registry.get(kind, name))} for name in registry.names(kind)]


def _tasks() -> list[dict[str, str]]:
    from acidtest import registry

    return [
        {
            "name": name,
            "metrics": ", ".join(registry.get("task", name).metrics),
            "about": _first_line(registry.get("task", name)),
        }
        for name in registry.names("task")
    ]


def _models() -> list[dict[str, str]]:
    from acidtest import registry
    from acidtest.data.model_files import model_files

    rows = [{"name": f"local:{m.name}", "about": f"{m.about} ({m.licence})"} for m in model_files()]
    rows += [
        {"name": f"classic:{name}", "about": _first_line(registry.get("classic", name))}
        for name in registry.names("classic")
    ]
    rows += [
        {"name": "local:/path/to/file.gguf", "about": "Any GGUF file, run in this process."},
        {"name": "openai:MODEL", "about": "Any server that speaks OpenAI's interface; 'base_url' says where."},
        {"name": "anthropic:MODEL", "about": "Anthropic's messages."},
        {"name": "hf:FOLDER", "about": "Weights of transformers (or ORGANISATION/NAME on the hub), in this process."},
        {"name": "vllm:FOLDER", "about": "The same through vLLM, on a GPU."},
    ]
    return rows


def _datasets() -> list[dict[str, str]]:
    from acidtest.data.datasets.catalogue import datasets

    return [
        {
            "name": d.name,
            "task": d.task,
            "licence": d.licence,
            "source": f"{d.source}/tree/{d.revision}",
            "cite": d.citation,
        }
        for d in datasets()
    ]


ROWS = {
    What.tasks: _tasks,
    What.models: _models,
    What.strategies: lambda: _registered("strategy"),
    What.statistics: lambda: _registered("statistic"),
    What.datasets: _datasets,
}
