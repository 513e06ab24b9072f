"""Distributions of sets beside their definitions: points counted one by one, bundles whole, integrals of steps."""

import math

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.sets import distribution as module
from acidtest.stats.irt.sets.distribution import (
    DifficultyOf,
    Spread,
    bundle_numbers,
    difficulty_edges,
    expected_information,
    log_discrimination_edges,
    wasserstein,
)
from acidtest.stats.irt.sets.item_posterior import Clouds, Population

PRIOR = Population(mean=np.array([0.1, 0.0]), covariance=np.array([[0.2, 0.02], [0.02, 1.2]]))
EDGES = np.linspace(-5.0, 4.0, 501)


def some_clouds(n: int, seed: int, draws: int = 2, points: int = 6) -> Clouds:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0.1, 0.5, (n, points)), rng.normal(0.2, 1.2, (n, points))
    weight = rng.normal(size=(n, points))
    drawn = weight + 0.5 * rng.normal(size=(draws, n, points))
    return Clouds(log_discrimination=x, difficulty=y, log_weight=weight, drawn=drawn.astype(np.float32))


def test_a_spread_is_a_density_of_steps() -> None:
    """Beside a grid so fine that cells are points."""
    edges, share = np.array([-1.0, 0.5, 2.0, 3.5]), np.array([[0.2, 0.5, 0.3], [0.0, 0.6, 0.4]])
    spread = Spread(edges=edges, share=share)
    assert spread.middles.tolist() == [-0.25, 1.25, 2.75]
    for row, mean, sd in zip(share, spread.mean(), spread.sd(), strict=True):
        middle = sum(p * m for p, m in zip(row, (-0.25, 1.25, 2.75), strict=True))
        square = sum(p * (m - middle) ** 2 for p, m in zip(row, (-0.25, 1.25, 2.75), strict=True))
        assert (mean, sd) == pytest.approx((middle, math.sqrt(square)))
    assert spread.cumulative() == pytest.approx(np.array([[0, 0.2, 0.7, 1], [0, 0, 0.6, 1]]))
    assert spread.quantile(0.45) == pytest.approx([0.5 + 1.5 * 0.25 / 0.5, 0.5 + 1.5 * 0.45 / 0.6])
    assert spread.below(1.0) == pytest.approx([0.2 + 0.5 / 3, 0.6 / 3])
    assert spread.below([1.0, 2.3]) == pytest.approx([0.2 + 0.5 / 3, 0.6 + 0.4 * 0.3 / 1.5])
    twice = Spread(edges=edges, share=2 * share)
    assert twice.cumulative() == pytest.approx(spread.cumulative())  # whatever they sum to
    one = Spread(edges=edges, share=np.array([0.0, 1.0, 0.0]))
    assert (float(one.sd()), float(one.mean())) == (0.0, 1.25)
    rounded = Spread(edges=edges, share=np.array([0.0, 1 + 2**-50, 0.0]))
    assert float(rounded.sd()) == 0  # a variance that rounding puts below 0 is no NaN
    assert one.below(1.25).shape == one.quantile(0.5).shape == ()


def test_wasserstein_is_the_area_between_quantiles() -> None:
    rng = np.random.default_rng(1)
    edges = np.linspace(-2, 3, 11)
    shares = rng.dirichlet(np.ones(10), size=(2, 3))
    one, other = (Spread(edges=edges, share=share) for share in shares)
    for k in range(3):
        places = np.repeat(one.middles, 1)
        apart = sum(
            abs(sum(shares[0, k, : i + 1]) - sum(shares[1, k, : i + 1])) * (places[i + 1] - places[i]) for i in range(9)
        )
        assert wasserstein(one, other)[k] == pytest.approx(apart)


def counted(clouds: Clouds, weight: FloatArray, residual: FloatArray | None) -> dict[str, FloatArray]:
    """Every point put into its cell, by search."""
    a_edges = np.linspace(-math.log(8), math.log(8), 501)
    sharp, place = np.linspace(-3.5, 3.5, 49), np.linspace(EDGES[0], EDGES[-1], 101)
    found = {"difficulty": np.zeros(500), "log_discrimination": np.zeros(500), "both": np.zeros(4800)}

    def cell(value: float, edges: FloatArray) -> int:
        return int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(edges) - 2))

    for i in range(len(clouds)):
        for s in range(weight.shape[1]):
            x, y, w = clouds.log_discrimination[i, s], clouds.difficulty[i, s], weight[i, s]
            steep = x - (0 if residual is None else math.log(residual[i]))
            found["difficulty"][cell(y, EDGES)] += w
            found["log_discrimination"][cell(x, a_edges)] += w
            found["both"][cell(steep, sharp) * 100 + cell(y, place)] += w
    return found


@pytest.mark.parametrize("continuous", [False, True])
def test_distributions_are_points_counted(continuous: bool) -> None:  # noqa: FBT001  # pytest gives it
    clouds = some_clouds(7, 2, draws=3)
    clouds.difficulty[0, :2] = -30, 30
    clouds.log_discrimination[1, :2] = -9, 9
    residual = np.random.default_rng(3).random(7) + 0.3 if continuous else None
    of = DifficultyOf(clouds, PRIOR, edges=EDGES, bundles=np.arange(7), residual=residual)
    assert (of.part.tolist(), of.narrower) == (list(range(7)), 1.0)
    counts = np.random.default_rng(4).integers(0, 4, (5, 7)).astype(float)
    drawn, seen = of.drawn(counts), of.seen()
    populations = of.of.resampled(counts)
    plain = of.of.resampled(np.ones((3, 7)))
    for name in ("difficulty", "log_discrimination", "both"):
        assert len(drawn[name].edges) == drawn[name].share.shape[1] + 1
        for r in range(5):
            weight = of.of.posterior(populations[r], draw=r % 3) * counts[r][:, None] / counts[r].sum()
            assert drawn[name].share[r] == pytest.approx(counted(clouds, weight, residual)[name])
        each = [counted(clouds, of.of.posterior(plain[k], draw=k) / 7, residual)[name] for k in range(3)]
        assert seen[name].share == pytest.approx(sum(each) / 3)
    assert seen["difficulty"].edges == pytest.approx(EDGES)
    assert seen["log_discrimination"].edges == pytest.approx(np.linspace(-math.log(8), math.log(8), 501))


@pytest.mark.parametrize("kind", ["plain", "guess", "continuous"])
def test_information_is_that_of_each_cells_middle(kind: str) -> None:
    clouds = some_clouds(6, 5)
    residual = np.random.default_rng(6).random(6) + 0.4 if kind == "continuous" else None
    items = Items(
        discrimination=np.ones(6), difficulty=np.zeros(6), guess=np.full(6, 0.2 * (kind == "guess")), residual=residual
    )
    of = DifficultyOf(clouds, PRIOR, edges=EDGES, bundles=np.arange(6), residual=residual)
    ability = np.array([-1.0, 0.2, 1.5])
    rng = np.random.default_rng(7)
    share = rng.dirichlet(np.ones(4800), size=2)
    found = of.information(Spread(edges=of.edges["both"], share=share), ability, items.guess[0])

    def information(a: float, b: float, t: float, c: float) -> float:
        if kind == "continuous":
            return a * a
        s = 1 / (1 + math.exp(-a * (t - b)))
        wrong = 1 / (1 + math.exp(a * (t - b)))  # 1 - s, which would lose its digits
        return ((1 - c) * a * s * wrong) ** 2 / ((c + (1 - c) * s) * (1 - c) * wrong)

    sharp = [math.exp(-3.5 + 7 * (i + 0.5) / 48) for i in range(48)]
    place = [EDGES[0] + (EDGES[-1] - EDGES[0]) * (j + 0.5) / 100 for j in range(100)]
    cells = np.array([[[information(a, b, t, items.guess[0]) for t in ability] for b in place] for a in sharp])
    assert found == pytest.approx(share @ cells.reshape(4800, 3))
    if kind == "plain":
        assert (of.information(Spread(edges=of.edges["both"], share=share), ability) == found).all()
    # what cells make of it, beside every point
    weight = of.of.posterior()
    exact = np.zeros(3)
    for i in range(6):
        scale = 1 if residual is None else residual[i]
        for s in range(6):
            a, b = math.exp(clouds.log_discrimination[i, s]) / scale, clouds.difficulty[i, s]
            exact += weight[i, s] / 6 * np.array([information(a, b, t, items.guess[0]) for t in ability])
    by_cells = counted(clouds, weight / 6, residual)["both"] @ cells.reshape(4800, 3)
    assert of.too_little(ability, items) == pytest.approx(exact / by_cells)


def test_expected_information_is_made_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = some_clouds(7, 8)
    rng = np.random.default_rng(9)
    items = Items(discrimination=np.ones(7), difficulty=np.zeros(7), guess=rng.random(7) / 3)
    weight, ability = rng.dirichlet(np.ones(6), size=7), np.array([-1.0, 0.0, 2.0])
    slow = np.zeros((7, 3))
    for i in range(7):
        for s in range(6):
            one = Items(
                discrimination=np.exp(clouds.log_discrimination[i, s : s + 1]),
                difficulty=clouds.difficulty[i, s : s + 1],
                guess=items.guess[i : i + 1],
            )
            slow[i] += weight[i, s] * one.information(ability)[:, 0]
    assert expected_information(clouds, weight, ability, items) == pytest.approx(slow)
    for cells in (1, 36, 53, 54):
        monkeypatch.setattr(module, "_AT_ONCE", cells)
        assert expected_information(clouds, weight, ability, items) == pytest.approx(slow)


def test_of_very_many_items_a_part_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its resamples differ from it by as much less as there are more bundles."""
    monkeypatch.setattr(module, "MOST_RESAMPLED", 8)
    bundles = np.repeat(np.arange(10), 2)
    clouds = some_clouds(20, 10)
    of = DifficultyOf(clouds, PRIOR, edges=EDGES, bundles=bundles)
    chosen = [0, 3, 6, 9]  # 10 x 8 / 20, evenly
    assert of.part.tolist() == [i for i in range(20) if bundles[i] in chosen]
    assert of.narrower == pytest.approx(math.sqrt(0.4))
    counts = of.resamples(np.random.default_rng(11), 6)
    found = of.drawn(counts)
    part = of.of.take(of.part)
    populations, plain, whole = (
        part.resampled(counts),
        part.resampled(np.ones((2, 8))),
        of.of.resampled(np.ones((2, 20))),
    )
    for name in ("difficulty", "both"):
        for r in range(6):
            k = r % 2
            own = counted(
                part.clouds, part.posterior(populations[r], draw=k) * counts[r][:, None] / counts[r].sum(), None
            )
            usual = counted(part.clouds, part.posterior(plain[k], draw=k) / 8, None)
            every = counted(clouds, of.of.posterior(whole[k], draw=k) / 20, None)
            moved = np.maximum(every[name] + math.sqrt(0.4) * (own[name] - usual[name]), 0)
            assert found[name].share[r] == pytest.approx(moved / moved.sum())


@pytest.mark.parametrize(("items", "part"), [(7, 7), (8, 8), (9, 8)])
def test_a_part_is_taken_of_more_items_than_said(items: int, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RESAMPLED", 8)
    found, narrower = module._part(np.arange(items))
    assert len(found) == part
    assert narrower == pytest.approx(math.sqrt(part / items))


def test_a_part_has_two_bundles_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RESAMPLED", 2)
    bundles = np.repeat(np.arange(4), 5)
    found, narrower = module._part(bundles)
    assert sorted(set(bundles[found].tolist())) == [0, 3]
    assert narrower == pytest.approx(math.sqrt(0.5))


def test_resamples_take_bundles_whole() -> None:
    bundles = np.array([0, 1, 1, 2, 3, 3, 3, 4])
    of = DifficultyOf(some_clouds(8, 12), PRIOR, edges=EDGES, bundles=bundles)
    for size, wanted in ((0, 5), (16, 10), (4, 2), (1, 1), (5, 3)):  # 5 bundles x size / 8 items
        counts = of.resamples(np.random.default_rng(13), 4000, size)
        assert (counts[:, 1] == counts[:, 2]).all()
        assert (counts[:, 4] == counts[:, 6]).all()
        each = counts[:, [0, 1, 3, 4, 7]]
        assert (each.sum(1) == wanted).all()
        # multinomial: mean w / 5 and variance w .16; five standard errors
        assert each.mean(0) == pytest.approx(np.full(5, wanted / 5), abs=5 * math.sqrt(wanted * 0.16 / 4000))


def test_edges_reach_two_beyond_all_abilities() -> None:
    found = difficulty_edges(np.array([0.5, -1.0, 2.0]))
    assert (len(found), found[0], found[-1]) == (501, -3.0, 4.0)
    found = log_discrimination_edges()
    assert (len(found), np.exp(found[0]), np.exp(found[-1])) == pytest.approx((501, 1 / 8, 8))


def test_bundles_are_numbered_in_their_order_and_names_that_look_like_items_are_none() -> None:
    assert bundle_numbers(["b", "", "a", "3", "", "b"], 6).tolist() == [0, 1, 2, 3, 4, 0]
    assert bundle_numbers([], 3).tolist() == [0, 1, 2]
    assert bundle_numbers(["1", "", "1"], 3).tolist() == [0, 1, 0]
