"""A real language model takes the steps of a bundle: prompts, grammars and the record of calls hold."""

from pathlib import Path

import pytest

from acidtest.generate.answer_labels import GRAMMAR, SPOKEN
from acidtest.generate.generation import generate
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.stepwise import YES_NO
from acidtest.models.base import ModelSpec
from acidtest.models.local import LocalModel
from acidtest.registry import get
from acidtest.types import Item, Prompt, Reply, Sampling
from bundle_writer import LABELS, step_of
from scripted_generator import Count, files_of

PASSAGES = (
    "The lighthouse stood on a rock. The road to it was not repaired before the war. His letters came in spring.",
    "Ann Berg built a loom in 1890. Her brother was not able to use it. The loom is in a museum now.",
)


@pytest.mark.long
async def test_a_model_of_135_million_parameters_takes_the_steps_of_a_bundle(smollm2: Path, tmp_path: Path) -> None:
    sent: list[tuple[Prompt, str]] = []
    pool = tuple(
        Item(id=f"p{i}", input={"passage": text, "question": "Is it old?"}, target="YES")
        for i, text in enumerate(PASSAGES)
    )
    async with LocalModel(ModelSpec(name="smollm2", use=f"local:{smollm2}")) as model:

        async def call(prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Reply:
            assert repeat == 0
            assert (sampling.temperature == 0) == (prompt.grammar in (GRAMMAR, YES_NO))
            reply = await model.answer(prompt, sampling)
            sent.append((prompt, reply.text))
            return reply

        plan = GenerationPlan(
            benchmark="smollm2.negation_bundle",
            generator="smollm2",
            revision=model.revision,
            strategy="negation_bundle",
            options={"at_once": 2},
            task=get("task", "reading")(LABELS),
            pool=pool,
            n=4,
            budget=8,
        )
        path = tmp_path / "calls.jsonl"
        whole = await generate(plan, call, calls_path=path, style="completion", concurrency=1, progress=Count())
        assert whole.calls == len(sent) <= 8
        assert len(whole.accepted) in (0, 4)
        steps = [step_of(prompt) for prompt, _ in sent]
        assert steps[0] == "undo"
        assert "question" in steps  # taking back a "not" is at times within its power
        for step, (_, text) in zip(steps, sent, strict=True):
            if step in ("answer", "edited_answer"):
                assert text.strip() in SPOKEN.values()
            if step == "question":
                assert "\nQuestion: " in text
        for candidate in whole.rejected:
            assert candidate.reason
            assert candidate.provenance.steps[0].step == "undo"
        count = len(sent)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-2]) + lines[-2][:40])
        again = await generate(plan, call, calls_path=path, style="completion", concurrency=1, progress=Count())
        assert len(sent) == count + 2
        assert (files_of(again), again.calls) == (files_of(whole), whole.calls)
