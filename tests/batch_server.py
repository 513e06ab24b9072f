"""OpenAI's and Anthropic's batch endpoints on this machine, with what can go wrong at each step.

`async with BatchServer() as server:` then `server.url` is a base address for both shapes. It answers single calls, too,
with the same texts. `paid` counts how often each prompt was answered: what must never be more than once.

`faults[step]` lists what goes wrong first at `upload`, `create`, `look`, `results`, `list`: a status, `reset` (the
connection is cut before anything is done), `done-reset` and `done-500` (it is done, and nobody hears of it), `cut`
(half of the body), `html`, `hang`. `outcomes[prompt]` lists what becomes of a prompt, batch after batch: a status,
`expired`, `cancelled`, `lost`, `odd`, `broken` (of OpenAI's shape: the batch fails before its turn comes).
"""

import asyncio
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

CLOCK_BEHIND = 300.0
"""Seconds that the server's clock is behind ours."""

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ERRORS = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 500: "api_error"}


@dataclass
class Sent:
    """A batch: its calls as (custom_id, body), and how often it was looked at."""

    name: str
    calls: list[tuple[str, dict[str, Any]]]
    metadata: dict[str, str] = field(default_factory=dict)
    looks: int = 0
    ended: str = ""
    lines: list[bytes] = field(default_factory=list)
    error_lines: list[bytes] = field(default_factory=list)
    begun: float = field(default_factory=lambda: time.time() - CLOCK_BEHIND)


def answer_to(prompt: str) -> str:
    """Return what the server says to a prompt."""
    return f"yes, {prompt[:40]}"


class BatchServer:
    """The server.

    Attributes:
        looks: A batch has ended when it was looked at so often.
        spoil: Changes the lines of results before they are sent.
        refuse: The error with which batches of the OpenAI shape fail, as often as there is one.
        hold: While set, no batch ends.
        moments: What happens once `before` or `after` a step; the client then hears nothing.
    """

    def __init__(self, *, looks: int = 1, answer: Callable[[str], str] = answer_to) -> None:
        self.looks, self.answer = looks, answer
        self.calls: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.heads: list[dict[str, str]] = []
        self.faults: dict[str, list[int | str]] = defaultdict(list)
        self.outcomes: dict[str, list[int | str]] = defaultdict(list)
        self.refuse: list[dict[str, str]] = []
        self.spoil: Callable[[list[bytes]], bytes] = lambda lines: b"".join(line + b"\n" for line in lines)
        self.hold = False
        self.moments: dict[tuple[str, str], Callable[[], None]] = {}
        self.late_files = 0
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Sent] = {}

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 30)
        routes: list[tuple[str, str, str, Callable[[web.Request], Any]]] = [
            ("POST", "/v1/files", "upload", self._upload),
            ("POST", "/v1/batches", "create", self._create),
            ("GET", "/v1/batches", "list", self._list),
            ("GET", "/v1/batches/{name}", "look", self._look),
            ("GET", "/v1/files/{name}/content", "results", self._content),
            ("POST", "/v1/messages/batches", "create", self._create_messages),
            ("GET", "/v1/messages/batches", "list", self._list_messages),
            ("GET", "/v1/messages/batches/{name}", "look", self._look_messages),
            ("GET", "/v1/messages/batches/{name}/results", "results", self._results),
            ("POST", "/v1/chat/completions", "single", self._single),
            ("POST", "/v1/completions", "single", self._single),
            ("POST", "/v1/messages", "single", self._single),
        ]
        for method, path, step, handler in routes:
            app.router.add_route(method, path, self._step(step, handler))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base = f"http://127.0.0.1:{port}"
        self.url = f"{self.base}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def _step(self, step: str, handler: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            self.calls[step] += 1
            self.heads.append(dict(request.headers))
            fault = self.faults[step].pop(0) if self.faults[step] else ""
            if isinstance(fault, int):
                await request.read()
                return _said(fault, "out of order")
            if fault == "reset" or self._happens("before", step):
                return _cut(request)
            try:
                answer: web.Response = await handler(request)
            except KeyError as missing:
                return _said(404, f"no such thing: {missing}")
            if self._happens("after", step):
                return _cut(request)
            return await _unheard(str(fault), request, answer)

        return serve

    def _happens(self, when: str, step: str) -> bool:
        happens = self.moments.pop((when, step), None)
        if happens is not None:
            happens()
        return happens is not None

    # What is done with calls.

    def _begin(self, calls: list[tuple[str, dict[str, Any]]], metadata: dict[str, str]) -> Sent:
        names = [name for name, _ in calls]
        assert all(_ID.fullmatch(name) for name in names)
        assert len(set(names)) == len(names)
        batch = Sent(f"batch_{len(self.batches)}", calls, metadata)
        self.batches[batch.name] = batch
        return batch

    def _end(self, batch: Sent, shape: str) -> None:
        """Do the work of a batch, the last call first."""
        batch.ended = "completed"
        line = _openai_line if shape == "openai" else _anthropic_line
        for call, body in reversed(batch.calls):
            prompt = prompt_of(body)
            what = self.outcomes[prompt].pop(0) if self.outcomes[prompt] else ""
            if what in ("lost", "broken"):
                batch.ended = "failed" if what == "broken" else batch.ended
                continue
            if what in ("", "odd"):
                self.paid[prompt] += 1
                batch.lines.append(line(call, "odd" if what else reply(body, self.answer(prompt)), ""))
            else:
                batch.error_lines.append(line(call, None, what))
                batch.ended = str(what) if what in ("expired", "cancelled") else batch.ended

    def _may_end(self, batch: Sent, shape: str) -> None:
        batch.looks += 1
        if not batch.ended and batch.looks >= self.looks and not self.hold:
            self._end(batch, shape)

    async def _single(self, request: web.Request) -> web.Response:
        body = await request.json()
        prompt = prompt_of(body)
        self.paid[prompt] += 1
        return web.json_response(reply(body, self.answer(prompt)))

    # OpenAI's shape.

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        file = form["file"]
        assert isinstance(file, web.FileField)
        name = f"file-in{len(self.files)}"
        with file.file:
            self.files[name] = file.file.read()
        return web.json_response({"id": name, "object": "file", "purpose": "batch", "status": "processed"})

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert asked["completion_window"] == "24h"
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        assert all(line["url"] == asked["endpoint"] and line["method"] == "POST" for line in lines)
        batch = self._begin([(line["custom_id"], line["body"]) for line in lines], asked.get("metadata") or {})
        return web.json_response(self._shown(batch))

    async def _list(self, request: web.Request) -> web.Response:
        shown = [self._shown(batch) for batch in reversed(self.batches.values())]
        return web.json_response(_page(shown, int(request.query["limit"]), request.query.get("after")))

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["name"]]
        if self.refuse and not batch.ended:
            batch.ended = "failed"
            error = self.refuse.pop(0)
            batch.metadata = {**batch.metadata, "why": json.dumps(error)}
        if batch.ended != "failed":
            self._may_end(batch, "openai")
        return web.json_response(self._shown(batch))

    def _shown(self, batch: Sent) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": batch.name,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "status": batch.ended or ("validating" if not batch.looks else "in_progress"),
            "metadata": batch.metadata,
            "created_at": int(batch.begun),
            "output_file_id": None,
            "error_file_id": None,
            "errors": None,
            "request_counts": {
                "total": len(batch.calls),
                "completed": len(batch.lines),
                "failed": len(batch.error_lines),
            },
        }
        if batch.ended == "failed":
            why = json.loads(batch.metadata.get("why", '{"code": "server_error"}'))
            shown["errors"] = {"object": "list", "data": [why]}
        if batch.ended:
            shown["output_file_id"] = f"out-{batch.name}" if batch.lines else None
            shown["error_file_id"] = f"err-{batch.name}" if batch.error_lines else None
        return shown

    async def _content(self, request: web.Request) -> web.Response:
        kind, _, name = request.match_info["name"].partition("-")
        if self.late_files:
            self.late_files -= 1
            raise KeyError(name)
        batch = self.batches[name]
        return web.Response(body=self.spoil(batch.lines) if kind == "out" else b"\n".join(batch.error_lines))

    # Anthropic's shape.

    async def _create_messages(self, request: web.Request) -> web.Response:
        asked = await request.json()
        batch = self._begin([(one["custom_id"], one["params"]) for one in asked["requests"]], {})
        return web.json_response(self._shown_messages(batch))

    async def _list_messages(self, request: web.Request) -> web.Response:
        shown = [self._shown_messages(batch) for batch in reversed(self.batches.values())]
        return web.json_response(_page(shown, int(request.query["limit"]), request.query.get("after_id")))

    async def _look_messages(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["name"]]
        self._may_end(batch, "anthropic")
        return web.json_response(self._shown_messages(batch))

    async def _results(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["name"]]
        assert batch.ended
        if self.late_files:
            self.late_files -= 1
            raise KeyError(batch.name)
        return web.Response(body=self.spoil([*batch.lines, *batch.error_lines]))

    def _shown_messages(self, batch: Sent) -> dict[str, Any]:
        return {
            "id": batch.name,
            "type": "message_batch",
            "processing_status": "ended" if batch.ended else "in_progress",
            "request_counts": {
                "processing": 0 if batch.ended else len(batch.calls),
                "succeeded": len(batch.lines),
                "errored": len(batch.error_lines) if batch.ended else 0,
                "canceled": 0,
                "expired": 0,
            },
            "created_at": datetime.fromtimestamp(batch.begun, UTC).isoformat().replace("+00:00", "Z"),
            "results_url": "http://127.0.0.1:1/never-followed" if batch.ended else None,
        }


def prompt_of(body: dict[str, Any]) -> str:
    """Return the last thing that is asked."""
    return str(body["messages"][-1]["content"] if "messages" in body else body["prompt"])


def reply(body: dict[str, Any], text: str) -> dict[str, Any]:
    """Return an answer that fits both shapes."""
    chat: dict[str, Any] = {"message": {"role": "assistant", "content": text}} if "messages" in body else {"text": text}
    if body.get("logprobs"):
        likeliest = [{"token": "yes", "logprob": -0.25}, {"token": "no", "logprob": -1.5}]
        listed = {row["token"]: row["logprob"] for row in likeliest}
        chat["logprobs"] = (
            {"content": [{"token": "yes", "top_logprobs": likeliest}]}
            if "messages" in body
            else {"top_logprobs": [listed]}
        )
    count = len(prompt_of(body))
    usage = {"prompt_tokens": count, "completion_tokens": 5, "input_tokens": count, "output_tokens": 5}
    content = [{"type": "text", "text": text}]
    return {
        "choices": [{**chat, "finish_reason": "stop"}],
        "content": content,
        "stop_reason": "end_turn",
        "usage": usage,
    }


def _openai_line(call: str, answer: Any, what: int | str) -> bytes:
    line: dict[str, Any] = {"id": f"batch_req_{call[:8]}", "custom_id": call, "response": None, "error": None}
    if isinstance(what, int):
        line["response"] = {"status_code": what, "body": {"error": {"message": "said no", "code": str(what)}}}
    elif what:
        line["error"] = {"code": f"batch_{what}", "message": "This request could not be executed."}
    else:
        line["response"] = {"status_code": 200, "request_id": "r", "body": answer}
    return json.dumps(line).encode()


def _anthropic_line(call: str, answer: Any, what: int | str) -> bytes:
    if isinstance(what, int):
        error = {"type": _ERRORS.get(what, "api_error"), "message": "said no"}
        result: dict[str, Any] = {"type": "errored", "error": {"type": "error", "error": error}}
    elif what:
        result = {"type": "canceled" if what == "cancelled" else what}
    else:
        result = {"type": "succeeded", "message": answer}
    return json.dumps({"custom_id": call, "result": result}).encode()


def _page(shown: list[dict[str, Any]], limit: int, after: str | None) -> dict[str, Any]:
    names = [batch["id"] for batch in shown]
    start = names.index(after) + 1 if after else 0
    page = shown[start : start + limit]
    last = page[-1]["id"] if page else None
    return {"object": "list", "data": page, "last_id": last, "has_more": start + limit < len(shown)}


async def _unheard(fault: str, request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Answer, or not: what was asked for is done."""
    if fault == "done-reset":
        return _cut(request)
    if fault == "done-500":
        return _said(500, "out of order")
    if fault == "html":
        return web.Response(text="<html>oops</html>", content_type="text/html")
    if fault == "hang":
        await asyncio.sleep(60)
    if fault == "cut":
        assert isinstance(answer.body, bytes)
        lying = web.StreamResponse(headers={"Content-Length": str(len(answer.body))})
        await lying.prepare(request)
        await lying.write(answer.body[: len(answer.body) // 2])
        return _cut(request)
    return answer


def _said(status: int, message: str) -> web.Response:
    headers = {429: {"Retry-After": "0.01"}, 307: {"Location": "http://127.0.0.1:1/elsewhere"}}.get(status)
    return web.json_response({"error": {"message": message, "type": "x"}}, status=status, headers=headers)


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
