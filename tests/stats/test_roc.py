"""Areas under the ROC curve, against scikit-learn and against DeLong's definition, computed slowly."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from acidtest.stats.roc import areas_under_roc


def test_the_area_is_that_of_scikit_learn_with_ties_too() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(200) < 0.3
    numbers = np.round(rng.normal(size=200) + positive, 1)
    found = areas_under_roc({"one": numbers}, positive).area["one"]
    assert found.value == pytest.approx(roc_auc_score(positive, numbers))
    assert found.low < found.value < found.high


def test_the_difference_has_the_variance_of_its_definition() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(60) < 0.4
    first = rng.normal(size=60) + positive
    second = np.round(first + rng.normal(size=60), 1)
    less = areas_under_roc({"first": first, "second": second}, positive).less_first["second"]
    slow = {}
    for name, x in (("first", first), ("second", second)):
        wins = np.array([[float(a > b) + 0.5 * float(a == b) for b in x[~positive]] for a in x[positive]])
        slow[name] = wins.mean(1), wins.mean(0), wins.mean()
    by_positive, by_negative = (slow["second"][k] - slow["first"][k] for k in range(2))
    variance = by_positive.var(ddof=1) / positive.sum() + by_negative.var(ddof=1) / (~positive).sum()
    assert less.value == pytest.approx(slow["second"][2] - slow["first"][2])
    assert less.high - less.low == pytest.approx(2 * 1.959964 * np.sqrt(variance), rel=1e-6)


def test_intervals_of_the_area_hold_it() -> None:
    rng = np.random.default_rng(2)
    held = []
    for _ in range(400):
        positive = np.arange(90) < 30
        found = areas_under_roc({"x": rng.normal(size=90) + positive}, positive).area["x"]
        held.append((found.low > _TRUE) - (found.high < _TRUE))
    assert np.mean(np.array(held) == 0) == pytest.approx(0.95, abs=0.03)


_TRUE = 0.7602499389065233
"""P(N(1, 1) > N(0, 1)), the normal distribution function at 1 / sqrt(2)."""


def test_what_has_no_area_is_refused() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        areas_under_roc({"x": np.arange(4.0)}, np.array([True, False, False, False]))
    with pytest.raises(ValueError, match="NaN"):
        areas_under_roc({"x": np.array([1, 2, 3, np.nan])}, np.array([True, False, True, False]))
