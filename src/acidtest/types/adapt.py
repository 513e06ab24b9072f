"""What few items tell of a whole benchmark: how well small tests do on solvers that were left out, and which items."""

from collections.abc import Mapping
from dataclasses import dataclass

from acidtest.stats.estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class SmallTestResult:
    """How well one kind of small test, of one size, foretells whole scores of solvers that it was not made with.

    Attributes:
        method: How its items were chosen and the score foretold.
        items: How many were asked.
        error: Mean absolute error of the foretold whole score, over held-out solvers; 0: none, .02: two points of 100.
        kendall_tau, srcc: Agreement of the order by foretold and by whole scores.
        within: 95 % of the foretold scores are at most so far off.
        coverage: Share of held-out solvers whose own interval holds their whole score; NaN where the method gives none.
        random_items: A plain mean of so many items at random errs as much.
        than_threefold: Its mean error less that of the plain mean of three times as many items at random, solver by
            solver; below 0: it beats them. None where the benchmark has too few items.
    """

    method: str
    items: int
    error: Estimate
    kendall_tau: Estimate
    srcc: Estimate
    within: float
    coverage: Estimate
    random_items: float
    than_threefold: Estimate | None


@dataclass(frozen=True, kw_only=True)
class ChosenItem:
    """One item of a small test, with what is known of it; `weight`: the share of the benchmark it stands for."""

    benchmark: str
    item: str
    weight: float
    difficulty: float
    discrimination: float


@dataclass(frozen=True, kw_only=True)
class ChosenTest:
    """A small test made with all solvers; where the order of its items means anything, the best stands first."""

    method: str
    items: tuple[ChosenItem, ...]


@dataclass(frozen=True, kw_only=True)
class FormsReport:
    """Parallel forms: sets of items without a common one that are equally hard and tell equally much.

    Attributes:
        forms: The items of each form, by id.
        matched_to: Where the second form's items were matched to items of one benchmark: that benchmark, of
            which the first form's items are; else "".
        information_gap: Largest difference of the forms' test information over the solvers' abilities, as a share of
            their mean; `random_information_gap` the same of random splits of the same items.
        score_gap: Largest difference of the forms' expected mean scores; `random_score_gap` that of random splits.
        agreement: Correlation of held-out solvers' mean scores on the forms; of random splits `random_agreement`.
        difference: Mean absolute difference of held-out solvers' mean scores on the forms; `random_difference`.
    """

    forms: tuple[tuple[ChosenItem, ...], ...]
    matched_to: str = ""
    information_gap: float
    random_information_gap: float
    score_gap: float
    random_score_gap: float
    agreement: Estimate
    random_agreement: Estimate
    difference: Estimate
    random_difference: Estimate


@dataclass(frozen=True, kw_only=True)
class AdaptReport:
    """How few items would do for one benchmark, and which.

    Attributes:
        benchmark: Its name, or several joined by " + ".
        items: How many it has.
        solvers: How many were held out in turn.
        folds: Into how many groups they were split; `repeats`: how often anew.
        families_whole: Solvers of one family were held out together.
        results: By method, then by size.
        chosen: Tests made with all solvers.
        predicted: Whole scores of solvers that answered too few items to calibrate on.
        forms: Parallel forms, where they were asked for.
        warnings: What a reader must know.
    """

    benchmark: str
    items: int
    solvers: int
    folds: int
    repeats: int
    families_whole: bool
    level: float
    results: tuple[SmallTestResult, ...]
    chosen: tuple[ChosenTest, ...]
    predicted: Mapping[str, Estimate]
    forms: FormsReport | None
    warnings: tuple[str, ...] = ()
