"""What tests of trackers share: a key that must leak nowhere, what loggers wrote, a reporter that listens."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

KEY = "sk-planted-7f3a9c51e0"
"""Stands in the environment: it must be nowhere else."""


@dataclass(frozen=True)
class Told:
    """What the loggers wrote: tracking address -> id of the run there; the study's folder."""

    runs: dict[str, str]
    folder: Path
    said: list[str]


class Listening:
    """A reporter that keeps what is said."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def say(self, text: str) -> None:
        self.said.append(text)

    def stage(self, title: str, total: int) -> "Listening":
        del title, total
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def advance(self, items: int = 1, *, tokens: int = 0, cost: float = 0.0) -> None:
        del items, tokens, cost
