"""One run of `make usefulness`: a few real items and the alternative go in; what is predicted meets what was held out.

The held-out real items are the truth. They share no item with those that were used, so their luck is independent, and
its size is known from the items themselves. Nothing else is assumed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist

import numpy as np

from acidtest.compare.fidelity import compare
from acidtest.compare.pair import Pair, pair_of
from acidtest.compare.sets import ScoredSet
from acidtest.compare.thresholds import Settings
from acidtest.stats import level, order
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.interval import interval, rng_for
from acidtest.stats.metric import ACCURACY
from acidtest.types import BenchmarkScores, Decision, FidelityReport, Kind, Scores, Use
from usefulness_pairs import RealPair
from usefulness_tables import Table

USES: tuple[Use, ...] = ("score", "rank", "choose")
ALTERNATIVE = "alternative"
SETTINGS = Settings()
Z = NormalDist().inv_cdf((1 + SETTINGS.level) / 2)

Statistic = Callable[[FloatArray, FloatArray], FloatArray]
STATISTICS: Mapping[str, Statistic] = {
    "gap": level.gap,
    "mspd": level.mspd,
    "srcc": order.srcc,
    "pairwise_agreement": order.pairwise_agreement,
}
"""What is predicted of the held-out real items beside the alternative as scored, by the plain formulas."""


@dataclass(frozen=True, kw_only=True)
class Full:
    """What all real items say beside the alternative: the measure of the verdicts.

    Attributes:
        report: Of all real items.
        right: The decision that the noise-corrected statistics of all real items call for.
        known: Whether all real items suffice to be sure of it.
    """

    report: FidelityReport
    right: Mapping[Use, Decision]
    known: Mapping[Use, bool]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One subset of the real items.

    Attributes:
        block: Runs of one block share a draw of the tables; blocks are independent.
        k: Real items used.
        numbers: Shares of coverage, mean squared errors, agreements: one number each.
        decisions: The verdict by these items.
        right, known: See Full.
    """

    block: int
    k: int
    numbers: Mapping[str, float]
    decisions: Mapping[Use, Decision]
    right: Mapping[Use, Decision] = field(default_factory=dict)
    known: Mapping[Use, bool] = field(default_factory=dict)


def study_of(real: Table, alternative: Table) -> Scores:
    """Return the tables as a comparison reads them."""
    return Scores(
        metric=ACCURACY,
        real=_scored("real", "real", real),
        synthetic=(_scored(ALTERNATIVE, "synthetic", alternative),),
    )


def full_of(pair: RealPair, real: Table, alternative: Table) -> Full:
    """Return what all real items say."""
    study = study_of(real, alternative)
    report = compare(study)
    drawn = _pair(study)
    asked = SETTINGS.thresholds
    if drawn.posterior is None:
        raise ValueError(f"{pair.name}: no items")
    draws = drawn.posterior.real
    in_hand = np.broadcast_to(drawn.synthetic, draws.shape)
    excess = 0.0 if pair.replication else max(report.fidelity[ALTERNATIVE]["mspd_excess"].value, 0.0)
    agreement, _ = interval(order.pairwise_agreement(draws, in_hand, min_difference=asked.differ), 0.0)
    safe = float((order.regret_at_1(draws, in_hand) <= asked.regret + order.ROUNDING).mean())
    best_guess: dict[Use, bool] = {
        "score": excess**0.5 <= asked.score,
        "rank": agreement >= asked.rank,
        "choose": safe >= 0.5,  # noqa: PLR2004 - likelier than not
    }
    right: dict[Use, Decision] = {}
    known = {}
    for use, good in best_guess.items():
        said = report.verdict[ALTERNATIVE][use].decision
        by_design = use == "score" and pair.replication
        known[use] = by_design or said != "INCONCLUSIVE"
        right[use] = ("GO" if good else "NO-GO") if by_design or said == "INCONCLUSIVE" else said
    return Full(report=report, right=right, known=known)


def run_of(tables: tuple[Table, Table], full: Full, k: int, rng: np.random.Generator, block: int) -> Run:
    """Return what k random real items predict, beside what the others show."""
    real, alternative = tables
    shuffled = rng.permutation(len(real.items))
    used, held = real.at(np.sort(shuffled[:k])), real.at(np.sort(shuffled[k:]))
    study = study_of(used, alternative)
    report, pair = compare(study), _pair(study)
    truth = _Held.of(held.of(pair.models))
    combined = [report.combined[ALTERNATIVE][model] for model in pair.models]
    alone = [report.scores["real"][model] for model in pair.models]
    numbers = {
        "claimed_level": report.combined_items[ALTERNATIVE]["level"].value / k,
        "claimed_differences": report.combined_items[ALTERNATIVE]["order"].value / k,
        **_score_numbers(combined, alone, pair, truth),
        **_order_numbers(combined, pair, truth),
        **_coverage(report, full.report, pair, truth, rng),
    }
    decisions = {use: report.verdict[ALTERNATIVE][use].decision for use in USES}
    return Run(block=block, k=k, numbers=numbers, decisions=decisions, right=full.right, known=full.known)


def draw(pair: RealPair, folder: Path, split: int) -> tuple[Table, Table]:
    """Return one draw of the pair's tables; the same split gives the same draw."""
    return pair.draw(folder, rng_for(SETTINGS.seed, "usefulness tables", pair.name, str(split)))


@dataclass(frozen=True, kw_only=True)
class _Held:
    """The held-out items: scores [M], and the covariance [M, M] of their luck."""

    scores: FloatArray
    covariance: FloatArray

    @classmethod
    def of(cls, table: Table) -> "_Held":
        scored = np.isfinite(table.right)
        count = scored.sum(axis=1)
        mean = np.nansum(table.right, axis=1) / count
        moved = np.where(scored, table.right - mean[:, None], 0.0) / np.sqrt(count * (count - 1.0))[:, None]
        return cls(scores=mean, covariance=moved @ moved.T)

    def luck(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Return [D, M] draws of how far luck moves the held-out scores, all solvers together."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(rng.standard_normal((draws, len(root))) @ root.T, np.float64)

    def error(self, guess: FloatArray, *, centred: bool) -> float:
        """Return the mean squared error of a guess [M], luck of the held-out items included."""
        missed = guess - self.scores
        return float(((missed - missed.mean()) ** 2).mean() if centred else (missed**2).mean())

    def noise(self, *, centred: bool) -> float:
        """Return what that luck adds to the error on average."""
        own = float(self.covariance.diagonal().mean())
        return own - float(self.covariance.mean()) if centred else own


def _score_numbers(combined: list[Estimate], alone: list[Estimate], pair: Pair, truth: _Held) -> dict[str, float]:
    """Return errors of both estimates, and how often their intervals, held-out luck added, hold the held-out scores."""
    guesses = {
        "combined": np.array([e.value for e in combined]),
        "alone": pair.real,
        "alternative": pair.synthetic,
    }
    numbers = {}
    for centred, word in ((False, "level"), (True, "differences")):
        numbers[f"{word}_noise"] = truth.noise(centred=centred)
        for name, guess in guesses.items():
            numbers[f"{word}_{name}"] = truth.error(guess, centred=centred)
    variance = truth.covariance.diagonal()
    for name, estimates in (("combined", combined), ("alone", alone)):
        holds = [_holds(e, x, v) for e, x, v in zip(estimates, truth.scores, variance, strict=True)]
        numbers[f"holds_scores_{name}"] = float(np.mean(holds))
        numbers[f"length_{name}"] = float(np.mean([e.high - e.low for e in estimates]))
    return numbers


def _order_numbers(combined: list[Estimate], pair: Pair, truth: _Held) -> dict[str, float]:
    """Return how well each guess orders the solvers as the held-out items do, and what choosing by it loses there."""
    guesses = {
        "combined": np.array([e.value for e in combined]),
        "alone": pair.real,
        "alternative": pair.synthetic,
    }
    numbers = {}
    for name, guess in guesses.items():
        numbers[f"agreement_{name}"] = float(order.pairwise_agreement(truth.scores, guess))
        numbers[f"regret_{name}"] = float(order.regret_at_1(truth.scores, guess))
    return numbers


def _coverage(
    report: FidelityReport, full: FidelityReport, pair: Pair, truth: _Held, rng: np.random.Generator
) -> dict[str, float]:
    """Return whether each statistic is predicted, and whether its interval holds what all items say is true."""
    if pair.posterior is None:
        raise ValueError("no items")
    numbers = {}
    luck = truth.luck(len(pair.posterior.real), rng)
    for name, statistic in STATISTICS.items():

        def ends(real: FloatArray, statistic: Statistic = statistic) -> tuple[float, float]:
            future = real + luck[: len(real)]
            return interval(statistic(future, np.broadcast_to(pair.synthetic, future.shape)), SETTINGS.level)

        low, high = ends(pair.posterior.real)
        shown = float(statistic(truth.scores, pair.synthetic))
        numbers[f"drawn_{name}"] = float(low <= shown <= high)
        # As in the report: intervals hold perfection while it is not ruled out.
        if pair.posterior.aligned is not None:
            other = ends(pair.posterior.aligned[0])
            low, high = min(low, other[0]), max(high, other[1])
        low = 0.0 if name == "mspd" and not pair.difference_rejected else low
        numbers[f"predicts_{name}"] = float(low <= shown <= high)
        found, whole = (one.fidelity[ALTERNATIVE][name] for one in (report, full))
        numbers[f"holds_{name}"] = float(found.low <= whole.true <= found.high)
        numbers[f"missed_{name}"] = found.true - whole.true
        numbers[f"width_{name}"] = found.high - found.low
    return numbers


def _holds(found: Estimate, shown: float, variance: float) -> bool:
    """Return whether an interval for the true score, widened by the luck of the held-out items, holds their score.

    Each side is the root of the sum of squares of the interval's own side and of Z standard errors.
    """
    below = np.hypot(found.value - found.low, Z * variance**0.5)
    above = np.hypot(found.high - found.value, Z * variance**0.5)
    return bool(found.value - below <= shown <= found.value + above)


def _pair(study: Scores) -> Pair:
    """Return the pair that `compare` makes: the same seed, so the same draws."""
    real, other = (ScoredSet(one, study.metric) for one in (study.real, study.synthetic[0]))
    pair, left_out = pair_of(real, other, SETTINGS)
    if left_out:
        raise ValueError(f"left out: {left_out}")
    return pair


def _scored(name: str, kind: Kind, table: Table) -> BenchmarkScores:
    return BenchmarkScores(
        name=name,
        kind=kind,
        models=table.models,
        observed=np.nanmean(table.right, axis=1),
        stats=table.right[..., None],
        items=table.items,
    )
