"""Decisions: their limits can be set, their reasons are plain, and what would settle them follows the noise."""

import re

import numpy as np
import pytest
from scipy import stats

from acidtest.compare.fidelity import compare
from acidtest.compare.thresholds import Thresholds
from acidtest.compare.verdict import _times
from acidtest.types import Scores
from simulated import study

ABILITY = np.random.default_rng(2).normal(0, 1, 12)


@pytest.fixture(scope="module")
def scores() -> Scores:
    return study({"real": ABILITY, "fake": ABILITY + 0.4}, 300)


def test_limits_can_be_set(scores: Scores) -> None:
    strict = compare(scores, thresholds=Thresholds(score=0.01, certainty=0.999999, rank=1.0)).verdict["fake"]
    loose = compare(scores, thresholds=Thresholds(score=0.5, certainty=0.6, rank=0.5, regret=0.5)).verdict["fake"]
    assert strict["score"].decision == "NO-GO"
    assert strict["rank"].decision != "GO"
    assert {use: v.decision for use, v in loose.items()} == dict.fromkeys(("score", "rank", "choose"), "GO")
    assert "within 0.5" in loose["score"].because


def test_reasons_name_the_numbers_that_decide(scores: Scores) -> None:
    found = compare(scores)
    because = found.verdict["fake"]["score"].because
    low, high = map(float, re.findall(r"\((\d\.\d+) to (\d\.\d+);", because)[0])
    # Root mean squared difference, so the ends are about the roots of mspd's.
    assert low == pytest.approx(np.sqrt(found.fidelity["fake"]["mspd"].low), abs=1e-3)
    assert high == pytest.approx(np.sqrt(found.fidelity["fake"]["mspd"].high), abs=1e-3)
    best = max((e.value, m) for m, e in found.scores["fake"].items())[1]
    assert f"'{best}'" in found.verdict["fake"]["choose"].because


@pytest.mark.parametrize("z", [0.0, 0.5, 1.0, 2.5])
def test_settling_follows_the_root_of_the_items(z: float) -> None:
    # The definition by chance: the truth is N(z, 1) standard errors from the limit, f times the items see it N(., 1)
    # of theirs, which are sqrt(f) times smaller. Eight in ten must end beyond 1.96, on either side.
    f = _times(stats.norm.cdf(z), 0.975)
    assert f == pytest.approx(_times(stats.norm.cdf(-z), 0.975), rel=1e-6)
    rng = np.random.default_rng(0)
    seen = np.sqrt(f) * rng.normal(z, 1, 200_000) + rng.normal(0, 1, 200_000)
    assert (np.abs(seen) > 1.959964).mean() == pytest.approx(0.8, abs=0.005)


def test_advised_items_do_settle_it() -> None:
    """What is advised is tried: most of these studies become decided with the advised number of items."""
    settled = tried = 0
    for seed in range(12):
        few = compare(study({"real": ABILITY, "fake": ABILITY + 0.5}, 60, seed=seed))
        verdict = few.verdict["fake"]["score"]
        advised = re.findall(r"About (\d+) items", verdict.settle)
        if verdict.decision != "INCONCLUSIVE" or not advised:
            continue
        more = compare(study({"real": ABILITY, "fake": ABILITY + 0.5}, int(advised[0]), seed=seed + 100))
        tried += 1
        settled += more.verdict["fake"]["score"].decision != "INCONCLUSIVE"
    assert tried >= 3
    assert settled / tried >= 0.6


def test_solvers_that_are_all_alike_leave_no_order_to_keep() -> None:
    alike = np.zeros(8)
    found = compare(study({"real": alike, "fake": alike}, 20_000)).verdict["fake"]
    assert found["rank"].decision == "INCONCLUSIVE"
    assert "No two solvers" in found["rank"].because
    assert found["choose"].decision == "GO"  # whoever is picked, nothing is lost
