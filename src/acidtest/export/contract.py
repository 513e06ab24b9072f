"""What every target of `acidtest export` offers, and what it is given. A new one is one file in this folder.

from acidtest.registry import register

@register("export", "mytool")
class MyTool(ExportTarget): ...
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from acidtest.stats.metric import Metric
from acidtest.tasks.base import Task
from acidtest.types import Item, Kind, Prompt, Style


@dataclass(frozen=True, kw_only=True)
class ExportSet:
    """One benchmark that is to become another tool's task.

    Attributes:
        name: What it is called here.
        kind: Real or synthetic.
        items: Its accepted items.
        task: Asks, reads and scores.
        metric: What the benchmark is measured by.
        style: Whether a prompt is chat messages or a text to continue.
        examples: Items of the pool that are shown with each item.
        asked_as: The solver of the study that is asked just so; "" where none is.
        generator: The model that wrote it; None where nobody knows, or people did.
        strategy: How the generator wrote it.
        licence: SPDX name of that of the items, or "unknown".
        about: What else is known of it, as JSON: models of the run, its verdict and statistics.
    """

    name: str
    kind: Kind
    items: tuple[Item, ...]
    task: Task
    metric: Metric
    style: Style
    examples: tuple[Item, ...] = ()
    asked_as: str = ""
    generator: str | None = None
    strategy: str | None = None
    licence: str = "unknown"
    about: Mapping[str, JsonValue] = field(default_factory=dict)

    def prompt(self, item: Item) -> Prompt:
        """Return what a solver is sent for an item: the same bytes as in a study."""
        return self.task.prompt(item, self.examples, self.style)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written for one benchmark.

    Attributes:
        task: What it is called in the other tool.
        files: Relative to the folder, parted by `/`.
        run: A command line that uses it; FOLDER stands for the folder.
        scoring: Who scores there: "acidtest", which must be installed beside the tool, or "none".
    """

    task: str
    files: tuple[str, ...]
    run: str
    scoring: str


class ExportTarget(ABC):
    """One tool, or format, that benchmarks are written for.

    Attributes:
        title: The tool's own name, for people.
        styles: The styles of prompts that it can send; the first is preferred.
        prompts: Whether prompts are rendered into its data.
        scores: Whether answers are scored there.
        taken: Names that no benchmark may have there.
    """

    title: ClassVar[str]
    styles: ClassVar[tuple[Style, ...]] = ("chat", "completion")
    prompts: ClassVar[bool] = True
    scores: ClassVar[bool] = True
    taken: ClassVar[frozenset[str]] = frozenset()

    def problem(self, exported: ExportSet) -> str:
        """Return why this tool cannot express the benchmark, or an empty string."""
        if self.prompts and exported.style not in self.styles:
            return f"{self.title} sends {' or '.join(self.styles)} prompts, not {exported.style}"
        if self.scores and exported.metric.name in exported.task.judged_metrics:
            return f"the metric '{exported.metric.name}' needs a judge, and {self.title} would have none"
        return exported.task.problem_of_set(exported.metric.name, exported.items) if self.scores else ""

    @abstractmethod
    def write(self, exported: ExportSet, task: str, folder: Path) -> Written:
        """Write one benchmark into a folder.

        Args:
            exported: The benchmark.
            task: Its name there: a Python identifier that no other benchmark of the folder has.
            folder: Exists; may hold other benchmarks, written by the same target.
        """

    def close(self, exported: Sequence[ExportSet], written: Mapping[str, Written], folder: Path) -> None:
        """Write what the folder holds for all benchmarks together, after the last one."""
        del exported, written, folder
