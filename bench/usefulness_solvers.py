"""Tables without items: a few solvers are seen, and the interval over solvers meets the value over all of them."""

from pathlib import Path

import numpy as np

from acidtest.compare.fidelity import compare
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import rng_for
from acidtest.stats.metric import MEAN
from acidtest.types import BenchmarkScores, Kind, Scores
from usefulness_pairs import SOLVER_PAIRS
from usefulness_runs import ALTERNATIVE, SETTINGS, STATISTICS
from usefulness_tables import without_items

FEWEST = 6
"""With fewer solvers an interval over solvers says next to nothing."""


def solver_pairs(folder: Path, fractions: tuple[float, ...], repeats: int) -> list[dict[str, object]]:
    """Return the share of intervals that hold the statistic of all solvers, per pair and fraction of solvers."""
    tables = without_items(folder)
    found: list[dict[str, object]] = []
    for real, alternative in SOLVER_PAIRS:
        models = sorted(set(tables[real]) & set(tables[alternative]))
        scores = np.array([[tables[name][model] for model in models] for name in (real, alternative)])
        for fraction in fractions:
            k = round(fraction * len(models))
            if k >= FEWEST:
                found.append(_one_pair((real, alternative), scores, (fraction, k), repeats))
    return found


def _one_pair(names: tuple[str, str], scores: FloatArray, part: tuple[float, int], repeats: int) -> dict[str, object]:
    fraction, k = part
    truth = {name: float(statistic(*scores)) for name, statistic in STATISTICS.items()}
    rng = rng_for(SETTINGS.seed, "usefulness solvers", *names, str(k))
    holds: dict[str, list[float]] = {name: [] for name in STATISTICS}
    decided = 0
    for _ in range(repeats):
        chosen = rng.permutation(scores.shape[1])[:k]
        report = compare(_study(names, scores[:, chosen]))
        for name, value in truth.items():
            estimate = report.fidelity[ALTERNATIVE][name]
            holds[name].append(float(estimate.low <= value <= estimate.high))
        decided += sum(v.decision != "INCONCLUSIVE" for v in report.verdict[ALTERNATIVE].values())
    return {
        "pair": " <- ".join(names),
        "solvers": int(scores.shape[1]),
        "fraction": fraction,
        "k": k,
        "runs": repeats,
        "all_solvers": {name: round(value, 5) for name, value in truth.items()},
        "shares": {name: _share(values) for name, values in holds.items()},
        "verdicts_given": decided,
    }


def _share(values: list[float]) -> list[float]:
    share = float(np.mean(values))
    return [round(share, 5), round((share * (1 - share) / len(values)) ** 0.5, 5)]


def _study(names: tuple[str, str], scores: FloatArray) -> Scores:
    models = tuple(f"m{row}" for row in range(scores.shape[1]))
    kinds: tuple[tuple[str, Kind], ...] = ((names[0], "real"), (ALTERNATIVE, "synthetic"))
    real, other = (
        BenchmarkScores(name=name, kind=kind, models=models, observed=row)
        for (name, kind), row in zip(kinds, scores, strict=True)
    )
    return Scores(metric=MEAN, real=real, synthetic=(other,))
