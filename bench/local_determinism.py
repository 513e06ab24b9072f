"""Measure whether a local model's answers depend on the prompt alone, and what that costs: the table of design/0002.

    ACIDTEST_DATA=FOLDER python bench/local_determinism.py [MODEL ...] [--prompts 30] [--threads 1]

MODEL is what stands after `local:` in a study file. Prompts are those of the task `intent` for SNIPS, one example per
label, asked in file order, in reverse and shuffled. A prompt differs where the log-probability of any token of its
answer is not the same, to the last digit, in all three.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from acidtest.data.datasets.catalogue import load_dataset
from acidtest.models.base import ModelSpec
from acidtest.models.local import LocalModel
from acidtest.tasks.intent import IntentTask
from acidtest.types import Prompt, Sampling

Digits = tuple[float, ...]


class FixedPoint(LocalModel):
    """The model as studies use it; it also keeps the log-probabilities of what it answered last."""

    digits: Digits = ()

    def _handle(self, request: dict[str, object]) -> dict[str, Any]:
        answers = bool(request.get("max_tokens"))
        answer = super()._handle({**request, "n_probs": 1} if answers else request)
        if answers:
            self.digits = tuple(token["logprob"] for token in answer["choices"][0]["logprobs"]["content"])
        return answer


class OwnReuse(FixedPoint):
    """llama.cpp's own choice of what it need not read again."""

    def _keep(self, head: Mapping[str, object]) -> None:
        del head


class ReadAfresh(FixedPoint):
    """Every prompt read from its beginning."""

    def _head(self, prompt: Prompt) -> Mapping[str, object]:
        del prompt
        return {}


async def measured(model: FixedPoint, prompts: Sequence[Prompt]) -> tuple[int, float]:
    """Return how many prompts differ between the orders, and CPU seconds per answer."""
    orders = [list(range(len(prompts))), list(range(len(prompts)))[::-1], list(range(len(prompts)))]
    random.Random(0).shuffle(orders[2])
    seen: list[set[Digits]] = [set() for _ in prompts]
    async with model:
        began = time.process_time()
        for k in [k for order in orders for k in order]:
            await model.answer(prompts[k], Sampling())
            seen[k].add(model.digits)
    return sum(len(digits) > 1 for digits in seen), (time.process_time() - began) / (len(orders) * len(prompts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["smollm2-135m-instruct-q4_1"])
    parser.add_argument("--prompts", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    snips = load_dataset("snips")
    task = IntentTask(snips.labels)
    examples = task.choose_examples(snips.pool, 1, 0)
    prompts = [task.prompt(item, examples, "completion") for item in snips.items[: given.prompts]]
    ways = "fixed point | own reuse | afresh"
    print(f"| model | threads | prompts | differ: {ways} | CPU s: {ways} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.models:
        spec = ModelSpec(name=name, use=f"local:{name}", threads=given.threads)
        found = [asyncio.run(measured(kind(spec), prompts)) for kind in (FixedPoint, OwnReuse, ReadAfresh)]
        cells = [name, given.threads, given.prompts, *(n for n, _ in found), *(f"{s:.2f}" for _, s in found)]
        print(f"| {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    main()
