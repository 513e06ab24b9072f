"""Calls over a bad network: what is retried, what is not, and what the user reads."""

import asyncio
import sys
import time
from collections.abc import Callable

import pytest

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.anthropic import AnthropicModel
from acidtest.models.openai import OpenAIModel
from acidtest.models.remote import RemoteModel
from acidtest.types import Prompt, Reply, Sampling
from fault_server import FaultServer
from model_specs import hurry, spec, through_aiohttp

PROMPT = Prompt(messages=(("system", "Answer."), ("user", "Well?")), text="Well?", stop=("\n",), max_tokens=5)
Transport = Callable[[RemoteModel], RemoteModel]


LEGAL = [
    "ok", "chunked", "trailer", "close", "continue", "hints", "until-close", "http-1.0",
    "http-1.0-until-close", "wrong-type",
]  # fmt: skip


@pytest.fixture(params=["lean", "aiohttp"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Both clients must behave alike."""
    return through_aiohttp if request.param == "aiohttp" else lambda model: model


async def ask(model: RemoteModel, prompt: Prompt = PROMPT) -> Reply:
    async with hurry(model):
        return await model.answer(prompt, Sampling())


@pytest.mark.parametrize("way", LEGAL)
async def test_every_legal_form_of_an_answer_is_read(faults: FaultServer, transport: Transport, way: str) -> None:
    model = transport(OpenAIModel(spec(faults.url(way), retries=0)))
    async with model:
        for _ in range(3):  # the second goes over a kept connection where there is one
            reply = await model.answer(PROMPT, Sampling())
            assert (reply.text, reply.tokens_in, reply.tokens_out, reply.finish) == ("fine", 7, 1, "stop")
    assert faults.requests[way] == 3


async def test_half_a_surrogate_pair_becomes_the_replacement_character(faults: FaultServer) -> None:
    model = OpenAIModel(spec(faults.url("lone-surrogate"), retries=0))
    assert (await ask(model)).text == "\\ud800 \N{GRINNING FACE} fi\N{REPLACEMENT CHARACTER}ne"


async def test_token_counts_that_no_honest_server_states_are_bounded(faults: FaultServer) -> None:
    reply = await ask(OpenAIModel(spec(faults.url("many-tokens"), retries=0)))
    assert (reply.tokens_in, reply.tokens_out) == (10**9, 0)


@pytest.mark.parametrize("host", ["a..b", "a" * 300])
async def test_a_host_whose_name_cannot_be_one_is_refused(transport: Transport, host: str) -> None:
    with pytest.raises(ModelError):
        await ask(transport(OpenAIModel(spec(f"http://{host}/v1", retries=0))))


@pytest.mark.parametrize(
    "fault",
    ["429", "500", "503", "truncated", "wrong-shape", "not-an-object", "null", "not-http", "short", "reset", "hang"],
)
async def test_transient_faults_are_retried(faults: FaultServer, transport: Transport, fault: str) -> None:
    timeout = 0.1 if fault == "hang" else 5.0
    model = transport(OpenAIModel(spec(faults.url(f"{fault}x2"), retries=2, timeout=timeout)))
    assert (await ask(model)).text == "fine"
    assert faults.requests[f"{fault}x2"] == 3


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("429", "429: slow down"),
        ("500", "500: <html>oops</html>"),
        ("truncated", "not whole JSON"),
        ("wrong-shape", "not the expected fields"),
        ("short", "broke before the answer was whole"),
        ("reset", "broke before the answer was whole"),
        ("hang", "no answer within 0.2 seconds"),
        ("drip", "no answer within 0.2 seconds"),
    ],
)
async def test_after_all_retries_the_item_stays_unanswered(
    faults: FaultServer, transport: Transport, fault: str, says: str
) -> None:
    model = transport(OpenAIModel(spec(faults.url(fault), retries=1, timeout=0.2)))
    with pytest.raises(TransientModelError, match=says) as raised:
        await ask(model)
    assert faults.requests[fault] == 2
    assert raised.value.where == f"model 'm' at {faults.url(fault)}/chat/completions"
    assert raised.value.way_out


@pytest.mark.parametrize(
    ("fault", "way_out"),
    [
        ("400", "sampling settings"),
        ("401", "MY_KEY"),
        ("403", "MY_KEY"),
        ("404", "'any'"),
        ("quota", "no credit"),
        ("unpaid", "no credit"),
        ("redirect", "base_url"),
    ],
)
async def test_a_refusal_is_not_retried(
    faults: FaultServer, transport: Transport, fault: str, way_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret-1234")
    with pytest.raises(ModelError) as raised:
        await ask(transport(OpenAIModel(spec(faults.url(fault), key_env="MY_KEY"))))
    assert faults.requests[fault] == 1
    assert way_out in raised.value.way_out
    assert "sk-secret-1234" not in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert b"authorization: bearer sk-secret-1234" in faults.heads[0].lower()


async def test_a_prompt_that_is_too_long_costs_one_item_only(faults: FaultServer) -> None:
    with pytest.raises(TransientModelError, match="maximum context length"):
        await ask(OpenAIModel(spec(faults.url("too-long"))))
    assert faults.requests["too-long"] == 1


async def test_a_huge_answer_is_cut_off_and_not_asked_for_again(faults: FaultServer, transport: Transport) -> None:
    with pytest.raises(TransientModelError, match="larger than 4 MB"):
        await ask(transport(OpenAIModel(spec(faults.url("huge")))))
    assert faults.requests["huge"] == 1


@pytest.mark.parametrize("who", ["user:word", "word", ":word"])
def test_a_password_in_an_address_is_refused_and_not_shown(who: str) -> None:
    with pytest.raises(ModelError, match="a name or password stands in the address") as raised:
        OpenAIModel(spec(f"https://{who}@127.0.0.1:1/v1"))
    assert "word@" not in str(raised.value)


async def test_nobody_there_is_said_at_once(transport: Transport) -> None:
    with pytest.raises(ModelError, match="no connection") as raised:  # port 1 is never open
        await ask(transport(OpenAIModel(spec("http://127.0.0.1:1/v1?key=hidden", retries=1))))
    assert raised.value.where == "model 'm' at http://127.0.0.1:1/v1/chat/completions"


@pytest.mark.parametrize(("fault", "least", "most"), [("429-secondsx1", 1.0, 1.9), ("429-datex1", 0.9, 2.9)])
async def test_retry_after_is_honoured(faults: FaultServer, fault: str, least: float, most: float) -> None:
    began = time.monotonic()
    assert (await ask(OpenAIModel(spec(faults.url(fault))))).text == "fine"
    assert least <= time.monotonic() - began <= most  # an HTTP date has whole seconds
    assert faults.requests[fault] == 2


@pytest.mark.parametrize("fault", ["429-absurd", "429-never", "503-absurd"])
async def test_no_retry_after_is_longer_than_the_longest(
    faults: FaultServer, transport: Transport, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acidtest.models.failure.LONGEST_WAIT", 0.3)
    began = time.monotonic()
    assert (await ask(transport(OpenAIModel(spec(faults.url(f"{fault}x1")))))).text == "fine"
    assert time.monotonic() - began >= 0.3
    assert faults.requests[f"{fault}x1"] == 2


@pytest.mark.parametrize("fault", ["429-negative", "429-past", "429-nonsense"])
async def test_a_retry_after_that_says_nothing_is_none(faults: FaultServer, transport: Transport, fault: str) -> None:
    """Else this would wait for longer than any test."""
    assert (await ask(transport(OpenAIModel(spec(faults.url(f"{fault}x2")))))).text == "fine"
    assert faults.requests[f"{fault}x2"] == 3


async def test_a_retry_after_of_a_server_that_is_down_holds_all_calls(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 503 that says how long: the call that was told waits, and so do those that were not sent yet."""
    monkeypatch.setattr("acidtest.models.failure.LONGEST_WAIT", 0.3)
    async with hurry(OpenAIModel(spec(faults.url("503-absurdx1")))) as model:
        first = asyncio.ensure_future(model.answer(PROMPT, Sampling()))
        while not model.heard:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.005)
        began = time.monotonic()
        await model.answer(PROMPT, Sampling())
        assert time.monotonic() - began >= 0.2
        await first
    assert faults.requests["503-absurdx1"] == 3
    assert model.limiter.cuts == 0  # to be down is not to be asked too much


async def test_a_call_that_is_refused_a_thousand_times_waits_on(faults: FaultServer) -> None:
    """While others are answered, 429 is none of its retries: the wait that doubles must not grow beyond all numbers."""
    model = OpenAIModel(spec(faults.url("429x1100"), retries=1))
    model.first_backoff = 0.0
    async with model:
        assert (await model.answer(PROMPT, Sampling())).text == "fine"
    assert faults.requests["429x1100"] == 1101


async def test_the_time_that_connecting_took_is_part_of_the_calls(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acidtest.models.http_client import HttpClient

    connect = HttpClient._connect

    async def slowly(self: HttpClient) -> object:
        await asyncio.sleep(0.5)
        return await connect(self)

    monkeypatch.setattr(HttpClient, "_connect", slowly)
    began = time.monotonic()
    with pytest.raises(TransientModelError, match=r"no answer within 0\.6 seconds"):
        await ask(OpenAIModel(spec(faults.url("hang"), retries=0, timeout=0.6)))
    assert time.monotonic() - began < 1.0  # 1.1, if the answer had all of it again


async def test_no_cookie_is_kept(faults: FaultServer, transport: Transport) -> None:
    model = transport(OpenAIModel(spec(faults.url("cookies").replace("127.0.0.1", "localhost"))))
    async with model:
        for _ in range(2):
            assert (await model.answer(PROMPT, Sampling())).text == "fine"
    assert not any(b"\ncookie:" in head.lower() for head in faults.heads)


async def test_a_cancelled_call_gives_its_answer_to_nobody_else(faults: FaultServer) -> None:
    model = OpenAIModel(spec(faults.url("drip"), retries=0))
    async with model:
        call = asyncio.ensure_future(model.answer(PROMPT, Sampling()))
        await asyncio.sleep(0.1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert model.limiter.running == 0
        assert model._client is not None
        assert not model._client._idle  # type: ignore[attr-defined]  # the lean client's


async def test_both_transports_send_the_same_body(faults: FaultServer) -> None:
    await ask(OpenAIModel(spec(faults.url("ok"))))
    await ask(through_aiohttp(OpenAIModel(spec(faults.url("ok")))))
    assert faults.bodies[0] == faults.bodies[1]


async def test_anthropic_over_the_same_network(
    faults: FaultServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-ant")
    model = transport(AnthropicModel(spec(faults.url("500x1"), use="anthropic:claude", key_env="MY_KEY")))
    assert (await ask(model)).text == "fine"
    assert b"x-api-key: sk-ant" in faults.heads[0].lower()
    assert b"anthropic-version: 2023-06-01" in faults.heads[0].lower()


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run on Windows")
def test_the_lean_client_behaves_the_same_on_uvloop() -> None:
    import uvloop

    async def outcome(server: FaultServer, fault: str) -> str:
        slow = fault in ("hang", "drip")  # the others may take their time: a busy machine is no fault
        model = OpenAIModel(spec(server.url(fault), retries=0, timeout=0.3 if slow else 30.0))
        try:
            return (await ask(model)).text
        except (ModelError, TransientModelError) as error:
            return error.what

    async def all_outcomes() -> dict[str, str]:
        faults = (*LEGAL, "429", "500", "truncated", "not-http", "short", "continue-cut")
        async with FaultServer() as server:
            return {fault: await outcome(server, fault) for fault in (*faults, "reset", "hang", "drip", "huge")}

    expected = asyncio.run(all_outcomes())
    assert uvloop.run(all_outcomes()) == expected
    assert [fault for fault, text in expected.items() if text == "fine"] == LEGAL
