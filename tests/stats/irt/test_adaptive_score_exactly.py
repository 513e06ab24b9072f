"""The score on the whole benchmark and its error, by sums over every state of every solver."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm
from scipy.stats import t as student

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.adaptive.score import WholeScores, bank_model, whole_scores
from acidtest.stats.irt.items import Items

N = 11
ABILITIES = np.arange(-45, 46) / 10
LOG_SLOPES = 0.4 * 5 / 6 * np.arange(-3, 4)
FINE = np.linspace(-9, 9, 2001)


def bank(seed: int, *, residual: bool, n: int = N) -> Items:
    rng = np.random.default_rng(seed)
    return Items(
        discrimination=rng.lognormal(0, 0.4, n),
        difficulty=rng.normal(0, 1.2, n),
        guess=np.zeros(n) if residual else rng.uniform(0, 0.3, n),
        residual=rng.uniform(0.4, 1.2, n) if residual else None,
    )


def scores_of(items: Items, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=7)
    if items.residual is None:
        scores: FloatArray = (rng.random((7, len(items))) < items.expected(theta)).astype(float)
    else:
        scores = expit(items.linear(theta) + items.residual * rng.normal(size=(7, len(items))))
    scores[rng.random(scores.shape) < 0.5] = np.nan
    scores[0] = rng.permutation(np.r_[np.ones(7), np.zeros(len(items) - 7)])  # everything answered
    scores[1] = scores[0] * 0.2 + 0.6 if items.residual is not None else 1 - scores[0]
    scores[2] = np.nan
    return scores


class States:
    """Abilities N(0, 1) from -4.5 to 4.5, log slopes N(0, .4) at seven points; what each expects, and the luck."""

    def __init__(self, items: Items) -> None:
        a, b, c = items.discrimination, items.difficulty, items.guess
        weight, expected, luck = [], [], []
        share = norm.pdf(FINE) / norm.pdf(FINE).sum()
        for t in ABILITIES:
            for step in LOG_SLOPES:
                weight.append(np.exp(-(t**2) / 2 - (step / 0.4) ** 2 / 2))
                linear = a * t - np.exp(step) * a * b
                if items.residual is None:
                    p = c + (1 - c) * expit(linear)
                    luck.append(p * (1 - p))
                else:
                    drawn = expit(linear[:, None] + items.residual[:, None] * FINE)
                    p = drawn @ share
                    luck.append((drawn - p[:, None]) ** 2 @ share)
                expected.append(np.clip(p, 1e-4, 1 - 1e-4))
        self.weight = np.array(weight) / np.sum(weight)
        self.p, self.luck = np.array(expected), np.array(luck)
        binomial = (self.weight[:, None] * self.p * (1 - self.p)).sum()
        whole = (self.weight[:, None] * self.luck).sum()
        self.dispersion = 1.0 if items.residual is None else whole / binomial

    def after(self, row: FloatArray) -> FloatArray:
        log = np.log(self.weight)
        for j in np.flatnonzero(np.isfinite(row)):
            log = log + (row[j] * np.log(self.p[:, j]) + (1 - row[j]) * np.log(1 - self.p[:, j])) / self.dispersion
        weight: FloatArray = np.exp(log - log.max())
        found: FloatArray = weight / weight.sum()
        return found


@pytest.fixture(scope="module", params=[False, True])
def both(request: pytest.FixtureRequest) -> tuple[Items, States]:
    items = bank(1, residual=request.param)
    return items, States(items)


def test_states(both: tuple[Items, States]) -> None:
    items, states = both
    model = bank_model(items)
    assert model.ability.tolist() == pytest.approx(np.repeat(ABILITIES, 7).tolist())
    assert np.log(model.slope).tolist() == pytest.approx(np.tile(LOG_SLOPES, 91).tolist())
    np.testing.assert_allclose(np.exp(model.log_weight), states.weight, rtol=1e-9)
    np.testing.assert_allclose(model.expected, states.p, rtol=1e-6)
    assert model.dispersion == pytest.approx(states.dispersion, rel=1e-6)
    assert (model.spread, model.solvers, len(model.solver_state)) == (0.4, 0, 0)


def slow(items: Items, states: States, scores: FloatArray, solvers: int | None) -> WholeScores:
    n = len(items)
    value, error, told = np.zeros(7), np.zeros(7), np.isfinite(scores)
    wider = 1.0 if solvers is None else np.sqrt((1 + 1 / solvers) * student(solvers - 1).var())
    means = np.zeros(n)
    for m, row in enumerate(scores):
        weight = states.after(row)
        means += weight @ states.p / 7
        ours, others = states.p[:, told[m]].sum(1), states.p[:, ~told[m]].sum(1)
        value[m] = (row[told[m]].sum() + weight @ others) / n

        def covariance(x: FloatArray, y: FloatArray, weight: FloatArray = weight) -> float:
            return float(weight @ (x * y) - (weight @ x) * (weight @ y))

        luck = states.dispersion * (weight @ (states.p * (1 - states.p)))
        prediction = covariance(others, others) + luck[~told[m]].sum()
        estimate = covariance(others, others) + luck[told[m]].sum() + 2 * max(covariance(others, ours), 0.0)
        error[m] = np.sqrt(max(prediction, estimate)) / n
    everything = told.all(1)
    tested = told.any(1) & ~everything
    both = 0.0 if solvers is None else (tested.sum() / told.any(1).sum()) ** 2 / (solvers + 1)
    together = both * float(np.mean((wider * error[tested]) ** 2)) if both else 0.0
    plain = np.array([row.std(ddof=1) / np.sqrt(n) for row in scores])  # NaN where one is missing
    placed = ability(scores, items)
    return WholeScores(
        value=value,
        error=np.where(everything, np.fmin(error, plain), np.sqrt(1 - both) * wider * error),
        ability=placed.value,
        ability_se=wider * placed.se,
        asked=told.sum(1).astype(float),
        common=means.var(ddof=1) / n + together,
        calibration=together,
    )


@pytest.mark.parametrize("solvers", [None, 5, 30])
def test_values_and_errors(both: tuple[Items, States], solvers: int | None) -> None:
    items, states = both
    scores = scores_of(items, 2)
    found, twin = whole_scores(scores, items, solvers=solvers), slow(items, states, scores, solvers)
    for name in ("value", "error", "ability", "ability_se", "asked"):
        np.testing.assert_allclose(getattr(found, name), getattr(twin, name), rtol=2e-6, err_msg=name)
    assert found.common == pytest.approx(twin.common, rel=1e-6)
    assert found.calibration == pytest.approx(twin.calibration, rel=1e-6, abs=1e-15)


def test_who_answered_everything_alone_shares_no_calibration(both: tuple[Items, States]) -> None:
    items, states = both
    scores = np.repeat(scores_of(items, 3)[:1], 7, axis=0)
    found, twin = whole_scores(scores, items, solvers=8), slow(items, states, scores, 8)
    assert found.calibration == 0.0
    np.testing.assert_allclose(found.error, twin.error, rtol=2e-6)
    nobody = whole_scores(np.full((2, N), np.nan), items, solvers=8)
    assert nobody.calibration == 0.0
    assert nobody.value == pytest.approx([states.weight @ states.p.mean(1)] * 2, rel=1e-6)
    assert whole_scores(scores[0], items).value.shape == (1,)


def test_one_item_alone() -> None:
    items = bank(4, residual=False, n=1)
    found = whole_scores([[1.0], [np.nan]], items)
    assert found.common == 0.0
    assert found.value[0] == 1.0
    assert found.error[0] == 0.0
    assert found.error[1] > 0.2


def test_two_items_have_a_common_error() -> None:
    """The variance of two means is half their difference squared; over two items, a quarter of it."""
    items = bank(5, residual=False, n=2)
    expected = np.exp(bank_model(items).log_weight) @ bank_model(items).expected
    found = whole_scores([[np.nan, np.nan]], items)
    assert found.common == pytest.approx((expected[0] - expected[1]) ** 2 / 4, rel=1e-9)
