"""`acidtest doctor`: what this machine has, and what is missing for what."""

import importlib.metadata
import importlib.util
import os
import platform
import sys
from typing import Annotated

import typer

from acidtest.cli.json_out import echo_json


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say what is installed, where things are kept, which keys are set, and what each gap means."""
    rows = _rows()
    if as_json:
        import orjson

        echo_json(orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    for row in rows:
        typer.echo(f"{row['state']:<8} {row['what']:<24} {row['about']}")


def _rows() -> list[dict[str, str]]:
    from acidtest.data.cache_folder import cache_folder
    from acidtest.data.model_files import model_files

    rows = [
        _row("acidtest", "ok", importlib.metadata.version("acidtest")),
        _row("python", "ok", f"{platform.python_version()} on {platform.system()}, {os.cpu_count()} cores"),
        _row("cache", "ok", str(cache_folder())),
    ]
    local = importlib.util.find_spec("xllamacpp") is not None
    about = "local models run in this process" if local else "for local models: pip install 'acidtest[local]'"
    rows.append(_row("xllamacpp", "ok" if local else "missing", about))
    fast = sys.platform != "win32" and importlib.util.find_spec("uvloop") is not None
    rows.append(_row("uvloop", "ok" if fast else "missing", "fast calls" if fast else "calls cost more time"))
    for model in model_files():
        path = cache_folder() / "models" / f"{model.name}.gguf"
        there = path.is_file()
        rows.append(_row(model.name, "ok" if there else "absent", "in the cache" if there else "fetched on first use"))
    data = os.environ.get("ACIDTEST_DATA")
    rows.append(_row("ACIDTEST_DATA", "ok" if data else "unset", data or "data sets are fetched on first use"))
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        is_set = bool(os.environ.get(key))
        rows.append(_row(key, "ok" if is_set else "unset", "set" if is_set else "needed only for that provider"))
    return rows


def _row(what: str, state: str, about: str) -> dict[str, str]:
    return {"what": what, "state": state, "about": about}
