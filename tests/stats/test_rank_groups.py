"""Rank ranges and letters: by definition, by published examples, and by studies whose truth is known."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.stats.estimate import FloatArray
from acidtest.stats.paired import all_pairs
from acidtest.stats.rank_groups import RankGroups, compact_letters, rank_groups
from simulated import answers


def tokens(letters: str) -> set[str]:
    return set(letters.split()) if " " in letters else set(letters)


def apart(m: int, *pairs: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    matrix = np.zeros((m, m), dtype=bool)
    for i, j in pairs:
        matrix[i, j] = matrix[j, i] = True
    return matrix


@pytest.mark.parametrize(
    ("matrix", "letters"),
    [
        (apart(3, (1, 2)), ("ab", "a", "b")),  # the example of R's multcompView
        (apart(3), ("a", "a", "a")),
        (apart(3, (0, 1), (0, 2), (1, 2)), ("a", "b", "c")),
        (apart(4, (0, 2), (0, 3), (1, 3)), ("a", "ab", "bc", "c")),  # a chain: each only like its neighbours
        (apart(4, (0, 1), (2, 3)), ("ab", "cd", "ac", "bd")),  # no interval order: a square needs four groups
        (apart(1), ("a",)),
        (apart(0), ()),
    ],
)
def test_letters_of_small_tables(
    matrix: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], letters: tuple[str, ...]
) -> None:
    assert compact_letters(matrix) == letters


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 14), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_solvers_share_a_letter_if_and_only_if_they_are_not_apart(m: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((m, m)) < share, 1)
    matrix, order = upper | upper.T, rng.permutation(m)
    held = [tokens(letters) for letters in compact_letters(matrix, order)]
    assert all(held)
    for i, j in itertools.combinations(range(m), 2):
        assert bool(held[i] & held[j]) == (not matrix[i, j])
    groups = [{i for i in range(m) if letter in held[i]} for letter in set().union(*held)]
    for group in groups:  # none could take in one more, and none is needless
        assert all(any(matrix[i, j] for j in group) for i in set(range(m)) - group)
        others = [other for other in groups if other != group]
        inside = list(itertools.combinations(sorted(group), 2)) or [(min(group), min(group))]
        assert any(not any({i, j} <= other for other in others) for i, j in inside)


def test_letters_come_in_the_order_of_the_scores() -> None:
    found = compact_letters(apart(3, (0, 1), (0, 2), (1, 2)), np.array([2, 0, 1]))
    assert found == ("b", "c", "a")


def test_more_than_26_groups_have_names_with_blanks_between() -> None:
    m = 60
    matrix = np.abs(np.arange(m)[:, None] - np.arange(m)[None, :]) > 2
    found = compact_letters(matrix)
    assert found[:3] == ("a", "a b", "a b c")
    assert found[27] == "z aa ab"
    assert found[-1] == "bf"  # 58 groups of three: a to z, aa to az, ba to bf


def test_ranges_count_the_better_and_the_worse() -> None:
    better = np.zeros((4, 4), dtype=bool)
    better[0, 2] = better[0, 3] = better[1, 3] = True
    found = rank_groups(np.array([0.9, 0.8, 0.8, 0.1]), better)
    assert found.rank.tolist() == [1, 2, 2, 4]  # equal scores share the best of their ranks
    assert found.low.tolist() == [1, 1, 2, 3]
    assert found.high.tolist() == [2, 3, 4, 4]
    assert found.letters == ("a", "ab", "bc", "c")


def told_by(right: FloatArray) -> RankGroups:
    return rank_groups(right.mean(axis=1), all_pairs(right).better)


@pytest.mark.parametrize(
    ("ability", "n"),
    [
        (np.zeros(8), 40),  # all truly equal
        (np.array([1.0, 1.0, 0.5, 0.5, 0.0, 0.0]), 200),  # exact ties among solvers that differ
        (np.linspace(-1, 1, 12), 100),
        (np.array([2.5, 2.4, 2.3, -2.3, -2.4]), 30),  # near the ends of the scale
    ],
)
def test_all_true_ranks_lie_in_their_ranges_together(ability: FloatArray, n: int) -> None:
    """The true ranks are those of the abilities; exact ties may take any of the ranks they share."""
    rng = np.random.default_rng(3)
    best = 1 + (ability[None, :] > ability[:, None]).sum(axis=1)
    worst = (ability[None, :] >= ability[:, None]).sum(axis=1)
    studies, held, width = 400, 0, 0.0
    for _ in range(studies):
        found = told_by(answers(ability, n, rng))
        held += bool(((found.low <= best) & (found.high >= worst)).all())
        width += float((found.high - found.low).mean())
    assert held / studies >= 0.95 - 2 * (0.05 * 0.95 / studies) ** 0.5
    if n >= 200:
        assert width / studies < len(ability) - 2  # and they say something


def test_far_solvers_are_told_apart() -> None:
    found = told_by(answers(np.array([3.0, 0.0, -3.0]), 300, np.random.default_rng(0)))
    assert found.letters == ("a", "b", "c")
    assert found.low.tolist() == found.high.tolist() == [1, 2, 3]


def test_equal_scores_are_equal_though_they_were_added_up_in_another_order() -> None:
    for scale in (1e-6, 1.0, 1e6):
        found = rank_groups(scale * np.array([0.3, 0.1 + 0.2, 0.9, 0.3 - 1e-9]), np.zeros((4, 4), dtype=bool))
        assert found.rank.tolist() == [2, 2, 1, 4]
