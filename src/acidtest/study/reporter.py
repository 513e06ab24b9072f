"""Where a run tells what it does: the command line shows it, a program may collect it."""

from contextlib import AbstractContextManager
from typing import Protocol

from acidtest.types import Progress


class Reporter(Protocol):
    """What a run needs to be heard."""

    def say(self, text: str) -> None:
        """Tell one thing that a user should know."""

    def stage(self, title: str, total: int) -> AbstractContextManager[Progress]:
        """Begin a piece of work of `total` items; the progress that is returned counts them."""
