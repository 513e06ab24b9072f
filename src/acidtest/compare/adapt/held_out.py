"""Leave some solvers out, make small tests with the others, foretell the whole scores of those left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.adapt import methods
from acidtest.compare.adapt.methods import Calibrated, Foretold
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import rng_for
from acidtest.stats.irt.small.plain_mean import plain_mean_errors
from acidtest.stats.irt.small.predicted_score import predicted_score
from acidtest.stats.irt.small.small_test import random_test

DRAWS = 20
"""Tests that are drawn by chance are drawn so often, over all repeats."""
PLAIN_DRAWS = 200
"""Plain means of random items cost nothing. They tell the order; how far they are off is known without draws."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """What small tests foretold of M solvers, each while it was left out.

    Attributes:
        whole: [M] mean scores on all items.
        groups: [M] solvers of one group were left out together.
        runs: (method, size) -> foretold scores [R, M]; R: repeats, draws of the test included.
        errors: (method, size) -> [R, M] the model's own standard errors; NaN where a method gives none.
        plain: size -> [M] expected absolute error of the plain mean of so many random items.
        patterns: for each pattern of answered items: errors of foretold scores [M] and the model's standard errors [M].
    """

    whole: FloatArray
    groups: tuple[str, ...]
    runs: Mapping[tuple[str, int], FloatArray]
    errors: Mapping[tuple[str, int], FloatArray]
    plain: Mapping[int, FloatArray]
    patterns: tuple[tuple[FloatArray, FloatArray], ...]


@dataclass
class _Table:
    solvers: int
    rows: dict[tuple[str, int, int], tuple[FloatArray, FloatArray]] = field(default_factory=dict)

    def put(self, key: tuple[str, int, int], at: NDArray[np.int64], found: Foretold) -> None:
        values, errors = self.rows.setdefault(key, (np.full(self.solvers, np.nan), np.full(self.solvers, np.nan)))
        values[at], errors[at] = found.value, found.se

    def of(self, method: str, size: int) -> tuple[FloatArray, FloatArray]:
        """Return ([R, M], [R, M]) of all repeats."""
        found = [pair for (name, k, _), pair in self.rows.items() if (name, k) == (method, size)]
        return np.array([values for values, _ in found]), np.array([errors for _, errors in found])


def held_out(  # noqa: PLR0913  # what is asked, and how
    scores: FloatArray,
    *,
    names: Sequence[str],
    sizes: tuple[int, ...],
    groups: Sequence[str],
    folds: int,
    repeats: int = 1,
    seed: int = 0,
    others: FloatArray | None = None,
    patterns: Sequence[NDArray[np.bool_]] = (),
) -> HeldOut:
    """Foretell every solver's whole score by every method, never from a test that the solver helped to make.

    Args:
        scores: [M, n], NaN where not scored.
        names: Methods; see `methods.GROUPS`.
        sizes: How many items to ask, each below n.
        groups: [M] solvers of one group are left out together.
        folds: Into how many parts the groups are split; at most as many as there are groups.
        repeats: How often they are split anew.
        seed: The same seed gives the same numbers.
        others: [L, n] solvers that are never left out, as they have too few scores to be judged by.
        patterns: [n] each, items that some solver answered: the error of foretelling from just these.
    """
    table = _Table(solvers=len(scores))
    distinct = {pattern.tobytes(): pattern for pattern in patterns}  # who was asked the same items shares their errors
    at_hand = np.empty((0, scores.shape[1])) if others is None else others
    for repeat in range(repeats):
        for out in split(groups, folds, rng_for(seed, "adapt", "folds", str(repeat))):
            known = methods.calibrated(np.concatenate([np.delete(scores, out, axis=0), at_hand]))
            for name in names:
                draws = max(DRAWS // repeats, 1) if methods.is_drawn(name) else 1
                for draw in range(draws):
                    # the same items for all folds where chance alone chooses them: an order needs one test for all
                    rng = rng_for(seed, "adapt", name, str(repeat), str(draw))
                    for k, one in zip(sizes, _foretold(name, known, scores[out], sizes, rng), strict=True):
                        table.put((name, k, repeat * draws + draw), out, one)
            for number, pattern in enumerate(distinct.values() if repeat == 0 else ()):
                table.put(("pattern", number, 0), out, _by_pattern(known, scores[out], pattern))
    whole = methods.whole_scores(scores)
    runs = {(name, k): table.of(name, k) for name in names for k in sizes}
    plain = {
        (methods.MEAN, k): plain_means(scores, k, rng_for(seed, "adapt", "plain", str(k)))
        for k in _plain(sizes, scores)
    }
    place = {key: number for number, key in enumerate(distinct)}
    seen = [table.rows["pattern", place[pattern.tobytes()], 0] for pattern in patterns]
    return HeldOut(
        whole=whole,
        groups=tuple(groups),
        runs={key: values for key, (values, _) in runs.items()} | plain,
        errors={key: errors for key, (_, errors) in runs.items()}
        | {key: np.full_like(values, np.nan) for key, values in plain.items()},
        plain={
            k: plain_mean_errors(scores, k, rng_for(seed, "adapt", "plain error", str(k)))
            for k in _plain(sizes, scores)
        },
        patterns=tuple((values - whole, errors) for values, errors in seen),
    )


def split(groups: Sequence[str], folds: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the solvers of each fold: whole groups, the folds as equal in size as that allows."""
    names = sorted(set(groups))
    order = [names[i] for i in rng.permutation(len(names))]
    count = {name: list(groups).count(name) for name in names}
    parts: list[list[str]] = [[] for _ in range(folds)]
    for name in sorted(order, key=lambda one: -count[one]):
        min(parts, key=lambda part: sum(count[one] for one in part)).append(name)
    of = np.array(groups, object)
    return [np.flatnonzero(np.isin(of, part)) for part in parts if part]


def plain_means(scores: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    """Return [R, M]: means of k random items, each draw the same for all solvers."""
    draws = [random_test(scores.shape[1], k, rng) for _ in range(PLAIN_DRAWS)]
    return np.array([methods.weighted_mean(draw, scores) for draw in draws])


def _plain(sizes: Sequence[int], scores: FloatArray) -> list[int]:
    """Return the sizes and their threefold, as far as there are items."""
    return sorted({k for size in sizes for k in (size, 3 * size) if k < scores.shape[1]})


def _foretold(
    name: str, known: Calibrated, scores: FloatArray, sizes: tuple[int, ...], rng: np.random.Generator
) -> list[Foretold]:
    """Return what a method foretells of scores [L, n] at each size."""
    if name == methods.ADAPTIVE:
        return methods.foretold_adaptively(known, scores, sizes)
    if name == methods.AS_RUN:
        return methods.foretold_as_run(known, scores, sizes)
    tests = methods.sizes_of(name, known, sizes, rng)
    return [methods.foretold(known, test, scores, mix=name == methods.GP_IRT) for test in tests]


def _by_pattern(known: Calibrated, scores: FloatArray, pattern: NDArray[np.bool_]) -> Foretold:
    found = predicted_score(known.model, np.where(pattern, scores, np.nan), counts=np.isfinite(scores))
    return Foretold(value=found.value, se=found.se)
