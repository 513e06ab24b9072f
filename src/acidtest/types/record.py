"""What stands in files: items, what was rejected, responses. Records are frozen and refuse unknown fields."""

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Kind = Literal["real", "synthetic"]
LARGEST_COUNT = 2**53
"""Of anything that is counted in a file: larger ones are damage, and tables of 64 bits cannot hold them."""


class Record(BaseModel):
    """The base of everything that stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Step(Record):
    """One of several calls that made an item: which section of the prompt was sent, and what came back (bounded)."""

    step: str
    call: int
    text: str = ""


class Check(Record):
    """One decision of a filter about a candidate, kept whether it passed or not.

    `call` is the call of the run that decided; None where our own code did.
    """

    check: str
    passed: bool
    detail: str = ""
    call: int | None = None


class Evidence(Record):
    """A passage of a source that an item rests on: `start` and `end` count characters of the source's text."""

    source: str
    start: int
    end: int
    quote: str


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
    steps: tuple[Step, ...] = Field(default=(), description="the calls that led to it, where there were several")
    checks: tuple[Check, ...] = Field(default=(), description="every filter's decision about it")
    evidence: tuple[Evidence, ...] = Field(default=(), description="where in a source document its answer stands")


class Item(Record):
    """One question with its gold target.

    Example:
        >>> Item(id="1", input={"text": "play some jazz"}, target="play_music").input["text"]
        'play some jazz'
    """

    id: str
    input: dict[str, str]
    target: JsonValue
    choices: tuple[str, ...] = Field(default=(), description="what may be chosen; the target names letters, A first")
    bundle: str | None = None
    edit: str | None = Field(default=None, description="how it differs from its bundle's original")
    topic: str | None = None
    provenance: Provenance | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of inputs, choices and target, in hex: another where any of them was written anew."""
        seen = {"input": self.input, "target": self.target, "choices": self.choices}
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    @property
    def content(self) -> str:
        """The first 16 digits of `digest`, as a `Rating` names what it is about."""
        return self.digest[:16]


class RejectedCandidate(Record):
    """What a generator wrote and was not accepted, and why."""

    reason: str
    detail: str = ""
    text: str = Field(description="the generator's raw text")
    input: dict[str, str] = Field(default_factory=dict)
    target: JsonValue = None
    choices: tuple[str, ...] = ()
    edit: str | None = Field(default=None, description="how it differs from its bundle's original")
    provenance: Provenance


class Response(Record):
    """What a solver answered to one item. `error` is set where no answer ever came: then nothing is scored."""

    item: str
    text: str
    epoch: int = Field(default=0, ge=0, le=LARGEST_COUNT)
    tokens_in: int = Field(default=0, ge=0, le=LARGEST_COUNT)
    tokens_out: int = Field(default=0, ge=0, le=LARGEST_COUNT)
    cost: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    logprobs: dict[str, float] | None = Field(
        default=None, max_length=100, description="likeliest first tokens -> natural log-probability, where asked for"
    )
    error: str | None = None
