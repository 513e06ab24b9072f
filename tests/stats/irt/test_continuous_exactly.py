"""The continuous model's parts beside slow twins: solver by solver, item by item."""

import math

import numpy as np
import pytest
from scipy.special import digamma, polygamma

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt import continuous
from acidtest.stats.irt.continuous import _State, continuous_log_likelihood, fit_continuous, log_odds
from acidtest.stats.irt.fit import Prior
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.several.item_step import ItemStep, ItemSums, difficulty_se, item_step, learnt_prior


def a_table(solvers: int, n: int, seed: int, missing: float = 0.2) -> tuple[FloatArray, FloatArray]:
    """Return log-odds, 0 where there are none, and 1 where there are."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(solvers, 1)) * np.exp(rng.normal(0, 0.3, n)) + rng.normal(0.4, 1, n)
    y += rng.normal(size=(solvers, n)) * (0.3 + rng.random(n))
    seen = (rng.random((solvers, n)) > missing).astype(float)
    return y * seen, seen


def a_state(solvers: int, n: int, seed: int) -> _State:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, 2, 2)) / 5
    return _State(
        theta=rng.normal(0.2, 1.3, solvers),
        variance=0.02 + rng.random(solvers) / 5,
        step=ItemStep(
            log_discrimination=rng.normal(0.1, 0.4, n),
            easiness=rng.normal(0.3, 1, n),
            covariance=root @ root.transpose(0, 2, 1),
        ),
        residual2=0.1 + rng.random(n),
        prior=Prior(log_discrimination=0.15, log_discrimination_sd=0.4, easiness=0.3, easiness_sd=1.1),
        degrees=rng.uniform(3, 30, n),
    )


def sums_by_hand(y: FloatArray, seen: FloatArray, t: FloatArray, v: FloatArray) -> list[ItemSums]:
    """One per item."""
    found = []
    for i in range(y.shape[1]):
        who = [m for m in range(len(y)) if seen[m, i]]
        found.append(
            ItemSums(
                weight=np.array([float(len(who))]),
                first=np.array([sum(t[m] for m in who)]),
                second=np.array([sum(t[m] ** 2 + v[m] for m in who)]),
                score=np.array([sum(y[m, i] for m in who)]),
                score_first=np.array([sum(y[m, i] * t[m] for m in who)]),
            )
        )
    return found


def joined(sums: list[ItemSums]) -> ItemSums:
    return ItemSums(**{name: np.concatenate([vars(one)[name] for one in sums]) for name in vars(sums[0])})


def test_log_odds_hold_the_ends_where_they_are_said_to() -> None:
    found = log_odds([0.0, 0.004, 0.0051, 0.5, 0.8, 0.996, 1.0, math.nan])
    ends = math.log(0.995 / 0.005)
    expected = [-ends, -ends, math.log(0.0051 / 0.9949), 0, math.log(4), ends, ends, math.nan]
    assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.7, 1.6)])
def test_likelihoods_are_of_the_whole_normal(mean: float, sd: float) -> None:
    """[n, n] covariance, inverted whole."""
    rng = np.random.default_rng(1)
    scores = np.where(rng.random((5, 6)) < 0.2, np.nan, rng.random((5, 6)))
    items = Items(
        discrimination=rng.random(6) + 0.5,
        difficulty=rng.normal(size=6),
        guess=np.zeros(6),
        residual=rng.random(6) + 0.2,
    )
    assert items.residual is not None
    found = continuous_log_likelihood(scores, items, mean=mean, sd=sd)
    for m in range(5):
        k = np.flatnonzero(np.isfinite(scores[m]))
        a, away = items.discrimination[k], log_odds(scores[m, k])
        away = away - a * (mean - items.difficulty[k])
        whole = sd**2 * np.outer(a, a) + np.diag(items.residual[k] ** 2)
        value = -0.5 * (
            len(k) * math.log(2 * math.pi) + np.linalg.slogdet(whole)[1] + away @ np.linalg.inv(whole) @ away
        )
        assert found[m] == pytest.approx(value)


def test_solvers_are_those_of_a_grid_of_abilities() -> None:
    y, seen = a_table(4, 5, 2)
    rng = np.random.default_rng(3)
    a, d, r2 = rng.random(5) + 0.4, rng.normal(size=5), rng.random(5) + 0.2
    value, variance = continuous._solvers(y, seen, a, d, r2, (0.3, 1.4))
    items = Items(discrimination=a, difficulty=-d / a, guess=np.zeros(5), residual=np.sqrt(r2))
    scores = np.where(seen > 0, 1 / (1 + np.exp(-y)), np.nan)
    usual = continuous.continuous_ability(scores, items)
    standard = continuous._solvers(log_odds(np.where(seen > 0, scores, 0.5)), seen, a, d, r2, (0.0, 1.0))
    assert usual.value == pytest.approx(standard[0])
    assert usual.se**2 == pytest.approx(standard[1])
    likelihood = continuous_log_likelihood(scores, items)
    assert likelihood == pytest.approx(continuous_log_likelihood(scores, items, mean=0.0, sd=1.0))
    grid = np.linspace(-12, 12, 40_001)
    for m in range(4):
        log = -0.5 * ((grid - 0.3) / 1.4) ** 2
        for i in range(5):
            if seen[m, i]:
                log = log - 0.5 * (y[m, i] - a[i] * grid - d[i]) ** 2 / r2[i]
        chance = np.exp(log - log.max())
        chance /= chance.sum()
        assert value[m] == pytest.approx(chance @ grid, abs=1e-9)
        assert variance[m] == pytest.approx(chance @ grid**2 - (chance @ grid) ** 2, abs=1e-9)


def test_a_fit_starts_from_means_and_half_of_what_is_left() -> None:
    y, seen = a_table(6, 5, 4)
    seen[2] = 0
    seen[:, 3] = 0
    y = y * seen
    state = continuous._start(y, seen)
    centre = [sum(y[m, i] for m in range(6)) / max(sum(seen[m, i] for m in range(6)), 1) for i in range(5)]
    left = [[y[m, i] - centre[i] for i in range(5) if seen[m, i]] for m in range(6)]
    means = np.array([sum(row) / max(len(row), 1) for row in left])
    squares = [x * x for row in left for x in row]
    spread = sum(squares) / len(squares)
    assert state.theta == pytest.approx(means / means.std())
    assert state.variance.tolist() == [0.0] * 6
    assert state.step.easiness == pytest.approx(centre)
    assert np.exp(state.step.log_discrimination) == pytest.approx([math.sqrt(spread / 2)] * 5)
    assert state.step.covariance.tolist() == np.zeros((5, 2, 2)).tolist()
    assert state.residual2 == pytest.approx([spread / 2] * 5)
    assert math.exp(state.prior.log_discrimination) == pytest.approx(math.sqrt(spread / 2))
    assert state.prior.log_discrimination_sd == 1
    assert state.prior.easiness == pytest.approx(sum(centre) / 5)
    assert state.prior.easiness_sd == 1.5
    assert state.degrees.tolist() == [200.0] * 5
    far = continuous._start(y + 30 * np.arange(5) * seen, seen)
    assert far.prior.easiness_sd == pytest.approx(np.std(far.step.easiness))


def test_a_start_from_scores_that_are_all_alike_is_finite() -> None:
    state = continuous._start(np.ones((3, 4)), np.ones((3, 4)))
    assert state.theta.tolist() == [0.0] * 3
    assert state.residual2 == pytest.approx([0.02**2] * 4)
    assert np.exp(state.step.log_discrimination) == pytest.approx([0.02] * 4)


@pytest.mark.parametrize("seed", range(3))
def test_residuals_are_expected_squares_drawn_together(seed: int) -> None:
    """Squares cell by cell; what the two parameters take, by their covariance with each solver."""
    y, seen = a_table(9, 7, 10 + seed)
    state = a_state(9, 7, seed)
    parts = sums_by_hand(y, seen, state.theta, state.variance)
    found, degrees = continuous._residuals(y, joined(parts), state.step, state.residual2)
    squares, own = [], []
    for i in range(7):
        a, d = math.exp(state.step.log_discrimination[i]), state.step.easiness[i]
        total, spent = 0.0, 0.0
        for m in range(9):
            if seen[m, i]:
                t, v = state.theta[m], state.variance[m]
                total += (y[m, i] - a * t - d) ** 2 + a * a * v
                by = np.array([a * t, 1.0])  # derivatives by (log discrimination, easiness)
                cov = state.step.covariance[i]
                spent += (by @ cov @ by + cov[0, 0] * a * a * v) / state.residual2[i]
        squares.append(total)
        own.append(seen[:, i].sum() - min(spent, 2.0))
    shared, among = continuous._shared_residual(np.array(squares), np.array(own))
    assert found == pytest.approx([(among * shared + s) / (among + k) for s, k in zip(squares, own, strict=True)])
    assert degrees == pytest.approx([among + k for k in own])


def test_a_residual_is_never_below_the_smallest() -> None:
    """Answers on a line, without noise, of items that are known."""
    t = np.linspace(-1, 1, 6)
    y = np.tile(t[:, None], (1, 2))
    step = ItemStep(log_discrimination=np.zeros(2), easiness=np.zeros(2), covariance=np.zeros((2, 2, 2)))
    parts = sums_by_hand(y, np.ones((6, 2)), t, np.zeros(6))
    found, _ = continuous._residuals(y, joined(parts), step, np.ones(2))
    assert found == pytest.approx([0.02**2] * 2, rel=1e-9)


def smyth(squares: list[float], degrees: list[float], lowest: float) -> tuple[float, float]:
    """Smyth (2004), equations of section 6.2: moments of log variances; the trigamma inverted by bisection."""
    use = [(s, k) for s, k in zip(squares, degrees, strict=True) if k >= 1]
    e = [math.log(max(s / k, lowest)) - float(digamma(k / 2)) + math.log(k / 2) for s, k in use]
    mean = sum(e) / len(e)
    target = sum((x - mean) ** 2 for x in e) / (len(e) - 1)
    target -= sum(float(polygamma(1, k / 2)) for _, k in use) / len(use)
    if target <= float(polygamma(1, 100.0)):
        among = 200.0
    else:
        low, high = 1e-8, 1e8
        for _ in range(200):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if float(polygamma(1, middle)) > target else (low, middle)
        among = max(2 * low, 2.0)
    return math.exp(mean + float(digamma(among / 2)) - math.log(among / 2)), among


@pytest.mark.parametrize("differ", [0.0, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_common_residual_is_smyths(differ: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    degrees = rng.uniform(0.5, 30, 25)
    squares = rng.chisquare(degrees) * np.exp(rng.normal(0, differ, 25))
    lowest = max(squares.sum() / degrees.sum() * 1e-3, 0.02**2)
    shared, among = continuous._shared_residual(squares, degrees)
    slow = smyth(squares.tolist(), degrees.tolist(), lowest)
    assert among == pytest.approx(slow[1], rel=1e-9)
    assert shared == pytest.approx(max(slow[0], lowest), rel=1e-9)


def test_the_common_residual_counts_items_of_one_degree_and_more() -> None:
    four = np.array([1.0, 1.0, 1.0, 0.999])
    squares = np.array([0.5, 2.0, 1.0, 9.0])
    shared, among = continuous._shared_residual(squares, four)
    assert (shared, among) == pytest.approx(smyth(squares.tolist(), four.tolist(), squares.sum() / four.sum() * 1e-3))
    few = continuous._shared_residual(np.array([6.0, 2.0]), np.array([3.0, 5.0]))
    assert few == (1.0, 4.0)  # 8 / 8, and twice the fewest degrees
    assert continuous._shared_residual(np.array([0.6, 0.2]), np.array([0.5, 0.3])) == pytest.approx((0.8, 4.0))
    assert continuous._shared_residual(np.zeros(2), np.zeros(2)) == pytest.approx((0.02**2, 4.0))


@pytest.mark.parametrize("x", [1e-3, 0.3, 1.0, 7.0, 200.0])
def test_the_trigamma_function_is_inverted(x: float) -> None:
    assert float(polygamma(1, continuous._trigamma_inverse(x))) == pytest.approx(x, rel=1e-10)


@pytest.mark.parametrize("silent", [False, True])
def test_a_sweep_is_its_steps_one_after_the_other(silent: bool) -> None:  # noqa: FBT001  # pytest gives it
    """Items, residuals, prior, solvers, and a scale that moves no expected log-odds."""
    y, seen = a_table(8, 6, 20)
    if silent:
        seen[3], seen[:, 2] = 0, 0
        y = y * seen
    state = a_state(8, 6, 21)
    new = continuous._sweep(y, seen, state)
    plain = joined(sums_by_hand(y, seen, state.theta, state.variance))
    scaled = ItemSums(**{name: values / state.residual2 for name, values in vars(plain).items()})
    step = item_step(scaled, state.prior, state.step.log_discrimination, state.step.easiness)
    r2, degrees = continuous._residuals(y, plain, step, state.residual2)
    prior = learnt_prior(step, seen.max(0))
    a = np.exp(step.log_discrimination)
    mean, variance = continuous._solvers(y, seen, a, step.easiness, r2, (0.0, 1.0))
    known = seen.max(1) > 0
    assert new.residual2 == pytest.approx(r2)
    assert new.degrees == pytest.approx(degrees)
    assert new.theta[known].mean() == pytest.approx(0, abs=1e-12)
    assert (new.theta**2 + new.variance)[known].mean() == pytest.approx(1)
    linear = np.exp(new.step.log_discrimination) * new.theta[:, None] + new.step.easiness
    assert linear[known] == pytest.approx((a * mean[:, None] + step.easiness)[known])
    stretched = np.exp(new.step.log_discrimination - step.log_discrimination)
    assert np.ptp(stretched) == pytest.approx(0, abs=1e-12)
    assert new.variance[known] * stretched[0] ** 2 == pytest.approx(variance[known])
    assert new.step.covariance == pytest.approx(step.covariance)
    assert (new.theta[~known].tolist(), new.variance[~known].tolist()) == ([0.0] * silent, [1.0] * silent)
    # the prior of an item moves as that item would
    usual = math.exp(prior.log_discrimination)
    centre = (new.step.easiness - step.easiness) / a
    assert new.prior.easiness == pytest.approx(prior.easiness + usual * centre[0])
    assert math.exp(new.prior.log_discrimination) == pytest.approx(usual * stretched[0])
    assert new.prior.log_discrimination_sd == prior.log_discrimination_sd
    assert new.prior.easiness_sd == prior.easiness_sd


@pytest.mark.parametrize("silent", [False, True])
def test_a_fit_says_what_the_last_state_knows(silent: bool) -> None:  # noqa: FBT001  # pytest gives it
    y, seen = a_table(8, 6, 30)
    if silent:
        seen[3], seen[:, 2] = 0, 0
        y = y * seen
    state = a_state(8, 6, 31)
    state.degrees[:2] = 2.5, 3.4
    fit = continuous._fit(y, seen, state, converged=True, sweeps=7, warnings=("so",))
    known, answered = seen.max(1) > 0, seen.max(0) > 0
    assert fit.ability[known].mean() == pytest.approx(0, abs=1e-12)
    assert fit.ability[known].std() == pytest.approx(1)
    a, d = np.exp(state.step.log_discrimination), state.step.easiness
    linear = fit.items.discrimination * (fit.ability[:, None] - fit.items.difficulty)
    before = a * state.theta[:, None] + d
    assert linear[known][:, answered] == pytest.approx(before[known][:, answered])
    sd = float(state.theta[known].std())
    assert fit.ability_se[known] == pytest.approx(np.sqrt(state.variance[known]) / sd)
    assert fit.ability[~known].tolist() + fit.ability_se[~known].tolist() == [0.0] * silent + [1.0] * silent
    usual = math.exp(state.prior.log_discrimination)
    assert math.exp(fit.prior.log_discrimination) == pytest.approx(usual * sd)
    assert fit.prior.easiness == pytest.approx(state.prior.easiness + usual * state.theta[known].mean())
    assert (fit.prior.log_discrimination_sd, fit.prior.easiness_sd) == (0.4, 1.1)
    if silent:
        assert math.log(fit.items.discrimination[2]) == pytest.approx(fit.prior.log_discrimination)
        assert -fit.items.discrimination[2] * fit.items.difficulty[2] == pytest.approx(fit.prior.easiness)
    # the variance of Student's t beside the normal's
    wider = [k / max(k - 2, 1) if ok else 1.0 for k, ok in zip(state.degrees, answered, strict=True)]
    covariance = np.array([w * c for w, c in zip(wider, state.step.covariance, strict=True)])
    la, easiness = np.log(fit.items.discrimination), -fit.items.discrimination * fit.items.difficulty
    assert fit.covariance == pytest.approx(covariance)
    assert fit.discrimination_se == pytest.approx(np.exp(la) * np.sqrt(covariance[:, 0, 0]))
    assert fit.difficulty_se == pytest.approx(difficulty_se(la, easiness, covariance))
    assert fit.items.residual == pytest.approx(np.sqrt(state.residual2))
    assert fit.items.guess.tolist() == [0.0] * 6
    assert fit.answers.tolist() == seen.sum(0).tolist()
    total = 0.0
    for m in range(8):
        for i in range(6):
            if seen[m, i]:
                r2 = state.residual2[i]
                total -= 0.5 * (math.log(2 * math.pi * r2) + (y[m, i] - before[m, i]) ** 2 / r2)
    assert fit.log_likelihood == pytest.approx(total)
    assert (fit.model, fit.converged, fit.sweeps, fit.warnings) == ("continuous", True, 7, ("so",))


def test_solvers_that_are_alike_keep_their_scale() -> None:
    y, seen = a_table(5, 4, 40, 0.0)
    state = a_state(5, 4, 41)
    for spread, share in ((0.0, 1.0), (0.01, 1.0), (0.03, 0.03 / 1)):
        theta = np.array([1.0, -1.0, 1.0, -1.0, 0.0])
        theta = 0.5 + spread * theta / theta.std()
        alike = _State(**{**vars(state), "theta": theta})
        fit = continuous._fit(y, seen, alike, converged=True, sweeps=1, warnings=())
        assert fit.ability_se == pytest.approx(np.sqrt(state.variance) / share)


def test_sweeps_are_counted_and_stop_where_abilities_hardly_move() -> None:
    rng = np.random.default_rng(50)
    scores = 1 / (1 + np.exp(-(rng.normal(size=(12, 1)) + rng.normal(size=8) + rng.normal(0, 0.5, (12, 8)))))
    seen, y = np.ones_like(scores), log_odds(scores)
    state, moves = continuous._start(y, seen), []
    for _ in range(200):
        new = continuous._sweep(y, seen, state)
        moves.append(float(np.abs(new.theta - state.theta).max()))
        state = new
    for tolerance in (1e-2, 1e-3, 1e-6):
        fit = fit_continuous(scores, tolerance=tolerance) if tolerance > 1e-6 else fit_continuous(scores)
        assert fit.converged
        assert fit.sweeps == 1 + next(k for k, moved in enumerate(moves) if moved < tolerance)
    stopped = fit_continuous(scores, most_sweeps=2, tolerance=1e-9)
    assert (stopped.converged, stopped.sweeps) == (False, 2)
    # a move of just the tolerance is one too many
    assert not fit_continuous(scores, most_sweeps=3, tolerance=moves[2]).converged
    endless = fit_continuous(scores, tolerance=0.0)
    assert (endless.converged, endless.sweeps) == (False, 200)


def test_ends_are_said_from_more_than_two_percent() -> None:
    scores = np.random.default_rng(60).uniform(0.2, 0.8, (10, 10))
    scores[0, :2] = 0, 1
    assert fit_continuous(scores).warnings == ()
    scores[1, 0] = 1
    (said,) = fit_continuous(scores).warnings
    assert said.startswith("3% of the scores are exactly 0 or 1")
    alike = fit_continuous(np.full((4, 4), 0.5)).warnings
    assert alike == ("the scores do not tell the solvers apart",)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([[0.1, 0.2]], "two solvers on two items"),
        ([[0.1], [0.2]], "two solvers on two items"),
        ([0.1, 0.2], "two solvers on two items"),
        ([[math.nan] * 2] * 2, "two solvers on two items"),
        ([[0.1, 0.2], [-0.5, 70]], "a score of -0.5"),
        ([[0.1, 0.2], [0.5, 70]], "a score of 70"),
    ],
)
def test_what_is_no_table_of_scores_is_named(scores: list[list[float]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        fit_continuous(scores)
    assert np.isfinite(fit_continuous([[0.0, 1.0], [0.2, 0.4]]).ability).all()  # the ends and two by two are fine
