"""The cache of replies: what a key depends on, what survives, what happens when two use it at once."""

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from acidtest.errors import DataError
from acidtest.models.base import LanguageModel
from acidtest.models.cache import CacheKey, ResponseCache
from acidtest.models.openai import OpenAIModel
from acidtest.types import Prompt, Reply, Sampling
from model_specs import spec

REPLY = Reply(text="fine\x00 ☃", tokens_in=7, tokens_out=1, seconds=0.25, finish="length")
PROMPT = Prompt(messages=(("user", "a"),), text="b", stop=("c",), max_tokens=5, grammar="root ::= d")
SAMPLING = Sampling(temperature=0.5, top_p=0.9, min_p=0.1, seed=1)


def model(**more: object) -> LanguageModel:
    return OpenAIModel(spec("http://127.0.0.1:1/v1", **more))


def test_a_key_depends_on_all_that_an_answer_depends_on() -> None:
    here = CacheKey(model())
    keys = [here(PROMPT, SAMPLING), here(PROMPT, SAMPLING, 1)]
    keys += [
        here(replace(PROMPT, **change), SAMPLING)
        for change in (
            {"messages": (("system", "a"),)},
            {"messages": (("user", "a"), ("user", ""))},
            {"text": "b "},
            {"stop": ()},
            {"stop": ("c", "")},
            {"max_tokens": 6},
            {"grammar": ""},
        )
    ]
    keys += [
        here(PROMPT, replace(SAMPLING, **change))
        for change in ({"temperature": 0.6}, {"top_p": 1.0}, {"min_p": 0.0}, {"seed": 2}, {"seed": None})
    ]
    other = ({"use": "openai:other"}, {"revision": "2"}, {"style": "completion"})
    keys += [CacheKey(model(**change))(PROMPT, SAMPLING) for change in other]
    keys.append(CacheKey(OpenAIModel(spec("http://127.0.0.1:2/v1")))(PROMPT, SAMPLING))
    assert len(set(keys)) == len(keys) == 18
    assert CacheKey(model())(PROMPT, SAMPLING) == keys[0]
    assert CacheKey(model(retries=1, timeout=5, price_in=1, price_out=1))(PROMPT, SAMPLING) == keys[0]


def test_what_was_put_comes_back_marked_as_cached(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "deep" / "c.sqlite") as cache:
        assert cache.get(b"k") is None
        cache.put(b"k", REPLY)
        cache.put(b"l", replace(REPLY, text="other"))
        assert cache.get(b"k") == replace(REPLY, cached=True)
        assert cache.get(b"l") == replace(REPLY, text="other", cached=True)
    with ResponseCache(tmp_path / "deep" / "c.sqlite") as cache:
        assert cache.get(b"k") == replace(REPLY, cached=True)
        assert cache.get(b"l") == replace(REPLY, text="other", cached=True)


def test_the_first_reply_stays(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as one, ResponseCache(tmp_path / "c.sqlite") as two:
        one.put(b"k", replace(REPLY, text="one"))
        one.flush()
        two.put(b"k", replace(REPLY, text="two"))
        two.flush()
        found = two.get(b"k")
        assert found is not None
        assert found.text == "one"


def test_writing_is_batched(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        pending = []
        for number in range(300):
            cache.put(b"%d" % number, REPLY)
            pending.append(cache.pending)
    assert pending[0] == 0  # the first after a pause is written at once
    assert max(pending) == 255
    assert pending.count(0) <= 3


WRITE = """
import os, sys
from pathlib import Path
from acidtest.models.cache import ResponseCache
from acidtest.types import Reply
cache = ResponseCache(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    cache.put(b"%d" % number, Reply(text=f"{number}"))
cache.flush()
print("written", flush=True)
sys.stdin.read()
"""


def start(path: Path, first: int, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITE, str(path), str(first), str(last)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_and_a_kill_lose_nothing_that_was_flushed(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    writers = [start(path, 0, 2000), start(path, 1000, 3000), start(path, 500, 2500)]  # all make the file, all write
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
    with ResponseCache(path) as cache:
        found = [cache.get(b"%d" % number) for number in range(3000)]
    assert [reply.text for reply in found if reply is not None] == [f"{number}" for number in range(3000)]


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is not a database, but it is long enough to be taken for the head of one" * 20)
    with pytest.raises(DataError, match="is damaged") as raised:
        ResponseCache(path)
    assert raised.value.where == str(path)
    assert "Delete the file" in raised.value.way_out


def test_a_page_that_was_overwritten_is_said(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with ResponseCache(path) as cache:
        for number in range(2000):
            cache.put(b"%d" % number, REPLY)
    content = bytearray(path.read_bytes())
    content[4096:-4096] = os.urandom(len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(DataError, match="is damaged"), ResponseCache(path) as cache:
        _ = [cache.get(b"%d" % number) for number in range(2000)]


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE replies (something TEXT)")
    other.close()
    with pytest.raises(DataError):
        ResponseCache(path)


def test_a_cache_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    ResponseCache(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(DataError, match="newer version"):
        ResponseCache(path)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be used") as raised:
        ResponseCache(tmp_path / "file" / "c.sqlite")
    assert "ACIDTEST_CACHE" in raised.value.way_out


def test_the_usual_place_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path))
    with ResponseCache() as cache:
        assert cache.path.parent == tmp_path
