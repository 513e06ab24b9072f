"""One set of items on the scale, and how a synthetic set differs from the real one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from acidtest.compare.irt.calibrate import Calibration, common_solvers
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import from_draws, interval, rng_for
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets.distribution import (
    BEYOND,
    DifficultyOf,
    Spread,
    bundle_numbers,
    difficulty_edges,
    wasserstein,
)
from acidtest.stats.irt.sets.item_posterior import POINTS, Clouds, drawn_abilities, item_clouds, prior_of
from acidtest.types import Kind
from acidtest.types.irt import Histogram, InformationCurve, ItemSet, SetDifference

Seen = float | FloatArray | np.floating[Any]
"""One number as it was seen."""

ROUNDS, ROUNDS_OF_MANY = 400, 200
MANY_ITEMS = 3000
FEWEST_DRAWS, MOST_DRAWS = 4, 20
DRAWN_ANSWERS = 1 << 26
"""Draws of the abilities: as many as look at so many answers, at every point of an item's cloud."""

MUCH_BEYOND = 0.1
"""Share of a set's items at the bound of difficulties from which its mean is warned of."""

FEW_ITEMS = 20
FEW_SOLVERS = 10
QUANTILES = {"q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q90": 0.9}
_SHARE_DIGITS = 4
"""Of shares: posteriors have tails without end, and a share of 1e-130 is none."""
_CURVE = 61
_BARS = 40

_HOW = (
    "items' posteriors pooled, no difficulty beyond all solvers by more than 2; interval: items resampled, bundles "
    "whole, their population fitted anew, abilities moved by their errors"
)


@dataclass(frozen=True, kw_only=True)
class SetDraws:
    """One set as seen, and in R resamples of its items: all that its numbers are made of."""

    name: str
    of: DifficultyOf
    counts: FloatArray
    seen: dict[str, Spread]
    drawn: dict[str, Spread]
    information: FloatArray
    curves: FloatArray
    score: FloatArray

    @property
    def items(self) -> int:
        """How many items it has."""
        return len(self.score)

    def resampled_mean(self, of_items: FloatArray) -> FloatArray:
        """Return [R]: the mean over items [n] in every resample."""
        part = of_items[self.of.part]
        each: FloatArray = self.counts @ part / self.counts.sum(1) - part.mean()
        mean: FloatArray = of_items.mean() + self.of.narrower * each
        return mean


class SetsOnScale:
    """The sets of a calibration.

    Args:
        calibration: Items and solvers on one scale.
        seed: Of the study.
        level: Of all intervals.
    """

    def __init__(self, calibration: Calibration, *, seed: int, level: float) -> None:
        self.calibration, self.seed, self.level = calibration, seed, level
        fit = calibration.fit
        self.edges = difficulty_edges(fit.ability)
        self.grid = np.linspace(self.edges[0], self.edges[-1], _CURVE)
        self.where = _where(fit.ability, self.grid)
        scores = calibration.matrix.scores
        draws = int(np.clip(DRAWN_ANSWERS // (scores.size * POINTS), FEWEST_DRAWS, MOST_DRAWS))
        self.abilities = drawn_abilities(fit, rng_for(seed, "irt_abilities"), draws)
        self.ends = self._ends()
        clouds = item_clouds(scores, fit, abilities=self.abilities)
        self.draws = {name: self._draws(name, clouds) for name in calibration.matrix.benchmarks}

    def items(self, name: str) -> Items:
        """Return the items of a set, each as the set shows it: not drawn towards the items of other sets."""
        of_fit = self.calibration.fit.items.take(self.calibration.matrix.of(name))
        discrimination, difficulty = self.draws[name].of.of.parameters()
        return replace(of_fit, discrimination=discrimination, difficulty=difficulty)

    def item_set(self, name: str) -> ItemSet:
        """Return what is known of one set."""
        one, matrix = self.draws[name], self.calibration.matrix
        difficulty, log_a = one.seen["difficulty"], one.seen["log_discrimination"]
        of_difficulty, of_log_a = one.drawn["difficulty"], one.drawn["log_discrimination"]
        return ItemSet(
            kind=matrix.kinds.get(name) if not self.calibration.real else _kind(name, self.calibration.real),
            generator=matrix.generators.get(name, ""),
            items=one.items,
            bundles=int(one.of.bundles.max()) + 1,
            difficulty={
                "mean": _with_bound(self._estimate(one, difficulty.mean(), of_difficulty.mean()), (one,)),
                "sd": self._estimate(one, difficulty.sd(), of_difficulty.sd()),
                **{
                    k: self._estimate(one, difficulty.quantile(q), of_difficulty.quantile(q))
                    for k, q in QUANTILES.items()
                },
            },
            discrimination=self._discrimination(one, log_a, of_log_a),
            share=self._shares(one, difficulty, of_difficulty),
            score=self._estimate(one, np.nanmean(one.score), one.resampled_mean(one.score), "mean score of the items"),
            information=self._estimate(
                one,
                one.information @ self.where,
                one.curves @ self.where,
                "Fisher information per item, mean over solvers",
            ),
            error=self._error(one),
            curve=self._curve(one),
            difficulties=_bars(difficulty),
        )

    def difference(self, name: str) -> SetDifference:
        """Return how a synthetic set differs from the real one."""
        real, synthetic = self.draws[self.calibration.real], self.draws[name]
        rng = rng_for(self.seed, "irt_floor", real.name, name)
        rounds = len(real.counts)
        alike = [real.of.drawn(real.of.resamples(rng, rounds, size)) for size in (real.items, synthetic.items)]
        found = {}
        for what in ("difficulty", "log_discrimination"):
            floor = wasserstein(alike[0][what], alike[1][what])
            found[what] = self._distance(real, synthetic, what, floor)
        return SetDifference(
            easier_by=_with_bound(
                self._two(
                    real.seen["difficulty"].mean() - synthetic.seen["difficulty"].mean(),
                    real.drawn["difficulty"].mean() - synthetic.drawn["difficulty"].mean(),
                    (real, synthetic),
                    "mean difficulty, real less synthetic",
                ),
                (real, synthetic),
            ),
            discrimination_ratio=self._discrimination_ratio(real, synthetic),
            information_ratio=self._two(
                (synthetic.information @ self.where) / (real.information @ self.where),
                (synthetic.curves @ self.where) / (real.curves @ self.where),
                (real, synthetic),
                "information per item, mean over solvers, synthetic over real",
            ),
            distance=found["difficulty"][0],
            distance_floor=found["difficulty"][1],
            distance_p=found["difficulty"][2],
            discrimination_distance=found["log_discrimination"][0],
            discrimination_floor=found["log_discrimination"][1],
            discrimination_p=found["log_discrimination"][2],
            solvers=int(common_solvers(self.calibration.matrix, self.calibration.real, name).sum()),
        )

    def _draws(self, name: str, clouds: Clouds) -> SetDraws:
        calibration = self.calibration
        at = calibration.matrix.of(name)
        bundles = bundle_numbers([calibration.matrix.bundles[i] for i in at], len(at))
        items = calibration.fit.items.take(at)
        of = DifficultyOf(
            clouds.take(at), prior_of(calibration.fit), edges=self.edges, bundles=bundles, residual=items.residual
        )
        rounds = ROUNDS if len(at) <= MANY_ITEMS else ROUNDS_OF_MANY
        counts = of.resamples(rng_for(self.seed, "irt", name), rounds)
        seen, drawn = of.seen(), of.drawn(counts)
        guess, off = float(items.guess[0]), of.too_little(self.grid, items)
        return SetDraws(
            name=name,
            of=of,
            counts=counts,
            seen=seen,
            drawn=drawn,
            information=of.information(seen["both"], self.grid, guess) * off,
            curves=of.information(drawn["both"], self.grid, guess) * off,
            score=np.nanmean(calibration.matrix.scores[:, at], axis=0),
        )

    def _ends(self) -> tuple[FloatArray, FloatArray]:
        """Return [1 + R] the lowest and highest ability: as seen, then as they may be in each resample."""
        ability = self.calibration.fit.ability
        draw = np.arange(ROUNDS) % len(self.abilities)
        ends = [
            np.array([ability[m], *self.abilities[draw, m]]) for m in (int(ability.argmin()), int(ability.argmax()))
        ]
        return np.minimum(*ends), np.maximum(*ends)

    def _shares(self, one: SetDraws, seen: Spread, drawn: Spread) -> dict[str, Estimate]:
        rounds = len(one.counts)
        low, high = self.ends
        below, under = seen.below(low[0]), seen.below(high[0])
        below_drawn, under_drawn = drawn.below(low[1 : rounds + 1]), drawn.below(high[1 : rounds + 1])
        return {
            "below": self._estimate(one, below, below_drawn.round(_SHARE_DIGITS)),
            "within": self._estimate(one, under - below, (under_drawn - below_drawn).round(_SHARE_DIGITS)),
            "above": self._estimate(one, 1 - under, (1 - under_drawn).round(_SHARE_DIGITS)),
        }

    def _discrimination(self, one: SetDraws, seen: Spread, drawn: Spread) -> dict[str, Estimate]:
        if self.calibration.fit.model == "rasch":
            value = float(self.calibration.fit.items.discrimination[0])
            return {"mean": Estimate(value=value, n=one.items, level=self.level, method="the same for all items")}
        found = {"mean": self._estimate(one, np.exp(seen.mean()), np.exp(drawn.mean()), f"geometric mean; {_HOW}")}
        for key in ("q10", "q50", "q90"):
            q = QUANTILES[key]
            found[key] = self._estimate(one, np.exp(seen.quantile(q)), np.exp(drawn.quantile(q)))
        return found

    def _error(self, one: SetDraws) -> Estimate:
        def median_error(curve: FloatArray) -> FloatArray:
            at = np.stack([np.interp(self.calibration.fit.ability, self.grid, c) for c in np.atleast_2d(curve)])
            return np.asarray(np.median(1 / np.sqrt(np.maximum(one.items * at, 1e-12)), axis=-1))

        how = "1 / root of the set's information, median over the solvers"
        seen = median_error(one.information)[0]
        return self._estimate(one, seen, median_error(one.curves), how)

    def _curve(self, one: SetDraws) -> InformationCurve:
        tail = round((1 - self.level) / 2, 12)
        low, high = np.quantile(one.curves, [tail, 1 - tail], axis=0)
        return InformationCurve(ability=self.grid, per_item=one.information, low=low, high=high)

    def _distance(
        self, real: SetDraws, synthetic: SetDraws, what: str, floor: FloatArray
    ) -> tuple[Estimate, Estimate, float]:
        """Return the distance, its floor, and the share of the floor's draws that reach it.

        Resamples of two sets lie further apart than the sets: their quantiles are an interval only where the distance
        is beyond the floor. Elsewhere it may be 0.
        """
        n = min(real.items, synthetic.items)
        value = float(wasserstein(real.seen[what], synthetic.seen[what]))
        drawn = wasserstein(real.drawn[what], synthetic.drawn[what])
        p = float((1 + (floor >= value).sum()) / (1 + len(floor)))
        low, high = interval(drawn, self.level)
        if p > 1 - self.level:
            low = 0.0
        low_floor, high_floor = interval(floor, self.level)
        distance = Estimate(
            value=value, true=float(np.sqrt(max(value**2 - (floor**2).mean(), 0.0))), low=low, high=high,
            level=self.level, n=n, method=f"Wasserstein-1; {_HOW}; 0 where two real sets could lie as far apart",
        )  # fmt: skip
        noise = Estimate(
            value=float(floor.mean()), low=low_floor, high=high_floor, level=self.level, n=n,
            method="Wasserstein-1 of two sets of these sizes drawn from the real items",
        )  # fmt: skip
        return distance, noise, p

    def _discrimination_ratio(self, real: SetDraws, synthetic: SetDraws) -> Estimate:
        if self.calibration.fit.model == "rasch":
            why = ("all items have one discrimination in this model",)
            return Estimate(value=np.nan, n=synthetic.items, level=self.level, method="none", warnings=why)
        key = "log_discrimination"
        return self._two(
            np.exp(synthetic.seen[key].mean() - real.seen[key].mean()),
            np.exp(synthetic.drawn[key].mean() - real.drawn[key].mean()),
            (real, synthetic),
            "geometric mean of discrimination, synthetic over real",
        )

    def _two(self, value: Seen, drawn: FloatArray, sets: Sequence[SetDraws], method: str) -> Estimate:
        smaller = min(sets, key=lambda one: one.items)
        return self._estimate(smaller, value, drawn, f"{method}; {_HOW}")

    def _estimate(self, one: SetDraws, value: Seen, drawn: FloatArray, method: str = _HOW) -> Estimate:
        warnings = []
        if one.items < FEW_ITEMS:
            warnings.append(f"only {one.items} items")
        if len(self.calibration.matrix.models) < FEW_SOLVERS:
            warnings.append(f"only {len(self.calibration.matrix.models)} solvers: intervals may be too narrow")
        return from_draws(
            float(value), np.asarray(drawn), level=self.level, n=one.items, method=method, warnings=warnings
        )


def _with_bound(estimate: Estimate, sets: Sequence[SetDraws]) -> Estimate:
    """Return an estimate of a mean with a warning where much of a set lies where difficulties are cut off."""
    beyond = max(float(one.seen["difficulty"].share[[0, -1]].sum()) for one in sets)
    if beyond < MUCH_BEYOND:
        return estimate
    text = (
        f"{100 * beyond:.0f} % of the items lie further outside of the solvers than can be told, and count as just "
        f"{BEYOND:g} beyond: the mean leans on that bound"
    )
    return replace(estimate, warnings=(*estimate.warnings, text))


def _kind(name: str, real: str) -> Kind:
    return "real" if name == real else "synthetic"


def _where(ability: FloatArray, grid: FloatArray) -> FloatArray:
    """Return [K] how much each place of the grid counts where the solvers are, 1 in all."""
    step = grid[1] - grid[0]
    at = np.clip((ability - grid[0]) / step, 0, len(grid) - 1 - 1e-9)
    left = at.astype(np.int64)
    found = np.bincount(left, weights=1 - (at - left), minlength=len(grid))
    found += np.bincount(left + 1, weights=at - left, minlength=len(grid))
    return found / len(ability)


def _bars(spread: Spread) -> Histogram:
    """Return a distribution in as many bars as a picture can show."""
    width = len(spread.share) // _BARS + 1
    starts = np.arange(0, len(spread.share), width)
    return Histogram(
        edges=np.append(spread.edges[starts], spread.edges[-1]), share=np.add.reduceat(spread.share, starts)
    )
