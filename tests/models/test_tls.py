"""Servers whose certificates must not be trusted: nothing is sent to them, and the user reads why and what to do."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from acidtest.errors import AcidtestError, ModelError
from acidtest.models.base import LanguageModel
from acidtest.models.build import build
from acidtest.models.openai import OpenAIModel
from acidtest.types import Prompt, Sampling
from certificates import Authority
from fault_server import FaultServer
from model_specs import spec

KEY = "sk-planted-2718"
PROMPT = Prompt(text="Well?")
ASK = """
import asyncio, sys
from acidtest.errors import AcidtestError
from acidtest.models.base import ModelSpec
from acidtest.models.openai import OpenAIModel
from acidtest.types import Prompt, Sampling

async def ask(address):
    async with OpenAIModel(ModelSpec(name="m", use="openai:any", base_url=address, key_env="MY_KEY")) as model:
        try:
            print((await model.answer(Prompt(text="Well?"), Sampling())).text)
        except AcidtestError as error:
            print(type(error).__name__, error.what)

for address in sys.argv[1:]:
    asyncio.run(ask(address))
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)


@asynccontextmanager
async def served(context: ssl.SSLContext) -> AsyncIterator[tuple[FaultServer, str]]:
    faults = FaultServer()
    server = await asyncio.start_server(faults._serve, "127.0.0.1", 0, ssl=context)
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)  # handshakes that fail, as they must
    try:
        yield faults, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/ok"
    finally:
        server.close()


async def refused(address: str, *, batch: bool = False) -> AcidtestError:
    model = build(spec(address, key_env="MY_KEY", batch=batch, batch_wait=0.01))
    assert isinstance(model, LanguageModel)
    async with model:
        with pytest.raises(ModelError) as raised:
            await model.answer(PROMPT, Sampling())
    assert KEY not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("batch", [False, True])
async def test_a_certificate_that_nobody_vouches_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, batch: bool
) -> None:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    async with served(Authority(tmp_path).own_signed()) as (faults, address):
        error = await refused(address, batch=batch)
        assert error.what.startswith("the server's certificate is not trusted: self-signed certificate")
        assert "attempts" not in error.what  # trying again would change nothing
        assert "SSL_CERT_FILE" in error.way_out
        assert faults.heads == []


async def test_the_variable_that_the_message_names_helps_and_the_others_stay_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = (authority.server(), authority.server(days=-1), authority.server("example.org"), authority.own_signed())
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(served(context)) for context in contexts]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ASK, *[address for _, address in servers]),
            env={**os.environ, "SSL_CERT_FILE": str(authority.file)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        good, expired, elsewhere, own = out.decode().splitlines()
    assert good == "fine"
    assert expired == "ModelError the server's certificate is not trusted: certificate has expired"
    assert elsewhere.startswith("ModelError the server's certificate is not trusted: IP address mismatch")
    assert own.startswith("ModelError the server's certificate is not trusted: self-signed certificate")
    assert [len(faults.heads) for faults, _ in servers] == [1, 0, 0, 0]


@pytest.mark.parametrize("batch", [False, True])
async def test_a_server_without_tls_at_an_address_with(
    faults: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, batch: bool
) -> None:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
    error = await refused(faults.url("ok").replace("http:", "https:"), batch=batch)
    assert "does not speak TLS" in error.what
    assert "attempts" not in error.what
    assert "begins with http://" in error.way_out
    assert faults.heads == []


async def test_a_server_with_tls_at_an_address_without(tmp_path: Path) -> None:
    async with served(Authority(tmp_path).server()) as (_, address):
        model = OpenAIModel(spec(address.replace("https:", "http:"), key_env="MY_KEY", retries=0))
        async with model:
            with pytest.raises(AcidtestError) as raised:
                await model.answer(PROMPT, Sampling())
    assert "not HTTP" in raised.value.what or "broke before" in raised.value.what
    assert KEY not in str(raised.value)
