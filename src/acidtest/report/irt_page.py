"""A scale as one HTML file that opens from disk: it loads nothing, runs nothing, and sends nothing."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from acidtest.compare.irt.flaws import FlawAudit, FlawedItem
from acidtest.compare.irt.model_check import ModelCheck
from acidtest.data.run_folder import write_atomically
from acidtest.report import number
from acidtest.report.flaws_terminal import WORDS, flaw_sentences
from acidtest.report.irt_panel import irt_panel
from acidtest.report.irt_words import p_text
from acidtest.report.page import environment, policy
from acidtest.report.safe_text import excerpt, name
from acidtest.report.svg.curves import Curve, draw_curves
from acidtest.report.svg.item_map import MapRow, draw_item_map
from acidtest.types.irt import IrtReport

MOST_SETS = 8
"""Sets that are drawn; the tables hold more, JSON all."""

MOST_ITEMS = 200
MOST_FLAWS = 100
_LONGEST = 400


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A table of words: heads and rows."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0


def write_irt_page(
    path: Path, report: IrtReport, *, title: str, flaws: FlawAudit | None = None, check: ModelCheck | None = None
) -> None:
    """Write the page of a scale, whole or not at all.

    Args:
        path: Where to; folders that are missing are made.
        report: Items, solvers and sets on one scale.
        title: Shown above what was found and in the window's title.
        flaws: The audit of flawed items, where it was asked for.
        check: The checks of the model, where they were asked for.
    """
    write_atomically(path, render_irt_page(report, title=title, flaws=flaws, check=check).encode("utf-8"))


def render_irt_page(
    report: IrtReport, *, title: str, flaws: FlawAudit | None = None, check: ModelCheck | None = None
) -> str:
    """Return the page as a string; the same input gives the same bytes. See `write_irt_page` for the arguments."""
    from markupsafe import Markup

    style = _style()
    drawn = list(report.sets.items())[:MOST_SETS]
    abilities = [(name(model), one.value) for model, one in report.abilities.items()]
    rows = [
        MapRow(label=name(key), real=key == report.real, difficulties=one.difficulties, mean=one.difficulty["mean"])
        for key, one in drawn
    ]
    return (
        environment()
        .get_template("irt.html")
        .render(
            title=name(title, 160),
            style=Markup(style),  # noqa: S704 - our own file
            policy=policy(style),
            panel=irt_panel(report, most_items=MOST_ITEMS),
            headline=_headline(report),
            item_map=draw_item_map(abilities, rows, ident="item-map"),
            curves=_curves(report, drawn_names=[key for key, _ in drawn]),
            not_drawn=len(report.sets) - len(drawn),
            flaws=None if flaws is None else _flaws(flaws),
            flaws_said=() if flaws is None else (*flaw_sentences(flaws), *map(excerpt, flaws.warnings)),
            checks=None if check is None else _checks(check),
            check_said=() if check is None else tuple(map(excerpt, (*check.said, *check.warnings))),
        )
    )


def _headline(report: IrtReport) -> str:
    """Return the finding as a title: the one set's, or how many of several are easier."""
    if not report.differences:
        return "How hard the items are, and what they tell"
    easier = [key for key, one in report.differences.items() if one.easier_by.low > 0]
    harder = [key for key, one in report.differences.items() if one.easier_by.high < 0]
    if len(report.differences) == 1:
        key = next(iter(report.differences))
        verb = "is easier than" if easier else "is harder than" if harder else "is not clearly easier or harder than"
        return f"{name(key)} {verb} {name(report.real)}"
    of = len(report.differences)
    if not easier and not harder:
        return f"None of {of} synthetic sets is clearly easier or harder than {name(report.real)}"
    return f"Of {of} synthetic sets, {len(easier)} easier and {len(harder)} harder than {name(report.real)}"


def _curves(report: IrtReport, drawn_names: list[str]) -> str:
    sets = [report.sets[key] for key in drawn_names]
    return draw_curves(
        sets[0].curve.ability,
        [
            Curve(
                label=name(key), real=key == report.real, height=one.curve.per_item, low=one.curve.low,
                high=one.curve.high,
            )
            for key, one in zip(drawn_names, sets, strict=True)
        ],
        [one.value for one in report.abilities.values()],
        ident="information",
        title="Information per item, by ability",
        description="How much one item of each set tells about an ability, on average; ticks below are the solvers.",
    )  # fmt: skip


def _flaws(audit: FlawAudit) -> _Table:
    listed = [one for one in audit.items if one.listed]
    return _Table(
        heads=("Item", "Benchmark", "Looks", "P", "q", "Evidence"),
        rows=tuple(_flaw_row(one) for one in listed[:MOST_FLAWS]),
        more=max(len(listed) - MOST_FLAWS, 0),
    )


def _flaw_row(one: FlawedItem) -> tuple[str, ...]:
    return (
        name(one.item), name(one.benchmark), WORDS[one.kind], number.number(one.probability), number.number(one.q),
        excerpt(one.evidence, _LONGEST),
    )  # fmt: skip


def _checks(check: ModelCheck) -> _Table:
    return _Table(
        heads=("Question", "Found", "Interval", "p"),
        rows=tuple(
            (one.question, number.number(one.found.value, 3), number.interval(one.found, 3), p_text(one.p))
            for one in check.checks
        ),
    )


@cache
def _style() -> str:
    folder = resources.files("acidtest.report").joinpath("templates")
    return "".join(folder.joinpath(file).read_text("utf-8") for file in ("page.css", "irt.css"))
