"""A model server that counts, wants a key, and takes its time: which calls came, when, and which were answered."""

import hashlib
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import orjson

CHOICES = ("alarm", "music", "weather")


@dataclass
class Call:
    """One request: when it came, when its answer was written (None: never), the key that came with it.

    `connection` numbers the connections: who sends the next call over one has read the answer before.
    """

    body: bytes
    key: str
    connection: int = 0
    asked: float = field(default_factory=time.monotonic)
    answered: float | None = None


class CountingServer:
    """Answers OpenAI's chat calls with one of three labels, by the prompt alone.

    Args:
        key: What must stand in the header; None: nothing.
        seconds: What an answer takes.
        broken: How many first attempts at each prompt are answered with half an answer, which may have been charged.
        answer: What is answered to a body.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        seconds: float = 0.0,
        broken: int = 0,
        answer: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.key, self.seconds, self.broken = key, seconds, broken
        self.calls: list[Call] = []
        self.hold_after: int | None = None
        """So many calls to the model 'solver' are answered, the next ones once `go` is set."""
        self.go = threading.Event()
        answered_with, connections = answer or answer_to, itertools.count()
        self._lock = threading.Lock()
        counting = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                self.number = next(connections)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                call = Call(body, str(self.headers.get("Authorization", "")).removeprefix("Bearer "), self.number)
                with counting._lock:
                    earlier = sum(other.body == body for other in counting.calls)
                    counting.calls.append(call)
                time.sleep(counting.seconds)
                if counting.hold_after is not None and b'"solver"' in body and counting.solved() >= counting.hold_after:
                    counting.go.wait(timeout=120)
                refused = counting.key is not None and call.key != counting.key
                answer = b'{"error": {"message": "wrong key"}}' if refused else answered_with(body)
                answer = answer[: len(answer) // 2] if earlier < counting.broken else answer
                self.send_response(401 if refused else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                self.wfile.flush()
                call.answered = time.monotonic()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that dies is no news here
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def solved(self) -> int:
        """Return how many calls to the model 'solver' were answered."""
        return sum(call.answered is not None for call in list(self.calls) if b'"solver"' in call.body)

    def solving(self) -> int:
        """Return how many calls to the model 'solver' are under way, once some were answered."""
        calls = [call for call in list(self.calls) if b'"solver"' in call.body]
        answered = self.solved()
        return len(calls) - answered if answered else 0

    def read(self) -> list[Call]:
        """Return the calls whose answer was surely read: another call came over the same connection later."""
        last = {call.connection: place for place, call in enumerate(self.calls)}
        return [call for place, call in enumerate(self.calls) if place < last[call.connection]]

    def twice(self) -> list[list[Call]]:
        """Return the calls of each body that came more than once."""
        by_body: dict[bytes, list[Call]] = {}
        for call in self.calls:
            by_body.setdefault(call.body, []).append(call)
        return [calls for calls in by_body.values() if len(calls) > 1]


def answer_to(body: bytes) -> bytes:
    """Return the answer that belongs to a body: a label, or for the model 'writer' a text."""
    request = orjson.loads(body)
    number = int.from_bytes(hashlib.sha256(body).digest()[:4], "big")
    writes = request["model"] in ("writer", "author")
    text = f"please request number {number} now" if writes else CHOICES[number % len(CHOICES)]
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return orjson.dumps({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})
