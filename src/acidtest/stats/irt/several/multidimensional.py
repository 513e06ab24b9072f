"""Several abilities at once: P(right) = 1 / (1 + exp(-(sum over k of loading_k ability_k + easiness))).

Fitted by variational EM: the logistic curve is bounded by a normal one (Jaakkola and Jordan), so that solvers given
items and items given solvers are normal, in closed form, and the bound never falls. Loadings and easiness share one
normal prior, learnt from all items, so a dimension that nothing speaks for shrinks to 0. What is fitted does not know
its axes; they are turned afterwards by varimax, ordered by what they explain, and signed so that loadings are positive
on average. There is no chance in it.

Source: Jaakkola and Jordan, Statistics and Computing 10 (2000); Cho, Wang, Zhang and Xu, British Journal of
Mathematical and Statistical Psychology 74 (2021); Kaiser, Psychometrika 23 (1958).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.several.rotation import axes

MOST = 8
LOGISTIC_VARIANCE = float(np.pi**2 / 3)
IMAGINARY = 4.0
"""Imaginary items among those that the prior's spread is learnt from."""
FLATTEST = 1e-4
"""Least slope of a curve: a step towards an answer that is nearly sure stays finite."""
SETTLING, STALLED, SHORTEST = 10, 0.97, 0.1
WIDEST = 4.0
"""Largest standard deviation of loadings and of easiness that items may teach: sets that are split cleanly ask for an
infinite one."""
FIRST_SPREAD, FIRST_EASINESS = 0.5, 1.5


@dataclass(frozen=True, kw_only=True)
class MultiFit:
    """What M solvers' scores on n items say about D abilities.

    Attributes:
        loadings: [n, D]; above 0: the item is easier for who has more of this ability; 0: it does not ask for it.
        easiness: [n] log-odds of being right for a solver whose abilities are all 0.
        ability: [M, D], mean 0 over the solvers, about 1 standard deviation, uncorrelated over solvers.
        ability_se: [M, D] standard errors; too small where items are known from few solvers.
        explained: [D] share of the variance of answers' log-odds that each ability makes, mean over items; the rest of
            it is chance (pi^2 / 3 for a logistic curve).
        expected: [M, n] chance of being right, all cells, with the doubt about solver and item folded in.
        converged: True only if the last sweep moved no chance by more than the tolerance.
        sweeps: How many there were.
        log_likelihood: Of the scores at these parameters.
        warnings: What a reader must know.
    """

    loadings: FloatArray
    easiness: FloatArray
    ability: FloatArray
    ability_se: FloatArray
    explained: FloatArray
    expected: FloatArray
    converged: bool
    sweeps: int
    log_likelihood: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _State:
    """Normal beliefs: solvers [M, D] with [M, D, D], items (loadings, easiness) [n, D + 1] with [n, D + 1, D + 1]."""

    theta: FloatArray
    theta_cov: FloatArray
    item: FloatArray
    item_cov: FloatArray
    prior_mean: FloatArray
    prior_cov: FloatArray


def fit_multidimensional(
    scores: ArrayLike, dimensions: int, *, most_sweeps: int = 500, tolerance: float = 1e-4
) -> MultiFit:
    """Calibrate n items and M solvers on several abilities.

    Args:
        scores: [M, n] of 0 and 1, NaN where not scored.
        dimensions: 1 to 8.
        most_sweeps: Give up after so many; then `converged` is False.
        tolerance: Largest move of a chance of being right in the last sweep.

    Raises:
        DataError: Scores other than 0 and 1, none at all, fewer than 2 solvers or items, or more dimensions than
            solvers or items have room for.
    """
    given = checked(scores)
    if not 1 <= dimensions <= min(MOST, min(given.shape) - 1):
        raise DataError(
            f"{dimensions} dimensions for {given.shape[0]} solvers and {given.shape[1]} items",
            way_out=f"Ask for 1 to {min(MOST, min(given.shape) - 1)}.",
        )
    seen = np.isfinite(given).astype(float)
    x = np.where(seen > 0, given, 0.0)
    state = _start(x, seen, dimensions)
    before, last, share = expit(_linear(state)), np.inf, 1.0
    sweep, moved = 0, np.inf
    while moved >= tolerance and sweep < most_sweeps:
        sweep += 1
        state = _sweep(x, seen, state, share)
        now = expit(_linear(state))
        moved = float(np.abs(now - before).max())
        if sweep > SETTLING and moved > STALLED * last:  # it overshoots where curves are flat: shorter steps
            share = max(share * 0.7, SHORTEST)
        before, last = now, moved
    return _fit(given, seen, state, converged=moved < tolerance, sweeps=sweep)


def checked(scores: ArrayLike) -> FloatArray:
    """Return the scores as an array of 0, 1 and NaN.

    Raises:
        DataError: They are not.
    """
    given = np.asarray(scores, np.float64)
    known = given[np.isfinite(given)]
    if given.ndim != 2 or min(given.shape) < 2 or not known.size:  # noqa: PLR2004  # a table with two sides
        raise DataError("a scale needs scores of two solvers on two items at least", way_out="Give more scores.")
    other = known[(known != 0) & (known != 1)]
    if other.size:
        raise DataError(
            f"a score of {other[0]:g}: this model takes 0 and 1 only",
            way_out="Use the model 'continuous' for scores between 0 and 1, or cut them into right and wrong.",
        )
    return given


def _start(x: FloatArray, seen: FloatArray, dimensions: int) -> _State:
    """Principal components of what is left of scores when each item's share of right answers is taken out."""
    solvers, n = x.shape
    p = (x.sum(0) + 0.5) / (seen.sum(0) + 1)
    away = np.where(seen > 0, x - p, 0.0) / np.sqrt(p * (1 - p))
    # the smaller of both sides is enough for singular vectors
    gram = away @ away.T if solvers <= n else away.T @ away
    values, vectors = np.linalg.eigh(gram)
    top = vectors[:, ::-1][:, :dimensions]
    if solvers > n:
        top = away @ top / np.sqrt(np.maximum(values[::-1][:dimensions], 1e-12))
    top = top * np.sign(top.T @ away.sum(1) + 1e-12)
    k = dimensions + 1
    prior_cov = np.diag(np.append(np.full(dimensions, FIRST_SPREAD), FIRST_EASINESS**2))
    prior_mean = np.zeros(k)
    prior_mean[-1] = float(np.log(p / (1 - p)).mean())
    blank = _State(
        theta=top * np.sqrt(solvers),
        theta_cov=np.zeros((solvers, dimensions, dimensions)),
        item=np.zeros((n, k)),
        item_cov=np.zeros((n, k, k)),
        prior_mean=prior_mean,
        prior_cov=prior_cov,
    )
    return _items(blank, seen / 4, x - seen / 2)


def _linear(state: _State) -> FloatArray:
    found: FloatArray = state.theta @ state.item[:, :-1].T + state.item[:, -1]
    return found


def _seconds(mean: FloatArray, cov: FloatArray) -> FloatArray:
    """Return [N, k k]: second moments of normal beliefs."""
    found: FloatArray = (mean[:, :, None] * mean[:, None, :] + cov).reshape(len(mean), -1)
    return found


def _with_one(state: _State) -> tuple[FloatArray, FloatArray]:
    solvers, dimensions = state.theta.shape
    mean = np.column_stack([state.theta, np.ones(solvers)])
    cov = np.zeros((solvers, dimensions + 1, dimensions + 1))
    cov[:, :-1, :-1] = state.theta_cov
    return mean, cov


def _curve(x: FloatArray, seen: FloatArray, state: _State) -> tuple[FloatArray, FloatArray]:
    """Return [M, n] mean slope of the logistic curve over the beliefs, and the working answer there; 0 where unseen.

    Means of a logistic curve over normal log-odds by MacKay's approximation.
    """
    linear = _linear(state)
    seconds = _seconds(*_with_one(state)) @ _seconds(state.item, state.item_cov).T
    k = 1 / np.sqrt(1 + np.pi / 8 * np.maximum(seconds - linear**2, 0.0))
    right = expit(k * linear)
    w = seen * np.maximum(k * right * (1 - right), FLATTEST)
    return w, w * linear + x - seen * right


def _sweep(x: FloatArray, seen: FloatArray, state: _State, share: float) -> _State:
    new = _items(state, *_curve(x, seen, state))
    state = replace(new, item=state.item + share * (new.item - state.item))
    new = _solvers(state, *_curve(x, seen, state))
    state = replace(new, theta=state.theta + share * (new.theta - state.theta))
    return _floated(state, np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0)))


def _items(state: _State, w: FloatArray, answer: FloatArray) -> _State:
    mean, cov = _with_one(state)
    n, k = state.item.shape
    known = np.linalg.inv(state.prior_cov)
    item_cov = np.linalg.inv((w.T @ _seconds(mean, cov)).reshape(n, k, k) + known)
    item = np.einsum("nij,nj->ni", item_cov, answer.T @ mean + known @ state.prior_mean)
    return replace(state, item=item, item_cov=item_cov)


def _solvers(state: _State, w: FloatArray, answer: FloatArray) -> _State:
    n, k = state.item.shape
    seconds = _seconds(state.item, state.item_cov).reshape(n, k, k)
    d = k - 1
    precision: FloatArray = (w @ seconds[:, :d, :d].reshape(n, -1)).reshape(-1, d, d) + np.eye(d)
    theta_cov = np.asarray(np.linalg.inv(precision), np.float64)
    pull = (answer @ state.item[:, :d]) - w @ seconds[:, :d, d]
    return replace(state, theta=np.einsum("mij,mj->mi", theta_cov, pull), theta_cov=theta_cov)


def _floated(state: _State, scored: NDArray[np.int64], answered: NDArray[np.int64]) -> _State:
    """Put abilities to mean 0 and second moments 1 without moving any chance, and learn the items' prior anew."""
    d = state.theta.shape[1]
    centre = state.theta[scored].mean(0)
    away = state.theta[scored] - centre
    spread = (away.T @ away + state.theta_cov[scored].sum(0)) / len(away)
    root = np.linalg.cholesky(spread + 1e-9 * np.eye(d))
    back = np.linalg.inv(root)
    turn = np.eye(d + 1)
    turn[:-1, :-1] = root.T
    turn[-1, :-1] = centre
    item = state.item @ turn.T
    item_cov = turn @ state.item_cov @ turn.T
    theta, theta_cov = np.zeros_like(state.theta), np.tile(np.eye(d), (len(state.theta), 1, 1))
    theta[scored] = away @ back.T
    theta_cov[scored] = back @ state.theta_cov[scored] @ back.T
    mean = item[answered].mean(0)
    off = item[answered] - mean
    first = np.diag(np.append(np.full(d, FIRST_SPREAD**2), FIRST_EASINESS**2))
    number = len(off)
    cov = (off.T @ off + item_cov[answered].sum(0) + IMAGINARY * first) / (number + IMAGINARY)
    held = np.minimum(1.0, WIDEST / np.sqrt(np.diag(cov)))
    cov = cov * held * held[:, None]
    return _State(theta=theta, theta_cov=theta_cov, item=item, item_cov=item_cov, prior_mean=mean, prior_cov=cov)


def _fit(given: FloatArray, seen: FloatArray, state: _State, *, converged: bool, sweeps: int) -> MultiFit:
    linear = _linear(state)
    second = _seconds(*_with_one(state)) @ _seconds(state.item, state.item_cov).T
    doubt = np.maximum(second - linear**2, 0.0)
    right = np.clip(expit(linear), 1e-12, 1 - 1e-12)
    chance = np.where(given == 1, right, 1 - right)[seen > 0]
    turn = axes(state.item[:, :-1])
    loadings = state.item[:, :-1] @ turn
    squares = loadings**2
    whole = squares.sum(1) + LOGISTIC_VARIANCE
    return MultiFit(
        loadings=loadings,
        easiness=state.item[:, -1],
        ability=state.theta @ turn,
        ability_se=np.sqrt(np.einsum("ik,mij,jk->mk", turn, state.theta_cov, turn)),
        explained=(squares / whole[:, None]).mean(0),
        # the mean of a logistic curve over normal log-odds (MacKay 1992)
        expected=expit(linear / np.sqrt(1 + np.pi * doubt / 8)),
        converged=converged,
        sweeps=sweeps,
        log_likelihood=float(np.log(chance).sum()),
        warnings=() if converged else (f"the fit had not settled after {sweeps} sweeps",),
    )
