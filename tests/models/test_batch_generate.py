"""A generator whose calls go out in batches asks for what is missing, and for no more."""

from pathlib import Path

from acidtest.generate.generation import generate
from scripted_generator import Count, Scripted, files_of, intent_plan, mixed, run


async def test_no_reply_goes_unused_and_the_benchmark_is_the_same(tmp_path: Path) -> None:
    plan, call = intent_plan(30), Scripted(mixed, shuffled=True)
    outcome = await generate(
        plan,
        call,
        calls_path=tmp_path / "calls.jsonl",
        style="completion",
        concurrency=10_000,
        ahead=0,
        progress=Count(),
    )
    assert outcome.unused == 0
    assert len(call.prompts) == outcome.calls
    assert call.most_flying > 20  # all that is wanted goes out together; the first replies come before the last call
    one_by_one = await run(plan, Scripted(mixed), tmp_path / "other", concurrency=1)
    assert (files_of(outcome), outcome.calls) == (files_of(one_by_one), one_by_one.calls)
