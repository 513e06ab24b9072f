"""Measures of one query's ranking, as trec_eval computes them."""

import ctypes
import math
from collections.abc import Iterable, Mapping, Sequence

MEASURES = ("map", "ndcg_cut_5", "ndcg_cut_10", "ndcg_cut_100", "recip_rank", "P_10", "recall_100", "recall_1000")
"""Names as trec_eval prints them; all in [0, 1], more is better."""

_RELEVANT = 1
"""Least judgement that counts as relevant where a measure knows only relevant or not; trec_eval -l 1."""


def ranking(scored: Iterable[tuple[str, float]]) -> list[str]:
    """Return a query's documents, best first, as trec_eval orders them: by score as a 32-bit float, then descending id.

    Example:
        >>> ranking([("a", 1.0), ("b", 1.0), ("c", 1.00000000001), ("d", 2.0)])
        ['d', 'c', 'b', 'a']
    """
    kept = sorted(((ctypes.c_float(score).value, document) for document, score in scored), reverse=True)
    return [document for _, document in kept]


def query_measures(ranked: Sequence[str], judged: Mapping[str, int]) -> dict[str, float]:
    """Return each of `MEASURES` of one query.

    Args:
        ranked: Documents, best first.
        judged: Document -> judgement: 1 or more is relevant, and its gain; 0, less, and not judged is not relevant.

    Returns:
        Measure -> value in [0, 1]. 0 where nothing relevant is ranked, or nothing is relevant.

    Example:
        >>> query_measures(["a", "b", "c"], {"b": 1, "z": 1})["map"]  # 1 of 2 relevant, at rank 2: 1/2 * 1/2
        0.25
    """
    gains = [max(judged.get(document, 0), 0) for document in ranked]
    relevant = sum(rel >= _RELEVANT for rel in judged.values())
    hits = [rank for rank, gain in enumerate(gains, start=1) if gain >= _RELEVANT]
    ideal = sorted((rel for rel in judged.values() if rel > 0), reverse=True)
    found = {
        "map": sum(place / rank for place, rank in enumerate(hits, start=1)) / relevant if relevant else 0.0,
        "recip_rank": 1 / hits[0] if hits else 0.0,
    }
    for cut in (5, 10, 100, 1000):
        best, within = _discounted(ideal[:cut]), sum(rank <= cut for rank in hits)
        found[f"ndcg_cut_{cut}"] = _discounted(gains[:cut]) / best if best else 0.0
        found[f"recall_{cut}"] = within / relevant if relevant else 0.0
        found[f"P_{cut}"] = within / cut
    return {name: found[name] for name in MEASURES}


def _discounted(gains: Sequence[int]) -> float:
    """Return the sum of gains, each divided by log2 of its rank plus one."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
