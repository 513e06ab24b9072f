"""What every task offers: how an item becomes a prompt, how an answer is read, how it is scored."""

import hashlib
import json
from abc import ABC, abstractmethod
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from acidtest.data.prompt_file import PromptFile, load_prompt
from acidtest.errors import AcidtestError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import METRICS, Metric
from acidtest.types import Answer, Item, ItemShape, Mark, Prompt, Reading, Response, Style

Thing = TypeVar("Thing")


class Task(ABC):
    """One kind of question.

    Attributes:
        name: The task's registered name.
        shape: The fields that an item of this task has.
        metrics: Names of the metrics it can be measured by; the first is the default.
        labels: The labels that an answer may be, or the entity types; empty where answers are free.
        description: One plain sentence on what the task asks for; shown to generators and solvers.
        labelled: Targets are labels, or spans with types: those that occur in the real set are the labels, where a
            study lists none. False: a target may be any text.
        readings: How its answers can be read: by text, and by log-probability where it says so.
        judged_metrics: Those of `metrics` for which a model judge says of each answer whether it is right.
        itemwise: Those of `metrics` whose sufficient statistics of an item depend on no other item, as those of whole
            bundles do. Large sets are scored part by part then; by other metrics at once, which takes more memory.
        prompt_name: The prompt file that solvers are asked with, as `load_prompt` knows it; empty where there is none.
    """

    name: ClassVar[str]
    shape: ClassVar[ItemShape]
    metrics: ClassVar[tuple[str, ...]]
    labelled: ClassVar[bool] = True
    readings: ClassVar[tuple[Reading, ...]] = ("text",)
    judged_metrics: ClassVar[frozenset[str]] = frozenset()
    itemwise: ClassVar[frozenset[str]] = frozenset()
    prompt_name: ClassVar[str] = ""

    def __init__(self, labels: Sequence[str] = (), description: str = "") -> None:
        self.labels = tuple(labels)
        self.description = description

    @abstractmethod
    def problem(self, item: Item) -> str:
        """Return what is wrong with an item's input or target in one sentence, or an empty string."""

    def problem_of_set(self, metric: str, items: Sequence[Item]) -> str:
        """Return why a set of items cannot be measured by a metric at all, or an empty string."""
        del metric, items
        return ""

    @abstractmethod
    def prompt(self, item: Item, examples: Sequence[Item], style: Style) -> Prompt:
        """Return the prompt for one item: zero-shot where `examples` is empty, few-shot otherwise."""

    def solver_prompt(self, item: Item, examples: Sequence[Item], style: Style, reading: Reading) -> Prompt:
        """Return the prompt for a solver whose answers are read so; tasks that list `readings` know more than text.

        Raises:
            AcidtestError: This item's answer cannot be read so.
        """
        if reading not in self.readings:
            raise AcidtestError(
                f"answers to the task '{self.name}' are not read by {reading}",
                way_out=f"Set 'read' of the solver to {' or '.join(self.readings)}.",
            )
        return self.prompt(item, examples, style)

    @abstractmethod
    def read(self, text: str, item: Item) -> Answer:
        """Read a response. It never guesses: what cannot be read is an Answer with a problem."""

    def read_response(self, response: Response, item: Item) -> Answer:
        """Read a whole response: its text, unless a task knows better, as where it holds log-probabilities."""
        return self.read(response.text, item)

    def reference(self, item: Item) -> str:
        """Return the right answer, or several, one per line, as a judge is shown it beside a solver's answer."""
        return item.target if isinstance(item.target, str) else json.dumps(item.target, ensure_ascii=False)

    def judged(self, answer: Answer, mark: Mark) -> Answer:
        """Return an answer with what a judge says of it: yes is right (1), no is wrong (0).

        A judge that is unsure leaves it unreadable: it scores as wrong and is counted among the failures. So is an
        answer that was unreadable before: no judge can make it right.
        """
        if answer.problem:
            return answer
        problem = "the judge is unsure" if mark == "unsure" else ""
        return Answer(value=answer.value, problem=problem, mark=mark)

    @abstractmethod
    def score(self, item: Item, answer: Answer) -> float:
        """Return the score of one answer, 0 to 1; an unreadable answer scores as wrong."""

    @abstractmethod
    def sufficient(self, metric: str, items: Sequence[Item], answers: Sequence[Answer | None]) -> FloatArray:
        """Return [n, k] sufficient statistics of a metric; None (never answered) becomes a row of NaN."""

    def choose_examples(self, pool: Sequence[Item], shots: int, seed: int) -> list[Item]:
        """Return examples out of the pool: `shots` of each label where targets are labels, else `shots` in all.

        Which items are taken depends on the seed, the task's name and the items' ids alone: neither the order of the
        pool nor any other draw of a study changes them, and a new item in the pool changes one example at most.
        Labels that have fewer than `shots` items give what they have. The examples come in an order that mixes the
        labels; `stratum` says what is balanced.
        """
        first: defaultdict[str, list[tuple[bytes, str]]] = defaultdict(list)
        for item in pool:
            of_stratum = first[self.stratum(item)]
            insort(of_stratum, (self._lot(item, seed), item.id))
            del of_stratum[max(shots, 1) :]
        if self.labels and set(first) <= set(self.labels):
            kept = {name for lots in first.values() for _, name in lots[:shots]}
        else:
            kept = {name for _, name in _in_turn(sorted(first.values()))[:shots]}
        return sorted((item for item in pool if item.id in kept), key=lambda item: (self._lot(item, seed), item.id))

    def stratum(self, item: Item) -> str:
        """Return the group of an item over which examples are balanced: its label, where its target is one."""
        return item.target if isinstance(item.target, str) and item.target in self.labels else ""

    def prompt_file(self) -> PromptFile | None:
        """Return the prompt file that solvers are asked with: its `reference` belongs into run.json."""
        return load_prompt(self.prompt_name) if self.prompt_name else None

    def metric(self, name: str = "") -> Metric:
        """Return a metric of this task, the default one where no name is given.

        Raises:
            AcidtestError: The task cannot be measured by it.
        """
        name = name or self.metrics[0]
        if name not in self.metrics or name not in METRICS:
            raise AcidtestError(
                f"the task '{self.name}' has no metric '{name}'", way_out=f"It has {', '.join(self.metrics)}."
            )
        return METRICS[name]

    def _lot(self, item: Item, seed: int) -> bytes:
        return hashlib.sha256(f"examples\0{self.name}\0{seed}\0{item.id}".encode()).digest()


def register_metric(metric: Metric) -> Metric:
    """Make a metric known that a user's task brings, so that its scores can be compared.

    Raises:
        AcidtestError: Another metric has this name.
    """
    known = METRICS.setdefault(metric.name, metric)
    if known is not metric:
        raise AcidtestError(f"two metrics are called '{metric.name}'", way_out="Give one another name.")
    return metric


def _in_turn(groups: Sequence[Sequence[Thing]]) -> list[Thing]:
    """Return the first of every group, then the second of every group, and so on."""
    longest = max((len(group) for group in groups), default=0)
    return [group[turn] for turn in range(longest) for group in groups if turn < len(group)]
