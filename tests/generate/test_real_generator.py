"""A real language model writes items: the first ones of the starter study."""

from pathlib import Path

import orjson

from acidtest.generate.generation import generate
from acidtest.generate.name_grammar import around_names
from acidtest.generate.plan import GenerationPlan
from acidtest.models.base import ModelSpec
from acidtest.models.local import LocalModel
from acidtest.registry import get
from acidtest.types import Item, Prompt, Reply, Sampling
from scripted_generator import Count

POOL = Path(__file__).resolve().parents[2] / "examples" / "assistant" / "pool.jsonl"


async def test_a_model_of_135_million_parameters_writes_what_is_asked_for(smollm2: Path, tmp_path: Path) -> None:
    rows = [orjson.loads(line) for line in POOL.read_bytes().splitlines()]
    labels = sorted({row["label"] for row in rows})[:5]
    pool = tuple(
        Item(id=row["id"], input={"text": row["text"]}, target=row["label"]) for row in rows if row["label"] in labels
    )
    sent = 0
    async with LocalModel(ModelSpec(name="smollm2", use=f"local:{smollm2}")) as model:

        async def call(prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Reply:
            nonlocal sent
            sent += repeat == 0
            return await model.answer(prompt, sampling)

        plan = GenerationPlan(
            benchmark="smollm2.few_shot",
            generator="smollm2",
            revision=model.revision,
            strategy="few_shot",
            task=get("task", "intent")(labels),
            pool=pool,
            n=5,
            budget=25,
        )
        path = tmp_path / "calls.jsonl"
        whole = await generate(plan, call, calls_path=path, style="completion", concurrency=1, progress=Count())
        assert sorted(str(item.target) for item in whole.accepted) == labels
        assert sent == whole.calls <= 15
        # Killed in the middle of the third reply and started again: the model writes the rest as before.
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:2]) + lines[2][:30])
        again = await generate(plan, call, calls_path=path, style="completion", concurrency=1, progress=Count())
        assert sent == whole.calls + whole.calls - 2
        assert again.accepted == whole.accepted
        assert again.rejected == whole.rejected


async def test_a_grammar_holds_a_small_model_to_the_names(smollm2: Path) -> None:
    names = ["Ada Byron", "Porto", "Green League"]
    prompt = Prompt(
        text="Names: Joan Clarke (person); Lyon (city)\nSentence: Joan Clarke was born in Lyon.\n\n"
        "Names: Ada Byron (person); Porto (city); Green League (party)\nSentence:",
        stop=("\n",),
        max_tokens=120,
        grammar=around_names(names),
    )
    async with LocalModel(ModelSpec(name="smollm2", use=f"local:{smollm2}")) as model:
        text = (await model.answer(prompt, Sampling(temperature=0.99, seed=1))).text
    places = [text.index(name) for name in names]
    assert places == sorted(places)
    for name in names:
        text = text.replace(name, "")
    assert not any(map(str.isupper, text.strip()[1:]))
