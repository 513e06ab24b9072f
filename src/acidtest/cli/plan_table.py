"""A plan in a terminal: per benchmark one table of what would settle each use, then why, then which items to label."""

import math
from typing import TYPE_CHECKING

from acidtest.compare.planning.labels import Labels
from acidtest.compare.planning.plan import BenchmarkPlan, Plan, Step, UsePlan
from acidtest.compare.planning.search import WAYS, Way
from acidtest.report.safe_text import clean, name
from acidtest.types import Use

if TYPE_CHECKING:
    from rich.console import Console

_HEADINGS: dict[Way, str] = {
    "real": "real items",
    "synthetic": "synthetic items",
    "both": "both",
    "solvers": "solvers",
}
_STYLES = {"GO": "green", "NO-GO": "red", "INCONCLUSIVE": "yellow"}
_SHOWN_ITEMS = 20
_LONGEST_ID = 60


def print_plan(found: Plan, *, console: "Console | None" = None) -> None:
    """Print a plan. Names are shown as they are: nothing in them is read as markup or as an escape sequence.

    Args:
        found: What `acidtest.compare.planning.plan.plan` found.
        console: Where to; standard output without one.
    """
    from rich.console import Console

    console = console or Console()
    _say(console, headline(found), "bold")
    for benchmark, one in found.benchmarks.items():
        _benchmark(console, benchmark, one, found)
    console.print()
    if found.labels is None:
        _say(console, found.labels_note)
    else:
        _labels(console, found.labels)


def headline(found: Plan) -> str:
    """Return the plan in one sentence."""
    number = found.open_verdicts
    if not number:
        return "Every verdict is settled: nothing more is needed."
    what = "1 verdict is" if number == 1 else f"{number} verdicts are"
    return (
        f"{what} open. Below: the whole study that would settle each with probability {found.power:g}, what is in hand "
        f"included ({found.rounds} simulated futures of each size; about ±{found.standard_error:.2f})."
    )


def _benchmark(console: "Console", benchmark: str, one: BenchmarkPlan, found: Plan) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print()
    size = f"{one.real_items:,} real items, {one.synthetic_items:,} synthetic, {one.solvers} solvers now"
    console.print(Text.assemble((name(benchmark), "bold"), (f"  ({size})", "dim")))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for i, heading in enumerate(("use", "now", *_HEADINGS.values())):
        table.add_column(heading, justify="right" if i > 1 else "left", no_wrap=i < 2)  # noqa: PLR2004 - two columns of words
    for use, of in one.uses.items():
        cells = [cell(way, of.steps[way], found.power) if way in of.steps else "" for way in WAYS]
        now = of.verdict.decision
        table.add_row(use, Text(now, _STYLES[now]), *cells)
    console.print(table)
    for use, of in one.uses.items():
        for line in sentences(use, of):
            _say(console, f"- {line}")
    if any(step.cheapest for of in one.uses.values() for step in of.steps.values()):
        _say(console, "* the cheapest way")
    if not found.benchmarks[benchmark].uses["score"].steps and not one.real_items:
        _say(console, "- Without items no number can be named: give one row per solver and item.")


def cell(way: Way, step: Step, power: float) -> str:
    """Return what a way needs: "none" where no number would do, > n where the largest that was tried comes near."""
    if not step.settles and step.probability < power / 2:
        return "none"
    number = {
        "real": f"{step.real_items:,}",
        "synthetic": f"{step.synthetic_items:,}",
        "both": f"{step.real_items:,} + {step.synthetic_items:,}",
        "solvers": f"{step.solvers:,}",
    }[way]
    return f"> {number}" if not step.settles else f"{number} *" if step.cheapest else number


def sentences(use: Use, of: UsePlan) -> list[str]:
    """Return what to expect of each way that settles a use, and why the others do not."""
    lines = []
    settling = {way: step for way, step in of.steps.items() if step.settles}
    for way, step in settling.items():
        cost = f" Cost of what is added: {step.cost:,.2f}." if math.isfinite(step.cost) else ""
        likely, share = step.expected
        lines.append(f"{use}, {words(way, step)}: if settled, {likely} with probability {share:.2f}.{cost}")
    why: dict[str, list[Way]] = {}
    for way, step in of.steps.items():
        if not step.settles:
            why.setdefault(step.because, []).append(way)
    for because, ways in why.items():
        tried = "; ".join(f"{words(way, of.steps[way])}: {of.steps[way].probability:.2f}" for way in ways)
        lines.append(f"{use}, the largest that was tried would settle it too seldom ({tried}). {because}")
    return lines


def words(way: Way, step: Step) -> str:
    """Return a way's study in words."""
    return {
        "real": f"{step.real_items:,} real items",
        "synthetic": f"{step.synthetic_items:,} synthetic items",
        "both": f"{step.real_items:,} real and {step.synthetic_items:,} synthetic items",
        "solvers": f"{step.solvers:,} solvers",
    }[way]


def _labels(console: "Console", labels: Labels) -> None:
    from rich.table import Table
    from rich.text import Text

    _say(console, f"Label these {len(labels.items)} real items next", "bold")
    gain = (
        f" Each tells about as much on the order as {labels.gain:.1f} at random." if math.isfinite(labels.gain) else ""
    )
    _say(
        console,
        f"{labels.unlabelled:,} items wait with answers and without a score. To {labels.alike:,} of them all solvers "
        f"gave one answer: whatever its label, it scores all alike and tells nothing about their order.{gain}",
    )
    _say(
        console,
        "They were drawn with different chances, so give every labelled item its weight in a column 'weight': --json "
        "holds those of these items and of the items that have scores already.",
    )
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for i, heading in enumerate(("item", "answers", "weight")):
        table.add_column(heading, justify="right" if i else "left", overflow="fold")
    for one in labels.items[:_SHOWN_ITEMS]:
        table.add_row(Text(name(one.item, _LONGEST_ID)), str(one.answers), f"{one.weight:.2f}")
    console.print(table)
    if len(labels.items) > _SHOWN_ITEMS:
        _say(console, f"and {len(labels.items) - _SHOWN_ITEMS} more: --json names all")


def _say(console: "Console", text: str, style: str = "") -> None:
    from rich.text import Text

    console.print(Text(clean(text), style))
