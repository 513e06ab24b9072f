"""All checks of one fitted scale, with names, and as a terminal shows them."""

import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from scipy.special import expit

from acidtest.compare.irt.model_check import MOST_ITEMS, ModelCheck, model_report
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.report.irt_check_terminal import check_lines
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import fit_irt


def matrix_of(scores: FloatArray, topics: tuple[str, ...] = ()) -> ScoreMatrix:
    solvers, n = scores.shape
    return ScoreMatrix(
        models=tuple(f"solver{m}" for m in range(solvers)),
        items=tuple(f"item{j}" for j in range(n)),
        benchmark=("set",) * n,
        scores=scores,
        kinds={},
        generators={},
        families={},
        topics=topics or ("",) * n,
        bundles=("",) * n,
    )


def four_topics(solvers: int, each: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Scores on four topics that differ somewhat for all solvers; the first is far worse at law than elsewhere."""
    rng = np.random.default_rng(0)
    topics = np.repeat(["algebra", "law", "history", "physics"], each)
    ability = np.repeat(rng.normal(size=(solvers, 1)), len(topics), axis=1)
    for topic in np.unique(topics):
        ability[:, topics == topic] += 0.5 * rng.normal(size=(solvers, 1))
    ability[0] = np.where(topics == "law", -1.5, 1.5)
    chance = expit(ability + rng.normal(0, 1, len(topics)))
    return np.asarray(rng.random(chance.shape) < chance, np.float64), tuple(topics.tolist())


def shown(check: ModelCheck, width: int = 100) -> str:
    out = StringIO()
    Console(file=out, width=width).print(check_lines(check))
    return out.getvalue()


@pytest.fixture(scope="module")
def checked() -> ModelCheck:
    scores, topics = four_topics(40, 20)
    scores[:, 11] = scores[:, 10]
    return model_report(matrix_of(scores, topics), fit_irt(scores), seed=0)


def test_what_was_built_in_is_named(checked: ModelCheck) -> None:
    assert checked.topics is not None
    standings = {(one.model, one.topic): one.deviation for one in checked.topics.standings}
    assert -4 < standings["solver0", "law"].value < -1
    assert standings["solver0", "law"].high < 0
    assert set(checked.topics.spread) == {"algebra", "law", "history", "physics"}
    assert [(pair.one, pair.two) for pair in checked.pairs[:1]] == [(("set", "item10"), ("set", "item11"))]
    assert len(checked.checks) == 3
    assert "80 solvers" in checked.rmsea.warnings[0]


def test_all_of_it_is_json_without_nan(checked: ModelCheck) -> None:
    text = json.dumps(checked.as_json(), allow_nan=False)
    named = json.loads(text)["topics"]["standings"]
    assert next(one["value"] for one in named if (one["model"], one["topic"]) == ("solver0", "law")) < -1


def test_a_terminal_shows_sentences_names_and_numbers(checked: ModelCheck) -> None:
    text = shown(checked)
    assert "How well the model '2pl' fits: 40 solvers, 80 items" in text
    assert all(" ".join(said.split()[:6]) in " ".join(text.split()) for said in checked.said)
    for part in ("solver0", "law", "set/item10", "No M2"):
        assert part in text
    assert max(len(line) for line in shown(checked, width=60).splitlines()) <= 60


def test_hostile_names_are_shown_as_they_are(checked: ModelCheck) -> None:
    assert checked.topics is not None
    bad = "[red]x[/red]\x1b[31m"
    standing = replace(checked.topics.standings[0], model=bad, topic=bad)
    pair = replace(checked.pairs[0], one=(bad, bad))
    hostile = replace(
        checked, topics=replace(checked.topics, standings=(standing,), spread={bad: standing.deviation}), pairs=(pair,)
    )
    text = shown(hostile, width=200)
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_of_very_many_items_a_random_part_is_checked_and_said() -> None:
    rng = np.random.default_rng(1)
    scores = np.asarray(rng.random((4, MOST_ITEMS + 50)) < expit(rng.normal(size=(4, 1))), np.float64)
    found = model_report(matrix_of(scores), fit_irt(scores, most_sweeps=5), seed=0)
    assert (found.items, found.items_checked) == (MOST_ITEMS + 50, MOST_ITEMS)
    assert found.topics is None
    assert "drawn at random" in shown(found)
