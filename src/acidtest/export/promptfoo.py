"""promptfoo: one folder per benchmark, with tests that only number its items, and two small programs."""

import re
from io import StringIO
from pathlib import Path
from typing import ClassVar

import orjson

from acidtest.data.run_folder import write_atomically
from acidtest.export.contract import ExportSet, ExportTarget, Written
from acidtest.export.copied_file import copied_file
from acidtest.export.task_file import TaskFile, write_task
from acidtest.registry import register
from acidtest.types import Item

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,100}")
_MOST_STOPS = 4


@register("export", "promptfoo")
class Promptfoo(ExportTarget):
    """Configurations for `promptfoo eval -c FOLDER/TASK/promptfooconfig.yaml`."""

    title: ClassVar[str] = "promptfoo"

    def write(self, exported: ExportSet, task: str, folder: Path) -> Written:
        """Write one benchmark; see `ExportTarget.write`."""
        place = folder / task
        place.mkdir()
        about = write_task(exported, "task", place)
        tests = [orjson.dumps({"vars": _variables(row, item)}) + b"\n" for row, item in enumerate(exported.items)]
        files = {
            "promptfooconfig.yaml": _config(exported, task, about).encode(),
            "tests.jsonl": b"".join(tests),
            "prompt.cjs": copied_file("promptfoo_prompt.cjs.txt").encode(),
            "score.py": copied_file("promptfoo_score.py.txt").encode(),
        }
        for name, content in files.items():
            write_atomically(place / name, content)
        return Written(
            task=task,
            files=tuple(f"{task}/{name}" for name in (*files, "task.json", about.data)),
            run=f"promptfoo eval -c FOLDER/{task}/promptfooconfig.yaml",
            scoring="acidtest",
        )


def _variables(row: int, item: Item) -> dict[str, object]:
    """Return what a test names: promptfoo takes texts for templates, so there is none that anybody wrote."""
    return {"row": row, "item": item.id if _PLAIN.fullmatch(item.id) else item.content}


def _config(exported: ExportSet, task: str, about: TaskFile) -> str:
    from ruamel.yaml import YAML

    kind = "chat" if exported.style == "chat" else "completion"
    sampling: dict[str, object] = {"temperature": 0, "max_tokens": about.max_tokens}
    if about.stop:
        sampling["stop"] = list(about.stop[:_MOST_STOPS])
    content = {
        "description": task,
        "prompts": ["file://prompt.cjs"],
        "providers": [{"id": f"openai:{kind}:MODEL", "config": sampling}],
        "defaultTest": {"assert": [{"type": "python", "value": "file://score.py", "metric": about.metric}]},
        "tests": "file://tests.jsonl",
    }
    out = StringIO()
    YAML().dump(content, out)
    return "# A benchmark that acidtest exported. Name your model in place of MODEL.\n" + out.getvalue()
