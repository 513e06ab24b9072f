"""One benchmark's scores, ready to be compared: higher is better, and its noise as one value per item."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from acidtest.stats.blocks import block_values
from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import linearised
from acidtest.stats.metric import Metric
from acidtest.stats.order import tied
from acidtest.types import BenchmarkScores

LEAST_ITEMS = 2


@dataclass(frozen=True)
class ScoredSet:
    """One benchmark with its metric.

    Attributes:
        scores: As read.
        metric: What its scores mean.
    """

    scores: BenchmarkScores
    metric: Metric

    @property
    def name(self) -> str:
        """The benchmark's name."""
        return self.scores.name

    @cached_property
    def observed(self) -> dict[str, float]:
        """Solver -> metric, turned so that higher is better: 1 - score where scores lie in [0, 1], else -score."""
        return dict(zip(self.scores.models, self._turned(self.scores.observed).tolist(), strict=True))

    @property
    def n_items(self) -> int:
        """Number of items; 0 where they are not known."""
        return self.scores.n_items

    @property
    def scored_items(self) -> FloatArray:
        """[M] columns of `linear` that each solver was scored on; items, where they are summed up in blocks."""
        blocks = self.scores.blocks
        return np.isfinite(self.linear).sum(axis=1).astype(np.float64) if blocks is None else blocks.scored

    @cached_property
    def linear(self) -> FloatArray:
        """[M, G] one value per solver and item (bundle, block): their mean is about the metric, higher is better."""
        if self.scores.stats is None:
            return np.full((len(self.scores.models), 0), np.nan)
        if self.scores.blocks is not None:
            return self._turned(block_values(self.scores.stats, self.metric))
        groups = None if self._group_names is None else np.unique(self._group_names, return_inverse=True)[1]
        values = linearised(self.scores.stats, self.metric, groups)
        return self._turned(values)

    def _turned(self, values: FloatArray) -> FloatArray:
        if self.metric.higher_is_better:
            return values
        return 1 - values if self.metric.unit else -values

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """What each column of `linear` stands for: an item or a bundle; empty where columns hold several items.

        Blocks have no names: whether those of two sets hold the same items is told by `shared_columns`.
        """
        names = self.scores.items if self._group_names is None else tuple(sorted(set(self._group_names.tolist())))
        return names if len(names) == self.linear.shape[1] else ()

    @cached_property
    def _group_names(self) -> NDArray[np.str_] | None:
        """[n] bundle of each item; an item without one is a bundle of its own. None: there are no bundles."""
        if not any(self.scores.bundles):
            return None
        pairs = zip(self.scores.bundles, self.scores.items, strict=True)
        return np.array([f"bundle {bundle}" if bundle else f"item {item}" for bundle, item in pairs])

    def rows(self, models: tuple[str, ...]) -> list[int]:
        """Return the positions of these solvers."""
        place = {model: row for row, model in enumerate(self.scores.models)}
        return [place[model] for model in models]

    def values(self, models: tuple[str, ...]) -> FloatArray:
        """Return [M] scores of these solvers, higher is better; equal where they differ by rounding alone."""
        return tied(np.array([self.observed[model] for model in models], dtype=np.float64))

    def lacks(self, model: str) -> str:
        """Return why a solver cannot be compared by this set, "" where it can."""
        if model not in self.observed:
            return f"no score on '{self.name}'"
        if not np.isfinite(self.observed[model]):
            return f"its {self.metric.name} on '{self.name}' is undefined"
        if self.n_items and int(np.isfinite(self.linear[self.rows((model,))[0]]).sum()) < LEAST_ITEMS:
            return f"fewer than {LEAST_ITEMS} items scored on '{self.name}'"
        return ""


def same_columns(real: ScoredSet, synthetic: ScoredSet) -> list[int] | None:
    """Return where each of the real set's items stands in the synthetic set; None where the items are not the same."""
    places = shared_columns(real, synthetic)
    return None if -1 in places or not places or len(places) != synthetic.linear.shape[1] else places


def shared_items(real: ScoredSet, synthetic: ScoredSet) -> int:
    """Return how many items (or bundles) stand in both sets."""
    if real.scores.blocks is not None:
        return real.scores.blocks.shared.get(synthetic.name, 0)
    return len(set(real.columns) & set(synthetic.columns))


def shared_columns(real: ScoredSet, synthetic: ScoredSet) -> list[int]:
    """Return where each of the real set's items stands in the synthetic set, -1: it does not; [] where none does."""
    if real.scores.blocks is not None and synthetic.scores.blocks is not None:
        # An item is in the same block of both, so blocks pair whatever part of their items the sets share.
        return list(range(real.linear.shape[1])) if shared_items(real, synthetic) else []
    place = {column: position for position, column in enumerate(synthetic.columns)}
    found = [place.get(column, -1) for column in real.columns]
    return found if any(position >= 0 for position in found) else []
