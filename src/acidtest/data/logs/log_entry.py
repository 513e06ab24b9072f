"""One score in another tool's log: what one solver got on one item by one metric."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """One row of the table that `acidtest import` writes; as DESIGN and docs/scores.md name its columns.

    Attributes:
        benchmark: The tool's name of the task or data set.
        model: The tool's name of the model.
        item: What tells the item from others of the benchmark, and is the same for every model and every run of the
            tool on the same data: an id that the data has, or a hash of the item's content; not a position in a
            shuffled or cut list. "": the log holds the benchmark's score and none of its items.
        metric: The tool's name of the metric.
        score: As the tool gave it, true and false as 1 and 0. None: the tool tried and has no score.
        epoch: Which of several tries on one item this is; None: the only one. 0, 1, ...
        topic: A part of the benchmark that the tool names; "" for none.
        label: The right answer as text; "" where the log has none, or where it is no short text.
        target: The right answer as `prediction` would give it, where a table has both; "" for none.
        prediction: What the tool read out of the answer, or the answer itself; "" for none.
        failure: The answer could not be read; None: the log does not say.
        tokens_in: Tokens read; None: not known.
        tokens_out: Tokens written; None: not known.
        cost: US dollars; None: not known.
        error: Why there is no score; "" for none. A row with an error counts as not scored.
        kind: "real" or "synthetic", where the log says so; "" for not known.
        generator: The model that wrote the benchmark; "" for not known.
        strategy: How the generator was asked; "" for not known.
        family: The model's family; "" for not known.
        bundle: Items that differ by a minimal edit share one; "" for none.
        edit: How the item differs from its bundle's original; "" for not at all.
        weight: What the item counts; None: as much as all others.
        stats: The item's sufficient statistics, for metrics that are no mean of scores; () for none.
    """

    benchmark: str
    model: str
    item: str
    metric: str
    score: float | None
    epoch: int | None = None
    topic: str = ""
    label: str = ""
    target: str = ""
    prediction: str = ""
    failure: bool | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    error: str = ""
    kind: str = ""
    generator: str = ""
    strategy: str = ""
    family: str = ""
    bundle: str = ""
    edit: str = ""
    weight: float | None = None
    stats: tuple[float, ...] = ()
