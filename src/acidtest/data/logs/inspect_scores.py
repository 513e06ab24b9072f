"""What a scorer of Inspect said of one sample, as numbers."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from acidtest.data.logs.bounded import elements, inside, mapping, name, number, text

_WORDS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_LOWER = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_SHOWN = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredValue:
    """One number of a scorer.

    Attributes:
        metric: The scorer's name; with `/key` after it where the scorer gives several values. None: the scorer gave no
            value at all, and whether it gives several is not known from this one.
        score: The number; None: not scored.
        why: Why there is none.
    """

    metric: str | None
    score: float | None
    why: str = ""


def scored_values(scorer: str, value: object, reason: str = "") -> Iterator[ScoredValue]:
    """Yield the numbers of a score, as Inspect's own metrics take them; none for a list of values.

    C, P, I and N are 1, 1/2, 0 and 0; yes and true are 1, no and false 0; texts of numbers are those numbers
    (`value_to_float` of inspect_ai 0.3.285, `scorer/_metric.py`). NaN is a sample that was not scored. Other texts,
    which Inspect counts as 0 and warns of, are not scored here.

    Example:
        >>> [(v.metric, v.score) for v in scored_values("match", "P")]
        [('match', 0.5)]
        >>> [(v.metric, v.score) for v in scored_values("shape", {"long": True, "odd": None})]
        [('shape/long', 1.0), ('shape/odd', None)]
    """
    if isinstance(value, list):
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            score, why = _number(inner)
            yield ScoredValue(metric=name(f"{scorer}/{key}"), score=score, why=why)
        return
    score, why = _number(value)
    unscored = value is None or (isinstance(value, float) and math.isnan(value))
    yield ScoredValue(metric=None if unscored else name(scorer), score=score, why=reason or why)


def own_means(results: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Yield (metric, what made one score of several epochs, mean over samples) of a log's aggregate `results`.

    The second is "" for their mean, or where there was one epoch. Other aggregates than means are passed over.

    Example:
        >>> score = {"name": "long", "scorer": "shape", "reducer": "max", "metrics": {"mean": {"value": 0.5}}}
        >>> list(own_means({"scores": [score]}))
        [('shape/long', 'max', 0.5)]
    """
    for score in elements(results.get("scores")):
        metrics = mapping(inside(score, "metrics"))
        mean = number(inside(metrics.get("accuracy") or metrics.get("mean"), "value"))
        if mean is None:
            continue
        scorer, part = name(inside(score, "scorer")), name(inside(score, "name"))
        reducer = text(inside(score, "reducer"), _SHOWN)
        yield scorer if part == scorer else name(f"{scorer}/{part}"), "" if reducer == "mean" else reducer, mean


def _number(value: object) -> tuple[float | None, str]:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None, "not scored"
    found = _word(value) if isinstance(value, str) else number(value)
    return found, "" if found is not None else f"{text(value, _SHOWN)!r} is no score"


def _word(value: str) -> float | None:
    if value in _WORDS:
        return _WORDS[value]
    lower = value.lower()
    if lower in _LOWER:
        return _LOWER[lower]
    try:
        return number(float(lower))
    except ValueError:
        return None
