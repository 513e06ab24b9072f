"""What a study would send, as an object that shows itself."""

from dataclasses import asdict, dataclass
from typing import Any

from acidtest.errors import counted
from acidtest.frames.frame import ColumnKind, FrameKind, framed, table_of
from acidtest.report.card import Card, CardTable, Cell, card_html
from acidtest.report.safe_text import name
from acidtest.study.expected_calls import Expected

_COLUMNS: dict[str, ColumnKind] = {
    "model": "text", "work": "text", "calls": "whole", "tokens_in": "whole", "tokens_out": "whole", "cost": "number",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """The calls that a study would make if it began now; none was sent.

    Attributes:
        rows: One per model and work; `cost` in US dollars, None where the price is not known.
    """

    rows: tuple[Expected, ...]

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(row.calls for row in self.rows)

    @property
    def cost(self) -> float:
        """US dollars for those whose price is known."""
        return sum(row.cost or 0.0 for row in self.rows)

    def frame(self, frame: FrameKind = "pandas") -> Any:
        """Return it as a data frame: `model, work, calls, tokens_in, tokens_out, cost`."""
        return framed(table_of(map(asdict, self.rows), _COLUMNS), frame)

    def __repr__(self) -> str:
        return f"<dry run: {self._said()}>"

    def _repr_html_(self) -> str:
        rows = tuple(
            (
                Cell(text=name(row.model)),
                Cell(text=name(row.work, 120)),
                *(Cell(text=f"{n:,}", number=True) for n in (row.calls, row.tokens_in, row.tokens_out)),
                Cell(text="not known" if row.cost is None else f"${row.cost:.4f}", number=True),
            )
            for row in self.rows
        )
        columns = ("Model", "Work", "Calls", "Tokens in", "Tokens out, at most", "Cost")
        table = CardTable(columns=columns, rows=rows)
        return card_html(Card(kicker="dry run", headline=self._said(), tables=(table,) if rows else ()))

    def _said(self) -> str:
        unknown = "" if all(row.cost is not None for row in self.rows) else "; some prices are not known"
        return f"{counted(self.calls, 'call')}, about ${self.cost:.4f}{unknown}. Nothing was sent."
