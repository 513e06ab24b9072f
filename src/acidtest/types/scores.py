"""Scores of solvers on benchmarks. NaN means "not scored" and never becomes 0."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import Metric
from acidtest.types.record import Kind


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """How well M solvers' scores on a benchmark are known where adaptive tests asked some of its items only.

    Attributes:
        error: [M] standard error of each score that is the solver's own, on the metric's own scale; also of those that
            answered everything.
        asked: [M] items that each solver answered.
        items: How many items the scores are about.
        common: Variance of all scores at once, by the items' common difficulty and their calibration; see
            `stats.noise.Noise`.
        calibration: The part of `common` that is the calibration's: two sets of one bank have it together.
    """

    error: FloatArray
    asked: FloatArray
    items: int
    common: float
    calibration: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Items that were summed up in B blocks, because there are too many to keep: M solvers, n items.

    An item is in the block that a hash of its bundle, or of its own name, says: in the same one on every benchmark.

    Attributes:
        n_items: n.
        scored: [M] items that each solver was scored on.
        shared: Another benchmark -> how many of the items stand there, too.
        failure_rate: [M] share of answers that could not be read; NaN where that is not known.
        readable: [M] the metric over readable answers alone; NaN where that is not known.
    """

    n_items: int
    scored: FloatArray
    shared: Mapping[str, int]
    failure_rate: FloatArray
    readable: FloatArray


@dataclass(frozen=True, kw_only=True)
class BenchmarkScores:
    """The scores of M solvers on one benchmark.

    Attributes:
        observed: [M] the metric as seen; NaN where a solver has no score.
        stats: [M, n, k] per-item sufficient statistics; a row of NaN: not scored. None: no items known.
        items: [n] ids, empty where no items are known.
        bundles: [n] bundle of each item, or empty.
        edits: [n] how each item differs from its bundle's original, "" where that is not said; or empty.
        topics: [n] topic of each item, "" where it has none; or empty.
        item_scores: [M, n] score of each item, NaN where not scored; read where there are bundles or topics. `stats`
            may be other numbers, or weighted.
        failures: [M, n] 1 where the answer was unreadable, 0 where it was read, NaN where not scored. None: not known.
        generator: The model that wrote the set, where one did.
        judged: The set holds a judge's scores of the real set's items and of others, and the real ones are a random
            part of them. Nobody can tell that from the scores, so it must be said.
        predicted: Some solvers answered some items only, which a test chose: `observed` is what they would score on
            all, and there are no `stats`. None: everybody was asked everything.
        blocks: `stats` [M, B, k + 1] are sums over blocks of items, the number of scored items last (NaN where a solver
            has none), for a metric as `stats.blocks.in_blocks` makes it; whatever is about single items is empty. None:
            `stats` are of items.
    """

    name: str
    kind: Kind
    models: tuple[str, ...]
    observed: FloatArray
    stats: FloatArray | None = None
    items: tuple[str, ...] = ()
    bundles: tuple[str, ...] = ()
    failures: FloatArray | None = None
    generator: str | None = None
    strategy: str | None = None
    judged: bool = False
    edits: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    item_scores: FloatArray | None = None
    predicted: Predicted | None = None
    blocks: Blocks | None = None

    @property
    def n_items(self) -> int:
        """Number of items; 0 where they are not known."""
        if self.blocks is not None:
            return self.blocks.n_items
        return len(self.items) if self.stats is not None else 0

    def failure_rate(self) -> FloatArray:
        """Return [M]: the share of answers that could not be read; NaN where that is not known."""
        if self.blocks is not None:
            return self.blocks.failure_rate
        if self.failures is None:
            return np.full(len(self.models), np.nan)
        scored = np.isfinite(self.failures).sum(axis=1)
        read = np.nansum(self.failures, axis=1)
        rate: FloatArray = np.divide(read, scored, out=np.full(len(self.models), np.nan), where=scored > 0)
        return rate


@dataclass(frozen=True, kw_only=True)
class Scores:
    """All that a comparison needs: one real benchmark, synthetic ones, one metric, and each solver's family.

    `families` maps a solver to its family where one is known; solvers without an entry are families of their own.
    `not_compared` maps a benchmark to the solvers that gave no score there, with the reason. `notes` tell what was
    decided in reading them that the reader should know.
    """

    metric: Metric
    real: BenchmarkScores
    synthetic: tuple[BenchmarkScores, ...]
    families: Mapping[str, str] = field(default_factory=dict)
    not_compared: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
