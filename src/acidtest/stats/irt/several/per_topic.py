"""One scale per topic, each drawn towards the overall ability as far as its items say nothing else.

    log-odds of being right = discrimination x (ability + deviation at the item's topic) + easiness

Abilities are normal over solvers; so are deviations, with a spread of the topic's own that is learnt. A topic of five
items therefore hardly moves a solver away from its overall ability, a topic of five hundred is believed.

Source: the testlet response model of Bradlow, Wainer and Wang, Psychometrika 64 (1999), its testlets our topics;
fitted by variational EM, solvers given items exactly normal in the working answers (overall ability and all deviations
at once), logistic means over normal log-odds by MacKay, Neural Computation 4 (1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from acidtest.errors import DataError
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.fit import Prior
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.several.item_step import FIRST_PRIOR, ItemStep, ItemSums, difficulty_se, item_step, learnt_prior
from acidtest.stats.irt.several.multidimensional import checked

IMAGINARY = 4.0
"""Imaginary solvers with the spread of all topics among those that a topic's spread is learnt from."""
FIRST_SPREAD, LEAST_SPREAD, LARGEST_SPREAD = 0.3, 1e-3, 10.0
"""A solver that answers nothing right at one topic (it refuses, say) asks for a spread without end."""
FLATTEST = 1e-4
FEW_SOLVERS, FEW_ITEMS = 10, 10


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A solver that stands elsewhere at one topic than overall; `solver` and `topic` are positions.

    `deviation`: ability at the topic less overall ability, above 0: better there. `doubt`: the chance that its sign is
    wrong.
    """

    solver: int
    topic: int
    deviation: Estimate
    doubt: float


@dataclass(frozen=True, kw_only=True)
class TopicFit:
    """What M solvers' scores on n items of T topics say.

    Attributes:
        topics: [T] names, in the order of their first item.
        items: [n] parameters; difficulties of a topic are on the scale of abilities at that topic.
        discrimination_se, difficulty_se: [n] standard errors.
        overall, overall_se: [M] ability over all topics, mean 0, standard deviation 1 over the solvers, doubt counted.
        ability, ability_se: [M, T] ability at each topic, in units of the overall one.
        deviation, deviation_se: [M, T] ability at the topic less overall ability; mean 0 over the solvers of a topic.
        spread: [T] standard deviation of deviations over solvers; 0: the topic orders solvers as all others do.
        answers: [M, T] scores seen.
        expected: [M, n] chance of being right, all cells, doubt about the solver folded in.
        converged: True only if the last sweep moved no ability by more than the tolerance.
        sweeps: How many there were.
        log_likelihood: Of the scores at these parameters.
        warnings: What a reader must know.
    """

    topics: tuple[str, ...]
    items: Items
    discrimination_se: FloatArray
    difficulty_se: FloatArray
    overall: FloatArray
    overall_se: FloatArray
    ability: FloatArray
    ability_se: FloatArray
    deviation: FloatArray
    deviation_se: FloatArray
    spread: FloatArray
    answers: FloatArray
    expected: FloatArray
    converged: bool
    sweeps: int
    log_likelihood: float
    warnings: tuple[str, ...] = ()

    def standings(self, *, level: float = 0.95) -> tuple[Standing, ...]:
        """Return who is better or worse at a topic than overall: intervals without 0, the surest first.

        The deviations are drawn towards 0 together, so many topics do not make many false finds; the sum of all
        `doubt` is how many of the signs will be wrong.
        """
        z = NormalDist().inv_cdf((1 + level) / 2)
        sure = np.abs(self.deviation) / np.maximum(self.deviation_se, 1e-12)
        found = [
            Standing(
                solver=int(m),
                topic=int(t),
                deviation=Estimate(
                    value=float(self.deviation[m, t]),
                    low=float(self.deviation[m, t] - z * self.deviation_se[m, t]),
                    high=float(self.deviation[m, t] + z * self.deviation_se[m, t]),
                    level=level,
                    n=int(self.answers[m, t]),
                    method="ability at the topic less overall, drawn towards 0",
                    warnings=self.warnings,
                ),
                doubt=float(NormalDist().cdf(-sure[m, t])),
            )
            for m, t in np.argwhere(sure > z)
        ]
        return tuple(sorted(found, key=lambda one: one.doubt))


@dataclass(frozen=True, kw_only=True)
class _Solvers:
    """Beliefs on solvers: overall [M], and at each topic [M, T] (ability there, deviation), means and variances."""

    overall: FloatArray
    overall_var: FloatArray
    ability: FloatArray
    ability_var: FloatArray
    deviation: FloatArray
    deviation_var: FloatArray


def fit_per_topic(
    scores: ArrayLike, topics: Sequence[str], *, most_sweeps: int = 500, tolerance: float = 1e-4
) -> TopicFit:
    """Calibrate n items of several topics on M solvers.

    Args:
        scores: [M, n] of 0 and 1, NaN where not scored.
        topics: [n] topic of each item.
        most_sweeps: Give up after so many; then `converged` is False.
        tolerance: Largest move of an ability in the last sweep, as a share of 1 + its size.

    Raises:
        DataError: Scores other than 0 and 1, none at all, fewer than 2 solvers or items, or fewer than 2 topics.
    """
    given = checked(scores)
    names = tuple(dict.fromkeys(topics))
    if len(topics) != given.shape[1]:
        raise DataError(f"{len(topics)} topics for {given.shape[1]} items", way_out="Give each item one topic.")
    if len(names) < 2:  # noqa: PLR2004  # one topic is no topic
        raise DataError("all items have one topic", way_out="Give topics, or fit one scale.")
    place = {name: t for t, name in enumerate(names)}
    of_item = np.array([place[topic] for topic in topics])
    seen = np.isfinite(given).astype(float)
    x = np.where(seen > 0, given, 0.0)
    solvers, step = _start(x, seen, len(names))
    asked = np.stack([seen[:, of_item == t].any(1) for t in range(len(names))], axis=1)
    prior, spread2 = FIRST_PRIOR, np.full(len(names), FIRST_SPREAD**2)
    sweep, moved = 0, np.inf
    while moved >= tolerance and sweep < most_sweeps:
        sweep += 1
        w, answer = _curve(x, seen, solvers, step, of_item)
        step = _items(w, answer, solvers, step, prior, of_item)
        w, answer = _curve(x, seen, solvers, step, of_item)
        new = _solvers(w, answer, step, spread2, of_item)
        new, step, spread2 = _floated(new, step, asked, of_item)
        prior = learnt_prior(step, seen.any(0).astype(float))
        moved = float((np.abs(new.ability - solvers.ability) / (1 + np.abs(new.ability))).max())
        solvers = new
    return _fit(given, solvers, step, spread2, (names, of_item), (moved < tolerance, sweep))


def _start(x: FloatArray, seen: FloatArray, topics: int) -> tuple[_Solvers, ItemStep]:
    solvers, n = x.shape
    p = (x.sum(0) + 0.5) / (seen.sum(0) + 1)
    theta = ((x - seen * p).sum(1)) / np.maximum(seen.sum(1), 1)
    theta = (theta - theta.mean()) / max(float(theta.std()), 1e-6)
    everywhere = np.repeat(theta[:, None], topics, axis=1)
    blank, flat = np.zeros((solvers, topics)), np.zeros(solvers)
    return (
        _Solvers(
            overall=theta,
            overall_var=flat,
            ability=everywhere,
            ability_var=blank,
            deviation=blank,
            deviation_var=blank,
        ),
        ItemStep(log_discrimination=np.zeros(n), easiness=np.log(p / (1 - p)), covariance=np.zeros((n, 2, 2))),
    )


def _moments(solvers: _Solvers, step: ItemStep, of_item: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return [M, n] means and variances of log-odds."""
    a = np.exp(step.log_discrimination)
    return solvers.ability[:, of_item] * a + step.easiness, solvers.ability_var[:, of_item] * a**2


def _curve(
    x: FloatArray, seen: FloatArray, solvers: _Solvers, step: ItemStep, of_item: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Return [M, n] mean slopes of the logistic curve and the working answers there; 0 where unseen."""
    linear, doubt = _moments(solvers, step, of_item)
    k = 1 / np.sqrt(1 + np.pi / 8 * doubt)
    right = expit(k * linear)
    w = seen * np.maximum(k * right * (1 - right), FLATTEST)
    return w, w * linear + x - seen * right


def _items(
    w: FloatArray, answer: FloatArray, solvers: _Solvers, step: ItemStep, prior: Prior, of_item: NDArray[np.int64]
) -> ItemStep:
    mean = solvers.ability[:, of_item]
    sums = ItemSums(
        weight=w.sum(0),
        first=(w * mean).sum(0),
        second=(w * (mean**2 + solvers.ability_var[:, of_item])).sum(0),
        score=answer.sum(0),
        score_first=(answer * mean).sum(0),
    )
    return item_step(sums, prior, step.log_discrimination, step.easiness)


def _solvers(
    w: FloatArray, answer: FloatArray, step: ItemStep, spread2: FloatArray, of_item: NDArray[np.int64]
) -> _Solvers:
    """Overall ability and all deviations given the items: an arrow of precisions, solved topic by topic."""
    a = np.exp(step.log_discrimination)
    member = np.zeros((len(a), len(spread2)))
    member[np.arange(len(a)), of_item] = 1.0
    said = (w * a**2) @ member
    pull = ((answer - w * step.easiness) * a) @ member
    shrink = 1 + said * spread2
    overall_var = 1 / (1 + (said / shrink).sum(1))
    overall = overall_var * (pull / shrink).sum(1)
    # given the overall ability t: ability there ~ N((pull spread2 + t) / shrink, spread2 / shrink)
    ability = (pull * spread2 + overall[:, None]) / shrink
    deviation = (pull - said * overall[:, None]) * spread2 / shrink
    return _Solvers(
        overall=overall,
        overall_var=overall_var,
        ability=ability,
        ability_var=spread2 / shrink + overall_var[:, None] / shrink**2,
        deviation=deviation,
        deviation_var=spread2 / shrink + overall_var[:, None] * (said * spread2 / shrink) ** 2,
    )


def _floated(
    solvers: _Solvers, step: ItemStep, asked: NDArray[np.bool_], of_item: NDArray[np.int64]
) -> tuple[_Solvers, ItemStep, FloatArray]:
    """Put overall abilities to mean 0 and spread 1, each topic's deviations to mean 0; learn the topics' spreads."""
    scored = asked.any(1)
    centre = float(solvers.overall[scored].mean())
    number = asked.sum(0)
    shift = np.where(asked, solvers.deviation, 0.0).sum(0) / np.maximum(number, 1)
    squares = (solvers.overall[scored] - centre) ** 2 + solvers.overall_var[scored]
    scale = float(np.sqrt(squares.mean()))
    deviation = np.where(asked, solvers.deviation - shift, 0.0) / scale
    overall = np.where(scored, (solvers.overall - centre) / scale, 0.0)
    a = np.exp(step.log_discrimination)
    own = (np.where(asked, deviation**2 + solvers.deviation_var / scale**2, 0.0)).sum(0)
    common = float(np.median(own / np.maximum(number, 1)))  # one topic that a solver refuses is not all topics
    spread2 = np.clip((own + IMAGINARY * common) / (number + IMAGINARY), LEAST_SPREAD**2, LARGEST_SPREAD**2)
    new = _Solvers(
        overall=overall,
        overall_var=np.where(scored, solvers.overall_var / scale**2, 1.0),
        ability=np.where(asked, (solvers.ability - shift - centre) / scale, overall[:, None]),
        ability_var=solvers.ability_var / scale**2,
        deviation=deviation,
        deviation_var=solvers.deviation_var / scale**2,
    )
    return (
        new,
        replace(
            step,
            log_discrimination=step.log_discrimination + np.log(scale),
            easiness=step.easiness + a * (centre + shift[of_item]),
        ),
        spread2,
    )


def _fit(
    given: FloatArray,
    solvers: _Solvers,
    step: ItemStep,
    spread2: FloatArray,
    topics: tuple[tuple[str, ...], NDArray[np.int64]],
    done: tuple[bool, int],
) -> TopicFit:
    names, of_item = topics
    linear, doubt = _moments(solvers, step, of_item)
    seen = np.isfinite(given)
    right = np.clip(expit(linear), 1e-12, 1 - 1e-12)
    a = np.exp(step.log_discrimination)
    answers = np.stack([seen[:, of_item == t].sum(1) for t in range(len(names))], axis=1).astype(float)
    return TopicFit(
        topics=names,
        items=Items(discrimination=a, difficulty=-step.easiness / a, guess=np.zeros(len(a))),
        discrimination_se=a * np.sqrt(step.covariance[:, 0, 0]),
        difficulty_se=difficulty_se(step.log_discrimination, step.easiness, step.covariance),
        overall=solvers.overall,
        overall_se=np.sqrt(solvers.overall_var),
        ability=solvers.ability,
        ability_se=np.sqrt(solvers.ability_var),
        deviation=solvers.deviation,
        deviation_se=np.sqrt(solvers.deviation_var),
        spread=np.sqrt(spread2),
        answers=answers,
        expected=expit(linear / np.sqrt(1 + np.pi / 8 * doubt)),
        converged=done[0],
        sweeps=done[1],
        log_likelihood=float(np.log(np.where(given == 1, right, 1 - right))[seen].sum()),
        warnings=_warnings(given, answers, converged=done[0]),
    )


def _warnings(given: FloatArray, answers: FloatArray, *, converged: bool) -> tuple[str, ...]:
    said = []
    solvers = int(np.isfinite(given).any(1).sum())
    if solvers < FEW_SOLVERS:
        said.append(f"only {solvers} solvers: how far topics differ is hardly known")
    small = int((answers.max(0) < FEW_ITEMS).sum())
    if small:
        said.append(f"{small} of {answers.shape[1]} topics have fewer than {FEW_ITEMS} items")
    if not converged:
        said.append("the fit had not settled")
    return tuple(said)
