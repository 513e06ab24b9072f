"""Distributions of difficulty and discrimination of sets of items, and how far two sets lie apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets.item_posterior import Clouds, Population, SetPosterior

BEYOND = 2.0
"""Difficulties further than this outside of all abilities count as just there: no solver can tell them apart."""

MOST_RESAMPLED = 6000
"""Items that resamples are made of; of more, a part stands for all."""

CELLS = 500
_LARGEST_DISCRIMINATION = 8.0
_AT_ONCE = 1 << 22
_SLOPES, _PLACES, _SHARPEST = 48, 100, 3.5
"""Cells of both parameters together, and how far log discrimination (over residual) reaches."""

IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One distribution, by its shares in narrow cells.

    Attributes:
        edges: [K + 1] of the cells, in equal steps.
        share: [..., K], 1 in all.
    """

    edges: FloatArray
    share: FloatArray

    @property
    def middles(self) -> FloatArray:
        """[K] the middle of each cell."""
        found: FloatArray = (self.edges[1:] + self.edges[:-1]) / 2
        return found

    def mean(self) -> FloatArray:
        """Return [...]: the mean."""
        return np.asarray(self.share @ self.middles)

    def sd(self) -> FloatArray:
        """Return [...]: the standard deviation."""
        return np.sqrt(np.maximum(self.share @ self.middles**2 - self.mean() ** 2, 0.0))

    def cumulative(self) -> FloatArray:
        """Return [..., K + 1]: the share below each edge."""
        below: FloatArray = np.cumsum(self.share, axis=-1)
        return np.concatenate([np.zeros((*below.shape[:-1], 1)), below / below[..., -1:]], axis=-1)

    def quantile(self, q: float) -> FloatArray:
        """Return [...]: the value that a share q lies below."""
        below = self.cumulative()
        flat = below.reshape(-1, below.shape[-1])
        found = np.array([np.interp(q, one, self.edges) for one in flat])
        return found.reshape(below.shape[:-1])

    def below(self, x: ArrayLike) -> FloatArray:
        """Return [...]: the share below x, one number for all or [...]."""
        under = self.cumulative()
        flat = under.reshape(-1, under.shape[-1])
        limits = np.broadcast_to(np.asarray(x, np.float64), under.shape[:-1]).ravel()
        found = np.array([np.interp(limit, self.edges, one) for limit, one in zip(limits, flat, strict=True)])
        return found.reshape(under.shape[:-1])


def wasserstein(one: Spread, other: Spread) -> FloatArray:
    """Return [...]: how far one distribution must be moved to become the other, on average (Wasserstein-1).

    Both must have the same edges. 0: the same; it is the difference of means where all items differ one way.

    Example:
        >>> edges = np.linspace(0.0, 4.0, 5)
        >>> one, other = (Spread(edges=edges, share=np.array(s, float)) for s in ([1, 0, 0, 0], [0, 0, 0.5, 0.5]))
        >>> float(wasserstein(one, other))
        2.5
    """
    step = one.edges[1] - one.edges[0]
    found: FloatArray = np.abs(one.cumulative() - other.cumulative()).sum(-1) * step
    return found


class DifficultyOf:
    """Distributions of difficulty, of log discrimination and of both together, of one set.

    Attributes:
        part: Positions of the items that resamples are made of: all, or some where they are very many.
        narrower: How much less resamples of all items spread than those of the part; 1: the part is all.

    Args:
        clouds: Of its n items.
        prior: What all items have in common.
        residual: [n] of continuous scores, or None.
        edges: Of difficulty, as `difficulty_edges` gives them.
        bundles: [n] which bundle each item is of, 0 to B - 1; resamples take bundles whole.
    """

    def __init__(
        self,
        clouds: Clouds,
        prior: Population,
        *,
        edges: FloatArray,
        bundles: IntArray,
        residual: FloatArray | None = None,
    ) -> None:
        self.of = SetPosterior(clouds, prior)
        self.bundles = bundles
        self.part, self.narrower = _part(bundles)
        self._of_part = self.of if self.narrower == 1 else self.of.take(self.part)
        self.edges = {
            "difficulty": edges,
            "log_discrimination": log_discrimination_edges(),
            "both": np.arange(_SLOPES * _PLACES + 1, dtype=np.float64),
        }
        sharp = clouds.log_discrimination - (0 if residual is None else np.log(residual)[:, None])
        slope = _cells(sharp, np.linspace(-_SHARPEST, _SHARPEST, _SLOPES + 1))
        place = _cells(clouds.difficulty, np.linspace(edges[0], edges[-1], _PLACES + 1))
        self._cell = {
            "difficulty": _cells(clouds.difficulty, edges),
            "log_discrimination": _cells(clouds.log_discrimination, self.edges["log_discrimination"]),
            "both": slope * _PLACES + place,
        }
        self._is_continuous = residual is not None

    def seen(self) -> dict[str, Spread]:
        """Return the distributions of the set, the mean over the draws of the abilities."""
        return {name: Spread(edges=self.edges[name], share=one.mean(0)) for name, one in self._at_draws.items()}

    @cached_property
    def _at_draws(self) -> dict[str, FloatArray]:
        """[K, cells] the set at each draw of the abilities."""
        return self._each(self.of, np.ones((self.of.draws, len(self.of.clouds))), self._cell)

    def too_little(self, ability: FloatArray, items: Items) -> FloatArray:
        """Return [K]: true information about abilities [K] over what `information` finds in cells, which are wide."""
        weight, clouds = self._of_part.posterior(), self._of_part.clouds
        exact = expected_information(clouds, weight, ability, items.take(self.part)).mean(0)
        both = self._shares(np.ones(len(clouds)), weight, self._cells_of_part)["both"]
        by_cells = self.information(Spread(edges=self.edges["both"], share=both), ability, float(items.guess[0]))
        ratio: FloatArray = exact / by_cells
        return ratio

    def drawn(self, counts: FloatArray) -> dict[str, Spread]:
        """Return the distributions of resamples, [R, n of `part`] how often each item stands in each.

        Resample r is seen at draw r modulo K of the abilities. Where resamples are of a part of the items, what they
        differ by from that part is made as much less as there are more items.
        """
        share = self._each(self._of_part, counts, self._cells_of_part)
        if self.narrower < 1:
            draws = self.of.draws
            whole = self._each(self._of_part, np.ones((draws, len(self.part))), self._cells_of_part)
            draw = np.arange(len(counts)) % draws
            for name, one in share.items():
                moved = self._at_draws[name][draw] + self.narrower * (one - whole[name][draw])
                moved = np.maximum(moved, 0.0)
                share[name] = moved / moved.sum(1, keepdims=True)
        return {name: Spread(edges=self.edges[name], share=one) for name, one in share.items()}

    def information(self, both: Spread, ability: FloatArray, guess: float = 0.0) -> FloatArray:
        """Return [R, K]: information per item about abilities [K], by the spread of both parameters together."""
        reach, edges = _SHARPEST, self.edges["difficulty"]
        sharp = np.repeat(np.exp((np.arange(_SLOPES) + 0.5) * 2 * reach / _SLOPES - reach), _PLACES)
        place = np.tile(edges[0] + (np.arange(_PLACES) + 0.5) * (edges[-1] - edges[0]) / _PLACES, _SLOPES)
        items = Items(
            discrimination=sharp,
            difficulty=place,
            guess=np.full(len(sharp), guess),
            residual=np.ones(len(sharp)) if self._is_continuous else None,
        )
        found: FloatArray = both.share @ items.information(ability).T
        return found

    def resamples(self, rng: np.random.Generator, rounds: int, size: int = 0) -> FloatArray:
        """Return [R, n of `part`]: how often each item stands in resamples of whole bundles.

        Args:
            rng: Source of chance.
            rounds: R.
            size: Items that each shall have, about; the set's own number unless given.
        """
        names, bundle = np.unique(self.bundles[self.part], return_inverse=True)
        groups = len(names)
        wanted = groups if not size else max(1, round(groups * size / len(self.bundles)))
        return rng.multinomial(wanted, np.full(groups, 1 / groups), size=rounds)[:, bundle].astype(np.float64)

    @cached_property
    def _cells_of_part(self) -> dict[str, IntArray]:
        return {name: cell[self.part] for name, cell in self._cell.items()}

    def _each(self, of: SetPosterior, counts: FloatArray, cells: dict[str, IntArray]) -> dict[str, FloatArray]:
        share = {name: np.empty((len(counts), len(self.edges[name]) - 1)) for name in cells}
        for r, (count, population) in enumerate(zip(counts, of.resampled(counts), strict=True)):
            for name, one in self._shares(count, of.posterior(population, draw=r % of.draws), cells).items():
                share[name][r] = one
        return share

    def _shares(self, count: FloatArray, posterior: FloatArray, cells: dict[str, IntArray]) -> dict[str, FloatArray]:
        weight = (posterior * (count / count.sum())[:, None]).ravel()
        return {
            name: np.bincount(cell.ravel(), weights=weight, minlength=len(self.edges[name]) - 1).astype(np.float64)
            for name, cell in cells.items()
        }


def expected_information(clouds: Clouds, weight: FloatArray, ability: FloatArray, items: Items) -> FloatArray:
    """Return [n, K]: each item's information about abilities [K], averaged over what its parameters may be.

    Args:
        clouds: Of n items.
        weight: [n, S] how likely each point is.
        ability: [K].
        items: [n] their chance of guessing and their residuals are taken from here.
    """
    found = np.empty((len(clouds), len(ability)))
    points = weight.shape[1]
    step = max(1, _AT_ONCE // (points * len(ability)))
    for start in range(0, len(clouds), step):
        part = np.arange(start, min(start + step, len(clouds)))
        spread = Items(
            discrimination=np.exp(clouds.log_discrimination[part]).ravel(),
            difficulty=clouds.difficulty[part].ravel(),
            guess=np.repeat(items.guess[part], points),
            residual=None if items.residual is None else np.repeat(items.residual[part], points),
        )
        each = spread.information(ability).reshape(len(ability), len(part), points)
        found[part] = np.einsum("kns,ns->nk", each, weight[part])
    return found


def difficulty_edges(ability: FloatArray) -> FloatArray:
    """Return the edges of the cells that difficulties are counted in."""
    return np.linspace(ability.min() - BEYOND, ability.max() + BEYOND, CELLS + 1)


def log_discrimination_edges() -> FloatArray:
    """Return the same for log discriminations."""
    reach = float(np.log(_LARGEST_DISCRIMINATION))
    return np.linspace(-reach, reach, CELLS + 1)


def bundle_numbers(bundles: Sequence[str], n: int) -> IntArray:
    """Return [n]: the bundle of each item as a number from 0; an item in none is one of its own.

    Example:
        >>> bundle_numbers(["a", "", "a"], 3).tolist()
        [0, 1, 0]
    """
    named = [("bundle", name) if name else ("item", str(i)) for i, name in enumerate(bundles or [""] * n)]
    places: dict[tuple[str, str], int] = {}
    return np.array([places.setdefault(one, len(places)) for one in named], np.int64)


def _cells(values: FloatArray, edges: FloatArray) -> IntArray:
    step = edges[1] - edges[0]
    found: IntArray = np.clip(((values - edges[0]) / step).astype(np.int64), 0, len(edges) - 2)
    return found


def _part(bundles: IntArray) -> tuple[IntArray, float]:
    """Return the items that resamples are made of, whole bundles, and by how much narrower the whole set spreads."""
    groups = int(bundles.max()) + 1
    wanted = groups * MOST_RESAMPLED // len(bundles)
    if wanted >= groups:
        return np.arange(len(bundles), dtype=np.int64), 1.0
    chosen = np.unique(np.linspace(0, groups - 1, max(wanted, 2)).astype(np.int64))
    return np.flatnonzero(np.isin(bundles, chosen)), float(np.sqrt(len(chosen) / groups))
