"""Small tests by name: each chooses items for one fold's solvers and foretells the whole scores of others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acidtest.errors import AcidtestError, did_you_mean
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.adaptive.score import bank_model
from acidtest.stats.irt.adaptive.simulation import simulate_adaptive
from acidtest.stats.irt.adaptive.trust import flattened
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.small.anchors import anchor_test, answers_as_features, parameters_as_features
from acidtest.stats.irt.small.predicted_score import mixed, predicted_score
from acidtest.stats.irt.small.score_model import ScoreModel, calibration, model_of_fit
from acidtest.stats.irt.small.small_test import (
    SmallTest,
    adaptive_tests,
    information_test,
    random_test,
    stratified_test,
)

Chooser = Callable[["Calibrated", int, np.random.Generator], SmallTest]

ROUND = 5
"""Items that `run --adaptive` asks side by side, unless told otherwise."""
MEAN = "random, plain mean"
ADAPTIVE = "adaptive"
AS_RUN = "adaptive, as run --adaptive"
GP_IRT = "anchors by parameters, gp-IRT"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "random": ("random", "stratified"),
    "anchors": ("anchors by answers", "anchors by parameters", GP_IRT),
    "information": ("information",),
    "adaptive": (ADAPTIVE, AS_RUN),
}
"""What --method names -> rows of the table. The plain mean of random items stands beside every method."""


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What is known before a new solver is asked: scores [M, n] of M solvers, the scale they make, the model of it."""

    scores: FloatArray
    fit: Fit
    model: ScoreModel


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """Whole scores [M] as foretold, and the model's own standard errors; NaN where the method gives none."""

    value: FloatArray
    se: FloatArray


def names_of(group: str) -> tuple[str, ...]:
    """Return the methods that --method names.

    Raises:
        AcidtestError: It names none.
    """
    if group == "all":
        return tuple(name for names in GROUPS.values() for name in names)
    if group not in GROUPS:
        raise AcidtestError(
            f"--method '{group[:60]}' is not known",
            way_out=f"{did_you_mean(group, list(GROUPS))}Known: {', '.join(GROUPS)}, all.",
        )
    return GROUPS[group]


def calibrated(scores: FloatArray) -> Calibrated:
    """Return what scores [M, n] of M solvers tell of the items."""
    fit = calibration(scores)
    return Calibrated(scores=scores, fit=fit, model=model_of_fit(fit, scores))


def fixed_test(method: str, known: Calibrated, k: int, rng: np.random.Generator) -> SmallTest:
    """Return the items that a method asks of every solver."""
    return _CHOOSERS[method](known, k, rng)


def is_drawn(method: str) -> bool:
    """Whether chance chooses the items, so that one test says little about the method."""
    return method in _DRAWN


def sizes_of(method: str, known: Calibrated, sizes: tuple[int, ...], rng: np.random.Generator) -> list[SmallTest]:
    """Return one test for each size; those that grow item by item are chosen once."""
    if method != "information":
        return [fixed_test(method, known, k, rng) for k in sizes]
    longest = information_test(known.model, max(sizes))
    return [SmallTest(items=longest.items[:k], weights=np.full(k, 1 / k)) for k in sizes]


def foretold(known: Calibrated, test: SmallTest, scores: FloatArray, *, mix: bool = False) -> Foretold:
    """Foretell whole scores of solvers from their scores [M, n] on a test's items; others are not looked at.

    Args:
        known: What the items were calibrated on.
        test: The items asked.
        scores: [M, n]; NaN is an item that does not count.
        mix: With the weighted mean of the answers, by what both err on the solvers of `known`: gp-IRT.
    """
    counts = np.isfinite(scores)
    asked = np.full(scores.shape, np.nan)
    asked[:, test.items] = scores[:, test.items]
    found = predicted_score(known.model, asked, counts=counts)
    if not mix:
        return Foretold(value=found.value, se=found.se)
    mean_error, irt_error = _errors(known, test)
    value = mixed(
        found.value, np.hypot(found.se, irt_error), weighted_mean(test, scores), np.full(len(scores), mean_error)
    )
    return Foretold(value=np.clip(value, 0, 1), se=found.se)


def foretold_adaptively(known: Calibrated, scores: FloatArray, sizes: tuple[int, ...]) -> list[Foretold]:
    """Ask each solver its own items, one after the other, and foretell its whole score after each size."""
    asked = adaptive_tests(known.model, scores, max(sizes))
    found = []
    for k in sizes:
        seen = answered(scores, asked[:, :k])
        one = predicted_score(known.model, seen, counts=np.isfinite(scores))
        found.append(Foretold(value=one.value, se=one.se))
    return found


def foretold_as_run(known: Calibrated, scores: FloatArray, sizes: tuple[int, ...]) -> list[Foretold]:
    """Ask as `acidtest run --adaptive` asks with a bank of these items: by information about the ability, in rounds."""
    fit = known.fit
    bank = flattened(fit.items, fit.discrimination_se, fit.difficulty_se)
    asked = simulate_adaptive(scores, bank, most_items=max(sizes), round_size=ROUND).asked
    model, counts = bank_model(bank), np.isfinite(scores)
    found = [predicted_score(model, answered(scores, asked[:, :k]), counts=counts) for k in sizes]
    return [Foretold(value=one.value, se=one.se) for one in found]


def answered(scores: FloatArray, asked: NDArray[np.int64]) -> FloatArray:
    """Return [M, n]: the scores on each solver's own items [M, k] (-1: none), NaN elsewhere."""
    seen = np.full(scores.shape, np.nan)
    for row, items in enumerate(asked):
        chosen = items[items >= 0]
        seen[row, chosen] = scores[row, chosen]
    return seen


def weighted_mean(test: SmallTest, scores: FloatArray) -> FloatArray:
    """Return [M]: the weighted mean of the answers to a test's items; NaN where none counts."""
    given = scores[:, test.items]
    weight = np.where(np.isfinite(given), test.weights, 0.0)
    total = weight.sum(axis=1)
    mean: FloatArray = np.divide(
        (np.nan_to_num(given) * weight).sum(axis=1), total, out=np.full(len(scores), np.nan), where=total > 0
    )
    return mean


def whole_scores(scores: FloatArray) -> FloatArray:
    """Return [M]: mean scores over the items that count; NaN for a solver without any."""
    counts = np.isfinite(scores)
    number = counts.sum(axis=1)
    total = np.where(counts, scores, 0.0).sum(axis=1)
    found: FloatArray = np.divide(total, number, out=np.full(len(scores), np.nan), where=number > 0)
    return found


def _errors(known: Calibrated, test: SmallTest) -> tuple[float, float]:
    """Return how far the weighted mean and p-IRT are off on the solvers that are known: roots of mean squares."""
    true = whole_scores(known.scores)
    mean = weighted_mean(test, known.scores) - true
    irt = foretold(known, test, known.scores).value - true
    return float(np.sqrt(np.nanmean(mean**2))), float(np.sqrt(np.nanmean(irt**2)))


def _random(known: Calibrated, k: int, rng: np.random.Generator) -> SmallTest:
    return random_test(known.scores.shape[1], k, rng)


def _stratified(known: Calibrated, k: int, rng: np.random.Generator) -> SmallTest:
    return stratified_test(whole_scores(known.scores.T), k, rng)


def _by_answers(known: Calibrated, k: int, rng: np.random.Generator) -> SmallTest:
    return anchor_test(answers_as_features(known.scores), k, rng)


def _by_parameters(known: Calibrated, k: int, rng: np.random.Generator) -> SmallTest:
    return anchor_test(parameters_as_features(known.model.items), k, rng)


def _by_information(known: Calibrated, k: int, _rng: np.random.Generator) -> SmallTest:
    return information_test(known.model, k)


_CHOOSERS: Mapping[str, Chooser] = {
    "random": _random,
    "stratified": _stratified,
    "anchors by answers": _by_answers,
    "anchors by parameters": _by_parameters,
    "information": _by_information,
    GP_IRT: _by_parameters,
}
_DRAWN = frozenset({"random", "stratified"})
