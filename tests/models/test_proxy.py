"""Proxies that the environment names: who is asked, with what, and who never sees the key."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acidtest.errors import ModelError
from acidtest.models.base import LanguageModel
from acidtest.models.batches.batch import BatchedModel
from acidtest.models.build import build
from acidtest.models.remote import RemoteModel
from acidtest.types import Prompt, Reply, Sampling
from fault_server import FaultServer
from model_specs import hurry, spec

KEY = "sk-planted-2236067977"
PROMPT = Prompt(text="Well?")
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[FaultServer]:
    """A proxy that nobody uses yet; a file of passwords for whatever host, as some keep one; and a key."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    (tmp_path / "netrc").write_text("default login joe password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    async with FaultServer() as server:
        yield server


async def said(address: str, *, key: str = "MY_KEY", batch: bool = False) -> str:
    model = build(spec(address, key_env=key, retries=1, timeout=5, batch=batch, batch_wait=0.01))
    assert isinstance(model, LanguageModel)
    remote = model.model if isinstance(model, BatchedModel) else model
    assert isinstance(remote, RemoteModel)
    hurry(remote)
    async with model:
        (found,) = await asyncio.gather(model.answer(PROMPT, Sampling()), return_exceptions=True)
    if isinstance(found, Reply):
        return found.text
    assert isinstance(found, ModelError)
    assert KEY not in str(found)
    assert "hunter2" not in str(found)
    return f"{found.what} | {found.way_out}"


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
async def test_a_proxy_is_asked_with_its_own_name_and_password(
    proxy: FaultServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"http://ann:pass@127.0.0.1:{proxy.port}")
    assert await said("http://model.invalid/v1") == "fine"
    (head,) = proxy.heads
    assert head.startswith(b"POST http://model.invalid/v1/chat/completions HTTP/1.1")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"ann:pass") in head
    assert f"Authorization: Bearer {KEY}\r\n".encode() in head
    assert head.count(KEY.encode()) == 1


@pytest.mark.parametrize("batch", [False, True])
async def test_a_proxy_before_a_safe_address_never_sees_the_key(
    proxy: FaultServer, monkeypatch: pytest.MonkeyPatch, *, batch: bool
) -> None:
    """It is asked for a tunnel, and what goes through that is encrypted."""
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy.port}")  # without a scheme, as curl takes it, too
    found = await said("https://model.invalid/v1", batch=batch)
    assert found.startswith("the proxy answered 407")
    assert "https_proxy" in found
    assert proxy.requests == {"CONNECT": 1}
    assert b"authorization" not in proxy.heads[0].lower()
    assert KEY.encode() not in proxy.heads[0]


async def test_a_busy_proxy_is_asked_again(proxy: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    assert (await said("https://busy.invalid/v1")).startswith("the proxy answered 503: Said (2 attempts)")
    assert proxy.requests == {"CONNECT": 2}


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("no_proxy", ["*", "127.0.0.1", "model.invalid,127.0.0.1"])
async def test_hosts_without_a_proxy_are_asked_themselves(
    proxy: FaultServer, monkeypatch: pytest.MonkeyPatch, no_proxy: str, *, batch: bool
) -> None:
    monkeypatch.setattr("acidtest.models.proxy._THIS_MACHINE", ())  # else none of its addresses would have one
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", no_proxy)
    found = await said(proxy.url("404" if batch else "ok"), batch=batch)
    assert found == "fine" or "404" in found
    assert len(proxy.heads) == 1


async def test_this_machine_is_asked_itself(proxy: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    assert await said(proxy.url("ok")) == "fine"
    assert await said(proxy.url("ok").replace("127.0.0.1", "localhost")) == "fine"


async def test_no_password_of_a_file_goes_to_a_model(proxy: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that a study names, no key for it, and a proxy in the environment: nothing of `.netrc` is sent."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    assert await said("http://model.invalid/v1", key="") == "fine"
    assert b"authorization" not in proxy.heads[0].lower()


@pytest.mark.parametrize("batch", [False, True])
async def test_a_proxy_of_another_kind_is_not_gone_past(
    proxy: FaultServer, monkeypatch: pytest.MonkeyPatch, *, batch: bool
) -> None:
    monkeypatch.setattr("acidtest.models.proxy._THIS_MACHINE", ())
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1")
    found = await said(proxy.url("ok"), batch=batch)
    assert found.startswith("the proxy that all_proxy names does not speak HTTP")
    assert proxy.heads == []


async def test_nobody_at_the_proxys_address(proxy: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://ann:pass@127.0.0.1:1")
    found = await said("http://model.invalid/v1")
    assert found.startswith("no connection: ")
    assert "pass" not in found
    assert proxy.heads == []
