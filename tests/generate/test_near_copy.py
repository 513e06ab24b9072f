"""Near copies: the likeness is the definition's, and thousands of texts take seconds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.generate.near_copy import NearCopies, normalised
from scripted_generator import words


def slow_likeness(one: str, two: str) -> float:
    """2 * (longest common subsequence) / (sum of lengths), by the textbook table, for both orders of words."""

    def ratio(a: str, b: str) -> float:
        row = [0] * (len(b) + 1)
        for x in a:
            before = row[:]
            for j, y in enumerate(b):
                row[j + 1] = before[j] + 1 if x == y else max(row[j], before[j + 1])
        return 2 * row[-1] / (len(a) + len(b)) if a or b else 1.0

    one, two = normalised(one), normalised(two)
    return max(ratio(one, two), ratio(" ".join(sorted(one.split())), " ".join(sorted(two.split()))))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(alphabet="abc ,A", min_size=1, max_size=14), min_size=1, max_size=6),
    st.text(alphabet="abc ,A", min_size=1, max_size=14),
    st.sampled_from([0.5, 0.8, 0.9, 1.0]),
)
def test_the_likeness_is_the_definition(known: list[str], text: str, threshold: float) -> None:
    copies = NearCopies(threshold)
    for i, other in enumerate(known):
        copies.add(other, str(i))
    best = max(slow_likeness(text, other) for other in known)
    found = copies.nearest(text)
    if best >= threshold + 1e-9:
        assert found is not None
        assert found[1] == pytest.approx(best)
        assert slow_likeness(text, known[int(found[0])]) == pytest.approx(best)
    elif best < threshold - 1e-9:
        assert found is None


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("set an alarm for seven am tomorrow", True),
        ("SET AN ALARM, for 7 am tomorrow!", True),  # 32 + 33 characters, 31 in common: 0.95
        ("tomorrow set an alarm for 7 am", True),  # the same words
        ("set an alarm for 8 am on my birthday next tuesday", False),
        ("set an alarm for 7 am tomorrow and tell Jo that I am on my way to the station", False),
    ],
)
def test_small_changes_make_no_new_text(text: str, *, copied: bool) -> None:
    copies = NearCopies(0.9)
    copies.add("set an alarm for 7 am tomorrow", "item")
    assert (copies.nearest(text) is not None) == copied


def test_each_of_thousands_of_texts_is_found_again() -> None:
    import random

    rng = random.Random(1)
    copies = NearCopies(0.9)
    texts = [words(rng, 10) for _ in range(5000)]
    for text in texts:
        copies.add(text, text)
    assert [copies.nearest(text) for text in texts[:500]] == [(text, 1.0) for text in texts[:500]]
