"""Batches of both shapes: what comes home, what is asked again, and that nothing is paid twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

import model_specs
from acidtest.errors import AcidtestError, ModelError, TransientModelError
from acidtest.models.base import LanguageModel
from acidtest.models.batches.anthropic import AnthropicBatches
from acidtest.models.batches.batch import BatchedModel
from acidtest.models.batches.openai import OpenAIBatches
from acidtest.models.build import build
from acidtest.types import Prompt, Reply, Sampling
from batch_server import BatchServer, answer_to
from model_specs import spec

KEY = "sk-planted-4711"
SHAPES = ["openai:any", "anthropic:claude"]
PROMPTS = [f"question {i}?" for i in range(12)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
    monkeypatch.setenv("MY_KEY", KEY)
    return tmp_path


@pytest.fixture
async def server() -> AsyncIterator[BatchServer]:
    async with BatchServer() as server:
        yield server


@pytest.fixture(params=SHAPES)
def use(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def batched(server: BatchServer, use: str, **more: Any) -> BatchedModel:
    return model_specs.batched(server, use, key_env="MY_KEY", **more)


async def ask(model: LanguageModel, prompts: list[str]) -> list[Reply | BaseException]:
    async with model:
        return await ask_open(model, prompts)


async def ask_open(model: LanguageModel, prompts: list[str]) -> list[Reply | BaseException]:
    calls = [model.answer(Prompt(messages=(("user", text),)), Sampling()) for text in prompts]
    return await asyncio.gather(*calls, return_exceptions=True)


async def until(seen: Callable[[], bool]) -> None:
    for _ in range(2000):
        if seen():
            return
        await asyncio.sleep(0.005)
    raise AssertionError


def texts(replies: list[Reply | BaseException]) -> list[str]:
    """Return the texts, or the words of what went wrong."""
    return [one.text if isinstance(one, Reply) else str(one) for one in replies]


def errors(replies: list[Reply | BaseException]) -> list[AcidtestError]:
    return [one for one in replies if isinstance(one, AcidtestError)]


async def test_all_calls_go_out_in_one_batch_and_answers_find_their_calls(server: BatchServer, use: str) -> None:
    server.looks = 3
    model = batched(server, use)
    told: list[str] = []
    model.say = told.append
    assert texts(await ask(model, PROMPTS)) == [answer_to(prompt) for prompt in PROMPTS]  # sent back in reverse
    assert len(server.batches) == 1
    assert server.calls["look"] == 3
    assert server.paid == Counter(PROMPTS)
    assert "12 calls sent as batch batch_0" in told[0]
    assert "Ctrl-C leaves it running" in told[0]


async def test_replies_are_those_of_single_calls_but_for_the_time(server: BatchServer, use: str) -> None:
    model = batched(server, use)
    single = [await model.model.answer(Prompt(messages=(("user", text),)), Sampling()) for text in PROMPTS[:3]]
    for one, other in zip(await ask(model, PROMPTS[:3]), single, strict=True):
        assert isinstance(one, Reply)
        assert (one.text, one.finish, one.tokens_in, one.tokens_out) == (
            other.text,
            other.finish,
            other.tokens_in,
            other.tokens_out,
        )
    await model.model.__aexit__(None, None, None)


@pytest.mark.parametrize(("style", "path"), [("chat", "/v1/chat/completions"), ("completion", "/v1/completions")])
async def test_both_styles_and_log_probabilities_go_in_batches(server: BatchServer, style: str, path: str) -> None:
    model = batched(server, "openai:any", style=style)
    assert model.gives_logprobs
    async with model:
        reply = await model.answer(Prompt(messages=(("user", "a"),), logprobs=2), Sampling())
        plain = await model.answer(Prompt(messages=(("user", "a"),)), Sampling())
    assert f'"url":"{path}"'.encode() in server.files["file-in0"]
    assert (reply.text[:3], reply.logprobs) == ("yes", {"yes": -0.25, "no": -1.5})
    assert plain.logprobs is None


def test_the_limits_are_those_that_the_providers_publish() -> None:
    """OpenAI's reference, "Create batch"; Anthropic's, "Create a Message Batch"."""
    assert (OpenAIBatches.most_calls, OpenAIBatches.most_bytes) == (50_000, 200_000_000)
    assert (AnthropicBatches.most_calls, AnthropicBatches.most_bytes) == (100_000, 256_000_000)


async def test_a_batch_that_breaks_down_at_the_provider_has_answers_all_the_same(server: BatchServer) -> None:
    """`failed`, and yet there is a file of answers: they were charged, and are not asked for again."""
    server.outcomes[PROMPTS[3]] = ["broken"]
    assert texts(await ask(batched(server, "openai:any"), PROMPTS)) == [answer_to(prompt) for prompt in PROMPTS]
    assert [len(batch.calls) for batch in server.batches.values()] == [12, 1]
    assert server.paid == Counter(PROMPTS)


async def test_a_batch_that_is_larger_than_the_server_takes_is_said(server: BatchServer, use: str) -> None:
    """Not as a prompt that is too long, which leaves each item unanswered."""
    server.faults["upload" if use.startswith("openai") else "create"] = [413]
    found = errors(await ask(batched(server, use), PROMPTS))
    assert len(found) == 12
    assert all(isinstance(error, ModelError) for error in found)
    assert "Lower 'connections'" in found[0].way_out
    assert server.paid == Counter()


async def test_calls_that_come_later_go_out_in_another_batch(server: BatchServer, use: str) -> None:
    async with batched(server, use) as model:
        first = asyncio.create_task(ask_open(model, PROMPTS[:4]))
        await until(lambda: bool(server.batches))
        assert texts(await ask_open(model, PROMPTS[4:])) == [answer_to(prompt) for prompt in PROMPTS[4:]]
        assert texts(await first) == [answer_to(prompt) for prompt in PROMPTS[:4]]
    assert len(server.batches) == 2
    assert server.paid == Counter(PROMPTS)


@pytest.mark.parametrize(("what", "batches"), [({"most_calls": 5}, 3), ({"most_bytes": 900}, None)])
async def test_what_is_too_large_for_one_batch_becomes_several(
    server: BatchServer, use: str, what: dict[str, int], batches: int | None
) -> None:
    model = batched(server, use)
    async with model:
        for name, value in what.items():
            setattr(model._desk.provider, name, value)
        model._desk.most = what.get("most_calls", 10**6)
        replies = await ask_open(model, [*PROMPTS, "x" * 2000] if "most_bytes" in what else PROMPTS)
    assert texts(replies[:12]) == [answer_to(prompt) for prompt in PROMPTS]
    assert server.paid == Counter(PROMPTS)
    assert len(server.batches) == batches or (batches is None and len(server.batches) > 2)
    for one in errors(replies):  # the one that is larger than any batch
        assert "larger than a batch may be (this prompt alone)" in one.what
    assert len(errors(replies)) == ("most_bytes" in what)
    if "most_bytes" in what:
        assert all(len(content) <= 900 for content in server.files.values())


@pytest.mark.parametrize("what", [500, 429, "expired", "odd", "lost"])
async def test_what_a_batch_leaves_unanswered_goes_into_the_next_one(
    server: BatchServer, use: str, what: int | str
) -> None:
    server.outcomes[PROMPTS[3]], server.outcomes[PROMPTS[7]] = [what, what], [what]
    assert texts(await ask(batched(server, use), PROMPTS)) == [answer_to(prompt) for prompt in PROMPTS]
    assert sorted(len(batch.calls) for batch in server.batches.values()) == [1, 2, 12]
    again = 2 if what == "odd" else 0  # an answer that cannot be read was paid for
    assert server.paid == Counter(PROMPTS) + Counter({PROMPTS[3]: again, PROMPTS[7]: again // 2})


@pytest.mark.parametrize("what", [500, "expired"])
async def test_after_all_retries_a_call_stays_unanswered(server: BatchServer, use: str, what: int | str) -> None:
    server.outcomes[PROMPTS[3]] = [what] * 9
    replies = await ask(batched(server, use, retries=2), PROMPTS)
    (error,) = errors(replies)
    assert isinstance(error, TransientModelError)
    assert "(3 attempts)" in error.what
    assert "Run again" in error.way_out
    assert len(server.batches) == 3
    assert len([one for one in replies if isinstance(one, Reply)]) == 11


async def test_a_call_that_is_refused_is_refused_as_outside_of_batches(server: BatchServer, use: str) -> None:
    server.outcomes[PROMPTS[3]] = [400]
    replies = await ask(batched(server, use), PROMPTS)
    (error,) = errors(replies)
    assert isinstance(error, ModelError)
    assert "400: said no" in error.what
    assert server.paid == Counter(PROMPTS) - Counter([PROMPTS[3]])


async def test_a_cancelled_batch_is_not_sent_again_by_itself(server: BatchServer, use: str) -> None:
    for prompt in PROMPTS[5:]:
        server.outcomes[prompt] = ["cancelled"]
    server.late_files = 1  # what was answered before is fetched all the same
    model = batched(server, use)
    replies = await ask(model, PROMPTS)
    assert texts(replies[:5]) == [answer_to(prompt) for prompt in PROMPTS[:5]]
    assert {error.what for error in errors(replies)} == {"the batch was cancelled at the provider"}
    assert len(server.batches) == 1
    assert texts(await ask(model, PROMPTS[5:])) == [answer_to(prompt) for prompt in PROMPTS[5:]]
    assert server.paid == Counter(PROMPTS)


async def test_a_cancelled_batch_without_a_word_of_its_calls(server: BatchServer) -> None:
    server.outcomes[PROMPTS[0]] = ["cancelled"]
    server.outcomes[PROMPTS[1]] = ["lost"]
    replies = await ask(batched(server, "openai:any"), PROMPTS[:3])
    assert [error.what for error in errors(replies)] == ["the batch was cancelled at the provider"] * 2
    assert len(server.batches) == 1


async def test_strangers_and_second_results_are_passed_over(server: BatchServer, use: str) -> None:
    def spoil(lines: list[bytes]) -> bytes:
        strangers = [line.replace(b'"custom_id": "', b'"custom_id": "f') for line in lines]
        second = [line.replace(b"yes, ", b"no, ") for line in lines]
        return b"\n".join([*strangers, *lines, b"", *second])

    server.spoil = spoil
    assert texts(await ask(batched(server, use), PROMPTS)) == [answer_to(prompt) for prompt in PROMPTS]
    assert len(server.batches) == 1


@pytest.mark.parametrize("way", ["torn", "short", "cut", "late"])
async def test_results_that_are_not_whole_are_fetched_again(server: BatchServer, use: str, way: str) -> None:
    spoils = [2]

    def spoil(lines: list[bytes]) -> bytes:
        spoils[0] -= 1
        whole = b"".join(line + b"\n" for line in lines)
        if spoils[0] < 0:
            return whole
        return whole[: len(whole) // 2] if way == "torn" else b"".join(line + b"\n" for line in lines[:5])

    if way == "late":
        server.late_files = 2
    elif way == "cut":
        server.faults["results"] = ["cut", "reset"]
    else:
        server.spoil = spoil
    assert texts(await ask(batched(server, use), PROMPTS)) == [answer_to(prompt) for prompt in PROMPTS]
    assert len(server.batches) == 1
    assert server.paid == Counter(PROMPTS)


@pytest.mark.parametrize("way", ["torn", "short"])
async def test_results_that_stay_torn_are_left_for_the_next_run(server: BatchServer, use: str, way: str) -> None:
    """Also where whole lines are missing: the provider's own count says that they were answered, and charged."""
    whole = server.spoil
    server.spoil = lambda lines: whole(lines)[:-40] if way == "torn" else whole(lines[:-1])
    replies = await ask(batched(server, use), PROMPTS)
    (error,) = errors(replies)
    assert "cannot be read whole; 1 answer missing" in error.what
    assert "nothing is sent twice" in error.way_out
    assert "If the results are gone for good, move the file" in error.way_out
    server.spoil = whole
    lost = [prompt for prompt, one in zip(PROMPTS, replies, strict=True) if not isinstance(one, Reply)]
    assert texts(await ask(batched(server, use), lost)) == [answer_to(prompt) for prompt in lost]
    assert server.paid == Counter(PROMPTS)


@pytest.mark.parametrize("fault", [429, 503, "reset", "html", "hang"])
@pytest.mark.parametrize(
    ("use", "step"),
    [
        *[("openai:any", step) for step in ("upload", "create", "look", "results")],
        *[("anthropic:claude", step) for step in ("create", "look", "results")],
    ],
)
async def test_a_fault_at_each_step_is_got_over(server: BatchServer, use: str, step: str, fault: int | str) -> None:
    server.faults[step] = [fault, fault]
    model = batched(server, use, timeout=1.0 if fault == "hang" else 5.0)
    if fault == "hang":
        server.faults[step] = [fault]
    assert texts(await ask(model, PROMPTS)) == [answer_to(prompt) for prompt in PROMPTS]
    assert server.paid == Counter(PROMPTS)


@pytest.mark.parametrize("fault", ["done-reset", "done-500", "html", "cut"])
async def test_a_batch_that_was_begun_unheard_is_found_and_not_sent_again(
    server: BatchServer, use: str, fault: str
) -> None:
    server.faults["create"] = [fault]
    async with batched(server, use) as other:  # a stranger's batch, of as many calls
        assert len(errors(await ask_open(other, [f"other {i}" for i in range(12)]))) == 0
    server.paid.clear()
    server.faults["create"] = [fault]
    assert texts(await ask(batched(server, use), PROMPTS)) == [answer_to(prompt) for prompt in PROMPTS]
    assert len(server.batches) == 2
    assert server.paid == Counter(PROMPTS)


async def test_while_a_batch_runs_that_may_be_the_one_begun_unheard_nothing_is_sent(server: BatchServer) -> None:
    """Also when it may have appeared long ago: Anthropic's batches tell only by their results whose they are."""
    server.faults["create"], server.hold = ["done-reset"], True
    async with batched(server, "anthropic:claude") as model:
        calls = asyncio.create_task(ask_open(model, PROMPTS))
        await until(lambda: server.calls["look"] > 1)
        await asyncio.sleep(2 * model.pace.doubt)
        assert len(server.batches) == 1
        server.hold = False
        assert texts(await calls) == [answer_to(prompt) for prompt in PROMPTS]
    assert server.paid == Counter(PROMPTS)


@pytest.mark.parametrize(
    ("step", "status"), [("upload", 401), ("create", 401), ("look", 401), ("results", 403), ("look", 307)]
)
async def test_a_refusal_ends_it_and_names_the_variable_not_the_key(
    server: BatchServer, use: str, step: str, status: int
) -> None:
    step = "create" if use.startswith("anthropic") and step == "upload" else step
    server.faults[step] = [status]
    found = errors(await ask(batched(server, use), PROMPTS))
    assert len(found) == 12
    assert all(isinstance(error, ModelError) for error in found)
    assert ("The address moved" if status == 307 else "MY_KEY") in found[0].way_out  # and it is not followed
    assert KEY not in "".join(map(str, found))


async def test_a_server_without_batches_is_named(server: BatchServer, use: str) -> None:
    server.faults["upload" if use.startswith("openai") else "create"] = [404]
    (error, *_) = errors(await ask(batched(server, use), PROMPTS))
    assert "takes no batches" in error.what
    assert "Take 'batch' out" in error.way_out


async def test_nobody_there_is_said(use: str) -> None:
    model = build(spec("http://127.0.0.1:1", use=use, batch=True, batch_wait=0.01, retries=0))
    assert isinstance(model, LanguageModel)
    (error,) = errors(await ask(model, PROMPTS[:1]))
    assert isinstance(error, ModelError)
    assert "no connection" in error.what


@pytest.mark.parametrize("code", ["token_limit_exceeded", "invalid_json_line", "billing_hard_limit_reached"])
async def test_a_batch_that_the_provider_does_not_begin(server: BatchServer, code: str) -> None:
    server.refuse = [{"code": code, "message": f"no\x1b[31m {KEY}"}]
    replies = await ask(batched(server, "openai:any"), PROMPTS)
    if code == "token_limit_exceeded":  # halved, then taken
        assert texts(replies) == [answer_to(prompt) for prompt in PROMPTS]
        assert [len(batch.calls) for batch in server.batches.values()] == [12, 6, 6]
        assert server.paid == Counter(PROMPTS)
        return
    assert all(isinstance(error, ModelError) for error in errors(replies))
    assert ("no credit" in errors(replies)[0].way_out) == code.startswith("billing")
    assert "\x1b" not in str(errors(replies)[0])
    assert KEY not in str(errors(replies)[0])


async def test_a_refused_batch_waits_for_the_one_that_takes_up_the_room(server: BatchServer) -> None:
    server.hold = True
    async with batched(server, "openai:any", retries=1) as model:
        first = asyncio.create_task(ask_open(model, PROMPTS[:6]))
        await until(lambda: server.calls["look"] > 1)
        server.batches["batch_0"].ended = "in_progress"  # the refusal is for the next one
        server.refuse = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
        second = asyncio.create_task(ask_open(model, PROMPTS[6:]))
        await until(lambda: not server.refuse)
        await asyncio.sleep(0.1)
        assert len(server.batches) == 2
        server.batches["batch_0"].ended = ""
        server.hold = False
        replies = [*await first, *await second]
    assert texts(replies) == [answer_to(prompt) for prompt in PROMPTS]
    assert [len(batch.calls) for batch in server.batches.values()] == [6, 6, 3, 3]
    assert server.paid == Counter(PROMPTS)


async def test_a_batch_that_the_provider_forgot_is_not_sent_again_unasked(server: BatchServer, use: str) -> None:
    server.hold = True
    model = batched(server, use)
    async with model:
        calls = asyncio.create_task(ask_open(model, PROMPTS))
        await until(lambda: bool(server.calls["look"]))
        server.batches.clear()
        (error, *_) = errors(await calls)
    assert isinstance(error, ModelError)
    assert "does not know batch batch_0" in error.what
    assert "batches.sqlite" in error.way_out


def test_a_provider_without_batches_is_refused() -> None:
    with pytest.raises(ModelError, match="'local' has no batches"):
        build(spec("http://127.0.0.1:1", use="local:smollm2-135m-instruct-q4_1", batch=True))


def test_so_many_connections_are_for_batches_alone() -> None:
    with pytest.raises(ValueError, match="at most 1024 where 'batch' is not true"):
        spec("http://127.0.0.1:1", connections=5000)
    assert spec("http://127.0.0.1:1", connections=5000, batch=True).connections == 5000
