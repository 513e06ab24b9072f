"""Items that look broken, in a terminal and in JSON."""

from typing import TYPE_CHECKING

from acidtest.compare.irt.flaws import BenchmarkFlaws, FlawAudit, FlawedItem
from acidtest.errors import counted
from acidtest.report.number import number, percent
from acidtest.report.rich_parts import styled
from acidtest.report.safe_text import excerpt, name
from acidtest.stats.estimate import Estimate, none_for_nan

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

WORDS = {
    "wrong_key": "likely wrong key",
    "ambiguous": "two right answers",
    "no_discrimination": "parts nobody",
    "upside_down": "the able miss it",
}
"""Kinds of flaws as people read them."""

MOST_LISTED = 40
MOST_RANKED = 10
"""Items shown of the list, and of those that are not on it; JSON holds more."""

_LONGEST = 240


def flaw_lines(audit: FlawAudit) -> "Group":
    """Return what a terminal shows: how many items look broken, which, why, and what must be known.

    Names and texts are shown as they are: nothing in them is read as markup or as an escape sequence.
    """
    from rich.console import Group

    parts = [styled("Items that look broken", "bold"), *(styled(f"- {line}") for line in flaw_sentences(audit))]
    listed = [one for one in audit.items if one.listed]
    others = [one for one in audit.items if not one.listed]
    shown: list[Text | Table] = [*parts]
    if listed:
        shown += [styled(""), _table(listed[:MOST_LISTED])]
    if len(listed) > MOST_LISTED:
        shown.append(styled(f"and {len(listed) - MOST_LISTED:,} more: --json holds them", "dim"))
    if others:
        shown += [styled(""), styled("Not listed, most suspicious first", "bold"), _table(others[:MOST_RANKED])]
    return Group(*shown, *(styled(f"- {excerpt(text)}", "dim") for text in audit.warnings))


def flaw_sentences(audit: FlawAudit) -> tuple[str, ...]:
    """Return one sentence for each benchmark, and one on false alarms where items are listed."""
    said = [_sentence(key, one) for key, one in audit.benchmarks.items()]
    listed = sum(one.listed for one in audit.benchmarks.values())
    if listed:
        said.append(
            f"Of {counted(listed, 'listed item')}, about {number(audit.expected_false, 1)} are expected to be false "
            f"alarms, at most {percent(audit.fdr)}."
        )
    return tuple(said)


def flaws_json(audit: FlawAudit) -> dict[str, object]:
    """Return all that the terminal shows, and more; the texts are as they came, cut and cleaned, never escaped."""
    return {
        "fdr": audit.fdr,
        "solvers": audit.solvers,
        "expected_false": none_for_nan(audit.expected_false),
        "benchmarks": {
            key: {
                "kind": one.kind,
                "items": one.items,
                "listed": one.listed,
                "kinds": dict(one.kinds),
                "by_answers": one.by_answers,
                "share_listed": one.share_listed.as_json(),
                "share_broken": one.share_broken.as_json(),
            }
            for key, one in audit.benchmarks.items()
        },
        "items": [
            {
                "benchmark": one.benchmark,
                "item": one.item,
                "kind": one.kind,
                "listed": one.listed,
                "probability": none_for_nan(one.probability),
                "q": none_for_nan(one.q),
                "evidence": one.evidence,
                "suspicion": none_for_nan(float(audit.suspicion[one.position])),
                "discrimination": none_for_nan(float(audit.discrimination[one.position])),
                "slope_not_above_0": none_for_nan(float(audit.slope_not_above_0[one.position])),
            }
            for one in audit.items
        ],
        "warnings": list(audit.warnings),
    }


def _sentence(key: str, one: BenchmarkFlaws) -> str:
    kind = f"{one.kind} " if one.kind else ""
    kinds = ", ".join(f"{count} {WORDS[of]}" for of, count in sorted(one.kinds.items(), key=lambda pair: -pair[1]))
    by = "by answers and scores" if one.by_answers else "by scores alone"
    return (
        f"{name(key)}: {one.listed:,} of {one.items:,} {kind}items look broken, {by}"
        f"{f' ({kinds})' if kinds else ''}; share listed {_share(one.share_listed)}."
    )


def _share(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} [{percent(estimate.low)}, {percent(estimate.high)}]"


def _table(items: list[FlawedItem]) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(styled("Item", "dim"), overflow="fold", max_width=28)
    table.add_column(styled("Looks", "dim"), overflow="fold", max_width=18)
    table.add_column(styled("P", "dim"), justify="right", no_wrap=True)
    table.add_column(styled("q", "dim"), justify="right", no_wrap=True)
    table.add_column(styled("Evidence", "dim"), overflow="fold")
    for one in items:
        shown = (name(one.item), WORDS[one.kind], number(one.probability), number(one.q))
        table.add_row(*map(styled, shown), styled(excerpt(one.evidence, _LONGEST)))
    return table
