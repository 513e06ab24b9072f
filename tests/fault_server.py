"""A bad network on this machine: the first part of the path says what goes wrong.

`async with FaultServer() as server:` then `server.url("429")` is a base address whose calls are answered with 429. With
`xN` at its end (`429x2`) only the first N calls fail, the next ones are answered. See `FaultServer.misbehave`.
"""

import asyncio
import json
import socket
import struct
import zlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

HUGE = 6 << 20
OK: dict[str, Any] = {
    "choices": [{"message": {"content": "fine"}, "text": "fine", "finish_reason": "stop"}],
    "content": [{"type": "text", "text": "fine"}],
    "stop_reason": "end_turn",
    "usage": {"prompt_tokens": 7, "completion_tokens": 1, "input_tokens": 7, "output_tokens": 1},
}
BODY = json.dumps(OK).encode()
OTHER = BODY.replace(b"fine", b"somebody else's")


def http(status: int, body: bytes = b"{}", *headers: str, length: int | None = None) -> bytes:
    """Return one whole HTTP reply; `length` may lie."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def error(status: int, message: str, code: str = "", *headers: str) -> bytes:
    return http(status, json.dumps({"error": {"message": message, "code": code}}).encode(), *headers)


def _from_now(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def packed(content: bytes, *, window: int = 31) -> bytes:
    """Return content as gzip (31) or deflate (15)."""
    packer = zlib.compressobj(wbits=window)
    return packer.compress(content) + packer.flush()


REPLIES = {
    "ok": http(200, BODY),
    "400": error(400, "temperature must be at most 2"),
    "401": error(401, "Incorrect API key provided: sk-secret-1234\x1b[31m"),
    "403": error(403, "not allowed"),
    "404": error(404, "The model does not exist"),
    "429": error(429, "slow down"),
    "unpaid": error(402, "Insufficient Balance"),
    "429-absurd": error(429, "slow down", "", "Retry-After: 99999999999999"),
    "429-never": error(429, "slow down", "", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"),
    "503-absurd": error(503, "overloaded", "", "Retry-After: 1e300"),
    "429-negative": error(429, "slow down", "", "Retry-After: -7"),
    "429-past": error(429, "slow down", "", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"),
    "429-nonsense": error(429, "slow down", "", "Retry-After: soon, \xb2, (("),
    "429-seconds": error(429, "slow down", "", "Retry-After: 1"),
    "quota": error(429, "You exceeded your current quota", "insufficient_quota"),
    "too-long": error(400, "This model's maximum context length is 10 tokens", "context_length_exceeded"),
    "500": http(500, b"<html>oops</html>"),
    "503": error(503, "overloaded"),
    "redirect": http(302, b"", "Location: /ok/chat/completions"),
    "moved": http(308, b"", "Location: /ok/chat/completions"),
    "html": http(200, b"<!doctype html>\n<p>log in first</p>", "Content-Type: text/html"),
    "empty": http(200, b""),
    "nan": http(200, b'{"choices": [NaN]}'),
    "truncated": http(200, BODY[:-9]),
    "wrong-shape": http(200, b'{"choices": [{"message": "fine"}]}'),
    "not-an-object": http(200, b"[1, 2]"),
    "null": http(200, b"null"),
    "lone-surrogate": http(200, BODY.replace(b"fine", rb"\\ud800 \ud83d\ude00 fi\uD83Dne")),
    "many-tokens": http(200, BODY.replace(b": 7", b": 18446744073709551615").replace(b": 1,", b": -5,")),
    "not-http": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "close": http(200, BODY, "Connection: close"),
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + http(200, BODY),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"
    + BODY[:5]
    + b"\r\n%x\r\n" % len(BODY[5:])
    + BODY[5:]
    + b"\r\n0\r\n\r\n",
    "trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY)
    + BODY
    + b"\r\n0\r\nContent-Encoding: br\r\n\r\n",
    "http-1.0": b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "wrong-type": http(200, BODY, "Content-Type: image/png; charset=utf-16"),
    "hints": b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 3 + http(200, BODY),
    "switching": b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "error-200": http(200, b'{"error": {"message": "upstream is \\u001b[31m out", "code": 502}}'),
    "no-content": http(204, b""),
    "deep": http(200, b'{"choices": ' + b"[" * 100_000),
    "cookies": http(200, BODY, *[f"Set-Cookie: id{i}={i}; Path=/" for i in range(9)]),
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY,
    "twice": http(200, BODY) + http(200, OTHER),
    "once-and-a-half": http(200, BODY) + http(200, OTHER)[:60],
    "tail": http(200, BODY) + b"\x00 and more",
    "length-too-small": http(200, BODY, length=len(BODY) - 9),
    "two-lengths": http(200, BODY, "Content-Length: 7"),
    "minus-length": http(200, BODY, length=-5),
    "gzip": http(200, packed(BODY), "Content-Encoding: gzip"),
    "deflate": http(200, packed(BODY, window=15), "Content-Encoding: deflate"),
    "gzip-torn": http(200, packed(BODY)[:-12], "Content-Encoding: gzip"),
    "gzip-lie": http(200, BODY, "Content-Encoding: gzip"),
    "gzip-gzip": http(200, packed(packed(BODY)), "Content-Encoding: gzip, gzip"),
    "brotli": http(200, BODY, "Content-Encoding: br"),
    "bomb": http(200, packed(b" " * (64 << 20)), "Content-Encoding: gzip"),
    "huge-head": http(200, BODY, "X-Long: " + "a" * (80 << 10)),
    "many-heads": http(200, BODY, *[f"X-{i}: {i:020}" for i in range(4000)]),
}
"""Faults that are just what is written back."""


HALF = http(200, BODY)[:-40]
CUT = {
    "short": http(200, BODY, length=len(BODY) + 50),
    "until-close": b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    "cut-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY) + BODY,
    "cut-head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "http-1.0-until-close": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "http-1.0-cut": b"HTTP/1.0 200 OK\r\n\r\n" + BODY[:-9],
    "continue-cut": b"HTTP/1.1 100 Continue\r\n\r\n",
    "nothing": b"",
}
"""What is written back before the connection is closed."""


class FaultServer:
    """The server. `limit` bounds the calls at once under the path `limit`; `requests` counts calls by fault.

    Under `storm`, `storm-seconds` and `storm-date` so many calls are refused as `storm` says, then all are answered.
    Under `elsewhere-STATUS` calls are sent on to the address `elsewhere`. As a proxy (a call to a whole address) it
    answers by itself; a tunnel (CONNECT) it refuses with 407, or with 503 to hosts that begin with `busy`.
    """

    def __init__(self, *, limit: int = 4, latency: float = 0.01) -> None:
        self.limit, self.latency = limit, latency
        self.requests: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.heads: list[bytes] = []
        self.running = self.peak = self.refused = self.storm = 0
        self.elsewhere = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, fault: str) -> str:
        return f"http://127.0.0.1:{self.port}/{fault}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first = await reader.readexactly(1)
        if first == b"\x16":  # a greeting of TLS
            writer.write(http(400, b"", "Connection: close"))
            return False
        head = first + await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"CONNECT "):
            self.heads.append(head)
            self.requests["CONNECT"] += 1
            writer.write(http(503 if head.startswith(b"CONNECT busy") else 407, b"", "Connection: close"))
            return False
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(int(lengths[0].split(b":")[1])))
        target = urlsplit(head.split(b" ")[1].decode())
        fault = "ok" if target.netloc else target.path.strip("/").split("/")[0]
        self.requests[fault] += 1
        kind, times, count = fault.partition("x")
        if times and count.isdigit():
            fault = kind if self.requests[fault] <= int(count) else "ok"
        return await self.misbehave(fault, writer)

    async def misbehave(self, fault: str, writer: asyncio.StreamWriter) -> bool:
        """Answer with a fault; return whether the connection stays open."""
        if fault in REPLIES:
            writer.write(REPLIES[fault])
            return fault not in ("close", "not-http")
        if fault in CUT:
            writer.write(CUT[fault])
            return False
        if fault.startswith("elsewhere-"):
            writer.write(
                http(
                    int(fault.partition("-")[2]),
                    b"",
                    f"Location: {self.elsewhere}",
                    f"Refresh: 0; url={self.elsewhere}",
                )
            )
        elif fault == "429-date":
            writer.write(error(429, "slow down", "", f"Retry-After: {_from_now(2)}"))
        elif fault.startswith("storm"):
            self.storm -= 1
            soon = _from_now(1) if fault == "storm-date" else "0.05"
            refusal = REPLIES["429"] if fault == "storm" else error(429, "slow down", "", f"Retry-After: {soon}")
            writer.write(refusal if self.storm >= 0 else REPLIES["ok"])
        elif fault == "limit":
            await self._limited(writer)
        elif fault in ("reset", "reset-body"):
            if fault == "reset-body":
                writer.write(HALF)
                await writer.drain()
                await asyncio.sleep(0.02)
            linger = struct.pack("ii", 1, 0)  # closes with RST, not FIN
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        elif fault.endswith("echo"):
            await self._echo(fault, writer)
        else:
            await self._slow_or_huge(fault, writer)
        return True

    async def _slow_or_huge(self, fault: str, writer: asyncio.StreamWriter) -> None:
        if fault in ("hang", "stall", "stall-chunk"):
            writer.write({"hang": b"", "stall": HALF, "stall-chunk": CUT["cut-chunk"]}[fault])
            await writer.drain()
            await asyncio.sleep(60)
        elif fault == "drip":
            for byte in REPLIES["ok"]:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        elif fault == "huge":
            writer.write(http(200, b" " * HUGE + BODY))
            await writer.drain()
        else:
            raise ValueError(fault)

    async def _echo(self, fault: str, writer: asyncio.StreamWriter) -> None:
        """Answer with what was asked; `late-echo` answers every third call late, `twice-echo` with a second answer."""
        asked = json.loads(self.bodies[-1])["messages"][-1]["content"]
        answer = http(200, BODY.replace(b"fine", f"re: {asked}".encode()))
        if fault == "late-echo" and self.requests["late-echo"] % 3 == 0:
            await asyncio.sleep(0.25)
        writer.write(answer + (http(200, OTHER) if fault == "twice-echo" else b""))

    async def _limited(self, writer: asyncio.StreamWriter) -> None:
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            if self.running > self.limit:
                self.refused += 1
                writer.write(REPLIES["429"])
                return
            await asyncio.sleep(self.latency)
            writer.write(REPLIES["ok"])
        finally:
            self.running -= 1
