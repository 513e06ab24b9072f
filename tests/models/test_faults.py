"""A server or a proxy that misbehaves: every call gets its own answer or a plain reason, whatever comes back."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from acidtest.errors import AcidtestError, ModelError, TransientModelError
from acidtest.models.budget import Budget
from acidtest.models.caller import Caller
from acidtest.models.openai import OpenAIModel
from acidtest.models.price import Price
from acidtest.models.remote import RemoteModel
from acidtest.types import Prompt, Reply, Sampling
from fault_server import FaultServer
from model_specs import hurry, spec, through_aiohttp

NOT_WHOLE = "the answer is not whole JSON"
KEY = "sk-planted-31337"
PROMPT = Prompt(messages=(("user", "Well?"),), max_tokens=5)
Transport = Callable[[RemoteModel], RemoteModel]


@pytest.fixture(params=["lean", "aiohttp"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Both clients must behave alike."""
    return through_aiohttp if request.param == "aiohttp" else lambda model: model


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)


async def ask(model: RemoteModel, prompt: Prompt = PROMPT) -> Reply:
    async with hurry(model):
        return await model.answer(prompt, Sampling())


def to(server: FaultServer, fault: str, transport: Transport, **more: float) -> RemoteModel:
    return transport(OpenAIModel(spec(server.url(fault), key_env="MY_KEY", **more)))


FAULTS = {
    "html": "a web page, not JSON",
    "empty": "not whole JSON",
    "nan": "not whole JSON",
    "bad-chunk": "not HTTP|broke before the answer was whole",
    "two-lengths": "not HTTP|broke before the answer was whole",
    "minus-length": "not HTTP|broke before the answer was whole",
    "length-too-small": "not whole JSON|not HTTP",
    "cut-chunk": "broke before the answer was whole",
    "cut-head": "broke before the answer was whole",
    "nothing": "broke before the answer was whole",
    "reset-body": "broke before the answer was whole",
    "stall": "no answer within 0.2 seconds",
    "stall-chunk": "no answer within 0.2 seconds",
    "gzip-torn": "the answer is not whole",
    "gzip-lie": "not what its compression",
    "http-1.0-cut": "not whole JSON",
    "continue-cut": "broke before the answer was whole",
    "switching": "not HTTP",
    "error-200": r"has not the expected fields: upstream is \[31m out",
    "no-content": "not whole JSON",
    "deep": "not whole JSON",
    "huge-head": "head is larger than 64 kB|not HTTP",
}
"""What may pass, so that another attempt is made -> what is said after the last one."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_may_pass_is_tried_again_and_said_at_the_end(
    faults: FaultServer, transport: Transport, fault: str
) -> None:
    timeout = 0.2 if fault.startswith("stall") else 5.0
    assert (await ask(to(faults, f"{fault}x2", transport, retries=2, timeout=timeout))).text == "fine"
    assert faults.requests[f"{fault}x2"] == 3
    with pytest.raises(TransientModelError, match=FAULTS[fault]) as raised:
        await ask(to(faults, fault, transport, retries=1, timeout=timeout))
    assert faults.requests[fault] == 2
    assert raised.value.way_out
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("fault", ["gzip", "deflate"])
async def test_a_compressed_answer_that_nobody_asked_for_is_read(
    faults: FaultServer, transport: Transport, fault: str
) -> None:
    assert (await ask(to(faults, fault, transport, retries=0))).text == "fine"
    assert b"accept-encoding: identity" in faults.heads[0].lower()


@pytest.mark.parametrize(
    ("fault", "says"),
    [("bomb", "larger than 4 MB"), ("brotli", r"compressed \('br'\)"), ("gzip-gzip", r"compressed \('gzip, gzip'\)")],
)
async def test_what_will_not_pass_is_not_asked_for_again(
    faults: FaultServer, transport: Transport, fault: str, says: str
) -> None:
    with pytest.raises(TransientModelError, match=says):
        await ask(to(faults, fault, transport))
    assert faults.requests[fault] == 1


@pytest.mark.parametrize("fault", ["twice", "once-and-a-half", "tail", "length-too-small"])
async def test_what_stands_behind_an_answer_is_nobodys(faults: FaultServer, transport: Transport, fault: str) -> None:
    """The next call goes over another connection. A client may also take such an answer for a broken one."""
    broken = {"tail": ["what came back is not HTTP"], "length-too-small": ["what came back is not HTTP", NOT_WHOLE]}
    model = to(faults, fault, transport, retries=0)
    async with model:
        for _ in range(4):
            (found,) = await asyncio.gather(model.answer(PROMPT, Sampling()), return_exceptions=True)
            if isinstance(found, Reply):
                assert found.text == "fine"
            else:
                assert isinstance(found, TransientModelError)
                assert found.what in broken.get(fault, [])
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", ["echo", "twice-echo", "late-echo"])
async def test_every_call_gets_its_own_answer(faults: FaultServer, transport: Transport, fault: str) -> None:
    """Every third answer comes after the call's time is over; others have a second answer behind them."""
    model = hurry(to(faults, fault, transport, retries=9, timeout=0.15, connections=4))
    async with model:

        async def right(i: int) -> bool:
            prompt = Prompt(messages=(("user", f"number {i}"),))
            return (await model.answer(prompt, Sampling())).text == f"re: number {i}"

        assert all(await asyncio.gather(*[right(i) for i in range(24)]))
        await asyncio.sleep(0.3)  # late answers come now
        assert await right(99)
    assert faults.requests[fault] == 25 if fault != "late-echo" else faults.requests[fault] > 25


@pytest.mark.parametrize("fault", ["redirect", "moved"])
async def test_nothing_is_sent_to_where_a_server_points(faults: FaultServer, transport: Transport, fault: str) -> None:
    with pytest.raises(ModelError) as raised:
        await ask(to(faults, fault, transport))
    assert "set 'base_url' to the new one" in raised.value.way_out
    assert faults.requests == {fault: 1}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_neither_key_nor_prompt_goes_to_another_server(
    faults: FaultServer, transport: Transport, status: int
) -> None:
    async with FaultServer() as other:
        faults.elsewhere = other.url("ok").replace("127.0.0.1", "localhost")
        with pytest.raises(ModelError, match=f"the server answered {status}"):
            await ask(to(faults, f"elsewhere-{status}", transport))
        assert faults.requests == {f"elsewhere-{status}": 1}
        assert other.heads == []


@pytest.mark.parametrize(
    ("fault", "charged"),
    [
        ("429x1", 0),  # refused before any work was done
        ("503x1", 0),
        ("truncatedx1", 1),  # the work was done
        ("htmlx1", 1),
        ("stallx1", 1),
        ("reset-bodyx1", 1),
        ("cut-chunkx2", 2),
        ("wrong-shapex1", 1),
    ],
)
async def test_an_attempt_that_may_have_been_charged_counts_in_full(
    faults: FaultServer, transport: Transport, fault: str, charged: int
) -> None:
    """A dollar a token: a call may cost 5 bytes + 2 * 16 + 5, and the answer that comes costs 7 + 1."""
    budget = Budget(max_cost=1000.0)
    model = hurry(to(faults, fault, transport, timeout=0.2 if "stall" in fault else 5.0))
    async with Caller(model, budget=budget, price=Price(read=1e6, written=1e6)) as caller:
        assert (await caller.call(PROMPT, Sampling())).text == "fine"
    assert budget.spent == 8 + charged * 42
    assert budget.calls == 1 + charged


async def test_no_more_is_tried_than_the_cap_allows(faults: FaultServer, transport: Transport) -> None:
    budget = Budget(max_cost=100.0)  # two calls of 42 fit, a third does not
    async with Caller(
        hurry(to(faults, "truncated", transport)), budget=budget, price=Price(read=1e6, written=1e6)
    ) as caller:
        with pytest.raises(AcidtestError, match="could cost up to"):
            await caller.call(PROMPT, Sampling())
    assert faults.requests["truncated"] == 2
    assert budget.spent <= 100.0


async def test_many_heads_are_bounded_or_read(faults: FaultServer) -> None:
    """4,000 lines, 100 kB of them."""
    with pytest.raises(TransientModelError, match="head is larger than 64 kB"):
        await ask(OpenAIModel(spec(faults.url("many-heads"), retries=0)))


async def test_a_name_that_nobody_knows(transport: Transport) -> None:
    with pytest.raises(ModelError, match="no connection") as raised:  # RFC 6761: .invalid never resolves
        await ask(transport(OpenAIModel(spec("http://no-such-host.invalid/v1", retries=0))))
    assert "base_url" in raised.value.way_out
    assert "no-such-host.invalid" in raised.value.where


async def test_an_address_of_ipv6(transport: Transport) -> None:
    try:
        server = await asyncio.start_server(FaultServer()._serve, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = server.sockets[0].getsockname()[1]
    assert server.sockets[0].family == socket.AF_INET6
    faulty = FaultServer()
    server.close()
    server = await asyncio.start_server(faulty._serve, "::1", port)
    assert (await ask(transport(OpenAIModel(spec(f"http://[::1]:{port}/ok", retries=0))))).text == "fine"
    assert f"host: [::1]:{port}".encode() in faulty.heads[0].lower()
    server.close()


@pytest.mark.parametrize("storm", ["storm", "storm-seconds", "storm-date"])
async def test_a_storm_of_429_passes_and_every_call_is_answered(storm: str) -> None:
    """300 refusals are more than 40 calls at once with 5 retries may take: 429 is none of them, for two minutes."""
    async with FaultServer() as server:
        server.storm = 300 if storm == "storm" else 60
        model = OpenAIModel(spec(server.url(storm), connections=40))
        model.first_backoff = 0.001
        async with model:
            calls = [model.answer(PROMPT, Sampling()) for _ in range(200)]
            replies = await asyncio.gather(*calls)
        assert [reply.text for reply in replies] == ["fine"] * 200
        assert server.requests[storm] == 200 + (300 if storm == "storm" else 60)
        assert model.limiter.cuts >= 3
        assert model.limiter.limit > 4  # recovered: it was down at 1


async def test_a_storm_that_does_not_end_is_said_after_the_retries() -> None:
    async with FaultServer() as server:
        server.storm = 10**6
        model = OpenAIModel(spec(server.url("storm"), retries=2))
        model.first_backoff, model.patience = 0.001, 0.1
        with pytest.raises(TransientModelError, match=r"429: slow down \(\d+ attempts\)") as raised:
            async with model:
                await model.answer(PROMPT, Sampling())
        assert "Run again" in raised.value.way_out


async def test_a_server_that_says_how_long_is_taken_at_its_word() -> None:
    """Twelve refusals of a twentieth of a second each; waits that double would be of 40 seconds by then."""
    async with FaultServer() as server:
        server.storm = 12
        model = OpenAIModel(spec(server.url("storm-seconds")))
        model.first_backoff = 0.02
        async with model, asyncio.timeout(15):
            assert (await model.answer(PROMPT, Sampling())).text == "fine"
        assert server.requests["storm-seconds"] == 13


async def test_patience_counts_from_the_latest_answer_to_any_call() -> None:
    async with FaultServer() as server:
        model = OpenAIModel(spec(server.url("storm"), retries=1))
        model.first_backoff = 0.001
        async with model:
            await model.answer(PROMPT, Sampling())
            assert model._latest_answer is not None
            model._latest_answer -= 1000  # so long ago
            await model.answer(PROMPT, Sampling())
            server.storm = 5
            assert (await model.answer(PROMPT, Sampling())).text == "fine"
        assert server.requests["storm"] == 8


async def test_a_server_that_goes_away_after_it_answered_may_come_back(transport: Transport) -> None:
    """The item stays unanswered; one that was never there stops the model instead."""
    async with FaultServer() as server:
        model = hurry(to(server, "close", transport, retries=1))
        await model.answer(PROMPT, Sampling())
    async with model:
        with pytest.raises(TransientModelError, match=r"no connection: .* \(2 attempts\)"):
            await model.answer(PROMPT, Sampling())
