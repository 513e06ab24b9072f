"""Scores between 0 and 1 on one scale: log-odds of scores are normal around discrimination x (ability - difficulty).

Samejima's continuous response model, which is a one-factor model of log-odds: given the items each ability is a
weighted mean, given the abilities each item is a regression, and both are repeated (EM for factor analysis, sped up by
letting the scale of ability float: parameter expansion). A discrimination is above 0 here as everywhere: an item that
better solvers do worse on gets one near 0, and its scores become residual.

Source: Samejima, Psychometrika 38 (1973); Rubin and Thayer, Psychometrika 47 (1982); Liu, Rubin and Wu, Biometrika 85
(1998); residuals learnt from all items: Smyth, Statistical Applications in Genetics and Molecular Biology 3 (2004).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import Abilities
from acidtest.stats.irt.fit import Fit, Prior
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.several.item_step import FIRST_PRIOR, ItemStep, ItemSums, difficulty_se, item_step, learnt_prior

NEAREST = 0.005
"""Scores nearer to 0 or 1 than this count as so near: half a point of 100. One number for all sets, so that solvers and
items that come later stand on the same scale, and no other score is moved."""
MANY_AT_THE_ENDS = 0.02
"""Share of scores at the ends from which errors are not to be leaned on: simulated with 2 % and more cut off at exactly
1, intervals of abilities held the truth in 70 to 78 of 100, where 95 are meant."""
SMALLEST_RESIDUAL = 0.02
"""Of log-odds: half a percent of a score of .5. Nobody's scores are known better than that."""
FEWEST_DEGREES, MOST_DEGREES = 2.0, 200.0


@dataclass(frozen=True, kw_only=True)
class _State:
    theta: FloatArray
    variance: FloatArray
    step: ItemStep
    residual2: FloatArray
    prior: Prior
    degrees: FloatArray


def log_odds(scores: ArrayLike) -> FloatArray:
    """Return log-odds of scores, those of 0 and 1 held at 1/(2N) and 1 - 1/(2N), N = 100; NaN stays NaN.

    The rule of 1/(2N) is that of Macmillan and Kaplan, Psychological Bulletin 98 (1985). Squeezing all scores instead
    (Smithson and Verkuilen, Psychological Methods 11, 2006) moves those in between, too: simulated with N = 50, it
    made discriminations of 1 read .92.

    Example:
        >>> log_odds([0.0, 0.5, 1.0]).round(2).tolist()
        [-5.29, 0.0, 5.29]
    """
    inside = np.clip(np.asarray(scores, np.float64), NEAREST, 1 - NEAREST)
    found: FloatArray = np.log(inside / (1 - inside))
    return found


def fit_continuous(scores: ArrayLike, *, most_sweeps: int = 200, tolerance: float = 1e-6) -> Fit:
    """Calibrate n items on M solvers by scores between 0 and 1.

    `log_likelihood` is the density of the log-odds at the items and abilities found.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.
        most_sweeps: Give up after so many; then `converged` is False.
        tolerance: Largest move of an ability in the last sweep.

    Raises:
        DataError: Scores outside 0 to 1, none at all, or fewer than 2 solvers or items.
    """
    given = _checked(scores)
    seen = np.isfinite(given).astype(float)
    y = np.where(seen > 0, log_odds(given), 0.0)
    state, sweep, moved = _start(y, seen), 0, np.inf
    while moved >= tolerance and sweep < most_sweeps:
        sweep += 1
        new = _sweep(y, seen, state)
        moved = float(np.abs(new.theta - state.theta).max())
        state = new
    return _fit(y, seen, state, converged=moved < tolerance, sweeps=sweep, warnings=_warnings(given, seen, state.theta))


def continuous_ability(scores: ArrayLike, items: Items, *, mean: float = 0.0, sd: float = 1.0) -> Abilities:
    """Return abilities of solvers from scores between 0 and 1 on calibrated items: a weighted mean, exact.

    Args:
        scores: [M, n] or [n], 0 to 1, NaN where not asked.
        items: [n] parameters with their residuals, taken as known.
        mean: The prior's; what a solver without any score gets.
        sd: The prior's standard deviation.

    Raises:
        DataError: Items without residuals: they were calibrated on scores of 0 and 1.

    Example:
        >>> one = Items(discrimination=np.ones(1), difficulty=np.zeros(1), guess=np.zeros(1), residual=np.ones(1))
        >>> found = continuous_ability([0.99], one)
        >>> found.value.round(2).tolist(), found.se.round(2).tolist()
        ([2.3], [0.71])
    """
    if items.residual is None:
        raise DataError("these items have no residual", way_out="Calibrate them with the model 'continuous'.")
    y = np.atleast_2d(log_odds(scores))
    seen = np.isfinite(y).astype(float)
    y = np.where(seen > 0, y, 0.0)
    a, d = items.discrimination, -items.discrimination * items.difficulty
    value, variance = _solvers(y, seen, a, d, items.residual**2, (mean, sd))
    return Abilities(value=value, se=np.sqrt(variance))


def continuous_log_likelihood(scores: ArrayLike, items: Items, *, mean: float = 0.0, sd: float = 1.0) -> FloatArray:
    """Return [M]: log density of each solver's log-odds, abilities (normal) integrated out.

    By the matrix determinant lemma, so that it costs n, not n^3, for each solver.
    """
    if items.residual is None:
        raise DataError("these items have no residual", way_out="Calibrate them with the model 'continuous'.")
    y = np.atleast_2d(log_odds(scores))
    seen = np.isfinite(y).astype(float)
    a, r2 = items.discrimination, items.residual**2
    e = np.where(seen > 0, y - a * (mean - items.difficulty), 0.0)
    together = sd**2 * (seen @ (a**2 / r2))
    squares = (e**2) @ (1 / r2) - sd**2 * (e @ (a / r2)) ** 2 / (1 + together)
    found: FloatArray = -0.5 * (seen @ np.log(2 * np.pi * r2) + np.log1p(together) + squares)
    return found


def _checked(scores: ArrayLike) -> FloatArray:
    given = np.asarray(scores, np.float64)
    known = given[np.isfinite(given)]
    if given.ndim != 2 or min(given.shape) < 2 or not known.size:  # noqa: PLR2004  # a table with two sides
        raise DataError("a scale needs scores of two solvers on two items at least", way_out="Give more scores.")
    if known.min() < 0 or known.max() > 1:
        worst = known.min() if known.min() < 0 else known.max()
        raise DataError(f"a score of {worst:g} is not between 0 and 1", way_out="Divide percentages by 100.")
    return given


def _start(y: FloatArray, seen: FloatArray) -> _State:
    count = np.maximum(seen.sum(0), 1)
    centre = y.sum(0) / count
    away = np.where(seen > 0, y - centre, 0.0)
    theta = away.sum(1) / np.maximum(seen.sum(1), 1)
    theta = theta / max(float(theta.std()), SMALLEST_RESIDUAL)
    spread = float((away**2).sum() / seen.sum())
    n = y.shape[1]
    slope = max(float(np.sqrt(spread / 2)), SMALLEST_RESIDUAL)
    return _State(
        theta=theta,
        variance=np.zeros(len(y)),
        step=ItemStep(log_discrimination=np.full(n, np.log(slope)), easiness=centre, covariance=np.zeros((n, 2, 2))),
        residual2=np.full(n, max(spread / 2, SMALLEST_RESIDUAL**2)),
        prior=Prior(
            log_discrimination=float(np.log(slope)),
            log_discrimination_sd=1.0,
            easiness=float(centre.mean()),
            easiness_sd=max(float(centre.std()), FIRST_PRIOR.easiness_sd),
        ),
        degrees=np.full(n, MOST_DEGREES),
    )


def _sweep(y: FloatArray, seen: FloatArray, state: _State) -> _State:
    r2, theta = state.residual2, state.theta
    second = theta**2 + state.variance
    plain = ItemSums(
        weight=seen.sum(0), first=theta @ seen, second=second @ seen, score=y.sum(0), score_first=theta @ y
    )
    sums = ItemSums(**{name: value / r2 for name, value in vars(plain).items()})
    step = item_step(sums, state.prior, state.step.log_discrimination, state.step.easiness)
    r2, degrees = _residuals(y, plain, step, r2)
    answered = (plain.weight > 0).astype(float)
    prior = learnt_prior(step, answered)
    a, d = np.exp(step.log_discrimination), step.easiness
    mean, variance = _solvers(y, seen, a, d, r2, (0.0, 1.0))
    # let the scale of ability float, then put its mean to 0 and its spread to 1 again (parameter expansion)
    scored = seen.any(1)
    c = float(mean[scored].mean())
    s = float(np.sqrt(((mean[scored] - c) ** 2 + variance[scored]).mean()))
    moved = ItemStep(
        log_discrimination=step.log_discrimination + np.log(s),
        easiness=step.easiness + a * c,
        covariance=step.covariance,
    )
    return _State(
        theta=np.where(scored, (mean - c) / s, 0.0),
        variance=np.where(scored, variance / s**2, 1.0),
        step=moved,
        residual2=r2,
        prior=Prior(
            log_discrimination=prior.log_discrimination + float(np.log(s)),
            log_discrimination_sd=prior.log_discrimination_sd,
            easiness=prior.easiness + float(np.exp(prior.log_discrimination)) * c,
            easiness_sd=prior.easiness_sd,
        ),
        degrees=degrees,
    )


def _solvers(
    y: FloatArray, seen: FloatArray, a: FloatArray, d: FloatArray, r2: FloatArray, prior: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    mean, sd = prior
    precision = seen @ (a**2 / r2) + sd**-2
    value: FloatArray = (y @ (a / r2) - seen @ (a * d / r2) + mean * sd**-2) / precision
    return value, 1 / precision


def _residuals(y: FloatArray, plain: ItemSums, step: ItemStep, r2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return [n] residual variances, drawn together, and the degrees of freedom behind each."""
    a, d, count = np.exp(step.log_discrimination), step.easiness, plain.weight
    squares = (
        (y**2).sum(0) - 2 * a * plain.score_first - 2 * d * plain.score
        + a**2 * plain.second + 2 * a * d * plain.first + d**2 * count
    )  # fmt: skip
    squares = np.maximum(squares, 0.0)
    cov = step.covariance
    spent = (cov[:, 0, 0] * a**2 * plain.second + 2 * cov[:, 0, 1] * a * plain.first + cov[:, 1, 1] * count) / r2
    degrees = np.maximum(count - np.clip(spent, 0.0, 2.0), 0.0)
    shared, among = _shared_residual(squares, degrees)
    found = (among * shared + squares) / (among + degrees)
    return np.maximum(found, SMALLEST_RESIDUAL**2), among + degrees


def _shared_residual(squares: FloatArray, degrees: FloatArray) -> tuple[float, float]:
    """Return the items' common residual variance and how many degrees of freedom it is worth (Smyth 2004)."""
    from scipy.special import digamma, polygamma

    pooled = float(squares.sum() / max(float(degrees.sum()), 1.0))
    lowest = max(pooled * 1e-3, SMALLEST_RESIDUAL**2)
    use = degrees >= 1
    if use.sum() < 3:  # noqa: PLR2004  # a spread of spreads
        return max(pooled, lowest), FEWEST_DEGREES * 2
    half = degrees[use] / 2
    e = np.log(np.maximum(squares[use] / degrees[use], lowest)) - digamma(half) + np.log(half)
    spread = float(e.var(ddof=1) - polygamma(1, half).mean())
    among = MOST_DEGREES
    if spread > float(polygamma(1, MOST_DEGREES / 2)):
        among = max(2 * _trigamma_inverse(spread), FEWEST_DEGREES)
    shared = float(np.exp(e.mean() + digamma(among / 2) - np.log(among / 2)))
    return max(shared, lowest), among


def _trigamma_inverse(x: float) -> float:
    from scipy.special import polygamma

    y = 0.5 + 1 / x
    for _ in range(20):
        t = float(polygamma(1, y))
        y += t * (1 - t / x) / float(polygamma(2, y))
    return float(y)


def _fit(
    y: FloatArray, seen: FloatArray, state: _State, *, converged: bool, sweeps: int, warnings: tuple[str, ...]
) -> Fit:
    scored, answered = seen.any(1), seen.any(0)
    c = float(state.theta[scored].mean())
    s = float(state.theta[scored].std()) or 1.0
    s = s if s > SMALLEST_RESIDUAL else 1.0
    a = np.exp(state.step.log_discrimination)
    easiness = state.step.easiness + a * c
    theta = np.where(scored, (state.theta - c) / s, 0.0)
    prior = state.prior
    middle = float(np.exp(prior.log_discrimination))
    prior = Prior(
        log_discrimination=prior.log_discrimination + float(np.log(s)),
        log_discrimination_sd=prior.log_discrimination_sd,
        easiness=prior.easiness + middle * c,
        easiness_sd=prior.easiness_sd,
    )
    la = np.where(answered, state.step.log_discrimination + np.log(s), prior.log_discrimination)
    easiness = np.where(answered, easiness, prior.easiness)
    a, residual = np.exp(la), np.sqrt(state.residual2)
    # residuals of few scores are not known: Student's t is wider than the normal
    wider = np.where(answered, state.degrees / np.maximum(state.degrees - 2, 1.0), 1.0)
    covariance = state.step.covariance * wider[:, None, None]
    e = np.where(seen > 0, y - a * theta[:, None] - easiness, 0.0)
    return Fit(
        model="continuous",
        items=Items(discrimination=a, difficulty=-easiness / a, guess=np.zeros(len(a)), residual=residual),
        discrimination_se=a * np.sqrt(covariance[:, 0, 0]),
        difficulty_se=difficulty_se(la, easiness, covariance),
        covariance=covariance,
        ability=theta,
        ability_se=np.where(scored, np.sqrt(state.variance) / s, 1.0),
        prior=prior,
        answers=seen.sum(0),
        converged=converged,
        sweeps=sweeps,
        log_likelihood=float(-0.5 * (seen @ np.log(2 * np.pi * residual**2) + (e**2) @ residual**-2.0).sum()),
        warnings=warnings,
    )


def _warnings(given: FloatArray, seen: FloatArray, theta: FloatArray) -> tuple[str, ...]:
    ends = float(((given == 0) | (given == 1)).sum() / seen.sum())
    said = []
    if ends > MANY_AT_THE_ENDS:
        said.append(
            f"{ends:.0%} of the scores are exactly 0 or 1, which this model takes for .005 and .995: its errors are "
            "not to be leaned on; scores cut into right and wrong may be described better"
        )
    if float(theta[seen.any(1)].std()) <= SMALLEST_RESIDUAL:
        said.append("the scores do not tell the solvers apart")
    return tuple(said)
