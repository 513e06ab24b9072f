"""Keeps the good candidates: the first problem that is found is the reason why one is rejected."""

from collections import Counter
from collections.abc import Mapping, Sequence

from acidtest.generate.near_copy import NearCopies, normalised
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.strategy import Draft, Request
from acidtest.generate.text_checks import Problem, echo, names_label, text_problem
from acidtest.types import Item, Provenance, RejectedCandidate

SHORTEST_LIMIT = 240
LONGEST_TEXT = 4_000
"""Characters. A text may be twice as long as the longest of the pool, within these two bounds."""

REASONS = (
    "no answer",
    "empty",
    "too long",
    "cut off",
    "unreadable",
    "garbage",
    "repeats itself",
    "names a label",
    "name missing",
    "unmarked name",
    "not valid",
    "same sentences",
    "copy of an example",
    "near copy",
    "echo of the prompt",
    "not needed",
)
"""Every reason that a built-in strategy or check gives."""


class Acceptance:
    """Judges candidates one after the other; remembers what it accepted.

    A candidate must be readable, valid for its task, no copy of what its prompt showed, no talk about the prompt, and
    no near copy of an item of the pool or of one accepted before.
    """

    def __init__(self, plan: GenerationPlan, prompt_reference: str) -> None:
        self._plan = plan
        self._prompt = prompt_reference
        self._labels = plan.task.labels if plan.task.shape.target == "label" else ()
        longest = max((len(text) for item in plan.pool for text in item.input.values()), default=0)
        self._longest = min(LONGEST_TEXT, max(SHORTEST_LIMIT, 2 * longest))
        self._known = NearCopies(plan.near_copy)
        self._sentences: set[str] = set()
        self._width = len(str(plan.n))
        self.accepted: list[Item] = []
        self.rejected: list[RejectedCandidate] = []
        for item in plan.pool:
            self._remember(item.input, f"pool item '{item.id}'")

    @property
    def full(self) -> bool:
        """True once all items that are wanted are there."""
        return len(self.accepted) >= self._plan.n

    def judge(self, draft: Draft, request: Request, *, needed: bool = True) -> bool:
        """Accept or reject one candidate; return whether it was accepted. One that is not needed is rejected."""
        item = Item(
            id=f"{self._plan.benchmark}-{len(self.accepted) + 1:0{self._width}d}",
            input=draft.input,
            target=draft.target,
            provenance=self._provenance(request),
        )
        problem = (draft.reason, draft.detail) if draft.reason else self._problem(item, request)
        if not problem and not (needed and not self.full):
            problem = "not needed", "enough items were accepted before"
        if problem:
            self._reject(draft, request, problem)
            return False
        self.accepted.append(item)
        self._remember(item.input, f"accepted item '{item.id}'")
        return True

    def no_answer(self, request: Request, why: str) -> None:
        """Note a call to which no answer came."""
        self._reject(Draft(text=""), request, ("no answer", why))

    def why_rejected(self, most: int = 3) -> str:
        """Return the most frequent reasons with their counts, in plain words."""
        counts = Counter(candidate.reason for candidate in self.rejected)
        return ", ".join(f"{reason} ({times})" for reason, times in counts.most_common(most))

    def _problem(self, item: Item, request: Request) -> Problem | None:
        for text in item.input.values():
            problem = text_problem(text, longest=self._longest) or names_label(text, self._labels)
            if problem:
                return problem
        wrong = self._plan.task.problem(item)
        if wrong:
            return "not valid", wrong
        return (
            self._same_sentences(item)
            or self._copy(item, request.shown)
            or self._near_copy(item)
            or next(filter(None, (echo(text, request.prompt) for text in item.input.values())), None)
        )

    def _same_sentences(self, item: Item) -> Problem | None:
        """Two equal sentences are only similar to the highest degree; below it their score would be wrong."""
        texts = {normalised(text) for text in item.input.values()}
        best = isinstance(item.target, int | float) and item.target >= 5  # noqa: PLR2004  the scale ends at 5
        return ("same sentences", "") if len(texts) < len(item.input) and not best else None

    def _copy(self, item: Item, shown: Sequence[Item]) -> Problem | None:
        texts = {normalised(text) for text in item.input.values()}
        for example in shown:
            if texts & {normalised(text) for text in example.input.values()}:
                return "copy of an example", f"pool item '{example.id}'"
        return None

    def _near_copy(self, item: Item) -> Problem | None:
        found = self._known.nearest(" ".join(item.input.values()))
        if found:
            return "near copy", f"of {found[0]}, likeness {found[1]:.2f}"
        if len(item.input) > 1:
            repeated = next((text for text in item.input.values() if normalised(text) in self._sentences), None)
            if repeated is not None:
                return "near copy", f"a sentence that another item has: '{repeated[:60]}'"
        return None

    def _remember(self, texts: Mapping[str, str], origin: str) -> None:
        self._known.add(" ".join(texts.values()), origin)
        self._sentences.update(normalised(text) for text in texts.values())

    def _reject(self, draft: Draft, request: Request, problem: Problem) -> None:
        self.rejected.append(
            RejectedCandidate(
                reason=problem[0],
                detail=problem[1],
                text=draft.text[:LONGEST_TEXT],
                input={name: text[:LONGEST_TEXT] for name, text in draft.input.items()},
                target=draft.target,
                provenance=self._provenance(request),
            )
        )

    def _provenance(self, request: Request) -> Provenance:
        return Provenance(
            generator=self._plan.generator,
            revision=self._plan.revision,
            strategy=self._plan.strategy,
            prompt=self._prompt,
            call=request.index,
            seed=request.seed,
            drawn=request.drawn,
            examples=tuple(item.id for item in request.shown),
        )
