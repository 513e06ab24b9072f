"""What every reader of another tool's logs offers. A new one is one file in this folder, found by its decorator.

from acidtest.registry import register

@register("log", "mytool")
class MyTool(LogFormat): ...
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from acidtest.data.logs.log_entry import LogEntry


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """What the user says where a log does not.

    Attributes:
        model: The solver's name, for logs that name none.
        benchmark: The benchmark's name, for logs that name none.
        qrels: Which documents are relevant, for runs of retrieval.
    """

    model: str = ""
    benchmark: str = ""
    qrels: Path | None = None


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
            head: Its first 64 KiB, or all of it.
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
