"""Posts to one plain `http://` address over kept-alive connections: for less work per call than aiohttp.

A model served on the own machine or next door answers thousands of calls per second; there the client is what costs.
Parsing is httptools' (Node's parser). Whatever needs TLS or a proxy goes through `aiohttp_client`.
"""

import asyncio
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

from acidtest.models.content_coding import unpacked
from acidtest.models.failure import LARGEST_BODY, AttemptError, HttpReply

_LARGEST_HEAD = 64 << 10
_FINAL = 200
"""Statuses below it are not the answer yet."""


class HttpClient:
    """Posts bodies to one address. Failures are `AttemptError`; a status is not judged here.

    Args:
        url: `http://host[:port]/path`.
        headers: Sent with each call.
        timeout: Seconds for one call, connecting included.
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, timeout: float) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._timeout = parts.hostname or "", parts.port or 80, timeout
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise AttemptError("the address or a header holds a line break", retry=False, unreachable=True)
        self._head = ("\r\n".join(lines) + "\r\nContent-Length: ").encode("latin-1")
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()

    async def post(self, body: bytes) -> HttpReply:
        """Send one body and return what came back."""
        request, left = b"%b%d\r\n\r\n%b" % (self._head, len(body), body), self._timeout
        if self._idle:
            connection = self._idle.pop()
        else:
            loop = asyncio.get_running_loop()
            began = loop.time()
            connection = await self._connect()
            left -= loop.time() - began
        answer = connection.send(request, left, self._timeout)
        try:
            reply = await answer
        except asyncio.CancelledError:
            connection.abort()  # its answer, still to come, must not be taken for the next call's
            raise
        if connection.usable:
            self._idle.append(connection)
        return unpacked(reply)

    async def close(self) -> None:
        """Close all connections."""
        for connection in list(self._open):
            connection.abort()
        await asyncio.sleep(0)  # the loop closes sockets in its next round

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                _, connection = await loop.create_connection(lambda: _Connection(self), self._host, self._port)
        except TimeoutError:
            raise AttemptError(f"no connection within {self._timeout:g} seconds", unreachable=True) from None
        except OSError as error:
            raise AttemptError(f"no connection: {error.strerror or error}", unreachable=True) from None
        except UnicodeError:  # a label of the host's name is empty or too long
            raise AttemptError("the host's name cannot be one", retry=False, unreachable=True) from None
        self._open.add(connection)
        return connection

    def forget(self, connection: "_Connection") -> None:
        """Take note that a connection is closed."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)


class _Connection(asyncio.Protocol):
    """One connection, one call at a time."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[HttpReply] | None = None
        self._to_the_end = False
        self.usable = True

    def send(self, request: bytes, left: float, timeout: float) -> "asyncio.Future[HttpReply]":
        self._answer = self._loop.create_future()
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._received = self._head = 0
        self._to_the_end, self._in_head = False, True
        self._timer = self._loop.call_later(left, self._late, timeout)
        self._transport.write(request)
        return self._answer

    def abort(self) -> None:
        self.usable = False
        self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._answer is None:
            self.abort()  # nobody asked
        elif self._received > LARGEST_BODY + _LARGEST_HEAD:
            self._fail(AttemptError(f"the answer is larger than {LARGEST_BODY >> 20} MB", retry=False, paid=True))
        else:
            try:
                self._parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                self._fail(AttemptError("what came back is not HTTP", paid=True))
                self.abort()  # also where the answer was whole and this came behind it

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._client.forget(self)
        if self._answer is not None and self._to_the_end and exc is None:
            self._finish()
        self._fail(AttemptError("the connection broke before the answer was whole", paid=True))

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._answer is None:
            self.abort()  # behind the answer stands another: it must not be taken for the next call's

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > _LARGEST_HEAD:
            self._fail(AttemptError(f"the answer's head is larger than {_LARGEST_HEAD >> 10} kB", paid=True))
            return
        if self._in_head:  # what stands behind the body says nothing about it
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._in_head = self._parser.get_status_code() < _FINAL
        self._to_the_end = not (self._in_head or {"content-length", "transfer-encoding"} & self._headers.keys())

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < _FINAL:  # "100 Continue" and its like come before the answer
            self._headers.clear()
            return
        if not self._parser.should_keep_alive():
            self.usable = False
            self._transport.close()
        self._finish()

    def _finish(self) -> None:
        answer, self._answer = self._answer, None
        self._timer.cancel()
        if answer is not None and not answer.done():
            answer.set_result(HttpReply(self._parser.get_status_code(), self._headers, b"".join(self._body)))

    def _fail(self, error: AttemptError) -> None:
        answer, self._answer = self._answer, None
        if answer is None:
            return
        self._timer.cancel()
        if not answer.done():
            answer.set_exception(error)
        self.abort()

    def _late(self, timeout: float) -> None:
        self._fail(AttemptError(f"no answer within {timeout:g} seconds", paid=True))
