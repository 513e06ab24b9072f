"""Score tables of any size from one world: solvers of known ability on items of known difficulty, written in chunks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

ROWS_AT_ONCE = 10_000
EASIER, SLOPE = 0.3, 0.9
"""What the synthetic set does to solvers' abilities: ability * SLOPE + EASIER, on the logit scale."""


@dataclass(frozen=True, kw_only=True)
class World:
    """M solvers on two sets of n items each."""

    models: int
    items: int
    seed: int = 0

    @property
    def names(self) -> list[str]:
        """The solvers."""
        return [f"model-{m:04d}" for m in range(self.models)]

    def ability(self, synthetic: bool) -> NDArray[np.float32]:  # noqa: FBT001  # real or synthetic
        """Return [M] abilities on one set."""
        own = np.random.default_rng(self.seed).normal(0.5, 0.7, self.models)
        extra = np.random.default_rng(self.seed + 1).normal(0.0, 0.1, self.models)
        return np.asarray(own * SLOPE + EASIER + extra if synthetic else own, np.float32)

    def chunks(self, name: str) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Return (first item, scores [M, items of the chunk]) of one set, chunk by chunk."""
        ability = self.ability(name != "real")[:, None]
        rng = np.random.default_rng((self.seed, len(name)))
        for start in range(0, self.items, ROWS_AT_ONCE):
            size = min(ROWS_AT_ONCE, self.items - start)
            difficulty = rng.normal(0.0, 1.2, size).astype(np.float32)
            chance = 1 / (1 + np.exp(difficulty - ability))
            yield start, (rng.random(chance.shape, dtype=np.float32) < chance).astype(np.uint8)


def write_wide(world: World, name: str, file: Path) -> NDArray[np.float64]:
    """Write a table with items in rows and one column per solver; return the solvers' true means [M]."""
    total = np.zeros(world.models)
    schema = pa.schema([("item", pa.string()), *((model, pa.uint8()) for model in world.names)])
    with parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=["item"]) as writer:
        for start, scores in world.chunks(name):
            total += scores.sum(axis=1)
            items = pa.array([f"{name}-{start + i}" for i in range(scores.shape[1])])
            writer.write_table(pa.Table.from_arrays([items, *map(pa.array, scores)], schema=schema))
    return total / world.items


def write_long(world: World, name: str, file: Path) -> NDArray[np.float64]:
    """Write a table with one row per item and solver; return the solvers' true means [M]."""
    total = np.zeros(world.models)
    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("benchmark", text), ("model", text), ("item", text), ("score", pa.float64())])
    models = pa.array(world.names)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for start, scores in world.chunks(name):
            total += scores.sum(axis=1)
            m, n = scores.shape
            items = pa.array([f"{name}-{start + i}" for i in range(n)])
            columns = [
                pa.DictionaryArray.from_arrays(np.zeros(m * n, np.int32), pa.array([name])),
                pa.DictionaryArray.from_arrays(np.repeat(np.arange(m, dtype=np.int32), n), models),
                pa.DictionaryArray.from_arrays(np.tile(np.arange(n, dtype=np.int32), m), items),
                pa.array(scores.ravel().astype(np.float64)),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=1_000_000)
    return total / world.items
