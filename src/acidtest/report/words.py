"""The plain words for what a comparison found: each statistic, each use, and what a reader should know."""

from dataclasses import dataclass

from acidtest.types import Decision, Use


@dataclass(frozen=True, kw_only=True)
class StatisticWords:
    """How one statistic is named and shown.

    Attributes:
        name: What people call it.
        meaning: One line: what it says, which way is good.
        digits: Decimals shown; None: a count of labels.
        signed: A plus sign tells the direction.
        ceiling: The statistic that holds its ceiling, where it has one.
        perfect: The value of a perfect stand-in, where there is one.
    """

    name: str
    meaning: str
    digits: int | None = 2
    signed: bool = False
    ceiling: str = ""
    perfect: float | None = None


STATISTICS: dict[str, StatisticWords] = {
    "gap": StatisticWords(
        name="Gap",
        meaning="mean difference of scores; above 0: the synthetic set is easier",
        digits=3,
        signed=True,
        perfect=0.0,
    ),
    "mspd": StatisticWords(
        name="MSPD", meaning="mean squared difference of scores; 0 is perfect", digits=4, perfect=0.0
    ),
    "mspd_excess": StatisticWords(
        name="MSPD excess",
        meaning="MSPD less what item noise alone would give; about 0 is perfect, and it may be negative",
        digits=4,
        signed=True,
        perfect=0.0,
    ),
    "srcc": StatisticWords(
        name="SRCC", meaning="Spearman rank correlation; 1: the same order", ceiling="srcc_ceiling", perfect=1.0
    ),
    "kendall_tau": StatisticWords(
        name="Kendall tau", meaning="rank correlation by pairs; 1: the same order", perfect=1.0
    ),
    "pearson": StatisticWords(name="Pearson", meaning="linear correlation of scores; 1: on one line", perfect=1.0),
    "pairwise_agreement": StatisticWords(
        name="Pairwise agreement",
        meaning="share of solver pairs that both sets order alike; 1: all",
        ceiling="pairwise_ceiling",
        perfect=1.0,
    ),
    "top1_agreement": StatisticWords(
        name="Same best solver", meaning="1: both sets name the same best solver", perfect=1.0
    ),
    "regret_at_1": StatisticWords(
        name="Regret of choosing",
        meaning="real score lost by taking the synthetic set's best solver; 0: nothing lost",
        digits=3,
        perfect=0.0,
    ),
    "worth_score": StatisticWords(
        name="Worth for level", meaning="size of a real sample that would be as close in level", digits=None
    ),
    "worth_rank": StatisticWords(
        name="Worth for order", meaning="size of a real sample that would rank as well", digits=None
    ),
    "srcc_ceiling": StatisticWords(
        name="SRCC ceiling", meaning="SRCC that a perfect order would show with these numbers of items"
    ),
    "pairwise_ceiling": StatisticWords(
        name="Agreement ceiling", meaning="agreement that a perfect order would show with these numbers of items"
    ),
}
"""Statistic -> its words, in the order of display. A statistic that is not here is shown under its own name, last."""

CEILINGS = frozenset(words.ceiling for words in STATISTICS.values() if words.ceiling)


def words_of(statistic: str) -> StatisticWords:
    """Return the words for a statistic; one that nobody described is shown under its registered name."""
    known = STATISTICS.get(statistic)
    return known or StatisticWords(name=statistic.replace("_", " "), meaning="", digits=3)


def in_order(statistics: set[str]) -> list[str]:
    """Return names of statistics in the order of display."""
    known = [name for name in STATISTICS if name in statistics]
    return known + sorted(statistics - set(known))


@dataclass(frozen=True, kw_only=True)
class UseWords:
    """How one use of a stand-in is named, and what is said of each decision: of one set, and of several at once."""

    name: str
    question: str
    sentences: dict[Decision, str]
    of_several: str


USES: dict[Use, UseWords] = {
    "score": UseWords(
        name="Believe the numbers",
        question="Are its scores the scores on the real set?",
        sentences={
            "GO": "Believe its numbers.",
            "NO-GO": "Do not believe its numbers.",
            "INCONCLUSIVE": "Whether to believe its numbers is not settled.",
        },
        of_several="for the numbers",
    ),
    "rank": UseWords(
        name="Believe the order",
        question="Does it rank solvers as the real set does?",
        sentences={
            "GO": "Believe its order.",
            "NO-GO": "Do not believe its order.",
            "INCONCLUSIVE": "Whether to believe its order is not settled.",
        },
        of_several="for the order",
    ),
    "choose": UseWords(
        name="Pick the best by it",
        question="Does its best solver do well on the real set?",
        sentences={
            "GO": "Pick the best solver by it.",
            "NO-GO": "Do not pick the best solver by it.",
            "INCONCLUSIVE": "Whether to pick the best solver by it is not settled.",
        },
        of_several="for picking the best solver",
    ),
}

DECISIONS: dict[Decision, str] = {
    "GO": "go",
    "NO-GO": "no-go",
    "INCONCLUSIVE": "open",
}
"""Decision -> the word by which the style sheet knows it."""
