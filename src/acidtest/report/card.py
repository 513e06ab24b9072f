"""A card: what an object shows of itself as the output of a notebook's cell. It runs nothing and loads nothing.

All text in it was cleaned and bounded; escaping is done here.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

from acidtest.report.page import environment


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What is said.
        beside: What stands behind it, less loudly: an interval.
        mark: "go", "no-go", "open" or "none": it is drawn as that badge.
        share: Percent, drawn as a bar before the text; None: no bar.
        number: It is a number: numbers stand under each other.
    """

    text: str
    beside: str = ""
    mark: str = ""
    share: int | None = None
    number: bool = False


@dataclass(frozen=True, kw_only=True)
class CardTable:
    """A table of a card; with `folded`, it opens by a click on that."""

    rows: tuple[tuple[Cell, ...], ...]
    columns: tuple[str, ...] = ()
    caption: str = ""
    folded: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """All that a card says, from its top to its end."""

    kicker: str
    headline: str
    said: tuple[str, ...] = ()
    tables: tuple[CardTable, ...] = ()
    notes: tuple[str, ...] = ()
    notes_title: str = "Before you lean on these numbers"
    notes_open: bool = False


def card_html(card: Card) -> str:
    """Return a card as HTML to stand among other things: its style touches nothing else."""
    from markupsafe import Markup

    style = Markup(_style())  # noqa: S704 - our own file
    return environment().get_template("notebook.html").render(card=card, style=style)


@cache
def _style() -> str:
    return resources.files("acidtest.report").joinpath("templates", "notebook.css").read_text("utf-8")
