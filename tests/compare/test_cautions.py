"""Warnings about a whole comparison: one of something is one, and what the reading of the table decided comes first."""

from dataclasses import replace

import numpy as np

from acidtest.compare.fidelity import compare
from simulated import study


def test_one_of_something_takes_no_plural() -> None:
    ability = np.linspace(-1, 1, 8)
    scores = study({"real": ability, "fake": ability}, 60)
    assert scores.real.stats is not None
    holed = scores.real.stats.copy()
    holed[3, 5] = np.nan
    found = compare(replace(scores, real=replace(scores.real, stats=holed))).warnings
    assert any("On 'real' 1 solver has no score for some items (most: 'm3', 1 of 60)" in text for text in found)
    alone = compare(study({"real": ability[:1], "fake": ability[:1]}, 60))
    assert any(text.startswith("1 solver answered both sets of 'fake'") for text in alone.warnings)
    assert any(text.startswith("only 1 solver:") for text in alone.fidelity["fake"]["gap"].warnings)


def test_notes_of_the_table_stand_first() -> None:
    ability = np.linspace(-1, 1, 3)
    scores = replace(study({"real": ability, "fake": ability}, 20), notes=("Read as percentages.",))
    found = compare(scores).warnings
    assert found[0] == "Read as percentages."
    assert len(found) > 1


def test_equals_are_named_alike_whatever_the_order_of_the_rows() -> None:
    ability = np.linspace(-1, 1, 6)
    scores = study({"real": ability, "fake": ability}, 60)
    real, models = scores.real, scores.real.models
    assert real.stats is not None
    holed = real.stats.copy()
    holed[[1, 4], 5] = np.nan  # one item each
    failures = np.zeros(holed.shape[:2])
    rows = np.array([0, 1])  # two unreadable solvers whose readable answers are all right, two others' half are
    for row in range(4):
        holed[row] = 1.0 if row in rows else 0.0
        holed[row, ::2] = 0.0 if row in rows else 1.0
        holed[row, :2] = 0.0 if row in rows else 1.0
        failures[row, ::2] = 1.0 if row in rows else 0.0
    holed[1, 5] = np.nan
    texts = []
    for order in (np.arange(6), np.arange(6)[::-1]):
        turned = replace(
            real,
            models=tuple(models[i] for i in order),
            stats=holed[order],
            failures=failures[order],
            observed=np.nanmean(holed[order, :, 0], axis=1),
        )
        found = compare(replace(scores, real=turned)).warnings
        texts.append([text for text in found if text.startswith("On 'real'")])
    assert texts[0] == texts[1]
    assert any("(most: 'm1', 1 of 60)" in text for text in texts[0])
    assert any("unreadable answers decide" in text for text in texts[0])
