"""Question 3, bias: does a synthetic set favour the model, or the family, that wrote it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.stats import bias
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import rng_for
from acidtest.types import BiasFactor

ROUNDS = 1000
"""Resamples of the items: the bias is linear in them, and its quantiles need no more."""

FEW_P_VALUES = 20
"""With fewer solvers a permutation's p cannot fall below .05."""

_NO_ITEMS = "no items are known: no interval"
IntArray = NDArray[np.intp]


def bias_factors(
    real: ScoredSet, sets: Sequence[ScoredSet], families: Mapping[str, str], settings: Settings
) -> dict[str, BiasFactor]:
    """Return generator model -> bias factor, for every model that is known to have written a set.

    A generator that is no solver, or a study with fewer than two generators, has NaN and a warning.
    """
    written = [one for one in sets if one.scores.generator]
    if not written:
        return {}
    table = _Table(real=real, sets=written, families=families, settings=settings)
    seen = [_Seen(table, "bias_factor"), _Seen(table, "own_excess")]
    family = _Seen(table, "family") if families else None
    ratio = _Seen(table, "ratio")
    low, high = (np.full(len(table.generators), np.nan) for _ in range(2))
    if table.draws is not None:
        low, high = bias.simultaneous_band(seen[0].value, seen[0].draws, settings.level)
    p, assignments, note = bias.permutation_test(table.scores, table.own, table.set_generator)
    few = (note,) if 0 < assignments < FEW_P_VALUES else ()
    return {
        generator: BiasFactor(
            estimate=seen[0].estimate(g, few),
            own_excess=seen[1].estimate(g),
            band_low=float(low[g]),
            band_high=float(high[g]),
            p=float(p[g]),
            family=family.estimate(g) if family else None,
            ratio=ratio.estimate(g),
        )
        for g, generator in enumerate(table.generators)
    }


@dataclass(frozen=True, kw_only=True)
class _Table:
    """S sets by M solvers, G generators: solvers and sets as positions."""

    real: ScoredSet
    sets: Sequence[ScoredSet]
    families: Mapping[str, str]
    settings: Settings

    @cached_property
    def solvers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m for one in self.sets for m in one.scores.models if not one.lacks(m)))

    @cached_property
    def generators(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.scores.generator or "" for one in self.sets))

    @cached_property
    def own(self) -> IntArray:
        return np.array([self.solvers.index(g) if g in self.solvers else -1 for g in self.generators], np.intp)

    @cached_property
    def set_generator(self) -> IntArray:
        return np.array([self.generators.index(one.scores.generator or "") for one in self.sets], np.intp)

    @cached_property
    def scores(self) -> FloatArray:
        return np.stack([self.row(one) for one in self.sets])

    @cached_property
    def real_scores(self) -> FloatArray:
        return self.row(self.real)

    def row(self, one: ScoredSet) -> FloatArray:
        """Return [M] scores on one set; NaN where a solver has none there."""
        return np.array([np.nan if one.lacks(m) else one.observed[m] for m in self.solvers], dtype=np.float64)

    @cached_property
    def items(self) -> int:
        """Fewest items of the sets, 0 where any has none."""
        return min(one.n_items for one in self.sets)

    @cached_property
    def draws(self) -> FloatArray | None:
        """[R, S, M] scores on resampled items, or None where a set has none."""
        rng = rng_for(self.settings.seed, "bias_factor", *(one.name for one in self.sets))
        return bias.resampled_sets([self._linear(one) for one in self.sets], rng, ROUNDS) if self.items else None

    @cached_property
    def real_draws(self) -> FloatArray | None:
        """[R, M] the same of the real set."""
        if not self.items or not self.real.n_items:
            return None
        rng = rng_for(self.settings.seed, "bias_ratio", self.real.name)
        return bias.resampled_sets([self._linear(self.real)], rng, ROUNDS)[:, 0]

    @cached_property
    def solver_families(self) -> tuple[IntArray, IntArray]:
        """[M] family of each solver, [G] of each generator; who has no entry is a family of its own."""
        names = [self.families.get(m, f"only {m}") for m in (*self.solvers, *self.generators)]
        codes = np.unique(names, return_inverse=True)[1].astype(np.intp)
        return codes[: len(self.solvers)], codes[len(self.solvers) :]

    def _linear(self, one: ScoredSet) -> FloatArray:
        values = np.full((len(self.solvers), one.linear.shape[1]), np.nan)
        for position, model in enumerate(self.solvers):
            if not one.lacks(model):
                values[position] = one.linear[one.rows((model,))[0]]
        return values


class _Seen:
    """One form of the bias: what was seen [G], and its draws [R, G]."""

    def __init__(self, table: _Table, form: str) -> None:
        self.table, self.form = table, form
        self.value = self._of(table.real_scores, table.scores)
        self.draws = np.full((0, len(self.value)), np.nan)
        if table.draws is not None and (form != "ratio" or table.real_draws is not None):
            self.draws = self._of(table.real_draws, table.draws)
        self.low, self.high = bias.percentile_interval(self.draws, table.settings.level)

    def _of(self, real: FloatArray | None, p: FloatArray) -> FloatArray:
        own, of_set = self.table.own, self.table.set_generator
        if self.form == "bias_factor":
            return bias.bias_factor(p, own, of_set)
        if self.form == "own_excess":
            return bias.own_excess(p, own, of_set)
        if self.form == "family":
            return bias.family_bias(p, own, self.table.solver_families[0], of_set, self.table.solver_families[1])
        return bias.silencer_ratio(np.full(p.shape[-1], np.nan) if real is None else real, p, own, of_set)

    def estimate(self, g: int, warnings: tuple[str, ...] = ()) -> Estimate:
        """Return the estimate of one generator."""
        value = float(self.value[g])
        why = self._why_undefined(g) if np.isnan(value) else ("" if len(self.draws) else _NO_ITEMS)
        return Estimate(
            value=value,
            true=value if len(self.draws) else np.nan,
            low=float(self.low[g]),
            high=float(self.high[g]),
            level=self.table.settings.level,
            n=self.table.items or len(self.table.solvers),
            method=f"{_METHODS[self.form]}; interval: bootstrap over items" if len(self.draws) else _METHODS[self.form],
            warnings=(*warnings, why) if why else warnings,
        )

    def _why_undefined(self, g: int) -> str:
        if self.table.own[g] < 0 and self.form != "family":
            return f"'{self.table.generators[g]}' is no solver: let it answer the sets, too"
        if len(self.table.generators) < 2 and self.form != "ratio":  # noqa: PLR2004 - its own set and another
            return "only one generator: nothing to compare its set with"
        return _UNDEFINED[self.form]


_METHODS = {
    "bias_factor": "own set less the other generators' sets, each centred over solvers",
    "own_excess": "own cell less an additive fit (set + solver) to all cells that are nobody's own",
    "family": "bias factor of the generator's whole family",
    "ratio": "score relative to all solvers' mean, own set less real set",
}
_UNDEFINED = {
    "bias_factor": "too few scores to tell",
    "own_excess": "too few sets or solvers to tell an own bias from the level of set and solver",
    "family": "no set of another family, or no solver of this one",
    "ratio": "it did not answer the real set, or a mean score is not above 0",
}
