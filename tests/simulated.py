"""Studies whose truth is known: solvers of normal ability answer items of normal difficulty."""

from collections.abc import Sequence

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import ACCURACY, Metric
from acidtest.types import BenchmarkScores, Scores


def answers(ability: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Return [M, n] right (1) or wrong (0): the one-parameter logistic model."""
    difficulty = rng.normal(0, 1, n)
    right: FloatArray = (rng.random((len(ability), n)) < 1 / (1 + np.exp(difficulty - ability[:, None]))).astype(
        np.float64
    )
    return right


def scored(
    name: str, right: FloatArray, *, generator: str | None = None, models: Sequence[str] = (), prefix: str = ""
) -> BenchmarkScores:
    """Return a benchmark's scores of answers [M, n]."""
    return BenchmarkScores(
        name=name,
        kind="real" if name == "real" else "synthetic",
        models=tuple(models) or tuple(f"m{i}" for i in range(len(right))),
        observed=np.nanmean(right, axis=1),
        stats=right[..., None],
        items=tuple(f"{prefix or name}-{i}" for i in range(right.shape[1])),
        generator=generator,
    )


def study(
    abilities: dict[str, FloatArray], n: int, seed: int = 0, *, metric: Metric = ACCURACY, generators: int = 0
) -> Scores:
    """Return a study of benchmark -> ability of each solver there; solvers wrote the first `generators` sets."""
    rng = np.random.default_rng(seed)
    sets = []
    for place, (name, ability) in enumerate(abilities.items()):
        wrote = f"m{place - 1}" if 0 < place <= generators else None
        sets.append(scored(name, answers(ability, n, rng), generator=wrote))
    return Scores(metric=metric, real=sets[0], synthetic=tuple(sets[1:]))
