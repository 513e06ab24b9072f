"""Numbers as people read them. Formatting only: no number is made here."""

import math

from acidtest.stats.estimate import Estimate

NOT_KNOWN = "not known"
MINUS = "\N{MINUS SIGN}"
_SMALLEST_FIXED = 1e-7


def number(x: float, digits: int = 2, *, signed: bool = False) -> str:
    """Return a number with fixed decimals; one that would round to zero keeps its first digit; NaN is "not known".

    Example:
        >>> number(0.8333), number(0.0312, 3, signed=True), number(0.0004), number(float("nan"))
        ('0.83', '+0.031', '0.0004', 'not known')
    """
    if math.isnan(x):
        return NOT_KNOWN
    if math.isinf(x):
        return "∞" if x > 0 else f"{MINUS}∞"
    text = _fixed(abs(x), digits)
    if x < 0:
        return MINUS + text
    return f"+{text}" if signed and x > 0 else text


def interval(estimate: Estimate, digits: int = 2, *, signed: bool = False) -> str:
    """Return "[low, high]", or "not known" where there is no interval.

    Example:
        >>> interval(Estimate(value=0.5, low=0.25, high=0.75, n=9, method="share"))
        '[0.25, 0.75]'
    """
    return span(estimate.low, estimate.high, digits, signed=signed)


def span(low: float, high: float, digits: int = 2, *, signed: bool = False) -> str:
    """Return "[low, high]" of two numbers, or "not known" where either is missing."""
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    return f"[{number(low, digits, signed=signed)}, {number(high, digits, signed=signed)}]"


def count(n: float) -> str:
    """Return a whole number with its thousands set apart; below 10 with one decimal where it is not whole.

    Example:
        >>> count(12345.6), count(0.4), count(3), count(float("nan"))
        ('12,346', '0.4', '3', 'not known')
    """
    if math.isnan(n):
        return NOT_KNOWN
    if math.isinf(n):
        return "∞" if n > 0 else f"{MINUS}∞"
    few = abs(n) < 10 and not float(n).is_integer()  # noqa: PLR2004 - below ten, half a label matters
    return number(n, 1) if few else f"{n:,.0f}"


def count_span(low: float, high: float) -> str:
    """Return "[low, high]" of two counts, or "not known" where either is missing."""
    return NOT_KNOWN if math.isnan(low) or math.isnan(high) else f"[{count(low)}, {count(high)}]"


def percent(share: float) -> str:
    """Return a share as a percentage; NaN is "not known", and only a true zero reads 0 %.

    Example:
        >>> percent(0.0345), percent(0.0), percent(0.00004), percent(float("nan"))
        ('3.5 %', '0 %', '0.004 %', 'not known')
    """
    if math.isnan(share):
        return NOT_KNOWN
    return "0 %" if share == 0 else f"{number(100 * share, 1)} %"


def level(share: float) -> str:
    """Return an interval's level in percent, its sign never on a line of its own."""
    return f"{100 * share:g}\N{NO-BREAK SPACE}%"


def exact(x: float) -> str:
    """Return a number with all its digits, for machines that read the page; empty for NaN."""
    return "" if math.isnan(x) else repr(float(x))


def reason(estimate: Estimate) -> str:
    """Return why a value is not known: its first warning, or how it would have been made."""
    return estimate.warnings[0] if estimate.warnings else estimate.method


def _fixed(x: float, digits: int) -> str:
    text = f"{x:.{digits}f}"
    if x == 0 or float(text) != 0:
        return text
    return f"{x:.1g}" if x < _SMALLEST_FIXED else f"{x:.{-math.floor(math.log10(x))}f}"
