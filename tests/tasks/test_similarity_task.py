"""Similarity: numbers are read without guessing, correlations equal SciPy's, an unreadable answer always hurts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from acidtest.stats.metric import METRICS, SPEARMAN
from acidtest.tasks.similarity import SimilarityTask
from acidtest.types import Answer, Item

TASK = SimilarityTask()


def item_of(score: float | str | None, name: str = "1", left: str = "A cat sat.", right: str = "A dog ran.") -> Item:
    return Item(id=name, input={"sentence1": left, "sentence2": right}, target=score)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3.0),
        (" 3.5\n", 3.5),
        ("**4.0**", 4.0),
        ("Score: 3.5", 3.5),
        ("The similarity score is 2.", 2.0),
        ("3/5", 3.0),
        ("Score: 3.5 out of 5. Both name a cat.", 3.5),
        ("The similarity of these 2 sentences is 3", 3.0),
        ('{"score": 0.8}', 0.8),
        ("4.0 (nearly the same)", 4.0),
        ("2.5\n\nBoth sentences name 2 animals.", 2.5),
        ("<think>Maybe score: 1</think>5.0", 5.0),
        ("0", 0.0),
    ],
)
def test_a_stated_number_is_read(text: str, number: float) -> None:
    assert TASK.read(text, item_of(1.0)) == Answer(value=number)


@pytest.mark.parametrize(
    "text",
    ["", "three", "5.1", "-1", "7/10", "80%", "3-4", "Score: 3 to 4", "3,5", "1e3", "NaN", "Infinity", "3 4", "3.5.1",
     "Score: 3\nScore: 4", "Score: 7\n3", "There are 2 cats", "1. They differ.\n2. Somewhat.", "٣", "9" * 5000],
)  # fmt: skip
def test_what_is_not_one_number_from_0_to_5_is_unreadable(text: str) -> None:
    answer = TASK.read(text, item_of(1.0))
    assert answer.problem
    assert TASK.score(item_of(1.0), answer) == 0


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.text("0123456789.,/-% \nScore:of", max_size=60)))
def test_reading_never_raises_and_never_leaves_the_scale(text: str) -> None:
    answer = TASK.read(text, item_of(1.0))
    assert bool(answer.problem) != (isinstance(answer.value, float) and 0 <= answer.value <= 5)


SCORES = st.integers(0, 50).map(lambda tenth: tenth / 10)


def value(metric: str, items: list[Item], answers: list[Answer | None]) -> float:
    known, rows = METRICS[metric], TASK.sufficient(metric, items, answers)
    if known.slow is not None:
        return float(known.slow(rows))
    assert known.finish is not None
    return float(known.finish(rows.sum(axis=0), np.array(float(len(items)))))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(SCORES, SCORES), min_size=3, max_size=30))
def test_correlations_equal_those_of_scipy(pairs: list[tuple[float, float]]) -> None:
    gold, said = [g for g, _ in pairs], [s for _, s in pairs]
    items = [item_of(g, str(k)) for k, g in enumerate(gold)]
    answers: list[Answer | None] = [Answer(value=s) for s in said]
    if len(set(gold)) == 1 or len(set(said)) == 1:
        assert math.isnan(value("pearson", items, answers))
        assert math.isnan(value("spearman", items, answers))
        return
    assert value("pearson", items, answers) == pytest.approx(pearsonr(gold, said).statistic, abs=1e-7)
    assert value("spearman", items, answers) == pytest.approx(spearmanr(gold, said).statistic, abs=1e-9)


def test_spearman_ranks_every_leading_index_and_leaves_out_what_was_not_scored() -> None:
    rng = np.random.default_rng(0)
    stats = rng.integers(0, 6, (3, 4, 20, 2)).astype(float)
    assert SPEARMAN.slow is not None
    for rows in (stats, np.where(rng.random((3, 4, 20, 1)) < 0.2, np.nan, stats)):
        got = SPEARMAN.slow(rows)
        assert got.shape == (3, 4)
        for at in np.ndindex(3, 4):
            kept = rows[at][np.isfinite(rows[at]).all(axis=1)]
            assert got[at] == pytest.approx(spearmanr(kept[:, 0], kept[:, 1]).statistic)


@pytest.mark.parametrize("metric", ["pearson", "spearman"])
def test_an_unreadable_answer_hurts_and_stays_in(metric: str) -> None:
    rng = np.random.default_rng(1)
    gold = rng.uniform(0, 5, 200)
    items = [item_of(float(g), str(k)) for k, g in enumerate(gold)]
    readable: list[Answer | None] = [Answer(value=float(np.clip(g + rng.normal(), 0, 5))) for g in gold]
    unreadable = Answer(problem="states no number")
    values = [value(metric, items, [*([unreadable] * k), *readable[k:]]) for k in (0, 10, 50, 100, 200)]
    assert values == sorted(values, reverse=True)
    assert values[0] - values[1] > 0.02
    assert values[-1] == pytest.approx(-1)  # the lowest correlation there is, as an accuracy of 0
    rows = TASK.sufficient(metric, items, [unreadable] * len(items))
    assert (rows[:, 1] == 5 - gold).all()


def test_an_item_never_answered_is_not_scored() -> None:
    for metric, columns in (("pearson", 5), ("spearman", 2)):
        rows = TASK.sufficient(metric, [item_of(2.0), item_of(3.0)], [None, Answer(value=1.0)])
        assert rows.shape == (2, columns)
        assert np.isnan(rows[0]).all()
        assert np.isfinite(rows[1]).all()
        assert TASK.sufficient(metric, [], []).shape == (0, columns)


def test_the_score_of_an_item_falls_with_the_distance() -> None:
    scores = [TASK.score(item_of(4.0), Answer(value=x)) for x in (4.0, 3.0, 0.0)]
    assert scores == pytest.approx([1.0, 0.8, 0.2])


@pytest.mark.parametrize("score", [-0.1, 5.1, math.nan, math.inf, "3", None, True])
def test_problems_name_a_score_off_the_scale(score: float | str | None) -> None:
    assert "score" in TASK.problem(item_of(score))


def test_problems_name_an_empty_sentence() -> None:
    assert TASK.problem(item_of(5)) == ""
    assert TASK.problem(item_of(0.0)) == ""
    assert TASK.problem(item_of(1.0, right=" ")) == "sentence2 is empty"
    assert TASK.problem(Item(id="1", input={}, target=1.0)) == "sentence1 is empty"


POOL = [item_of(k % 6, f"p{k}", f"left {k}", f"right {k}") for k in range(60)]


def test_examples_spread_over_the_scale() -> None:
    chosen = TASK.choose_examples(POOL, 6, 3)
    assert sorted(str(item.target) for item in chosen) == ["0", "1", "2", "3", "4", "5"]
    assert TASK.choose_examples(POOL[::-1], 6, 3) == chosen
    assert TASK.choose_examples(POOL, 6, 4) != chosen
    assert len(TASK.choose_examples(POOL, 4, 0)) == 4


def test_prompts_put_what_items_share_first() -> None:
    examples = TASK.choose_examples(POOL, 4, 0)
    one = item_of(1.0, left="first {score}", right="a\nScore: 5")
    other = item_of(4.0, left="second", right="b")
    for shown in ([], examples):
        left, right = (TASK.prompt(item, shown, "completion").text for item in (one, other))
        shared = left.partition("first {score}")[0]
        assert right == shared + "second\nSentence 2: b\nScore:"
        assert left == shared + "first {score}\nSentence 2: a Score: 5\nScore:"
        assert all(example.input["sentence1"] in shared for example in shown)
        chats = [TASK.prompt(item, shown, "chat").messages for item in (one, other)]
        assert chats[0][:-1] == chats[1][:-1]
        assert len(chats[0]) == 2 + 2 * len(shown)
