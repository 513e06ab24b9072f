"""Which items to label: only those that tell, with chances that keep estimates right, and better than at random."""

import gzip
import itertools
from pathlib import Path

import numpy as np
import orjson
import pytest

from acidtest.compare.planning.labels import (
    answers_each,
    choose_labels,
    expected_squares,
    inclusion,
    one_answer,
    systematic,
)
from acidtest.stats.estimate import FloatArray

ALL_OPEN = np.ones((3, 3)) - np.eye(3)
GOOD = np.array([0.8, 0.7, 0.6])


def test_equal_answers_score_equal_whatever_the_label() -> None:
    """All labels of all answers of three solvers to a question of three options, tried."""
    for given in itertools.product(range(3), repeat=3):
        codes = np.array(given)[:, None]
        differs = any(len({int(answer == label) for answer in given}) > 1 for label in range(3))
        assert (expected_squares(codes, ALL_OPEN, GOOD)[0] > 0) == differs == (not one_answer(codes)[0])


def test_the_expected_square_is_that_of_all_labels() -> None:
    """By definition: labels weighted by how likely each answer is right, squares of all pairs summed."""
    codes = np.array([[0], [0], [1]])
    right = {0: (0.8 + 0.7) / 3, 1: 0.6 / 3}
    slow = sum(
        chance * sum(((a == label) - (b == label)) ** 2 for a, b in itertools.combinations([0, 0, 1], 2))
        for label, chance in right.items()
    )
    assert expected_squares(codes, ALL_OPEN, GOOD)[0] == pytest.approx(slow)


def test_a_solver_without_an_answer_says_nothing() -> None:
    assert expected_squares(np.array([[0], [-1], [-1]]), ALL_OPEN, GOOD)[0] == 0
    assert answers_each(np.array([[-1, 0], [-1, 1], [3, 0]])).tolist() == [1, 2]


@pytest.mark.parametrize("number", [1, 7, 40, 80])
def test_a_fixed_number_is_drawn_with_the_chances_named(number: int) -> None:
    rng = np.random.default_rng(number)
    size = rng.exponential(1, 60) * (rng.random(60) < 0.8)
    chances = inclusion(size, number)
    assert chances.max() <= 1
    assert chances.sum() == pytest.approx(min(number, (size > 0).sum()))
    counts = np.zeros(60)
    for _ in range(4000):
        drawn = systematic(chances, rng)
        assert len(drawn) == min(number, (size > 0).sum())
        counts[drawn] += 1
    assert np.abs(counts / 4000 - chances).max() < 5 * np.sqrt(0.25 / 4000)
    free = (chances < 1) & (size > 0)
    assert (chances[free] / size[free]).std() == pytest.approx(0, abs=1e-9) if free.any() else number == 80


def drawn(scores: FloatArray, codes: np.ndarray, scored: int, number: int, seed: int) -> FloatArray:
    """Return the weights [n] after one choice; the first `scored` of a random order have scores."""
    rng = np.random.default_rng(seed)
    n = scores.shape[1]
    there = np.zeros(n, dtype=np.bool_)
    there[rng.permutation(n)[:scored]] = True
    m = len(scores)
    accuracy = scores[:, there].mean(axis=1)
    open_pairs = np.ones((m, m)) - np.eye(m)
    labels = choose_labels(tuple(map(str, range(n))), codes, there, open_pairs, accuracy, number, rng)
    assert len(labels.items) == number
    assert all(one.answers > 1 and 0 < one.probability <= 1 and not there[int(one.item)] for one in labels.items)
    assert labels.unlabelled == n - scored
    weight = np.zeros(n)
    for item, w in [*labels.weights.items(), *((one.item, one.weight) for one in labels.items)]:
        weight[int(item)] = w
    return weight


def test_weights_keep_means_right_though_hard_items_are_chosen_more_often() -> None:
    """Over many choices the weighted mean is the mean of all items; the unweighted one is not."""
    rng = np.random.default_rng(1)
    target = rng.integers(0, 4, 400)
    ease = rng.random(400)
    codes = np.where(rng.random((5, 400)) < ease, target, rng.integers(0, 4, (5, 400)))
    scores = (codes == target).astype(np.float64)
    weighted, plain = [], []
    for seed in range(300):
        weight = drawn(scores, codes, 60, 60, seed)
        weighted.append((scores * weight).sum(axis=1) / weight.sum())
        plain.append(scores[:, weight > 0].mean(axis=1))
    truth = scores.mean(axis=1)
    error = np.std(weighted, axis=0) / np.sqrt(300)
    assert np.all(np.abs(np.mean(weighted, axis=0) - truth) < 4 * error + 0.003)
    assert np.all(np.abs(np.mean(plain, axis=0) - truth) > 0.03)


@pytest.fixture(scope="module")
def mmlu(real_data: Path) -> tuple[FloatArray, np.ndarray]:
    """Scores [14, 5700] of language models on MMLU, and the letters that they answered."""
    from pyarrow import parquet

    folder = real_data / "mmlu_redux_helm"
    table = parquet.read_table(folder / "predictions.parquet")
    with gzip.open(folder / "items.jsonl.gz") as lines:
        key = {row["item"]: row["answer"] for row in map(orjson.loads, lines)}
    given = np.array([table[name].to_pylist() for name in table.column_names[1:]])
    right = (given == np.array([key[item] for item in table["item"].to_pylist()])).astype(np.float64)
    codes = np.searchsorted(np.unique(given), given)
    return right, codes


def test_on_mmlu_a_hundred_chosen_labels_are_worth_two_hundred_at_random(
    mmlu: tuple[FloatArray, np.ndarray],
) -> None:
    """500 items, labels of 80 % hidden, 100 of them asked for; 50 repeats. Truth: the differences on all 500."""
    right, codes = mmlu
    squares: dict[str, list[float]] = {"chosen": [], "random 100": [], "random 200": []}
    for seed in range(50):
        some = np.random.default_rng([seed, 9]).permutation(right.shape[1])[:500]
        scores = right[:, some]
        truth = scores.mean(axis=1)
        weights = {
            "chosen": drawn(scores, codes[:, some], 100, 100, seed),
            "random 100": (np.arange(500) < 200).astype(np.float64),
            "random 200": (np.arange(500) < 300).astype(np.float64),
        }
        for name, weight in weights.items():
            off = (scores * weight).sum(axis=1) / weight.sum() - truth
            squares[name].append(float(((off[:, None] - off[None]) ** 2).mean()))
    mean = {name: float(np.mean(values)) for name, values in squares.items()}
    assert mean["chosen"] < 0.5 * mean["random 100"]
    assert mean["chosen"] < mean["random 200"]
