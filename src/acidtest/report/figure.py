"""One number as a report shows it, with its interval, and what must be known before leaning on it."""

import math
from dataclasses import dataclass

from acidtest.report import number
from acidtest.report.safe_text import excerpt
from acidtest.stats.estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number as shown: its text, all its digits for machines, its interval, and why where it is not known.

    A score also has the letters that its solver shares with all it cannot be told apart from, and its possible ranks.
    """

    text: str
    exact: str
    span: str = ""
    why: str = ""
    letters: str = ""
    ranks: str = ""


def figure(estimate: Estimate, digits: int | None, *, signed: bool = False) -> Figure:
    """Return an estimate as shown; `digits` None: a count of labels."""
    if digits is None:
        text, span = number.count(estimate.value), number.count_span(estimate.low, estimate.high)
    else:
        text = number.number(estimate.value, digits, signed=signed)
        span = number.interval(estimate, digits, signed=signed)
    missing = math.isnan(estimate.value)
    return Figure(
        text=text,
        exact=number.exact(estimate.value),
        span="" if missing and span == number.NOT_KNOWN else span,
        why=excerpt(number.reason(estimate)) if missing else "",
    )


def plain_figure(x: float, digits: int | None, *, signed: bool = False) -> Figure:
    """Return a number that has no interval, as shown; `digits` None: a count of labels."""
    text = number.count(x) if digits is None else number.number(x, digits, signed=signed)
    return Figure(text=text, exact=number.exact(x))


def warnings_of(*estimates: Estimate | None) -> tuple[str, ...]:
    """Return every warning once; where a number is not known, its reason is one of them."""
    texts: dict[str, None] = {}
    for estimate in estimates:
        if estimate is not None:
            reasons = (number.reason(estimate),) if math.isnan(estimate.value) else ()
            texts |= dict.fromkeys((*reasons, *estimate.warnings))
    return tuple(excerpt(text) for text in texts if text)
