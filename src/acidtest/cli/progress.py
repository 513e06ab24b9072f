"""Progress on the terminal: one bar per stage with items, rate, tokens, cost and time left.

Where the output is no terminal, each stage prints one line when it ends, so that logs stay readable.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.progress import Task as BarTask
from rich.text import Text

from acidtest.report.safe_text import clean

_NUMBERS_WIDTH = 56  # bar, items, rate, tokens, cost and time left
_PERIOD = 0.1  # seconds between two redraws: counting must stay cheap at thousands of items a second


class _Count:
    """Counts items, tokens and money of one stage; draws now and then."""

    def __init__(self, bars: Bars | None, bar: int) -> None:
        self.bars, self.bar = bars, bar
        self.items, self.tokens, self.cost = 0, 0, 0.0
        self.drawn = self.began = time.monotonic()

    def advance(self, items: int = 1, *, tokens: int = 0, cost: float = 0.0) -> None:
        self.items += items
        self.tokens += tokens
        self.cost += cost
        now = time.monotonic()
        if self.bars is not None and now - self.drawn > _PERIOD:
            self.drawn = now
            self.draw()

    def draw(self) -> None:
        if self.bars is not None:
            self.bars.update(self.bar, completed=self.items, tokens=self.tokens, cost=self.cost)  # type: ignore[arg-type]  # TaskID is an int


class _Rate(ProgressColumn):
    """Items per second, tokens and money so far."""

    def render(self, task: BarTask) -> Text:
        speed = task.finished_speed or task.speed
        rate = f"{speed:.{0 if speed >= 100 else 1}f}/s" if speed else "-/s"  # noqa: PLR2004  # digits that matter
        tokens, cost = _compact(task.fields["tokens"]), _money(task.fields["cost"])
        return Text(f"{rate} {tokens} tokens {cost}", style="dim")


class TerminalReporter:
    """Says things on the terminal, and shows the bars. What it says goes to the error stream: results stay alone."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._bars: Bars | None = None
        self._open = 0

    def say(self, text: str) -> None:
        """Print one line; neither square brackets nor escape sequences in it mean anything."""
        self.console.print(Text(clean(text, lines=True)), soft_wrap=True)

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[_Count]:
        """Show a bar while a stage works; leave one line behind. Stages may work side by side."""
        if not self.console.is_terminal:
            count = _Count(None, 0)
            yield count
            self._line(title, total, count)
            return
        with self._shared_bars() as bars:
            count = _Count(bars, bars.add_task(self._fitted(title), total=total, tokens=0, cost=0.0))
            yield count
            count.draw()

    @contextmanager
    def _shared_bars(self) -> Iterator[Bars]:
        """Keep one display for all stages that work at the same time: a terminal has room for one."""
        if self._bars is None:
            self._bars = self._new_bars()
            self._bars.start()
        self._open += 1
        try:
            yield self._bars
        finally:
            self._open -= 1
            if self._open == 0:
                self._bars.stop()
                self._bars = None

    def _fitted(self, title: str) -> str:
        """Return a title that leaves room for the numbers; its end, the benchmark's name, may be cut."""
        title = clean(title)
        room = max(20, self.console.width - _NUMBERS_WIDTH)
        return title if len(title) <= room else title[: room - 1] + "…"

    def _new_bars(self) -> Bars:
        return Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=6),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            console=self.console,
            refresh_per_second=5,
        )

    def _line(self, title: str, total: int, count: _Count) -> None:
        seconds = time.monotonic() - count.began
        rate = f"{count.items / seconds:.1f}/s" if seconds > 0 and count.items else "-/s"
        self.say(
            f"{title}: {count.items} of {total} items, {seconds:.1f} s, {rate}, "
            f"{count.tokens:,} tokens, {_money(count.cost)}"
        )


def _compact(count: int) -> str:
    """Return a count in at most five characters or so: 940, 31.2k, 4.7M."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


def _money(dollars: float) -> str:
    return "$0" if dollars == 0 else f"${dollars:.4f}"
