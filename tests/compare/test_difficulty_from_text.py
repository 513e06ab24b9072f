"""Difficulty from text: found where it is, not found where it is not, and never by looking at copies."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from acidtest.compare.irt.from_text import text_report
from acidtest.data.item_texts import ItemText, read_difficulties, read_item_texts
from acidtest.data.rubric_file import load_rubric
from acidtest.data.scores.matrix import ScoreMatrix, read_matrix
from acidtest.errors import AcidtestError, DataError
from acidtest.judge.demand import demand_scales, demand_table
from acidtest.models.difficulty.features import TextReader, sentence_encoder
from acidtest.models.difficulty.from_text import TextItems, _parts, fit_text_difficulty
from acidtest.models.difficulty.groups import groups_of
from acidtest.report.irt_text_terminal import text_lines
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import fit_irt
from acidtest.types import Criterion, Mark, Rating, Rubric

WORDS = [a + b for a in ("ba", "ke", "lo", "mi", "nu", "pe", "ra", "so", "ti", "vu") for b in ("b", "k", "l", "m", "n")]


def texts(n: int, rng: np.random.Generator) -> list[str]:
    return [" ".join(rng.choice(WORDS, size=12)) for _ in range(n)]


def told(n: int = 240, seed: int = 0) -> tuple[list[str], FloatArray]:
    """Texts, and difficulties that rise with every "kek" and fall with every "lol" in them."""
    rng = np.random.default_rng(seed)
    made = texts(n, rng)
    signs = np.array([text.split().count("kek") - text.split().count("lol") for text in made])
    return made, signs * 1.0 + rng.normal(0, 0.4, n)


def test_what_words_tell_is_found_and_new_items_get_it() -> None:
    made, truth = told()
    se = np.full(len(made), 0.2)
    found = fit_text_difficulty(made, (truth, se), seed=1)
    assert found.useful
    assert found.check.text.r2.low > 0.1
    assert found.check.length.r2.high < 0.1  # length was made by lot
    new, new_truth = told(seed=9)
    mean, sd = found.predict(new)
    assert np.corrcoef(mean, new_truth)[0, 1] > 0.4
    assert np.mean(np.abs(new_truth - mean) < 1.645 * sd) == pytest.approx(0.9, abs=0.06)
    blocks = found.columns.blocks(found.reader.count(new))
    as_learnt = found.regression.predict(np.hstack([block.columns for block in blocks]))[1]
    assert found.check.width != 1
    assert sd == pytest.approx(as_learnt * found.check.width)
    again, _ = fit_text_difficulty(made, (truth, se), seed=1).predict(new)
    assert np.array_equal(mean, again)


@pytest.mark.long
def test_where_words_tell_nothing_the_prior_is_the_plain_one() -> None:
    rng = np.random.default_rng(2)
    value, se = rng.normal(0.5, 1.2, 200), np.full(200, 0.3)
    found = fit_text_difficulty(texts(200, rng), (value, se), seed=0)
    assert not found.useful
    mean, sd = found.predict(["any text at all", ""])
    assert mean == pytest.approx([value.mean()] * 2)
    assert sd == pytest.approx([np.sqrt(value.var() + 0.09)] * 2)


@pytest.mark.long
def test_copies_are_no_evidence() -> None:
    rng = np.random.default_rng(3)
    once = texts(80, rng)
    made = [text for text in once for _ in range(3)]
    value = np.repeat(rng.normal(size=80), 3) + rng.normal(0, 0.1, 240)
    se = np.full(240, 0.1)
    assert not fit_text_difficulty(made, (value, se), seed=0).useful
    split = TextItems(texts=made, groups=np.arange(240))  # as if nobody had looked: copies in other parts give it away
    assert fit_text_difficulty(split, (value, se), seed=0).check.text.r2.low > 0.1


def test_the_check_sees_nothing_of_the_item_it_predicts() -> None:
    made, truth = told(120)
    se = np.full(120, 0.2)
    before = fit_text_difficulty(made, (truth, se), seed=0).check
    fold_mates = before.predicted.copy()
    changed = truth.copy()
    changed[5] += 50
    after = fit_text_difficulty(made, (changed, se), seed=0).check
    assert after.predicted[5] == pytest.approx(fold_mates[5], abs=1e-9)


@pytest.mark.long
def test_what_is_foretold_of_an_estimate_is_drawn_to_the_mean_as_estimates_are() -> None:
    made, truth = told(240)
    noise = 1.2
    kept = truth.var() / (truth.var() + noise**2)  # a normal posterior's share; its error is noise * sqrt(kept)
    rng = np.random.default_rng(3)
    shrunk = truth.mean() + kept * (truth - truth.mean() + noise * rng.normal(size=240))
    check = fit_text_difficulty(made, (shrunk, np.full(240, noise * np.sqrt(kept))), seed=0).check
    assert kept < 0.5
    assert np.polyfit(check.predicted, shrunk, 1)[0] == pytest.approx(1, abs=0.3)
    assert check.coverage == pytest.approx(0.9, abs=0.04)  # two standard deviations of 240 items' share


def test_intervals_of_a_part_are_made_wide_by_the_others_alone() -> None:
    made, truth = told(120)
    groups = np.arange(120)
    wild = _parts(groups, 0) == 0
    value = np.where(wild, 10 * truth, truth)
    items = TextItems(texts=made, groups=groups)
    check = fit_text_difficulty(items, (value, np.full(120, 0.2)), seed=0).check
    assert check.adjusted < 0.87  # a fifth is wild, and nothing in the others says so; with its own say it would be .9
    assert check.width > 1.5


def test_ratings_tell_where_words_do_not_and_may_be_missing() -> None:
    rng = np.random.default_rng(4)
    made, demand = texts(160, rng), rng.integers(0, 6, 160).astype(float)
    value = 0.6 * demand + rng.normal(0, 0.5, 160)
    ratings = np.where(rng.random(160) < 0.2, np.nan, demand)[:, None]
    found = fit_text_difficulty(TextItems(texts=made, ratings=ratings), (value, np.full(160, 0.2)), seed=0)
    assert found.useful
    assert max(found.shares, key=lambda name: found.shares[name]) == "ratings"
    mean, _ = found.predict(made[:3], ratings=np.array([[0.0], [5.0], [np.nan]]))
    assert mean[0] < mean[2] < mean[1]
    with pytest.raises(DataError, match="0 columns of ratings"):
        found.predict(made[:3])


def test_too_few_items_or_too_many_copies_are_refused() -> None:
    value = np.arange(30.0)
    with pytest.raises(DataError, match="19 items of known difficulty are too few"):
        fit_text_difficulty(["a b"] * 30, (np.where(value < 19, value, np.nan), np.ones(30)))
    with pytest.raises(DataError, match="1 groups"):
        fit_text_difficulty(["a b"] * 30, (value, np.ones(30)))


def test_an_encoder_is_used_and_what_it_must_not_give_is_refused() -> None:
    made, truth = told(100)
    one_sided = truth[:, None] * np.array([1.0, 0.5])
    of_text = dict(zip(made, one_sided, strict=True))
    items = TextItems(texts=made, embed=lambda asked: np.array([of_text[text] for text in asked]))
    assert fit_text_difficulty(items, (truth, np.full(100, 0.1)), seed=0).check.text.r2.value > 0.8
    with pytest.raises(DataError, match="not finite"):
        TextReader(made, embed=lambda asked: np.full((len(asked), 2), np.nan)).count(made)


def test_a_missing_library_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(AcidtestError, match="sentence-transformers, which is not installed"):
        sentence_encoder()


@pytest.mark.parametrize("strange", [[""] * 40, ["?"] * 40, ["\x00\ud83d" * 9] * 40, [chr(65 + k) for k in range(40)]])
def test_strange_texts_break_nothing(strange: list[str]) -> None:
    value = np.random.default_rng(0).normal(size=40)
    items = TextItems(texts=strange, groups=np.arange(40))
    found = fit_text_difficulty(items, (value, np.full(40, 0.1)), seed=0)
    mean, sd = found.predict(["", "x" * 100_000])
    assert np.isfinite([*mean, *sd]).all()


def test_bundles_and_near_copies_are_one_group() -> None:
    found = groups_of(["the red cat ran off", "blue dogs", "The red cat ran off.", "green fish"], ["", "b", "", "b"])
    assert found.tolist() == [0, 1, 0, 1]


def test_what_differs_in_its_numbers_alone_is_a_copy_unless_all_do() -> None:
    rng = np.random.default_rng(6)
    names, things = ["Ann", "Bob", "Eve", "Fay"], ["cats", "dogs", "hats"]
    made = [
        f"{name} has {rng.integers(10, 99)} {thing} and gives {rng.integers(2, 9):.1f} away. How many are left?"
        for name in names
        for thing in things
        for _ in range(4)
    ]
    found = groups_of(made)
    assert found.tolist() == np.repeat(np.arange(12), 4).tolist()
    drills = [f"What is {k} plus {3 * k}?" for k in range(20)]
    assert len(set(groups_of(drills).tolist())) == 20
    # A template whose items are alike is no evidence: what is learnt of one is known of the other.
    value = np.repeat(rng.normal(size=12), 4) + rng.normal(0, 0.1, 48)
    assert not fit_text_difficulty(made, (value, np.full(48, 0.1)), seed=0).useful


@pytest.mark.long
def test_difficulties_dealt_out_by_lot_are_hardly_ever_told() -> None:
    """Useful where the 95 % interval lies above 0: one in forty at most. 2 of 12 or more: p = .04."""
    rng = np.random.default_rng(7)
    made, truth = told(60)
    found = [fit_text_difficulty(made, (rng.permutation(truth), np.full(60, 0.3)), seed=k) for k in range(12)]
    assert sum(one.useful for one in found) <= 1
    assert np.mean([one.check.text.r2.value for one in found]) == pytest.approx(-0.02, abs=0.03)


def test_what_reads_no_further_than_its_bound_groups_no_further() -> None:
    ends = [f"{'red blue ' * 3000}{word}" for word in ("cat", "dog")]
    assert groups_of([*ends, "green fish swim", "old men sleep", "rain"]).tolist()[:2] == [0, 0]


def matrix(n: int = 150) -> tuple[ScoreMatrix, list[ItemText]]:
    rng = np.random.default_rng(5)
    made, truth = told(n)
    chance = 1 / (1 + np.exp(-1.5 * (rng.normal(size=40)[:, None] - truth)))
    items = tuple(f"i{k}" for k in range(n))
    table = ScoreMatrix(
        models=tuple(f"m{k}" for k in range(40)),
        items=items,
        benchmark=("set",) * n,
        scores=(rng.random((40, n)) < chance).astype(float),
        kinds={},
        generators={},
        families={},
        topics=("",) * n,
        bundles=("",) * n,
    )
    return table, [ItemText(item=name, text=text) for name, text in zip(items, made, strict=True)]


def test_the_report_says_what_texts_tell_and_what_is_foretold() -> None:
    table, known = matrix()
    new = [ItemText(item="new\x1b[31m", text="kek kek kek bab"), ItemText(item="easy", text="lol lol lol bab")]
    report = text_report(table, fit_irt(table.scores), known[:140], new, seed=0)
    assert (report.items, report.without_text) == (140, 10)
    assert report.parts[0].useful
    assert report.foretold[0].difficulty > report.foretold[1].difficulty
    assert report.foretold[0].low < report.foretold[0].difficulty < report.foretold[0].high
    lines = text_lines(report)
    assert any("10 of 150 items" in line for line in lines)
    assert "\x1b" not in "\n".join(lines)
    useless = replace(report, parts=(replace(report.parts[0], useful=False),))
    assert not any("times as wide" in line for line in text_lines(useless))  # the plain prior is not widened
    assert json.loads(json.dumps(report.as_json()))["parameters"]["difficulty"]["useful"] is True
    with pytest.raises(DataError, match="0 items of 150 with scores have a text"):
        text_report(table, fit_irt(table.scores), new)


def test_new_items_unlike_the_known_ones_are_said_to_be() -> None:
    table, known = matrix(60)
    fit = fit_irt(table.scores)
    rng = np.random.default_rng(8)
    alike, unlike = (
        [ItemText(item=f"n{k}", text=text) for k, text in enumerate(made)]
        for made in (texts(40, rng), ["wholly other language"] * 40)
    )
    assert not any("less like" in one for one in text_report(table, fit, known, alike, seed=0).warnings)
    (said,) = (one for one in text_report(table, fit, known, unlike, seed=0).warnings if "less like" in one)
    assert said.startswith("100% of the new items are less like any known item than 90% of those are")


@pytest.mark.long
def test_real_problems_tell_of_their_difficulty_more_than_by_their_length(real_data: Path) -> None:
    folder = real_data / "zeroeval_responses"
    table = read_matrix([folder / "math-l5_correct.parquet"], benchmark=("math",))
    fit = fit_irt(table.scores)
    of_item = {one.item: one.text for one in read_item_texts(folder / "math-l5_items.jsonl.gz")}
    found = fit_text_difficulty([of_item[name] for name in table.items], fit, seed=0)
    assert found.check.text.r2.low > found.check.length.r2.value > 0
    assert found.check.text.pearson.high < found.known.ceiling
    assert found.check.adjusted == pytest.approx(0.9, abs=0.02)


def test_items_of_any_file_become_texts(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    rows = [
        {"id": "a", "input": {"passage": "It rained.", "question": "Did it?"}, "target": "yes", "bundle": "b1"},
        {"item": "b", "question": "Which?", "choices": ["red", "blue"], "answer": "SECRET"},
        {"id": 3, "prompt": "How?", "choices": '["x", "y", "z"]', "benchmark": "other"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert read_item_texts(path) == [
        ItemText(item="a", text="It rained.\nDid it?", bundle="b1"),
        ItemText(item="b", text="Which?\nred\nblue", choices=2),
        ItemText(item="3", text="How?\nx\ny\nz", choices=3, benchmark="other"),
    ]
    path.write_text('{"id": "a", "answer": "x"}\n', "utf-8")
    with pytest.raises(DataError, match="nothing that an item could ask"):
        read_item_texts(path)


def test_tables_of_difficulty_are_read_and_shares_turned(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("item,share_right\na,0.25\nb,1\n", "utf-8")
    found = read_difficulties(path)
    assert found["a"].value == pytest.approx(np.log(3))  # the odds against are 3 to 1
    assert found["b"].value == pytest.approx(-np.log(99))  # 1 is taken as .99
    for content, said in [
        ("item,difficulty\na,1\na,2\n", "stands twice"),
        ("item,difficulty\na,hard\n", "no number"),
        ("item,share\na,1.5\n", "no share"),
        ("item,weight\na,1\n", "how difficult"),
        ("difficulty\n1\n", "names no item"),
    ]:
        path.write_text(content, "utf-8")
        with pytest.raises(DataError, match=said):
            read_difficulties(path)


def rating(item: str, rater: str, **marks: Mark) -> Rating:
    return Rating(benchmark="set", item=item, rater=rater, kind="judge", rubric="r.v1 sha256:x", marks=dict(marks))


def test_levels_are_the_number_of_yes() -> None:
    names = ("clear", "steps_1", "steps_2", "traps_1")
    rubric = Rubric(name="r", version="v1", criteria=tuple(Criterion(id=name, question="?") for name in names))
    ratings = [
        rating("a", "one", clear="yes", steps_1="yes", steps_2="no", traps_1="no"),
        rating("a", "two", clear="yes", steps_1="yes", steps_2="yes", traps_1="unsure"),
        rating("b", "one", clear="yes", steps_1="no", steps_2="yes", traps_1="yes"),
        Rating(benchmark="set", item="c", rater="one", kind="judge", rubric="other.v1", marks={"steps_1": "yes"}),
    ]
    table = demand_table(ratings, rubric)
    assert table.scales == ("steps", "traps")
    assert table.columns(["a", "b", "c"])[:2].tolist() == [[1.5, 0.25], [1.0, 1.0]]
    assert np.isnan(table.columns(["c"])).all()
    assert table.rated == 2
    assert demand_table(ratings, rubric, benchmark="set").rated == 2
    assert demand_table(ratings, rubric, benchmark="other").rated == 0
    assert table.odd == pytest.approx(1 / 6)  # of six scales rated, b's steps go back


def test_the_rubric_of_demands_has_five_scales_of_five_levels() -> None:
    rubric = load_rubric("demands.v1").rubric
    assert demand_scales(rubric) == dict.fromkeys(("steps", "knowledge", "reading", "memory", "traps"), 5)
    assert rubric.valid({"clear": "yes"}) is True
    with pytest.raises(DataError, match="holds no scale"):
        demand_table([], load_rubric("math.v1").rubric)
