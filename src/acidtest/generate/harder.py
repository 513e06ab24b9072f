"""Harder than these: examples with how difficult each was, from easy to hard, and the request for a harder one.

Difficulties come from a bank of calibrated items, or from any table of items that says how difficult they were. Where
the texts of these items tell of their difficulty, each candidate's is predicted from its text, and those that are not
predicted to be what is wanted are rejected; where texts tell nothing, nothing is filtered, and it is said. Text alone
is weak evidence: whether the items are harder is measured by asking solvers.
"""

import hashlib
import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from pydantic import Field, JsonValue, model_validator

from acidtest.data.item_texts import Difficulty, read_difficulties
from acidtest.data.read import read_items
from acidtest.errors import StudyFileError, counted
from acidtest.generate.few_shot import FewShot, FewShotOptions
from acidtest.generate.harder_filter import DifficultyFilter, Wanted, difficulty_filter
from acidtest.generate.near_copy import NearCopiesByField
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.strategy import Draft, Request, StrategyOptions
from acidtest.registry import register
from acidtest.types import Item, Reply, Style

FEWEST_EXAMPLES = 2
_MARKS = re.compile(r"<\|.*?\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>")
"""Signs by which chat templates part the turns: inside a text they could begin another turn."""

_HEAD = re.compile(r"^[\s>*_#-]*difficulty[^\n]{0,20}$\n?", re.IGNORECASE | re.MULTILINE)


class HarderOptions(FewShotOptions):
    """What a study file may set under `options`."""

    difficulty: str = Field(
        min_length=1, description="bank or table: item -> difficulty or share right; from the study file's folder"
    )
    items: str = Field(default="", description="file of items that may be shown, beside those of the pool")
    columns: dict[str, str] = Field(default_factory=dict, description="field of such an item -> column of the file")
    above: float | None = Field(default=None, description="difficulty that is wanted, at least")
    target: tuple[float, float] | None = Field(default=None, description="difficulties that are wanted, from and to")
    filter: bool = Field(default=True, description="reject what is predicted not to be as difficult as wanted")

    @model_validator(mode="after")
    def _one_aim(self) -> "HarderOptions":
        if self.above is not None and self.target is not None:
            raise ValueError("'above' and 'target' say two things; name one of them")
        if self.target is not None and not self.target[0] < self.target[1]:
            raise ValueError("'target' goes from a lower to a higher difficulty")
        return self


@register("strategy", "harder")
class Harder(FewShot):
    """Items that are harder than those shown, or as difficult as is wanted."""

    tasks: ClassVar[frozenset[str]] = frozenset({"intent", "math", "reading", "multiple_choice", "open_qa"})
    Options: ClassVar[type[StrategyOptions]] = HarderOptions
    needs_pool: ClassVar[bool] = False  # a file of items will do

    def __init__(self, plan: GenerationPlan, options: HarderOptions, style: Style) -> None:
        folder = plan.folder or Path()
        self.wanted = Wanted(above=options.above, band=options.target)
        self._table = read_difficulties(folder / options.difficulty)
        given = read_items(folder / options.items, plan.task.shape, options.columns) if options.items else []
        known = _known((*plan.pool, *given), self._table)
        if len(known) < FEWEST_EXAMPLES:
            raise StudyFileError(
                f"{counted(len(known), 'item')} that could be shown stand in '{Path(options.difficulty).name}'",
                where=f"strategy 'harder' of '{plan.benchmark}'",
                way_out="Name the file of the items whose difficulty is known under 'items'; ids must be the same.",
            )
        super().__init__(replace(plan, pool=tuple(known)), options, style)
        self._filtered = options.filter
        self._known_texts = NearCopiesByField(plan.near_copy)
        for item in given:
            self._known_texts.add(item.input, f"item '{item.id}' of '{Path(options.items).name}'")
        told = "".join(f"{name} {self._table[name]}\n" for name in sorted(self._table))
        told += "".join(item.model_dump_json() for item in given)
        self._sha256 = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
        if given:
            self.notes.append(
                f"Items of '{Path(options.items).name}' are shown to the generator: they must not be real ones that "
                "this set is compared with."
            )

    @classmethod
    def prompt_name(cls, plan: GenerationPlan) -> str:
        """Return the task's own prompt file."""
        return f"harder_{plan.task.name}"

    @property
    def fingerprint(self) -> str:
        """The hash of difficulties and of the items that may be shown."""
        return self._sha256

    def examples(self, cell: str, rng: random.Random) -> list[Item]:
        """Return examples from the easiest to the hardest: one by lot from each of as many equal parts of the cell."""
        ranked = sorted(self.form.by_cell[cell], key=lambda item: (self._difficulty(item), item.id))
        count = min(self.options.examples, len(ranked))
        ends = [len(ranked) * part // count for part in range(count + 1)]
        return [rng.choice(ranked[low:high]) for low, high in pairwise(ends)]

    def drawn(self, cell: str) -> JsonValue:
        """Return the label, where one was drawn, and the difficulty that is wanted."""
        own = self.form.drawn(cell)
        return {**({"label": own} if own is not None else {}), "difficulty": self.wanted.words}

    def show(self, item: Item) -> str:
        """Return the example below its difficulty, on lines of its own form: what a generator wrote opens no turn."""
        return f"Difficulty {self._difficulty(item):.1f}:\n{_MARKS.sub(' ', self.form.show(item))}"

    def text_of(self, reply: Reply) -> str:
        """Return a reply without the difficulty that it may begin with, as its examples do."""
        start = self.prompt["completion_start"] if self.style == "completion" else ""
        return _HEAD.sub("", start.replace("{goal}", "") + reply.text)

    def read(self, request: Request, reply: Reply) -> Sequence[Draft]:
        """Return the candidates; those that copy a known item, or are not as difficult as wanted, are rejected."""
        return [self._judged(draft, request) for draft in super().read(request, reply)]

    def _values(self, cell: str, shown: Sequence[Item], wants: int) -> dict[str, str]:
        hardest = max((self._difficulty(item) for item in shown), default=0.0)
        return {
            **super()._values(cell, shown, wants),
            "wanted": self.wanted.words_beyond(hardest),
            "goal": f"{self.wanted.goal(hardest):.1f}",
        }

    def _judged(self, draft: Draft, request: Request) -> Draft:
        if draft.reason:
            return draft
        if any(_MARKS.search(text) for text in (*draft.input.values(), *draft.choices, str(draft.target))):
            return replace(draft, reason="unreadable", detail="holds the sign of a chat template")
        copied = self._known_texts.nearest(draft.input)
        if copied:
            return replace(draft, reason="near copy", detail=f"of {copied[0]}, likeness {copied[1]:.2f}")
        if self._filter is None:
            return draft
        found = self._filter.judge(draft, request.shown)
        checked = replace(draft, checks=(*draft.checks, found.check))
        return replace(checked, reason=found.reason, detail=found.check.detail) if found.reason else checked

    @cached_property
    def _filter(self) -> DifficultyFilter | None:
        """What predicts difficulty from text; made when the first reply comes, since it takes seconds."""
        if not self._filtered:
            return None
        made, note = difficulty_filter(self.plan.pool, self._table, self.wanted, seed=self.plan.seed)
        self.notes.append(note)
        return made

    def _difficulty(self, item: Item) -> float:
        return self._table[item.id].value


def _known(items: Sequence[Item], table: Mapping[str, Difficulty]) -> list[Item]:
    """Return items whose difficulty is known, each id once."""
    found = {item.id: item for item in items if item.id in table and not math.isnan(table[item.id].value)}
    return list(found.values())
