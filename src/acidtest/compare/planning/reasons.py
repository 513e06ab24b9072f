"""Why no number of items, or of solvers, would settle a verdict: in plain sentences, from what the futures showed."""

from collections.abc import Mapping

from acidtest.compare.planning.search import Found, Way
from acidtest.compare.thresholds import Thresholds
from acidtest.types import Use


def why_not(use: Use, way: Way, found: Mapping[Way, Found], asked: Thresholds) -> str:
    """Return why this way does not settle this use, "" where it does.

    Args:
        use: What the set is wanted for.
        way: What would be added.
        found: What each way comes to.
        asked: The verdict's limits.
    """
    if found[way].settles:
        return ""
    if way == "solvers":
        return _SOLVERS[use]
    if way == "both" or not found["both"].settles:
        near = _NEAR[use].format(limit=_limit(use, asked), differ=asked.differ)
        if way == "both" and found["real"].settles:
            return f"{near} With more synthetic items the set may pick another solver, and that pick is as open."
        return near
    if way == "synthetic" and use == "choose":
        return "The pick is made by the set as it is; what it loses on the real set, only real items tell."
    other = "real" if way == "synthetic" else "synthetic"
    return f"The noise of the {other} items stays, however many {way} items there are."


_SOLVERS: Mapping[Use, str] = {
    "score": "Further solvers do not take away the noise that the same items bring to all of them.",
    "rank": "Each further solver's place is as uncertain as those of the others, while the items stay few.",
    "choose": "Further solvers do not tell which of the best is best; more of them may come as close to it.",
}

_NEAR: Mapping[Use, str] = {
    "score": "The true difference may lie so close to the limit of {limit:g} that no study of this size tells on which "
    "side.",
    "rank": "The true agreement may lie so close to {limit:.0%}, or so few solvers may truly differ by {differ:g}, "
    "that no study of this size tells.",
    "choose": "What the pick loses may lie so close to the limit of {limit:g} that no study of this size tells on "
    "which side.",
}


def _limit(use: Use, asked: Thresholds) -> float:
    return {"score": asked.score, "rank": asked.rank, "choose": asked.regret}[use]
