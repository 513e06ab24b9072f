"""An OpenAI-compatible server of the embedded model, in a process of its own: one prompt always gives one answer.

    python tests/served_model.py MODEL.gguf [SCRIPT.json]

prints `PORT <number>` and serves until it is stopped. SCRIPT is {mark: answer}: where a mark stands in the end of a
prompt, its answer is sent in place of the model's; after `chat ` a mark holds for chat messages alone. `GET /requests`
returns all that was asked for, in order.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from acidtest.models.base import ModelSpec
from acidtest.models.local import LocalModel
from acidtest.types import Prompt, Sampling, Style

_END = 300
"""Characters of a prompt that hold its last question."""


class ServedModel:
    """Answers requests, each prompt once."""

    def __init__(self, model: LocalModel, script: dict[str, str]) -> None:
        self.model, self.script = model, script
        self.known: dict[bytes, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.one_at_a_time = asyncio.Lock()

    async def chat(self, request: web.Request) -> web.Response:
        asked = await request.json()
        prompt = {"messages": [[m["role"], m["content"]] for m in asked["messages"]]}
        text = await self.answer("chat", prompt, asked)
        return self.reply(asked, {"message": {"role": "assistant", "content": text}}, "chat.completion")

    async def completion(self, request: web.Request) -> web.Response:
        asked = await request.json()
        text = await self.answer("completion", {"prompt": asked["prompt"]}, asked)
        return self.reply(asked, {"text": text, "logprobs": None}, "text_completion")

    async def answer(self, style: Style, prompt: dict[str, Any], asked: dict[str, Any]) -> str:
        """Return the answer to a prompt, and keep what was asked."""
        stop, most = asked.get("stop") or [], asked.get("max_tokens") or asked.get("max_completion_tokens")
        sent = {**prompt, "stop": [stop] if isinstance(stop, str) else stop, "max_tokens": most}
        self.asked.append({"model": asked["model"], "temperature": asked["temperature"], **sent})
        key = orjson.dumps(sent)
        async with self.one_at_a_time:
            if key not in self.known:
                self.known[key] = await self.new_answer(style, sent)
            return self.known[key]

    async def new_answer(self, style: Style, sent: dict[str, Any]) -> str:
        """Return the script's answer, or the model's."""
        end = str(sent["prompt"] if style == "completion" else sent["messages"][-1][1])[-_END:]
        for mark, said in self.script.items():
            if mark.removeprefix("chat ") in end and (style == "chat" or not mark.startswith("chat ")):
                return said
        messages = tuple((role, content) for role, content in sent.get("messages", ()))
        self.model.style = style
        asked = Prompt(
            messages=messages, text=sent.get("prompt", ""), stop=tuple(sent["stop"]), max_tokens=sent["max_tokens"]
        )
        return (await self.model.answer(asked, Sampling())).text

    def reply(self, asked: dict[str, Any], choice: dict[str, Any], kind: str) -> web.Response:
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        whole = {"index": 0, "finish_reason": "stop", **choice}
        start = {"id": "served", "object": kind, "created": 1700000000, "model": asked["model"]}
        return web.json_response({**start, "choices": [whole], "usage": usage})

    async def requests(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.asked)


async def serve(path: str, script: dict[str, str]) -> None:
    """Serve until the process is stopped."""
    async with LocalModel(ModelSpec(name="served", use=f"local:{path}")) as model:
        served = ServedModel(model, script)
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/chat/completions", served.chat)
        app.router.add_post("/v1/completions", served.completion)
        app.router.add_get("/requests", served.requests)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(f"PORT {runner.addresses[0][1]}", flush=True)  # noqa: T201 - how the parent learns it
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], orjson.loads(Path(sys.argv[2]).read_bytes()) if sys.argv[2:] else {}))
