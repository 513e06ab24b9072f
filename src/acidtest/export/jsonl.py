"""JSON lines: every field of every item, with the prompt that a solver is sent, for tools of one's own."""

from pathlib import Path
from typing import ClassVar

from acidtest.data.run_folder import write_atomically
from acidtest.export.contract import ExportSet, ExportTarget, Written
from acidtest.registry import register
from acidtest.types import Item, Record


class AskedItem(Record):
    """One line: an item, whole, and what is sent for it.

    `messages` are [role, content]; a text to continue stands in `text`, and the other of the two is empty. `reference`
    is the right answer as people and judges are shown it.
    """

    item: Item
    messages: tuple[tuple[str, str], ...] = ()
    text: str = ""
    max_tokens: int
    stop: tuple[str, ...] = ()
    grammar: str = ""
    reference: str


@register("export", "jsonl")
class JsonLines(ExportTarget):
    """One file of items with prompts per benchmark."""

    title: ClassVar[str] = "JSON lines"
    scores: ClassVar[bool] = False

    def write(self, exported: ExportSet, task: str, folder: Path) -> Written:
        """Write one benchmark; see `ExportTarget.write`."""
        lines = [_asked(exported, item).model_dump_json(exclude_defaults=True) + "\n" for item in exported.items]
        write_atomically(folder / f"{task}.jsonl", "".join(lines).encode())
        return Written(task=task, files=(f"{task}.jsonl",), run=f"head -n 1 FOLDER/{task}.jsonl", scoring="none")


def _asked(exported: ExportSet, item: Item) -> AskedItem:
    prompt = exported.prompt(item)
    chat = exported.style == "chat"
    return AskedItem(
        item=item,
        messages=prompt.as_messages() if chat else (),
        text="" if chat else prompt.as_text(),
        max_tokens=prompt.max_tokens,
        stop=prompt.stop,
        grammar=prompt.grammar,
        reference=exported.task.reference(item),
    )
