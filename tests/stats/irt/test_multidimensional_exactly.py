"""Several abilities at once: each step beside a slow twin, solver by solver and item by item."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.several import multidimensional as module
from acidtest.stats.irt.several.multidimensional import _State, fit_multidimensional


def a_world(solvers: int, n: int, d: int, seed: int) -> tuple[FloatArray, FloatArray, _State]:
    rng = np.random.default_rng(seed)
    seen = (rng.random((solvers, n)) > 0.2).astype(float)
    seen[1], seen[:, 2] = 0.0, 0.0
    x = rng.integers(0, 2, (solvers, n)) * seen
    of_solver, of_item = rng.normal(size=(solvers, d, d)) / 3, rng.normal(size=(n, d + 1, d + 1)) / 4
    of_all = rng.normal(size=(d + 1, d + 1)) / 2
    return (
        x,
        seen,
        _State(
            theta=rng.normal(0.2, 1, (solvers, d)),
            theta_cov=of_solver @ of_solver.transpose(0, 2, 1),
            item=rng.normal(0.3, 0.9, (n, d + 1)),
            item_cov=of_item @ of_item.transpose(0, 2, 1),
            prior_mean=rng.normal(size=d + 1),
            prior_cov=of_all @ of_all.T + np.eye(d + 1) / 3,
        ),
    )


def moments(state: _State, m: int, i: int) -> tuple[float, float]:
    """Return mean and variance of the log-odds of solver m at item i, both uncertain and independent of each other."""
    t, item = np.append(state.theta[m], 1.0), state.item[i]
    cov = np.zeros((len(t), len(t)))
    cov[:-1, :-1] = state.theta_cov[m]
    mean = float(t @ item)
    # E[(t' b)^2] = sum over j, k of E[t_j t_k] E[b_j b_k]
    second = sum(
        (t[j] * t[k] + cov[j, k]) * (item[j] * item[k] + state.item_cov[i][j, k])
        for j in range(len(t))
        for k in range(len(t))
    )
    return mean, max(second - mean**2, 0.0)


def slow_curve(x: FloatArray, seen: FloatArray, state: _State) -> tuple[FloatArray, FloatArray, FloatArray]:
    w, answer, chance = np.zeros(x.shape), np.zeros(x.shape), np.zeros(x.shape)
    for m in range(x.shape[0]):
        for i in range(x.shape[1]):
            mean, doubt = moments(state, m, i)
            k = 1 / math.sqrt(1 + math.pi * doubt / 8)
            chance[m, i] = 1 / (1 + math.exp(-k * mean))
            if seen[m, i]:
                w[m, i] = max(k * chance[m, i] * (1 - chance[m, i]), 1e-4)
                answer[m, i] = w[m, i] * mean + x[m, i] - chance[m, i]
    return w, answer, chance


def slow_items(state: _State, w: FloatArray, answer: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = np.linalg.inv(state.prior_cov)
    item, covariance = np.empty_like(state.item), np.empty_like(state.item_cov)
    for i in range(len(item)):
        precision, pull = known.copy(), known @ state.prior_mean
        for m in range(len(state.theta)):
            t = np.append(state.theta[m], 1.0)
            second = np.outer(t, t)
            second[:-1, :-1] += state.theta_cov[m]
            precision += w[m, i] * second
            pull = pull + answer[m, i] * t
        covariance[i] = np.linalg.inv(precision)
        item[i] = covariance[i] @ pull
    return item, covariance


def slow_solvers(state: _State, w: FloatArray, answer: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The easiness is uncertain together with the loadings."""
    theta, covariance = np.empty_like(state.theta), np.empty_like(state.theta_cov)
    d = theta.shape[1]
    for m in range(len(theta)):
        precision, pull = np.eye(d), np.zeros(d)
        for i in range(len(state.item)):
            second = np.outer(state.item[i], state.item[i]) + state.item_cov[i]
            precision += w[m, i] * second[:d, :d]
            pull += answer[m, i] * state.item[i, :d] - w[m, i] * second[:d, d]
        covariance[m] = np.linalg.inv(precision)
        theta[m] = covariance[m] @ pull
    return theta, covariance


def test_working_answers_are_cell_by_cell() -> None:
    x, seen, state = a_world(5, 6, 2, 1)
    state.item[0, -1] = 40.0  # flat there
    found, slow = module._curve(x, seen, state), slow_curve(x, seen, state)
    assert found[0] == pytest.approx(slow[0])
    assert found[1] == pytest.approx(slow[1])


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_sweep_is_items_then_solvers_then_the_scale(d: int) -> None:
    x, seen, state = a_world(6, 7, d, 2)
    found = module._sweep(x, seen, state, 0.6)
    item, item_cov = slow_items(state, *slow_curve(x, seen, state)[:2])
    first = replace(state, item=state.item + 0.6 * (item - state.item), item_cov=item_cov)
    theta, theta_cov = slow_solvers(first, *slow_curve(x, seen, first)[:2])
    second = replace(first, theta=state.theta + 0.6 * (theta - state.theta), theta_cov=theta_cov)
    who, which = np.flatnonzero(seen.max(1)), np.flatnonzero(seen.max(0))
    expected = module._floated(second, who, which)
    for name, value in vars(expected).items():
        assert vars(found)[name] == pytest.approx(value, rel=1e-8, abs=1e-10), name
    # the scale: no log-odds and no doubt about them moves
    for m in who.tolist():
        for i in range(7):
            assert moments(found, m, i) == pytest.approx(moments(second, m, i), rel=1e-6, abs=1e-6)
    assert found.theta[who].mean(0) == pytest.approx(np.zeros(d), abs=1e-12)
    seconds = (found.theta[who].T @ found.theta[who] + found.theta_cov[who].sum(0)) / len(who)
    assert seconds == pytest.approx(np.eye(d), abs=1e-6)
    assert found.theta[1].tolist() == [0.0] * d
    assert found.theta_cov[1].tolist() == np.eye(d).tolist()
    # the items' prior, as if four more of the first spread stood there
    kept = found.item[which]
    assert found.prior_mean == pytest.approx(kept.mean(0))
    total = 4 * np.diag([0.25] * d + [2.25])
    for i in which.tolist():
        away = found.item[i] - kept.mean(0)
        total = total + np.outer(away, away) + found.item_cov[i]
    assert found.prior_cov == pytest.approx(total / (len(which) + 4))


def test_spreads_of_items_are_held_at_four() -> None:
    _, seen, state = a_world(6, 7, 2, 3)
    who, which = np.flatnonzero(seen.max(1)), np.flatnonzero(seen.max(0))
    usual = module._floated(state, who, which).prior_cov
    wide = replace(state, item=state.item * np.array([1.0, 1.0, 30.0]))
    found = module._floated(wide, who, which).prior_cov
    assert math.sqrt(found[2, 2]) == pytest.approx(4)
    assert found[:2, :2] == pytest.approx(usual[:2, :2])
    kept = module._floated(wide, who, which).item[which]
    off = kept - kept.mean(0)
    raw = off.T @ off + module._floated(wide, who, which).item_cov[which].sum(0) + 4 * np.diag([0.25, 0.25, 2.25])
    correlation = raw[0, 2] / math.sqrt(raw[0, 0] * raw[2, 2])
    assert found[0, 2] / math.sqrt(found[0, 0] * found[2, 2]) == pytest.approx(correlation)


@pytest.mark.parametrize(("solvers", "n"), [(5, 9), (9, 5), (6, 6)])
def test_a_fit_starts_from_principal_components(solvers: int, n: int) -> None:
    x, seen, _ = a_world(solvers, n, 2, 4)
    found = module._start(x, seen, 2)
    p = [(x[:, i].sum() + 0.5) / (seen[:, i].sum() + 1) for i in range(n)]
    away = np.array(
        [
            [(x[m, i] - p[i]) / math.sqrt(p[i] * (1 - p[i])) if seen[m, i] else 0 for i in range(n)]
            for m in range(solvers)
        ]
    )
    left = np.linalg.svd(away)[0][:, :2] * math.sqrt(solvers)
    for k in range(2):
        sign = 1 if left[:, k] @ away.sum(1) >= 0 else -1
        assert found.theta[:, k] == pytest.approx(sign * left[:, k], abs=1e-9)
    assert found.theta_cov.tolist() == np.zeros((solvers, 2, 2)).tolist()
    mean = sum(math.log(q / (1 - q)) for q in p) / n
    assert found.prior_mean == pytest.approx([0, 0, mean])
    assert found.prior_cov == pytest.approx(np.diag([0.5, 0.5, 2.25]))
    # items by a curve of slope 1/4, the steepest
    blank = replace(found, item=np.zeros((n, 3)), item_cov=np.zeros((n, 3, 3)))
    item, item_cov = slow_items(blank, seen / 4, x - seen / 2)
    assert found.item == pytest.approx(item)
    assert found.item_cov == pytest.approx(item_cov)


def test_a_fit_is_its_sweeps_and_says_what_the_last_one_knows() -> None:
    x, seen, _ = a_world(7, 8, 2, 5)
    scores = np.where(seen > 0, x, np.nan)
    state = module._start(x, seen, 2)

    def chances(state: _State) -> FloatArray:
        linear = state.theta @ state.item[:, :2].T + state.item[:, 2]
        return np.asarray(1 / (1 + np.exp(-linear)))

    before, last, share, moves, shares = chances(state), math.inf, 1.0, [], []
    for sweep in range(1, 26):
        shares.append(share)
        state = module._sweep(x, seen, state, share)
        now = chances(state)
        moves.append(float(np.abs(now - before).max()))
        if sweep > 10 and moves[-1] > 0.97 * last:
            share = max(share * 0.7, 0.1)
        before, last = now, moves[-1]
    fit = fit_multidimensional(scores, 2, most_sweeps=25, tolerance=0.0)
    assert (fit.converged, fit.sweeps, fit.warnings) == (False, 25, ("the fit had not settled after 25 sweeps",))
    linear = state.theta @ state.item[:, :2].T + state.item[:, 2]
    assert fit.ability @ fit.loadings.T + fit.easiness == pytest.approx(linear, abs=1e-9)
    assert fit.easiness == pytest.approx(state.item[:, 2])
    turn = np.linalg.lstsq(state.item[:, :2], fit.loadings, rcond=None)[0]
    assert fit.ability == pytest.approx(state.theta @ turn)
    for m in range(7):
        assert fit.ability_se[m] ** 2 == pytest.approx(np.diag(turn.T @ state.theta_cov[m] @ turn))
    shares_of = [[one * one / (sum(row**2) + math.pi**2 / 3) for one in row] for row in fit.loadings]
    assert fit.explained == pytest.approx(np.mean(shares_of, axis=0))
    assert (np.diff((fit.loadings**2).sum(0)) <= 0).all()
    total = 0.0
    for m in range(7):
        for i in range(8):
            mean, doubt = moments(state, m, i)
            assert fit.expected[m, i] == pytest.approx(1 / (1 + math.exp(-mean / math.sqrt(1 + math.pi * doubt / 8))))
            if seen[m, i]:
                total += math.log(chances(state)[m, i] if x[m, i] else 1 - chances(state)[m, i])
    assert fit.log_likelihood == pytest.approx(total)
    stop = moves[4] * 1.0001
    first = next(k for k, moved in enumerate(moves) if moved < stop)
    early = fit_multidimensional(scores, 2, tolerance=stop)
    usual = fit_multidimensional(scores, 2)
    assert usual.sweeps == fit_multidimensional(scores, 2, tolerance=1e-4, most_sweeps=500).sweeps
    assert fit_multidimensional(scores, 2, tolerance=0.0).sweeps == 500
    assert (early.converged, early.sweeps, early.warnings) == (True, first + 1, ())


def test_where_sweeps_overshoot_steps_become_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chances that leap to and fro for ever: from the eleventh sweep on each share is .7 of the last, to .1."""
    shares: list[float] = []
    usual = module._sweep

    def leaping(x: FloatArray, seen: FloatArray, state: _State, share: float) -> _State:
        shares.append(share)
        item = state.item.copy()
        item[:, -1] = (-1.0) ** len(shares)
        return replace(usual(x, seen, state, share), item=item)

    monkeypatch.setattr(module, "_sweep", leaping)
    x, seen, _ = a_world(5, 6, 1, 6)
    fit_multidimensional(np.where(seen > 0, x, np.nan), 1, most_sweeps=24)
    assert shares[:11] == [1.0] * 11
    assert len(shares) == 24
    # from sweep 12 on a move may be a stall; a share is never left for a longer one, and never below .1
    for before, after in pairwise(shares[10:]):
        assert after == pytest.approx(before) or after == pytest.approx(max(before * 0.7, 0.1))
    assert shares[-1] == pytest.approx(0.1)


def test_as_many_dimensions_as_there_is_room_for() -> None:
    x, _, _ = a_world(5, 4, 1, 7)
    for scores in (x, x.T):
        assert fit_multidimensional(scores, 3, most_sweeps=1).loadings.shape[1] == 3
        for wrong in (0, 4):
            said = f"{wrong} dimensions for {len(scores)} solvers and {len(scores.T)} items"
            with pytest.raises(DataError, match=said):
                fit_multidimensional(scores, wrong)
            with pytest.raises(DataError, match="1 to 3"):
                fit_multidimensional(scores, wrong)
    many = np.random.default_rng(8).integers(0, 2, (12, 11)).astype(float)
    assert fit_multidimensional(many, 8, most_sweeps=1).loadings.shape == (11, 8)
    with pytest.raises(DataError, match="1 to 8"):
        fit_multidimensional(many, 9)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([[0.0, 1.0]], "two solvers on two items"),
        ([[0.0], [1.0]], "two solvers on two items"),
        ([[[0.0, 1.0]] * 2] * 2, "two solvers on two items"),
        ([[math.nan] * 2] * 2, "two solvers on two items"),
        ([[0.0, 1.0], [0.25, 1.0]], "a score of 0.25"),
        ([[0.0, 1.0], [-1, 1.0]], "a score of -1"),
        ([[0.0, 1.0], [5, 1.0]], "a score of 5"),
        ([[0.0, 0.25], [0.5, 0.75]], r"a score of 0\.25"),
    ],
)
def test_what_is_no_table_of_right_and_wrong_is_named(scores: list[list[float]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        module.checked(scores)
    assert module.checked([[0.0, 1.0], [1.0, math.nan]]).shape == (2, 2)
