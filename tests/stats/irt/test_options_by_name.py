"""Options of the scale's checks, audits and tests are given by name: a number in the wrong place is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from acidtest.stats.irt.adaptive.ability import Likelihood
from acidtest.stats.irt.adaptive.score import bank_model, whole_scores
from acidtest.stats.irt.adaptive.simulation import Simulation, simulate_adaptive
from acidtest.stats.irt.adaptive.test import AdaptiveTest, Exposure, Stop
from acidtest.stats.irt.check import dimensions, replicates
from acidtest.stats.irt.check.explained import _finish, explained
from acidtest.stats.irt.check.fit_check import _beyond, check_fit
from acidtest.stats.irt.check.limited_information import limited_information
from acidtest.stats.irt.check.quick_fit import _first, quick_fit
from acidtest.stats.irt.flaws.abilities import _step, abilities_without, solver_weights
from acidtest.stats.irt.flaws.audit import find_flaws, q_values
from acidtest.stats.irt.flaws.curves import along_curves, log_spread
from acidtest.stats.irt.flaws.mixture import chances, prior_counts
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.small.parallel_forms import evenly_spread, matched_items, parallel_forms, random_forms
from acidtest.stats.irt.small.predicted_score import misfit, predicted_score

ONE = Items(discrimination=np.ones(1), difficulty=np.zeros(1), guess=np.zeros(1))


@pytest.mark.parametrize(
    ("function", "without_name", "works"),
    [
        (dimensions.how_many_dimensions, 1, lambda: dimensions._error(np.ones(2))),
        (explained, 3, lambda: _finish(np.ones((1, 13)))),
        (check_fit, 2, lambda: _beyond(np.ones(1), np.ones((20, 1)))),
        (limited_information, 1, lambda: limited_information(np.ones((2, 2)), rng=np.random.default_rng(0))),
        (quick_fit, 2, lambda: _first(np.ones(2) / 2, np.zeros(2))),
        (replicates.replicates, 2, lambda: replicates.simulated(ONE, np.zeros(1), np.random.default_rng(0))),
        (abilities_without, 2, lambda: solver_weights(np.eye(3))),
        (_step, 4, lambda: solver_weights(np.eye(3))),
        (find_flaws, 2, lambda: q_values(np.ones(1))),
        (along_curves, 3, lambda: log_spread(np.ones((1, 1)), np.ones(1))),
        (chances, 2, lambda: prior_counts(np.zeros(1, np.int64), 5, 1)),
        (parallel_forms, 1, lambda: random_forms(2, 1, 1, np.random.default_rng(0))),
        (matched_items, 2, lambda: random_forms(2, 1, 1, np.random.default_rng(0))),
        (evenly_spread, 2, lambda: random_forms(2, 1, 1, np.random.default_rng(0))),
        (predicted_score, 2, lambda: misfit([], [])),
        (Likelihood, 1, lambda: Likelihood(ONE, mean=0, sd=1)),
        (whole_scores, 2, lambda: bank_model(ONE)),
        (
            simulate_adaptive,
            2,
            lambda: Simulation(asked=np.zeros((1, 1), np.int64), ability=np.ones(1), se=np.ones(1)).scores([[1.0]]),
        ),
        (AdaptiveTest, 1, lambda: AdaptiveTest(ONE, stop=Stop(most_items=1), exposure=Exposure())),
    ],
)
def test_options_are_given_by_name(
    function: Callable[..., Any], without_name: int, works: Callable[[], object]
) -> None:
    assert works() is not None
    with pytest.raises(TypeError, match=r"positional arguments? .*but .* given|positional argument but"):
        function(*[None] * (without_name + 1))
