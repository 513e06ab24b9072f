"""Which solvers can be told apart on each benchmark, and whether the synthetic ones tell apart the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from acidtest.compare.sets import ScoredSet
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import scored_cells
from acidtest.stats.paired import AllPairs, BoolArray, all_pairs
from acidtest.stats.rank_groups import RankGroups, rank_groups, ranks
from acidtest.types import PairTest, RankGroup, Separated

ALL_PAIRS_UP_TO = 20
"""With more solvers only neighbours in the order of scores are listed; tests and groups always rest on all pairs."""


@dataclass(frozen=True, kw_only=True)
class PairFindings:
    """What paired tests found; benchmarks without items are absent.

    Attributes:
        rank_groups: benchmark -> solver -> rank, its range, letters; best first.
        pair_tests: benchmark -> tests of two solvers, the one with the better score first.
        separated: synthetic benchmark -> how many of the real set's separations it shares.
    """

    rank_groups: Mapping[str, Mapping[str, RankGroup]] = field(default_factory=dict)
    pair_tests: Mapping[str, tuple[PairTest, ...]] = field(default_factory=dict)
    separated: Mapping[str, Separated] = field(default_factory=dict)


def pair_findings(real: ScoredSet, sets: Sequence[ScoredSet], level: float) -> PairFindings:
    """Return the paired tests of every benchmark whose items are known.

    Args:
        real: The real set.
        sets: The synthetic ones.
        level: Of the intervals; solvers are told apart where p, adjusted for all pairs, is at most 1 - level.
    """
    told = {one.name: _Told(one, level) for one in (real, *sets) if one.n_items}
    return PairFindings(
        rank_groups={name: one.groups() for name, one in told.items()},
        pair_tests={name: one.tests() for name, one in told.items()},
        separated={
            one.name: _separated(told[real.name], told[one.name])
            for one in sets
            if real.name in told and one.name in told
        },
    )


@dataclass(frozen=True)
class _Told:
    """One benchmark and the tests of all pairs of its solvers, best first."""

    one: ScoredSet
    level: float

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The solvers that have a score and two items, best first, equals by name."""
        known = [model for model in self.one.scores.models if not self.one.lacks(model)]
        rank = dict(zip(known, ranks(self.one.values(tuple(known))).tolist(), strict=True))
        return tuple(sorted(known, key=lambda model: (rank[model], model)))

    @cached_property
    def pairs(self) -> AllPairs:
        values = self.one.linear[self.one.rows(self.models)]
        observed = self.one.values(self.models)
        items = None if self.one.scores.blocks is None else self.shared_items
        return all_pairs(values, observed, unit=self.one.metric.unit, level=self.level, items=items)

    @cached_property
    def shared_items(self) -> FloatArray:
        """[M, M] items that both solvers were scored on; columns of `linear` may hold several.

        Of blocks only how many items of each a solver was scored on is known: these are the most that both can have.
        """
        if self.one.scores.stats is None:
            return self.pairs.n
        if self.one.scores.blocks is not None:
            count = np.nan_to_num(self.one.scores.stats[self.one.rows(self.models), :, -1])
            if (count == count[:1]).all():
                return np.full((len(count), len(count)), count[:1].sum())
            return np.stack([np.minimum(count, own).sum(axis=1) for own in count])
        scored = scored_cells(self.one.scores.stats[self.one.rows(self.models)]).astype(np.float64)
        return np.asarray(scored @ scored.T, np.float64)

    @property
    def clustered(self) -> bool:
        return any(self.one.scores.bundles)

    def groups(self) -> dict[str, RankGroup]:
        """Return each solver's rank, the range of ranks that it may truly have, and its letters."""
        found: RankGroups = rank_groups(self.one.values(self.models), self.pairs.better)
        return {
            model: RankGroup(rank=int(found.rank[m]), low=int(found.low[m]), high=int(found.high[m]), letters=letters)
            for m, (model, letters) in enumerate(zip(self.models, found.letters, strict=True))
        }

    def tests(self) -> tuple[PairTest, ...]:
        """Return the tests of all pairs, or of neighbours where solvers are many."""
        m = len(self.models)
        furthest = m if m <= ALL_PAIRS_UP_TO else 2
        return tuple(self._test(i, j) for i in range(m) for j in range(i + 1, min(i + furthest, m)))

    def _test(self, i: int, j: int) -> PairTest:
        found = self.pairs.test(i, j)
        bundles = f"; {found.estimate.n} bundles, each whole" if self.clustered else ""
        if self.one.scores.blocks is not None:
            bundles = f"; items in {found.estimate.n:,} blocks"
        return PairTest(
            one=self.models[i],
            other=self.models[j],
            difference=replace(
                found.estimate, n=int(self.shared_items[i, j]), method=f"{found.estimate.method}{bundles}"
            ),
            p=found.p,
            p_holm=float(self.pairs.p_holm[i, j]),
            detectable=found.detectable,
        )


def _separated(real: _Told, synthetic: _Told) -> Separated:
    """Count pairs that each set tells apart, of the solvers that stand in both."""
    models = [model for model in real.models if model in set(synthetic.models)]
    on_real = _better(real, models)
    on_synthetic = _better(synthetic, models)
    return Separated(
        real=int(on_real.sum()),
        both=int((on_real & on_synthetic).sum()),
        contradicted=int((on_real & on_synthetic.T).sum()),
    )


def _better(told: _Told, models: Sequence[str]) -> BoolArray:
    place = {model: row for row, model in enumerate(told.models)}
    rows = [place[model] for model in models]
    return np.asarray(told.pairs.better[np.ix_(rows, rows)], np.bool_)
