"""The words of the project as types: records are read and written, results are computed.

Records are pydantic models: frozen, unknown fields refused. Results are frozen keyword-only dataclasses.
NaN means "not scored" and never becomes 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from acidtest.stats.estimate import Estimate, FloatArray, none_for_nan
from acidtest.stats.metric import Metric

Kind = Literal["real", "synthetic"]
Style = Literal["chat", "completion"]
Use = Literal["score", "rank", "choose"]
Decision = Literal["GO", "NO-GO", "INCONCLUSIVE"]


class Record(BaseModel):
    """The base of everything that stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Provenance(Record):
    """Where a synthetic item came from: enough to make it again."""

    generator: str
    revision: str
    strategy: str
    prompt: str = Field(description="name, version and SHA-256 of the prompt file")
    call: int = Field(description="which call of the run wrote it, from 0")
    seed: int
    drawn: JsonValue = Field(default=None, description="what the strategy drew for this call: a label, a score, names")
    examples: tuple[str, ...] = Field(default=(), description="ids of the pool items shown to the generator")


class Item(Record):
    """One question with its gold target.

    Example:
        >>> Item(id="1", input={"text": "play some jazz"}, target="play_music").input["text"]
        'play some jazz'
    """

    id: str
    input: dict[str, str]
    target: JsonValue
    bundle: str | None = None
    edit: str | None = Field(default=None, description="how it differs from its bundle's original")
    topic: str | None = None
    provenance: Provenance | None = None


class RejectedCandidate(Record):
    """What a generator wrote and was not accepted, and why."""

    reason: str
    detail: str = ""
    text: str = Field(description="the generator's raw text")
    input: dict[str, str] = Field(default_factory=dict)
    target: JsonValue = None
    provenance: Provenance


class Response(Record):
    """What a solver answered to one item. `error` is set where no answer ever came: then nothing is scored."""

    item: str
    text: str
    epoch: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class ItemShape:
    """Which fields of an item a task needs: the names of its inputs, and of its target."""

    inputs: tuple[str, ...]
    target: str


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A named set of items of one task; `pool` holds items that may be shown as examples and are never evaluated."""

    name: str
    kind: Kind
    items: tuple[Item, ...]
    pool: tuple[Item, ...] = ()
    labels: tuple[str, ...] = ()
    generator: str | None = None
    strategy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What is sent to a model: chat messages as (role, content), or the text that a plain completion continues.

    Attributes:
        stop: Strings at which the answer ends.
        grammar: A GBNF grammar that the answer must follow; models that know no grammars ignore it.
    """

    messages: tuple[tuple[str, str], ...] = ()
    text: str = ""
    stop: tuple[str, ...] = ()
    max_tokens: int = 64
    grammar: str = ""

    def as_messages(self) -> tuple[tuple[str, str], ...]:
        """Return chat messages; a text alone is what the user says."""
        return self.messages or (("user", self.text),)

    def as_text(self) -> str:
        """Return one text to continue; messages alone stand below each other."""
        return self.text or "\n\n".join(content for _, content in self.messages)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a model draws its next token. Temperature 0 takes the likeliest; `seed` None leaves it to the model."""

    temperature: float = 0.0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model sent back. `finish` is "stop", "length" or the provider's own word."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    finish: str = "stop"
    cost: float = 0.0
    cached: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response as its task reads it. `problem` says why it is unreadable; an unreadable answer scores as wrong."""

    value: JsonValue = None
    problem: str = ""


class Progress(Protocol):
    """Where long work tells how far it is."""

    def advance(self, items: int = 1, *, tokens: int = 0, cost: float = 0.0) -> None:
        """Count items done, and the tokens and money they took."""


@dataclass(frozen=True, kw_only=True)
class BenchmarkScores:
    """The scores of M solvers on one benchmark.

    Attributes:
        observed: [M] the metric as seen; NaN where a solver has no score.
        stats: [M, n, k] per-item sufficient statistics; a row of NaN: not scored. None: no items known.
        items: [n] ids, empty where no items are known.
        bundles: [n] bundle of each item, or empty.
        failures: [M, n] 1 where the answer was unreadable, 0 where it was read, NaN where not scored. None: not known.
        generator: The model that wrote the set, where one did.
        judged: The set holds a judge's scores of the real set's items and of others, and the real ones are a random
            part of them. Nobody can tell that from the scores, so it must be said.
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

    def failure_rate(self) -> FloatArray:
        """Return [M]: the share of answers that could not be read; NaN where that is not known."""
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


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One plain decision about one use of one synthetic benchmark, why, and what would settle it."""

    decision: Decision
    because: str
    settle: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderTest:
    """Does one common order explain both sets? `rejects`: it does not (likelihood ratio above the limit)."""

    likelihood_ratio: float
    limit: float
    rejects: bool


@dataclass(frozen=True, kw_only=True)
class BiasFactor:
    """How much a generator's own solver gains on its own data, with all that stands beside it.

    `band_low`, `band_high`: simultaneous over all generators. `p`: permutation test.
    `family`: the same by model family. `ratio`: Silencer's form, where a real set exists.
    """

    estimate: Estimate
    own_excess: Estimate
    band_low: float
    band_high: float
    p: float
    family: Estimate | None = None
    ratio: Estimate | None = None

    def as_json(self) -> dict[str, object]:
        """Return the ESTIMATE of the JSON contract with further keys beside it."""
        return {
            **self.estimate.as_json(),
            "own_excess": self.own_excess.as_json(),
            "band": [none_for_nan(self.band_low), none_for_nan(self.band_high)],
            "p": none_for_nan(self.p),
            "family": self.family.as_json() if self.family else None,
            "ratio": self.ratio.as_json() if self.ratio else None,
        }


@dataclass(frozen=True, kw_only=True)
class RankGroup:
    """Where one solver stands among the others on one benchmark.

    Attributes:
        rank: As seen, 1 is best; equal scores share one.
        low, high: Best and worst rank that it may truly have; all solvers' ranges hold together at the report's level.
        letters: Solvers that share a letter are not significantly different. With more than 26 groups their names
            stand apart: "y z aa".
    """

    rank: int
    low: int
    high: int
    letters: str


@dataclass(frozen=True, kw_only=True)
class PairTest:
    """Two solvers on one benchmark, by the differences of their scores item by item.

    Attributes:
        one, other: The solvers; `one` has the better score.
        difference: How much better `one` is, in units of the metric; `n` items that both answered.
        p: Two-sided. NaN where it cannot be told.
        p_holm: The same, adjusted for all pairs of the benchmark, listed or not.
        detectable: Smallest true difference that this test finds in 80 % of such studies; NaN where there is none.
    """

    one: str
    other: str
    difference: Estimate
    p: float
    p_holm: float
    detectable: float


@dataclass(frozen=True, kw_only=True)
class Separated:
    """Pairs of solvers that tests tell apart.

    Attributes:
        real: How many the real set tells apart.
        both: How many of them the synthetic set tells apart, the same way round.
        contradicted: How many of them it tells apart the other way round.
    """

    real: int
    both: int
    contradicted: int


@dataclass(frozen=True, kw_only=True)
class FidelityReport:
    """Everything that a comparison found; the report draws it and computes nothing.

    Attributes:
        models: The solvers that answered the real set, in the order of their real scores, best first.
        fidelity: benchmark -> statistic -> estimate.
        bias_factor: generator model -> bias factor.
        ensemble: rule -> statistic -> estimate.
        verdict: synthetic benchmark -> use -> verdict.
        scores: benchmark -> solver -> estimate of the metric (real set included).
        failure_rate: benchmark -> solver -> share of unreadable answers (NaN: not known).
        order_test: synthetic benchmark -> order test.
        left_out: synthetic benchmark -> solver -> why it is not compared.
        generators: synthetic benchmark -> the model that wrote it, where known.
        items: benchmark -> number of items (0: not known).
        combined: synthetic benchmark -> solver -> true real score, told by real items and that benchmark together;
            benchmarks without items are absent.
        combined_items: synthetic benchmark -> "level" | "order" -> how many real items alone would tell as much as
            both together, about scores and about differences between solvers.
        rank_groups: benchmark -> solver -> rank, range of ranks, letters; absent where no items are known.
        pair_tests: benchmark -> paired tests: of all pairs up to 20 solvers, else of neighbours in the order of scores.
        separated: synthetic benchmark -> which of the real set's separations it shares.
    """

    real: str
    metric: str
    level: float
    models: tuple[str, ...]
    fidelity: Mapping[str, Mapping[str, Estimate]]
    bias_factor: Mapping[str, BiasFactor]
    ensemble: Mapping[str, Mapping[str, Estimate]]
    verdict: Mapping[str, Mapping[Use, Verdict]]
    scores: Mapping[str, Mapping[str, Estimate]]
    failure_rate: Mapping[str, Mapping[str, float]]
    order_test: Mapping[str, OrderTest]
    left_out: Mapping[str, Mapping[str, str]]
    generators: Mapping[str, str]
    items: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    combined: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    combined_items: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    rank_groups: Mapping[str, Mapping[str, RankGroup]] = field(default_factory=dict)
    pair_tests: Mapping[str, tuple[PairTest, ...]] = field(default_factory=dict)
    separated: Mapping[str, Separated] = field(default_factory=dict)
