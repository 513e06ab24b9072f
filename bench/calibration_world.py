"""Simulated studies whose truth is known: who is how good, on which items, and how the stand-in differs.

Solvers have an ability, items a difficulty; the answer is right with probability logistic(ability - difficulty). The
true score of a solver is its mean over endless items. What a cell varies is said by its fields.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.jackknife import observed
from acidtest.stats.metric import ACCURACY, METRICS
from acidtest.types import BenchmarkScores, Scores

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()

CLASSES = 4

KEPT = 0.8
"""Share of the answers to shared items that are the same on both sets; the others are given anew."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One kind of study.

    Attributes:
        solvers: M.
        items: Of the real set; the synthetic one has `items_synthetic`, or as many.
        spread: Standard deviation of ability over solvers: .1 narrow (scores within a few points), 1 wide.
        bias: How the stand-in differs. "none"; "slope": abilities halved; "uniform": .5 easier for all; "model": each
            solver by its own N(0, .3) and .3 for all; "own": three sets, the first solver gains .8 on its own.
        missing: Share of cells without a score.
        bundle: Items per bundle; a solver is lucky or not with a whole bundle.
        shared: Share of the real items that stand in the synthetic set, too.
        family: Solvers per family; its members err alike.
        outlier: The last solver is this much better than the rest.
        sharp: Items differ in how sharply they tell solvers apart, and one answer in four can be guessed.
        metric: "accuracy", or a metric of the whole set: "macro_f1" (four classes, errors even over the others), or
            "pearson" (of answers with the target, tanh(ability) in truth).
    """

    solvers: int
    items: int
    spread: float
    bias: str = "none"
    items_synthetic: int = 0
    missing: float = 0.0
    bundle: int = 1
    shared: float = 0.0
    family: int = 1
    outlier: float = 0.0
    sharp: bool = False
    metric: str = "accuracy"

    @property
    def same_order(self) -> bool:
        """Whether the true order is the same on both sets."""
        return self.bias in {"none", "slope", "uniform"}

    def said(self) -> str:
        """Return what is special about the cell, beyond solvers, items, spread and bias."""
        special = {
            f"{self.items_synthetic} synthetic items": self.items_synthetic,
            f"{self.missing:.0%} missing": self.missing,
            f"bundles of {self.bundle}": self.bundle > 1,
            f"{self.shared:.0%} of items shared": self.shared,
            f"families of {self.family}": self.family > 1,
            f"one solver {self.outlier:g} above": self.outlier,
            "sharpness and guessing vary": self.sharp,
            self.metric: self.metric != "accuracy",
        }
        return ", ".join(text for text, holds in special.items() if holds)


@dataclass(frozen=True, kw_only=True)
class Study:
    """A simulated study and its truth.

    Attributes:
        truths: [1 + S, M] true scores on the real set and on each synthetic one.
        per_item: (v, v_s, v_c, v_cs): variance of one item's score, plain and after what all solvers share, on the real
            and the first synthetic set; None where items are not independent.
    """

    cell: Cell
    scores: Scores
    truths: FloatArray
    per_item: tuple[float, float, float, float] | None


def simulate(cell: Cell, seed: int) -> Study:
    """Return one study; the same cell and seed give the same study."""
    rng = np.random.default_rng([seed, *_key(cell)])
    abilities = [ability := _ability(cell, rng), *_stand_ins(cell, ability, rng)]
    sizes = [cell.items, *([cell.items_synthetic or cell.items] * (len(abilities) - 1))]
    right = [_answers(cell, a, n, rng) for a, n in zip(abilities, sizes, strict=True)]
    curves = [_chances(cell, a, _nodes(cell, len(ability))) for a in abilities]
    if cell.metric != "accuracy":
        return _of_whole_sets(cell, abilities, right, rng)
    if cell.shared:
        right[1] = _sharing(cell, *right, rng)
        curves[1] = curves[1] + cell.shared * KEPT * (curves[0] - curves[1])
    if cell.missing:
        right = [np.where(rng.random(x.shape) < cell.missing, np.nan, x) for x in right]
    sets = [_scored(cell, place, x) for place, x in enumerate(right)]
    (v, v_c), (v_s, v_cs) = (_per_item(curve, _weights(cell)) for curve in curves[:2])
    return Study(
        cell=cell,
        scores=Scores(metric=ACCURACY, real=sets[0], synthetic=tuple(sets[1:])),
        truths=np.stack([curve @ _weights(cell) for curve in curves]),
        per_item=(v, v_s, v_c, v_cs) if cell.bundle == cell.family == 1 and not cell.shared else None,
    )


def _of_whole_sets(cell: Cell, abilities: list[FloatArray], right: list[FloatArray], rng: np.random.Generator) -> Study:
    """Return a study whose metric is one of the whole set; its truth is known in closed form.

    Macro-F1: four classes, all alike, so that precision and recall of each are the share of right answers. Pearson:
    the answer is rho times the target and noise, half of it the item's own for all solvers.
    """
    stats, truths = [], []
    for ability, answered in zip(abilities, right, strict=True):
        if cell.metric == "macro_f1":
            stats.append(_class_counts(answered, rng))
            truths.append(_chances(cell, ability, _nodes(cell, len(ability))) @ WEIGHTS)
        else:
            rho = np.tanh(ability)
            stats.append(_products(rho, answered.shape[1], rng))
            truths.append(rho)
    metric = METRICS[cell.metric]
    sets = [_scored(cell, place, rows[..., 0]) for place, rows in enumerate(stats)]
    scored = [replace(one, stats=x, observed=observed(x, metric)) for one, x in zip(sets, stats, strict=True)]
    return Study(
        cell=cell,
        scores=Scores(metric=metric, real=scored[0], synthetic=tuple(scored[1:])),
        truths=np.stack(truths),
        per_item=None,
    )


def _class_counts(right: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return [M, n, 3 * CLASSES]: tp, fp, fn of each class."""
    solvers, n = right.shape
    gold = np.broadcast_to(rng.integers(0, CLASSES, n), right.shape)
    said = np.where(right > 0, gold, (gold + rng.integers(1, CLASSES, right.shape)) % CLASSES)
    counts = np.zeros((solvers, n, CLASSES, 3))
    for c in range(CLASSES):
        counts[:, :, c, 0] = (gold == c) & (said == c)
        counts[:, :, c, 1] = (gold != c) & (said == c)
        counts[:, :, c, 2] = (gold == c) & (said != c)
    return counts.reshape(solvers, n, -1)


def _products(rho: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Return [M, n, 5]: x, y, x^2, y^2, xy of answers that correlate by rho with the targets."""
    target = np.broadcast_to(rng.normal(0, 1, n), (len(rho), n))
    noise = np.sqrt(0.5) * (rng.normal(0, 1, n) + rng.normal(0, 1, (len(rho), n)))
    said = rho[:, None] * target + np.sqrt(1 - rho[:, None] ** 2) * noise
    return np.stack([target, said, target**2, said**2, target * said], axis=-1)


def _key(cell: Cell) -> list[int]:
    """Return numbers that tell the cell from others, so that no two share their chance."""
    text = repr(cell).encode()
    return [int.from_bytes(text[i : i + 4], "little") for i in range(0, len(text), 4)]


def _ability(cell: Cell, rng: np.random.Generator) -> FloatArray:
    """Return [M]; half of the variance is the family's where there are families."""
    ability = rng.normal(0, cell.spread, cell.solvers)
    if cell.family > 1:
        families = np.arange(cell.solvers) // cell.family
        ability = (ability + rng.normal(0, cell.spread, families[-1] + 1)[families]) / np.sqrt(2)
    if cell.outlier:
        ability[-1] = ability[:-1].max() + cell.outlier
    return np.asarray(ability, np.float64)


def _stand_ins(cell: Cell, ability: FloatArray, rng: np.random.Generator) -> Iterator[FloatArray]:
    if cell.bias == "slope":
        yield ability / 2
    elif cell.bias == "uniform":
        yield ability + 0.5
    elif cell.bias == "model":
        yield ability + 0.3 + rng.normal(0, 0.3, len(ability))
    elif cell.bias == "own":
        for place in range(3):
            yield ability + 0.2 * place + 0.8 * (np.arange(len(ability)) == 0) * (place == 0)
    else:
        yield ability


def _answers(cell: Cell, ability: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Return [M, n] right (1) or wrong (0)."""
    chance = _chances(cell, ability, _items(cell, len(ability), n, rng))
    return np.asarray(rng.random(chance.shape) < chance, np.float64)


def _items(cell: Cell, solvers: int, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return [M, n] how hard each item is for each solver, and [n] how sharply it tells them apart."""
    hard = np.broadcast_to(rng.normal(0, 1, n), (solvers, n))
    if cell.bundle > 1:
        # Half of the variance of difficulty is the bundle's; and each solver has its own luck with each bundle.
        bundles = np.repeat(np.arange(-(-n // cell.bundle)), cell.bundle)[:n]
        hard = hard / np.sqrt(2) + rng.normal(0, np.sqrt(0.5), bundles[-1] + 1)[bundles]
        hard = hard + rng.normal(0, 0.7, (solvers, bundles[-1] + 1))[:, bundles]
    if cell.family > 1:
        families = np.arange(solvers) // cell.family
        hard = hard + rng.normal(0, 0.7, (families[-1] + 1, n))[families]
    sharp = np.exp(rng.normal(0, 0.4, n)) if cell.sharp else np.ones(n)
    return hard, sharp


def _chances(cell: Cell, ability: FloatArray, items: tuple[FloatArray, FloatArray]) -> FloatArray:
    hard, sharp = items
    chance = expit(sharp * (ability[:, None] - hard))
    return 0.25 + 0.75 * chance if cell.sharp else chance


def _scored(cell: Cell, place: int, right: FloatArray) -> BenchmarkScores:
    name = f"set{place}" if place else "real"
    shared = round(cell.shared * right.shape[1]) if place else 0
    return BenchmarkScores(
        name=name,
        kind="synthetic" if place else "real",
        models=tuple(f"m{i:02d}" for i in range(len(right))),
        observed=np.nanmean(right, axis=1),
        stats=right[..., None],
        items=tuple(f"{'real' if i < shared else name}-{i}" for i in range(right.shape[1])),
        bundles=tuple(f"{name}-b{i // cell.bundle}" for i in range(right.shape[1])) if cell.bundle > 1 else (),
        generator=f"m{place - 1:02d}" if cell.bias == "own" and place else None,
    )


def _sharing(cell: Cell, real: FloatArray, synthetic: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return answers to the synthetic set with real items in it: four in five are those given to the real set."""
    n = round(cell.shared * min(real.shape[1], synthetic.shape[1]))
    again = rng.random((len(real), n)) < KEPT
    mixed = synthetic.copy()
    mixed[:, :n] = np.where(again, real[:, :n], synthetic[:, :n])
    return mixed


def _nodes(cell: Cell, solvers: int) -> tuple[FloatArray, FloatArray]:
    """Return the nodes over all that is random about an item: [M, Z] how hard it is, [Z] how sharp."""
    hard = NODES * np.sqrt(1 + 0.49 * (cell.bundle > 1) + 0.49 * (cell.family > 1))
    sharp = np.ones(len(hard))
    if cell.sharp:
        hard, sharp = (x.ravel() for x in np.meshgrid(hard, np.exp(0.4 * NODES), indexing="ij"))
    return np.broadcast_to(hard, (solvers, len(hard))), sharp


def _weights(cell: Cell) -> FloatArray:
    return np.outer(WEIGHTS, WEIGHTS).ravel() if cell.sharp else WEIGHTS


def _per_item(curve: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Return the mean over solvers of one item's variance, plain and after what all solvers share."""
    mean = curve @ weight
    loading = mean * (1 - mean)
    moved = curve - mean[:, None]
    ease = moved.sum(axis=0) / loading.sum()
    own = (curve * (1 - curve)) @ weight + (moved - loading[:, None] * ease) ** 2 @ weight
    return float(loading.mean()), float(own.mean())
