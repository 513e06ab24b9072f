"""Killed at any moment and started again, a generation repeats no recorded call and gives the same benchmark."""

from pathlib import Path
from typing import Any

import pytest

from acidtest.generate.call_log import CallLog, RecordedCall, digest
from acidtest.types import Prompt, Sampling
from scripted_generator import Scripted, files_of, intent_plan, mixed, run


async def test_a_kill_at_any_byte_changes_nothing(tmp_path: Path) -> None:
    plan = intent_plan(9)
    whole = await run(plan, Scripted(mixed), tmp_path / "whole")
    content = (tmp_path / "whole" / "calls.jsonl").read_bytes()
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    assert len(ends) == whole.calls
    # Every place around a line's end, and a place in each stretch of a line (also inside a character of many bytes).
    cuts = {0, *(end + step for end in ends for step in (-1, 0, 1, 120)), *range(0, ends[0], 5)}
    for cut in sorted(cut for cut in cuts if cut <= len(content)):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "calls.jsonl").write_bytes(content[:cut])
        call = Scripted(mixed)
        outcome = await run(plan, call, folder)
        kept = sum(end <= cut for end in ends)
        assert files_of(outcome) == files_of(whole), cut
        assert (outcome.recorded, len(call.prompts)) == (kept, whole.calls - kept), cut
        assert (folder / "calls.jsonl").read_bytes() == content, cut
        assert outcome.notes == ()


async def test_replies_recorded_out_of_order_are_found(tmp_path: Path) -> None:
    plan = intent_plan(20)
    first = await run(plan, Scripted(mixed, shuffled=True), tmp_path, concurrency=8)
    recorded = [RecordedCall.model_validate_json(line) for line in (tmp_path / "calls.jsonl").read_bytes().splitlines()]
    assert [record.call for record in recorded] != sorted(record.call for record in recorded)
    call = Scripted(mixed)
    again = await run(plan, call, tmp_path)
    assert (call.prompts, again.recorded) == ([], again.calls)
    assert files_of(again) == files_of(first)


@pytest.mark.parametrize(
    "change", [{"temperature": 0.5}, {"revision": "r2"}, {"seed": 8}, {"options": {"examples": 2}}]
)
async def test_recorded_calls_of_other_settings_are_not_used_and_that_is_said(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    await run(intent_plan(6), Scripted(), tmp_path)
    call = Scripted()
    outcome = await run(intent_plan(6, **change), call, tmp_path)
    assert (len(call.prompts), outcome.recorded) == (6, 0)
    assert outcome.notes == ("6 recorded calls were made with other prompts or settings and were sent again.",)
    back = await run(intent_plan(6), call, tmp_path)
    assert (len(call.prompts), back.recorded, back.notes) == (6, 6, ())


async def test_a_spoilt_line_costs_one_call_and_is_said(tmp_path: Path) -> None:
    await run(intent_plan(6), Scripted(), tmp_path)
    path = tmp_path / "calls.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b'{"call": "../../x"}\n', b"\x00\xff[1]\n", *lines[3:]]))
    call = Scripted()
    outcome = await run(intent_plan(6), call, tmp_path)
    assert len(call.prompts) == 1
    assert outcome.notes == ("2 lines of 'calls.jsonl' are no recorded calls and were not used.",)


def test_the_digest_knows_everything_that_is_sent() -> None:
    prompt, sampling = Prompt(text="a"), Sampling(seed=1)
    others = [
        (Prompt(text="b"), sampling, "m", "r"),
        (Prompt(messages=(("user", "a"),)), sampling, "m", "r"),
        (Prompt(text="a", stop=("\n",)), sampling, "m", "r"),
        (Prompt(text="a", max_tokens=9), sampling, "m", "r"),
        (Prompt(text="a", grammar="root ::= [a]"), sampling, "m", "r"),
        *((prompt, Sampling(**{"seed": 1, **change}), "m", "r") for change in _CHANGES),
        (prompt, sampling, "n", "r"),
        (prompt, sampling, "m", "s"),
    ]
    digests = {digest(*sent) for sent in [(prompt, sampling, "m", "r"), *others]}
    assert len(digests) == 1 + len(others)
    assert digest(prompt, sampling, "m", "r") == digest(Prompt(text="a"), Sampling(seed=1), "m", "r")


_CHANGES: list[dict[str, Any]] = [{"temperature": 0.1}, {"top_p": 0.5}, {"min_p": 0.1}, {"seed": 2}]


def test_failures_count_only_where_an_answer_came_later(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with CallLog(path) as log:
        for record in (
            RecordedCall(call=0, prompt="a", error="503"),
            RecordedCall(call=1, prompt="b", text="x"),
            RecordedCall(call=2, prompt="c", error="503"),
        ):
            log.append(record)
    with CallLog(path) as log:
        assert log.find(0, "a") is not None
        assert log.find(1, "b") is not None
        assert log.find(2, "c") is None


def test_a_recorded_call_that_cost_less_than_nothing_is_none(tmp_path: Path) -> None:
    """It would pay for other calls under the cap."""
    path = tmp_path / "calls.jsonl"
    path.write_text('{"call": 0, "prompt": "a", "cost": -5}\n{"call": 1, "prompt": "b", "cost": 0.5}\n', "utf-8")
    with CallLog(path) as log:
        assert (log.cost, log.unreadable) == (0.5, 1)
