"""What people and judges say of an item: a rubric's criteria, each answered yes, no or unsure."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator, model_validator

from acidtest.types.record import LARGEST_COUNT, Record

Mark = Literal["yes", "no", "unsure"]
RaterKind = Literal["person", "judge"]
LONGEST_NOTE = 4_000


class Criterion(Record):
    """One question about an item.

    Attributes:
        wanted: The answer that speaks for the item.
        decides: Whether the other answer makes the item invalid; otherwise it is only counted.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    question: str = Field(min_length=1, max_length=1_000)
    wanted: Literal["yes", "no"] = "yes"
    decides: bool = True


class Rubric(Record):
    """What makes an item of a task valid.

    Example:
        >>> clear = Criterion(id="clear", question="Can the question be answered from the passage alone?")
        >>> Rubric(name="reading", version="v1", criteria=(clear,)).valid({"clear": "no"})
        False
    """

    name: str
    version: str
    guideline: str = Field(default="", description="what raters read beside the item, as Markdown")
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> "Rubric":
        names = [criterion.id for criterion in self.criteria]
        if len(set(names)) < len(names):
            raise ValueError("two criteria have one id")
        if not any(criterion.decides for criterion in self.criteria):
            raise ValueError("no criterion decides whether an item is valid")
        return self

    def valid(self, marks: Mapping[str, Mark]) -> bool | None:
        """Return whether an item with these marks is valid.

        One deciding criterion with the unwanted answer makes it invalid. Otherwise one that is unsure, or missing,
        leaves it open: None.
        """
        deciding = [
            (marks.get(criterion.id, "unsure"), criterion.wanted) for criterion in self.criteria if criterion.decides
        ]
        if any(mark not in ("unsure", wanted) for mark, wanted in deciding):
            return False
        return None if any(mark == "unsure" for mark, _ in deciding) else True


class Rating(Record):
    """What one rater said of one item: the same for people and for judges.

    Attributes:
        rater: A person's name or a model's.
        rubric: Name and version of the rubric, with its hash where a file holds it: "reading.v1 sha256:...".
        marks: Criterion -> answer.
        prompt: What the judge was asked with, as `PromptFile.reference`; empty for people.
        revision: What exactly judged: a model file's SHA-256, a provider's version; empty for people.
        text: What a judge wrote, bounded; kept, so that its reading can be checked.
        seconds: How long it took; 0 where not known.
        calls: How many calls to a judge it took, and `cost` what they cost in US dollars; 0 for people.
        at: When, in ISO 8601 with time zone; empty where not known.
        adjudicated: A person decided a disagreement by this rating: it counts alone.
        content: What the item was when it was rated, `Item.content`; empty where not known. Where the item has been
            written anew since, under the same id, the rating is about another text and does not count.
        error: No usable answer came; then there are no marks.
    """

    benchmark: str
    item: str
    rater: str
    kind: RaterKind
    rubric: str
    marks: dict[str, Mark] = Field(default_factory=dict)
    note: str = ""
    prompt: str = ""
    revision: str = ""
    text: str = ""
    seconds: float = 0.0
    calls: int = Field(default=0, ge=0, le=LARGEST_COUNT)
    cost: float = 0.0
    at: str = ""
    adjudicated: bool = False
    content: str = Field(default="", pattern=r"^([0-9a-f]{16})?$")
    error: str | None = None

    @field_validator("note", "text")
    @classmethod
    def _bounded(cls, text: str) -> str:
        return text[:LONGEST_NOTE]


class Preference(Record):
    """Which of two items, one real and one synthetic, fits the task's description and guideline better.

    Attributes:
        real, synthetic: The benchmarks; `real_item` and `synthetic_item` are the items.
        preferred: The kind of the better one, "neither" where there is no difference.
        first: Which of them stood first (on the left, or above).
        rater, kind, prompt, revision, note, seconds, at, error: As in `Rating`.
    """

    real: str
    real_item: str
    synthetic: str
    synthetic_item: str
    rater: str
    kind: RaterKind
    preferred: Literal["real", "synthetic", "neither"] | None = None
    first: Literal["real", "synthetic"] | None = None
    note: str = ""
    prompt: str = ""
    revision: str = ""
    seconds: float = 0.0
    at: str = ""
    error: str | None = None

    @field_validator("note")
    @classmethod
    def _bounded(cls, text: str) -> str:
        return text[:LONGEST_NOTE]
