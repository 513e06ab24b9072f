"""Intervals of agreement by their definition: each statistic written with loops, its influences by differences."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats

from acidtest.stats.agreement import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    percent_agreement,
)
from acidtest.stats.agreement.alpha import alpha_sums
from acidtest.stats.agreement.kappa import cohen_sums, fleiss_sums
from acidtest.stats.agreement.linearised import standard_error
from acidtest.stats.agreement.table import categories_of, imaginary_counts, nearness
from acidtest.stats.estimate import Estimate, FloatArray

Item = tuple[tuple[int, ...], float]
"""Places of the categories that an item was given, and how much the item counts."""

Slow = Callable[[list[Item], int], float]


def near(kind: str, a: int, b: int, q: int) -> float:
    away = abs(a - b) / (q - 1)
    return {"identity": float(a == b), "linear": 1 - away, "quadratic": 1 - away**2}[kind]


def agreed(items: list[Item], q: int, kind: str) -> float:
    total = mass = 0.0
    for said, weight in items:
        if len(said) < 2:
            continue
        pairs = [near(kind, a, b, q) for i, a in enumerate(said) for j, b in enumerate(said) if i != j]
        total += weight * sum(pairs) / len(pairs)
        mass += weight
    return total / mass


def shares(items: list[Item], q: int) -> list[float]:
    mass = sum(weight for said, weight in items)
    return [sum(weight * said.count(c) / len(said) for said, weight in items) / mass for c in range(q)]


def slow_percent(items: list[Item], q: int) -> float:
    return agreed(items, q, "identity")


def slow_fleiss(items: list[Item], q: int) -> float:
    chance = sum(s**2 for s in shares(items, q))
    return (agreed(items, q, "identity") - chance) / (1 - chance)


def slow_gwet(kind: str) -> Slow:
    def slow(items: list[Item], q: int) -> float:
        whole = sum(near(kind, a, b, q) for a in range(q) for b in range(q))
        chance = whole / (q * (q - 1)) * sum(s * (1 - s) for s in shares(items, q))
        return (agreed(items, q, kind) - chance) / (1 - chance)

    return slow


def slow_cohen(kind: str) -> Slow:
    def slow(items: list[Item], q: int) -> float:
        mass = sum(weight for said, weight in items if len(said) == 2)
        table = [[sum(w for said, w in items if said == (a, b)) / mass for b in range(q)] for a in range(q)]
        cells = [(a, b) for a in range(q) for b in range(q)]
        seen = sum(table[a][b] * near(kind, a, b, q) for a, b in cells)
        row, column = [sum(r) for r in table], [sum(r[b] for r in table) for b in range(q)]
        chance = sum(row[a] * column[b] * near(kind, a, b, q) for a, b in cells)
        return (seen - chance) / (1 - chance)

    return slow


def slow_alpha(distance: str, codes: list[float]) -> Slow:
    def slow(items: list[Item], q: int) -> float:
        pairs = np.zeros((q, q))
        for said, weight in items:
            for i, a in enumerate(said):
                for j, b in enumerate(said):
                    if i != j:
                        pairs[a, b] += weight / (len(said) - 1)
        used = [pairs[c].sum() for c in range(q)]
        far = np.zeros((q, q))
        for a in range(q):
            for b in range(q):
                between = sum(used[min(a, b) : max(a, b) + 1]) - (used[a] + used[b]) / 2
                by_kind = {"nominal": float(a != b), "ordinal": between**2, "interval": (codes[a] - codes[b]) ** 2}
                far[a, b] = by_kind[distance]
        expected = sum(used[a] * used[b] * far[a, b] for a in range(q) for b in range(q)) / (sum(used) - 1)
        return 1 - float((pairs * far).sum() / expected)

    return slow


def spread(slow: Slow, groups: list[tuple[list[Item], float]], q: int) -> tuple[float, float]:
    """The statistic of weighted groups, and its standard error from how it moves with each group's weight."""

    def of(weights: list[float]) -> float:
        return slow([(said, w * m) for (own, _), w in zip(groups, weights, strict=True) for said, m in own], q)

    weights = [weight for _, weight in groups]
    moved, h = [], 1e-4
    for k in range(len(groups)):
        up, down = ([w + sign * h * (i == k) for i, w in enumerate(weights)] for sign in (1, -1))
        moved.append((of(up) - of(down)) / (2 * h))
    mass = sum(weights)
    mean = sum(w * x for w, x in zip(weights, moved, strict=True)) / mass
    squares = sum(w * (x - mean) ** 2 for w, x in zip(weights, moved, strict=True))
    return of(weights), math.sqrt(mass / (mass - 1) * squares)


def slowly(
    slow: Slow,
    ratings: FloatArray,
    codes: list[float],
    bundles: list[int] | None,
    *,
    least: int,
    alpha: bool,
    level: float,
) -> tuple[float, float, float, float]:
    """Value, ends of the interval before it is cut, and the standard error without imaginary items."""
    q = len(codes)
    items = [tuple(codes.index(x) for x in column if not np.isnan(x)) for column in ratings.T]
    kept = [i for i, said in enumerate(items) if len(said) >= least]
    of_item = {i: i if bundles is None else bundles[i] for i in kept}
    names = sorted(set(of_item.values()))
    groups: list[tuple[list[Item], float]] = [
        ([(items[i], 1.0) for i in kept if of_item[i] == name], 1.0) for name in names
    ]
    size = len(kept) / len(names)
    if alpha:
        size *= sum(len(items[i]) for i in kept) / len(kept) / 2
    imaginary: list[tuple[list[Item], float]] = [([((a, b), size)], 2 / q**2) for a in range(q) for b in range(q)]
    value, error = spread(slow, groups, q)
    centre, half = spread(slow, [*groups, *imaginary], q)
    twice = [i for i in kept if len(items[i]) > 1]
    number = len(twice) if bundles is None else len(names)
    half *= float(scipy.stats.t.ppf((1 + level) / 2, number - 1))
    return value, centre - half, centre + half, error


CODES = [1.0, 2.0, 4.0]
CASES: dict[str, tuple[Callable[..., Estimate], Slow, int, dict[str, Any]]] = {
    "percent": (percent_agreement, slow_percent, 1, {}),
    "fleiss": (fleiss_kappa, slow_fleiss, 1, {"categories": CODES}),
    "ac1": (gwet_ac1, slow_gwet("identity"), 1, {"categories": CODES}),
    "ac2 linear": (gwet_ac2, slow_gwet("linear"), 1, {"categories": CODES}),
    "ac2 quadratic": (gwet_ac2, slow_gwet("quadratic"), 1, {"categories": CODES, "weights": "quadratic"}),
    "cohen": (cohen_kappa, slow_cohen("identity"), 2, {"categories": CODES}),
    "cohen linear": (cohen_kappa, slow_cohen("linear"), 2, {"categories": CODES, "weights": "linear"}),
    "alpha": (krippendorff_alpha, slow_alpha("nominal", CODES), 2, {"categories": CODES}),
    "alpha ordinal": (
        krippendorff_alpha,
        slow_alpha("ordinal", CODES),
        2,
        {"categories": CODES, "distance": "ordinal"},
    ),
    "alpha interval": (
        krippendorff_alpha,
        slow_alpha("interval", CODES),
        2,
        {"categories": CODES, "distance": "interval"},
    ),
}


def rated(seed: int, raters: int, items: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    truth = rng.choice(CODES, items)
    said = np.where(rng.random((raters, items)) < 0.7, truth, rng.choice(CODES, (raters, items)))
    said[rng.random(said.shape) < 0.25] = np.nan
    said[:, 3] = np.nan
    said[:, :3] = CODES
    return said


@pytest.mark.parametrize("bundled", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_value_and_interval_by_their_definition(name: str, bundled: bool) -> None:  # noqa: FBT001 - a table's column
    statistic, slow, least, options = CASES[name]
    raters = 2 if name.startswith("cohen") else 4
    for seed, items in ((1, 24), (2, 60)):
        said = rated(seed, raters, items)
        bundles = [i // 3 for i in range(items)] if bundled else None
        given = None if bundles is None else np.array(bundles)
        expected = slowly(slow, said, CODES, bundles, least=least, alpha=name.startswith("alpha"), level=0.9)
        found = statistic(ratings=said, bundles=given, level=0.9, **options)
        assert found.value == pytest.approx(expected[0], rel=1e-10)
        assert expected[1] > -1
        assert found.low == pytest.approx(expected[1], rel=1e-5)
        assert found.high == pytest.approx(min(expected[2], 1.0), rel=1e-5)
        assert found.n == sum(np.isfinite(column).sum() > 1 for column in said.T)
        assert found.level == 0.9


@pytest.mark.parametrize("name", ["fleiss", "cohen", "alpha"])
def test_the_plain_error_by_its_definition(name: str) -> None:
    sums_of: Any = {"fleiss": fleiss_sums, "cohen": cohen_sums, "alpha": alpha_sums}[name]
    _, slow, least, _ = CASES[name]
    said = rated(3, 2, 30)
    for bundles in (None, [i // 2 for i in range(30)]):
        expected = slowly(slow, said, CODES, bundles, least=least, alpha=name == "alpha", level=0.95)[3]
        given = None if bundles is None else np.array(bundles)
        assert standard_error(sums_of(said, categories=CODES), given) == pytest.approx(expected, rel=1e-5)


def test_few_items_are_fewer_than_ten_and_two_are_enough_for_an_interval() -> None:
    for items in (9, 10):
        said = np.tile([0.0, 1.0], 5)[:items]
        other = said.copy()
        other[0] = 1.0
        found = percent_agreement(np.stack([said, other]))
        assert found.warnings == (("only 9 items or bundles",) if items == 9 else ())
        assert "two imaginary items added" in found.method
        assert found.method.startswith("percent agreement; ")
    bundles = np.repeat([0, 1, 2], [4, 4, 4])
    said = np.tile([0.0, 1.0, 1.0], 4)
    two = percent_agreement(np.stack([said, said[::-1]])[:, :8], bundles=bundles[:8])
    assert math.isfinite(two.low)
    assert two.warnings == ("only 2 items or bundles",)
    one = percent_agreement(np.stack([said, said[::-1]])[:, :4], bundles=bundles[:4])
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert one.n == 4
    assert one.value == pytest.approx(float((said[:4] == said[::-1][:4]).mean()))
    assert one.warnings == ("one item or bundle alone has no interval",)
    # The share itself cannot be below 0, the others can.
    apart = np.stack([said, 1 - said])
    assert percent_agreement(apart).low == 0
    assert cohen_kappa(apart).low == -1
    assert not any("no disagreement" in text for text in percent_agreement(apart).warnings)
    assert any("no disagreement" in text for text in percent_agreement(np.stack([said, said])).warnings)


def test_where_one_category_was_used_another_could_have_been() -> None:
    one = np.full((3, 12), 7.0)
    for found in (gwet_ac1(one), percent_agreement(one)):
        items: list[tuple[list[Item], float]] = [([((0, 0, 0), 1.0)], 1.0) for _ in range(12)]
        imaginary: list[tuple[list[Item], float]] = [([((a, b), 1.0)], 0.5) for a in (0, 1) for b in (0, 1)]
        slow = slow_percent if "percent" in found.method else slow_gwet("identity")
        centre, error = spread(slow, [*items, *imaginary], 2)
        assert found.low == pytest.approx(centre - scipy.stats.t.ppf(0.975, 11) * error, rel=1e-5)
    assert "Gwet's AC1; " in gwet_ac1(one).method
    assert gwet_ac2(one, weights="quadratic").method.startswith("Gwet's AC2, quadratic weights; ")
    assert krippendorff_alpha(rated(1, 3, 9)).method.startswith("Krippendorff's alpha, nominal; ")
    # Of alpha's interval distances between codes that nobody used, nothing is seen; the codes themselves count.
    many = [0.0, 1.0, 5.0]
    said = np.array([[0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]] * 2)
    said[0, 0] = 1.0
    expected = slowly(slow_alpha("interval", many), said, many, None, least=2, alpha=True, level=0.95)
    found = krippendorff_alpha(said, distance="interval", categories=many)
    assert (found.value, found.low) == pytest.approx((expected[0], expected[1]), rel=1e-5)


def test_up_to_a_hundred_categories_and_their_nearness() -> None:
    hundred = np.arange(100.0)
    np.testing.assert_array_equal(categories_of(np.stack([hundred, hundred])), hundred)
    with pytest.raises(ValueError, match="101 categories: 100 at most"):
        categories_of(np.stack([np.arange(101.0)] * 2))
    assert categories_of(np.array([[1.0, np.nan]]), [3, 1, 3]).tolist() == [1.0, 3.0]
    for kind in ("identity", "linear", "quadratic"):
        found = nearness(5, kind)
        for a in range(5):
            for b in range(5):
                assert found[a, b] == pytest.approx(near(kind, a, b, 5), abs=1e-15)
    assert nearness(1).tolist() == [[1.0]]
    blind = imaginary_counts(3)
    assert sorted(map(tuple, blind.tolist())) == sorted(
        tuple(float((a == c) + (b == c)) for c in range(3)) for a in range(3) for b in range(3)
    )
