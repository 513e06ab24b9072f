"""Keeps the good candidates: the first problem that is found is the reason why one is rejected."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from acidtest.data.row_item import SCORE
from acidtest.generate.near_copy import NearCopies, NearCopiesByField, normalised
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.strategy import Draft, Request
from acidtest.generate.text_checks import Problem, echo, length_problem, names_label, sign_problem, text_problem
from acidtest.types import Item, Prompt, Provenance, RejectedCandidate

SHORTEST_LIMIT = 240
LONGEST_TEXT = 4_000
"""Characters. A text may be twice as long as the longest of the pool in its field, within these two bounds."""

WITH_ITS_BUNDLE = "its bundle was rejected"

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
    "edit unchanged",
    "negation left",
    "negation lost",
    "same answer",
    "answer not found",
    "answers differ",
    "check failed",
    "quote not in source",
    "answer not in evidence",
    "answer in the question",
    "does not stand alone",
    "one hop is enough",
    "known unseen",
    "too few distractors",
    "distractor is right",
    "cannot be asked openly",
    "too easy",
    "too difficult",
    WITH_ITS_BUNDLE,
    "not needed",
)
"""Every reason that a built-in strategy or check gives."""

NOT_NEEDED: Problem = ("not needed", "enough items were accepted before")


class Acceptance:
    """Judges candidates one after the other; remembers what it accepted.

    A candidate must be readable, valid for its task, no copy of what its prompt showed, no talk about the prompt, and
    no near copy of an item of the pool or of one accepted before. A bundle is accepted whole or not at all.
    """

    def __init__(self, plan: GenerationPlan, prompt_reference: str) -> None:
        self._plan = plan
        self._prompt = prompt_reference
        shape = plan.task.shape
        self._labels = plan.task.labels if shape.target == "label" else ()
        self._pairs = shape.target == SCORE
        self._longest = _limits(plan.pool, pairs=self._pairs)
        self._pair_known = NearCopies(plan.near_copy)
        self._known = NearCopiesByField(plan.near_copy)
        self._sentences: set[str] = set()
        self._width = len(str(plan.n))
        self._bundles = 0
        self.accepted: list[Item] = []
        self.rejected: list[RejectedCandidate] = []
        for item in plan.pool:
            self._remember(item.input, f"pool item '{item.id}'")

    @property
    def full(self) -> bool:
        """True once all items that are wanted are there."""
        return len(self.accepted) >= self._plan.n

    def judge_all(self, drafts: Sequence[Draft], request: Request, room: int) -> int:
        """Accept or reject the candidates of one call; return how many were accepted, `room` at most."""
        accepted = 0
        for bundle, group in groupby(drafts, key=lambda draft: draft.bundle):
            members = list(group)
            if bundle:
                accepted += self.judge_bundle(members, request, needed=accepted + len(members) <= room)
                continue
            for draft in members:
                accepted += self.judge(draft, request, needed=accepted < room)
        return accepted

    def judge(self, draft: Draft, request: Request, *, needed: bool = True) -> bool:
        """Accept or reject one candidate; return whether it was accepted. One that is not needed is rejected."""
        item = self._item(draft, request, 1)
        problem = self._problem(item, draft, request)
        if not problem and not (needed and not self.full):
            problem = NOT_NEEDED
        if problem:
            self._reject(draft, request, problem)
            return False
        self._accept(item)
        return True

    def judge_bundle(self, drafts: Sequence[Draft], request: Request, *, needed: bool = True) -> int:
        """Accept all members of a bundle, or reject all, each with its own reason or its bundle's.

        Members may be as alike as their edits are small: they are only compared with what does not belong to them.
        """
        items = [self._item(draft, request, place) for place, draft in enumerate(drafts, 1)]
        problems = [self._problem(item, draft, request) for item, draft in zip(items, drafts, strict=True)]
        wrong = next(((d, p) for d, p in zip(drafts, problems, strict=True) if p), None)
        if wrong:
            because = f"its bundle's {wrong[0].edit or 'item'} was rejected: {wrong[1][0]}"
            problems = [problem or (WITH_ITS_BUNDLE, because) for problem in problems]
        elif not needed or len(self.accepted) + len(items) > self._plan.n:
            problems = [NOT_NEEDED] * len(items)
        for draft, problem in zip(drafts, problems, strict=True):
            if problem:
                self._reject(draft, request, problem)
        if any(problems):
            return 0
        self._bundles += 1
        name = f"{self._plan.benchmark}-b{self._bundles:04d}"
        for item in items:
            self._accept(item.model_copy(update={"bundle": name}))
        return len(items)

    def why_rejected(self, most: int = 3) -> str:
        """Return the most frequent reasons with their counts, in plain words."""
        own = [candidate.reason for candidate in self.rejected if candidate.reason != WITH_ITS_BUNDLE]
        return ", ".join(f"{reason} ({times})" for reason, times in Counter(own).most_common(most))

    def _item(self, draft: Draft, request: Request, place: int) -> Item:
        return Item(
            id=f"{self._plan.benchmark}-{len(self.accepted) + place:0{self._width}d}",
            input=draft.input,
            target=draft.target,
            choices=draft.choices,
            edit=draft.edit,
            topic=draft.topic,
            provenance=self._provenance(draft, request),
        )

    def _problem(self, item: Item, draft: Draft, request: Request) -> Problem | None:
        if draft.reason:
            return draft.reason, draft.detail
        problem = self._text_problem(item, draft)
        if problem:
            return problem
        wrong = self._plan.task.problem(item)
        if wrong:
            return "not valid", wrong
        written = draft.written or tuple(item.input.values())
        # A prompt of a later step shows the whole item: that an item repeats it means nothing.
        prompt = Prompt() if draft.steps else request.prompt
        return (
            self._same_sentences(item)
            or _copy(written, request.shown)
            or self._near_copy(item, f"pool item '{draft.source}'" if draft.source else "")
            or next(filter(None, (echo(text, prompt) for text in written)), None)
        )

    def _text_problem(self, item: Item, draft: Draft) -> Problem | None:
        """Return what is wrong with a text whatever the task; of a text that was given only whether it has a length."""
        most = max(self._longest.values(), default=LONGEST_TEXT)
        texts = [(text, self._longest.get(field, LONGEST_TEXT)) for field, text in item.input.items()]
        if draft.written:
            given = [text for text, _ in texts if text not in draft.written]
            texts = [*((text, dict(texts).get(text, most)) for text in draft.written)]
            problem = next(filter(None, (length_problem(text, longest=LONGEST_TEXT) for text in given)), None)
            if problem:
                return problem
        for text, longest in texts:
            problem = text_problem(text, longest=longest) or names_label(text, self._labels)
            if problem:
                return problem
        answers = item.target if isinstance(item.target, list) else [item.target]
        labels = self._plan.task.labels
        short = [*item.choices, *(one for one in answers if isinstance(one, str) and one not in labels)]
        return next(filter(None, (length_problem(t, longest=LONGEST_TEXT) or sign_problem(t) for t in short)), None)

    def _same_sentences(self, item: Item) -> Problem | None:
        """Two equal sentences are only similar to the highest degree; below it their score would be wrong."""
        texts = {normalised(text) for text in item.input.values()}
        best = isinstance(item.target, int | float) and item.target >= 5  # noqa: PLR2004  the scale ends at 5
        return ("same sentences", "") if self._pairs and len(texts) < len(item.input) and not best else None

    def _near_copy(self, item: Item, source: str) -> Problem | None:
        joined = " ".join(item.input.values())
        found = self._pair_known.nearest(joined) if self._pairs else self._known.nearest(item.input, but=source)
        if found:
            return "near copy", f"of {found[0]}, likeness {found[1]:.2f}"
        if self._pairs:
            repeated = next((text for text in item.input.values() if normalised(text) in self._sentences), None)
            if repeated is not None:
                return "near copy", f"a sentence that another item has: '{repeated[:60]}'"
        return None

    def _accept(self, item: Item) -> None:
        self.accepted.append(item)
        self._remember(item.input, f"accepted item '{item.id}'")

    def _remember(self, texts: Mapping[str, str], origin: str) -> None:
        if not self._pairs:
            self._known.add(texts, origin)
            return
        self._pair_known.add(" ".join(texts.values()), origin)
        self._sentences.update(normalised(text) for text in texts.values())

    def _reject(self, draft: Draft, request: Request, problem: Problem) -> None:
        self.rejected.append(
            RejectedCandidate(
                reason=problem[0],
                detail=problem[1],
                text=draft.text[:LONGEST_TEXT],
                input={name: text[:LONGEST_TEXT] for name, text in draft.input.items()},
                target=draft.target,
                choices=tuple(text[:LONGEST_TEXT] for text in draft.choices),
                edit=draft.edit,
                provenance=self._provenance(draft, request),
            )
        )

    def _provenance(self, draft: Draft, request: Request) -> Provenance:
        return Provenance(
            generator=self._plan.generator,
            revision=self._plan.revision,
            strategy=self._plan.strategy,
            prompt=self._prompt,
            call=request.index,
            seed=request.seed,
            drawn=request.drawn,
            examples=tuple(item.id for item in request.shown),
            steps=draft.steps,
            checks=draft.checks,
            evidence=draft.evidence,
        )


def _limits(pool: Sequence[Item], *, pairs: bool) -> dict[str, int]:
    """Return field -> most characters; the two sentences of a pair are one kind of text."""
    longest: dict[str, int] = {}
    for item in pool:
        for field, text in item.input.items():
            longest[field] = max(longest.get(field, 0), len(text))
    if pairs and longest:
        longest = dict.fromkeys(longest, max(longest.values()))
    return {field: min(LONGEST_TEXT, max(SHORTEST_LIMIT, 2 * length)) for field, length in longest.items()}


def _copy(written: Sequence[str], shown: Sequence[Item]) -> Problem | None:
    texts = {normalised(text) for text in written}
    for example in shown:
        if texts & {normalised(text) for text in example.input.values()}:
            return "copy of an example", f"pool item '{example.id}'"
    return None
