"""Small, holed, tied and one-sided studies: never an error, never a NaN that became a number, always valid JSON."""

import math

import numpy as np
import orjson
import pytest

from acidtest.compare.contract import FidelityFile, dumps
from acidtest.compare.fidelity import compare
from acidtest.stats.jackknife import observed
from acidtest.stats.metric import ACCURACY, MACRO_F1, PEARSON, SPAN_F1, Metric, finish_mean
from acidtest.types import BenchmarkScores, Scores

LOSS = Metric(name="loss", finish=finish_mean, is_mean=True, unit=False, higher_is_better=False)
WIDTH = {"accuracy": 1, "macro_f1": 6, "span_f1": 3, "pearson": 5, "loss": 1}


def statistics(metric: Metric, solvers: int, n: int, rng: np.random.Generator) -> np.ndarray:
    if metric.name == "pearson":
        x, y = rng.integers(0, 6, (2, solvers, n)).astype(float)
        return np.stack([x, y, x * x, y * y, x * y], axis=-1)
    if metric.name == "loss":
        return rng.exponential(2, (solvers, n, 1))
    return rng.integers(0, 2, (solvers, n, WIDTH[metric.name])).astype(float)


def benchmark(name: str, metric: Metric, models: list[str], rng: np.random.Generator) -> BenchmarkScores:
    n = int(rng.integers(1, 25))
    chosen = [m for m in models if rng.random() < 0.9] or models[:1]
    stats = statistics(metric, len(chosen), n, rng)
    if rng.random() < 0.4:
        stats[rng.random(stats.shape[:2]) < 0.2] = np.nan
    if rng.random() < 0.2:
        stats[:] = stats[:1, :1]  # everyone the same on every item
    prefix = name if rng.random() < 0.6 else "shared"
    with np.errstate(invalid="ignore"):
        seen = observed(stats, metric)
    with_items = rng.random() < 0.85
    return BenchmarkScores(
        name=name,
        kind="real" if name == "real" else "synthetic",
        models=tuple(chosen),
        observed=seen,
        stats=stats if with_items else None,
        items=tuple(f"{prefix}-{i}" for i in range(n)) if with_items else (),
        bundles=tuple(f"b{i // 3}" for i in range(n)) if with_items and rng.random() < 0.3 else (),
        failures=(rng.random(stats.shape[:2]) < 0.3).astype(float) if with_items and rng.random() < 0.5 else None,
        generator=str(rng.choice([*models, "stranger"])) if name != "real" and rng.random() < 0.7 else None,
    )


@pytest.mark.parametrize("seed", range(24))
def test_odd_studies_end_in_a_report(seed: int) -> None:
    rng = np.random.default_rng(seed)
    models = [f"m{i}" for i in range(int(rng.integers(1, 8)))]
    metric = [ACCURACY, MACRO_F1, SPAN_F1, PEARSON, LOSS][seed % 5]
    sets = [benchmark(name, metric, models, rng) for name in ("real", "a", "b", "c")[: int(rng.integers(2, 5))]]
    families = dict.fromkeys(models[:2], "one") if rng.random() < 0.5 else {}
    report = compare(Scores(metric=metric, real=sets[0], synthetic=tuple(sets[1:]), families=families))
    text = dumps(report)
    FidelityFile.model_validate(orjson.loads(text))
    for of in (*report.fidelity.values(), *report.ensemble.values()):
        for name, estimate in of.items():
            if math.isnan(estimate.value):
                assert estimate.warnings, name
            if not math.isnan(estimate.low):
                assert estimate.low <= estimate.high, name
    for one in sets[1:]:
        compared = set(report.models) & set(one.models) - set(report.left_out[one.name])
        everyone = set(report.models) | set(one.models)
        assert compared | set(report.left_out[one.name]) == everyone
        if not compared:
            assert all(math.isnan(e.value) for e in report.fidelity[one.name].values())
