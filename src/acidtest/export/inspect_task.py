"""Inspect: one Python file per benchmark, with one task."""

from pathlib import Path
from typing import ClassVar

from acidtest.data.run_folder import write_atomically
from acidtest.export.contract import ExportSet, ExportTarget, Written
from acidtest.export.copied_file import copied_file
from acidtest.export.task_file import write_task
from acidtest.registry import register


@register("export", "inspect")
class Inspect(ExportTarget):
    """Tasks for `inspect eval TASK.py`, which takes relative paths alone."""

    title: ClassVar[str] = "Inspect"

    def write(self, exported: ExportSet, task: str, folder: Path) -> Written:
        """Write one benchmark; see `ExportTarget.write`."""
        about = write_task(exported, task, folder)
        code = copied_file("inspect_task.py.txt").replace("NAME_OF_TASK", task)  # an identifier, see `task_names`
        write_atomically(folder / f"{task}.py", code.encode())
        provider = "openai-api" if exported.style == "chat" else "openai-api-completions"
        return Written(
            task=task,
            files=(f"{task}.py", f"{task}.json", about.data),
            run=f"cd FOLDER && inspect eval {task}.py --model {provider}/SERVICE/MODEL",
            scoring="acidtest",
        )
