"""One plain decision per use of a stand-in: believe its numbers, believe its order, choose the best solver by it."""

import math
from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from acidtest.compare.level import mspd
from acidtest.compare.pair import Pair
from acidtest.stats import level, order
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import interval
from acidtest.stats.posterior import LIMIT
from acidtest.types import Use, Verdict

MOST = 100.0
"""A settlement that needs more than this many times the items is no advice."""

POWER = 0.8
"""How often the advised number of items should be enough, were all as it seems."""

SURE = 0.01
"""How often a pick may be called beaten that is not."""

_MAY_SETTLE = "would probably settle it; `acidtest plan` simulates it"
_NO_ITEMS = "Without the scores of single items nobody can tell noise from difference."
_GIVE_ITEMS = "Give one score per solver and item: a column 'item' beside benchmark, model and score."


def verdicts(pair: Pair) -> Mapping[Use, Verdict]:
    """Return the decision for each use, why, and what would settle it where it is open."""
    if pair.posterior is None:
        why = _NO_ITEMS if pair.models else "No solver answered both sets."
        settle = _GIVE_ITEMS if pair.models else "Let the same solvers answer both sets."
        return dict.fromkeys(("score", "rank", "choose"), Verdict(decision="INCONCLUSIVE", because=why, settle=settle))
    return {"score": _score(pair), "rank": _rank(pair), "choose": _choose(pair)}


def _score(pair: Pair) -> Verdict:
    limit = pair.settings.thresholds.score
    squares = mspd(pair)
    low, middle, high = (math.sqrt(x) for x in (squares.low, squares.true, squares.high))
    low_said, high_said = (_apart(x, limit, ".3f") for x in (low, high))
    seen = f"True scores differ from the real ones by {middle:.3f} ({low_said} to {high_said}; root mean square)"
    if high <= limit:
        return Verdict(decision="GO", because=f"{seen}: within {limit:g}.")
    if low > limit:
        return Verdict(decision="NO-GO", because=f"{seen}: more than {limit:g}.")
    within = _share(level.mspd(*_both(pair)) <= limit**2)
    if not pair.difference_rejected:
        # Before it can be a NO-GO, that anything differs at all must be seen.
        within = max(within, pair.no_difference_p)
    settle = _items_that_settle(pair, within, (1 + pair.settings.level) / 2)
    return Verdict(decision="INCONCLUSIVE", because=f"{seen}; the limit is {limit:g}.", settle=settle)


def _rank(pair: Pair) -> Verdict:
    asked = pair.settings.thresholds
    real, synthetic = _in_hand(pair)
    draws = order.pairwise_agreement(real, synthetic, min_difference=asked.differ)
    low, high = interval(draws, pair.settings.level)
    middle, _ = interval(draws, 0.0)
    if not math.isfinite(middle):
        return Verdict(
            decision="INCONCLUSIVE",
            because=f"No two solvers are known to differ by {asked.differ:g} on the real set: no order to keep.",
            settle="Add solvers that are clearly better or worse than these.",
        )
    low_said, high_said = (_apart(x, asked.rank, ".0%") for x in (low, high))
    seen = (
        f"Of the solver pairs that truly differ by {asked.differ:g} or more, {middle:.0%} ({low_said} to {high_said}) "
        f"are ordered as on the real set; {asked.rank:.0%} is asked for"
    )
    if low >= asked.rank:
        return Verdict(decision="GO", because=f"{seen}.")
    if high < asked.rank and pair.order_rejected and pair.posterior is not None:
        ratio = pair.posterior.likelihood_ratio
        return Verdict(
            decision="NO-GO",
            because=f"{seen}, and no common order explains both sets (likelihood ratio {ratio:.1f}, limit {LIMIT:g}).",
        )
    return Verdict(decision="INCONCLUSIVE", because=f"{seen}.", settle=_rank_settle(pair, draws))


def _rank_settle(pair: Pair, draws: FloatArray) -> str:
    """While one order may explain both sets, pairs are turned by noise alone: their share shrinks as the noise does."""
    asked = pair.settings.thresholds.rank
    if pair.order_rejected:
        reached = _share(draws[np.isfinite(draws)] >= asked)
        factor = _times(reached, (1 + pair.settings.level) / 2)
        more = "more solvers"
    else:
        low, _ = interval(draws, pair.settings.level)
        factor = ((1 - low) / (1 - asked)) ** 2 if asked < 1 else math.inf
        more = "solvers that differ more from each other"
    items = _items(pair, factor)
    if not items:
        return "So close to the limit that more items would hardly settle it; solvers that differ more might."
    return f"{items}, or {more}, {_MAY_SETTLE}."


def _choose(pair: Pair) -> Verdict:
    asked = pair.settings.thresholds
    lost = order.regret_at_1(*_in_hand(pair))
    safe = _share(lost <= asked.regret + order.ROUNDING)
    safe_said = _apart(safe, asked.certainty, ".2f")
    best = " or ".join(f"'{pair.models[m]}'" for m in np.flatnonzero(pair.synthetic == pair.synthetic.max())[:3])
    best = "the best of other solvers like these" if pair.settings.models_vary else best
    seen = f"Choosing {best} by this set loses at most {asked.regret:g} with probability {safe_said}"
    if safe >= asked.certainty:
        return Verdict(decision="GO", because=f"{seen}; {asked.certainty:g} is asked for.")
    if safe <= 1 - asked.certainty + order.ROUNDING and _beaten(pair):
        return Verdict(decision="NO-GO", because=f"{seen}; that is {1 - asked.certainty:.2g} or less.")
    settle = _items_that_settle(pair, safe, asked.certainty)
    return Verdict(decision="INCONCLUSIVE", because=f"{seen}; {asked.certainty:g} is asked for.", settle=settle)


def _beaten(pair: Pair) -> bool:
    """Whether some solver's real score is surely more than the allowed regret above that of the pick.

    The posterior alone would say so of few items, too: it must guess how far solvers are apart. One-sided normal tests
    of the other solvers against the pick, together wrong in at most SURE of studies (Bonferroni). Of solvers that were
    not seen there are no scores to test.
    """
    if pair.settings.models_vary:
        return True
    asked, noise = pair.settings.thresholds, np.nan_to_num(pair.noise.real)
    picked = pair.synthetic == pair.synthetic.max()
    score, error = pair.real[picked].mean(), noise[picked].sum() / picked.sum() ** 2
    ahead = pair.real - score - asked.regret
    z = NormalDist().inv_cdf(1 - SURE / max(len(pair.models) - 1, 1))
    return bool((ahead > z * np.sqrt(noise + error))[~picked].any())


def _both(pair: Pair) -> tuple[FloatArray, FloatArray]:
    if pair.posterior is None:
        raise ValueError("there is no posterior")
    return pair.posterior.real, pair.posterior.synthetic


def _in_hand(pair: Pair) -> tuple[FloatArray, FloatArray]:
    """Return true real scores beside the stand-in's observed ones: decisions are made by the set in hand."""
    real, _ = _both(pair)
    return real, np.broadcast_to(pair.in_hand, real.shape)


def _apart(x: float, limit: float, form: str) -> str:
    """Return x with as many digits as tell it from a limit that it is not.

    Example:
        >>> _apart(0.8996, 0.9, ".0%"), _apart(0.93, 0.9, ".0%")
        ('89.96%', '93%')
    """
    digits, kind = int(form[1:-1]), form[-1]
    for more in range(4):
        said = f"{x:.{digits + more}{kind}}"
        if said != f"{limit:.{digits + more}{kind}}" or x == limit:
            break
    return said


def _share(holds: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    return float(np.mean(holds))


def _times(probability: float, needed: float) -> float:
    """Return how many times the items would move a probability to `needed` (or 1 - needed) in POWER of all cases.

    Noise shrinks with the root of the items. With z how far the limit is now, in standard errors, the truth lies
    N(z, 1) from it, and what f times the items would show is N(sqrt(f) z, f + 1): not "if all is as it seems", for what
    seems is uncertain, too.
    """
    normal = NormalDist()
    now = abs(normal.inv_cdf(min(max(probability, 1e-4), 1 - 1e-4)))
    far = normal.inv_cdf(needed)

    def settled(f: float) -> float:
        seen = NormalDist(math.sqrt(f) * now, math.sqrt(f + 1))
        return 1 - seen.cdf(far) + seen.cdf(-far)

    low, high = 1.0, 2 * MOST
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if settled(middle) < POWER else (low, middle)
    return high


def _items(pair: Pair, factor: float) -> str:
    if not factor <= MOST:
        return ""
    fewest = math.ceil(max(factor, 1.05) * pair.n)
    rounded = fewest if fewest < 100 else math.ceil(fewest / 50) * 50  # noqa: PLR2004 - no false precision
    return f"About {rounded} items in each set (the smaller has {pair.n} now)"


def _items_that_settle(pair: Pair, probability: float, needed: float) -> str:
    items = _items(pair, _times(probability, needed))
    if not items:
        return "So close to the limit that more items would hardly settle it: move the limit, or use another set."
    return f"{items} {_MAY_SETTLE}."
