"""The real set beside one stand-in: the same solvers, their scores, the noise in them, and one posterior for all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from acidtest.compare.sets import ScoredSet, same_columns, shared_columns
from acidtest.compare.thresholds import Settings
from acidtest.compare.told_noise import told_noise
from acidtest.errors import counted
from acidtest.stats import level
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import from_draws, interval, rng_for, solver_interval
from acidtest.stats.jackknife import IntArray
from acidtest.stats.noise import Noise, deviations, pair_noise, plain_variance
from acidtest.stats.posterior import LIMIT, PairPosterior, pair_posterior

FEW_SOLVERS = 4
FEW_WRONG = 5.0
"""Items times p (1 - p) below which a share's noise cannot be told from its own answers."""

NO_ITEMS = "no items are known: the interval is over solvers like these, and says nothing of the items' noise"
_UNDEFINED = "undefined: too few solvers, or all scores of one set are equal"
Statistic = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one synthetic set adds to a stand-in: its items beside the real ones.

    Attributes:
        real: [M, G_r] one value per solver and real item.
        linear: [M, G_s] one value per solver and synthetic item.
        n_items: Number of synthetic items.
        same_items: Column i of both is the same item; where only some items stand in both sets, all items of either
            have a column, and NaN stands where a set lacks the item.
        unit: Scores lie in [0, 1].
        real_share: [M] part of the real items that each solver was scored on, where columns are blocks of items. None:
            columns are items (or bundles) and show it.
    """

    real: FloatArray
    linear: FloatArray
    n_items: int
    same_items: bool
    unit: bool
    real_share: FloatArray | None = None

    @property
    def columns(self) -> tuple[int, int]:
        """Items (or bundles) of the real and of the synthetic set; columns of the other set alone do not count."""
        real, synthetic = (int(np.isfinite(x).any(axis=0).sum()) for x in (self.real, self.linear))
        return real, synthetic

    @cached_property
    def noise(self) -> Noise:
        """Variance of each solver's scores on both sets, once the items' common difficulty is out."""
        return pair_noise(self.real, self.linear, same_items=self.same_items, unit=self.unit)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A real set and a stand-in, which is one synthetic set or an ensemble of several. M solvers answered both.

    This is what a statistic is computed from: `@register("statistic", "my_name")` on a function `Pair -> Estimate`.

    Attributes:
        name: The stand-in's name.
        models: The solvers.
        real: [M] scores on the real set, higher is better.
        synthetic: [M] scores on the stand-in.
        unit: Scores lie in [0, 1].
        real_items: Number of real items; 0 where not known.
        parts: The synthetic sets behind the stand-in; empty where any of them, or the real set, has no items.
        weights: [parts, M] share of each part in each solver's score.
        settings: Seed, level and thresholds.
        told: The noise of both sides where it is told and not seen item by item, as of scores that adaptive tests
            predict, and the number of items of each. None: `parts` show it, or nobody knows.
        warnings: What holds for every statistic of this pair.
    """

    name: str
    models: tuple[str, ...]
    real: FloatArray
    synthetic: FloatArray
    unit: bool
    real_items: int
    parts: tuple[Part, ...]
    weights: FloatArray
    settings: Settings
    told: tuple[Noise, tuple[int, int]] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def has_items(self) -> bool:
        """Whether the noise of the items is known."""
        return bool(self.parts)

    @property
    def synthetic_items(self) -> int:
        """Number of items of the stand-in, all its sets together."""
        return sum(part.n_items for part in self.parts)

    @property
    def n(self) -> int:
        """Items (fewest of the sets), or solvers where there are no items."""
        if self.told is not None:
            return min(self.told[1])
        return min([self.real_items, *(p.n_items for p in self.parts)]) if self.has_items else len(self.models)

    @property
    def has_noise(self) -> bool:
        """Whether the noise of both sides is known, from items or otherwise."""
        return self.has_items or self.told is not None

    @property
    def item_numbers(self) -> tuple[int, int]:
        """Items of the real set and of the stand-in."""
        return self.told[1] if self.told is not None else (self.real_items, self.synthetic_items)

    @cached_property
    def noise(self) -> Noise:
        """Variance of each solver's scores on both sides, once the items' common difficulty is out."""
        if self.told is not None:
            return self.told[0]
        paired = [(w, part.noise) for w, part in zip(self.weights, self.parts, strict=True)]
        return Noise(
            real=paired[0][1].real,
            synthetic=sum_of([w**2 * one.synthetic for w, one in paired]),
            shared=sum_of([w * one.shared for w, one in paired]),
            common_real=paired[0][1].common_real,
            common_synthetic=sum(float(w.mean()) ** 2 * one.common_synthetic for w, one in paired),
            common_shared=sum(float(w.mean()) * one.common_shared for w, one in paired),
        )

    @cached_property
    def plain_noise(self) -> tuple[float, float]:
        """Mean over solvers of the plain variances over items, of the real scores and of the stand-in's."""
        paired = zip(self.weights, self.parts, strict=True)
        synthetic = sum_of([w**2 * plain_variance(part.linear) for w, part in paired])
        return float(plain_variance(self.parts[0].real).mean()), float(synthetic.mean())

    @cached_property
    def differences(self) -> list[FloatArray]:
        """[M, G] arrays of independent items: how far each moves each solver's synthetic - real score; see `noise`."""
        paired = zip(self.weights, self.parts, strict=True)
        weighted = [(w[:, None] * deviations(part.linear), part.same_items) for w, part in paired]
        return [
            sum_of([-deviations(self.parts[0].real), *(values for values, same in weighted if same)]),
            *(values for values, same in weighted if not same),
        ]

    @property
    def difference_items(self) -> list[int]:
        """Items (or bundles) behind each of `differences`, fewest of the sets that it holds."""
        shared = [min(part.columns) for part in self.parts if part.same_items]
        return [
            min([self.parts[0].columns[0], *shared]),
            *(part.columns[1] for part in self.parts if not part.same_items),
        ]

    @cached_property
    def posterior(self) -> PairPosterior | None:
        """Draws of the true scores; None where no items are known, or no solver."""
        if not self.has_noise or not self.models:
            return None
        return pair_posterior(
            self.real,
            self.synthetic,
            self.noise,
            rng_for(self.settings.seed, "posterior", self.name),
            unit=self.unit,
            n_items=self.item_numbers,
            draws=self.settings.draws,
            others=self.settings.models_vary,
        )

    @property
    def in_hand(self) -> FloatArray:
        """[M], or [D, M] where models vary: what the stand-in shows; decisions are made by that."""
        drawn = self.posterior.in_hand if self.posterior is not None else None
        return self.synthetic if drawn is None else drawn

    @property
    def order_rejected(self) -> bool:
        """Whether no common order explains both sets."""
        return self.posterior is not None and self.posterior.likelihood_ratio > LIMIT

    @cached_property
    def difference_rejected(self) -> bool:
        """Whether some solver's true scores differ: those seen do by more than the items' noise makes them."""
        return self.no_difference_p < self._tail

    @cached_property
    def no_difference_p(self) -> float:
        """How likely differences as large as those seen are if no solver's true scores differ; 1 without items."""
        return self._no_difference_p(np.arange(len(self.models))) if self.has_noise and self.models else 1.0

    @property
    def _tail(self) -> float:
        return (1 - self.settings.level) / 2

    @cached_property
    def others_differ(self) -> bool:
        """The same of all solvers but the strays."""
        strays = self.posterior.strays if self.posterior is not None else ()
        rest = np.setdiff1d(np.arange(len(self.models)), strays)
        return self.difference_rejected and (not strays or self._no_difference_p(rest) < self._tail)

    def _no_difference_p(self, solvers: IntArray) -> float:
        """Were there no difference, both scores of a solver would be one share: shares have the noise of that one.

        Near the edge a side with fewer wrong answers than its due would seem to have less noise than it has.
        """
        one, n = self.noise, np.array(self.item_numbers, np.float64)[:, None]
        own = np.nan_to_num(np.stack([one.real, one.synthetic]))
        if self.unit:
            seen = np.stack([self.real, self.synthetic])
            share = np.clip(seen, 0.5 / (n + 1), (n + 0.5) / (n + 1))
            pooled = np.clip((n * seen).sum(axis=0) / n.sum(), 0.5 / (n.sum() + 1), (n.sum() + 0.5) / (n.sum() + 1))
            each = np.where(own > 0, own / (share * (1 - share)), 1 / n)
            # With a few wrong answers, or none, a solver's own noise is not to be seen: then all solvers tell it.
            usual = (own * n).sum() / (share * (1 - share)).sum() / n
            each = np.where(n * share * (1 - share) < FEW_WRONG, np.maximum(each, usual), each)
            own = each * pooled * (1 - pooled)
        noise = np.maximum(own.sum(axis=0) - 2 * one.shared, 0.0)
        common = max(one.common_real + one.common_synthetic - 2 * one.common_shared, 0.0)
        columns = [n for part in self.parts for n in part.columns] or self.item_numbers
        freedom = max(min(columns) - 1.0, 1.0)
        difference = (self.synthetic - self.real)[solvers]
        return level.no_difference_p(difference, noise[solvers], common, freedom)

    def estimate(self, name: str, statistic: Statistic, *, drawn: str = "both") -> Estimate:
        """Return a statistic of both sets' scores as an Estimate.

        Args:
            name: The statistic's name; its stream of chance depends on it.
            statistic: f(real [..., M], synthetic [..., M]) -> [...].
            drawn: "both": a fact about both sets, true scores on both sides. "real": about a decision by the set in
                hand, whose scores stay as they were seen.
        """
        value = float(statistic(self.real, self.synthetic))
        warnings = (*self.warnings, *((_UNDEFINED,) if np.isnan(value) else ()))
        if self.posterior is None:
            return self._over_solvers(name, statistic, value, warnings)

        def of(real: FloatArray, synthetic: FloatArray) -> FloatArray:
            return statistic(real, synthetic if drawn == "both" else np.broadcast_to(self.in_hand, real.shape))

        about = "true scores on both sides" if drawn == "both" else "the set in hand, true real scores"
        about = f"{about}, of other solvers like these" if self.settings.models_vary else about
        found = from_draws(
            value,
            of(self.posterior.real, self.posterior.synthetic),
            level=self.settings.level,
            n=self.n,
            method=f"plain formula; interval: posterior, {about}",
            warnings=warnings,
        )
        if self.posterior.aligned is None:
            return found
        ends = interval(of(*self.posterior.aligned), self.settings.level)
        return reaching(found, ends, but_strays=self.order_rejected)

    def unknown(self, why: str, method: str) -> Estimate:
        """Return an Estimate without a value, and say why."""
        return Estimate(
            value=np.nan, n=self.n, level=self.settings.level, method=method, warnings=(*self.warnings, why)
        )

    def _over_solvers(self, name: str, statistic: Statistic, value: float, warnings: tuple[str, ...]) -> Estimate:
        rng = rng_for(self.settings.seed, name, self.name)
        low, high = solver_interval(statistic, self.real, self.synthetic, rng, self.settings.level)
        return Estimate(
            value=value,
            low=low,
            high=high,
            level=self.settings.level,
            n=self.n,
            method="plain formula; interval over solvers",
            warnings=(*warnings, NO_ITEMS),
        )


def pair_of(real: ScoredSet, synthetic: ScoredSet, settings: Settings) -> tuple[Pair, dict[str, str]]:
    """Return the pair of two sets, and the solvers that are left out of it with the reason."""
    models, left_out = common_models(real, [synthetic])
    parts: tuple[Part, ...] = ()
    if real.n_items and synthetic.n_items:
        parts = (part_of(real, synthetic, models),)
    told = None if parts else told_noise(real, synthetic, models)
    pair = Pair(
        name=synthetic.name,
        models=models,
        real=real.values(models),
        synthetic=synthetic.values(models),
        unit=real.metric.unit,
        real_items=real.n_items,
        parts=parts,
        weights=np.ones((len(parts), len(models))),
        settings=settings,
        told=told,
        warnings=few_solvers(len(models)),
    )
    return pair, left_out


def part_of(real: ScoredSet, synthetic: ScoredSet, models: tuple[str, ...], *, partly: bool = True) -> Part:
    """Return a synthetic set's items beside the real ones; the same items stand in the same columns.

    Args:
        real: The real set.
        synthetic: The synthetic set.
        models: The solvers.
        partly: Whether to pair sets that have only some items in common; else they are taken as apart.
    """
    one, other = real.linear[real.rows(models)], synthetic.linear[synthetic.rows(models)]
    places = shared_columns(real, synthetic)
    whole = same_columns(real, synthetic) is not None
    if whole:
        other = other[:, places]
    elif places and partly:
        one, other = _in_common_columns(one, other, np.array(places))
    return Part(
        real=one,
        linear=other,
        n_items=synthetic.n_items,
        same_items=whole or bool(places and partly),
        unit=real.metric.unit,
        real_share=None if real.scores.blocks is None else real.scored_items[real.rows(models)] / real.n_items,
    )


def _in_common_columns(real: FloatArray, synthetic: FloatArray, places: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return both with a column for every item of either: the real set's first, then those of the other alone."""
    alone = np.setdiff1d(np.arange(synthetic.shape[1]), places)
    wide_real = np.concatenate([real, np.full((len(real), len(alone)), np.nan)], axis=1)
    shared = np.where(places >= 0, synthetic[:, places], np.nan)
    return wide_real, np.concatenate([shared, synthetic[:, alone]], axis=1)


def common_models(real: ScoredSet, sets: Sequence[ScoredSet]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the solvers scored on the real set and on all of these, and the others with the reason."""
    everyone = dict.fromkeys([*real.scores.models, *(m for one in sets for m in one.scores.models)])
    reasons: Mapping[str, str] = {m: next((w for one in [real, *sets] if (w := one.lacks(m))), "") for m in everyone}
    # Sorted: the order of rows in a file must change no draw.
    return tuple(sorted(m for m in everyone if not reasons[m])), {m: why for m, why in reasons.items() if why}


def few_solvers(number: int) -> tuple[str, ...]:
    """Return the warning that few solvers always bring."""
    if number > FEW_SOLVERS:
        return ()
    few = counted(number, "solver")
    return (f"only {few}: little can be said about an order, and nothing about solvers that were not tried",)


def sum_of(arrays: Sequence[FloatArray]) -> FloatArray:
    """Return the sum of arrays of one shape."""
    return np.asarray(np.sum(arrays, axis=0), dtype=np.float64)


def reaching(found: Estimate, ends: tuple[float, float], *, but_strays: bool = False) -> Estimate:
    """Return the estimate with an interval that holds also what a perfect order, which is not ruled out, would give."""
    if np.isnan(found.high) or np.isnan(ends).any():
        return found
    low, high = min(found.low, ends[0]), max(found.high, ends[1])
    whose = "a perfect order of all but a few solvers" if but_strays else "a perfect order"
    return replace(found, low=low, high=high, method=f"{found.method}; {whose} is not ruled out")
