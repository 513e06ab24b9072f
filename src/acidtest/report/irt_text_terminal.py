"""Difficulty from text in a terminal: lines of words and a small table, made of what was computed."""

from collections.abc import Sequence

from acidtest.compare.irt.from_text import Foretold, TextPart, TextReport
from acidtest.report.number import interval, number, percent, span
from acidtest.report.safe_text import clean
from acidtest.stats.irt.check.explained import Explained

_NAME = 18
_CELL = 22
_ITEM = 40
_MOST_NEW = 10
_BY = {"text": "the text", "length": "length alone", "plain": "the mean"}


def text_lines(report: TextReport) -> list[str]:
    """Return the lines that a terminal shows; names of items are made safe."""
    lines = [f"Difficulty from text ({report.items} items, predicted from the others)", report.summary]
    for part in report.parts:
        lines += ["", *_part(part)]
    if report.foretold:
        lines += ["", *_new(report.foretold)]
    lines += [f"- {clean(warning)}" for warning in report.warnings]
    return lines


def _part(part: TextPart) -> list[str]:
    head = "".join(title.ljust(_CELL) for title in ("share explained", "correlation", "rank correlation"))
    check = part.check
    rows = [_row(_BY["text"], check.text), _row(_BY["length"], check.length)]
    lines = [f"{part.name.capitalize().ljust(_NAME)}  {head}".rstrip(), *rows]
    lines.append(f"{'at most'.ljust(_NAME)}  {number(part.ceiling**2).ljust(_CELL)}{number(part.ceiling)}")
    lines.append("At most: the estimates have errors themselves.")
    if part.useful:
        lines.append(
            f"90 % intervals held {percent(check.coverage)} of the items; made {number(check.width)} times as wide, "
            f"{percent(check.adjusted)}."
        )
    else:
        lines.append(
            f"The text tells nothing of it: a new item's prior is {number(part.mean)} ± {number(part.spread)}."
        )
    return lines


def _row(name: str, found: Explained) -> str:
    cells = (
        f"{number(estimate.value)} {interval(estimate)}".ljust(_CELL)
        for estimate in (found.r2, found.pearson, found.spearman)
    )
    return f"{name.ljust(_NAME)}  {''.join(cells)}".rstrip()


def _new(foretold: Sequence[Foretold]) -> list[str]:
    hardest = sorted(foretold, key=lambda one: -one.difficulty)
    lines = [f"New items: {len(foretold)}, the hardest first; 90 % intervals"]
    for one in hardest[:_MOST_NEW]:
        name = clean(one.item)[:_ITEM].ljust(_ITEM)
        lines.append(f"{name}  {number(one.difficulty).ljust(7)}{span(one.low, one.high)}")
    if len(hardest) > _MOST_NEW:
        lines.append(f"and {len(hardest) - _MOST_NEW} more: --json holds them")
    return lines
