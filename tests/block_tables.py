"""Long tables of scores, as many forms as there are, written as Parquet: what blocks must tell as single items do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from acidtest.types import BenchmarkScores, Blocks

FloatArray = NDArray[np.float64]


def chances(models: int, items: int, *, seed: int, easier: float = 0.0) -> FloatArray:
    """Return [M, n] chances of right answers: abilities are those of the same seed whatever the items."""
    ability = np.random.default_rng(7).normal(0.4, 0.6, models)
    difficulty = np.random.default_rng(seed).normal(0.0, 1.2, items)
    return np.asarray(1 / (1 + np.exp(difficulty[None, :] - ability[:, None] - easier)))


def shares(models: int, items: int, *, seed: int, easier: float = 0.0) -> FloatArray:
    """Return [M, n] scores of 0 and 1."""
    p = chances(models, items, seed=seed, easier=easier)
    return (np.random.default_rng(seed + 1).random(p.shape) < p).astype(np.float64)


def fractions(models: int, items: int, *, seed: int, easier: float = 0.0) -> FloatArray:
    """Return [M, n] scores between 0 and 1."""
    p = chances(models, items, seed=seed, easier=easier)
    return np.random.default_rng(seed + 1).beta(3 * p, 3 * (1 - p))


def span_counts(models: int, items: int, *, seed: int, easier: float = 0.0) -> FloatArray:
    """Return [M, n, 3] right, spurious and missed spans of each item, up to four of them."""
    p = chances(models, items, seed=seed, easier=easier)
    rng = np.random.default_rng(seed + 1)
    gold = np.broadcast_to(rng.integers(0, 5, items), p.shape)
    right = rng.binomial(gold, p)
    return np.stack([right, rng.binomial(2, (1 - p) / 2), gold - right], axis=-1).astype(np.float64)


def write_long(
    path: Path,
    sets: Mapping[str, tuple[Sequence[str], FloatArray]],
    *,
    stats: dict[str, FloatArray] | None = None,
    more: dict[str, dict[str, FloatArray]] | None = None,
    metric: str = "",
    bundles: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write sets as one table: benchmark -> (item names [n], scores [M, n]); a score of NaN is an empty cell.

    Args:
        path: The file.
        sets: The benchmarks.
        stats: benchmark -> [M, n, k].
        more: column -> benchmark -> [M, n], such as weights.
        metric: Written in every row.
        bundles: benchmark -> [n].
    """
    tables = []
    for name, (items, scores) in sets.items():
        m, n = scores.shape
        columns: dict[str, object] = {
            "benchmark": [name] * (m * n),
            "model": np.repeat([f"model {k:03d}" for k in range(m)], n),
            "item": np.tile(np.array(items, object), m),
            "score": pa.array(scores.ravel(), from_pandas=True),
        }
        if stats:
            columns["stats"] = list(stats[name].reshape(m * n, -1))
        if bundles:
            columns["bundle"] = np.tile(np.array(bundles[name], object), m)
        if metric:
            columns["metric"] = [metric] * (m * n)
        for column, of in (more or {}).items():
            columns[column] = of[name].ravel()
        tables.append(pa.table(columns))
    parquet.write_table(pa.concat_tables(tables), path)
    return path


def write_wide(path: Path, items: Sequence[str], scores: NDArray[np.generic], **about: Sequence[object]) -> Path:
    """Write one set with items in rows and solvers in columns."""
    columns = {f"model {k:03d}": pa.array(row) for k, row in enumerate(scores)}
    parquet.write_table(pa.table({"item": list(items), **about, **columns}), path)
    return path


def blocked(one: BenchmarkScores, blocks: int, seed: int) -> BenchmarkScores:
    """Return a set of scored items (a mean) summed up in blocks at random: what reading it in blocks gives."""
    of_item = np.random.default_rng(seed).integers(0, blocks, len(one.items))
    values = np.asarray(one.stats)[..., 0]
    known = np.isfinite(values)
    sums, count = np.zeros((2, len(values), blocks))
    for row in range(len(values)):
        sums[row] = np.bincount(of_item, np.where(known[row], values[row], 0.0), blocks)
        count[row] = np.bincount(of_item, known[row], blocks)
    stats = np.stack([sums, count], axis=-1)
    stats[count == 0] = np.nan
    return replace(
        one,
        stats=stats,
        items=(),
        blocks=Blocks(
            n_items=len(one.items),
            scored=known.sum(axis=1).astype(np.float64),
            shared={},
            failure_rate=np.full(len(values), np.nan),
            readable=np.full(len(values), np.nan),
        ),
    )
