"""One scale for real and synthetic items: what it finds in tables whose truth is known, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from acidtest.compare.irt.calibrate import calibrate
from acidtest.compare.irt.contract import dumps
from acidtest.compare.irt.families import family_differences
from acidtest.compare.irt.item_sets import SetsOnScale
from acidtest.compare.irt.scale import irt_report, with_generators
from acidtest.data.scores.matrix import ScoreMatrix, read_matrix
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.types.irt import IrtReport
from irt_tables import MADE, REAL, answers, write


def matrix(of: dict[str, FloatArray], folder: Path) -> ScoreMatrix:
    return read_matrix([write(folder / "scores.csv", of)])


def report(of: dict[str, FloatArray], folder: Path, **options: object) -> IrtReport:
    return irt_report(calibrate(matrix(of, folder), real=REAL, **options))  # type: ignore[arg-type]  # a test's short way


@pytest.fixture(scope="module")
def easier(tmp_path_factory: pytest.TempPathFactory) -> IrtReport:
    """A synthetic set that is easier by 1, and easier by 1.2 more for a family of three that wrote it."""
    read = matrix(answers(1, favour=1.2), tmp_path_factory.mktemp("irt"))
    return irt_report(calibrate(with_generators(read, {MADE: "m1"}), real=REAL))


def test_difficulty_that_was_lost_is_found(easier: IrtReport) -> None:
    lost = easier.differences[MADE]
    assert lost.easier_by.low < 1.25 < lost.easier_by.high  # 1, and 1.2 for 3 of 14 solvers
    assert lost.easier_by.low > 0.4
    assert lost.distance.low > lost.distance_floor.value
    assert lost.distance_p < 0.05
    assert lost.solvers == 14
    assert easier.sets[MADE].share["below"].value > easier.sets[REAL].share["below"].value


def test_the_own_family_comes_first_and_is_found(easier: IrtReport) -> None:
    first, *others = easier.families[MADE]
    assert (first.family, first.own, first.solvers) == ("kin", True, ("m0", "m1", "m2"))
    assert first.ability.low > 0.2
    assert first.score.low > 0
    assert first.p == first.p_adjusted < 0.05
    assert all(other.p_adjusted >= other.p and not other.own for other in others)
    assert {other.family for other in others} == {f"f{m}" for m in range(3, 14)}
    (items,) = easier.item_differences
    assert (items.family, items.warnings) == ("kin", ())
    assert 0 < items.tested <= 50


def test_numbers_hang_together(easier: IrtReport) -> None:
    assert list(easier.sets) == [REAL, MADE]
    assert [one.kind for one in easier.sets.values()] == ["real", "synthetic"]
    for one in easier.sets.values():
        assert sum(share.value for share in one.share.values()) == pytest.approx(1)
        assert one.difficulties.share.sum() == pytest.approx(1)
        assert len(one.difficulties.edges) == len(one.difficulties.share) + 1
        assert one.difficulty["q10"].value < one.difficulty["q50"].value < one.difficulty["q90"].value
        assert (one.curve.low <= one.curve.per_item + 1e-9).all()
        assert one.bundles == one.items // 2
        where = [ability.value for ability in easier.abilities.values()]
        told = one.items * np.interp(where, one.curve.ability, one.curve.per_item)
        assert one.error.value == pytest.approx(np.median(1 / np.sqrt(told)))
    lost = easier.differences[MADE]
    means = [easier.sets[name].difficulty["mean"].value for name in (REAL, MADE)]
    assert lost.easier_by.value == pytest.approx(means[0] - means[1])
    assert lost.distance.value >= abs(lost.easier_by.value) - 0.02  # Kantorovich; cells are .01 wide
    steep = [easier.sets[name].discrimination["mean"].value for name in (REAL, MADE)]
    assert lost.discrimination_ratio.value == pytest.approx(steep[1] / steep[0])
    per_item = [easier.sets[name].information.value for name in (REAL, MADE)]
    assert lost.information_ratio.value == pytest.approx(per_item[1] / per_item[0])
    abilities = [one.value for one in easier.abilities.values()]
    assert abilities == sorted(abilities, reverse=True)
    assert np.mean(abilities) == pytest.approx(0, abs=1e-3)


def test_sets_that_are_alike_are_not_told_apart(tmp_path: Path) -> None:
    found = [calibrate(matrix(answers(seed, easier=0.0), tmp_path), real=REAL) for seed in range(2, 10)]
    alike = [SetsOnScale(one, seed=0, level=0.95).difference(MADE) for one in found]
    held = [one.easier_by.low <= 0 <= one.easier_by.high for one in alike]
    assert sum(held) >= 5  # of 8 at .95; fewer than 5: 4 in 10,000
    assert sum(one.distance.low == 0 for one in alike) >= 5
    assert sum(one.distance_p < 0.05 for one in alike) <= 3


def test_the_same_seed_gives_the_same_bytes_and_another_set_changes_nothing(tmp_path: Path) -> None:
    of = answers(3)
    one = dumps(report(of, tmp_path))
    assert one == dumps(report(of, tmp_path))
    alone = irt_report(calibrate(matrix({REAL: of[REAL]}, tmp_path)))
    assert alone.real == ""
    assert not alone.differences
    assert alone.sets[REAL].kind is None


def test_solvers_that_answered_one_set_only_are_named(tmp_path: Path) -> None:
    of = answers(4)
    of[MADE][5] = np.nan
    of[REAL][6] = np.nan
    found = report(of, tmp_path)
    assert found.left_out == {"m5": "answered the real set only", "m6": f"did not answer '{REAL}'"}
    assert set(found.abilities) == {f"m{m}" for m in range(14)} - {"m5", "m6"}
    of[MADE][4:] = np.nan
    few = report(of, tmp_path)
    assert any("only 4 solvers answered both" in text for text in few.warnings)


def test_scores_between_0_and_1_take_the_continuous_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    of = {name: np.clip(scores * 0.6 + rng.uniform(0.05, 0.3, scores.shape), 0, 1).round(3)
          for name, scores in answers(5).items()}  # fmt: skip
    found = report(of, tmp_path)
    assert found.model == "continuous"
    assert "continuous is taken" in found.chosen
    assert found.differences[MADE].easier_by.low > 0
    assert found.item_differences == ()
    cut = report(of, tmp_path, right_at=0.5)
    assert (cut.model, cut.chosen) == ("2pl", "2pl: scores are 0 or 1; right from 0.5 on")
    with pytest.raises(DataError, match="--right-at"):
        report(of, tmp_path, model="2pl")


def test_strong_solvers_are_not_favoured_by_a_set_that_parts_solvers_more(tmp_path: Path) -> None:
    """Made items three times as steep, and no favour: who is strong, or weak, is so by the same on both sets."""
    away = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        ability = np.linspace(-1.6, 1.6, 20)[:, None]
        slope, difficulty = np.repeat([0.7, 2.1], 80), rng.normal(0, 0.9, 160)
        right = (rng.random((20, 160)) < expit(slope * (ability - difficulty))).astype(np.float64)
        calibration = calibrate(matrix({REAL: right[:, :80], MADE: right[:, 80:]}, tmp_path), real=REAL)
        sets = SetsOnScale(calibration, seed=0, level=0.95)
        items = {name: sets.items(name) for name in (REAL, MADE)}
        rows = family_differences(calibration, MADE, level=0.95, items=items)
        shift = {row.family: row.ability.value for row in rows}  # m0, m1, m2 are kin, the weakest
        away.append(np.mean([shift[f"f{m}"] for m in (16, 17, 18, 19)]) - np.mean([shift["kin"], shift["f3"]]))
    assert abs(np.mean(away)) < 0.25  # with the items of the fit: 0.9


def test_errors_of_abilities_are_in_the_intervals(tmp_path: Path) -> None:
    calibration = calibrate(matrix(answers(9), tmp_path), real=REAL)
    fit = calibration.fit
    wide = []
    for times in (0.0, 3.0):
        moved = replace(calibration, fit=replace(fit, ability_se=fit.ability_se * times))
        of = SetsOnScale(moved, seed=0, level=0.95).item_set(MADE)
        wide.append([one.high - one.low for one in (of.difficulty["sd"], of.share["within"])])
    assert (np.array(wide[1]) > 1.1 * np.array(wide[0])).all()


def test_shares_are_shares_where_solvers_are_all_alike(tmp_path: Path) -> None:
    """Pure noise: the weakest and the best trade places from draw to draw."""
    rng = np.random.default_rng(3)
    found = report({REAL: rng.random((6, 20)).round(2), MADE: rng.random((6, 20)).round(2)}, tmp_path)
    for one in found.sets.values():
        for share in one.share.values():
            assert 0 <= share.low <= share.high <= 1
            assert share.low == 0 or share.low >= 1e-4
    assert any("can hardly be told apart" in text for text in found.warnings)


def test_the_weakest_solver_stays_below_the_best_in_every_draw(tmp_path: Path) -> None:
    calibration = calibrate(matrix(answers(9, solvers=4, real=10, made=10), tmp_path), real=REAL)
    fit = calibration.fit
    unsure = replace(calibration, fit=replace(fit, ability_se=np.full(4, 3.0)))
    sets = SetsOnScale(unsure, seed=0, level=0.95)
    assert (sets.ends[0] <= sets.ends[1]).all()
    assert sets.item_set(REAL).share["within"].low >= 0


def test_a_mean_that_leans_on_the_bound_is_warned_of(tmp_path: Path) -> None:
    """Items that nobody's ability touches lie anywhere: their difficulty is cut off, and the mean hangs on where."""
    of = answers(3)
    rng = np.random.default_rng(0)
    of[MADE] = (rng.random(of[MADE].shape) < 0.9).astype(np.float64)
    found = report(of, tmp_path)
    for leaning in (found.sets[MADE].difficulty["mean"], found.differences[MADE].easier_by):
        assert any("the mean leans on that bound" in text for text in leaning.warnings)
    assert found.sets[REAL].difficulty["mean"].warnings == ()


def test_the_floor_of_small_sets_is_higher(tmp_path: Path) -> None:
    """Both sets are drawn at their own sizes: ten items lie further from the real ones by luck than fifty do."""
    of = answers(3, easier=0.0)
    floors = []
    for made in (of[MADE], of[MADE][:, :10]):
        sets = SetsOnScale(calibrate(matrix({REAL: of[REAL], MADE: made}, tmp_path), real=REAL), seed=0, level=0.95)
        floors.append(sets.difference(MADE).distance_floor.value)
    assert floors[1] > 1.3 * floors[0]  # root of (1/60 + 1/10) over (1/60 + 1/50) is 1.8


def test_few_solvers_are_warned_of_once(tmp_path: Path) -> None:
    found = report(answers(4, solvers=6), tmp_path)
    assert sum("6 solvers" in text for text in found.warnings) == 1


def test_a_writer_that_answered_nothing_is_named(tmp_path: Path) -> None:
    read = with_generators(matrix(answers(4), tmp_path), {MADE: "gpt-99"})
    found = irt_report(calibrate(read, real=REAL))
    assert any("'gpt-99', which wrote 'made set', is not among its solvers" in note for note in found.notes)
    assert not any(family.own for family in found.families[MADE])
    there = irt_report(calibrate(with_generators(read, {MADE: "m1"}), real=REAL))
    assert not any("is not among its solvers" in note for note in there.notes)


@pytest.mark.parametrize("model", ["rasch", "3pl"])
def test_other_models(model: str, easier: IrtReport, tmp_path: Path) -> None:
    found = report(answers(1, favour=1.2), tmp_path, model=model)
    assert found.model == model
    usual = easier.differences[MADE].easier_by
    assert found.differences[MADE].easier_by.value == pytest.approx(usual.value, abs=0.25)
    ratio = found.differences[MADE].discrimination_ratio
    assert np.isnan(ratio.value) == (model == "rasch")


def emptied(of: dict[str, FloatArray], what: str) -> dict[str, FloatArray]:
    if what == "nobody both":
        of[REAL][:7] = of[MADE][7:] = np.nan
    elif what == "one solver":
        of = {name: scores[:1] for name, scores in of.items()}
    elif what == "constant":
        of = {name: np.ones_like(scores) for name, scores in of.items()}
    return of


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nobody both", "no solver answered both 'real set' and 'made set'"),
        ("one solver", "one solver alone: m0"),
        ("constant", "every score is 1"),
    ],
)
def test_what_no_scale_can_be_made_of_is_refused(what: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        report(emptied(answers(7), what), tmp_path)


def test_unknown_names_are_refused_with_the_nearest(tmp_path: Path) -> None:
    read = matrix(answers(8), tmp_path)
    with pytest.raises(DataError, match="Did you mean 'real set'"):
        calibrate(read, real="real sat")
    with pytest.raises(DataError, match="--synthetic takes one of"):
        calibrate(read, real=REAL, synthetic=["nothing"])
    with pytest.raises(DataError, match="named twice"):
        calibrate(read, real=REAL, synthetic=[MADE, MADE])
    with pytest.raises(DataError, match="--synthetic without --real"):
        calibrate(read, synthetic=[MADE])
    with pytest.raises(DataError, match="--generator takes one of"):
        with_generators(read, {"made": "m1"})
