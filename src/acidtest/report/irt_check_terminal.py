"""Checks of a fitted scale in a terminal: sentences, then tables of what can be named."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from acidtest.compare.irt.model_check import ModelCheck
from acidtest.errors import counted
from acidtest.report import number
from acidtest.report.rich_parts import bullets, styled
from acidtest.report.safe_text import excerpt, name

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

_NAME = 28
_MOST_TOPICS = 12


def check_lines(check: ModelCheck) -> "Group":
    """Return what a terminal shows of the checks, for a rich console.

    Names and texts are shown as they are: nothing in them is read as markup or as an escape sequence.
    """
    from rich.console import Group

    of = "" if check.items_checked == check.items else f" ({check.items_checked:,} drawn at random were checked)"
    heading = (
        f"How well the model '{check.model}' fits: {counted(check.solvers, 'solver')}, "
        f"{counted(check.items, 'item')}{of}"
    )
    parts: list[Text | Table] = [
        styled(heading, "bold"),
        bullets([excerpt(text) for text in check.said]),
        _checks(check),
    ]
    for caption, table in (
        ("Items that the curve does not fit", _misfits(check)),
        ("Pairs of items that go together, or apart, beyond the ability", _pairs(check)),
        ("How far topics order solvers in their own way", _spreads(check)),
        ("Better or worse at a topic than overall", _standings(check)),
    ):
        if table.row_count:
            parts += [styled(""), styled(caption, "bold"), table]
    parts.append(bullets([excerpt(text) for text in check.warnings]))
    return Group(*parts)


def _checks(check: ModelCheck) -> "Table":
    table = _table(["question", "found", "interval", "p"])
    for one in check.checks:
        found = one.found
        table.add_row(
            styled(one.question),
            styled(number.number(found.value, 3)),
            styled(number.interval(found, 3)),
            styled(number.number(one.p, 3)),
        )
    if not check.rmsea.warnings:
        table.add_row(
            styled("RMSEA (from M2)"),
            styled(number.number(check.rmsea.value, 3)),
            styled(number.interval(check.rmsea, 3)),
            styled("-"),
        )
    return table


def _misfits(check: ModelCheck) -> "Table":
    table = _table(["item", "benchmark", "outfit", "q"])
    for one in check.misfits:
        table.add_row(
            styled(name(one.item, _NAME)),
            styled(name(one.benchmark, _NAME)),
            styled(number.number(one.outfit.value)),
            styled(number.number(one.q, 3)),
        )
    return _with_more(table, check.more_misfits)


def _pairs(check: ModelCheck) -> "Table":
    table = _table(["one item", "another", "correlation", "q"])
    for one in check.pairs:
        table.add_row(
            styled(name("/".join(one.one), _NAME)),
            styled(name("/".join(one.two), _NAME)),
            styled(number.number(one.correlation.value, signed=True)),
            styled(number.number(one.q, 3)),
        )
    return _with_more(table, check.more_pairs)


def _spreads(check: ModelCheck) -> "Table":
    table = _table(["topic", "spread", "interval", "items"])
    spread = {} if check.topics is None else check.topics.spread
    widest = sorted(spread.items(), key=lambda pair: -pair[1].value)
    for topic, one in widest[:_MOST_TOPICS]:
        table.add_row(
            styled(name(topic, _NAME)),
            styled(number.number(one.value)),
            styled(number.interval(one)),
            styled(number.count(one.n)),
        )
    return _with_more(table, max(len(spread) - _MOST_TOPICS, 0))


def _standings(check: ModelCheck) -> "Table":
    table = _table(["solver", "topic", "deviation", "interval"])
    for one in () if check.topics is None else check.topics.standings:
        table.add_row(
            styled(name(one.model, _NAME)),
            styled(name(one.topic, _NAME)),
            styled(number.number(one.deviation.value, signed=True)),
            styled(number.interval(one.deviation, signed=True)),
        )
    return _with_more(table, 0 if check.topics is None else check.topics.more)


def _with_more(table: "Table", more: int) -> "Table":
    if more:
        table.caption = styled(f"and {more:,} more: --json holds them or their number", "dim")
    return table


def _table(columns: Sequence[str]) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", caption_justify="left")
    for place, column in enumerate(columns):
        right = place >= 2  # noqa: PLR2004  # names first, figures behind
        table.add_column(styled(column, "dim"), justify="right" if right else "left", overflow="fold")
    return table
