"""Solvers answer items: many calls at once, each answer on disk before the next is asked for."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from acidtest.data.item_file import parts
from acidtest.data.line_file import LineFile
from acidtest.errors import ModelError, TransientModelError
from acidtest.evaluate.record import put_in_order, read_responses
from acidtest.models.base import ClassicSolver
from acidtest.models.side_by_side import side_by_side
from acidtest.types import Item, Progress, Reply

Ask = Callable[[Item], Awaitable[Reply]]
LONGEST_ANSWER = 40_000
"""Characters of an answer that are kept: more than any task reads, and no server can fill the disk."""

HOPELESS = 20
"""So many items without a single answer, and the solver is given up: it would fail on all."""


async def answer_items(items: Sequence[Item], ask: Ask, *, path: Path, concurrency: int, progress: Progress) -> int:
    """Let a language model answer all items that have no answer in the file yet.

    Args:
        items: What is asked.
        ask: Makes the prompt for an item and sends it; retries happen inside.
        path: File of responses.
        concurrency: Most calls at once.
        progress: Told of every item that is done.

    Returns:
        The number of items that no answer came for. They are tried again when this is called again.

    Raises:
        ModelError: The model refuses, or the first items all stayed without an answer.
        BudgetError: The next call could cost more than the study allows.
    """
    known = read_responses(path)
    missing, answered = known.unanswered(items), known.answered
    del known
    progress.advance(len(items) - len(missing))
    with LineFile(path) as file:
        failed = await answer_some(missing, ask, file, answered=answered, concurrency=concurrency, progress=progress)
    put_in_order(path, items)
    return failed


async def answer_some(
    items: Sequence[Item], ask: Ask, file: LineFile, *, answered: int, concurrency: int, progress: Progress
) -> int:
    """Let a language model answer these items, into a file that is open; return how many no answer came for.

    Args:
        items: What is asked.
        ask: Makes the prompt for an item and sends it; retries happen inside.
        file: File of responses.
        answered: How many answers there are already: with none, a model that fails long enough is given up.
        concurrency: Most calls at once.
        progress: Told of every item that is done.

    Raises:
        ModelError: The model refuses, or the first items all stayed without an answer.
        BudgetError: The next call could cost more than the study allows.
    """
    rest = _Rest(items, ask, file, progress, answered=answered)
    await side_by_side([rest.work() for _ in range(min(concurrency, len(items)))])
    return rest.failed


class _Rest:
    """The items that are still to be answered, shared by all workers."""

    def __init__(self, missing: Sequence[Item], ask: Ask, file: LineFile, progress: Progress, *, answered: int) -> None:
        self.waiting, self.ask, self.file, self.progress = iter(missing), ask, file, progress
        self.answered, self.failed = answered, 0

    async def work(self) -> None:
        try:
            while (item := next(self.waiting, None)) is not None:
                await self.answer(item)
        except BaseException:
            self.waiting = iter(())  # nobody begins another item
            raise

    async def answer(self, item: Item) -> None:
        try:
            reply = await self.ask(item)
        except TransientModelError as error:
            self.note_failure(item, error)
            return
        self.answered += 1
        record: dict[str, object] = {
            "item": item.id,
            "text": reply.text[:LONGEST_ANSWER],
            "tokens_in": reply.tokens_in,
            "tokens_out": reply.tokens_out,
            "cost": reply.cost,
            "seconds": round(reply.seconds, 4),
        }
        if reply.logprobs is not None:  # empty where they were asked for and not given
            record["logprobs"] = {token: round(logprob, 6) for token, logprob in reply.logprobs.items()}
        self.file.add(record)
        self.progress.advance(1, tokens=reply.tokens_in + reply.tokens_out, cost=reply.cost)

    def note_failure(self, item: Item, error: TransientModelError) -> None:
        self.failed += 1
        self.file.add({"item": item.id, "text": "", "error": error.what[:500]})
        self.progress.advance()
        if self.answered == 0 and self.failed >= HOPELESS:
            raise ModelError(
                f"the first {self.failed} items all stayed without an answer; the last error was: {error.what}",
                where=error.where,
                way_out="Look at the server, then run again: nothing that was answered is asked again.",
            ) from error


def answer_with_classic(solver: ClassicSolver, items: Sequence[Item], *, path: Path, progress: Progress) -> None:
    """Let a trained classic solver answer all items, some thousands at once. Quick, so it always starts afresh."""
    path.unlink(missing_ok=True)
    with LineFile(path) as file:
        for part in parts(items):
            for item, text in zip(part, solver.answer(part), strict=True):
                file.add({"item": item.id, "text": text})
            progress.advance(len(part))
