"""What every task offers: how an item becomes a prompt, how an answer is read, how it is scored."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import METRICS, Metric
from acidtest.types import Answer, Item, ItemShape, Prompt, Style


class Task(ABC):
    """One kind of question.

    Attributes:
        name: The task's registered name.
        shape: The fields that an item of this task has.
        metrics: Names of the metrics it can be measured by; the first is the default.
        labels: The labels that an answer may be, or the entity types; empty where answers are free.
        description: One plain sentence on what the task asks for; shown to generators and solvers.
    """

    name: ClassVar[str]
    shape: ClassVar[ItemShape]
    metrics: ClassVar[tuple[str, ...]]

    def __init__(self, labels: Sequence[str] = (), description: str = "") -> None:
        self.labels = tuple(labels)
        self.description = description

    @abstractmethod
    def problem(self, item: Item) -> str:
        """Return what is wrong with an item's input or target in one sentence, or an empty string."""

    @abstractmethod
    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt for one item: zero-shot where `examples` is empty, few-shot otherwise."""

    @abstractmethod
    def read(self, text: str, item: Item) -> Answer:
        """Read a response. It never guesses: what cannot be read is an Answer with a problem."""

    @abstractmethod
    def score(self, item: Item, answer: Answer) -> float:
        """Return the score of one answer, 0 to 1; an unreadable answer scores as wrong."""

    @abstractmethod
    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, k] sufficient statistics of a metric; None (never answered) becomes a row of NaN."""

    def choose_examples(self, pool: Sequence[Item], shots: int, seed: int) -> list[Item]:
        """Return `shots` items of the pool (per label, where the task has labels), the same for the same seed."""
        raise NotImplementedError

    def metric(self, name: str = "") -> Metric:
        """Return a metric of this task, the default one where no name is given."""
        return METRICS[name or self.metrics[0]]
