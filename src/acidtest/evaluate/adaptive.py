"""A language model takes an adaptive test: its next items depend on the scores of those before.

Items come in rounds of a fixed size, and a round is over when all its items are: so the test is a function of the
answers alone, whatever order they come in, and one that was killed goes on where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acidtest.data.line_file import LineFile
from acidtest.errors import DataError, ModelError
from acidtest.evaluate.answer import HOPELESS, Ask, answer_some
from acidtest.evaluate.record import read_responses
from acidtest.evaluate.score import read_answers
from acidtest.stats.irt.adaptive.test import AdaptiveTest
from acidtest.tasks.base import Task
from acidtest.types import Item, Progress, Response

ScoreOf = Callable[[Item, Response], float]
"""The score of a response, 0 to 1; an unreadable one scores 0. NaN: the metric does not count it."""


@dataclass(frozen=True, kw_only=True)
class TakenTest:
    """How a test went.

    Attributes:
        asked: Ids of the items that were answered, in the order of the test.
        unanswered: How many items no answer came for; the test went on with others.
        given_up: So many of them came one after another that the test was broken off.
    """

    asked: tuple[str, ...]
    unanswered: int
    given_up: bool


async def answer_adaptively(  # noqa: PLR0913  # the items, the test, the model, the file and how to work
    items: Sequence[Item],
    test: AdaptiveTest,
    ask: Ask,
    score: ScoreOf,
    *,
    round_size: int,
    concurrency: int,
    path: Path,
    progress: Progress,
) -> TakenTest:
    """Ask a language model what its test wants to know, and nothing else.

    Answers that stand in the file are taken from there. An item that stayed without an answer is passed over, and the
    test goes on; when this is called again, it is asked again unless the file holds answers of later rounds.

    Args:
        items: [n] the bank's items, in its order.
        test: A new test of them.
        ask: Makes the prompt for an item and sends it; retries happen inside.
        score: What a response scores.
        round_size: Items asked before the ability is looked at again.
        concurrency: Most calls at once; it changes nothing but the time.
        path: File of responses.
        progress: Told of every item that is done.

    Raises:
        ModelError: The model refuses, or the first items all stayed without an answer.
        BudgetError: The next call could cost more than the study allows.
        DataError: A score between 0 and 1 of items that are right or wrong.
    """
    seen: set[str] = set()
    unanswered = in_vain = 0
    while in_vain < HOPELESS and (chosen := test.next_items(round_size)):
        ids = [items[place].id for place in chosen]
        known = read_responses(path)
        # Where a later round has answers, this one was over, and what it left open stays open.
        passed = any(known[item].error is None for item in known.keys() - seen - set(ids))
        missing = [items[p] for p in chosen if not _is_there(known.get(items[p].id), passed=passed)]
        progress.advance(len(chosen) - len(missing))
        with LineFile(path) as file:
            await answer_some(missing, ask, file, answered=len(test.asked), concurrency=concurrency, progress=progress)
        known = read_responses(path) if missing else known
        for place in chosen:
            response = known[items[place].id]
            if response.error is None:
                in_vain = 0
                _take(test, place, items[place], score(items[place], response))
            else:
                unanswered, in_vain = unanswered + 1, in_vain + 1
                test.skip(place)
        seen |= set(ids)
    if in_vain >= HOPELESS and not test.asked:
        raise ModelError(
            f"the first {in_vain} items all stayed without an answer",
            where=str(path),
            way_out="Look at the server, then run again: nothing that was answered is asked again.",
        )
    return TakenTest(
        asked=tuple(items[place].id for place in test.asked), unanswered=unanswered, given_up=in_vain >= HOPELESS
    )


def score_of(task: Task, metric: str) -> ScoreOf:
    """Return how responses are scored by a metric that is the mean of its items' scores."""

    def score(item: Item, response: Response) -> float:
        return float(task.sufficient(metric, [item], read_answers(task, [item], [response]))[0, 0])

    return score


def _is_there(response: Response | None, *, passed: bool) -> bool:
    return response is not None and (response.error is None or passed)


def _take(test: AdaptiveTest, place: int, item: Item, score: float) -> None:
    if 0 < score < 1 and test.items.residual is None:
        raise DataError(
            f"an answer to '{item.id[:100]}' scores {score:.3g}, and the bank knows right and wrong only",
            way_out="Calibrate the items on scores of this metric, as they are ('acidtest irt SCORES --bank FILE'), or "
            "set 'metric' to one that is 0 or 1.",
        )
    if score == score:  # noqa: PLR0124  # NaN: the metric does not count the item
        test.answer(place, score)
    else:
        test.skip(place)
