"""Five ways to ask the same question, from the barest to the most helped: what is sent at each, and how it is read.

A level is one call, or several: what a solver wrote in the calls before goes into the next one as data. In chat it
stands behind marks (`judge.shown.marked`), in a text to be continued on one line, so that it can pass for no part of
the prompt. Chat models think and answer in one reply, whose last line is the answer. Models that continue a text are
asked for the answer in a call of its own, by the task's own prompt with the thoughts before its cue: so they keep the
task's stops and grammar.

Sources: Budagam et al., Hierarchical Prompting Taxonomy (arXiv 2406.12644), for the five and their order; each prompt
file names the paper of its own level.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from acidtest.data.prompt_file import PromptFile, fill, load_prompt
from acidtest.judge.shown import marked
from acidtest.tasks.answer_text import one_line, readable
from acidtest.tasks.base import Task
from acidtest.types import Answer, Item, Prompt, Style

LEVELS = ("role", "reasoning", "few_shot_reasoning", "least_to_most", "generated_knowledge")
"""The levels in their order: the first is 1."""

FORMS = "level_answer_form.v1"
_NOTES: dict[str, dict[Style, tuple[str, ...]]] = {
    "role": {"chat": (), "completion": ()},
    "reasoning": {"chat": (), "completion": ("thoughts",)},
    "few_shot_reasoning": {"chat": (), "completion": ("thoughts",)},
    "least_to_most": {"chat": ("sub_questions",), "completion": ("sub_questions", "thoughts")},
    "generated_knowledge": {"chat": ("facts",), "completion": ("facts",)},
}
"""Level -> the calls before the one that answers."""

_DIRECT_TOKENS = 256
_CHAT_TOKENS = 1024
_NOTE_TOKENS = {"chat": 512, "completion": 256}
_LONGEST_NOTE = 2_000
"""Characters of an earlier reply that are shown again."""

_LONGEST_THOUGHTS = 1_200
"""Characters of the thoughts of one worked example."""

_FINAL = re.compile(
    r"\bfinal[ \t]+answer\b[ \t*_`\"']{0,9}(?:is\b)?[ \t]*:(?![\"\u201d\u2019'])[ \t]*(?:\*\*|__)?", re.IGNORECASE
)
"""Where a final answer begins. A quote right behind the colon ends a quotation of what was asked for: none is given."""

_FIELD = re.compile(r"[A-Z][A-Za-z0-9 ]{0,24}:")
_BLANK_LINE = "\n\n"


@dataclass(frozen=True, kw_only=True)
class WorkedExample:
    """An item of the pool with the thoughts that led to its right answer; "": none are known."""

    item: Item
    thoughts: str = ""


class LevelPrompts:
    """What one solver is sent at each level.

    Args:
        task: The task; its own prompt is part of each level's.
        style: Chat messages, or a text to continue.
        examples: Shown at the level `few_shot_reasoning`.
    """

    def __init__(self, task: Task, style: Style, examples: Sequence[WorkedExample] = ()) -> None:
        self.task, self.style, self.examples = task, style, tuple(examples)

    def notes(self, level: str) -> tuple[str, ...]:
        """Return the names of the calls that come before the one that answers."""
        return _NOTES[level][self.style]

    def prompt(self, level: str, item: Item, replies: Sequence[str] = ()) -> Prompt:
        """Return the next call's prompt.

        Args:
            level: One of `LEVELS`.
            item: What is asked.
            replies: To the calls of this level before, in their order; as many as `notes(level)`: then this answers.
        """
        file = prompt_of(level)
        if self.style == "chat":
            return self._chat(file, level, item, replies)
        return self._completion(file, level, item, replies)

    def _chat(self, file: PromptFile, level: str, item: Item, replies: Sequence[str]) -> Prompt:
        notes, asked = self.notes(level), self.task.prompt(item, (), "chat").as_messages()[-1][1]
        values = {"about": self._about(item)}
        if level == "role":
            values["role"] = file[f"role_{self.task.name}" if f"role_{self.task.name}" in file.sections else "role"]
        messages = [("system", fill(file["chat_system"], **values))]
        if len(replies) < len(notes):
            messages.append(("user", fill(file[f"chat_{notes[len(replies)]}"], item=asked)))
            return Prompt(messages=tuple(messages), max_tokens=_NOTE_TOKENS["chat"])
        if level == "few_shot_reasoning":
            messages += self._worked(file, item)
        shown = {"notes": marked(_named(notes, replies))} if notes else {}
        messages.append(("user", fill(file["chat_item"], item=asked, **shown)))
        return Prompt(messages=tuple(messages), max_tokens=_DIRECT_TOKENS if level == "role" else _CHAT_TOKENS)

    def _worked(self, file: PromptFile, item: Item) -> list[tuple[str, str]]:
        """Return the examples as messages: those alone that the task itself would show with this item, and so."""
        known = set(self.task.prompt(item, [one.item for one in self.examples], "chat").messages[:-1])
        messages = []
        for one in self.examples:
            pair = self.task.prompt(one.item, [one.item], "chat").messages[-3:-1]
            if [role for role, _ in pair] != ["user", "assistant"] or pair[0] not in known:
                continue
            asked, answer = pair[0][1], pair[1][1]
            thoughts = readable(one.thoughts)[:_LONGEST_THOUGHTS]
            told = fill(file["chat_worked"], thoughts=thoughts, answer=answer) if thoughts else ""
            messages += [
                ("user", fill(file["chat_example"], item=asked)),
                ("assistant", told or fill(file["chat_plain"], answer=answer)),
            ]
        return messages

    def _completion(self, file: PromptFile, level: str, item: Item, replies: Sequence[str]) -> Prompt:
        examples = self.examples if level == "few_shot_reasoning" else ()
        own = self.task.prompt(item, [one.item for one in examples], "completion")
        text = own.text
        for one in examples:  # the task decides which it shows with this item
            blocks = self.task.prompt(one.item, [one.item], "completion").text.split(_BLANK_LINE)
            if one.thoughts and len(blocks) > 1:
                kept = [fill(file["completion_thoughts_kept"], reply=_bounded(one.thoughts, _LONGEST_THOUGHTS))]
                text = text.replace(blocks[-2], _before_cue(blocks[-2], kept), 1)
        if level == "role":
            name = f"role_{self.task.name}"
            role = file[name if name in file.sections else "role"]
            return replace(own, text=fill(file["completion_head"], role=role) + _BLANK_LINE + text)
        notes = self.notes(level)
        kept = [
            fill(file[f"completion_{note}_kept"], reply=_bounded(reply, _LONGEST_NOTE))
            for note, reply in zip(notes, replies, strict=False)
        ]
        if len(replies) == len(notes):
            return replace(own, text=_before_cue(text, kept))
        body, cue = _parted(text)
        lines = [body, *kept, file[f"completion_{notes[len(replies)]}"]]
        return Prompt(
            text="\n".join(filter(None, lines)),
            stop=_stops(text, cue),
            max_tokens=_NOTE_TOKENS["completion"],
        )

    def _about(self, item: Item) -> str:
        """Return what the task asks for and the form of its answer; by its own prompt where no form is written."""
        task, forms = self.task, load_prompt(FORMS)
        several = "_all" if item.choices and isinstance(item.target, list) else ""
        name = next((n for n in (f"{task.name}{several}", f"{task.name}_labels") if _fits(n, task, forms)), task.name)
        if name not in forms.sections:
            own = task.prompt(item, (), "chat").as_messages()
            return "\n\n".join(text for role, text in own if role == "system")
        file = task.prompt_file()
        about = task.description or (file.sections.get(f"description{several}", "") if file else "")
        listed = {"labels": ", ".join(one_line(label).strip() for label in task.labels)}
        form = forms[name]
        return f"{one_line(about).strip()}\n\n{fill(form, **(listed if '{labels}' in form else {}))}".strip()


def prompt_of(level: str) -> PromptFile:
    """Return the prompt file of a level."""
    return load_prompt(f"level_{level}.v1")


def read_final(task: Task, item: Item, text: str) -> Answer:
    """Read what follows "Final answer:" as the task reads answers; the whole reply where it says that nowhere.

    Several final answers that are read as different ones are none.
    """
    said = _FINAL.split(readable(text))[1:]
    if not said:
        return task.read(text, item)
    answers = [_read_one(task, item, one, last=place == len(said)) for place, one in enumerate(said, start=1)]
    different = {_compared(answer) for answer in answers if not answer.problem}
    if len(different) > 1:
        return Answer(problem=f"states {len(different)} different final answers")
    return next((answer for answer in answers if not answer.problem), answers[-1])


def _read_one(task: Task, item: Item, said: str, *, last: bool) -> Answer:
    """Read the rest of the line, as was asked for; all up to a blank line where the line is empty.

    So, too, where the last one's line cannot be read. What follows the others may be thoughts.
    """
    line = said.partition("\n")[0].strip(" *_")
    answer = task.read(line, item) if line else Answer(problem="says nothing")
    if answer.problem and (last or not line):
        return task.read(said.strip().split(_BLANK_LINE)[0].strip(" *_"), item)
    return answer


def _compared(answer: Answer) -> str:
    """Return what two answers have in common that are one: "Ada" and "ada.", but not "5" and "-5"."""
    return " ".join(str(answer.value).casefold().split()).lstrip("\"'").rstrip("\"'.,;:!?")


def thoughts_of(text: str) -> str:
    """Return what stands before the first "Final answer:" of a chat model's reply."""
    return _FINAL.split(readable(text))[0].strip(" \n*_#")


def _fits(name: str, task: Task, forms: PromptFile) -> bool:
    if name not in forms.sections or name == task.name:
        return False
    return bool(task.labels) if name.endswith("_labels") else True


def _named(notes: Sequence[str], replies: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (note.replace("_", "-").capitalize(), readable(reply)[:_LONGEST_NOTE])
        for note, reply in zip(notes, replies, strict=True)
    ]


def _bounded(text: str, most: int) -> str:
    return " ".join(one_line(text).split())[:most].rstrip()


def _parted(text: str) -> tuple[str, str]:
    """Return a text to continue without its last line, and that line: the cue, such as "Answer:"."""
    body, _, cue = text.rpartition("\n")
    return body, cue


def _before_cue(text: str, lines: Sequence[str]) -> str:
    body, cue = _parted(text)
    return "\n".join([*([body] if body else []), *lines, cue])


def _stops(text: str, cue: str) -> tuple[str, ...]:
    r"""Return where thoughts end: at the cue, or where the model begins another item.

    Example:
        >>> _stops("Answer each.\n\nProblem: 1 + 1?\nAnswer:", "Answer:")
        ('\nAnswer:', '\nProblem:')
    """
    field = _FIELD.match(text.rpartition(_BLANK_LINE)[2])
    found = [f"\n{cue.strip()}" if cue.strip() and len(cue) <= 60 else "", f"\n{field[0]}" if field else ""]  # noqa: PLR2004 - a cue, no item
    return tuple(dict.fromkeys(filter(None, found)))
