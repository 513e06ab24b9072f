"""What calibrated items say about a new solver's score: its possible states, how likely each is, what each answers.

A state is an ability and a slope. The slope (a person's own, Strandmark and Linn, Journal of Educational and
Behavioral Statistics 12, 1987) says how sharply a solver parts easy items from hard ones: its log-odds are
discrimination x ability + slope x easiness. Below 1 it misses easy items and yet gets hard ones: a capable model whose
answers are often in the wrong form. One ability cannot tell such a solver from a weak one, and a small test near its
ability would predict the wrong score. It is the common scale again where all slopes are 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.stats.irt.items import Items

ABILITIES = np.linspace(-4.5, 4.5, 91)
"""Half a standard error of 100 good items apart: sums over them are as good as integrals."""
SLOPES = np.linspace(-2.5, 2.5, 7)
"""Of log slope, in standard deviations."""
SPREAD = 0.4
"""Of log slope between solvers, a prior: most slopes lie within a factor of 1.5. It is not learnt from the solvers that
made the scale, for they bent it to themselves, and their slopes look more alike than a new solver's."""
BANDWIDTH = 0.5
"""Of the abilities expected of new solvers around those of the calibrated ones, in standard deviations."""
FLOOR = 0.02
"""Share of new solvers that may have any ability: they may be better or worse than all before."""
NEAREST = 1e-4
"""No answer is surer than this: wrong keys and slips happen."""


@dataclass(frozen=True, kw_only=True)
class ScoreModel:
    """Expected scores of new solvers on n items, over G states.

    Attributes:
        items: [n] parameters.
        ability: [G] of each state.
        slope: [G] 1: as the solvers that were calibrated on are on average.
        log_weight: [G] how likely each state is before any answer; the weights sum to 1.
        expected: [G, n] expected score of each item, strictly between 0 and 1.
        dispersion: Variance of scores around `expected`, as a multiple of expected (1 - expected). 1: they are right or
            wrong; below 1: they lie between.
        spread: Standard deviation of log slope.
        solver_state: [M] the state nearest to each calibrated solver.
        solvers: M, on which the items were calibrated.
    """

    items: Items
    ability: FloatArray
    slope: FloatArray
    log_weight: FloatArray
    expected: FloatArray
    dispersion: float
    spread: float
    solver_state: NDArray[np.int64]
    solvers: int

    def __len__(self) -> int:
        return len(self.items)

    def log_likelihood(self, scores: ArrayLike) -> FloatArray:
        """Return [M, G]: log of how likely the scores [M, n] are in each state, but for a constant; NaN: not asked."""
        given = np.atleast_2d(np.asarray(scores, np.float64))
        seen = np.isfinite(given)
        asked = seen.any(axis=0)
        p = self.expected[:, asked]
        right = np.where(seen, given, 0.0)[:, asked]
        wrong = np.where(seen, 1 - given, 0.0)[:, asked]
        found: FloatArray = (right @ np.log(p).T + wrong @ np.log1p(-p).T) / self.dispersion
        return found

    def posterior(self, scores: ArrayLike) -> FloatArray:
        """Return [M, G]: how likely each state is after the scores [M, n]; rows sum to 1."""
        return normalised(self.log_weight + self.log_likelihood(scores))

    def noise(self, weights: FloatArray) -> FloatArray:
        """Return [..., n]: variance of a score around what its state expects, over states of weights [..., G]."""
        mean = weights @ self.expected
        square = weights @ self.expected**2
        found: FloatArray = self.dispersion * (mean - square)
        return found


def score_model(scores: ArrayLike) -> ScoreModel:
    """Calibrate n items on M solvers, and say which states to expect of a new one.

    Args:
        scores: [M, n], 0 to 1, NaN where not scored.

    Raises:
        DataError: Scores that cannot be calibrated; see `fit_irt`.
    """
    return model_of_fit(calibration(scores), scores)


def calibration(scores: ArrayLike) -> Fit:
    """Return the scale of n items from scores [M, n] that are right or wrong, or lie between."""
    given = np.asarray(scores, np.float64)
    with np.errstate(invalid="ignore"):
        between = bool(((given > 0) & (given < 1)).any())
    return fit_irt(given, model="continuous" if between else "2pl")


def normalised(log_weight: FloatArray) -> FloatArray:
    """Return weights [..., G] that sum to 1."""
    weight = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True))
    found: FloatArray = weight / weight.sum(axis=-1, keepdims=True)
    return found


def model_of_fit(fit: Fit, scores: ArrayLike) -> ScoreModel:
    """Return the model of items that are calibrated already, on these scores [M, n]."""
    ability = np.repeat(ABILITIES, len(SLOPES))
    slope = np.tile(np.exp(SPREAD * SLOPES), len(ABILITIES))
    likely = np.exp(-0.5 * ((ABILITIES[:, None] - fit.ability) / BANDWIDTH) ** 2).sum(axis=1)
    likely = (1 - FLOOR) * likely / likely.sum() + FLOOR / len(ABILITIES)
    weight = np.outer(likely, np.exp(-0.5 * SLOPES**2) / np.exp(-0.5 * SLOPES**2).sum()).ravel()
    # discrimination x ability + slope x easiness is slope x discrimination x (ability / slope - difficulty)
    expected = np.empty((len(ability), len(fit.items)))
    for one in np.unique(slope):
        at = slope == one
        steeper = Items(
            discrimination=one * fit.items.discrimination,
            difficulty=fit.items.difficulty,
            guess=fit.items.guess,
            residual=fit.items.residual,
        )
        expected[at] = steeper.expected(ability[at] / one)
    expected = np.clip(expected, NEAREST, 1 - NEAREST)
    model = ScoreModel(
        items=fit.items,
        ability=ability,
        slope=slope,
        log_weight=np.log(weight),
        expected=expected,
        dispersion=1.0,
        spread=SPREAD,
        solver_state=np.zeros(len(fit.ability), np.int64),
        solvers=len(fit.ability),
    )
    return _placed(model, np.asarray(scores, np.float64))


def _placed(model: ScoreModel, scores: FloatArray) -> ScoreModel:
    """Return the model with its dispersion and the solvers' states."""
    state = model.posterior(scores).argmax(axis=1)
    expected = model.expected[state]
    seen = np.isfinite(scores)
    squares = np.where(seen, scores - expected, 0.0) ** 2
    binomial = np.where(seen, expected * (1 - expected), 0.0)
    whole = np.isin(scores[seen], (0.0, 1.0)).all()
    dispersion = 1.0 if whole else float(np.clip(squares.sum() / binomial.sum(), 1e-3, 1.0))
    return ScoreModel(**{**vars(model), "dispersion": dispersion, "solver_state": state})
