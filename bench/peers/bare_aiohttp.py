"""The floor for a client on aiohttp: asks every item and counts right answers; no records, retries or progress.

    python bench/peers/bare_aiohttp.py URL CONNECTIONS

`items.jsonl` is looked for in the current folder.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson


async def ask_all(url: str, connections: int) -> float:
    """Return the share of right answers."""
    items = [orjson.loads(line) for line in Path("items.jsonl").read_bytes().splitlines()]  # noqa: ASYNC240 - before any call
    waiting = iter(items)
    right: list[bool] = []
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await asyncio.gather(*[_ask(session, url, waiting, right) for _ in range(connections)])
    return sum(right) / len(items)


async def _ask(session: aiohttp.ClientSession, url: str, waiting: Iterator[dict[str, Any]], right: list[bool]) -> None:
    for item in waiting:
        messages = [{"role": "user", "content": item["text"]}]
        body = {"model": "mock", "messages": messages, "temperature": 0, "max_tokens": 4}
        async with session.post(f"{url}/chat/completions", data=orjson.dumps(body)) as response:
            answer = orjson.loads(await response.read())
        right.append(answer["choices"][0]["message"]["content"].strip() == item["label"])


if __name__ == "__main__":
    import uvloop

    print(uvloop.run(ask_all(sys.argv[1], int(sys.argv[2]))))
