"""A deterministic model server for benchmarks and tests: OpenAI's chat and completions, Anthropic's messages.

    python bench/mock_server.py [--port 0] [--latency-ms 0] [--answer "words:6"]

prints `PORT <number>` and serves until it is stopped. What it answers depends on the request alone, by the
model's name, or by `--answer` for names that say nothing of it:

    fixed:TEXT       always TEXT
    choose:A|B|C     one of these, drawn from the prompt and the name
    words:N          N common words, drawn from the whole request with its seed

`GET /stats` returns how many requests came since the last one, how many of them were distinct, and the most connections
open at once.
"""

import argparse
import asyncio
import hashlib
import sys
from collections.abc import Callable
from typing import Any

import orjson

TEXT = (
    "please set the alarm for me when it rains play some music near my house book a table tonight turn lights off in "
    "kitchen what is weather like tomorrow call mother add milk to list how long will take find good film remind him"
)
WORDS = TEXT.split()

Answer = Callable[[dict[str, Any], bytes], str]


def choose_answer(behaviour: str) -> Answer:
    """Return how a model of this name answers."""
    kind, _, rest = behaviour.partition(":")
    if kind == "fixed":
        return lambda _request, _raw: rest
    if kind == "choose":
        choices = rest.split("|")
        return lambda request, _raw: choices[_number(f"{behaviour}\n{prompt_of(request)}".encode()) % len(choices)]
    if kind == "words":
        return lambda _request, raw: _words(_number(raw), int(rest))
    message = f"no answer is called '{behaviour}'"
    raise ValueError(message)


def prompt_of(request: dict[str, Any]) -> str:
    """Return all text of a request."""
    if "messages" in request:
        return "\n".join([request.get("system", ""), *(str(message["content"]) for message in request["messages"])])
    return str(request.get("prompt", ""))


def reply_to(path: str, request: dict[str, Any], text: str) -> dict[str, Any]:
    """Return an answer in the words of the API that the path belongs to."""
    tokens_in, tokens_out = len(prompt_of(request).split()), len(text.split())
    usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
    start = {"id": "mock", "created": 1700000000, "model": request.get("model", "")}
    if path.endswith("/messages"):
        return start | {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out},
        }
    if path.endswith("/chat/completions"):
        choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": text}}
        kind = "chat.completion"
    else:
        choice, kind = {"index": 0, "text": text}, "text_completion"
    return start | {"object": kind, "choices": [choice | {"finish_reason": "stop"}], "usage": usage}


class Stats:
    """What came since somebody last asked."""

    def __init__(self) -> None:
        self.requests = self.open = self.peak = 0
        self.seen: set[bytes] = set()

    def take(self) -> dict[str, int]:
        """Return the counts and start again."""
        counts = {"requests": self.requests, "distinct": len(self.seen), "peak": self.peak}
        self.requests, self.peak = 0, self.open
        self.seen.clear()
        return counts


class MockServer(asyncio.Protocol):
    """One connection: HTTP/1.1 with keep-alive, as far as clients of models need it."""

    def __init__(self, default: Answer, latency: float, stats: Stats, answers: dict[str, Answer]) -> None:
        self.default, self.latency, self.stats, self.answers = default, latency, stats, answers
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        self.transport: Any = transport
        self.stats.open += 1
        self.stats.peak = max(self.stats.peak, self.stats.open)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Count it out."""
        self.stats.open -= 1

    def data_received(self, data: bytes) -> None:
        """Serve each request that is whole."""
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end].decode("latin-1")
            length = 0
            for line in head.split("\r\n")[1:]:
                name, _, value = line.partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            if len(self.waiting) < end + 4 + length:
                return
            body, self.waiting = self.waiting[end + 4 : end + 4 + length], self.waiting[end + 4 + length :]
            method, path = head.split(" ", 2)[:2]
            self.serve(method, path, body)

    def serve(self, method: str, path: str, body: bytes) -> None:
        """Answer one request, now or after the latency."""
        if method == "GET":
            self.write(self.stats.take() if path == "/stats" else {"object": "list", "data": [{"id": "mock"}]})
            return
        self.stats.requests += 1
        self.stats.seen.add(hashlib.sha256(body).digest())
        request = orjson.loads(body)
        answer = self.answers.get(request.get("model", ""))
        if answer is None:
            answer = self.learn(str(request.get("model", "")))
        reply = reply_to(path, request, answer(request, body))
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.write, reply)
        else:
            self.write(reply)

    def learn(self, model: str) -> Answer:
        """Find out how a model answers, and remember it."""
        try:
            answer = choose_answer(model)
        except ValueError:
            answer = self.default
        self.answers[model] = answer
        return answer

    def write(self, reply: dict[str, Any]) -> None:
        """Send one answer."""
        body = orjson.dumps(reply)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        if not self.transport.is_closing():
            self.transport.write(head + body)


def _number(content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big")


def _words(number: int, count: int) -> str:
    chosen = []
    for _ in range(count):
        number, index = divmod(number, len(WORDS))
        chosen.append(WORDS[index])
        number = _number(number.to_bytes(8, "big")) if number < len(WORDS) else number
    return " ".join(chosen)


async def serve(port: int, latency: float, answer: str) -> None:
    stats, default = Stats(), choose_answer(answer)
    answers: dict[str, Answer] = {}
    server = await asyncio.get_running_loop().create_server(
        lambda: MockServer(default, latency, stats, answers), "127.0.0.1", port, backlog=2048
    )
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--answer", default="words:6")
    given = parser.parse_args()
    if sys.platform != "win32":
        import uvloop

        uvloop.install()
    asyncio.run(serve(given.port, given.latency_ms / 1e3, given.answer))


if __name__ == "__main__":
    main()
