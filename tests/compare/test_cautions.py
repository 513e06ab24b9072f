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
