"""Examples of a drawn label or score, and the request for another item like them.

Source: "Efficacy of Synthetic Data as a Benchmark" (arXiv 2409.11968): a prompt in four parts (task, label, examples,
instruction), a label or score drawn per item, temperature 0.99. The examples come from the pool alone, never from
items that are evaluated. A model that only continues text gets the examples as a list to go on with.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from acidtest.data.prompt_file import fill
from acidtest.errors import StudyFileError
from acidtest.generate.form_intent import IntentForm
from acidtest.generate.form_math import MathForm
from acidtest.generate.form_ner import NerForm
from acidtest.generate.form_question import QuestionForm
from acidtest.generate.form_similarity import SimilarityForm
from acidtest.generate.forms import Form
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.rounds import Rounds, shares
from acidtest.generate.strategy import Draft, Request, Strategy, StrategyOptions
from acidtest.registry import register
from acidtest.types import Item, Prompt, Reply, Style

FORMS: dict[str, type[Form]] = {
    "intent": IntentForm,
    "similarity": SimilarityForm,
    "ner": NerForm,
    "math": MathForm,
    "reading": QuestionForm,
    "multiple_choice": QuestionForm,
    "open_qa": QuestionForm,
}
"""Task -> how its items are drawn, shown and read."""

_SPARE = 3
"""Candidates beyond those asked for that are still read: a first line is often talk."""


class FewShotOptions(StrategyOptions):
    """What a study file may set under `options`."""

    examples: int = Field(default=6, ge=1, le=50, description="pool items shown with each call")
    per_call: int = Field(default=1, ge=1, le=50, description="items asked for in one call")
    grammar: bool = Field(default=True, description="hold a model that continues text to the format, where it can be")
    draw: Literal["even", "pool"] | None = Field(
        default=None, description="labels in equal numbers, or as often as in the pool; scores: as in the pool"
    )


@register("strategy", "few_shot")
class FewShot(Strategy):
    """Items by examples of their own label or score."""

    tasks: ClassVar[frozenset[str]] = frozenset(FORMS)
    Options: ClassVar[type[StrategyOptions]] = FewShotOptions

    def __init__(self, plan: GenerationPlan, options: FewShotOptions, style: Style) -> None:
        super().__init__(plan, options, style)
        self.options = options
        self.most_per_call = options.per_call
        self.form = FORMS[plan.task.name](plan, self.prompt, options.label_descriptions, style)
        cells = self.form.cells()
        bare = [cell for cell in cells if cell not in self.form.by_cell]
        if bare or not cells:
            raise StudyFileError(
                f"the pool has no example of '{bare[0]}'" if bare else "the pool has no example",
                where=f"pool of '{plan.benchmark}'",
                way_out="Add items to the pool, or leave the label out of 'labels'.",
            )
        even = self.form.even if options.draw is None else options.draw == "even"
        weights = {cell: 1.0 if even else float(len(self.form.by_cell[cell])) for cell in cells}
        wanted = shares(plan.n, weights, self.rng("shares"))
        self.calls_per_item = sum(math.ceil(count / options.per_call) for count in wanted.values()) / plan.n
        self.rounds = Rounds(wanted, options.per_call, lambda number: self.rng("round", number))
        self.cells: dict[int, str] = {}

    @classmethod
    def prompt_name(cls, plan: GenerationPlan) -> str:
        """Return the task's own prompt file."""
        return f"few_shot_{plan.task.name}"

    def request(self, index: int) -> Request | None:
        """Return the prompt for the call's cell, with examples drawn for this call."""
        cell = self.rounds.cell(index)
        if cell is None:
            return None
        self.cells[index] = cell
        rng = self.rng("call", index)
        shown = self.examples(cell, rng)
        wants = min(self.options.per_call, self.rounds.missing(cell)) or 1
        prompt = self._chat(cell, shown, wants) if self.style == "chat" else self._completion(cell, shown, wants)
        return Request(
            index=index,
            prompt=prompt,
            seed=rng.getrandbits(31),
            wants=wants,
            drawn=self.drawn(cell),
            shown=tuple(shown),
        )

    def examples(self, cell: str, rng: random.Random) -> list[Item]:
        """Return the examples of one call."""
        return self.form.examples(cell, self.options.examples, rng)

    def drawn(self, cell: str) -> JsonValue:
        """Return what the provenance says of what was drawn for a call."""
        return self.form.drawn(cell)

    def read(self, request: Request, reply: Reply) -> Sequence[Draft]:
        """Return the candidates of a reply, all of the call's cell; the last one is cut off where the reply was."""
        text = self.text_of(reply)
        drafts = self.form.read(text, self.cells[request.index])
        if not drafts:
            return [Draft(text=reply.text, reason="empty")]
        if reply.finish == "length":
            drafts[-1] = replace(drafts[-1], reason="cut off", detail="")
        return drafts[: request.wants + _SPARE]

    def text_of(self, reply: Reply) -> str:
        """Return a reply with the start that a text to continue gave it."""
        return (self.prompt["completion_start"] if self.style == "completion" else "") + reply.text

    def room(self, request: Request) -> int:
        """Return what the cell still lacks, so that no cell gets more than its share."""
        return min(request.wants, self.rounds.missing(self.cells[request.index]))

    def settle(self, request: Request, accepted: int) -> None:
        """Count for the cell."""
        self.rounds.settle(self.cells.pop(request.index), accepted)

    def show(self, item: Item) -> str:
        """Return an example as the prompt shows it."""
        return self.form.show(item)

    def _values(self, cell: str, shown: Sequence[Item], wants: int) -> dict[str, str]:
        return {
            "task": self.plan.task.description or self.prompt["task"],
            "label": self.form.describe(cell),
            "degree": cell,
            "labels": ", ".join(self.plan.task.labels),
            "examples": self.form.separator.join(self.show(item) for item in shown),
            "count": str(wants),
        }

    def _chat(self, cell: str, shown: Sequence[Item], wants: int) -> Prompt:
        values = self._values(cell, shown, wants)
        values["ask"] = self._fill("ask_one" if wants == 1 else "ask_several", values)
        return Prompt(
            messages=(("system", self._fill("chat_system", values)), ("user", self._fill("chat_user", values))),
            max_tokens=self.form.most_tokens * wants + 20,
        )

    def _completion(self, cell: str, shown: Sequence[Item], wants: int) -> Prompt:
        values = self._values(cell, shown, wants)
        text = self._fill("completion", values) + self.form.separator
        return Prompt(
            text=text + self._fill("completion_start", values),
            stop=(self.form.separator,) if wants == 1 else ("\n\n\n",),
            max_tokens=self.form.most_tokens * wants,
            grammar=self.form.grammar() if wants == 1 and self.options.grammar else "",
        )

    def _fill(self, section: str, values: dict[str, str]) -> str:
        template = self.prompt[section]
        return fill(template, **{name: value for name, value in values.items() if f"{{{name}}}" in template})
