"""Whole scores of new solvers from a table of their answers, and items matched to those of another benchmark."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import t as student_t

from acidtest.compare.adapt import methods
from acidtest.compare.adapt.adapt import adapt
from acidtest.compare.adapt.foretold import adapt_answers, aligned
from acidtest.compare.adapt.forms import forms_report, matched
from acidtest.compare.adapt.held_out import split
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import rng_for
from acidtest.stats.irt.small.parallel_forms import evenly_spread, information_gap
from acidtest.stats.irt.small.predicted_score import predicted_score
from acidtest.stats.irt.small.score_model import score_model

N = 40


def table(solvers: int, seed: int, *, abilities: int = 1, guess: float = 0.0) -> FloatArray:
    """Right and wrong answers to the same N items; each item asks for one of some abilities that go together."""
    fixed, rng = np.random.default_rng(0), np.random.default_rng([1, seed])
    a, b, of = np.exp(fixed.normal(0.3, 0.3, N)), fixed.normal(-0.3, 1, N), fixed.integers(abilities, size=N)
    common = rng.normal(size=(solvers, 1))
    ability = np.sqrt(0.6) * common + np.sqrt(0.4) * rng.normal(size=(solvers, abilities)) if abilities > 1 else common
    chance = guess + (1 - guess) * expit(a * (ability[:, of] - b))
    return (rng.random(chance.shape) < chance).astype(float)


def matrix(scores: FloatArray, *, start: str = "m", names: tuple[str, ...] = ("set",)) -> ScoreMatrix:
    solvers, items = scores.shape
    each = items // len(names)
    return ScoreMatrix(
        models=tuple(f"{start}{i}" for i in range(solvers)),
        items=tuple(f"i{i % each}" for i in range(items)),
        benchmark=tuple(name for name in names for _ in range(each)),
        scores=scores,
        kinds={},
        generators={},
        families={},
        topics=("",) * items,
        bundles=("",) * items,
    )


def with_holes(scores: FloatArray, asked: int, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    holes = scores.copy()
    for row in holes:
        row[rng.permutation(N)[asked:]] = np.nan
    return holes


def test_new_answers_are_foretold_as_few_answers_in_the_table_are() -> None:
    old, new = table(16, 0), with_holes(table(3, 1), 12)
    inside = adapt(matrix(np.concatenate([old, new])), sizes=(8,), method="random").predicted
    apart = adapt_answers(matrix(old), matrix(new, start="new"))
    assert [e.value for e in inside.values()] == [e.value for e in apart.predicted.values()]
    assert [(e.low, e.high, e.n) for e in inside.values()] == [(e.low, e.high, e.n) for e in apart.predicted.values()]
    assert list(apart.predicted) == ["new0", "new1", "new2"]
    assert (apart.results, apart.chosen, apart.forms) == ((), (), None)


def test_intervals_hold_what_solvers_left_out_show() -> None:
    """By the definition: of each part, errors beyond the model's own, from the new solver's items; Student's t."""
    old, new = table(16, 0, abilities=2), with_holes(table(1, 1), 12)
    seen = np.isfinite(new[0])
    beyond = []
    for out in split([str(i) for i in range(16)], 5, rng_for(0, "adapt", "folds", "0")):
        model = score_model(np.delete(old, out, axis=0))
        one = predicted_score(model, np.where(seen, old[out], np.nan))
        beyond += ((one.value - old[out].mean(axis=1)) ** 2 - one.ability_se**2 - one.unseen_se**2).tolist()
    assert np.mean(beyond) > 0
    one = predicted_score(score_model(old), new)
    wide = student_t(15).ppf(0.975) * np.sqrt(one.ability_se**2 + one.unseen_se**2 + np.mean(beyond))[0]
    found = adapt_answers(matrix(old), matrix(new, start="new")).predicted["new0"]
    assert found.low == pytest.approx(max(one.value[0] - wide, 0))
    assert found.high == pytest.approx(min(one.value[0] + wide, 1))


def test_each_solver_has_the_interval_of_its_own_items() -> None:
    """One by one and all together, the same: two were asked the same items, a third others."""
    old, new = matrix(table(12, 0)), table(3, 1)
    new[:2, 15:] = np.nan
    new[2, :30] = np.nan
    together = adapt_answers(old, matrix(new, start="new")).predicted
    for row in range(3):
        one = ScoreMatrix(**{**vars(matrix(new[row : row + 1])), "models": (f"new{row}",)})
        alone = adapt_answers(old, one).predicted
        assert [(e.value, e.low, e.high) for e in alone.values()] == [
            (together[f"new{row}"].value, together[f"new{row}"].low, together[f"new{row}"].high)
        ]
    assert together["new1"].high - together["new1"].low != together["new2"].high - together["new2"].low


def test_who_answered_all_is_foretold_its_own_mean() -> None:
    new = table(2, 3)
    found = adapt_answers(matrix(table(16, 0)), matrix(new, start="new")).predicted
    for row, one in zip(new, found.values(), strict=True):
        assert one.value == pytest.approx(row.mean())
        assert one.high - one.low == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("abilities", "guess", "solvers"), [(2, 0.0, 40), (1, 0.25, 40), (1, 0.0, 15)])
def test_intervals_of_new_solvers_hold_in_other_worlds(abilities: int, guess: float, solvers: int) -> None:
    """Two abilities, guessing, or 15 solvers to learn from, and holes: 200 new solvers asked the same 12 items."""
    old = table(solvers, 5, abilities=abilities, guess=guess)
    holes = np.random.default_rng(0).random(old.shape) < 0.04
    true = table(200, 6, abilities=abilities, guess=guess)
    asked = np.full(true.shape, np.nan)
    asked[:, 1::3] = true[:, 1::3]
    found = adapt_answers(matrix(np.where(holes, np.nan, old)), matrix(asked, start="new")).predicted.values()
    held = [one.low <= mean <= one.high for one, mean in zip(found, true.mean(axis=1), strict=True)]
    assert np.mean(held) >= 0.9
    assert np.mean([one.high - one.low for one in found]) < 0.6  # and not by saying nothing


def test_items_are_found_by_their_ids_in_any_order() -> None:
    old, new = table(4, 0), table(2, 1)
    turned = matrix(new[:, ::-1], start="new")
    turned = ScoreMatrix(**{**vars(turned), "items": turned.items[::-1]})
    rows, said = aligned(matrix(old), turned)
    assert rows.tolist() == new.tolist()
    assert said == ()
    odd = ScoreMatrix(**{**vars(turned), "items": ("odd", *turned.items[1:])})
    rows, said = aligned(matrix(old), odd)
    assert np.isnan(rows[:, -1]).all()
    assert said == ("1 item of --answers not in SCORES, left out: 'odd'",)


def test_a_file_s_own_name_stands_for_the_only_benchmark() -> None:
    old, new = matrix(table(4, 0)), matrix(table(2, 1), start="new", names=("answers",))
    assert np.isfinite(aligned(old, new, {"answers"})[0]).all()
    with pytest.raises(DataError, match="no item of --answers stands in SCORES"):
        aligned(old, new)
    with pytest.raises(DataError, match="no item of --answers stands in SCORES"):
        aligned(matrix(table(4, 0), names=("a", "b")), new, {"answers"})
    two = matrix(table(2, 1), start="new", names=("a", "b"))
    with pytest.raises(DataError, match="two files of --answers hold the same items"):
        aligned(old, two, {"a", "b"})


def test_what_cannot_be_foretold_is_said() -> None:
    old = matrix(table(16, 0))
    with pytest.raises(DataError, match="'m0', 'm1', 'm2', 'm3', 'm4' and 2 more: in both tables"):
        adapt_answers(old, matrix(table(7, 1)))
    silent = table(2, 1)
    silent[0] = np.nan
    found = adapt_answers(old, matrix(silent, start="new"))
    assert list(found.predicted) == ["new1"]
    assert found.warnings[0] == "'new0': no answer to an item of the table, nothing is foretold"
    assert found.warnings[1].startswith("16 solvers say how far foretold scores are off")
    assert adapt_answers(matrix(table(20, 0)), matrix(table(1, 1), start="new")).warnings == ()


def test_matched_items_take_the_places_of_real_ones() -> None:
    """Evenly spread items of one benchmark; partners of least cost among all of the other, none twice."""
    scores = table(30, 0)
    both = matrix(scores, names=("real", "made"))
    report = adapt(both, sizes=(8,), method="random", match="real", form_items=8).forms
    assert report is not None
    assert report.matched_to == "real"
    target, partners = report.forms
    assert {item.benchmark for item in target} == {"real"}
    assert {item.benchmark for item in partners} == {"made"}
    assert len({item.item for item in partners}) == 8
    assert report.information_gap < report.random_information_gap
    assert report.score_gap < report.random_score_gap


def test_no_other_partners_cost_less() -> None:
    """Of all 24 ways to match four items of each, the curves' and information's squared distances are least."""
    scores = table(30, 0)[:, [*range(4), *range(20, 24)]]
    known = methods.calibrated(scores)
    deal, by_chance = matched(matrix(scores, names=("real", "made")), "real", 4)
    dealt = deal(known)
    assert sorted(dealt[0].tolist()) == [0, 1, 2, 3]
    items, at = known.model.items, known.model.ability[known.model.solver_state]
    curve, information = items.expected(at), items.information(at)
    relative = information / information.mean(axis=1, keepdims=True)

    def cost(partners: tuple[int, ...]) -> float:
        tables = [x / x.std() for x in (curve, relative)]
        return sum(float(((x[:, dealt[0]] - x[:, list(partners)]) ** 2).sum()) for x in tables)

    assert tuple(dealt[1].tolist()) == min(permutations(range(4, 8)), key=cost)
    chance = by_chance(dealt, np.random.default_rng(0))
    assert chance[0].tolist() == dealt[0].tolist()
    assert sorted(chance[1].tolist()) == [4, 5, 6, 7]
    assert information_gap(items, dealt, at) >= 0


def test_forms_are_judged_by_solvers_that_did_not_make_them() -> None:
    """Forms that only the calibration with all solvers makes tell nothing: those of each part's others are judged."""
    scores = table(12, 0)

    def deal(known: methods.Calibrated) -> NDArray[np.int64]:
        return np.array([[0, 1], [2, 3]] if len(known.scores) == 12 else [[4, 5], [6, 7]])

    found = forms_report(
        matrix(scores), methods.calibrated(scores), scores, deal=deal, by_chance=lambda dealt, _: dealt,
        groups=[str(i) for i in range(12)], folds=3, seed=0, level=0.95,
    )  # fmt: skip
    apart = np.abs(scores[:, [4, 5]].mean(axis=1) - scores[:, [6, 7]].mean(axis=1))
    assert found.difference.value == pytest.approx(apart.mean())
    assert [item.item for form in found.forms for item in form] == ["i0", "i1", "i2", "i3"]


def test_evenly_spread_items_are_the_middle_of_equal_parts() -> None:
    items = methods.calibrated(table(40, 0)).model.items
    easy = items.expected([0.0])[0]
    chosen = evenly_spread(items, 10, abilities=[0.0])
    assert np.argsort(np.argsort(easy))[chosen].tolist() == [4 * part + 2 for part in range(10)]


@pytest.mark.parametrize(("name", "size"), [("real", 1), ("real", 21)])
def test_more_partners_than_there_are(name: str, size: int) -> None:
    with pytest.raises(DataError, match="Ask for 2 to 20: --form-items 20"):
        matched(matrix(table(4, 0), names=("real", "made")), name, size)
