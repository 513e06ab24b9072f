"""lm-evaluation-harness: one YAML file per benchmark, and one Python file that sends and scores all of them."""

from io import StringIO
from pathlib import Path
from typing import ClassVar

from acidtest.data.run_folder import write_atomically
from acidtest.export.contract import ExportSet, ExportTarget, Written
from acidtest.export.copied_file import copied_file
from acidtest.export.task_file import TaskFile, write_task
from acidtest.registry import register

CODE = "acidtest_lm_eval.py"
_TOP = "# A benchmark that acidtest exported, for lm-evaluation-harness. Items and prompts stand in the file of data.\n"


@register("export", "lm-eval")
class LmEval(ExportTarget):
    """Tasks for `lm_eval --include_path FOLDER --tasks TASK`."""

    title: ClassVar[str] = "lm-evaluation-harness"
    taken: ClassVar[frozenset[str]] = frozenset({Path(CODE).stem})

    def write(self, exported: ExportSet, task: str, folder: Path) -> Written:
        """Write one benchmark; see `ExportTarget.write`."""
        about = write_task(exported, task, folder)
        write_atomically(folder / f"{task}.yaml", _yaml(task, about).encode())
        write_atomically(folder / CODE, copied_file("lm_eval_task.py.txt").encode())
        model = "local-chat-completions" if exported.style == "chat" else "local-completions"
        path = "chat/completions" if exported.style == "chat" else "completions"
        arguments = (
            f"model=MODEL,base_url=http://127.0.0.1:8000/v1/{path},tokenizer_backend=none,tokenized_requests=False"
        )
        chat = " --apply_chat_template" if exported.style == "chat" else ""
        return Written(
            task=task,
            files=(f"{task}.yaml", f"{task}.json", about.data, CODE),
            run=f"lm_eval run --model {model} --model_args {arguments}{chat} --include_path FOLDER --tasks {task}",
            scoring="acidtest",
        )


def _yaml(task: str, about: TaskFile) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import TaggedScalar

    content: dict[str, object] = {
        "task": task,
        "class": TaggedScalar(value=f"{Path(CODE).stem}.ExportedTask", tag="!function"),
        "output_type": "generate_until",
        "generation_kwargs": {
            "until": list(about.stop),
            "max_gen_toks": about.max_tokens,
            "temperature": 0.0,
            "do_sample": False,
        },
        "metadata": {"version": 1.0, "acidtest_task": f"{task}.json"},
    }
    out = StringIO()
    YAML().dump(content, out)
    return _TOP + out.getvalue()
