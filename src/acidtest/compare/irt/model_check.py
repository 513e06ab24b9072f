"""What checks say of a fitted scale: does the curve fit, is it one ability, who stands elsewhere at a topic."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import counted
from acidtest.stats.estimate import Estimate, FloatArray, none_for_nan
from acidtest.stats.irt.check.dimensions import Dimensions, how_many_dimensions
from acidtest.stats.irt.check.fit_check import Check, FitCheck, check_fit
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.several.per_topic import TopicFit, fit_per_topic

MOST_ITEMS = 2000
"""More items than these are checked by a random part."""
CELLS = 8_000_000
FEWEST_DRAWS, MOST_DRAWS = 50, 200
MOST_SHOWN = 20
LARGE = 0.05
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class NamedItem:
    """An item that the curve does not fit: its benchmark and id, its surprise (outfit) and its false discovery rate."""

    benchmark: str
    item: str
    outfit: Estimate
    q: float


@dataclass(frozen=True, kw_only=True)
class NamedPair:
    """Two items (benchmark, id) whose answers go together more than the ability explains."""

    one: tuple[str, str]
    two: tuple[str, str]
    correlation: Estimate
    q: float


@dataclass(frozen=True, kw_only=True)
class NamedStanding:
    """A solver that is better (above 0) or worse at a topic than overall, in standard deviations of ability."""

    model: str
    topic: str
    deviation: Estimate
    doubt: float


@dataclass(frozen=True, kw_only=True)
class TopicsCheck:
    """Scales per topic: how far each topic's order of solvers is its own, and who stands elsewhere there.

    `spread`: topic -> standard deviation over solvers of ability there less overall ability, in units of the overall
    one; near 0: the topic orders solvers as all others do.
    """

    spread: dict[str, Estimate]
    standings: tuple[NamedStanding, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class ModelCheck:
    """All checks of one fitted scale.

    Attributes:
        model: Which curve.
        solvers, items, items_checked: How many; of many items a random part is checked.
        checks: Scores, item curves, pairs; each a question with an estimate and a p-value.
        rmsea: Effect size of M2, where it is valid; else NaN with the reason as its warning.
        dimensions: How many abilities.
        misfits: Items that the curve does not fit, at a false discovery rate of 10 %; the surest first.
        pairs: Pairs that depend on each other.
        more_misfits, more_pairs: How many are left out here.
        topics: None where the table knows of no topics.
        said: What it means, in plain English.
        warnings: What a reader must know beside the warnings of the fit itself.
    """

    model: str
    solvers: int
    items: int
    items_checked: int
    checks: tuple[Check, ...]
    rmsea: Estimate
    dimensions: Dimensions
    misfits: tuple[NamedItem, ...]
    more_misfits: int
    pairs: tuple[NamedPair, ...]
    more_pairs: int
    topics: TopicsCheck | None
    said: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return all numbers for --json."""
        return {
            "model": self.model,
            "solvers": self.solvers,
            "items": self.items,
            "items_checked": self.items_checked,
            "checks": [
                {"question": one.question, "p": none_for_nan(one.p), **one.found.as_json()} for one in self.checks
            ],
            "rmsea": self.rmsea.as_json(),
            "abilities": {
                "parallel_analysis": self.dimensions.parallel,
                "held_out": self.dimensions.held_out or None,
                "p": self.dimensions.p,
                "gain": [one.as_json() for one in self.dimensions.gain],
            },
            "misfits": [
                {"benchmark": one.benchmark, "item": one.item, "q": one.q, "outfit": one.outfit.as_json()}
                for one in self.misfits
            ],
            "pairs": [
                {"one": one.one, "two": one.two, "q": one.q, "correlation": one.correlation.as_json()}
                for one in self.pairs
            ],
            "topics": None
            if self.topics is None
            else {
                "spread": {topic: one.as_json() for topic, one in self.topics.spread.items()},
                "standings": [
                    {"model": one.model, "topic": one.topic, "doubt": one.doubt, **one.deviation.as_json()}
                    for one in self.topics.standings
                ],
            },
            "said": self.said,
            "warnings": self.warnings,
        }


def model_report(matrix: ScoreMatrix, fit: Fit, *, seed: int) -> ModelCheck:
    """Check a fitted scale.

    Args:
        matrix: The scores that were fitted, as they were fitted (0 and 1 but for the continuous model).
        fit: Their fit.
        seed: Of all draws.

    Raises:
        DataError: A matrix that is not the fit's.
    """
    solvers, n = matrix.scores.shape
    rng = np.random.default_rng(seed)
    part = np.sort(rng.choice(n, min(n, MOST_ITEMS), replace=False)).astype(np.int64)
    scores, of_part = matrix.scores[:, part], _part(fit, part)
    draws = int(np.clip(CELLS // scores.size, FEWEST_DRAWS, MOST_DRAWS))
    found = check_fit(scores, of_part, seed=seed, draws=draws)
    dimensions = how_many_dimensions(scores, seed=seed, fit=of_part, draws=min(draws, 100))
    checks = (found.scores, found.items, found.dependence)
    misfits, pairs = _misfits(matrix, part, found), _pairs(matrix, part, found)
    return ModelCheck(
        model=fit.model,
        solvers=solvers,
        items=n,
        items_checked=len(part),
        checks=checks,
        rmsea=_rmsea(found),
        dimensions=dimensions,
        misfits=misfits,
        more_misfits=len(found.misfits) - len(misfits),
        pairs=pairs,
        more_pairs=found.pairs_called - len(pairs),
        topics=_topics(matrix, fit),
        said=(*_sentences(found), *dimensions.said),
        warnings=dimensions.warnings,  # the fit's own stand with the scale
    )


def _part(fit: Fit, index: NDArray[np.int64]) -> Fit:
    return replace(
        fit,
        items=fit.items.take(index),
        discrimination_se=fit.discrimination_se[index],
        difficulty_se=fit.difficulty_se[index],
        covariance=fit.covariance[index],
        answers=fit.answers[index],
    )


def _rmsea(found: FitCheck) -> Estimate:
    if found.limited is not None:
        return found.limited.rmsea
    return Estimate(value=np.nan, n=0, method="RMSEA from M2", warnings=(found.why_not,))


def _misfits(matrix: ScoreMatrix, part: NDArray[np.int64], found: FitCheck) -> tuple[NamedItem, ...]:
    return tuple(
        NamedItem(
            benchmark=matrix.benchmark[part[k]],
            item=matrix.items[part[k]],
            outfit=Estimate(
                value=float(found.outfit[k]), n=found.draws, method="mean square of standardised residuals"
            ),
            q=float(found.item_q[k]),
        )
        for k in found.misfits[:MOST_SHOWN]
    )


def _pairs(matrix: ScoreMatrix, part: NDArray[np.int64], found: FitCheck) -> tuple[NamedPair, ...]:
    def named(k: int) -> tuple[str, str]:
        return matrix.benchmark[part[k]], matrix.items[part[k]]

    return tuple(
        NamedPair(
            one=named(pair.one),
            two=named(pair.two),
            correlation=Estimate(value=pair.correlation, n=len(matrix.models), method="correlation of residuals (Q3)"),
            q=pair.q,
        )
        for pair in found.pairs[:MOST_SHOWN]
    )


def _topics(matrix: ScoreMatrix, fit: Fit) -> TopicsCheck | None:
    """Topics are the items' own, or else the benchmarks of the table."""
    topics = np.array(matrix.topics if any(matrix.topics) else matrix.benchmark, object)
    use = topics != ""
    if fit.model == "continuous" or len(set(topics[use])) < 2:  # noqa: PLR2004  # one topic is no topic
        return None
    scores = matrix.scores[:, use]
    if not np.isfinite(scores).any():
        return None
    found = fit_per_topic(scores, list(topics[use]))
    standings = found.standings(level=LEVEL)
    return TopicsCheck(
        spread={topic: _spread(found, t) for t, topic in enumerate(found.topics)},
        standings=tuple(
            NamedStanding(
                model=matrix.models[one.solver],
                topic=found.topics[one.topic],
                deviation=one.deviation,
                doubt=one.doubt,
            )
            for one in standings[:MOST_SHOWN]
        ),
        more=max(len(standings) - MOST_SHOWN, 0),
    )


def _spread(found: TopicFit, topic: int) -> Estimate:
    from scipy.stats import chi2

    answers: FloatArray = found.answers[:, topic]
    solvers = int((answers > 0).sum())
    degrees = max(solvers - 1, 1)
    value = float(found.spread[topic])
    low, high = (value * float(np.sqrt(degrees / chi2.ppf(end, degrees))) for end in ((1 + LEVEL) / 2, (1 - LEVEL) / 2))
    return Estimate(
        value=value,
        low=low,
        high=high,
        level=LEVEL,
        n=int(answers.max()),
        method=f"standard deviation over {counted(solvers, 'solver')} of ability at the topic less overall",
        warnings=found.warnings,
    )


def _sentences(found: FitCheck) -> tuple[str, ...]:
    said = []
    if found.items.p > LARGE:
        said.append("The items' curves fit as well as curves of this model do by chance.")
    else:
        called = counted(len(found.misfits), "item") if found.misfits else "no single item"
        said.append(
            f"The items' curves fit worse than by chance (p = {found.items.p:.2g}); {called} can be named at a false "
            "discovery rate of 10 %."
        )
    if np.isfinite(found.dependence.p):
        size = found.dependence.found.value
        said.append(
            "Beyond the ability, answers to two items do not go together more than by chance."
            if found.dependence.p > LARGE
            else f"Answers to two items go together beyond the ability (p = {found.dependence.p:.2g}), by correlations "
            f"of {size:.2g} on average; errors of abilities are somewhat too small then."
        )
    if found.scores.p <= LARGE:
        said.append(
            f"Solver scores are not spread as normal abilities would spread them (p = {found.scores.p:.2g}); that "
            "matters for M2 and for simulated solvers, hardly for items and abilities."
        )
    if found.limited is not None:
        one = found.limited
        said.append(
            f"M2 = {one.statistic:.1f} on {one.degrees} degrees of freedom (p = {one.p:.2g}; "
            f"{counted(one.sets, 'set')} of {one.items} items), RMSEA {one.rmsea.value:.3f} "
            f"[{one.rmsea.low:.3f}, {one.rmsea.high:.3f}]."
        )
    else:
        said.append(f"No M2: {found.why_not}.")
    return tuple(said)
