"""A scale in words and tables: the terminal and the page show the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from acidtest.errors import counted
from acidtest.report import number
from acidtest.report.captioned_table import CaptionedTable
from acidtest.report.figure import Figure, figure, plain_figure, warnings_of
from acidtest.report.flaws_terminal import WORDS
from acidtest.report.irt_words import p_text, sentences, share
from acidtest.report.panels import Grid, GridRow
from acidtest.report.safe_text import excerpt, name
from acidtest.stats.estimate import Estimate
from acidtest.types.irt import CalibratedItem, IrtReport

MOST_ROWS = 24
MOST_SOLVERS = 12
MOST_FAMILIES = 4
MOST_ITEMS = 12


@dataclass(frozen=True, kw_only=True)
class IrtPanel:
    """What is shown of a scale.

    Attributes:
        heading: How many items and solvers, and by which model.
        said: The findings, one sentence each.
        tables: Sets, their differences, families and solvers.
        items: The items to look at first.
        warnings: What must be known before leaning on the numbers.
        notes: What was decided in reading the table, and who is not on the scale.
    """

    heading: str
    level: str
    said: tuple[str, ...]
    tables: tuple[CaptionedTable, ...]
    items: CaptionedTable
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def irt_panel(report: IrtReport, *, most_items: int = MOST_ITEMS) -> IrtPanel:
    """Return what is to be shown; nothing is computed."""
    tables = (_sets(report), _differences(report), _families(report), _solvers(report))
    return IrtPanel(
        heading=f"{counted(len(report.items), 'item')} and {counted(len(report.abilities), 'solver')} on one scale "
        f"({excerpt(report.chosen)})",
        level=number.level(report.level),
        said=sentences(report) + _single_items(report),
        tables=tuple(table for table in tables if table.grid.rows),
        items=_items(report, most_items),
        warnings=tuple(excerpt(text) for text in report.warnings),
        notes=tuple(excerpt(text) for text in (*_left_out(report), *report.notes)),
    )


def worst_first(items: Sequence[CalibratedItem]) -> list[CalibratedItem]:
    """Return items, those that an audit flags first, then by how little they part solvers for sure."""
    return sorted(items, key=lambda item: (not item.flags, item.discrimination + item.discrimination_se))


def _sets(report: IrtReport) -> CaptionedTable:
    rows = []
    for key, one in report.sets.items():
        estimates = [
            one.difficulty["mean"], one.difficulty["q10"], one.difficulty["q90"], one.discrimination["mean"],
            one.share["below"], one.share["within"], one.information, one.error,
        ]  # fmt: skip
        rows.append(_row(key, estimates, shares=(4, 5)))
    columns = ("Difficulty", "Easiest 10 %", "Hardest 10 %", "Discrimination", "Below all", "In range", "Information",
               "Error of ability")  # fmt: skip
    caption = (
        "Items of each set: mean difficulty, where the easiest tenth ends and the hardest begins, mean discrimination, "
        "share of items easier than the weakest solver and in the solvers' range, information per item, error of an "
        "ability that the whole set gives"
    )
    return _table("Benchmark", caption, columns, rows)


def _differences(report: IrtReport) -> CaptionedTable:
    rows = []
    for key, one in report.differences.items():
        estimates = [
            one.easier_by, one.distance, one.distance_floor, one.discrimination_ratio, one.information_ratio,
        ]  # fmt: skip
        rows.append(_row(key, estimates, signed=(0,)))
    columns = ("Easier by", "Distance", "Its floor", "Discrimination", "Information")
    caption = (
        f"Against {name(report.real)}: easier by (sd of ability), distance between the distributions of difficulty and "
        "what chance alone shows, discrimination and information per item as a multiple of the real set's"
    )
    return _table("Synthetic set", caption, columns, rows)


def _families(report: IrtReport) -> CaptionedTable:
    rows = []
    for key, families in report.families.items():
        for family in families[:MOST_FAMILIES]:
            wrote = " (wrote it)" if family.own else ""
            row = _row(f"{name(key, 30)}: {name(family.family, 30)}{wrote}", [family.ability, family.score], (0, 1))
            tests = [
                Figure(text=p_text(p), exact=number.exact(p)) for p in (family.p, family.p_adjusted, family.p_spread)
            ]
            rows.append(GridRow(name=row.name, meaning="", figures=(*row.figures, *tests), warnings=row.warnings))
    columns = ("Ability", "Score", "p", "p adjusted", "p of spread")
    caption = (
        "Easier for a family than its ability on the real set says (sd of ability, score); p adjusted for all families "
        "but the writer's, p of spread: against how much solvers differ anyway"
    )
    return _table("Set: family", caption, columns, rows)


def _solvers(report: IrtReport) -> CaptionedTable:
    answered = {model: sum(of.values()) for model, of in report.answers.items()}
    rows = [
        GridRow(
            name=name(model),
            meaning="",
            figures=(figure(estimate, 2, signed=True), plain_figure(answered[model], None)),
            warnings=warnings_of(estimate),
        )
        for model, estimate in report.abilities.items()
    ]
    caption = "Solvers: ability (0: their mean, 1: their standard deviation) and answers"
    return _table("Solver", caption, ("Ability", "Answers"), rows, MOST_SOLVERS)


def _items(report: IrtReport, most: int) -> CaptionedTable:
    several = len(report.sets) > 1
    rows = []
    for item in worst_first(report.items)[:most]:
        figures = (
            _with_error(item.difficulty, item.difficulty_se),
            _with_error(item.discrimination, item.discrimination_se),
            plain_figure(item.right, 2),
            plain_figure(item.answers, None),
        )
        called = f"{name(item.benchmark, 30)}: {name(item.item, 40)}" if several else name(item.item)
        rows.append(
            GridRow(name=called, meaning=", ".join(WORDS.get(flag, flag) for flag in item.flags), figures=figures)
        )
    caption = "Items to look at first: flagged ones, then those that part solvers least; ± one standard error"
    columns = ("Difficulty", "Discrimination", "Right", "Answers")
    table = _table("Item", caption, columns, rows, most)
    more = len(report.items) - len(rows)
    return CaptionedTable(first=table.first, caption=table.caption, grid=table.grid, more=max(more, 0))


def _share(estimate: Estimate) -> Figure:
    """Return a share in percent."""
    text, span = share(estimate).split(" %", 1)
    return Figure(text=f"{text} %", exact=number.exact(estimate.value), span=span.strip())


def _with_error(x: float, se: float) -> Figure:
    return Figure(text=f"{number.number(x)} ± {number.number(se)}", exact=number.exact(x))


def _single_items(report: IrtReport) -> tuple[str, ...]:
    said = []
    for one in report.item_differences:
        if one.tested and not one.warnings:
            named = ", ".join(name(found.item, 40) for found in one.found[:3])
            found = f"{len(one.found)} of {counted(one.tested, 'item')} favour or hinder {name(one.family)}"
            said.append(f"{name(one.benchmark)}: {found} beyond its ability{f' ({named})' if named else ''}.")
    return tuple(said)


def _left_out(report: IrtReport) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for model, why in report.left_out.items():
        reasons.setdefault(why, []).append(model)
    return tuple(
        f"Not on the scale, {why}: {counted(len(models), 'solver')} ({', '.join(name(m, 30) for m in models[:3])}"
        f"{' ...' if len(models) > 3 else ''})"  # noqa: PLR2004  # three are named
        for why, models in reasons.items()
    )


def _row(
    called: str, estimates: Sequence[Estimate], signed: tuple[int, ...] = (), *, shares: tuple[int, ...] = ()
) -> GridRow:
    figures = tuple(
        _share(estimate) if i in shares else figure(estimate, 2, signed=i in signed)
        for i, estimate in enumerate(estimates)
    )
    return GridRow(name=name(called), meaning="", figures=figures, warnings=warnings_of(*estimates))


def _table(
    first: str, caption: str, columns: tuple[str, ...], rows: Sequence[GridRow], most: int = MOST_ROWS
) -> CaptionedTable:
    return CaptionedTable(
        first=first, caption=caption, grid=Grid(columns=columns, rows=tuple(rows[:most])), more=max(len(rows) - most, 0)
    )
