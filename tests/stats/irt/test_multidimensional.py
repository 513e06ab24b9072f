"""Several abilities: chances of being right recovered, axes that do not depend on order, never NaN."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.several.multidimensional import fit_multidimensional
from acidtest.stats.irt.several.rotation import axes


def simulated(
    solvers: int, n: int, dimensions: int, seed: int, missing: float = 0.1
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return scores, chances, abilities and loadings: each item asks for one ability and hardly for others."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=(solvers, dimensions))
    loadings = 0.2 * np.abs(rng.normal(size=(n, dimensions)))
    loadings[np.arange(n), np.arange(n) % dimensions] += np.exp(rng.normal(0.2, 0.3, n))
    chance = expit(ability @ loadings.T + rng.normal(0, 1.2, n))
    scores = (rng.random(chance.shape) < chance).astype(float)
    return np.where(rng.random(chance.shape) < missing, np.nan, scores), chance, ability, loadings


def error_with_abilities_known(scores: FloatArray, chance: FloatArray, ability: FloatArray) -> float:
    """The oracle: scikit-learn's logistic regression of items on true abilities, its penalty the best of four."""
    from sklearn.linear_model import LogisticRegression

    best = np.inf
    for c in (0.3, 1.0, 3.0, 10.0):
        squares = []
        for j in range(scores.shape[1]):
            seen = np.isfinite(scores[:, j])
            if len(set(scores[seen, j])) > 1:
                item = LogisticRegression(C=c).fit(ability[seen], scores[seen, j])
                squares.append(((item.predict_proba(ability)[:, 1] - chance[:, j]) ** 2).mean())
        best = min(best, float(np.sqrt(np.mean(squares))))
    return best


def test_chances_are_nearly_as_near_as_with_abilities_known() -> None:
    scores, chance, ability, _ = simulated(120, 200, 3, 0)
    fit = fit_multidimensional(scores, 3)
    assert fit.converged
    error = np.sqrt(np.mean((fit.expected - chance) ** 2))
    assert error < 1.25 * error_with_abilities_known(scores, chance, ability)
    alone = fit_multidimensional(scores, 1)
    assert error < 0.7 * np.sqrt(np.mean((alone.expected - chance) ** 2))


def test_abilities_and_loadings_are_found_each_on_its_own_axis() -> None:
    scores, _, ability, loadings = simulated(150, 400, 3, 1)
    fit = fit_multidimensional(scores, 3)
    found = np.abs(np.corrcoef(fit.ability.T, ability.T)[:3, 3:])
    assert (np.sort(found, axis=1)[:, -1] > 0.95).all()
    assert sorted(found.argmax(axis=1)) == [0, 1, 2]
    turned = np.corrcoef(fit.loadings.T, loadings.T)[:3, 3:]
    assert (turned[np.arange(3), found.argmax(axis=1)] > 0.8).all()
    place = found.argmax(axis=1)
    away = fit.ability - (ability[:, place] - ability[:, place].mean(0)) / ability[:, place].std(0)
    assert 0.7 < np.std(away / fit.ability_se) < 1.6
    assert (np.diff(fit.explained) <= 0.02).all()


def test_a_dimension_that_is_not_there_explains_nothing() -> None:
    scores, _, _, _ = simulated(80, 200, 2, 2)
    three = fit_multidimensional(scores, 3)
    assert three.explained[2] < 0.1 * three.explained[1]


def test_order_of_solvers_and_items_does_not_matter() -> None:
    scores, _, _, _ = simulated(40, 90, 2, 3)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(40), rng.permutation(90)
    one = fit_multidimensional(scores, 2, tolerance=1e-7)
    two = fit_multidimensional(scores[np.ix_(rows, columns)], 2, tolerance=1e-7)
    np.testing.assert_allclose(two.ability, one.ability[rows], atol=1e-3)
    np.testing.assert_allclose(two.loadings, one.loadings[columns], atol=1e-3)
    np.testing.assert_allclose(two.expected, one.expected[np.ix_(rows, columns)], atol=1e-4)


def test_axes_do_not_depend_on_how_loadings_were_turned() -> None:
    rng = np.random.default_rng(4)
    _, _, _, loadings = simulated(5, 60, 3, 4)
    turned = loadings @ axes(loadings)
    for _ in range(5):
        other = loadings @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
        np.testing.assert_allclose(other @ axes(other), turned, atol=1e-5)
    np.testing.assert_allclose(axes(loadings).T @ axes(loadings), np.eye(3), atol=1e-10)
    assert (turned.sum(0) >= 0).all()


def test_varimax_is_the_greatest_over_all_turns_of_a_plane() -> None:
    """Kaiser's criterion, the variance of squared loadings, searched over the angle."""
    _, _, _, loadings = simulated(5, 40, 2, 5)

    def criterion(found: FloatArray) -> float:
        return float((found**2).var(axis=0).sum())

    angles = np.linspace(0, np.pi, 2001)
    turns = [np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]) for t in angles]
    best = max(criterion(loadings @ turn) for turn in turns)
    assert criterion(loadings @ axes(loadings)) >= best - 1e-9


def test_the_right_number_of_abilities_foretells_best() -> None:
    scores, _, _, _ = simulated(60, 300, 2, 6, missing=0.0)
    out = np.random.default_rng(1).random(scores.shape) < 0.2
    likely = []
    for dimensions in (1, 2, 3):
        p = fit_multidimensional(np.where(out, np.nan, scores), dimensions).expected
        likely.append(float(np.log(np.where(scores == 1, p, 1 - p))[out].mean()))
    assert int(np.argmax(np.round(likely, 3))) == 1


def test_what_cannot_be_fitted_is_refused() -> None:
    scores, _, _, _ = simulated(6, 9, 2, 7)
    for dimensions in (0, 6, 9):
        with pytest.raises(DataError, match="dimensions"):
            fit_multidimensional(scores, dimensions)
    with pytest.raises(DataError, match="0 and 1 only"):
        fit_multidimensional([[0.5, 1.0], [0.0, 1.0], [1.0, 1.0]], 1)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.integers(3, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([np.nan, 0.0, 1.0]), min_size=n, max_size=n), min_size=3, max_size=6
        )
    ),
    st.integers(1, 2),
)
def test_no_table_makes_nan(table: list[list[float]], dimensions: int) -> None:
    scores = np.array(table)
    if not np.isfinite(scores).any():
        return
    fit = fit_multidimensional(scores, dimensions, most_sweeps=60)
    for values in (fit.loadings, fit.easiness, fit.ability, fit.ability_se, fit.explained, fit.expected):
        assert np.isfinite(values).all()
    assert np.isfinite(fit.log_likelihood)
    silent = ~np.isfinite(scores).any(1)
    np.testing.assert_allclose(fit.ability_se[silent], 1.0)
