"""What a reader of a fit must know before leaning on it, in plain words."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from acidtest.errors import counted
from acidtest.stats.irt.engine.sums import Answers
from acidtest.stats.irt.fit import Fit

FEW_SOLVERS = 10
"""Fewer solvers than this place no single item's discrimination better than what items have in common does: in
simulation, at 8 solvers its error is as large as discriminations vary, at 20 it is a tenth smaller."""
_HARDLY = 0.5
"""Share of the spread of ability that may be noise."""


def fit_warnings(answers: Answers, fit: Fit) -> tuple[str, ...]:
    """Return the warnings for answers [n, M] and their fit."""
    return tuple(_found(answers, fit))


def _found(answers: Answers, fit: Fit) -> Iterator[str]:
    asked_of_solver, asked_of_item = np.any(answers, axis=0), np.any(answers, axis=1)
    solvers = int(asked_of_solver.sum())
    if not fit.converged:
        yield f"The fit still moved after {counted(fit.sweeps, 'sweep')}: take its numbers as rough."
    if solvers < FEW_SOLVERS:
        yield (
            f"Only {counted(solvers, 'solver')}: a single item's discrimination is hardly known and stays near the "
            "common one; trust abilities, difficulties of many items together, and the intervals."
        )
    yield from _apart(answers)
    noise = float(np.mean(fit.ability_se[asked_of_solver] ** 2))
    if noise > _HARDLY:
        yield (
            f"These solvers can hardly be told apart: {min(noise, 1):.0%} of the spread of their abilities is noise. "
            "More items, or solvers that differ more, would help."
        )
    yield from _extreme(answers, asked_of_item, "item", "that every solver got", "beyond these solvers' range", 1)
    yield from _extreme(answers, asked_of_solver, "solver", "that got every item", "beyond these items' range", 0)
    for asked, word, instead in (
        (asked_of_item, "item", "what items have in common stands in its place"),
        (asked_of_solver, "solver", "its ability is the average one's, with an error of 1"),
    ):
        if not asked.all():
            yield f"{counted(int((~asked).sum()), word)} without any score: {instead}."


def _apart(answers: Answers) -> Iterator[str]:
    """Say so where solvers fall into groups that share no items: nothing in the scores places one against another."""
    reached = np.any(answers, axis=0)
    left, groups = reached.copy(), 0
    while left.any():
        groups += 1
        group = np.zeros_like(left)
        group[np.argmax(left)] = True
        size = 0
        while int(group.sum()) > size:
            size = int(group.sum())
            items = np.any(answers[:, group], axis=1)
            group |= np.any(answers[items], axis=0)
        left &= ~group
    if groups > 1:
        yield (
            f"Solvers fall into {groups} groups that share no items: nothing in the scores says which group is better, "
            "or whose items are harder. Each group's average is taken to be alike; compare within groups only."
        )


def _extreme(answers: Answers, asked: NDArray[np.bool_], word: str, who: str, where: str, axis: int) -> Iterator[str]:
    right = int((asked & (answers >= 0).all(axis)).sum())
    wrong = int((asked & (answers <= 0).all(axis)).sum())
    for count, how in ((right, "right"), (wrong, "wrong")):
        if count:
            yield f"{counted(count, word)} {who} {how}: known only to lie {where}, how far is the prior's word."
