"""What speaks against an item, in one plain sentence."""

import numpy as np

from acidtest.compare.irt.flaw_answers import RIGHT_AT, Choices
from acidtest.data.clean_text import clean
from acidtest.errors import counted
from acidtest.stats.estimate import FloatArray

LONGEST_QUOTE = 40
_RUN = 3
"""So many of the best must say the same before they are named."""


def evidence(kind: str, scores: FloatArray, ability: FloatArray, choices: Choices | None, item: int, rival: int) -> str:
    """Return one sentence; answers in it are cleaned and cut, not escaped.

    Args:
        kind: As in `FlawedItem`.
        scores: [M] of the item, NaN where not scored.
        ability: [M] of the solvers.
        choices: Answers of the benchmark, if known.
        item: Which of its items.
        rival: The choice that may be right instead of the key's; 0: none.
    """
    if choices is not None and rival > 0:
        if kind == "wrong_key":
            return _instead(choices, item, rival, ability)
        if kind == "ambiguous":
            return _two(choices, item, rival, ability)
    return _who(scores, ability) + _what(scores, choices, item)


def quoted(text: str) -> str:
    """Return an answer as it is quoted: cleaned, cut, in quotation marks.

    Example:
        >>> quoted("c"), quoted("x" * 60)
        ("'c'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'")
    """
    shown = clean(text)
    return f"'{shown if len(shown) <= LONGEST_QUOTE else shown[: LONGEST_QUOTE - 1] + '…'}'"


def _instead(choices: Choices, item: int, rival: int, ability: FloatArray) -> str:
    said, words = choices.choice[:, item], choices.texts[item]
    there = np.flatnonzero(said >= 0)
    best_first = said[there[np.argsort(-ability[there], kind="stable")]] == rival
    votes, number = int(best_first.sum()), len(there)
    run = number if best_first.all() else int(best_first.argmin())
    key = f"the key says {quoted(words[0])}" if words[0] else "the key says something else"
    other = quoted(words[rival])
    if run == number:
        return f"all {counted(number, 'solver')} answer {other}, {key}"
    if run >= _RUN:
        in_all = f" ({votes} in all)" if votes > run else ""
        return f"the {run} best of {counted(number, 'solver')} answer {other}{in_all}, {key}"
    return f"{votes} of {counted(number, 'solver')} answer {other}, {key}"


def _two(choices: Choices, item: int, rival: int, ability: FloatArray) -> str:
    said, words = choices.choice[:, item], choices.texts[item]
    there = np.flatnonzero(said >= 0)
    best = said[there[np.argsort(-ability[there], kind="stable")]][: (len(there) + 1) // 2]
    key = f"the key {quoted(words[0])}" if words[0] else "what the key says"
    return (
        f"of the {len(best)} best of {counted(len(there), 'solver')}, {int((best == rival).sum())} answer "
        f"{quoted(words[rival])} and {int((best == 0).sum())} {key}"
    )


def _what(scores: FloatArray, choices: Choices | None, item: int) -> str:
    """Return what most say where nobody is right."""
    if choices is None or np.nanmax(scores, initial=0.0) >= RIGHT_AT:
        return ""
    said = choices.choice[:, item]
    votes = np.bincount(said[said > 0], minlength=2)
    most = int(votes.argmax())
    return f"; {votes[most]} answer {quoted(choices.texts[item][most])}" if votes[most] else ""


def _who(scores: FloatArray, ability: FloatArray) -> str:
    there = np.flatnonzero(np.isfinite(scores))
    if not len(there):
        return "nobody was scored on it"
    best_first = scores[there[np.argsort(-ability[there], kind="stable")]] >= RIGHT_AT
    number = len(there)
    if not best_first.any():
        return f"none of {counted(number, 'solver')} is right"
    half = number // 2
    best, worst = best_first[:half], best_first[number - half :]
    if not half:
        return f"{int(best_first.sum())} of {counted(number, 'solver')} is right"
    return f"right are {int(best.sum())} of the {half} best solvers and {int(worst.sum())} of the {half} worst"
