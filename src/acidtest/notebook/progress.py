"""Progress in a notebook: one output that is drawn anew while stages work, and stays as it was at the end."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from acidtest.errors import counted
from acidtest.report.card import Card, CardTable, Cell, card_html
from acidtest.report.safe_text import excerpt, name
from acidtest.study.reporter import Reporter

_PERIOD = 0.5
"""Seconds between two drawings: each is sent to the browser, and the last one is kept in the notebook."""

_MOST_STAGES = 12
_MOST_SAID = 30


def reporter_here() -> Reporter:
    """Return the reporter that suits where this runs: a notebook's cell, or a terminal."""
    if in_notebook():
        return NotebookReporter()
    from acidtest.cli.progress import TerminalReporter

    return TerminalReporter()


def in_notebook() -> bool:
    """Tell whether this runs in a kernel of Jupyter; where IPython was not imported, it does not."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


class _Stage:
    """Counts one stage; counts come from the thread that works."""

    def __init__(self, title: str, total: int, draw: Any) -> None:
        self.title, self.total, self._draw = title, total, draw
        self.items, self.tokens, self.cost, self.done = 0, 0, 0.0, False
        self.began = self.ended = time.monotonic()

    def advance(self, items: int = 1, *, tokens: int = 0, cost: float = 0.0) -> None:
        self.items += items
        self.tokens += tokens
        self.cost += cost
        self._draw()

    def cells(self) -> tuple[Cell, ...]:
        seconds = (self.ended if self.done else time.monotonic()) - self.began
        share = min(100, 100 * self.items // max(self.total, 1))
        return (
            Cell(text=name(self.title, 120)),
            Cell(text=f"{self.items:,} of {self.total:,}", share=share),
            Cell(text=f"{seconds:.1f} s", number=True),
            Cell(text=f"{self.tokens:,} tokens", number=True),
            Cell(text=f"${self.cost:.4f}" if self.cost else "$0", number=True),
        )


class NotebookReporter:
    """Shows stages and what is said as one card below the cell. Needs IPython, which every kernel has."""

    def __init__(self) -> None:
        self._stages: list[_Stage] = []
        self._said: list[str] = []
        self._drawn, self._turn = 0.0, threading.RLock()
        self._handle: Any = None

    def say(self, text: str) -> None:
        """Show one thing that a user should know."""
        with self._turn:
            self._said.append(excerpt(text))
            self._draw(now=True)

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[_Stage]:
        """Show a bar while a stage works. Stages may work side by side."""
        stage = _Stage(title, total, self._draw)
        with self._turn:
            self._stages.append(stage)
            self._draw(now=True)
        try:
            yield stage
        finally:
            stage.done, stage.ended = True, time.monotonic()
            self._draw(now=True)

    def _draw(self, *, now: bool = False) -> None:
        with self._turn:
            moment = time.monotonic()
            if not now and moment - self._drawn < _PERIOD:
                return
            self._drawn = moment
            self._show(card_html(self._card()))

    def _show(self, html: str) -> None:
        from IPython.display import HTML, display

        drawn = HTML(html)  # type: ignore[no-untyped-call]  # IPython's own
        if self._handle is None:
            self._handle = display(drawn, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(drawn)

    def _card(self) -> Card:
        working = [stage for stage in self._stages if not stage.done]
        done = [stage for stage in self._stages if stage.done]
        shown = (done[-_MOST_STAGES:] + working)[: 2 * _MOST_STAGES]
        hidden = len(self._stages) - len(shown)
        rows = tuple(stage.cells() for stage in shown)
        doing = f"{counted(len(done), 'stage')} done" + (f", {len(working)} at work" if working else "")
        return Card(
            kicker="run",
            headline=doing if self._stages else "begins",
            said=(f"{hidden} more stages are not shown.",) if hidden else (),
            tables=(CardTable(rows=rows),) if rows else (),
            notes=tuple(self._said[-_MOST_SAID:]),
            notes_title="What was said",
            notes_open=True,
        )
