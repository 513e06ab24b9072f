"""Measures of rankings. Oracle: pytrec_eval, which is trec_eval's own C code."""

from random import Random

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.data.logs.trec_measures import MEASURES, query_measures, ranking

DOCUMENTS = [f"d{number}" for number in range(12)] + ["D1", "d_é", "d\N{GRINNING FACE}", "d\uffee"]
"""The last two sort differently by UTF-16 and by UTF-8, which trec_eval compares."""

SCORES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 1.00000000001, 1.0000001, 2.5, 1e-50, -3.0, 1e30, 1e39]),
    st.floats(-100, 100, allow_nan=False),
)
RUNS = st.dictionaries(st.sampled_from(DOCUMENTS), SCORES, min_size=1)
QRELS = st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(-1, 4), min_size=1)
"""No judgement below -1: for some of those trec_eval reads memory that is not its own, and crashes."""


def of_trec_eval(run: dict[str, float], judged: dict[str, int]) -> dict[str, float]:
    asked = {"map", "ndcg_cut.5,10,100", "recip_rank", "P.10", "recall.100,1000"}
    found: dict[str, float] = pytrec_eval.RelevanceEvaluator({"q": judged}, asked).evaluate({"q": run})["q"]
    return found


@settings(max_examples=400, deadline=None)
@given(RUNS, QRELS)
def test_measures_are_trec_evals(run: dict[str, float], judged: dict[str, int]) -> None:
    want = of_trec_eval(run, judged)
    assert set(want) == set(MEASURES)
    assert query_measures(ranking(run.items()), judged) == pytest.approx(want, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(90, 1200), st.integers(1, 5))
def test_long_rankings_are_cut_where_trec_eval_cuts(random: Random, documents: int, levels: int) -> None:
    run = {f"d{number}": float(random.randrange(documents // 2)) for number in range(documents)}
    judged = {f"d{random.randrange(2 * documents)}": random.randrange(levels + 1) for _ in range(documents)}
    assert query_measures(ranking(run.items()), judged) == pytest.approx(of_trec_eval(run, judged), abs=1e-12)


def test_a_query_without_relevant_documents_scores_0() -> None:
    run, judged = {"a": 1.0}, {"a": 0, "b": -1}
    assert query_measures(ranking(run.items()), judged) == of_trec_eval(run, judged) == dict.fromkeys(MEASURES, 0.0)


def test_ties_go_to_the_later_id_and_scores_have_32_bits() -> None:
    assert ranking({"a": 1.0, "b": 1.0 + 1e-12, "c": 1.0}.items()) == ["c", "b", "a"]


@given(RUNS, QRELS)
def test_a_judgement_below_0_counts_as_0(run: dict[str, float], judged: dict[str, int]) -> None:
    """The TREC web tracks judge spam -2."""
    spam = {document: judgement - 2 if judgement <= 0 else judgement for document, judgement in judged.items()}
    assert query_measures(ranking(run.items()), spam) == query_measures(ranking(run.items()), judged)
