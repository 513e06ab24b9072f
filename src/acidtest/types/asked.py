"""What goes to a model and comes back, and the items that it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import JsonValue

from acidtest.types.rating import Mark
from acidtest.types.record import Item, Kind

Style = Literal["chat", "completion"]
Reading = Literal["text", "logprob"]
"""How answers are read: by what they say, or by the log-probabilities of their first token."""


@dataclass(frozen=True, kw_only=True)
class ItemShape:
    """Which fields of an item a task needs: the names of its inputs, and of its target.

    Attributes:
        optional: Inputs that an item may have and need not.
        choices: Items list choices, and the target names letters of them.
    """

    inputs: tuple[str, ...]
    target: str
    optional: tuple[str, ...] = ()
    choices: bool = False


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A named set of items of one task; `pool` holds items that may be shown as examples and are never evaluated.

    Both are a tuple, or an `acidtest.data.item_file.ItemFile`: items that stand on disk, and are read as they are asked
    for.
    """

    name: str
    kind: Kind
    items: Sequence[Item]
    pool: Sequence[Item] = ()
    labels: tuple[str, ...] = ()
    generator: str | None = None
    strategy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What is sent to a model: chat messages as (role, content), or the text that a plain completion continues.

    Attributes:
        stop: Strings at which the answer ends.
        grammar: A GBNF grammar that the answer must follow; models that know no grammars ignore it.
        logprobs: Ask for so many of the likeliest first tokens of the answer, with their log-probabilities; 0: none.
            Models that give none ignore it.
    """

    messages: tuple[tuple[str, str], ...] = ()
    text: str = ""
    stop: tuple[str, ...] = ()
    max_tokens: int = 64
    grammar: str = ""
    logprobs: int = 0

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
    """What a model sent back. `finish` is "stop", "length" or the provider's own word.

    `logprobs`: the likeliest first tokens -> natural log-probability, where they were asked for and given.
    """

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    finish: str = "stop"
    cost: float = 0.0
    cached: bool = False
    logprobs: Mapping[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response as its task reads it. `problem` says why it is unreadable; an unreadable answer scores as wrong.

    `mark`: whether the answer is right, where a judge said so.
    """

    value: JsonValue = None
    problem: str = ""
    mark: Mark | None = None


class Progress(Protocol):
    """Where long work tells how far it is."""

    def advance(self, items: int = 1, *, tokens: int = 0, cost: float = 0.0) -> None:
        """Count items done, and the tokens and money they took."""
