"""Real scores, helped by a synthetic set: each solver's true real score, better told than by the real items alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from acidtest.compare.judged import Gain, Judged
from acidtest.compare.pair import Pair
from acidtest.compare.sets import ScoredSet
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import from_draws, interval, rng_for
from acidtest.stats.noise import Noise, deviations, plain_variance, spread_of_variance
from acidtest.stats.pooled_noise import pooled_variance
from acidtest.stats.posterior import RealGiven, real_given

_POSTERIOR = "mean of the posterior: the real score, drawn to what the synthetic one lets expect"
_NOT_RANDOM = (
    "the set was said to be judged, but its scores on the labelled items differ from those on the others by more than "
    "chance: the labelled items are no random part of them, so the set is taken like any other"
)
_NOT_JUDGED = (
    "the set was said to be judged, but it does not hold all real items and at least {} others that every solver "
    "answered, or the metric is no mean over items: it is taken like any other"
)
_UNRELATED = "the judge's scores do not follow the real ones item by item: they help little"
_MANY = 50
"""Real items from which on the posterior's differences between solvers hold as often on real data as they should."""

_FEW_ITEMS = (
    "only {} real items: their noise is known roughly, so differences between solvers are less sure than they look"
)
_NO_VARIANCE = "nothing varies: one solver, or scores that are the same on every item"

_NEAR = 2.0
"""Standard errors that the point around which the logit scale is straightened may lie from the observed score."""


@dataclass(frozen=True, kw_only=True)
class Combined:
    """What the real items and a synthetic set say together.

    Attributes:
        scores: Solver -> true real score, on the scale as read. Empty where no items are known.
        items: How many real items alone would tell as much: "level" about scores, "order" about differences between
            solvers, which the luck of items that all solvers share does not touch. Empty where no items are known.
    """

    scores: Mapping[str, Estimate] = field(default_factory=dict)
    items: Mapping[str, Estimate] = field(default_factory=dict)


def combined(pair: Pair, real: ScoredSet, synthetic: ScoredSet) -> Combined:
    """Return each solver's true real score from its scores on both sets, with the interval of what is left unknown.

    A set that is said to be judged (`BenchmarkScores.judged`) gives prediction-powered inference, solver by solver,
    unless its other items show that the real ones are no random part of it. Any other set gives the mean of the
    posterior: one that tells nothing leaves the real scores nearly as they were.

    `items` is the number of real items times the mean squared error of the real scores alone, over the expected one of
    the combined scores. How good the set is, is itself known roughly; the interval says how roughly. It may reach below
    the number of real items: then the set may not help at all.
    """
    if not pair.has_items or not pair.models:
        return Combined()
    judged = Judged.of(pair, real, synthetic) if synthetic.scores.judged else None
    if judged is not None and judged.same_source:
        warnings = pair.warnings if judged.related else (*pair.warnings, _UNRELATED)
        found, gains = judged.scores(pair, warnings), judged.gains(pair)
    else:
        doubt = (_NOT_JUDGED.format(Judged.FEWEST) if judged is None else _NOT_RANDOM,)
        few = (_FEW_ITEMS.format(pair.real_items),) if pair.real_items < _MANY else ()
        warnings = (*pair.warnings, *(doubt if synthetic.scores.judged else ()), *few)
        found, gains = _by_posterior(pair, real, warnings)
    about = {"level": "scores", "order": "differences between solvers"}
    items = {name: _items(pair, gains[name], what) for name, what in about.items()}
    turn = real.metric.higher_is_better
    scores = {m: one if turn else _turned_back(one, unit=pair.unit) for m, one in zip(pair.models, found, strict=True)}
    return Combined(scores=scores, items=items)


def _items(pair: Pair, gain: Gain, what: str) -> Estimate:
    known = np.isfinite(gain.value)
    return Estimate(
        value=pair.real_items * gain.value,
        true=pair.real_items * gain.median,
        low=pair.real_items * gain.low,
        high=pair.real_items * gain.high,
        n=pair.real_items,
        level=pair.settings.level,
        method=f"real items, times the squared error of {what} from real items alone, over that of combined ones",
        warnings=(*pair.warnings, *(() if known else (_NO_VARIANCE,))),
    )


def _by_posterior(pair: Pair, real: ScoredSet, warnings: tuple[str, ...]) -> tuple[list[Estimate], dict[str, Gain]]:
    """Return the posterior's means, and how much less they err than the real items alone."""
    given, aligned = _given(pair)
    found = [
        from_draws(
            float(draws.mean()),
            draws,
            level=pair.settings.level,
            n=pair.real_items,
            method=_POSTERIOR,
            warnings=warnings,
        )
        for draws in given.draws.T
    ]
    guess = given.draws.mean(axis=0)
    moved = deviations(real.linear[real.rows(pair.models)])
    alone = plain_variance(moved)
    own = np.nan_to_num(pair.noise.real)
    left = moved - moved.mean(axis=0)
    of_left = float(plain_variance(left).mean())
    shared = 1 - 1 / len(guess)  # a solver's own noise, less the mean of all solvers' noise
    level = float((_off_the_edge(pair.real, alone, pair.real_items) if pair.unit else alone).mean())
    gains = {
        "level": _Errors(alone=level, common=float((alone - own).mean()), values=moved, centred=False),
        "order": _Errors(alone=of_left, common=of_left - shared * float(own.mean()), values=left, centred=True),
    }
    return found, {name: errors.gain(pair, name, guess, given, aligned) for name, errors in gains.items()}


@dataclass(frozen=True, kw_only=True)
class _Errors:
    """Mean squared errors of the real scores alone.

    alone: What their items show. common: What of it no synthetic score can take away: the luck that solvers share.
    values: [M, n] how far each item moves each score. centred: Of differences between solvers.
    """

    alone: float
    common: float
    values: FloatArray
    centred: bool

    def gain(self, pair: Pair, name: str, guess: FloatArray, given: RealGiven, aligned: RealGiven | None) -> Gain:
        """Return how many times the error of real items alone is that of the guess, for each draw of the spreads."""
        if not self.alone > 0 or (self.centred and len(guess) == 1):
            return Gain()
        rng = rng_for(pair.settings.seed, "gain", name, pair.name)
        unknown = rng.standard_normal(len(given.mean)) * spread_of_variance(self.values)

        def draws(of: RealGiven) -> FloatArray:
            error = of.squared_error(guess, centred=self.centred) + max(self.common, 0.0)
            # Items that are noisier than they seem leave less to the solvers: the gain is larger, if there is one. A
            # loss is a gain upside down, so that neither ever falls below 0.
            log = np.log(self.alone / error)
            gained: FloatArray = np.exp(np.sign(log) * np.log1p(np.expm1(np.abs(log)) * np.exp(unknown)))
            return gained

        error = float(given.squared_error(guess, centred=self.centred).mean()) + max(self.common, 0.0)
        found = draws(given)
        low, high = interval(found, pair.settings.level)
        if aligned is not None:
            ends = interval(draws(aligned), pair.settings.level)
            low, high = min(low, ends[0]), max(high, ends[1])
        return Gain(value=self.alone / error, median=float(np.median(found)), low=low, high=high)


def _given(pair: Pair) -> tuple[RealGiven, RealGiven | None]:
    """Return what both sets tell of the true real scores; the noise is told by all solvers together.

    The logit scale is straightened, and the noise taken, at the scores that a first round finds. At the observed ones a
    solver with bad luck looks noisier than one without, and solvers seem to keep closer to the line than they do.
    """
    observed = np.stack([pair.real, pair.synthetic], axis=1)
    near = _nearer(pair, observed) if pair.unit else observed
    noise, part = pair.noise, pair.parts[0]
    old = np.stack([noise.real, noise.synthetic], axis=1)
    counts = [np.isfinite(values).sum(axis=1).astype(np.float64) for values in (part.real, part.linear)]
    new = np.stack(
        [
            pooled_variance(old[:, i], observed[:, i], near[:, i], np.maximum(counts[i], 1.0), unit=pair.unit)
            for i in range(2)
        ],
        axis=1,
    )
    before, after = np.nan_to_num(old.prod(axis=1)), np.nan_to_num(new.prod(axis=1))
    kept = np.sqrt(np.divide(after, before, out=np.ones(len(before)), where=before > 0))
    return real_given(
        pair.real,
        pair.synthetic,
        replace(noise, real=new[:, 0], synthetic=new[:, 1], shared=noise.shared * kept),
        rng_for(pair.settings.seed, "combined", pair.name),
        unit=pair.unit,
        n_items=(pair.real_items, pair.synthetic_items),
        draws=pair.settings.draws,
        around=near if pair.unit else None,
    )


def _nearer(pair: Pair, observed: FloatArray) -> FloatArray:
    """Return [M, 2] scores that are nearer to the true ones: the posterior's means, not far from the observed ones."""
    these = replace(pair, settings=replace(pair.settings, models_vary=False)) if pair.settings.models_vary else pair
    if these.posterior is None:
        return observed
    means = np.stack([these.posterior.real.mean(axis=0), these.posterior.synthetic.mean(axis=0)], axis=1)
    most = _NEAR * np.sqrt(_at_least_the_mean(pair.noise))
    near: FloatArray = np.clip(means, observed - most, observed + most)
    return near


def _at_least_the_mean(noise: Noise) -> FloatArray:
    """Return [M, 2] noise variances, none below the solvers' mean."""
    variance = np.nan_to_num(np.stack([noise.real, noise.synthetic], axis=1))
    least: FloatArray = np.maximum(variance, variance.mean(axis=0))
    return least


def _off_the_edge(share: FloatArray, variance: FloatArray, n: int) -> FloatArray:
    """Return the variances with that of a share half an item off the edge where no noise was seen."""
    p = (share * n + 0.5) / (n + 1)
    return np.where(variance > 0, variance, p * (1 - p) / n)


def _turned_back(one: Estimate, *, unit: bool) -> Estimate:
    """Return an estimate of a metric of which less is better on the scale as it was read."""
    value, true, low, high = ((1 - x if unit else -x) for x in (one.value, one.true, one.high, one.low))
    return replace(one, value=value, true=true, low=low, high=high)
