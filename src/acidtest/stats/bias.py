"""Question 3, bias: does a generator's set favour the model, or the family, that wrote it?

Arrays: P [..., S, M], metric of M solvers on S synthetic sets. own [G]: the solver that is generator g itself, -1 where
it is none. set_generator [S]: which generator wrote each set; left out where set s is generator s's only one. The real
set plays no part, save in `silencer_ratio`. A statistic of a generator that is no solver is NaN; its sets still count.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.additive import own_cells, own_weights, wrote_sets
from acidtest.stats.bootstrap import COUNTS_AT_ONCE, counts
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import IntArray


def bias_factor(p: FloatArray, own: IntArray, set_generator: IntArray | None = None) -> FloatArray:
    """Return [..., G]: how much higher a generator stands on its own sets than on the other generators' sets.

    Centre every set, N[s, m] = P[s, m] - mean over m of P[s, m]. BF(g) = mean of N[s, own[g]] over g's own sets - mean
    of N[d, own[g]] over all sets d of other generators. In score units. 0: none; above 0: favours its own data;
    below 0: stands lower on it. It leaks: where one of three generators alone is biased by .2, it reads .13, .03, .03,
    and with two generators .1, .1 whoever is; `own_excess` does not.

    Args:
        p: [..., S, M] scores; sets are centred over the solvers that are scored on all of them.
        own: [G] solver of each generator, -1: none.
        set_generator: [S] generator of each set; None: set s is generator s's.

    Returns:
        [..., G]; NaN with one generator, and where the own solver is not scored.

    Source: arXiv 2409.11968; confirmed against the authors' published numbers.

    Example:
        >>> p = np.array([[0.7, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
        >>> bias_factor(p, np.arange(3)).round(3).tolist()
        [0.133, 0.033, 0.033]
    """
    wrote = wrote_sets(p.shape[-2], own, set_generator)
    centred = _centred(p)
    return np.stack([_own_less_others(centred, wrote[g], ~wrote[g], _one(m)) for g, m in enumerate(own)], axis=-1)


def own_excess(p: FloatArray, own: IntArray, set_generator: IntArray | None = None) -> FloatArray:
    """Return [..., G]: how far the own cell lies above what set and solver together let expect.

    Scores are fitted as set + solver by least squares on all cells but the own cells of every generator; the excess is
    the own cell's residual (the mean over g's own sets). In score units; 0: none; above 0: favours its own data. Where
    the world is set + solver + own bias, it is exactly the bias of each.

    Args:
        p: [..., S, M] scores; a cell that is NaN anywhere along the leading axes is left out everywhere.
        own: [G] solver of each generator, -1: none.
        set_generator: [S] generator of each set; None: set s is generator s's.

    Returns:
        [..., G]; NaN where the other cells do not tell: with two generators and two solvers, for one.

    Example:
        >>> p = np.array([[0.7, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
        >>> abs(own_excess(p, np.arange(3))).round(6).tolist()
        [0.2, 0.0, 0.0]
    """
    wrote = wrote_sets(p.shape[-2], own, set_generator)
    known = np.asarray(np.isfinite(p).all(axis=tuple(range(p.ndim - 2))), np.bool_)
    mine = own_cells(wrote, own, p.shape[-1])
    fitted = known & ~mine.any(axis=0)
    filled = np.where(known, p, 0.0)
    weights = [own_weights(fitted, mine[g] & known)[0] for g in range(len(own))]
    return np.stack([(filled * w).sum(axis=(-2, -1)) for w in weights], axis=-1)


def family_bias(
    p: FloatArray,
    own: IntArray,
    family: IntArray,
    set_generator: IntArray | None = None,
    generator_family: IntArray | None = None,
) -> FloatArray:
    """Return [..., G]: `bias_factor` with the whole family of the generator in the own solver's place.

    The mean of N[s, m] over g's own sets and all solvers m of its family, less the same over the sets of generators of
    other families. Same units and signs as `bias_factor`, and the same value where every family has one solver.

    Args:
        p: [..., S, M] scores.
        own: [G] solver of each generator, -1: none.
        family: [M] family of each solver.
        set_generator: [S] generator of each set; None: set s is generator s's.
        generator_family: [G] family of each generator; None: that of its own solver (NaN where it is none).

    Returns:
        [..., G]; NaN where no other family wrote a set, where no solver is of the family, or where all are.
    """
    wrote = wrote_sets(p.shape[-2], own, set_generator)
    of_generator = np.where(own >= 0, family[own], -1) if generator_family is None else generator_family
    stranger = of_generator[:, None] != of_generator[None, :]
    known_family = (own >= 0) if generator_family is None else np.ones(len(own), bool)
    centred = _centred(p)
    values = []
    for g in range(len(own)):
        members = np.flatnonzero(family == of_generator[g])
        if not known_family[g] or len(members) == len(family):
            members = _one(-1)
        elsewhere = wrote[stranger[g]].any(axis=0) if stranger[g].any() else np.zeros(wrote.shape[1], bool)
        values.append(_own_less_others(centred, wrote[g], elsewhere, members))
    return np.stack(values, axis=-1)


def silencer_ratio(real: FloatArray, p: FloatArray, own: IntArray, set_generator: IntArray | None = None) -> FloatArray:
    """Return [..., G]: self-bias in Silencer's form, a difference of relative scores.

    A score is taken relative to the mean score of all solvers on the same set, R[s, m] = P[s, m] / mean over m of
    P[s, m]; the self-bias is R on the generator's own sets (their mean) less R on the real set. 0: none; above 0:
    relative to the others it does better on its own data than on people's; .1: by a tenth of the mean score.

    The formula is that of arXiv 2505.20738, B(M) = K R(M|own) / sum R(ref|own) - K R(M|human) / sum R(ref|human),
    taken from published accounts of the paper; its K reference models are here all solvers of the study.

    Args:
        real: [..., M] scores on the real set.
        p: [..., S, M] scores on the synthetic sets. Means are over the solvers scored on every set, real one included.
        own: [G] solver of each generator, -1: none.
        set_generator: [S] generator of each set; None: set s is generator s's.

    Returns:
        [..., G]; NaN where a mean is not above 0.
    """
    wrote = wrote_sets(p.shape[-2], own, set_generator)
    all_sets = np.concatenate([np.asarray(real)[..., None, :], p], axis=-2)
    known = np.isfinite(all_sets).all(axis=-2, keepdims=True)
    mean = _ratio(np.where(known, all_sets, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))
    relative = _ratio(all_sets, np.broadcast_to(mean[..., None], all_sets.shape))
    values = []
    for g, m in enumerate(own):
        of_own = relative[..., 1:, :][..., wrote[g], :]
        values.append(_mean_cells(of_own, _one(m)) - _mean_cells(relative[..., :1, :], _one(m)))
    return np.stack(values, axis=-1)


class BiasDraws(NamedTuple):
    """Bootstrap draws [R, G] of both forms of the bias."""

    bias_factor: FloatArray
    own_excess: FloatArray


def bias_bootstrap(
    sets: Sequence[FloatArray],
    own: IntArray,
    rng: np.random.Generator,
    rounds: int = 2000,
    set_generator: IntArray | None = None,
) -> BiasDraws:
    """Return draws [R, G] of `bias_factor` and `own_excess`, items resampled within each set.

    Both are linear in the scores, so the bootstrap is right for them.

    Args:
        sets: S arrays [M, n_s] of linearised values (see `jackknife`): scores, or one pseudo-value per item or per
            bundle, which then is drawn whole. All solvers answer the same resample. NaN: not scored.
        own: [G] solver of each generator, -1: none.
        rng: Source of chance.
        rounds: R.
        set_generator: [S] generator of each set; None: set s is generator s's.
    """
    p = resampled_sets(sets, rng, rounds)
    return BiasDraws(bias_factor(p, own, set_generator), own_excess(p, own, set_generator))


def resampled_sets(sets: Sequence[FloatArray], rng: np.random.Generator, rounds: int) -> FloatArray:
    """Return [R, S, M]: every solver's metric on R resamples of the items of each set.

    NaN where a resample holds nothing that a solver was scored on.
    """
    return np.stack([_resampled(values, rng, rounds) for values in sets], axis=1)


def simultaneous_band(value: FloatArray, draws: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return (low [G], high [G]) that hold all G true values together with the given probability.

    value +- c se, with se the draws' standard deviation and c the quantile of their largest |t| over the generators.
    With one generator it is about its own interval, with more it is wider.

    Args:
        value: [G] what was seen.
        draws: [R, G] bootstrap draws of it.
        level: Probability that none of the G is outside.

    Returns:
        NaN where the value or its draws are.

    Source: the studentised max-t of Romano and Wolf, Econometrica 73 (2005).
    """
    low, high = np.full(len(value), np.nan), np.full(len(value), np.nan)
    usable = np.isfinite(value) & np.isfinite(draws).any(axis=0)
    if not usable.any():
        return low, high
    kept = draws[:, usable][np.isfinite(draws[:, usable]).all(axis=1)]
    if len(kept) < 2:  # noqa: PLR2004 - no spread
        return low, high
    se = kept.std(axis=0, ddof=1)
    # Centred on the draws: where the metric bends, their mean is not quite the value seen.
    t = np.divide(np.abs(kept - kept.mean(axis=0)), se, out=np.zeros(kept.shape), where=se > 0)
    wide = float(np.quantile(t.max(axis=1), level)) * se
    low[usable], high[usable] = value[usable] - wide, value[usable] + wide
    return low, high


def percentile_interval(draws: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return (low [G], high [G]): quantiles of draws [R, G] for each generator alone; NaN where there are none.

    Example:
        >>> low, high = percentile_interval(np.arange(1.0, 101.0)[:, None], level=0.9)
        >>> low.tolist(), high.tolist()
        ([5.0], [95.0])
    """
    tail = round((1 - level) / 2, 12)
    ends = np.full((2, draws.shape[1]), np.nan)
    for g, column in enumerate(draws.T):
        known = column[np.isfinite(column)]
        if known.size:
            ends[:, g] = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return ends[0], ends[1]


def permutation_test(
    p: FloatArray, own: IntArray, set_generator: IntArray | None = None
) -> tuple[FloatArray, int, str]:
    """Return (p values [G], number of assignments, note): is the own cell unusual among the cells of its set?

    Generator g's sets are assigned to every solver m in turn, the other generators keeping their own. Each time the
    excess of the cell (g's sets, m) is taken from a set + solver fit that leaves it, and the others' own cells, out,
    and is divided by its standard error. p is the share of solvers whose value is at least the own solver's: one-sided,
    for bias in its own favour. All assignments are gone through, none is drawn.

    If g has no bias and what is left in its sets is alike for all solvers, its own solver's value is as likely to stand
    at any rank, so p is valid; a bias of other generators does not disturb it, since their own cells are left out. It
    takes as many values as there are solvers (those without a determined excess aside): few solvers cannot show much.

    Args:
        p: [S, M] scores.
        own: [G] solver of each generator, -1: none.
        set_generator: [S] generator of each set; None: set s is generator s's.

    Returns:
        p values, NaN where the own excess is not determined; the fewest assignments of any generator; a plain note.
    """
    solvers = p.shape[-1]
    wrote = wrote_sets(p.shape[-2], own, set_generator)
    known = np.isfinite(p)
    filled = np.where(known, p, 0.0)
    mine = own_cells(wrote, own, solvers) & known
    values, fewest = np.full(len(own), np.nan), 0
    for g, itself in enumerate(own):
        if itself < 0:
            continue
        others = mine[np.arange(len(own)) != g].any(axis=0)
        t = np.full(solvers, np.nan)
        for m in range(solvers):
            cells = wrote[g][:, None] & (np.arange(solvers) == m) & known
            weights, variance = own_weights(known & ~others & ~cells, cells & ~others)
            t[m] = (filled * weights).sum() / np.sqrt(variance)
        tried = int(np.isfinite(t).sum())
        if np.isfinite(t[itself]):
            values[g] = (t[np.isfinite(t)] >= t[itself] - 1e-12).sum() / tried
            fewest = min(fewest or tried, tried)
    return values, fewest, _note(fewest)


def _centred(p: FloatArray) -> FloatArray:
    """Return P less its mean in each set, over the solvers that are scored on all sets; those that are not stay NaN."""
    known = np.isfinite(p).all(axis=-2, keepdims=True)
    count = np.broadcast_to(known.sum(axis=-1).astype(np.float64), p.shape[:-1])
    centred: FloatArray = p - _ratio(np.where(known, p, 0.0).sum(axis=-1), count)[..., None]
    return centred


def _own_less_others(
    centred: FloatArray, mine: NDArray[np.bool_], others: NDArray[np.bool_], members: IntArray
) -> FloatArray:
    return _mean_cells(centred[..., mine, :], members) - _mean_cells(centred[..., others, :], members)


def _mean_cells(x: FloatArray, members: IntArray) -> FloatArray:
    """Return the mean over sets and these solvers of x [..., sets, M]; unscored cells do not count."""
    cells = x[..., members]
    known = np.isfinite(cells)
    total = np.where(known, cells, 0.0).sum(axis=(-2, -1))
    return _ratio(total, known.sum(axis=(-2, -1)).astype(np.float64))


def _one(solver: int) -> IntArray:
    """Return the solver as a list of one, or of none where it is -1."""
    return np.array([solver] if solver >= 0 else [], np.intp)


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    ratio: FloatArray = np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)
    return ratio


def _note(assignments: int) -> str:
    if assignments == 0:
        return "no permutation test: too few sets and solvers to tell an own bias from the level of set and solver"
    least = 1 / assignments
    note = f"exact over {assignments} solvers: p takes {assignments} values, the smallest is {least:.3g}"
    return note if least <= 0.05 else f"{note}, so it cannot fall below .05"  # noqa: PLR2004 - the usual level


def _resampled(values: FloatArray, rng: np.random.Generator, rounds: int) -> FloatArray:
    solvers, n = values.shape
    known = np.isfinite(values)
    cells = np.concatenate([np.where(known, values, 0.0), known.astype(np.float64)]).T
    means = np.full((rounds, solvers), np.nan)
    step = max(1, COUNTS_AT_ONCE // max(n, 1))
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        sums = counts(n, rng, size) @ cells
        total, count = sums[:, :solvers], sums[:, solvers:]
        np.divide(total, count, out=means[start : start + size], where=count > 0)
    return means
