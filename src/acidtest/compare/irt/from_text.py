"""What items' texts tell of their difficulty, and the prior that follows for items that nobody has answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from acidtest.data.item_texts import ItemText
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError, counted
from acidtest.judge.demand import DemandTable
from acidtest.models.difficulty.features import Embed
from acidtest.models.difficulty.from_text import (
    FEWEST_ITEMS,
    Check,
    TextDifficulty,
    TextItems,
    fit_text_difficulty,
    fit_text_discrimination,
)
from acidtest.models.difficulty.groups import groups_of, likeness
from acidtest.stats.estimate import Estimate, FloatArray, none_for_nan
from acidtest.stats.irt.check.explained import Explained
from acidtest.stats.irt.fit import Fit

__all__ = ["TextPart", "TextReport", "fit_text_difficulty", "fit_text_discrimination", "text_report"]

_Z = 1.6448536269514722
_UNUSUAL = 0.1
_MOST_UNUSUAL = 0.3


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """What texts tell of one parameter.

    Attributes:
        name: `difficulty`, or `log discrimination`.
        check: How well it is predicted for items that were not learnt from.
        ceiling: The largest correlation that any prediction can have with the estimates: they have errors themselves.
        useful: Whether the text tells anything; otherwise every new item gets the same, plain prior.
        shares: block of columns -> share of the spread that it accounts for.
        mean, spread: Of the parameter over items, errors taken off: the plain prior.
    """

    name: str
    check: Check
    ceiling: float
    useful: bool
    shares: Mapping[str, float]
    mean: float
    spread: float


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """The prior of one new item: its difficulty lies between `low` and `high` in nine of ten such items."""

    item: str
    difficulty: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class TextReport:
    """What texts tell of difficulty and discrimination.

    Attributes:
        items: How many items have both scores and a text.
        without_text: Items with scores and without a text.
        alike: Items that are near copies of others, or share a bundle: they were kept together in the check.
        parts: Difficulty; discrimination where items differ in it.
        foretold: New items in their order.
        summary: What it comes to, in a sentence.
    """

    items: int
    without_text: int
    alike: int
    parts: tuple[TextPart, ...]
    foretold: tuple[Foretold, ...]
    summary: str
    warnings: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """Return the part of `--json` that this is."""
        return {
            "items": self.items,
            "without_text": self.without_text,
            "alike": self.alike,
            "summary": self.summary,
            "parameters": {part.name: _part_json(part) for part in self.parts},
            "new_items": [
                {
                    "item": one.item,
                    "difficulty": none_for_nan(one.difficulty),
                    "sd": none_for_nan(one.sd),
                    "low": none_for_nan(one.low),
                    "high": none_for_nan(one.high),
                }
                for one in self.foretold
            ],
            "warnings": list(self.warnings),
        }


def text_report(
    matrix: ScoreMatrix,
    fit: Fit,
    texts: Sequence[ItemText],
    new_texts: Sequence[ItemText] = (),
    *,
    ratings: DemandTable | None = None,
    embed: Embed | None = None,
    seed: int = 0,
) -> TextReport:
    """Return what the items' texts tell of their parameters, and what is foretold of new items.

    Args:
        matrix: Scores of M solvers on n items.
        fit: Of these scores.
        texts: What items ask, in any order, those of other items among them; one that names no benchmark is of all.
        new_texts: Items that nobody has answered.
        ratings: A judge's on demand scales, by item; items without one are taken as average.
        embed: A sentence encoder.
        seed: Of parts, decomposition and intervals.

    Raises:
        DataError: Fewer than 20 items have scores and a text.
    """
    found = {(one.benchmark, one.item): one for one in texts}
    of_item = [
        found.get((benchmark, item)) or found.get(("", item))
        for benchmark, item in zip(matrix.benchmark, matrix.items, strict=True)
    ]
    at = np.array([place for place, one in enumerate(of_item) if one is not None], np.int64)
    if len(at) < FEWEST_ITEMS:
        raise DataError(
            f"{counted(len(at), 'item')} of {len(of_item)} with scores have a text; {FEWEST_ITEMS} are needed",
            way_out="The ids of the texts must be those of the scores: a column 'item' or 'id' in both.",
        )
    known = [one for one in of_item if one is not None]
    bundles = [one.bundle or matrix.bundles[place] for one, place in zip(known, at.tolist(), strict=True)]
    groups = groups_of([one.text for one in known], bundles)
    items = TextItems(
        texts=[one.text for one in known],
        choices=[one.choices for one in known],
        ratings=_rated(ratings, [one.item for one in known]),
        groups=groups,
        embed=embed,
    )
    told = fit_text_difficulty(items, (fit.items.difficulty[at], fit.difficulty_se[at]), seed=seed)
    parts = [_part("difficulty", told)]
    if np.ptp(fit.items.discrimination) > 0:
        sharpness = fit.items.discrimination[at]
        about = (np.log(sharpness), fit.discrimination_se[at] / sharpness)
        parts.append(_part("log discrimination", fit_text_difficulty(items, about, seed=seed)))
    return TextReport(
        items=len(at),
        without_text=len(of_item) - len(at),
        alike=len(at) - len(np.unique(groups)),
        parts=tuple(parts),
        foretold=_foretold(told, new_texts, ratings),
        summary=_summary(parts[0]),
        warnings=(*told.warnings, *_cautions(len(at), len(of_item), ratings), *_unlike(known, new_texts)),
    )


def _rated(ratings: DemandTable | None, items: Sequence[str]) -> FloatArray | None:
    return None if ratings is None else ratings.columns(items)


def _part(name: str, told: TextDifficulty) -> TextPart:
    return TextPart(
        name=name,
        check=told.check,
        ceiling=told.known.ceiling,
        useful=told.useful,
        shares=told.shares,
        mean=told.known.mean,
        spread=float(np.sqrt(told.known.spread)),
    )


def _foretold(told: TextDifficulty, new_texts: Sequence[ItemText], ratings: DemandTable | None) -> tuple[Foretold, ...]:
    if not new_texts:
        return ()
    mean, sd = told.predict(
        [one.text for one in new_texts],
        choices=[one.choices for one in new_texts],
        ratings=_rated(ratings, [one.item for one in new_texts]),
    )
    return tuple(
        Foretold(item=one.item, difficulty=float(m), sd=float(s), low=float(m - _Z * s), high=float(m + _Z * s))
        for one, m, s in zip(new_texts, mean, sd, strict=True)
    )


def _summary(part: TextPart) -> str:
    found, length = part.check.text, part.check.length
    if not part.useful:
        return (
            "Here the text tells nothing of difficulty that holds on other items: a new item's prior is the mean and "
            "spread of the known ones."
        )
    explained = (
        f"The text explains {found.r2.value:.0%} of the differences in difficulty of items it was not learnt from"
    )
    beside = f"; length alone explains {max(0.0, length.r2.value):.0%}"
    return f"{explained} ({found.r2.low:.0%} to {found.r2.high:.0%}; {part.ceiling**2:.0%} could be){beside}."


def _cautions(used: int, scored: int, ratings: DemandTable | None) -> list[str]:
    said = []
    if used < scored:
        said.append(f"{scored - used} of {scored} items with scores have no text and were left out.")
    if ratings is not None and ratings.rated < used:
        said.append(f"The judge rated {ratings.rated} items; the others count as average on every scale.")
    return said


def _unlike(known: Sequence[ItemText], new_texts: Sequence[ItemText]) -> list[str]:
    """Warn where new items are further from the known ones than nine of ten known ones are from the others."""
    if not new_texts:
        return []
    usual, new = likeness([one.text for one in known], [one.text for one in new_texts])
    limit = float(np.quantile(usual, _UNUSUAL))
    share = float(np.mean(new < limit))
    if share <= _MOST_UNUSUAL:
        return []
    unlike = f"{share:.0%} of the new items are less like any known item than {1 - _UNUSUAL:.0%} of those are"
    return [f"{unlike} like each other: what was learnt need not hold for them, their intervals are too narrow."]


def _part_json(part: TextPart) -> dict[str, object]:
    check = part.check
    return {
        "useful": part.useful,
        "ceiling": none_for_nan(part.ceiling),
        "mean": none_for_nan(part.mean),
        "spread": none_for_nan(part.spread),
        "shares": dict(part.shares),
        "coverage": none_for_nan(check.coverage),
        "coverage_adjusted": none_for_nan(check.adjusted),
        "width": none_for_nan(check.width),
        "predicted_by": {
            "text": _explained_json(check.text),
            "length": _explained_json(check.length),
            "mean": _explained_json(check.plain),
        },
    }


def _explained_json(found: Explained) -> dict[str, object]:
    each: Mapping[str, Estimate] = {
        "r2": found.r2,
        "pearson": found.pearson,
        "spearman": found.spearman,
        "rmse": found.rmse,
    }
    return {name: estimate.as_json() for name, estimate in each.items()}
