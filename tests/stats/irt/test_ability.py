"""Abilities on known items, against a dense grid and a general optimizer."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.items import Items
from irt_worlds import world


def some_items(n: int, guess: float) -> Items:
    rng = np.random.default_rng(n)
    return Items(discrimination=np.exp(rng.normal(0, 0.5, n)), difficulty=rng.normal(size=n), guess=np.full(n, guess))


def answers(items: Items, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    x = (rng.random((12, len(items))) < items.expected(rng.normal(size=12))).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    return x


def log_posterior(x: FloatArray, items: Items, t: float, mean: float, sd: float) -> float:
    p = items.expected(t)
    return float(np.nansum(np.where(x == 1, np.log(p), np.log1p(-p)) + 0 * x)) - 0.5 * ((t - mean) / sd) ** 2


@pytest.mark.parametrize("n", [1, 2, 6, 30])
@pytest.mark.parametrize("guess", [0.0, 0.25])
def test_mean_and_deviation_are_those_of_a_dense_grid(n: int, guess: float) -> None:
    items = some_items(n, guess)
    x = answers(items)
    found = ability(x, items, method="eap", mean=0.3, sd=1.5)
    grid = np.linspace(-11, 11, 2201)
    for row, value, se in zip(x, found.value, found.se, strict=True):
        log = np.array([log_posterior(row, items, t, 0.3, 1.5) for t in grid])
        weight = np.exp(log - log.max()) / np.exp(log - log.max()).sum()
        mean = weight @ grid
        assert value == pytest.approx(mean, abs=1e-3)
        assert se == pytest.approx(np.sqrt(weight @ (grid - mean) ** 2), abs=1e-3)


@pytest.mark.parametrize("n", [1, 6, 60])
@pytest.mark.parametrize("guess", [0.0, 0.25])
def test_mode_is_what_a_general_optimizer_finds(n: int, guess: float) -> None:
    items = some_items(n, guess)
    x = answers(items, seed=2)
    found = ability(x, items, mean=-0.2, sd=0.8)
    for row, value, se in zip(x, found.value, found.se, strict=True):
        best = minimize_scalar(
            lambda t, row=row: -log_posterior(row, items, t, -0.2, 0.8), bounds=(-6, 6), options={"xatol": 1e-9}
        )
        assert value == pytest.approx(best.x, abs=1e-5)
        seen = np.isfinite(row)
        # Definition: information of the items seen, and of the prior
        assert se == pytest.approx((items.take(seen).information(value).sum() + 1 / 0.8**2) ** -0.5, rel=1e-6)


def test_corners_of_a_posterior_do_not_keep_it_leaping() -> None:
    # Guttman's ladder of nearly perfect items: every ability between the third and the fourth has the same likelihood
    items = Items(discrimination=np.full(6, 500.0), difficulty=np.linspace(-2.5, 2.5, 6), guess=np.zeros(6))
    found = ability(np.array([1.0, 1, 1, 1, 0, 0]), items, mean=-3)
    assert 0.5 < found.value[0] < 0.55


def test_methods_differ_where_answers_are_few_and_agree_where_they_are_many() -> None:
    few, many = some_items(2, 0), some_items(4000, 0)
    gap = [
        abs(ability(x, items, method="eap").value - ability(x, items).value).max()
        for items, x in ((few, answers(few)), (many, answers(many)))
    ]
    assert gap[0] > 0.005
    assert gap[1] < 0.001


def test_a_large_table_is_placed_like_its_rows() -> None:
    # Large tables take compiled sums in single precision, single rows NumPy's
    x, _, items = world(40, 1500, 5, missing=0.1)
    for method in ("map", "eap"):
        whole = ability(x, items, method=method)
        row = ability(x[7], items, method=method)
        assert whole.value[7] == pytest.approx(row.value[0], abs=1e-5)
        assert whole.se[7] == pytest.approx(row.se[0], rel=1e-4)


@pytest.mark.parametrize("method", ["map", "eap"])
def test_without_a_score_the_prior_stands(method: str) -> None:
    items = some_items(3, 0.25)
    found = ability(np.full((2, 3), np.nan), items, method=method, mean=0.5, sd=2)  # type: ignore[arg-type]  # of the parameters
    assert found.value == pytest.approx([0.5, 0.5])
    assert found.se == pytest.approx([2, 2])


def test_scores_that_items_cannot_have_are_refused() -> None:
    with pytest.raises(DataError, match="other than 0 and 1"):
        ability([[0.5, 1.0, 0.0]], some_items(3, 0))
    with pytest.raises(DataError, match="for 3 items"):
        ability([[1.0, 0.0]], some_items(3, 0))
