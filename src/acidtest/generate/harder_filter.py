"""Is a candidate as difficult as wanted? Predicted from its text, where texts tell of difficulty at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from acidtest.data.item_texts import Difficulty, item_text
from acidtest.errors import DataError
from acidtest.generate.strategy import Draft
from acidtest.types import Check, Item

if TYPE_CHECKING:
    from acidtest.models.difficulty.from_text import TextDifficulty

CHECK = "difficulty"
FEWEST = 30
"""Items of known difficulty below which nothing is predicted from text."""

_RARE = 0.05
_STEP = 0.5


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which difficulties are wanted: above a number, within a band, or, where neither is named, above those shown."""

    above: float | None = None
    band: tuple[float, float] | None = None

    @property
    def words(self) -> str:
        """What is wanted, as the provenance has it."""
        if self.band:
            return f"{self.band[0]:g} to {self.band[1]:g}"
        return "harder than the examples" if self.above is None else f"above {self.above:g}"

    def words_beyond(self, hardest: float) -> str:
        """Return what is wanted of an item that stands beside examples of which the hardest has this difficulty."""
        if self.band:
            return f"between {self.band[0]:g} and {self.band[1]:g}"
        return f"above {hardest if self.above is None else self.above:.1f}"

    def goal(self, hardest: float) -> float:
        """Return one difficulty to name to a model that continues a list."""
        if self.band:
            return sum(self.band) / 2
        return (hardest if self.above is None else self.above) + _STEP

    def problem(self, predicted: float, shown: float) -> Literal["", "too easy", "too difficult"]:
        """Return what is wrong with a predicted difficulty; `shown` is the mean of those predicted for the examples."""
        low = self.band[0] if self.band else shown if self.above is None else self.above
        if predicted < low:
            return "too easy"
        return "too difficult" if self.band and predicted > self.band[1] else ""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was decided of a candidate: a reason where it is rejected, and what its provenance says."""

    reason: str
    check: Check


@dataclass(frozen=True, kw_only=True)
class DifficultyFilter:
    """Predicts candidates' difficulties and compares them with what is wanted.

    Without a number to reach, predictions are compared with predictions: the mean of those for the examples shown. Like
    all predictions these are drawn to the mean, so a candidate need not look harder than the hardest measured one.
    """

    told: "TextDifficulty"
    wanted: Wanted

    def judge(self, draft: Draft, shown: Sequence[Item]) -> Judged:
        """Return what is decided of a candidate that was asked for beside these examples."""
        item = Item(id="candidate", input=draft.input, target=draft.target, choices=draft.choices)
        texts = [item_text(one) for one in (item, *shown)]
        mean, sd = self.told.predict([one.text for one in texts], choices=[one.choices for one in texts])
        beside = float(mean[1:].mean()) if len(mean) > 1 else float(mean[0])
        reason = self.wanted.problem(float(mean[0]), beside)
        limit = f"above {beside:.2f}, predicted of the examples" if self.wanted == Wanted() else self.wanted.words
        detail = f"predicted from its text: {mean[0]:.2f}, sd {sd[0]:.2f}; wanted: {limit}"
        return Judged(reason=reason, check=Check(check=CHECK, passed=not reason, detail=detail))


def difficulty_filter(
    items: Sequence[Item], table: Mapping[str, Difficulty], wanted: Wanted, *, seed: int
) -> tuple[DifficultyFilter | None, str]:
    """Return what filters candidates, and a sentence about it; None where their texts cannot tell.

    Args:
        items: Those whose difficulty the table holds.
        table: Item -> difficulty. Errors that are not known count as 0.
        wanted: Which difficulties are wanted.
        seed: For the check of what texts tell.
    """
    from acidtest.models.difficulty.from_text import TextItems, fit_text_difficulty
    from acidtest.models.difficulty.groups import groups_of

    if len(items) < FEWEST:
        return None, (
            f"No candidate was filtered by its difficulty: that of {len(items)} items is known, and {FEWEST} are "
            "needed to predict it from text."
        )
    texts = [item_text(item) for item in items]
    known = TextItems(
        texts=[one.text for one in texts],
        choices=[one.choices for one in texts],
        groups=groups_of([one.text for one in texts], [one.bundle for one in texts]),
    )
    value = np.array([table[item.id].value for item in items])
    se = np.nan_to_num(np.array([table[item.id].se for item in items]))
    try:
        told = fit_text_difficulty(known, (value, se), seed=seed)
    except DataError as error:
        return None, f"No candidate was filtered by its difficulty: {error.what}."
    r2 = told.check.text.r2
    if not told.useful:
        return None, (
            "No candidate was filtered by its difficulty: these items' texts tell nothing of it "
            f"({r2.value:.0%} explained of items left out, {r2.low:.0%} to {r2.high:.0%})."
        )
    note = (
        f"Candidates were filtered by the difficulty that their text predicts; it explains {r2.value:.0%} of that of "
        f"items left out ({r2.low:.0%} to {r2.high:.0%}). Ask solvers whether the items are as difficult."
    )
    predicted, _ = told.predict(known.texts, choices=known.choices)
    fits = float(np.mean([not wanted.problem(x, float(predicted.mean())) for x in predicted.tolist()]))
    if fits < _RARE:
        note += (
            f" It puts {fits:.0%} of the known items where they are wanted ({wanted.words}): few candidates will pass. "
            "Predictions are drawn to the mean; ask for less."
        )
    return DifficultyFilter(told=told, wanted=wanted), note
