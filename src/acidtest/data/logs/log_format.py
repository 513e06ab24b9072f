"""What every reader of another tool's logs offers. A new one is one file in this folder, found by its decorator.

from acidtest.registry import register

@register("log", "mytool")
class MyTool(LogFormat): ...
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from acidtest.data.logs.log_entry import LogEntry


def _nobody(note: str) -> None:
    """Listen to no note."""
    del note


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """What the user says where a log does not, and who listens to what is worth telling.

    Attributes:
        model: The solver's name, for logs that name none.
        benchmark: The benchmark's name, for logs that name none.
        qrels: Files that say which documents are relevant, for runs of retrieval: each makes a benchmark of its own.
        groups: Where the tool gathers tasks in groups (MMLU and its subjects), the group is the benchmark and the task
            the topic; by default each task is a benchmark.
        tell: Takes one sentence on what a reader left out or decided, "metric 'mcc' of 'cola' is no score of an
            item: left out"; the user sees each different sentence once.
        less_is_better: Takes the name of a metric, as entries have it, of which the log says that less is better.
    """

    model: str = ""
    benchmark: str = ""
    qrels: tuple[Path, ...] = ()
    groups: bool = False
    tell: Callable[[str], None] = _nobody
    less_is_better: Callable[[str], None] = _nobody


class LogFormat(ABC):
    """One tool's logs.

    Attributes:
        title: The tool's own name, for people.
        files: What its logs are called, for people: `samples_*.jsonl`.
        endings: Ends of names that its files can have, in lower case; only those are offered to `recognises`.
    """

    title: ClassVar[str]
    files: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]

    @abstractmethod
    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell whether this file is one to `read`; files beside it that only help to read it are not.

        Must be cheap and must not raise whatever the bytes are.

        Args:
            path: The file.
            head: Its first 64 KiB, or all of it; unpacked where its name ends in `.gz`.
        """

    @abstractmethod
    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield the scores of one file, in the file's order, without holding them all.

        Raises:
            DataError: The file is broken, too large, or lacks what no option says. Whatever the bytes are, nothing
                else is raised.
        """

    def helps(self, path: Path, head: bytes) -> bool:
        """Tell whether this is a file of the tool that `read` looks at beside others, or that holds no scores."""
        del path, head
        return False
