"""lighteval: one file of tasks for the whole folder."""

import hashlib
from pathlib import Path
from typing import ClassVar

import orjson

from acidtest.data.run_folder import write_atomically
from acidtest.export.contract import ExportSet, ExportTarget, Written
from acidtest.export.copied_file import copied_file
from acidtest.export.task_file import write_task
from acidtest.registry import register
from acidtest.types import Style

CODE = "acidtest_lighteval.py"


@register("export", "lighteval")
class Lighteval(ExportTarget):
    """Tasks for `lighteval accelerate MODEL TASK --custom-tasks FOLDER/acidtest_lighteval.py`, and its like.

    Texts to continue alone: lighteval builds chat messages itself, and has no way to be given them.
    """

    title: ClassVar[str] = "lighteval"
    styles: ClassVar[tuple[Style, ...]] = ("completion",)
    taken: ClassVar[frozenset[str]] = frozenset({Path(CODE).stem, "rows"})

    def write(self, exported: ExportSet, task: str, folder: Path) -> Written:
        """Write one benchmark; see `ExportTarget.write`.

        lighteval asks for a data set of the hub: rows that name the items alone, in a folder that is named by what
        they hold, for lighteval keeps what it once read from a folder.
        """
        about = write_task(exported, task, folder)
        data = (folder / about.data).read_bytes()
        rows = Path("rows") / f"{task}.{hashlib.sha256(data).hexdigest()[:16]}"
        lines = [orjson.dumps({"id": item.id}) + b"\n" for item in exported.items]
        write_atomically(folder / rows / "test.jsonl", b"".join(lines))
        write_atomically(folder / CODE, copied_file("lighteval_task.py.txt").encode())
        return Written(
            task=f"acidtest_{task}",
            files=(f"{task}.json", about.data, (rows / "test.jsonl").as_posix(), CODE),
            run=f"lighteval accelerate 'model_name=MODEL,override_chat_template=False' 'acidtest_{task}|0' "
            f"--custom-tasks FOLDER/{CODE}",
            scoring="acidtest",
        )
