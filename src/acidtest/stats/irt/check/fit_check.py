"""Does the fitted curve describe the scores? Each misfit beside what the model itself would show, fitted anew.

Classical cuts (a residual correlation of .2, an outfit of 1.5) are for hundreds of people. With ten solvers they are
passed by chance, so every yardstick here is simulated: tables drawn from the fitted model, each fitted anew.

Source: posterior predictive checks of item response models: Sinharay, Johnson and Stern, Applied Psychological
Measurement 30 (2006); Q3: Yen, Applied Psychological Measurement 8 (1984), its simulated cut: Christensen, Makransky
and Horton, same journal, 41 (2017).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from acidtest.errors import DataError
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.check.limited_information import LimitedInformation, limited_information
from acidtest.stats.irt.check.misfit import IntArray, Misfit, false_discovery, misfit, parting, residual_correlations
from acidtest.stats.irt.check.quick_fit import quick_fit
from acidtest.stats.irt.check.replicates import drawn_items, replicates, simulated
from acidtest.stats.irt.fit import Fit

MOST_ITEMS_IN_PAIRS = 250
MOST_PAIRS_SHOWN = 50
DISCOVERY = 0.1
"""Rate of false finds among the items and pairs that are called."""
FEWEST_DRAWS = 20
TINY = 1e-9
MOSTLY = 0.5


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question to the model. `p`: the chance of so large a misfit if the model were true; NaN: not asked."""

    question: str
    found: Estimate
    p: float


@dataclass(frozen=True, kw_only=True)
class DependentPair:
    """Two items (positions) whose answers go together, or apart, more than the ability explains."""

    one: int
    two: int
    correlation: float
    q: float


@dataclass(frozen=True, kw_only=True)
class FitCheck:
    """What checks of a fit said.

    Attributes:
        scores: Mean difference of sorted solver scores from those that normal abilities would show, score units.
        dependence: Root mean square correlation of residuals of item pairs beyond what the model shows by chance; 0:
            none, .05 is small, .1 and more is not (as a standardised root mean square residual).
        pairs: Item pairs called dependent at a false discovery rate of 10 %, the surest first, 50 at most.
        pairs_called, pairs_checked, pairs_all: How many were called, checked, and exist. Where there are too many,
            those among 250 items drawn at random are checked; items that hardly part solvers are in no pair.
        outfit, outfit_p: [n] surprise in single answers, about 1, and chance of so much; NaN: nobody answered.
        curve, curve_p: [n] misfit of the curve over groups of solvers, and chance of so much.
        item_q: [n] false discovery rate at which the item would be called by either.
        misfits: Positions of the items called at 10 %, the surest first.
        items: Share of items called.
        limited: M2, where it is valid.
        why_not: Why there is no M2; empty where there is one.
        draws: Tables simulated and fitted.
        warnings: What a reader must know.
    """

    scores: Check
    dependence: Check
    pairs: tuple[DependentPair, ...]
    pairs_called: int
    pairs_checked: int
    pairs_all: int
    outfit: FloatArray
    outfit_p: FloatArray
    curve: FloatArray
    curve_p: FloatArray
    item_q: FloatArray
    misfits: tuple[int, ...]
    items: Check
    limited: LimitedInformation | None
    why_not: str
    draws: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Simulated:
    """What the simulated tables showed: [draws, n] outfit and curve, [draws, pairs] correlations."""

    outfit: FloatArray
    curve: FloatArray
    pairs: FloatArray


def check_fit(scores: ArrayLike, fit: Fit, *, seed: int, draws: int = 200) -> FitCheck:
    """Check a fit against tables of scores that the fitted model itself would give.

    Args:
        scores: [M, n] the scores that were fitted.
        fit: Their fit.
        seed: Of the draws.
        draws: Tables to simulate and fit, quickly: the scores, too, are fitted anew that way for comparison.

    Raises:
        DataError: Scores of another shape than the fit's, or fewer than 20 draws.
    """
    given = np.asarray(scores, np.float64)
    if given.shape != (len(fit.ability), len(fit.items)):
        raise DataError(f"scores {given.shape} are not those of the fit", way_out="Fit these scores first.")
    if draws < FEWEST_DRAWS:
        raise DataError(f"{draws} draws tell nothing", way_out=f"Ask for {FEWEST_DRAWS} at least.")
    rng = np.random.default_rng(seed)
    n = len(fit.items)
    use = np.flatnonzero(parting(given))
    among = np.sort(rng.choice(use, min(len(use), MOST_ITEMS_IN_PAIRS), replace=False)).astype(np.int64)
    seen = misfit(given, *quick_fit(given, fit))
    drawn = _simulate(given, fit, among, rng, draws)
    outfit_p, curve_p = _tail(seen.outfit, drawn.outfit), _tail(seen.curve, drawn.curve)
    item_q = false_discovery(np.minimum(2 * np.fmin(outfit_p, curve_p), 1.0))
    misfits = np.flatnonzero(item_q <= DISCOVERY)
    pairs, called, dependence = _dependence(seen, drawn, among)
    limited = (
        limited_information(given, rng=rng)
        if fit.model == "2pl"
        else f"M2 is for the 2PL, this is a fit of the model '{fit.model}'"
    )
    return FitCheck(
        scores=_score_distribution(given, fit, rng, draws),
        dependence=dependence,
        pairs=pairs,
        pairs_called=called,
        pairs_checked=len(among) * (len(among) - 1) // 2,
        pairs_all=n * (n - 1) // 2,
        outfit=seen.outfit,
        outfit_p=outfit_p,
        curve=seen.curve,
        curve_p=curve_p,
        item_q=item_q,
        misfits=tuple(misfits[np.argsort(item_q[misfits], kind="stable")].tolist()),
        items=_item_check(seen, drawn, misfits),
        limited=None if isinstance(limited, str) else limited,
        why_not=limited if isinstance(limited, str) else "",
        draws=draws,
        warnings=() if fit.converged else ("the fit that is checked had not settled",),
    )


def _simulate(given: FloatArray, fit: Fit, among: IntArray, rng: np.random.Generator, draws: int) -> _Simulated:
    tables = replicates(given, fit, rng=rng, draws=draws)
    found = [misfit(table, *quick_fit(table, fit)) for table in tables]
    return _Simulated(
        outfit=np.array([one.outfit for one in found]),
        curve=np.array([one.curve for one in found]),
        pairs=np.array([residual_correlations(one, among) for one in found]),
    )


def _tail(seen: FloatArray, drawn: FloatArray) -> FloatArray:
    """Return [n]: chance of so large a value.

    On the log scale each item's own mean and spread under the model are taken out; what is left is compared with all
    items' draws together, so that 200 draws tell chances far below 1 in 200.
    """
    known = np.isfinite(seen)
    p = np.full(len(seen), np.nan)
    p[known] = _beyond(np.log(np.maximum(seen[known], TINY)), np.log(np.maximum(drawn[:, known], TINY)))
    return p


def _beyond(seen: FloatArray, drawn: FloatArray) -> FloatArray:
    """Return [n]: chances of so large values, each in its own mean and spread over the draws, by all draws together.

    A draw is measured by the mean and spread of the others, as what was seen is: by its own it would look too near.
    """
    count = np.isfinite(drawn).sum(0)
    mean, spread = np.nanmean(drawn, 0), np.maximum(np.nanstd(drawn, 0), TINY)
    away = drawn - mean
    others = (count * spread**2 - count / (count - 1) * away**2) / (count - 1)
    pool = (count / (count - 1) * away / np.sqrt(np.maximum(others, TINY**2))).ravel()
    pool = np.sort(pool[np.isfinite(pool)])
    above = len(pool) - np.searchsorted(pool, (seen - mean) / spread, side="left")
    found: FloatArray = (above + 1) / (len(pool) + 1)
    return found


def _dependence(seen: Misfit, drawn: _Simulated, among: IntArray) -> tuple[tuple[DependentPair, ...], int, Check]:
    own = residual_correlations(seen, among)
    one, two = (among[side] for side in np.triu_indices(len(among), 1))
    usable = np.isfinite(own) & (np.isfinite(drawn.pairs).mean(0) > MOSTLY)
    own, pool = own[usable], drawn.pairs[:, usable]
    one, two = one[usable], two[usable]
    question = "Do answers to two items go together beyond the ability?"
    if not len(own):
        nothing = Estimate(value=np.nan, n=0, method="no pair of items has enough answers")
        return (), 0, Check(question=question, found=nothing, p=np.nan)
    squares = np.nanmean(pool[np.isfinite(pool).any(1)] ** 2, 1)
    over = float((own**2).mean()) - squares
    low, middle, high = np.quantile(over, [0.025, 0.5, 0.975])
    found = Estimate(
        value=float(np.sqrt(max(middle, 0.0))),
        low=float(np.sqrt(max(low, 0.0))),
        high=float(np.sqrt(max(high, 0.0))),
        n=len(own),
        method="root mean square residual correlation beyond that of simulated tables",
    )
    q = false_discovery(_pair_tail(own, pool))
    called = np.flatnonzero(q <= DISCOVERY)
    order = called[np.lexsort((-np.abs(own[called]), q[called]))][:MOST_PAIRS_SHOWN]
    pairs = tuple(
        DependentPair(one=int(one[k]), two=int(two[k]), correlation=float(own[k]), q=float(q[k])) for k in order
    )
    p = (int((over <= 0).sum()) + 1) / (len(over) + 1)
    return pairs, len(called), Check(question=question, found=found, p=p)


def _pair_tail(own: FloatArray, pool: FloatArray) -> FloatArray:
    """Return two-sided chances of each pair's correlation."""
    found: FloatArray = np.minimum(2 * np.minimum(_beyond(own, pool), _beyond(-own, -pool)), 1.0)
    return found


def _item_check(seen: Misfit, drawn: _Simulated, misfits: IntArray) -> Check:
    known = np.isfinite(seen.curve)
    over = float(seen.curve[known].mean()) - drawn.curve[:, known].mean(1)
    return Check(
        question="Does the curve of each item fit?",
        found=Estimate(
            value=len(misfits) / int(known.sum()),
            n=int(known.sum()),
            method="share of items called at a false discovery rate of 10 %",
        ),
        p=(int((over <= 0).sum()) + 1) / (len(over) + 1),
    )


def _score_distribution(given: FloatArray, fit: Fit, rng: np.random.Generator, draws: int) -> Check:
    """Compare sorted solver scores with those of solvers whose abilities are normal."""
    seen = np.isfinite(given)
    scored = seen.any(1)
    own = np.sort(np.nanmean(given[scored], 1))
    sets = []
    for _ in range(draws):
        ability = rng.standard_normal(len(given))
        ability = (ability - ability.mean()) / max(float(ability.std()), TINY)
        table = np.where(seen, simulated(drawn_items(fit, rng), ability, rng), np.nan)
        sets.append(np.sort(np.nanmean(table[scored], 1)))
    drawn = np.array(sets)
    middle = drawn.mean(0)
    away, usual = float(np.abs(own - middle).mean()), np.abs(drawn - middle).mean(1)
    return Check(
        question="Are solver scores those of normal abilities?",
        found=Estimate(
            value=away,
            n=len(own),
            method=f"mean difference of sorted scores from normal abilities' (by chance {usual.mean():.3f})",
        ),
        p=(int((usual >= away).sum()) + 1) / (len(usual) + 1),
    )
