"""The sentences of a report: what a reader should take away before any number."""

import math
from collections.abc import Mapping, Sequence

from acidtest.report import number
from acidtest.report.safe_text import excerpt, name
from acidtest.report.words import USES
from acidtest.stats.estimate import Estimate
from acidtest.types import FidelityReport, OrderTest, Use

NO_METRIC = "score"
"""What the metric is called where a table does not say: no name that tells a reader anything."""

_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def headline_of(report: FidelityReport, sets: Sequence[str]) -> str:
    """Return the verdicts as one line of plain words."""
    if not sets:
        return "There is no synthetic set to judge."
    if len(sets) == 1:
        return _headline_of_one(report, sets[0])
    decisions = {verdict.decision for key in sets for verdict in report.verdict.get(key, {}).values()}
    if not decisions:
        return "No verdict was asked for."
    if decisions == {"INCONCLUSIVE"}:
        return f"Whether to believe any of the {_word(len(sets))} synthetic sets is not settled."
    if "GO" not in decisions:
        return f"None of the {_word(len(sets))} synthetic sets has shown that it can be believed."
    parts = [f"{_how_many(report, sets, use)} {words.of_several}" for use, words in USES.items()]
    return f"Of {_word(len(sets))} synthetic sets, believe {', '.join(parts[:-1])}, and {parts[-1]}."


def deck_of(report: FidelityReport, sets: Sequence[str]) -> str:
    """Return one sentence on what was compared."""
    few = "1 synthetic set" if len(sets) == 1 else f"{len(sets)} synthetic sets"
    solvers = "1 solver" if len(report.models) == 1 else f"{len(report.models)} solvers"
    by = "" if report.metric == NO_METRIC else f", scored by {name(report.metric)}"
    return (
        f"{few} compared with the real set {name(report.real)}: {solvers}{by}; "
        f"{number.level(report.level)} intervals throughout."
    )


def brief_sentence(shown: int, of: int) -> str:
    """Return what a report of very many sets leaves out; empty where it shows all."""
    if shown >= of:
        return ""
    return f"The first {shown} of {of} sets are shown in full, the others in one line each; --json holds everything."


def worth_sentence(estimate: Estimate, purpose: str) -> str:
    """Return "This set is worth about N real labels for level.", or why that is not known."""
    if math.isnan(estimate.value):
        return f"Its worth for {purpose} is not known: {excerpt(number.reason(estimate))}"
    shown = number.count(estimate.value)
    labels = "label" if shown == "1" else "labels"
    amount = "no real label" if shown == "0" else f"about {shown} real {labels}"
    span = number.count_span(estimate.low, estimate.high)
    beside = ", interval not known" if span == number.NOT_KNOWN else f" {span}"
    return f"This set is worth {amount} for {purpose}{beside}."


def combined_sentence(items: Mapping[str, Estimate], benchmark: str) -> str:
    """Return "With S: 100 real items tell as much for order as about 200 [90, 450] alone.", or why not known."""
    told = []
    for purpose, estimate in items.items():
        have, shown = number.count(estimate.n), number.count(estimate.value)
        if math.isnan(estimate.value):
            told.append(f"how much it helps for {purpose} is not known ({excerpt(number.reason(estimate))})")
        elif helps(estimate):
            span = number.count_span(estimate.low, estimate.high)
            beside = "" if span == number.NOT_KNOWN else f" {span}"
            told.append(f"{have} real items tell as much for {purpose} as about {shown}{beside} alone")
        else:
            told.append(f"{have} real items tell no more for {purpose} than without it")
    known = [estimate for estimate in items.values() if not math.isnan(estimate.value)]
    if len(known) == len(items) > 0 and not any(map(helps, known)):
        told = [f"{number.count(known[0].n)} real items tell no more than without it, for {' and '.join(items)}"]
    return f"With {name(benchmark)}: {'; '.join(told)}."


def helps(estimate: Estimate) -> bool:
    """Return whether real items and a set together tell more than the real items alone, as far as a count shows it."""
    return estimate.value >= estimate.n and number.count(estimate.value) != number.count(estimate.n)


def order_test_of(test: OrderTest | None) -> str:
    """Return what the order test found, as a sentence; empty where it was not made."""
    if test is None:
        return ""
    if math.isnan(test.likelihood_ratio):
        return "Order test: not known; there was too little to test."
    ratio = f"likelihood ratio {number.number(test.likelihood_ratio)}, limit {number.number(test.limit)}"
    if test.rejects:
        return f"Order test: no common order of solvers explains both sets ({ratio})."
    return f"Order test: one common order of solvers can explain both sets ({ratio})."


def _headline_of_one(report: FidelityReport, key: str) -> str:
    verdicts = report.verdict.get(key, {})
    decisions = {verdict.decision for verdict in verdicts.values()}
    if len(verdicts) == len(USES) and len(decisions) == 1:
        return {
            "GO": "The synthetic set can stand in for the real one: for its numbers, its order and its best solver.",
            "NO-GO": "The synthetic set cannot stand in for the real one.",
            "INCONCLUSIVE": "Whether the synthetic set can stand in for the real one is not settled.",
        }[decisions.pop()]
    said = [words.sentences[verdicts[use].decision] for use, words in USES.items() if use in verdicts]
    return " ".join(said) or "No verdict was asked for."


def _how_many(report: FidelityReport, sets: Sequence[str], use: Use) -> str:
    decisions = (report.verdict.get(key, {}).get(use) for key in sets)
    found = sum(verdict is not None and verdict.decision == "GO" for verdict in decisions)
    return "all" if found == len(sets) else _word(found)


def _word(n: int) -> str:
    return _WORDS[n] if n < len(_WORDS) else str(n)
