"""Talks to a provider's batch endpoints: few calls, large bodies, results that are read line by line."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from acidtest.errors import AcidtestError, ModelError
from acidtest.models.aiohttp_client import proxy_failure, tls_failure
from acidtest.models.failure import LARGEST_BODY, AttemptError, HttpReply
from acidtest.models.proxy import proxy_for
from acidtest.models.remote import LONGEST_BACKOFF, RemoteModel, loaded

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")

_LONGEST_UPLOAD = 600.0
_SUCCESS, _NOT_THERE, _TOO_LARGE = 200, (404, 405), 413


class NotThereError(AttemptError):
    """The server does not know a batch or a file: not yet, or not any more."""


class BatchHttp:
    """Calls below one base address, with a model's headers. Redirections are not followed: the key stays here.

    Args:
        model: Whose headers, key, timeout and retries are used.
        base: The address that paths are put behind; its query, if it has one, goes with each call.
    """

    def __init__(self, model: RemoteModel, base: str) -> None:
        self.model, self.base = model, base
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
            await asyncio.sleep(0)  # the loop closes sockets in its next round

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return the JSON object at a path.

        Raises:
            AttemptError: Another attempt may fare better.
            ModelError, TransientModelError: It would not.
        """
        return await self._call("GET", path, query=query)

    async def post(self, path: str, content: bytes | IO[bytes]) -> dict[str, Any]:
        """Send JSON, and return the JSON object that comes back; see `get`."""
        return await self._call("POST", path, content if isinstance(content, bytes) else self._opened(content))

    async def post_form(self, path: str, file: IO[bytes], **fields: str) -> dict[str, Any]:
        """Send a file with fields, as a form does, and return the JSON object that comes back; see `get`."""
        import aiohttp

        form = aiohttp.FormData(fields)
        form.add_field("file", self._opened(file), filename="calls.jsonl", content_type="application/jsonl")
        return await self._call("POST", path, form)

    async def lines(self, path: str, most: int) -> AsyncIterator[bytes]:
        """Give the lines at a path, as they come; a last line without an end is given, too.

        Raises:
            AttemptError: The connection broke, a line is longer than any honest answer, or there are more than `most`.
        """
        async with self._request("GET", path) as response:
            if response.status != _SUCCESS:
                raise self._refusal("GET", await _whole(response))
            rest, count = bytearray(), 0
            async for chunk in response.content.iter_any():
                rest += chunk
                *whole, last = rest.split(b"\n")
                rest, count = last, count + len(whole)
                if len(rest) > LARGEST_BODY or count > most:
                    raise AttemptError("the results are larger than any honest ones", retry=False)
                for line in whole:
                    yield self.model.without_key(bytes(line))
            yield self.model.without_key(bytes(rest))

    async def patiently(self, work: Callable[[], Awaitable[T]], *, again: Callable[[AttemptError], bool]) -> T:
        """Do something, and again after a failure that `again` approves of, as often as the model's `retries` say."""
        attempt = 0
        while True:
            try:
                return await work()
            except AttemptError as failure:
                if attempt >= self.model.spec.retries or not failure.retry or not again(failure):
                    failure.what += f" ({attempt + 1} attempts)" if attempt else ""
                    raise
                backoff = min(self.model.first_backoff * 2.0**attempt, LONGEST_BACKOFF) * random.uniform(0.5, 1.0)
                wait = max(failure.retry_after, backoff)
            attempt += 1
            await asyncio.sleep(wait)

    async def _call(
        self, method: str, path: str, content: Any = None, query: dict[str, str | int] | None = None
    ) -> dict[str, Any]:
        async with self._request(method, path, content, query) as response:
            reply = await _whole(response)
        if not _SUCCESS <= reply.status < _SUCCESS + 100:
            raise self._refusal(method, reply)
        try:
            parsed = loaded(self.model.without_key(reply.body))
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict):
            raise AttemptError("what came back is no JSON object", paid=True)
        return parsed

    def _refusal(self, method: str, reply: HttpReply) -> AttemptError | AcidtestError:
        if reply.status == _TOO_LARGE:
            what = "the server answered 413: the batch is larger than it takes"
            return ModelError(what, where=self.model.place, way_out="Lower 'connections': no batch holds more calls.")
        if reply.status not in _NOT_THERE:
            return self.model.refusal(reply)
        if method == "GET":
            return NotThereError(f"the server answered {reply.status}: what was asked for is not there")
        what = f"the server answered {reply.status}: it takes no batches"
        return ModelError(what, where=self.model.place, way_out="Take 'batch' out, or mend 'base_url'.")

    def _request(
        self, method: str, path: str, content: Any = None, query: dict[str, str | int] | None = None
    ) -> "_Request":
        parts = urlsplit(self.base)
        asked = urlencode([*parse_qsl(parts.query), *(query or {}).items()])
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + path, query=asked))
        plain = content is not None and (isinstance(content, bytes) or hasattr(content, "read"))
        headers = {name: value for name, value in self.model.headers.items() if plain or name != "Content-Type"}
        call = self._started().request(method, url, data=content, headers=headers, allow_redirects=False)
        return _Request(self.model, call)

    def _opened(self, file: IO[bytes]) -> IO[bytes]:
        """Return the file anew: who sends a file closes it, and it may have to be sent again."""
        self._started()  # where that fails no file is left open
        file.seek(0)
        return os.fdopen(os.dup(file.fileno()), "rb")

    def _started(self) -> "aiohttp.ClientSession":
        import aiohttp

        if self._session is not None:
            return self._session
        timeout = self.model.spec.timeout
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(sock_connect=timeout, sock_read=max(timeout, 1.0), total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=proxy_for(self.base) or None,  # beside no headers: a session's own go to the proxy, the key with them
        )
        return self._session


class _Request:
    """One request under way, whose failures are `AttemptError`."""

    def __init__(self, model: RemoteModel, call: "Awaitable[aiohttp.ClientResponse]") -> None:
        self._model, self._call = model, call

    async def __aenter__(self) -> "aiohttp.ClientResponse":
        with _plainly():
            async with asyncio.timeout(_LONGEST_UPLOAD):
                self._response = await self._call
                self._model.heard = True
        return self._response

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._response.release()
            return
        self._response.close()
        with _plainly():
            raise error


@contextmanager
def _plainly() -> Iterator[None]:
    """Say in plain words what the network did."""
    import aiohttp

    try:
        yield
    except TimeoutError:
        raise AttemptError("no answer came in time", paid=True) from None
    except aiohttp.ClientSSLError as error:
        raise tls_failure(error) from None
    except aiohttp.ClientConnectorError as error:
        raise AttemptError(f"no connection: {error.strerror or error}", unreachable=True) from None
    except aiohttp.InvalidURL:
        raise AttemptError("the address is wrong", retry=False, unreachable=True) from None
    except aiohttp.ClientHttpProxyError as error:
        raise proxy_failure(error) from None
    except (aiohttp.ClientError, OSError) as error:
        raise AttemptError(f"the connection broke ({type(error).__name__})", paid=True) from None


async def _whole(response: "aiohttp.ClientResponse") -> HttpReply:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LARGEST_BODY:
            raise AttemptError(f"the answer is larger than {LARGEST_BODY >> 20} MB", retry=False, paid=True)
    return HttpReply(response.status, {name.lower(): value for name, value in response.headers.items()}, bytes(content))
